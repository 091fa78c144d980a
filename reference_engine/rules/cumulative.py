"""Running sums, products and extremes along an axis, and the recurrence behind their gradients."""

import math

import numpy as np

from ..errors import ShapeError, describe
from ..operators import FORWARDS, apply, as_operand, operator, quiet, rule, same_dtype, values
from .axes import along, place
from .elementwise import sigmoid
from .precision import widened
from .selection import where
from .shapes import broadcast_to, concat, flip

__all__ = ["cumprod", "cumsum", "cumulative_logsumexp", "cumulative_max", "cumulative_min",
           "cumulative_prod", "linear_recurrence"]  # fmt: skip

# With so few steps, or so many recurrences side by side, a plain loop is the faster way.
_FEW, _MANY = 8, 64


def _ordered(forward):
    """`forward(x, ..., axis)` on the first axis of all arrays, from the end where `reverse`."""

    def turned(*arrays, axis, reverse=False, **parameters):
        way = slice(None, None, -1 if reverse else 1)
        fronts = [np.moveaxis(x, axis, 0)[way] for x in arrays]
        return np.moveaxis(forward(*fronts, **parameters)[way], 0, axis)

    return quiet(turned)


def _along_axis(name, x, axis):
    """x as an operand, and `axis` from the front; None is the axis of a 1-D x."""
    x = as_operand(x)
    if axis is None and x.ndim != 1:
        raise ShapeError(f"{name}: got axis=None with a {describe(x)}, wanted an int axis")
    return x, 0 if axis is None else place(name, axis, x.ndim)


@operator
def shift_along(x, step, axis):
    """x moved on by `step` (1 or -1) along `axis`, a zero coming in and the last one lost."""
    y = np.zeros_like(x)
    kept, moved = (slice(None, -1), slice(1, None))[::step]
    y[along(axis, moved)] = x[along(axis, kept)]
    return y


rule("shift_along", lambda dy, y, x, step, axis: shift_along(dy, -step, axis), jvp="linear")

# The linear recurrence ----------------------------------------------------------------


def linear_recurrence(a, b, axis=-1, reverse=False):
    """y with y[i] = a[i] * y[i - 1] + b[i] along `axis`, and y[0] = b[0].

    a and b broadcast; reverse=True runs from the last element to the first. a[0] has no effect.
    Raises ShapeError, DtypeError.
    """
    a, b = same_dtype("linear_recurrence", a, b)
    try:
        shape = np.broadcast_shapes(a.shape, b.shape)
    except ValueError as error:
        raise ShapeError(
            f"linear_recurrence: got shapes {a.shape} and {b.shape}, wanted two that broadcast"
        ) from error
    axis = place("linear_recurrence", axis, len(shape))
    a, b = (x if x.shape == shape else broadcast_to(x, shape) for x in (a, b))
    return apply("linear_recurrence", a, b, axis=axis, reverse=bool(reverse))


@widened
@_ordered
def _recurrence(a, b):
    if len(b) <= _FEW or b[0].size >= _MANY:
        return _step_by_step(a, b)
    # Hillis and Steele's scan, https://doi.org/10.1145/7902.7903, in log2(n) steps.
    y, product, reach = b.copy(), a.copy(), 1
    while reach < len(b):
        y[reach:] += product[reach:] * y[:-reach]
        product[reach:] *= product[:-reach]
        reach *= 2
    # A product of many factors may overflow where no running result does.
    return y if np.isfinite(y).all() else _step_by_step(a, b)


def _step_by_step(a, b):
    a, y = np.ascontiguousarray(a), b.copy()
    for step in range(1, len(b)):
        y[step] += a[step] * y[step - 1]
    return y


def _from_behind(a, dy, axis, reverse):
    """The cotangent of b: each element's own and, through the factor between, the next one's."""
    factors = shift_along(a, 1 if reverse else -1, axis)
    return linear_recurrence(factors, dy, axis, not reverse)


FORWARDS["linear_recurrence"] = _recurrence
rule("linear_recurrence",
     lambda dy, y, a, b, axis, reverse:
     _from_behind(a, dy, axis, reverse) * shift_along(y, -1 if reverse else 1, axis),
     lambda dy, y, a, b, axis, reverse: _from_behind(a, dy, axis, reverse))  # fmt: skip

# Sums and products --------------------------------------------------------------------


def _accumulation(function, start):
    """The forward of a running `function`; exclusive leaves each element out of its own result."""

    @widened
    @_ordered
    def forward(x, exclusive=False):
        if exclusive:
            x = np.concatenate([np.full_like(x[:1], start), x[:-1]])
        return function(x)

    return forward


def cumsum(x, axis=0, exclusive=False, reverse=False):
    """The running sum along `axis`, as in TensorFlow.

    exclusive: each result leaves its own element out, so that the first is 0.
    reverse: from the last element to the first. Raises ShapeError.
    """
    x, axis = _along_axis("cumsum", x, axis)
    return apply("cumsum", x, axis=axis, exclusive=bool(exclusive), reverse=bool(reverse))


FORWARDS["cumsum"] = _accumulation(lambda x: np.add.accumulate(x, dtype=x.dtype), 0)
rule("cumsum", lambda dy, y, x, axis, exclusive, reverse: cumsum(dy, axis, exclusive, not reverse),
     jvp="linear")  # fmt: skip


def cumprod(x, axis=0, exclusive=False, reverse=False):
    """The running product along `axis`; `exclusive` and `reverse` as in `cumsum`.

    Its gradient divides by nothing, so zeros among the factors are like any number.
    """
    x, axis = _along_axis("cumprod", x, axis)
    return apply("cumprod", x, axis=axis, exclusive=bool(exclusive), reverse=bool(reverse))


def _cumprod_rule(dy, y, x, axis, exclusive, reverse):
    # Each factor's slope: the product before it, times the sum over later results of dy and the
    # factors between, which is a recurrence that runs the other way.
    back = 1 if reverse else -1
    before = cumprod(x, axis, True, reverse)
    own = shift_along(dy, back, axis) if exclusive else dy
    return before * linear_recurrence(shift_along(x, back, axis), own, axis, not reverse)


FORWARDS["cumprod"] = _accumulation(lambda x: np.multiply.accumulate(x, dtype=x.dtype), 1)
rule("cumprod", _cumprod_rule)


def cumulative_prod(x, axis=None, include_initial=False):
    """The running product along `axis`, which only a 1-D x may leave out.

    include_initial: put the empty product, 1, before the first. Raises ShapeError.
    """
    x, axis = _along_axis("cumulative_prod", x, axis)
    y = cumprod(x, axis)
    if not include_initial:
        return y
    return concat([np.ones((*x.shape[:axis], 1, *x.shape[axis + 1 :]), x.dtype), y], axis)


# Sums of exponentials -----------------------------------------------------------------


def cumulative_logsumexp(x, axis=None, exclusive=False, reverse=False):
    """log(cumsum(exp(x))) along `axis`, without overflow; `exclusive` (-inf first) and `reverse`
    as in `cumsum`. Only a 1-D x may leave `axis` out. Raises ShapeError.
    """
    x, axis = _along_axis("cumulative_logsumexp", x, axis)
    if reverse:
        return flip(cumulative_logsumexp(flip(x, axis), axis, exclusive), axis)
    return apply("cumulative_logsumexp", x, axis=axis, exclusive=bool(exclusive))


def _logsumexps(x):
    # Not accumulated by logaddexp, which would round a large result once for every element: only
    # its distance from the running peak is accumulated, and the two are added once.
    peak = np.maximum.accumulate(x)
    finite = np.where(np.isfinite(peak), peak, x.dtype.type(0))
    decay = np.zeros_like(x)
    decay[1:] = np.where(peak[:-1] == -math.inf, 0, np.exp(finite[:-1] - finite[1:]))
    return np.log(_recurrence(decay, np.exp(x - finite), axis=0)) + finite


def _cumulative_logsumexp_rule(dy, y, x, axis, exclusive):
    # Every factor is at most 1: `share` is an element's part of the sum up to it, and `decay` the
    # part of all before. Differences from the peak, which is as good as constant here, lose the
    # fewest digits. An element that is -inf has no part, even in a sum of such.
    shifted = x - _finite_peak(values(x), axis)
    before = cumulative_logsumexp(shifted, axis, True)
    gap = where(shifted == -math.inf, shifted.dtype.type(-math.inf), shifted - before)
    share, decay = sigmoid(gap), sigmoid(-gap)
    own = shift_along(dy, -1, axis) if exclusive else dy
    return share * linear_recurrence(shift_along(decay, -1, axis), own, axis, True)


def _finite_peak(x, axis):
    peak = np.max(x, axis=axis, keepdims=True, initial=-math.inf)
    return np.where(np.isfinite(peak), peak, x.dtype.type(0))


FORWARDS["cumulative_logsumexp"] = _accumulation(_logsumexps, -math.inf)
rule("cumulative_logsumexp", _cumulative_logsumexp_rule)

# Extremes -----------------------------------------------------------------------------


def cumulative_max(x, axis=None):
    """The greatest element so far along `axis`, which only a 1-D x may leave out.

    Convention: elements that tie for it share the cotangent equally, as in `max`; torch gives it
    to the last of them, JAX halves it at every tie. Raises ShapeError.
    """
    x, axis = _along_axis("cumulative_max", x, axis)
    return apply("cumulative_max", x, axis=axis)


def cumulative_min(x, axis=None):
    """The least element so far along `axis`; otherwise like `cumulative_max`."""
    x, axis = _along_axis("cumulative_min", x, axis)
    return apply("cumulative_min", x, axis=axis)


@_ordered
def _ties(x, y):
    """How many elements tie for each running extreme y of x."""
    ties = np.cumsum(x == y, axis=0)
    before = np.where(_goes_on(y), 0, ties - (x == y))
    return np.maximum(ties - np.maximum.accumulate(before), 1)  # 1 where nan equals nothing


def _goes_on(y):
    """Where a running extreme is that of the element before."""
    same = np.zeros(y.shape, "bool")
    same[1:] = y[1:] == y[:-1]
    return same


def _share_of_extremes(dy, y, x, axis):
    x, y = values(x), values(y)
    dtype = dy.dtype
    share = dy / _ties(x, y, axis=axis).astype(dtype)
    goes_on = _ordered(_goes_on)(y, axis=axis).astype(dtype)
    gathered = linear_recurrence(shift_along(goes_on, -1, axis), share, axis, True)
    return where(x == y, gathered, 0)


FORWARDS["cumulative_max"] = _ordered(np.maximum.accumulate)
FORWARDS["cumulative_min"] = _ordered(np.minimum.accumulate)
rule("cumulative_max", lambda dy, y, x, axis: _share_of_extremes(dy, y, x, axis))
rule("cumulative_min", lambda dy, y, x, axis: _share_of_extremes(dy, y, x, axis))
