"""Backends that answer something else than the derivative: none of them ever agrees."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from conformance import runner
from conformance.backends import Evaluation
from conformance.backends.base import graph_dtype
from conformance.backends.reference import ReferenceBackend
from conformance.comparison import ulp
from conformance.errors import Unsupported

each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
RIGHT: dict[tuple[str, str], Evaluation] = {}


class Wrong(ReferenceBackend):
    """The reference engine's answers, changed before anyone sees them."""

    name = "wrong"

    def evaluate(self, graph, values, *, mode="reverse", title="case"):
        dtype = graph_dtype(graph)
        if (title, dtype) not in RIGHT:  # all wrong backends start from the same right answers
            RIGHT[title, dtype] = super().evaluate(graph, values, mode=mode, title=title)
        right = RIGHT[title, dtype]
        self.right = right.values
        self.answers = self.change(dict(right.values))
        return replace(right, values=self.answers)

    def change(self, answers):
        """Wrong answers by name, from right ones."""
        return {name: None if x is None else self.change_one(x) for name, x in answers.items()}

    def change_one(self, x):
        return x


class Honest(Wrong):
    """Changes nothing, and so shows that it is the change that is noticed."""


class Zeros(Wrong):
    def change_one(self, x):
        return np.zeros_like(x)


class NotANumber(Wrong):
    def change_one(self, x):
        return np.full_like(x, np.nan)


class NotANumberInOnePlace(Wrong):
    def change_one(self, x):
        x = x.copy()
        x.reshape(-1)[-1:] = np.nan
        return x


class Infinite(Wrong):
    def change_one(self, x):
        return np.full_like(x, np.inf)


class Largest(Wrong):
    def change_one(self, x):
        return np.full_like(x, np.finfo(x.dtype).max)


class Nothing(Wrong):
    def change(self, answers):
        return dict.fromkeys(answers)


class NoKeys(Wrong):
    def change(self, answers):
        return {}


class OneKeyMissing(Wrong):
    def change(self, answers):
        return dict(list(answers.items())[:-1])


class OtherDtype(Wrong):
    def change_one(self, x):
        other = {"float32": "float64", "float64": "float32", "complex64": "complex128",
                 "complex128": "complex64"}
        return x.astype(other[str(x.dtype)])


class OneAxisMore(Wrong):
    def change_one(self, x):
        return x[None]


class Doubled(Wrong):
    def change_one(self, x):
        return 2 * x


class ThousandthOff(Wrong):
    def change_one(self, x):
        return x * x.dtype.type(1.001)


class HalfPrecision(Wrong):
    """Computes in float16 and says that it did not."""

    def change_one(self, x):
        with np.errstate(over="ignore"):
            if x.dtype.kind == "c":
                half = x.real.astype("float16") + 1j * x.imag.astype("float16")
                return half.astype(x.dtype)
            return x.astype("float16").astype(x.dtype)


class Exchanged(Wrong):
    """Hands every answer out under the next one's name."""

    def change(self, answers):
        names = list(answers)
        return dict(zip(names, [answers[name] for name in names[1:] + names[:1]], strict=True))


class Stale(Wrong):
    """Answers with what it was asked before, as far as the names go."""

    last = ()

    def change(self, answers):
        stale, self.last = self.last, tuple(answers.values())
        return dict(zip(answers, stale, strict=False))


BACKENDS = [Zeros, NotANumber, NotANumberInOnePlace, Infinite, Largest, Nothing, NoKeys,
            OneKeyMissing, OtherDtype, OneAxisMore, Doubled, ThousandthOff, HalfPrecision,
            Exchanged, Stale]
# how many of its answers, at most, may agree for being ill-conditioned; none of any other's
EXCUSED = {(ThousandthOff, "float32"): 3, (HalfPrecision, "float32"): 14}


def really_wrong(got, right) -> bool:
    """Whether an answer is one that rounding could not have given."""
    if got is None or got.shape != right.shape or got.dtype != right.dtype:
        return True
    return not np.allclose(got, right, rtol=1e-4, atol=0.0)


def rounded_from_zero(verdict, right) -> bool:
    """Whether the engine's own answer has rounding errors where the truth is 0."""
    if verdict.truth is None:
        return False
    truth, parts = np.asarray(verdict.truth, float), np.asarray(right)
    if parts.dtype.kind == "c":
        parts = np.stack([parts.real, parts.imag], axis=-1)
    return bool(((truth.reshape(parts.shape) == 0) & (parts != 0)).any())


def ill_conditioned(verdict) -> bool:
    """Whether rounding explains an error in the fourth digit, as where terms cancel."""
    explained = (verdict.allowed_ulp or 0) * np.finfo(verdict.dtype).eps
    return verdict.verdict == "agrees" and explained > 1e-4


def test_the_unchanged_backend_agrees(suite) -> None:
    agreeing = 0
    for case in suite.cases:
        for dtype in runner.DTYPES:
            verdicts = suite.ask(case, dtype, Honest())
            agreed = {v.derivative for v in verdicts if v.verdict == "agrees"}
            assert agreed == suite.healthy(case, dtype)
            agreeing += len(agreed)
    assert agreeing > 1500


@each_dtype
@pytest.mark.parametrize("backend_class", BACKENDS, ids=lambda cls: cls.__name__)
def test_wrong_backend_never_agrees(suite, record_property, backend_class, dtype) -> None:
    backend, wrong, guess_noticed = backend_class(), 0, True
    unnoticed, excused = [], []
    for case in suite.cases:
        if case.where.file == "cases/kinks.py":  # where more than one answer is right
            continue
        healthy = suite.healthy(case, dtype)
        for verdict in suite.ask(case, dtype, backend):
            name = verdict.derivative
            if name in healthy and really_wrong(backend.answers.get(name), backend.right[name]):
                if rounded_from_zero(verdict, backend.right[name]):
                    continue
                wrong += 1
                guess_noticed = guess_noticed and not suite.close_enough(verdict)
                wanted = "differs" if name in backend.answers else "raised"
                if verdict.verdict != wanted:
                    (excused if ill_conditioned(verdict) else unnoticed).append(verdict)
    record_property("saboteur", ["backend, every answer", not unnoticed, guess_noticed])
    assert unnoticed == []
    assert wrong > 400
    assert len(excused) <= EXCUSED.get((backend_class, dtype), 0), excused


# --- rounding -------------------------------------------------------------------------------------


class Noisy(Wrong):
    """Moves every answer by some units in its last place."""

    steps = 0

    def change_one(self, x):
        return (x + self.steps * ulp(x, str(x.dtype))).astype(x.dtype)


class OneUlp(Noisy):
    steps = 1


class HundredUlp(Noisy):
    steps = 100


def well_conditioned(suite):
    return [case for case in suite.cases if case.name.startswith("slope_and_curvature.")]


@each_dtype
def test_one_unit_in_the_last_place_is_rounding(suite, dtype) -> None:
    """Wherever rounding explains two units, one more than the engine's own error agrees."""
    agreeing = 0
    for case in well_conditioned(suite):
        own = {v.derivative: v for v in suite.ask(case, dtype)}
        for verdict in suite.ask(case, dtype, OneUlp()):
            if own[verdict.derivative].allowed_ulp >= 2 and verdict.allowed_ulp >= 2:
                assert verdict.verdict == "agrees", verdict
                agreeing += 1
    assert agreeing >= 40


@each_dtype
def test_a_hundred_units_in_the_last_place_are_not(suite, record_property, dtype) -> None:
    guess_noticed = True
    for case in well_conditioned(suite):
        healthy = suite.healthy(case, dtype)
        assert healthy
        for verdict in suite.ask(case, dtype, HundredUlp()):
            guess_noticed = guess_noticed and not suite.close_enough(verdict)
            assert verdict.verdict == "differs", verdict
    record_property("saboteur", ["backend, 100 ULP off", True, guess_noticed])


# --- the other verdicts ---------------------------------------------------------------------------


class Raising(ReferenceBackend):
    name = "raising"

    def load(self, program):
        def derivatives(*inputs):
            raise RuntimeError("no kernel image is available")

        return derivatives, ()


class WithoutTanh(ReferenceBackend):
    name = "without tanh"
    spellings: ClassVar = {**ReferenceBackend.spellings, "tanh": None}


class DoubleOnly(ReferenceBackend):
    name = "double only"
    dtypes = ("float64",)


class Refusing(ReferenceBackend):
    name = "refusing"

    def program(self, graph, values, **options):
        raise Unsupported("not today")


@pytest.mark.parametrize(("backend", "verdict"), [
    (Raising(), "raised"), (WithoutTanh(), "unsupported"), (DoubleOnly(), "unsupported"),
    (Refusing(), "unsupported")], ids=lambda value: getattr(value, "name", value))
def test_no_answer_is_no_agreement(suite, backend, verdict) -> None:
    case = suite.by_name["slope_and_curvature.tanh"]
    assert {v.verdict for v in suite.ask(case, "float32")} == {"agrees"}
    verdicts = suite.ask(case, "float32", backend)
    assert {v.verdict for v in verdicts} == {verdict}
    assert all(v.reason for v in verdicts)


def test_lacking_one_operator_does_not_excuse_from_the_others(suite) -> None:
    verdicts = suite.ask(suite.by_name["slope_and_curvature.sin"], "float32", WithoutTanh())
    assert {v.verdict for v in verdicts} == {"agrees"}
