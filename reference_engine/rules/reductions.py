"""Reductions over axes, the softmax family, and running sums."""

import functools
import math

import numpy as np

from ..creation import astype, ones_like, zeros_like
from ..operators import FORWARDS, operator, quiet, rule
from ..tensor import Tensor
from .elementwise import exp
from .precision import widened
from .selection import where
from .shapes import _along, broadcast, broadcast_to, concat, flip, permute_dims, reshape

# Every `axis` below is an int, a tuple of ints, or None for all axes.


__all__ = [
    "cumulative_sum",
    "log_softmax",
    "logsumexp",
    "max",
    "mean",
    "min",
    "prod",
    "softmax",
    "sum",
    "var",
]


@operator
def sum(x, axis=None, keepdims=False):
    """The sum over `axis`, 0 where there is nothing to add. Raises ShapeError."""
    if not x.ndim or x.dtype.kind == "b":
        return np.sum(x, axis=axis, keepdims=keepdims)
    if x.dtype.itemsize == 2 and x.dtype.kind in "fV":  # in bfloat16, 256 + 1 is 256
        return np.add.reduce(x.astype("float32"), axis=axis, keepdims=keepdims).astype(x.dtype)
    if axis is not None and x.size > 1024:
        summed = _by_matmul(x, axis, keepdims)
        if summed is not None:
            return summed
    elif (axis == 0 or axis == (0,)) and x.ndim == 2 and x.dtype.char in "fd":
        summed = _ones(len(x), x.dtype).dot(x)
        return summed[None] if keepdims else summed
    return np.add.reduce(x, axis=axis, keepdims=keepdims)  # np.sum takes twice the time


total = FORWARDS["sum"]  # of plain arrays


_BLOCK = 256  # of a row, so that a long one loses no more digits than by NumPy, in pairs


def _by_matmul(x, axis, keepdims):
    """The sum over neighbouring axes as a product with ones; None where NumPy's own is as good.

    Over a short last axis, or over others, NumPy takes up to ten times as long, and over others it
    is less accurate: it adds one after another what BLAS adds in blocks.
    """
    if x.dtype.char not in "fd" or not x.flags.c_contiguous:
        return None
    shape, ndim = x.shape, x.ndim
    axes = axis if type(axis) is tuple else (axis + ndim if axis < 0 else axis,)
    first, end = (axes[0], axes[0] + len(axes)) if axes else (0, 0)
    if not 0 <= first < end <= ndim or axes != tuple(range(first, end)):
        return None
    length, after = math.prod(shape[first:end]), math.prod(shape[end:])
    if end == ndim:
        if not 1 < length <= 1024 or x.size < 64 * length:
            return None
        rows = x.reshape(-1, length)
        parts = [rows[:, start : start + _BLOCK] for start in range(0, length, _BLOCK)]
        summed, *others = [part.dot(_ones(part.shape[1], x.dtype)) for part in parts]
        for other in others:
            summed += other
    elif after > 1 and x.size >= 64 * after:
        summed = _ones(length, x.dtype) @ x.reshape(-1, length, after)
    else:
        return None
    between = (1,) * (end - first) if keepdims else ()
    return summed.reshape(shape[:first] + between + shape[end:])


def _ones(length, dtype):
    return _few_ones(length, dtype) if length <= 4096 else np.ones(length, dtype)


@functools.lru_cache
def _few_ones(length, dtype):
    ones = np.ones(length, dtype)
    ones.flags.writeable = False
    return ones


@operator
@widened
def mean(x, axis=None, keepdims=False):
    """The mean over `axis`, nan where there is nothing to average. Raises ShapeError."""
    count = x.size if axis is None else _count(x.shape, axis)
    return total(x, axis, keepdims) / x.dtype.type(count) if count else (
        total(x, axis, keepdims) * x.dtype.type(math.nan))


@operator
@quiet
@widened
def var(x, axis=None, correction=0.0, keepdims=False):
    """The mean squared distance from the mean over `axis`, divided by (count - correction).

    Raises ShapeError.
    """
    count = _count(x.shape, axis)
    distance = x - total(x, axis, True) / x.dtype.type(count)
    return total(distance * distance, axis, keepdims) / x.dtype.type(count - correction)


@operator
@widened
def prod(x, axis=None, keepdims=False):
    """The product over `axis`, 1 where there is nothing to multiply. Raises ShapeError."""
    return np.prod(x, axis=axis, keepdims=keepdims)


@operator
def max(x, axis=None, keepdims=False):
    """The greatest element over `axis`. Raises ShapeError where there is none."""
    if not x.ndim:
        return np.max(x, axis=axis, keepdims=keepdims)
    return np.maximum.reduce(x, axis=axis, keepdims=keepdims)  # np.max takes twice the time


@operator
def min(x, axis=None, keepdims=False):
    """The least element over `axis`. Raises ShapeError where there is none."""
    if not x.ndim:
        return np.min(x, axis=axis, keepdims=keepdims)
    return np.minimum.reduce(x, axis=axis, keepdims=keepdims)  # np.min takes twice the time


@operator
@widened
def logsumexp(x, axis=None, keepdims=False):
    """log(sum(exp(x))) over `axis` without overflow, -inf where there is nothing to add.

    Raises ShapeError.
    """
    return below_peak(_logsumexp, x, axis, keepdims)


def _logsumexp(x, peak, axis, keepdims):
    y = np.log(total(np.exp(x - peak), axis, True)) + peak
    return y if keepdims or not y.ndim else y.reshape(_left(y.shape, axis))[()]


@operator
@widened
def softmax(x, axis=-1):
    """exp(x) / sum(exp(x)) along `axis`, without overflow. Raises ShapeError."""
    return below_peak(_softmax, x, axis)


def _softmax(x, peak, axis):
    powers = np.exp(x - peak)
    powers /= total(powers, axis, True)
    return powers


@operator
@widened
def log_softmax(x, axis=-1):
    """log(softmax(x)) along `axis`, without overflow. Raises ShapeError."""
    return below_peak(_log_softmax, x, axis)


def _log_softmax(x, peak, axis):
    shifted = x - peak
    shifted -= np.log(total(np.exp(shifted), axis, True))
    return shifted


@operator
@widened
def cumulative_sum(x, axis=None):
    """The running sum along `axis`, which only a 1-D x may leave out. Raises ShapeError."""
    if axis is None and x.ndim != 1:
        raise ValueError("wanted an int axis for anything but one axis")
    return np.cumsum(x, axis=axis)


_running = cumulative_sum.public


def _with_initial(x, axis=None, dtype=None, include_initial=False):
    """The running sum along `axis`, which only a 1-D x may leave out, in `dtype`.

    include_initial: put the empty sum, 0, before the first. Raises ShapeError.
    """
    y = _running(x, axis=axis, dtype=dtype)
    if not include_initial:
        return y
    axis = 0 if axis is None else axis
    return concat([zeros_like(y[_along(axis, y.ndim, slice(0, 1))]), y], axis)


cumulative_sum.public = _with_initial
_with_initial.__name__ = _with_initial.__qualname__ = "cumulative_sum"


def below_peak(function, x, axis, *parameters):
    """function(x, its greatest element over `axis`, axis, *parameters)."""
    if x.ndim and x.size:
        peak = np.maximum.reduce(x, axis=axis, keepdims=True)
        if np.logical_and.reduce(np.isfinite(peak), axis=None):
            # The usual case, in which no logarithm or power can warn.
            return function(x, peak, axis, *parameters)
    with np.errstate(all="ignore"):
        return function(x, _finite_peak(x, axis), axis, *parameters)


def _finite_peak(x, axis):
    """The greatest element over `axis`, kept; 0 if infinite, since inf - inf would be nan."""
    peak = np.max(x, axis=axis, keepdims=True, initial=-math.inf)
    return np.where(np.isfinite(peak), peak, x.dtype.type(0))


def _axes(shape, axis):
    """`axis` as a tuple of axes counted from the front."""
    if axis is None or not shape:  # NumPy lets a 0-d array pass as one with an axis
        return tuple(range(len(shape)))
    return tuple(a % len(shape) for a in (axis if isinstance(axis, tuple) else (axis,)))


def _left(shape, axis):
    """The shape of a reduction of `shape` without the axes reduced."""
    if axis is None:
        return ()
    if type(axis) is int and shape:
        axis %= len(shape)
        return shape[:axis] + shape[axis + 1 :]
    reduced = _axes(shape, axis)
    return tuple([size for a, size in enumerate(shape) if a not in reduced])


def _count(shape, axis):
    """How many elements of an array of `shape` go into one element of its reduction."""
    return math.prod(shape) if axis is None else math.prod(shape[a] for a in _axes(shape, axis))


def _kept(shape, axis):
    """The shape of a reduction with keepdims=True."""
    if type(axis) is tuple and len(axis) == 1:
        (axis,) = axis
    if type(axis) is int and shape:
        axis %= len(shape)
        return (*shape[:axis], 1, *shape[axis + 1 :])
    reduced = _axes(shape, axis)
    return tuple(1 if a in reduced else size for a, size in enumerate(shape))


def _spread(dy, shape, axis):
    """dy, of the reduced shape, repeated to `shape`."""
    if type(dy) is not Tensor:  # the usual case, for less work
        if axis is not None or dy.ndim:
            dy = dy.reshape(_kept(shape, axis))
        return broadcast(dy, shape)
    if axis is not None or dy.ndim:
        dy = reshape(dy, _kept(shape, axis))
    return broadcast_to(dy, shape)


def _parted(dy, count):
    """dy / count in dy's dtype, in which a half-precision count may be infinite."""
    dtype = dy.dtype.type
    return dy * dtype(1 / count) if dy.dtype.itemsize == 2 and count else dy / dtype(count)


def _twice_distance(x, axis):
    return 2 * (x - mean(x, axis, keepdims=True))


def _share_of_extreme(dy, y, x, axis):
    """Convention: the elements that tie for the extreme share the cotangent equally."""
    at_extreme = x == _spread(y, x.shape, axis)
    ties = sum(astype(at_extreme, x.dtype), axis=axis, keepdims=True)
    return where(at_extreme, reshape(dy, ties.shape) / ties, 0)


def _products_before(x):
    """For each element, the product of those before it on the first axis, in log2(n) steps."""
    product, reach = concat([ones_like(x[:1]), x[:-1]]), 1
    while reach < len(x):
        product = concat([product[:reach], product[reach:] * product[:-reach]])
        reach *= 2
    return product


def _products_of_others(x, axis):
    """For each element, the product of the others over `axis`: y / x would be nan at a zero."""
    reduced = _axes(x.shape, axis)
    order = reduced + tuple(a for a in range(x.ndim) if a not in reduced)
    front = permute_dims(x, order)
    column = reshape(front, (_count(x.shape, axis), math.prod(front.shape[len(reduced) :])))
    others = _products_before(column) * flip(_products_before(flip(column, 0)), 0)
    return permute_dims(reshape(others, front.shape), tuple(int(a) for a in np.argsort(order)))


rule("sum", lambda dy, y, x, axis, keepdims: _spread(dy, x.shape, axis), jvp="linear")
rule("mean", lambda dy, y, x, axis, keepdims:
     _spread(_parted(dy, _count(x.shape, axis)), x.shape, axis), jvp="linear")  # fmt: skip
rule("var", lambda dy, y, x, axis, correction, keepdims: _twice_distance(x, axis)
     * _spread(_parted(dy, _count(x.shape, axis) - correction), x.shape, axis))  # fmt: skip
rule("prod", lambda dy, y, x, axis, keepdims:
     _spread(dy, x.shape, axis) * _products_of_others(x, axis))  # fmt: skip
rule("max", lambda dy, y, x, axis, keepdims: _share_of_extreme(dy, y, x, axis))
rule("min", lambda dy, y, x, axis, keepdims: _share_of_extreme(dy, y, x, axis))
# Not exp(x - y): the rounding of a large y would be magnified.
rule("logsumexp", lambda dy, y, x, axis, keepdims: _spread(dy, x.shape, axis) * softmax(x, axis))
rule("softmax", lambda dy, y, x, axis: y * (dy - sum(dy * y, axis, keepdims=True)))
rule("log_softmax", lambda dy, y, x, axis: dy - exp(y) * sum(dy, axis, keepdims=True))
rule("cumulative_sum", lambda dy, y, x, axis: flip(cumulative_sum(flip(dy, axis), axis), axis),
     jvp="linear")  # fmt: skip
