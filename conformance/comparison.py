"""An answer and the certified truth become a verdict, element by element."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.formats import FORMATS
from conformance.typing_rules import TensorType

if TYPE_CHECKING:
    from conformance.oracle import Kink, Truth

# where rounding alone may explain more than this part of the truth, agreement says nothing
LARGEST_USEFUL_ALLOWANCE = 0.05


@dataclass(frozen=True)
class Comparison:
    """The worst element of one derivative, and what it says of the whole.

    ulp, allowed_ulp: in ULP of the truth at `element`; None where there is no number to give.
    radius: the proven bound on the error of the truth there.
    convention: which element of a set of derivatives was answered, at a kink; limit: the number of
    the limit that is nearest to it.
    """

    verdict: str
    reason: str
    element: tuple[int, ...] | None = None
    ulp: float | None = None
    allowed_ulp: float | None = None
    radius: float | None = None
    convention: str = ""
    limit: int | None = None


def ulp(truth: np.ndarray, dtype: str) -> np.ndarray:
    """The unit in the last place of `dtype` at each truth, as float64.

    2^(max(floor(log2|t|), emin) - p + 1), which below the smallest normal number is the spacing
    of the subnormals; beyond the largest number it is the spacing just below it.
    """
    format = FORMATS[dtype]
    smallest = format.min_exponent
    _, exponent = np.frexp(np.minimum(np.abs(truth), format.largest))
    exponent = np.where(truth == 0, smallest, np.clip(exponent - 1, smallest, format.max_exponent))
    return np.ldexp(1.0, exponent - format.precision + 1)


def compare(got: np.ndarray | None, truth: Truth | Kink, wanted: TensorType,
            max_ulp: float | None = None) -> Comparison:
    """Judge one derivative.

    got: the backend's answer, None where it answered None. truth: certified, with the error that
    rounding in `wanted.dtype` explains, or what it may be at a kink. max_ulp: a budget that an
    answer is held to beside, in ULP of the truth. A NaN never agrees, nor does None with zero. The
    parts of complex numbers are judged each on its own; the element's last index is then 0 for the
    real part and 1 for the imaginary part.
    """
    from conformance.oracle import Kink

    if not isinstance(truth, Kink):
        return compare_with_truth(got, truth, wanted, max_ulp)
    from conformance.kink_comparison import compare_at_kink

    if got is None or tuple(got.shape) != wanted.shape or not _comparable(got, wanted):
        return compare_with_truth(got, truth.limits[0], wanted)
    found = compare_at_kink(_real_numbers(got, wanted), truth, wanted.real)
    return _in_dtype(_of_part(found, wanted), got, wanted)


def compare_with_truth(got: np.ndarray | None, truth: Truth, wanted: TensorType,
                       max_ulp: float | None = None) -> Comparison:
    """Judge one derivative that has a single true value; arguments as those of `compare`."""
    if got is None:
        return Comparison("differs", "got None, which is not zero")
    if tuple(got.shape) != wanted.shape:
        return Comparison("differs", f"got shape {tuple(got.shape)}, wanted {wanted.shape}")
    if not _comparable(got, wanted):
        return Comparison("differs", f"got dtype {got.dtype}, wanted {wanted.dtype}")
    found = compare_numbers(_real_numbers(got, wanted), truth, wanted.real.dtype, max_ulp)
    return _in_dtype(_of_part(found, wanted), got, wanted)


def _comparable(got: np.ndarray, wanted: TensorType) -> bool:
    return got.dtype.kind in ("biufc" if wanted.is_complex else "biuf") or (
        str(got.dtype) == wanted.dtype)


def _real_numbers(got: np.ndarray, wanted: TensorType) -> np.ndarray:
    """As float64; complex numbers as pairs along a last axis."""
    if not wanted.is_complex:
        return np.asarray(got, dtype="float64")
    return np.stack([got.real, got.imag], axis=-1).astype("float64")


def _of_part(found: Comparison, wanted: TensorType) -> Comparison:
    """With the part of a complex number that it speaks of."""
    if not wanted.is_complex or found.element is None:
        return found
    part = ("real", "imaginary")[found.element[-1]]
    return replace(found, reason=f"{part} part: {found.reason}")


def _in_dtype(found: Comparison, got: np.ndarray, wanted: TensorType) -> Comparison:
    """Right numbers in another dtype are not what was wanted."""
    if str(got.dtype) == wanted.dtype:
        return found
    values = "whose values agree" if found.verdict == "agrees" else f"and {found.reason}"
    return replace(found, verdict="differs",
                   reason=f"got dtype {got.dtype}, wanted {wanted.dtype}, {values}")


def compare_numbers(got: np.ndarray, truth: Truth, dtype: str,
                    max_ulp: float | None = None) -> Comparison:
    """Judge numbers, as float64, that are an answer in `dtype` of the right shape."""
    if not got.size:
        return Comparison("agrees", "empty, as it should be")
    unit = ulp(truth.hi, dtype)
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs((got - truth.hi) - truth.lo)
    # an answer that is not finite is infinitely far from a finite truth, and the reverse
    error = np.where(np.isfinite(got) & np.isfinite(truth.hi), error, np.inf)
    error = np.where(_rightly_infinite(got, truth, dtype), 0.0, error)
    radius = np.where(np.isfinite(truth.radius), truth.radius, 0.0)
    nearest = error <= unit / 2 + radius  # the nearest number is always right
    # a difference is a difference when it is proven: beyond the truth's own error
    outside = (error > truth.allowed + radius) & ~nearest
    size = _sizes(truth, dtype)
    vague = truth.allowed > LARGEST_USEFUL_ALLOWANCE * size
    unclear = (vague | ~np.isfinite(truth.allowed)) & ~nearest & ~outside
    for verdict, where in (("differs", outside), ("inconclusive", unclear)):
        if where.any():
            return _at(verdict, where, got, error, unit, truth, dtype)
    beyond = np.zeros_like(outside) if max_ulp is None else (
        (error > max_ulp * unit + radius) & ~nearest)
    if beyond.any():
        found = _at("differs", beyond, got, error, unit, truth, dtype)
        return replace(found, reason=f"beyond the budget of {max_ulp:g} ULP; {found.reason}")
    return _at("agrees", np.ones_like(outside), got, error, unit, truth, dtype)


def _sizes(truth: Truth, dtype: str) -> np.ndarray:
    """What an allowance is small against: an element, or the larger terms that cancel in it.

    A zero without terms is measured by the largest element, or by 1; and what is less than a unit
    in the last place of the largest element is small beside any.
    """
    size, largest = np.abs(truth.hi), float(np.max(np.abs(truth.hi)))
    if truth.scale is not None:
        size = np.maximum(size, np.where(np.isfinite(truth.scale), truth.scale, 0.0))
    size = np.where(size == 0, max(1.0, largest), size)
    if size.size == 1 or not np.isfinite(largest):
        return size
    return np.maximum(size, float(ulp(np.array(largest), dtype)) / LARGEST_USEFUL_ALLOWANCE)


def _rightly_infinite(got: np.ndarray, truth: Truth, dtype: str) -> np.ndarray:
    """Whether an infinite answer stands for a truth that may round beyond the largest number."""
    allowed = np.where(np.isfinite(truth.allowed), truth.allowed, 0.0)
    top = FORMATS[dtype].largest
    with np.errstate(over="ignore"):  # in float64 both sides become infinite together
        overflows = np.abs(truth.hi) + allowed >= top + float(ulp(np.array(top), dtype)) / 2
    return np.isinf(got) & (np.sign(got) == np.sign(truth.hi)) & overflows


def _at(verdict: str, where: np.ndarray, got: np.ndarray, error: np.ndarray, unit: np.ndarray,
        truth: Truth, dtype: str) -> Comparison:
    """The element among `where` whose error is the largest part of what was allowed."""
    allowed = np.maximum(truth.allowed, unit / 2)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        part = np.where(error > 0, error / allowed, 0.0)
    part = np.where(where, np.where(np.isnan(part), np.inf, part), -1.0)
    at = np.unravel_index(int(np.argmax(part)), part.shape)
    # Python's floats: an infinite allowance is a number here, not a warning
    off, budget = (float(a[at]) / float(unit[at]) for a in (error, allowed))
    reason = f"rounding in {dtype} explains up to {budget:.3g} ULP"
    if np.isnan(got[at]):
        reason = f"got NaN; {reason}"
    if verdict == "inconclusive":
        reason = _why_unclear(float(truth.allowed[at]), float(truth.hi[at]), truth.note)
    return Comparison(verdict, reason, tuple(int(i) for i in at), off, budget,
                      float(truth.radius[at]))


def _why_unclear(allowed: float, truth: float, note: str) -> str:
    if np.isinf(allowed):
        return note or "the rounding error cannot be bounded"
    if truth == 0:
        return f"rounding alone could turn this zero into {allowed:.2g}"
    return f"rounding alone could change this element by {allowed / abs(truth):.0%}"
