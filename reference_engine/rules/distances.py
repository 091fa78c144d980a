"""Directions and distances of vectors along an axis. At length 0 the slopes are 0."""

import math

from ..errors import OptionError, ShapeError, describe
from ..operators import FORWARDS, as_operand, operator, rule, values
from ..tensor import same_dtype
from .cross_entropies import together
from .normalization import axes_of, count, inverse_deviation
from .norms import vector_norm
from .precision import same_precision
from .reductions import sum
from .selection import where
from .shapes import expand_dims

__all__ = ["cdist", "cosine_similarity", "normalize", "pairwise_distance"]


@operator
@same_precision
def direction(x, axis):
    """x over its length over the axes `axis`; 0 for 0."""
    y = FORWARDS["standardize"](x, axis=axis, epsilon=0.0, centered=False)
    return y / math.sqrt(count(x.shape, axis))


def _inverse_length(x, axis):
    return inverse_deviation(x, axis, 0.0, False) / math.sqrt(count(x.shape, axis))


# The Jacobian is symmetric, so that a tangent goes forward as a cotangent goes backward.
rule("direction", lambda dy, y, x, axis:
     (dy - y * sum(dy * y, axis, keepdims=True)) * _inverse_length(x, axis),
     jvp="elementwise")  # fmt: skip


def normalize(x, p=2, axis=-1, epsilon=1e-12):
    """x over its p-norm over `axis`, or over epsilon where the norm is below that.

    axis: an int or a tuple of ints. Convention: 0 stays 0, and passes no gradient where epsilon
    is 0. Raises ShapeError, OptionError unless p > 0.
    """
    x = as_operand(x)
    axes = axes_of("normalize", x, axis)
    _check_power("normalize", p)
    norm = vector_norm(values(x) if p == 2 else x, axes, keepdims=True, ord=p)
    short = values(norm) <= epsilon
    unit = direction(x, axes) if p == 2 else x / where(short, 1, norm)
    if not short.any():
        return unit
    return where(short, x / epsilon if epsilon else 0 * x, unit)


def _check_power(name, p):
    if not p > 0:
        raise OptionError(f"{name}: got p={p!r}, wanted a positive number")


def cosine_similarity(x, w, axis=-1, epsilon=1e-8):
    """sum(x w) / (|x| |w|) over `axis`, an int, each length no less than epsilon: 0 for a vector 0.

    The shapes broadcast. Raises ShapeError, DtypeError.
    """
    x, w = _broadcast("cosine_similarity", x, w)
    return sum(normalize(x, 2, axis, epsilon) * normalize(w, 2, axis, epsilon), axis)


def pairwise_distance(x, w, p=2, epsilon=1e-6, keepdims=False):
    """The p-norm of x - w + epsilon over the last axis, in the shapes' broadcast.

    epsilon keeps equal vectors from the norm's kink, as in PyTorch. Raises ShapeError, DtypeError,
    OptionError unless p > 0.
    """
    x, w = _broadcast("pairwise_distance", x, w)
    _check_power("pairwise_distance", p)
    difference = x - w + epsilon if epsilon else x - w
    return vector_norm(difference, -1, keepdims, p)


def cdist(x, w, p=2):
    """The p-norm distance of each row of x (..., m, n) to each of w (..., k, n): (..., m, k).

    Computed from differences, not from products, which would cancel. Convention: equal rows pass no
    gradient. Raises ShapeError, DtypeError, OptionError unless p > 0.
    """
    x, w = same_dtype("cdist", x, w)
    if min(x.ndim, w.ndim) < 2 or x.shape[-1] != w.shape[-1]:
        raise ShapeError(f"cdist: got shapes {x.shape} and {w.shape}, "
                         "wanted (..., m, n) and (..., k, n)")  # fmt: skip
    return pairwise_distance(expand_dims(x, -2), expand_dims(w, -3), p, epsilon=0)


def _broadcast(name, x, w):
    """x and w in one dtype, with at least one axis; ShapeError unless they broadcast."""
    x, w = together(name, x, w)
    if not (x.ndim or w.ndim):
        raise ShapeError(f"{name}: got {describe(x)} and {describe(w)}, wanted vectors")
    return x, w
