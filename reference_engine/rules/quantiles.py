"""Medians and quantiles: order statistics whose ties share the cotangent equally."""

import math

import numpy as np

from ..errors import DtypeError, OptionError, describe
from ..operators import FORWARDS, apply, as_operand, quiet, rule, values
from .axes import count, kept, places
from .precision import widened
from .reductions import sum
from .selection import where
from .shapes import reshape

__all__ = ["median", "nanmedian", "nanquantile", "percentile", "quantile"]

METHODS = ("linear", "lower", "higher", "nearest", "midpoint")

# Every function reduces `axis`, an int, a tuple of ints, or None for all axes; gives nan where a
# nan, or nothing, is among the elements; and shares the cotangent of an order statistic equally
# among the elements equal to it, as `max` does, which is a rule of median(x, x, x) that has
# derivative 1. (JAX and torch follow the one element that their sort happens to put there.)


def median(x, axis=None, keepdims=False):
    """The middle element over `axis`, or the mean of the two, as in NumPy. Raises ShapeError."""
    return _quantile(x, 0.5, axis, keepdims, "midpoint", False)


def nanmedian(x, axis=None, keepdims=False):
    """As `median`, of the elements that are not nan."""
    return _quantile(x, 0.5, axis, keepdims, "midpoint", True)


def quantile(x, q, axis=None, keepdims=False, method="linear"):
    """The elements below which a part q of those over `axis` lies, q from 0 to 1.

    q: a number, or several, whose axes then come first in the result. It has no gradient.
    method: "linear" interpolates where q * (n - 1) is no whole number; "lower", "higher",
    "nearest" (to even) and "midpoint" take one of the neighbours, or the mean.
    Raises OptionError, ShapeError.
    """
    return _quantile(x, q, axis, keepdims, method, False)


def nanquantile(x, q, axis=None, keepdims=False, method="linear"):
    """As `quantile`, of the elements that are not nan."""
    return _quantile(x, q, axis, keepdims, method, True)


def percentile(x, q, axis=None, keepdims=False, method="linear"):
    """As `quantile`, with q from 0 to 100."""
    return quantile(x, values(as_operand(q)) / 100, axis, keepdims, method)


def _quantile(x, q, axis, keepdims, method, skip):
    q = values(as_operand(q))
    if method not in METHODS:
        raise OptionError(f"quantile: got method={method!r}, wanted one of {', '.join(METHODS)}")
    if q.dtype.kind not in "iuf" or not ((q >= 0) & (q <= 1)).all():
        raise OptionError(f"quantile: got q={q.tolist()}, wanted numbers from 0 to 1")
    axis = tuple(axis) if isinstance(axis, list) else axis
    parts = tuple(q.ravel().tolist())
    y = apply("quantile", as_operand(x), parts=parts, axis=axis, keepdims=bool(keepdims),
              method=method, skip=skip)  # fmt: skip
    return y if q.ndim == 1 else reshape(y, (*q.shape, *y.shape[1:]))


def _columns(x, axis):
    """x with the axes to be reduced joined into one, the last."""
    reduced = places(x.shape, axis)
    last = np.moveaxis(x, reduced, range(-len(reduced), 0))
    return last.reshape((*last.shape[: x.ndim - len(reduced)], count(x.shape, axis)))


def _places(column, part, method, skip):
    """The places in order on either side of `part`, and the share of the upper one."""
    number = np.sum(~np.isnan(column), axis=-1) if skip else column.shape[-1]
    position = part * np.maximum(number - 1, 0)
    lower, upper = np.floor(position), np.ceil(position)
    if method == "nearest":
        lower = upper = np.round(position)
    elif method in ("lower", "higher"):
        lower = upper = lower if method == "lower" else upper
    share = np.where(upper > lower, 0.5 if method == "midpoint" else position - lower, 0)
    return lower.astype("int64"), upper.astype("int64"), share


def _neighbours(column, parts, method, skip):
    """For each part, the order statistics on either side of it, and the share of the upper one."""
    last = column.shape[-1] - 1  # where nan comes
    places = [_places(column, part, method, skip) for part in parts]
    if skip:
        ordered = np.sort(column, axis=-1)
        spoilt = np.isnan(ordered[..., 0])
    else:
        wanted = {last, *(int(place) for lower, upper, _ in places for place in (lower, upper))}
        ordered = np.partition(column, sorted(wanted), axis=-1)
        spoilt = np.isnan(ordered[..., last])
    for lower, upper, share in places:
        found = (_at(ordered, place) for place in (lower, upper))
        yield (*(np.where(spoilt, math.nan, statistic) for statistic in found), share)


def _at(ordered, place):
    place = np.broadcast_to(place, ordered.shape[:-1])
    return np.take_along_axis(ordered, place[..., None], -1)[..., 0]


@quiet
@widened
def _forward(x, parts, axis, keepdims, method, skip):
    if x.dtype.kind != "f":
        raise DtypeError(f"quantile: got a {describe(x)}, wanted real floats")
    column = _columns(x, axis)
    shape = kept(x.shape, axis) if keepdims else column.shape[:-1]
    y = np.full((len(parts), *column.shape[:-1]), math.nan, x.dtype)
    for row, (below, above, share) in enumerate(
        _neighbours(column, parts, method, skip) if column.shape[-1] else ()
    ):
        between = np.where(share < 0.5, below + share * (above - below),
                           above - (1 - share) * (above - below))  # fmt: skip
        # Their mean, which overflows nowhere; and one of them, where the other is not asked for.
        between = np.where(share == 0.5, 0.5 * below + 0.5 * above, between)
        y[row] = np.where((share == 0) | (below == above), below, between)
    return y.reshape((len(parts), *shape))


def _weights(x, parts, axis, method, skip):
    """The derivative of each quantile in each element of x, arrays of x's shape."""
    column, reduced = _columns(x, axis), places(x.shape, axis)
    column = column.astype("float32") if column.dtype.itemsize == 2 else column
    sizes = tuple(x.shape[a] for a in reduced)
    weights = np.zeros((len(parts), *x.shape), x.dtype)
    for row, (below, above, share) in enumerate(
        _neighbours(column, parts, method, skip) if x.size else ()
    ):
        weight = (1 - share)[..., None] * _equal_shares(column, below)
        if share.any():
            weight = weight + share[..., None] * _equal_shares(column, above)
        back = weight.reshape((*column.shape[:-1], *sizes))
        weights[row] = np.moveaxis(back, range(-len(reduced), 0), reduced)
    return weights


def _equal_shares(column, statistic):
    equal = column == statistic[..., None]
    return equal / np.maximum(np.sum(equal, axis=-1, keepdims=True), 1)


def _quantile_rule(dy, y, x, parts, axis, keepdims, method, skip):
    weights = _weights(values(x), parts, axis, method, skip)
    dy = reshape(dy, (len(parts), *kept(x.shape, axis)))
    return sum(where(weights != 0, dy, 0) * weights, 0)


FORWARDS["quantile"] = _forward
rule("quantile", _quantile_rule)
