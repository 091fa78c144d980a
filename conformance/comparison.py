"""An answer and the certified truth become a verdict, element by element."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from conformance.typing_rules import TensorType

if TYPE_CHECKING:
    from conformance.oracle import Truth

# precision p in bits and smallest exponent of each format (IEEE 754-2019; bfloat16: 8 bits)
FORMATS = {"float16": (11, -14, 15), "bfloat16": (8, -126, 127),
           "float32": (24, -126, 127), "float64": (53, -1022, 1023)}
# where rounding alone may explain more than this part of the truth, agreement says nothing
LARGEST_USEFUL_ALLOWANCE = 0.05


@dataclass(frozen=True)
class Comparison:
    """The worst element of one derivative, and what it says of the whole.

    ulp, allowed_ulp: in ULP of the truth at `element`; None where there is no number to give.
    """

    verdict: str
    reason: str
    element: tuple[int, ...] | None = None
    ulp: float | None = None
    allowed_ulp: float | None = None


def ulp(truth: np.ndarray, dtype: str) -> np.ndarray:
    """The unit in the last place of `dtype` at each truth, as float64.

    2^(max(floor(log2|t|), emin) - p + 1), which below the smallest normal number is the spacing
    of the subnormals.
    """
    precision, smallest, _ = FORMATS[dtype]
    _, exponent = np.frexp(np.abs(truth))
    exponent = np.where(truth == 0, smallest, np.maximum(exponent - 1, smallest))
    return np.ldexp(1.0, exponent - precision + 1)


def largest(dtype: str) -> float:
    """The largest finite number of `dtype`."""
    precision, _, top = FORMATS[dtype]
    return float(np.ldexp(2.0 - np.ldexp(1.0, 1 - precision), top))


def compare(got: np.ndarray | None, truth: Truth, wanted: TensorType) -> Comparison:
    """Judge one derivative.

    got: the backend's answer, None where it answered None. truth: certified, with the error that
    rounding in `wanted.dtype` explains. A NaN never agrees, nor does None with zero.
    """
    if got is None:
        return Comparison("differs", "the backend answered None, which is not zero")
    if tuple(got.shape) != wanted.shape:
        return Comparison("differs", f"got shape {tuple(got.shape)}, wanted {wanted.shape}")
    if str(got.dtype) != wanted.dtype:
        return Comparison("differs", f"got dtype {got.dtype}, wanted {wanted.dtype}")
    if not got.size:
        return Comparison("agrees", "empty, as it should be", None, 0.0, 0.0)
    return _worst(np.asarray(got, dtype="float64"), truth, wanted.dtype)


def _worst(got: np.ndarray, truth: Truth, dtype: str) -> Comparison:
    unit = ulp(truth.hi, dtype)
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs((got - truth.hi) - truth.lo) + truth.radius
        allowed = np.maximum(truth.allowed, unit / 2)  # the nearest number is always right
        overflow = _rightly_infinite(got, truth, allowed, unit, dtype)
    # an answer that is not finite is infinitely far from a finite truth
    error = np.where(overflow, 0.0, np.where(np.isfinite(got), error, np.inf))
    nearest = error <= unit / 2 + truth.radius
    outside = error > allowed
    vague = (allowed > LARGEST_USEFUL_ALLOWANCE * np.abs(truth.hi)) & (truth.hi != 0)
    unclear = ~outside & (vague | ~np.isfinite(allowed)) & ~nearest
    for verdict, where in (("differs", outside), ("inconclusive", unclear)):
        if where.any():
            return _at(verdict, where, error, allowed, unit, truth, dtype)
    return _at("agrees", np.ones_like(outside), error, allowed, unit, truth, dtype)


def _rightly_infinite(got: np.ndarray, truth: Truth, allowed: np.ndarray, unit: np.ndarray,
                      dtype: str) -> np.ndarray:
    """Whether an infinite answer stands for a truth that rounds beyond the largest number."""
    reach = np.abs(truth.hi) + allowed >= largest(dtype) + unit / 2
    return np.isinf(got) & (np.sign(got) == np.sign(truth.hi)) & reach & np.isfinite(allowed)


def _at(verdict: str, where: np.ndarray, error: np.ndarray, allowed: np.ndarray,
        unit: np.ndarray, truth: Truth, dtype: str) -> Comparison:
    """The element among `where` whose error is the largest part of what was allowed."""
    with np.errstate(invalid="ignore", over="ignore"):
        ratio = np.where(where, error / allowed, -1.0)
    ratio = np.where(np.isnan(ratio), np.inf, ratio)
    at = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    element = tuple(int(i) for i in at)
    # Python's floats: an infinite allowance is a number here, not a warning
    budget = float(allowed[at]) / float(unit[at])
    explained = f"rounding in {dtype} explains up to {budget:.3g} ULP"
    if verdict == "inconclusive":
        share = float(allowed[at] / abs(truth.hi[at])) if truth.hi[at] else np.inf
        explained = truth.note or f"rounding alone could change this element by {share:.0%}"
    return Comparison(verdict, explained, element, float(error[at]) / float(unit[at]), budget)
