"""Runs: every way in which a backend, a case or a machine can fail becomes what it should."""

import math

import numpy as np
import pytest

from conformance import load_cases, run
from conformance.backends import Evaluation, get_backend
from conformance.backends.reference import ReferenceBackend
from conformance.errors import MissingFramework, UsageError
from conformance.reports.json_report import run_to_json
from conformance.runner import DTYPES, MODES, NoAnswer, Task, evaluate, judge, plan

# the printed code of a case with one of these names begins with this
BACKENDS = '''
import dataclasses
from conformance.backends.reference import ReferenceBackend

DEEDS = {
    "exits": "import os; os._exit(3)", "exits_quietly": "import os; os._exit(0)",
    "aborts": "import os; os.abort()", "leaves": "raise SystemExit(4)",
    "hangs": "while True: pass", "raises": "1 / 0",
}


class Saboteur(ReferenceBackend):
    name = "saboteur"

    def program(self, graph, values, *, mode="reverse", title="case"):
        program = super().program(graph, values, mode=mode, title=title)
        return dataclasses.replace(program,
                                   source=DEEDS.get(title, "") + "\\n" + program.source)


class Twin(Saboteur):
    """Has the name of another."""


class Mute(Saboteur):
    """Answers nothing at all, None, or an array of the wrong kind."""

    name = "mute"

    def load(self, program):
        return lambda x: {}, super().load(program)[1]


class Unprintable(ReferenceBackend):
    name = "unprintable"

    def array(self, values, dtype):
        raise RecursionError("too deep")


class Single(ReferenceBackend):
    name = "single"
    dtypes = ("float32",)
    spellings = {**ReferenceBackend.spellings, "hypot": None}


class Absent(ReferenceBackend):
    name = "absent"
    module = "a_framework_that_is_absent"


class Odd(ReferenceBackend):
    """Makes something else than NumPy arrays of numbers of its answers."""

    name = "odd"
    made = {"floats": float, "lists": lambda v: [float(v)],
            "objects": lambda v: v.astype(object), "dates": lambda v: v.astype("datetime64[s]"),
            "unpicklables": lambda v: lambda: v}

    def evaluate(self, graph, values, *, mode="reverse", title="case"):
        answer = super().evaluate(graph, values, mode=mode, title=title)
        if title == "nothings":
            return None
        make = self.made.get(title, lambda v: v)
        return dataclasses.replace(answer, values={k: make(v) for k, v in answer.values.items()})


class Wrong(ReferenceBackend):
    name = "wrong"

    def to_numpy(self, value):
        return super().to_numpy(value) * 1.0001
'''
CASE = '''
@case(x={x})
def {name}(xp, x):
    """A power."""
    return {{"dy/dx": grad(x**3, x){closed}}}
'''
HEAD = "from conformance import case, grad\n"


@pytest.fixture(scope="module")
def backends(tmp_path_factory):
    """`backends("Saboteur")` is how a class of the module above is asked for by name."""
    folder = tmp_path_factory.mktemp("backends")
    (folder / "runner_saboteurs.py").write_text(BACKENDS, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield lambda name: f"runner_saboteurs:{name}"


@pytest.fixture
def cases(tmp_path):
    """`cases("exits", "calm")`: cases of these names, from a file of their own."""
    def write(*names, closed="", x=2.0, waivers=""):
        text = HEAD + "".join(CASE.format(name=name, closed=closed, x=x) for name in names)
        (tmp_path / "own.py").write_text(text, encoding="utf-8")
        (tmp_path / "waivers.toml").write_text(waivers, encoding="utf-8")
        library = load_cases(tmp_path)
        assert not library.errors
        return library.cases

    return write


def kinds(result):
    return {v.name: v.verdict for v in result.verdicts}


# --- what becomes of an evaluation --------------------------------------------------------------

def test_every_way_to_die_costs_its_own_verdict_only(backends, cases):
    names = ["exits", "calm", "exits_quietly", "aborts", "leaves", "raises", "calm_again"]
    result = run(cases(*names), [backends("Saboteur")], ["float32"], workers=2, timeout=5.0)
    # a process that ends in good order without an answer is waited for
    assert kinds(result) == {
        "exits": "crashed", "calm": "agrees", "exits_quietly": "timed_out", "aborts": "crashed",
        "leaves": "crashed", "raises": "raised", "calm_again": "agrees"}
    assert [v.name for v in result.verdicts] == names
    assert result.complete
    assert result.exit_code == 1
    reasons = {v.name: v.reason for v in result.verdicts}
    assert reasons["exits"] == "the process died with exit code 3"
    assert reasons["aborts"].startswith("the process died by SIGABRT")
    assert reasons["raises"].startswith("ZeroDivisionError: division by zero, at line 1 of")


def test_a_hang_times_out(backends, cases):
    result = run(cases("hangs", "calm"), [backends("Saboteur")], ["float32"], timeout=4.0)
    assert kinds(result) == {"hangs": "timed_out", "calm": "agrees"}
    assert result.verdicts[0].reason == "no answer within 4 s"


def test_an_answer_that_is_missing_is_not_taken_for_none(backends, cases):
    (verdict,) = run(cases("calm"), [backends("Mute")], ["float32"]).verdicts
    assert verdict.verdict == "raised"
    assert verdict.reason == "the printed code returned nothing called 'dy/dx'"


def test_a_printer_that_fails_is_told_as_such(backends, cases):
    (verdict,) = run(cases("calm"), [backends("Unprintable")], ["float32"]).verdicts
    assert verdict.verdict == "raised"
    assert verdict.reason == "the backend itself failed: RecursionError: too deep"


def test_an_answer_that_is_no_array_of_numbers_costs_its_own_verdict_only(backends, cases):
    names = ["floats", "lists", "objects", "dates", "unpicklables", "nothings", "calm"]
    result = run(cases(*names), [backends("Odd")], ["float64"], timeout=30.0)
    *odd, calm = result.verdicts
    assert {v.verdict for v in odd} == {"raised"}
    assert [v.reason.split(" made ")[-1] for v in odd[:4]] == [
        f"{kind} of 'dy/dx', wanted a NumPy array of numbers"
        for kind in ("float", "list", "object", "datetime64[s]")]
    assert odd[5].reason == "the backend's evaluate returned NoneType, wanted an Evaluation"
    assert calm.verdict == "agrees"
    run_to_json(result)


PARENT_ONLY = """
import multiprocessing
if multiprocessing.parent_process():
    raise ImportError("not in a worker")
from conformance.backends.reference import ReferenceBackend

class Shy(ReferenceBackend):
    name = "shy"
"""


def test_a_backend_that_fails_in_its_process_leaves_the_others_alone(cases, tmp_path, monkeypatch):
    (tmp_path / "parent_only.py").write_text(PARENT_ONLY, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    result = run(cases("calm", "calm_again"), ["parent_only:Shy", "reference"], ["float32"],
                 workers=2)
    found = {(v.backend, v.verdict) for v in result.verdicts}
    assert found == {("shy", "raised"), ("reference", "agrees")}
    assert "not in a worker" in result.verdicts[0].reason


def test_two_backends_of_one_name_are_refused(backends, cases):
    with pytest.raises(UsageError, match="two backends are called 'saboteur'"):
        run(cases("calm"), [backends("Saboteur"), backends("Twin")])


def test_a_backend_of_the_main_module_is_refused(cases):
    class Local(ReferenceBackend):
        name = "local"

    with pytest.raises(UsageError, match="'local' must be a class at the top level of a module"):
        plan(cases("calm"), [Local()], ("float32",), ("reverse",))


def test_a_run_that_shows_nothing_to_be_right_fails(backends, cases):
    result = run(cases("calm"), [backends("Single")], ["float64"])
    assert result.counts == {"unsupported": 1}
    assert (result.unproven, result.exit_code) == (["single"], 1)


def test_a_fault_of_the_oracle_costs_its_own_case_only(cases, monkeypatch):
    from conformance import oracle

    right = oracle.derivatives

    def faulty(graph, inputs):
        if graph == bad.graph("float32"):
            raise MemoryError("too many balls")
        return right(graph, inputs)

    monkeypatch.setattr(oracle, "derivatives", faulty)
    good, bad = cases("calm")[0], cases("other", closed=" == 3 * x**2")[0]
    result = run([bad, good], ["reference"], ["float32"])
    assert [v.verdict for v in result.verdicts] == ["inconclusive", "agrees"]
    assert result.verdicts[0].reason == ("the oracle failed, which is a defect of the suite: "
                                         "MemoryError: too many balls")


def test_a_dtype_that_a_backend_lacks_is_unsupported(backends, cases):
    result = run(cases("calm"), [backends("Single")])
    assert [(v.dtype, v.verdict) for v in result.verdicts] == [
        ("float32", "agrees"), ("float64", "unsupported")]
    assert result.verdicts[1].reason == "single has no float64"
    assert result.exit_code == 0
    assert result.counts["unsupported"] == 1


def test_a_mode_that_a_backend_lacks_is_unsupported(cases):
    (case,) = cases("calm")
    reference = get_backend("reference")
    outcome = evaluate(type(reference), case.graph(), case.values("float32"), "forward", "calm")
    assert outcome.verdict == "unsupported"
    assert "reference has no mode 'forward'" in outcome.reason


def test_an_operator_that_a_backend_lacks_is_unsupported(backends):
    cases = load_cases().select(["all_partials.hypot"])
    (verdict, *_) = run(cases, [backends("Single")], ["float32"]).verdicts
    assert verdict.verdict == "unsupported"
    assert verdict.reason.startswith("single has no hypot")


def test_a_small_relative_error_differs(backends, cases):
    result = run(cases("calm"), [backends("Wrong"), "reference"])
    assert [v.verdict for v in result.verdicts] == ["differs", "differs", "agrees", "agrees"]
    assert result.verdicts[1].ulp == pytest.approx(1e-4 * 12 / 2.0 ** -49, rel=0.01)


# --- what a verdict carries ---------------------------------------------------------------------

def test_a_verdict_carries_all_that_is_known(backends, cases, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (verdict,) = run(cases("calm"), [backends("Wrong")], ["float32"]).verdicts
    assert verdict.case == "own.py::calm"
    assert verdict.where == "own.py:6"
    assert (verdict.element, verdict.truth) == ((), 12.0)
    assert verdict.got == pytest.approx(12.0012)
    assert verdict.ulp > verdict.allowed_ulp > 0.5
    assert verdict.seconds > 0
    assert "GradientTape" in verdict.source
    assert verdict.backend_version == get_backend("reference").version()
    assert verdict.reproduce == ("conformance show calm --cases own.py "
                                 "--backend runner_saboteurs:Wrong --dtype float32")


def judged(case, values, error=""):
    task = Task(case, get_backend("reference"), "float32", "reverse")
    return judge(task, Evaluation(values, 0.5, "source", error))[0][0]


@pytest.mark.parametrize(("answer", "verdict"), [
    (np.float32(12), "agrees"), (np.array(12, "float32"), "agrees"), (None, "differs"),
    (np.float64(12), "differs"), (np.float32(math.nan), "differs"),
    (np.full((1,), 12, "float32"), "differs"), (np.float32(12.1), "differs"),
])
def test_an_answer_is_judged(cases, answer, verdict):
    assert judged(*cases("calm"), {"dy/dx": answer}).verdict == verdict


def test_an_error_is_reported_beside_the_truth(cases):
    verdict = judged(*cases("calm"), {}, error="ValueError: no")
    assert (verdict.verdict, verdict.reason, verdict.truth) == ("raised", "ValueError: no", 12.0)


CORNER = '''
@case(x=0.0)
def corner(xp, x):
    """No derivative."""
    return {"dy/dx": grad(xp.sqrt(x), x)}
'''


def test_without_a_proof_nothing_can_be_said(tmp_path):
    (tmp_path / "own.py").write_text(HEAD + CORNER, encoding="utf-8")
    verdict = judged(*load_cases(tmp_path).cases, {"dy/dx": np.float32(math.inf)})
    assert verdict.verdict == "inconclusive"
    assert verdict.got == math.inf
    assert verdict.truth is None
    assert verdict.reason


# --- cases that are wrong themselves ------------------------------------------------------------

def test_a_false_closed_form_is_an_error_and_other_cases_still_run(tmp_path):
    text = HEAD + CASE.format(name="false", closed=" == 2 * x", x=2.0) + CASE.format(
        name="true", closed=" == 3 * x**2", x=2.0)
    (tmp_path / "own.py").write_text(text, encoding="utf-8")
    result = run(load_cases(tmp_path).cases, ["reference"], ["float32"])
    assert kinds(result) == {"true": "agrees"}
    (error,) = result.errors
    assert "own.py:6: the closed form of dy/dx is wrong: it says 4" in str(error)
    assert result.exit_code == 2


ONE_DTYPE = '''
@case(x=2.0)
def single_only(xp, x):
    """Fails in float64 only."""
    assert x.dtype == "float32"
    return {"dy/dx": grad(x**3, x)}
'''


def test_a_case_that_fails_in_one_dtype_is_an_error(tmp_path):
    (tmp_path / "own.py").write_text(HEAD + ONE_DTYPE, encoding="utf-8")
    result = run(load_cases(tmp_path).cases, ["reference"], ["float64"])
    assert "single_only failed while it was traced: AssertionError" in str(result.errors[0])
    assert result.exit_code == 2


# --- waivers ------------------------------------------------------------------------------------

WAIVER = '''
[[waiver]]
case = "{case}"
backend = "wrong"
verdict = "differs"
class = "accuracy"
versions = "=={version}"
dtype = "float32"
reason = "a factor of 1.0001"
source = "this test"
'''


def waiver(case="calm", version=None):
    return WAIVER.format(case=case, version=version or get_backend("reference").version())


def test_a_waived_verdict_is_expected_and_says_why(backends, cases):
    result = run(cases("calm", waivers=waiver()), [backends("Wrong")], ["float32"])
    (verdict,) = result.verdicts
    assert verdict.verdict == "waived"
    assert verdict.reason.startswith(
        "accuracy: a factor of 1.0001 (this test); without the waiver: differs")
    assert result.exit_code == 0


def test_a_waiver_that_excuses_nothing_fails_the_run(cases):
    text = waiver().replace('"wrong"', '"reference"')
    result = run(cases("calm", waivers=text), ["reference"], ["float32"])
    assert result.exit_code == 1
    assert "waivers.toml:2: this waiver is not needed: calm on reference-float32" in result.stale[0]


def test_a_waiver_that_names_no_case_fails_the_run(cases):
    result = run(cases("calm", waivers=waiver("calmer")), ["reference"], ["float32"])
    assert result.exit_code == 1
    assert "no case here is called 'calmer'" in result.stale[0]


def test_a_waiver_for_another_version_is_neither_used_nor_unused(backends, cases):
    result = run(cases("calm", waivers=waiver(version="99")), [backends("Wrong")], ["float32"])
    assert kinds(result) == {"calm": "differs"}
    assert result.stale == []


def test_a_malformed_waiver_is_found_before_any_work(cases):
    begun = []
    with pytest.raises(UsageError, match="not valid TOML"):
        run(cases("calm", waivers="[["), ["reference"], on_start=begun.append)
    assert not begun


# --- the run itself -----------------------------------------------------------------------------

def test_progress_is_told(cases):
    totals, seen = [], []
    result = run(cases("calm", "calm_too"), ["reference"], on_start=totals.append,
                 on_result=lambda task, verdicts: seen.append((task.label, len(verdicts))))
    assert totals == [4]
    assert sorted(seen) == [("reference-float32-reverse", 1)] * 2 + [
        ("reference-float64-reverse", 1)] * 2
    assert result.started.endswith("+00:00")
    assert result.environment["backends"] == {"reference": get_backend("reference").version()}


def test_an_interrupt_keeps_what_there_is(cases):
    def interrupt(task, verdicts):
        raise KeyboardInterrupt

    result = run(cases("calm", "calm_too"), ["reference"], ["float32"], on_result=interrupt)
    assert not result.complete
    assert kinds(result) == {"calm": "agrees"}


def test_a_missing_framework_is_skipped_unless_it_was_named(backends, monkeypatch):
    from conformance import backends as module

    with pytest.raises(MissingFramework, match="absent is not installed: "):
        run([], [backends("Absent")])
    places = {"reference": module.BUILT_IN["reference"], "absent": backends("Absent")}
    monkeypatch.setattr(module, "BUILT_IN", places)
    result = run([])
    assert list(result.environment["backends"]) == ["reference"]
    assert result.skipped[0].startswith("absent is not installed: ")


@pytest.mark.parametrize(("keywords", "message"), [
    ({"backends": ["tensorfow"]}, "unknown backend 'tensorfow': did you mean 'tensorflow'?"),
    ({"backends": ["nowhere:Backend"]}, "cannot use the backend nowhere:Backend: ModuleNotFound"),
    ({"backends": ["math:pi"]}, "cannot use the backend math:pi"),
    ({"backends": ["collections:Counter"]}, "it is no subclass of Backend"),
    ({"dtypes": ["float23"]}, "unknown dtype 'float23': did you mean 'float32'?"),
    ({"modes": ["revers"]}, "unknown mode 'revers': did you mean 'reverse'? known are reverse"),
])
def test_bad_names_are_usage_errors(keywords, message):
    with pytest.raises(UsageError) as caught:
        run([], **keywords)
    assert message in str(caught.value)


def test_a_backend_that_no_other_process_can_import_is_refused():
    class Local(type(get_backend("reference"))):
        name = "local"

    with pytest.raises(UsageError, match="'local' must be a class at the top level of a module"):
        plan([], [Local()], DTYPES, MODES)


def test_evaluate_also_takes_a_name(cases):
    (case,) = cases("calm")
    outcome = evaluate("reference", case.graph(), case.values("float32"), "reverse", "calm")
    assert outcome.values["dy/dx"] == 12
    assert not isinstance(outcome, NoAnswer)
