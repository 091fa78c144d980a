"""CONTRIBUTING.md's example of a backend is a whole one, and each operator has all its places."""

import re
import textwrap
from pathlib import Path

import pytest

import conformance
import reference_engine
from conformance import ops
from conformance.backends import Unusable, choose_backends, get_backend
from conformance.errors import UsageError
from conformance.oracle.evaluate import RULES
from conformance.runner import plan

ROOT = Path(conformance.__file__).resolve().parent.parent
# an engine that differs from the reference engine in a few names, as someone else's would
ENGINE = """
from reference_engine import *
from reference_engine import GradientTape, constant as array

class Tape(GradientTape):
    def gradient(self, target, sources, unconnected_gradients=False):
        return super().gradient(target, sources, unconnected_gradients=(
            "zero" if unconnected_gradients else "none"))
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """`module("mine", text)` can be imported, here and in worker processes."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name, text):
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(text), encoding="utf-8")

    return write


def test_the_example_of_a_backend_agrees_on_the_notebook_and_on_empty_arrays(module):
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    module("mine", ENGINE)
    module("mine_conformance", example)
    cases = conformance.load_cases().select(["notebook", "empty_vector"])
    run = conformance.run(cases, ["mine_conformance:MineBackend"])
    assert set(run.counts) == {"agrees"}, [v.reason for v in run.unexpected]
    assert run.exit_code == 0


def test_an_unfinished_backend_is_told_what_it_lacks(module):
    module("unfinished", """
        from conformance import Backend, TapeStyle

        class Unfinished(Backend):
            name = "unfinished"
            style = TapeStyle

            def array(self, values, dtype):
                return "0"
    """)
    with pytest.raises(UsageError, match="must set module, distribution, namespace, imports, "
                                         "reserved, tape, zero_gradients; CONTRIBUTING"):
        choose_backends(("unfinished:Unfinished",))


def test_a_broken_backend_that_was_not_asked_for_is_skipped_with_its_reason(monkeypatch):
    class Point:
        name, module, attr = "broken", "no_such_module", "Broken"

    monkeypatch.setattr(conformance.backends, "_others", lambda: (Point,))
    chosen, missing = choose_backends()
    assert "broken" not in {b.name for b in chosen}
    (broken,) = (b for b in missing if isinstance(b, Unusable))
    assert broken.missing().startswith("cannot use the backend no_such_module:Broken: ModuleNotF")
    plan([], chosen, ("float32",), ("reverse",))


def test_every_operator_has_all_its_places():
    used = {node.op for case in conformance.load_cases().cases for node in case.graph()}
    places = {"a case in cases/": used, "a line in the oracle's tables": set(RULES),
              "an operator in reference_engine/rules/, or a spelling": {
                  *dir(reference_engine), *dir(reference_engine.fft),
                  *dir(reference_engine.linalg), *get_backend("reference").spellings, "getitem"}}
    operators = {name for name, op in ops.CATALOGUE.items() if op.group != "core"}
    lacking = {place: sorted(operators - there) for place, there in places.items()}
    assert lacking == {place: [] for place in places}
