"""Answers beside truths: errors in ULP, and where an answer is no number or should be none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from conformance.accuracy.truths import Truths
from conformance.comparison import ulp
from conformance.formats import FORMATS

# kinds of truth
ORDINARY, OVERFLOW, SUBNORMAL, ZERO = "ordinary", "overflow", "subnormal", "zero"
# kinds of wrong answer
NAN, INFINITE, VANISHED, FINITE, NONZERO = "NaN", "inf", "0", "finite", "not 0"
FLUSHED = "flushed"


@dataclass(frozen=True)
class Extreme:
    """One point: where, how far off in ULP, what was answered and what is true.

    allowed_ulp: what rounding explains of it; infinite where that cannot be bounded.
    """

    x: float
    ulp: float
    got: float
    truth: float
    allowed_ulp: float


@dataclass(frozen=True)
class Place:
    """Neighbouring points with wrong answers of one kind, where the truths are of one kind.

    explained: whether rounding, or the overflow of an intermediate, explains the answers.
    low, high: the first and the last of the points. x, got, truth: one of them in full.
    """

    answer: str
    truth_kind: str
    explained: bool
    points: int
    low: float
    high: float
    x: float
    got: float
    truth: float


@dataclass(frozen=True)
class Measurement:
    """One line on one backend, in one dtype and order.

    status: "measured", or the verdict that says why not, with its reason.
    points: how many have a truth; refused: how many have none, by reason.
    kinds: how many truths there are of each kind.
    median_ulp, largest: of finite answers, other than `places`, to ordinary truths.
    unexplained: the largest among those that rounding does not explain; beyond: how many those are.
    flushed: subnormal truths, and truths at subnormal points, answered as if those were 0.
    largest_subnormal: as `largest`, where the truth or the point is subnormal and not flushed.
    places: where the answer is NaN, infinite or 0 and the truth is not, and the reverse.
    """

    line: str
    op: str
    backend: str
    backend_version: str
    dtype: str
    order: int
    status: str = "measured"
    reason: str = ""
    points: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    median_ulp: float | None = None
    largest: Extreme | None = None
    unexplained: Extreme | None = None
    beyond: int = 0
    flushed: int = 0
    largest_subnormal: Extreme | None = None
    places: tuple[Place, ...] = ()


@dataclass(frozen=True)
class Errors:
    """Every point of one measurement: error in ULP, kind of truth ("" where there is none), and
    kind of wrong answer ("" where the error says it all)."""

    x: np.ndarray
    ulp: np.ndarray
    kind: np.ndarray
    wrong: np.ndarray


def errors(x: np.ndarray, truth: Truths, got: np.ndarray, dtype: str) -> Errors:
    """The error at every point."""
    with np.errstate(invalid="ignore", over="ignore"):
        off = np.abs((got - truth.hi) - truth.lo) / ulp(truth.hi, dtype)
    # what a kernel computes on the way from the smallest normal number may be flushed too
    small = (x != 0) & (np.abs(x) <= FORMATS[dtype].smallest_normal)
    kind = _kinds(small, truth, dtype)
    flushed = (kind == SUBNORMAL) & ~(off <= 1) & ((got == 0) | small & _as_at_zero(x, got))
    wrong = np.where(flushed, FLUSHED, _wrongs(truth, got, kind))
    return Errors(x, off, kind, wrong.astype(object))


def _kinds(small: np.ndarray, truth: Truths, dtype: str) -> np.ndarray:
    """The kind of each truth; those at small points are counted with small truths."""
    format = FORMATS[dtype]
    half = float(ulp(np.array(format.largest), dtype)) / 2
    size = np.abs(truth.hi)
    # in float64 the difference is exact where the sum would overflow
    overflows = size - format.largest >= half
    return np.select([~truth.known, truth.is_zero, overflows,
                      small | (size <= format.smallest_normal)],
                     ["", ZERO, OVERFLOW, SUBNORMAL], ORDINARY).astype(object)


def _wrongs(truth: Truths, got: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """What is wrong with each answer beyond being inaccurate."""
    rightly = np.isinf(got) & (kind == OVERFLOW) & (np.sign(got) == np.sign(truth.hi))
    sized = (kind == ORDINARY) | (kind == OVERFLOW)
    return np.select(
        [(kind == "") | rightly, np.isnan(got), np.isinf(got), (got == 0) & sized,
         kind == OVERFLOW, (got != 0) & (kind == ZERO)],
        ["", NAN, INFINITE, VANISHED, FINITE, NONZERO], "")


def _as_at_zero(x: np.ndarray, got: np.ndarray) -> np.ndarray:
    """Which answers are, but for the sign, the answer at 0."""
    at_zero = got[x == 0]
    if not at_zero.size:
        return np.zeros(x.shape, bool)
    return (np.abs(got) == np.abs(at_zero[0])) | (np.isnan(got) & np.isnan(at_zero[0]))


def measured(found: Errors, truth: Truths, got: np.ndarray, **known: object) -> Measurement:
    """The summary of one sweep; `known` says of what."""
    right = found.wrong == ""
    ordinary, small = right & (found.kind == ORDINARY), right & (found.kind == SUBNORMAL)
    dtype = str(known["dtype"])
    with np.errstate(invalid="ignore", over="ignore"):
        allowed = np.maximum(truth.allowed / ulp(truth.hi, dtype), 0.5)
    unexplained = ordinary & (found.ulp > allowed + 1e-9)
    names, counts = np.unique(found.kind[found.kind != ""].astype(str), return_counts=True)

    def extreme(among: np.ndarray) -> Extreme | None:
        if not among.any():
            return None
        at = int(np.argmax(np.where(among, found.ulp, -1.0)))
        return Extreme(*(float(a[at]) for a in (found.x, found.ulp, got, truth.hi, allowed)))

    return Measurement(
        **known, points=int(truth.known.sum()), refused=truth.refused,
        kinds=dict(zip(names.tolist(), counts.tolist(), strict=True)),
        median_ulp=float(np.median(found.ulp[ordinary])) if ordinary.any() else None,
        largest=extreme(ordinary), unexplained=extreme(unexplained), beyond=int(unexplained.sum()),
        flushed=int((found.wrong == FLUSHED).sum()), largest_subnormal=extreme(small),
        places=tuple(_places(found, truth, got)))


def _places(found: Errors, truth: Truths, got: np.ndarray) -> Iterator[Place]:
    """Neighbours of one kind together; points without a truth do not part them."""
    with np.errstate(invalid="ignore", over="ignore"):
        explained = np.isinf(truth.allowed) | (np.abs(got - truth.hi) <= truth.allowed)
    known = np.flatnonzero(found.kind != "")
    for (wrong, kind, why), group in groupby(known, lambda at: (
            found.wrong[at], found.kind[at], bool(explained[at]))):
        if wrong not in ("", FLUSHED):
            run = list(group)
            middle = run[len(run) // 2]
            yield Place(wrong, kind, why, len(run), *(float(found.x[at]) for at in (
                run[0], run[-1], middle)), float(got[middle]), float(truth.hi[middle]))
