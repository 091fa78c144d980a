"""The suite's own cases: well written, traceable, complete, and right where they state a result."""

import ast
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from conformance import CannotCertify, Graph, load_cases, ops
from conformance.oracle import Kink, check_closed_forms, derivatives
from conformance.paths import suite_cases

LIBRARY = load_cases()
FILES = sorted(suite_cases().glob("*.py"))

each_case = pytest.mark.parametrize("case", LIBRARY.cases, ids=lambda case: case.id)
each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


def differentiated(graph: Graph) -> set[str]:
    """The operators that some gradient of the program goes through."""
    found = set()
    for position in graph.program():
        node = graph.nodes[position]
        if node.op == "grad":
            target, source = node.inputs
            found |= {graph.nodes[i].op for i in graph.ancestors[target] - {source}
                      if source in graph.ancestors[i]}
    return found


def test_every_case_is_usable() -> None:
    assert LIBRARY.errors == []


def test_there_are_cases_beyond_the_notebook() -> None:
    assert len([c for c in LIBRARY.cases if c.where.file != "cases/notebook.py"]) >= 60


def test_names_are_unique_across_files() -> None:
    counts = Counter(case.name for case in LIBRARY.cases)
    assert [name for name, count in counts.items() if count > 1] == []


def test_family_names_are_no_case_names() -> None:
    families = {case.name.partition(".")[0] for case in LIBRARY.cases if case.member is not None}
    assert families & {case.name for case in LIBRARY.cases} == set()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_cases_import_only_the_authoring_names(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    imports = [n for n in ast.walk(tree) if isinstance(n, (ast.Import, ast.ImportFrom))]
    assert [ast.unparse(n) for n in imports
            if not isinstance(n, ast.ImportFrom) or n.module != "conformance"] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_file_opens_with_one_sentence(file: Path) -> None:
    assert_one_sentence(ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))))


@each_case
def test_summary_is_one_sentence(case) -> None:
    assert_one_sentence(case.summary)


def assert_one_sentence(text: str | None) -> None:
    assert text, "has no docstring"
    assert "\n" not in text, "runs over more than one line"
    assert text[0].isupper(), "starts with a capital"
    assert re.fullmatch(r"[^.!?]+\.", text), "is one sentence with a period at its end"


def test_every_differentiable_operator_is_differentiated() -> None:
    covered = set().union(*(differentiated(case.graph("float64")) for case in LIBRARY.cases))
    wanted = {name for name, op in ops.CATALOGUE.items() if op.linearity != "constant"}
    assert wanted - covered - {"input"} == set(), "operators that no case differentiates"


def test_every_operator_is_used() -> None:
    used = {node.op for case in LIBRARY.cases for node in case.graph("float64")}
    assert set(ops.CATALOGUE) - used == set(), "operators that no case uses"


@each_case
@each_dtype
def test_graph_survives_json(case, dtype: str) -> None:
    graph = case.graph(dtype)
    assert Graph.from_json(json.loads(json.dumps(graph.to_json()))) == graph


@each_case
def test_case_is_small(case) -> None:
    graph = case.graph("float64")
    assert len(graph.program()) <= 80
    assert max(node.type.size for node in graph) <= 24


@each_case
def test_numbers_are_exact_in_every_precision(case) -> None:
    written = [np.asarray(node["value"], dtype="complex128") for node in case.graph("float64")
               if node.op in ("constant", "literal")]
    drawn = [v for v in case.values("float64").values() if v.dtype.kind in "fc"]
    for values in written + drawn:
        np.testing.assert_array_equal(values.astype("complex64"), values)


@each_case
def test_closed_forms_hold(case) -> None:
    check_closed_forms(case.graph("float64"), case.values("float64"))


@each_case
@each_dtype
def test_truth_is_certified(case, dtype: str) -> None:
    for name, truth in derivatives(case.graph(dtype), case.values(dtype)).items():
        if isinstance(truth, CannotCertify):
            pytest.fail(f"{name}: {truth}")
        if isinstance(truth, Kink):
            assert case.where.file == "cases/kinks.py"
            continue
        assert np.isfinite(truth.hi).all(), name
        assert np.isfinite(truth.allowed).all(), f"{name}: {truth.note}"


def test_the_reference_engine_is_excused_from_nothing_that_rules_can_do():
    from conformance.waivers import load_waivers

    assert {w.kind for w in load_waivers(suite_cases() / "waivers.toml")
            if w.backend == "reference"} <= {"artefact"}
