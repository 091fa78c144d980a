"""Deviations, covariances, means, and reductions that leave nan out."""

import math

import numpy as np

from ..errors import DtypeError, ShapeError, describe
from ..operators import FORWARDS, apply, as_operand, operator, quiet, rule, same_dtype, values
from .axes import count, kept, places, restore
from .einsum import conjugate
from .linear_algebra import matmul
from .precision import widened
from .reductions import max, mean, min, prod, softmax, sum, var
from .selection import where
from .shapes import broadcast_to, matrix_transpose, reshape

__all__ = [
    "average", "center", "corrcoef", "cov", "logmeanexp", "nanmax", "nanmean", "nanmin", "nanprod",
    "nanstd", "nansum", "nanvar", "ptp", "std", "std_mean", "sum_of_squares", "var_mean",
]  # fmt: skip

# Every `axis` below is an int, a tuple of ints, or None for all axes; Tensors that are reduced to
# nothing give nan, but a sum gives 0, a product 1, and an extreme raises ShapeError.

# Deviations ---------------------------------------------------------------------------


def center(x, axis=None):
    """x less its mean over `axis`: exactly 0 where all elements are equal. Raises ShapeError."""
    return apply("center", as_operand(x), axis=_tuple(axis), valid=None)


def std(x, axis=None, correction=0.0, keepdims=False):
    """The standard deviation over `axis`, the square root of `var`.

    Convention: where all elements are equal the gradient is 0, the middle of the kink (torch has
    nan). Squares neither overflow nor vanish. Raises ShapeError.
    """
    return apply("std", as_operand(x), axis=_tuple(axis), correction=float(correction),
                 keepdims=bool(keepdims), valid=None)  # fmt: skip


def nanvar(x, axis=None, correction=0.0, keepdims=False):
    """As `var`, of the elements that are not nan. Raises ShapeError."""
    x = as_operand(x)
    return apply("nanvar", x, axis=_tuple(axis), correction=float(correction),
                 keepdims=bool(keepdims), valid=_valid(x))  # fmt: skip


def nanstd(x, axis=None, correction=0.0, keepdims=False):
    """As `std`, of the elements that are not nan. Raises ShapeError."""
    x = as_operand(x)
    return apply("std", x, axis=_tuple(axis), correction=float(correction),
                 keepdims=bool(keepdims), valid=_valid(x))  # fmt: skip


def _tuple(axis):
    return tuple(axis) if isinstance(axis, list) else axis


def _valid(x):
    return ~np.isnan(values(x))


def _number(x, axis, valid):
    """How many elements count, as a float array with the axes kept."""
    if valid is None:
        return np.full(kept(x.shape, axis), count(x.shape, axis), x.dtype)[()]
    return np.sum(valid, axis=axis, keepdims=True, dtype=x.dtype)


def _freedom(x, axis, correction, valid):
    """What a sum of squares is divided by: nothing below 0, as in NumPy and torch."""
    return np.maximum(_number(x, axis, valid) - x.dtype.type(correction), x.dtype.type(0))


def _divisor(x, axis, correction, valid):
    """As `_freedom`, but 1 where nothing counts, so that its gradient is 0 and not nan."""
    return np.where(_number(x, axis, valid) == 0, x.dtype.type(1),
                    _freedom(x, axis, correction, valid))  # fmt: skip


@quiet
@widened
def _center(x, axis, valid):
    # Distances from one of the elements: their mean is exactly 0 where all are equal.
    if valid is None:
        reduced = places(x.shape, axis)
        near = x - x[tuple(slice(0, 1) if a in reduced else slice(None) for a in range(x.ndim))]
        return near - np.sum(near, axis, keepdims=True) / _number(x, axis, valid)
    zero = x.dtype.type(0)
    near = np.where(valid, x - np.fmax.reduce(x, axis, keepdims=True, initial=-math.inf), zero)
    off = near - np.sum(near, axis, keepdims=True) / _number(x, axis, valid)
    return np.where(valid, off, zero)


def _check_real(name, x):
    if x.dtype.kind != "f":
        raise DtypeError(f"{name}: got a {describe(x)}, wanted real floats")


@quiet
@widened
def _std(x, axis, correction, keepdims, valid):
    _check_real("std", x)
    distance, freedom = _center(x, axis, valid), _freedom(x, axis, correction, valid)
    total = np.sum(distance * distance, axis, keepdims=True)
    safe = (total > np.finfo(x.dtype).smallest_normal / np.finfo(x.dtype).eps) & (total < math.inf)
    if not safe.all():  # once more in units of the greatest distance
        unit = np.max(np.abs(distance), axis, keepdims=True, initial=0)
        unit = np.where((unit > 0) & (unit < math.inf), unit, x.dtype.type(1))
        scaled = distance / unit
        y = np.sqrt(np.sum(scaled * scaled, axis, keepdims=True) / freedom) * unit
    else:
        y = np.sqrt(total / freedom)
    return y if keepdims else np.squeeze(y, places(x.shape, axis))


@quiet
@widened
def _nanvar(x, axis, correction, keepdims, valid):
    _check_real("nanvar", x)
    distance = _center(x, axis, valid)
    total = np.sum(distance * distance, axis, keepdims=True)
    y = total / _freedom(x, axis, correction, valid)
    return y if keepdims else np.squeeze(y, places(x.shape, axis))


def _nanvar_rule(dy, y, x, axis, correction, keepdims, valid):
    share = restore(dy, x.shape, axis) / _divisor(x, axis, correction, valid)
    return (share + share) * apply("center", x, axis=axis, valid=valid)


def _std_rule(dy, y, x, axis, correction, keepdims, valid):
    y = restore(y, x.shape, axis)
    flat = (values(y) == 0) | (_number(x, axis, valid) == 0)
    one, zero = y.dtype.type(1), y.dtype.type(0)
    slope = apply("center", x, axis=axis, valid=valid) / where(flat, one, y)
    share = restore(dy, x.shape, axis) / _divisor(x, axis, correction, valid)
    return share * where(flat, zero, slope)


FORWARDS["center"] = _center
FORWARDS["std"] = _std
FORWARDS["nanvar"] = _nanvar
# Its matrix is symmetric: the unit matrix less a constant.
rule("center", lambda dy, y, x, axis, valid: apply("center", dy, axis=axis, valid=valid),
     jvp="linear")  # fmt: skip
rule("std", _std_rule)
rule("nanvar", _nanvar_rule)


def var_mean(x, axis=None, correction=0.0, keepdims=False):
    """`var` and `mean`, as a tuple."""
    return var(x, axis, correction, keepdims), mean(x, axis, keepdims)


def std_mean(x, axis=None, correction=0.0, keepdims=False):
    """`std` and `mean`, as a tuple."""
    return std(x, axis, correction, keepdims), mean(x, axis, keepdims)


def cov(x, correction=1.0):
    """The covariance of variables, rows of x, over observations, its columns: (m, n) to (m, m).

    A 1-D x is one variable, and gives its variance. Raises ShapeError.
    """
    off = center(_observations("cov", x), -1)
    other = conjugate(off)
    products = sum(off * other) if off.ndim == 1 else matmul(off, matrix_transpose(other))
    return products / np.maximum(off.shape[-1] - correction, 0).astype(off.dtype)


def corrcoef(x):
    """The correlation coefficients of variables, rows of x, over observations: (m, n) to (m, m).

    A 1-D x is one variable. A variable that is constant gives nan. Raises ShapeError.
    """
    x = _observations("corrcoef", x)
    units = center(x, -1) / (std(x, -1, keepdims=True) * float(np.sqrt(x.shape[-1])))
    return sum(units * units) if x.ndim == 1 else matmul(units, matrix_transpose(units))


def _observations(name, x):
    x = as_operand(x)
    if x.ndim not in (1, 2):
        raise ShapeError(f"{name}: got a {describe(x)}, wanted (variables, observations)")
    return x


# Sums and means -----------------------------------------------------------------------


def nansum(x, axis=None, keepdims=False):
    """The sum over `axis` of the elements that are not nan. Raises ShapeError."""
    x = as_operand(x)
    return apply("nansum", x, axis=_tuple(axis), keepdims=bool(keepdims), valid=_valid(x))


def nanmean(x, axis=None, keepdims=False):
    """The mean over `axis` of the elements that are not nan; nan if all are. Raises ShapeError."""
    x = as_operand(x)
    return apply("nanmean", x, axis=_tuple(axis), keepdims=bool(keepdims), valid=_valid(x))


def nanprod(x, axis=None, keepdims=False):
    """The product over `axis` of the elements that are not nan. Raises ShapeError."""
    x = as_operand(x)
    return prod(where(_valid(x), x, 1), _tuple(axis), keepdims)


@widened
def _nansum(x, axis, keepdims, valid):
    return np.sum(x, axis=axis, keepdims=keepdims, where=valid)


@quiet
@widened
def _nanmean(x, axis, keepdims, valid):
    y = np.sum(x, axis=axis, keepdims=True, where=valid) / _number(x, axis, valid)
    return y if keepdims else np.squeeze(y, places(x.shape, axis))


def _nanmean_rule(dy, y, x, axis, keepdims, valid):
    number = np.sum(valid, axis=axis, keepdims=True)
    share = restore(dy, x.shape, axis) / np.maximum(number, 1).astype(dy.dtype)
    return where(valid, share, 0)


FORWARDS["nansum"] = _nansum
FORWARDS["nanmean"] = _nanmean
rule("nansum", lambda dy, y, x, axis, keepdims, valid: where(valid, restore(dy, x.shape, axis), 0),
     jvp="linear")  # fmt: skip
rule("nanmean", _nanmean_rule, jvp="linear")


def average(x, axis=None, weights=None, keepdims=False):
    """The mean over `axis`, weighted by `weights` of x's shape, or 1-D along a single axis.

    It has gradients in both. Raises ShapeError, DtypeError.
    """
    if weights is None:
        return mean(x, axis, keepdims)
    x, weights = same_dtype("average", x, weights)
    axis = _tuple(axis)
    if weights.shape != x.shape:
        if not isinstance(axis, int) or weights.shape != (x.shape[axis],):
            raise ShapeError(
                f"average: got weights of shape {weights.shape} for x of shape {x.shape} and "
                f"axis={axis!r}, wanted x's shape, or one weight for each element along an int axis"
            )
        weights = reshape(weights, (-1,) + (1,) * (x.ndim - 1 - axis % x.ndim))
    weights = weights if weights.shape == x.shape else broadcast_to(weights, x.shape)
    return sum(x * weights, axis, keepdims) / sum(weights, axis, keepdims)


@operator
@widened
def sum_of_squares(x, axis=None, keepdims=False):
    """The sum of x * x over `axis`, of a complex x too. Raises ShapeError."""
    return np.sum(x * x, axis=axis, keepdims=keepdims)


@operator
@quiet
@widened
def logmeanexp(x, axis=None, keepdims=False):
    """log(mean(exp(x))) over `axis` without overflow. Raises ShapeError."""
    peak = np.max(x, axis=axis, keepdims=True, initial=-math.inf)
    peak = np.where(np.isfinite(peak), peak, x.dtype.type(0))
    total = np.sum(np.exp(x - peak), axis=axis, keepdims=True)
    y = np.log(total / x.dtype.type(count(x.shape, axis))) + peak
    return y if keepdims else np.squeeze(y, places(x.shape, axis))


rule("sum_of_squares", lambda dy, y, x, axis, keepdims: 2 * restore(dy, x.shape, axis) * x)
rule("logmeanexp",
     lambda dy, y, x, axis, keepdims: restore(dy, x.shape, axis) * softmax(x, axis))  # fmt: skip

# Extremes -----------------------------------------------------------------------------


def ptp(x, axis=None, keepdims=False):
    """max(x) - min(x) over `axis`; ties share as there. Raises ShapeError."""
    return max(x, axis, keepdims) - min(x, axis, keepdims)


@operator
def nanmax(x, axis=None, keepdims=False):
    """The greatest element over `axis` that is not nan, nan where all are; ties share equally.

    Raises ShapeError where there is nothing to compare.
    """
    return np.fmax.reduce(x, axis=axis, keepdims=keepdims)


@operator
def nanmin(x, axis=None, keepdims=False):
    """The least element over `axis` that is not nan; otherwise like `nanmax`."""
    return np.fmin.reduce(x, axis=axis, keepdims=keepdims)


def _share_of_extreme(dy, y, x, axis):
    at_extreme = values(x) == values(y).reshape(kept(x.shape, axis))
    ties = np.maximum(np.sum(at_extreme, axis=axis, keepdims=True), 1).astype(dy.dtype)
    return where(at_extreme, restore(dy, x.shape, axis) / ties, 0)


rule("nanmax", lambda dy, y, x, axis, keepdims: _share_of_extreme(dy, y, x, axis))
rule("nanmin", lambda dy, y, x, axis, keepdims: _share_of_extreme(dy, y, x, axis))
