"""Calibrations as they are run: judged, resumed, reported; a wrong backend must be noticed."""

import json
from collections import Counter

import numpy as np
import pytest
from click.testing import CliRunner

from conformance.calibration import campaign, judging, planted, summary
from conformance.calibration.journal import Journal
from conformance.calibration.planted import GUESSES, KINDS
from conformance.calibration.programs import Plan, program
from conformance.cli import main
from conformance.errors import UsageError
from conformance.oracle import derivatives

PLAN = Plan(seed=2, ops=12)
# one component of every gradient is off by a thousandth; nothing comes back
BACKENDS = '''
from conformance.backends.reference import ReferenceBackend

class Wrong(ReferenceBackend):
    name = "wrong"
    def to_numpy(self, value):
        found = super().to_numpy(value).copy()
        found.flat[0] *= 1.001
        return found

class Dying(ReferenceBackend):
    name = "dying"
    def to_numpy(self, value):
        import os
        os._exit(3)
'''


@pytest.fixture
def backends(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "calibrated_backends.py").write_text(BACKENDS, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")


def invoke(*arguments):
    done = CliRunner().invoke(main, ["calibrate", *arguments])
    return done.exit_code, done.stdout


def test_the_reference_engine_raises_no_false_alarm(tmp_path):
    path = tmp_path / "summary.json"
    code, out = invoke("--components", "400", "--ops", "12", "--seed", "2", "--json", str(path))
    assert code == 0
    assert "false alarms       0" in out
    found = json.loads(path.read_text())
    row = found["backends"]["reference"]
    assert found["oracle"]["certified"] == row["components"] >= 400
    assert row["components"] == sum(row["verdicts"].values())
    assert 0 < row["ratio"]["0.99"] < row["ratio"]["largest"] < 1
    assert 0 < row["allowance"]["0.5"] < 1e-4


def test_a_wrong_backend_is_noticed_and_can_be_reproduced(backends):
    wrong = "calibrated_backends:Wrong"
    code, out = invoke("--backend", wrong, "--components", "300", "--ops", "12", "--seed", "2")
    assert code == 1
    (line,) = [text for text in out.splitlines() if text.startswith("reproduce: ")]
    assert f"--backend {wrong} --seed 2 --dtype float32 --ops 12 --order 1 --arrays 0.25" in line
    code, page = invoke(*line.split("calibrate ")[1].split())
    assert code == 0
    assert "def derivatives(" in page
    assert "# dx" in page
    assert " differs: got " in page
    assert "agree" in page


def test_the_smallest_failing_program_is_shown():
    lines = [{"index": i, "nodes": nodes, "backends": {"b": {
        "verdicts": {"differs": 1}, "reasons": {}, "ratios": [2.0], "allowances": [0.1], "zeros": 0,
        "failing": [f"in {i}"], "seconds": 0.0}}} for i, nodes in ((0, 9), (1, 5), (2, 7))]
    found = summary.of_backend(lines, "b")
    assert found["smallest"] == {"index": 1, "nodes": 5, "components": ["in 1"]}
    assert found["verdicts"] == {"differs": 3}
    assert found["ratio"]["largest"] == 2.0


def test_processes_that_die_are_lines_of_the_journal_and_soon_the_end(backends, tmp_path):
    path = tmp_path / "journal.jsonl"
    with pytest.raises(UsageError, match=r"10 programs in a row gave nothing .* exit code 3"):
        campaign.false_alarms(Plan(ops=2), ("calibrated_backends:Dying",), 1, journal=path)
    lost = [json.loads(line)["lost"] for line in path.read_text().splitlines()[1:]]
    assert lost == ["crashed: the process died with exit code 3"] * 10


def test_a_dtype_that_a_backend_lacks_is_refused():
    with pytest.raises(UsageError, match="autograd has no bfloat16, only float32"):
        campaign.false_alarms(Plan(dtype="bfloat16"), ("autograd",), 1)


def test_a_journal_goes_on_where_it_was_cut_off(tmp_path):
    path = tmp_path / "journal.jsonl"
    first = campaign.false_alarms(PLAN, ("reference",), 200, journal=path)
    text = path.read_text()
    path.write_text(text[:-40])  # in the middle of the last line
    again = campaign.false_alarms(PLAN, ("reference",), 2000, journal=path)
    assert [line["index"] for line in again.lines] == list(range(len(again.lines)))
    assert len(again.lines) > len(first.lines)
    kept = len(first.lines) - 1
    assert again.lines[:kept] == first.lines[:kept]
    assert len(path.read_text().splitlines()) == 1 + len(again.lines)


def test_a_journal_of_another_calibration_is_refused(tmp_path):
    path = tmp_path / "journal.jsonl"
    Journal(path, {"seed": 1, "dtype": "float32"}).add({"index": 0})
    assert Journal(path, {"seed": 1, "dtype": "float32"}).done == {0}
    with pytest.raises(UsageError, match="another calibration, with seed 1 rather than 2; name"):
        Journal(path, {"seed": 2, "dtype": "float32"})


def test_components_are_judged_one_by_one():
    made = program(PLAN, 0)
    truths = derivatives(made.graph, made.inputs)
    name, truth = next(iter(truths.items()))
    kind = next(made.graph.nodes[o.node].type for o in made.graph.outputs if o.name == name)
    got = truth.hi.astype("float32")
    got.flat[2] *= np.float32(1.5)
    verdicts = Counter(one.verdict for _, one in judging.components(got, truth, kind))
    assert verdicts == {"agrees": kind.size - 1, "differs": 1}
    assert Counter(one.verdict for _, one in judging.components(None, truth, kind)) == {
        "differs": kind.size}


def test_true_zeros_are_counted_apart():
    lines = [judging.examine(Plan(), index, ("reference",)) for index in range(6)]
    rows = [line["backends"]["reference"] for line in lines]
    assert sum(row["zeros"] for row in rows) > 0
    for line, row in zip(lines, rows, strict=True):
        assert len(row["ratios"]) + row["zeros"] == line["components"]


# --- planted mistakes -----------------------------------------------------------------------------

def test_planted_mistakes_are_noticed_and_the_engine_is_left_as_it_was():
    from reference_engine import backward, operators

    rules, accumulate = dict(operators.RULES), backward.accumulate
    found = summary.of_mistakes([planted.sabotage(PLAN, index) for index in range(5)])
    assert set(found) == set(KINDS)
    for kind in ("factor 1+1e-2", "wrong sign", "dropped term", "overwritten"):
        assert found[kind]["scalars"]["programs"] > 30
        assert found[kind]["scalars"]["verdict"] > 0.9, kind
    assert dict(operators.RULES) == rules
    assert backward.accumulate is accumulate


def test_nothing_planted_is_nothing_noticed():
    made = program(PLAN, 0)
    truths = derivatives(made.graph, made.inputs)
    right = {name: truth.hi.astype("float32") for name, truth in truths.items()}
    trials = planted.judge(made, truths, right, right)
    assert (trials.programs, trials.found, *trials.guessed.values()) == (0, 0, 0, 0)


def test_a_mistake_at_one_point_is_a_mistake_in_one_program():
    made = next(p for p in (program(PLAN, i) for i in range(9)) if p.points)
    truths = derivatives(made.graph, made.inputs)
    right = {name: truth.hi.astype("float32") for name, truth in truths.items()}
    wrong = {name: x.copy() for name, x in right.items()}
    next(iter(wrong.values()))[5] += 1
    trials = planted.judge(made, truths, right, wrong)
    assert (trials.programs, trials.found) == (1, 1)


def test_rounding_to_float16_keeps_eleven_bits_and_any_exponent():
    x = np.array([1 + 2.0**-11, 3.0, -1e-20, 0.1], "float32")
    got = planted.halved(x)
    assert got.dtype == x.dtype
    assert got[1] == 3
    np.testing.assert_array_equal(got[[0, 3]], np.float16(x[[0, 3]]))
    assert 0 < abs(got[2] / x[2] - 1) < 2.0**-11


def test_the_report_has_a_row_for_each_mistake():
    code, out = invoke("--planted", "--components", "40", "--ops", "12", "--seed", "2")
    assert code == 0
    assert out.splitlines()[0].split("programs")[1].split() == [
        "verdict", *" ".join(GUESSES).split()]
    for kind in KINDS:
        assert kind in out
