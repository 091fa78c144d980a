"""The vectors of the whole suite, by consumers that know docs/vectors.md and nothing else."""

import json
import re
import shutil
import subprocess
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import vector_consumer

from conformance import load_cases, runner, vectors
from conformance.comparison import compare
from conformance.errors import CannotCertify
from conformance.oracle import Kink
from conformance.serialization import validate
from conformance.typing_rules import TensorType

JAVASCRIPT = Path(__file__).with_name("consumer.mjs")
needs_node = pytest.mark.skipif(not shutil.which("node"),
                                reason="the consumer in JavaScript needs node, which is not here")


@pytest.fixture(scope="module")
def cases():
    """The suite's own cases."""
    return load_cases().cases


@pytest.fixture(scope="module")
def corpus(cases, tmp_path_factory):
    """A folder of all their vectors."""
    out = tmp_path_factory.mktemp("corpus") / "vectors"
    vectors.export(cases, out)
    return out


def javascript(folder, *arguments):
    """The exit status, the derivatives that differ, and how many have each verdict."""
    done = subprocess.run(["node", JAVASCRIPT, folder, *arguments], capture_output=True, text=True,
                          check=False)
    assert done.stderr == ""
    *differing, summary = done.stdout.splitlines()
    return done.returncode, differing, {
        verdict: int(count) for verdict, count in re.findall(r"(\w+) (\d+)", summary)}


# --- JavaScript ---------------------------------------------------------------------------------

@needs_node
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_an_engine_in_javascript_agrees(corpus, dtype):
    code, differing, counts = javascript(corpus, dtype)
    # 0 times infinity, as in every engine that multiplies slopes
    assert (code, differing) == (1, ["cases/kinks.py::length_of_nothing dy/dx"])
    assert counts["agrees"] > 200
    assert (counts["differs"], counts["inconclusive"], counts["refused"]) == (1, 0, 0)
    index = json.loads((corpus / "index.json").read_bytes())
    assert sum(counts.values()) == sum(
        file["derivatives"] for file in index["files"] if file["dtype"] == dtype)


@needs_node
@pytest.mark.parametrize("wrong", ["cos", "exp", "log", "sin", "sqrt", "square", "tanh"])
def test_a_wrong_rule_in_javascript_is_found(corpus, wrong):
    code, differing, counts = javascript(corpus, "float64", wrong)
    assert code == 1
    assert len(differing) == counts["differs"]
    assert any(line.endswith(f".{wrong} dy/dx") for line in differing)


@needs_node
def test_a_file_that_was_changed_is_refused(corpus, tmp_path):
    copied = tmp_path / "vectors"
    shutil.copytree(corpus, copied)
    file = copied / "float64" / "cases" / "notebook.jsonl"
    file.write_bytes(file.read_bytes().replace(b"0x1.8", b"0x1.9"))
    done = subprocess.run(["node", JAVASCRIPT, copied], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "float64/cases/notebook.jsonl was changed" in done.stderr
    with pytest.raises(ValueError, match=r"^float64/cases/notebook\.jsonl was changed$"):
        vector_consumer.read(copied)


# --- Python -------------------------------------------------------------------------------------

def test_every_document_is_what_its_schema_describes(corpus):
    index = json.loads((corpus / "index.json").read_bytes())
    validate(index, "vectors")
    for file in index["files"]:
        for line in (corpus / file["path"]).read_bytes().splitlines():
            validate(json.loads(line), "vector")


def test_what_is_read_is_what_the_suite_knows_bit_by_bit(corpus, cases):
    index, found = vector_consumer.read(corpus)
    written = {case.id: case for case in cases}
    assert len(found) == index["counts"]["vectors"] == 2 * len(written)
    for vector in found:
        case, dtype = written[vector["case"]], vector["dtype"]
        for name, values in case.values(dtype).items():
            # complex ones are read as their parts
            read = np.array(vector["inputs"][name]["values"], dtype=values.real.dtype)
            assert read.tobytes() == values.tobytes(), vector["case"]
            parts = (2,) if values.dtype.kind == "c" else ()
            assert vector["inputs"][name]["shape"] == [*values.shape, *parts]
        truths = runner.truths(case, dtype)
        assert list(truths) == list(vector["derivatives"])
        for name, truth in truths.items():
            read = vector["derivatives"][name]
            pairs = (zip(truth.limits, read["kink"]["limits"], strict=True)
                     if isinstance(truth, Kink) else [(truth, read["truth"])])
            for known, column in product(pairs, ("hi", "lo", "radius")):
                assert known[1][column] == getattr(known[0], column).ravel().tolist()


CORNERS = '''
from conformance import case, grad

@case(x=[0.0, 1.0])
def kink(xp, x):
    """A corner, and an element beside it."""
    return {"dy/dx": grad(xp.abs(x), x)}

@case(x=0.0)
def pole(xp, x):
    """There is no derivative."""
    return {"dy/dx": grad(1 / x, x)}

@case(x=[1e154, 3.0, 2e154])
def overflow(xp, x):
    """Beyond the largest number, or not far below it."""
    return {"dy/dx": grad(x**3, x), "scaled": grad(1e300 * x * x, x)}

@case(x=[1.0, 1e4])
def vague(xp, x):
    """Rounding may change much of it."""
    y = (x + 1e16) - x
    return {"dy/dx": grad(xp.sin(1e16 * x) * y, x)}

@case(x=[[0.5, -2.0, 0.0]])
def ordinary(xp, x):
    """Zeros among other numbers."""
    return {"dy/dx": grad(xp.sin(x) * x, x), "zero": grad(xp.ones(2), x)}
'''


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_rule_of_the_document_is_the_suites(write, dtype):
    cases = load_cases(write("corners.py", CORNERS)).cases
    vectors.export(cases, Path("out"), [dtype])
    seen = set()
    for vector, case in zip(vector_consumer.read("out")[1], cases, strict=True):
        for name, truth in runner.truths(case, dtype).items():
            for got in answers(truth, dtype):
                mine = vector_consumer.judge(got.ravel().tolist(), got.shape, dtype, vector, name)
                if isinstance(truth, CannotCertify):
                    assert mine == "refused"
                else:
                    suites = compare(got, truth, TensorType(any_of(truth).shape, dtype)).verdict
                    # of a truth that is vague, the suite accepts the nearest number alone
                    assert (mine == suites or (mine, suites) == ("inconclusive", "agrees")
                            or (isinstance(truth, Kink) and suites == "inconclusive")), got
                seen.add(mine)
    assert seen == {"agrees", "differs", "inconclusive", "refused"}


def any_of(truth):
    return truth.limits[0].hi if isinstance(truth, Kink) else truth.hi


def answers(truth, dtype):
    """What engines might say: the truth, beside it by ever more, and no numbers."""
    hi = np.zeros(2) if isinstance(truth, CannotCertify) else any_of(truth)
    with np.errstate(over="ignore"):
        nearest = hi.astype(dtype)
        for steps in (0, 1, 2, 3, 5, 10, 1000, 10**6):
            for end in (-np.inf, np.inf):
                answer = nearest.copy()
                for _ in range(min(steps, 10)):
                    answer = np.nextafter(answer, answer.dtype.type(end))
                yield answer if steps <= 10 else answer * answer.dtype.type(1 + steps * 1e-7)
    for special in (np.nan, np.inf, -np.inf, 0.0):
        yield np.full_like(nearest, special)
    yield nearest[..., None]


def test_another_dtype_differs(write):
    (case,) = load_cases(write("corners.py", CORNERS)).select(["ordinary"])
    vectors.export([case], Path("out"), ["float32"])
    (vector,) = vector_consumer.read("out")[1]
    nearest = vector["derivatives"]["dy/dx"]["truth"]["hi"]
    for dtype, verdict in (("float32", "agrees"), ("float64", "differs")):
        assert vector_consumer.judge(nearest, (1, 3), dtype, vector, "dy/dx") == verdict


def test_the_consumers_know_nothing_of_the_suite():
    for path in (JAVASCRIPT, Path(vector_consumer.__file__)):
        imports = re.findall(r"^(?:import|from) .*", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert imports
        assert not any("conformance" in line or "numpy" in line for line in imports)
