"""Lengths, directions and distances of vectors along an axis. At length 0 their slopes are 0."""

import math

import numpy as np

from ..errors import OptionError, ShapeError, describe
from ..operators import as_operand, operator, rule, values
from ..tensor import same_dtype
from .activations import same_precision
from .cross_entropies import together
from .elementwise import abs
from .normalization import axes_of, count, scaled, standardized
from .reductions import max, sum
from .selection import where
from .shapes import expand_dims, squeeze

__all__ = ["cdist", "cosine_similarity", "normalize", "pairwise_distance"]


@operator
@same_precision
def length(x, axis):
    """The square root of the sum of squares over the axes `axis`, kept; squares do not overflow."""
    _, root, scale = scaled(x, axis, 0.0, False)
    root = np.where(root == math.inf, 0, root)
    return root * math.sqrt(count(x.shape, axis)) * scale


def _direction(x, axis):
    """x over its length; 0 for 0."""
    return standardized(x, axis, 0.0, False) / math.sqrt(count(x.shape, axis))


rule("length", lambda dy, y, x, axis: dy * _direction(x, axis))


def _norm(x, p, axes):
    """The p-norm over `axes`, kept."""
    if p == 2:
        return length(x, axes)
    if p == 1:
        return sum(abs(x), axes, keepdims=True)
    if p == math.inf:
        return max(abs(x), axes, keepdims=True)
    there = values(x) != 0  # at 0 the slopes of the powers may be infinite
    powers = where(there, abs(where(there, x, 1)) ** p, 0)
    total = sum(powers, axes, keepdims=True)
    some = values(total) > 0
    return where(some, where(some, total, 1) ** (1 / p), 0)


def normalize(x, p=2, axis=-1, epsilon=1e-12):
    """x over its p-norm over `axis`, or over epsilon where the norm is below that.

    axis: an int or a tuple of ints. Convention: 0 stays 0, and passes no gradient where epsilon
    is 0. Raises ShapeError, OptionError unless p > 0.
    """
    x = as_operand(x)
    axes = axes_of("normalize", x, axis)
    _check_power("normalize", p)
    norm = _norm(x, p, axes)
    short = values(norm) <= epsilon
    unit = _direction(x, axes) if p == 2 else x / where(short, 1, norm)
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
    distance = _norm(difference, p, (difference.ndim - 1,))
    return distance if keepdims else squeeze(distance, -1)


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
