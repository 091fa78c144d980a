"""Arrays scaled down where their norm is above a limit."""

import math

import numpy as np

from ..errors import OptionError, ShapeError, describe
from ..operators import as_operand, values
from .axes import place, places, restore
from .elementwise import abs, sqrt
from .reductions import max, sum
from .selection import where
from .statistics import sum_of_squares

__all__ = ["clip_by_global_norm", "clip_by_norm", "renorm"]


def clip_by_norm(x, limit, axis=None):
    """x, scaled where its Euclidean norm over `axis` is above `limit` so that it is `limit`.

    axis: int, tuple, None for all. Raises OptionError for a limit that is not positive, ShapeError.
    """
    x = as_operand(x)
    axis = tuple(axis) if isinstance(axis, list) else axis
    try:
        places(x.shape, axis)
    except ValueError as error:
        raise ShapeError(f"clip_by_norm: got a {describe(x)}, axis={axis!r}: {error}") from error
    return _limited("clip_by_norm", x, 2, axis, limit)


def renorm(x, p, axis, limit):
    """x, with each part x[..., i, ...] along `axis` scaled to have a p-norm of at most `limit`.

    p: 1 or more, math.inf for the greatest size. As in torch, but without the 1e-7 that makes its
    norms a little smaller than the limit. Raises OptionError, ShapeError.
    """
    x = as_operand(x)
    if not p >= 1:
        raise OptionError(f"renorm: got p={p!r}, wanted 1 or more")
    axis = place("renorm", axis, x.ndim)
    return _limited("renorm", x, p, tuple(a for a in range(x.ndim) if a != axis), limit)


def clip_by_global_norm(tensors, limit):
    """The `tensors`, all scaled alike where their joint Euclidean norm is above `limit`.

    Returns a list, and the norm before. Raises OptionError.
    """
    _check_limit("clip_by_global_norm", limit)
    tensors = [as_operand(x) for x in tensors]
    unit = _unit(np.array([np.max(np.abs(values(x)), initial=0) for x in tensors], "float64"), 0)
    total = 0
    for x in tensors:
        scaled = x / x.dtype.type(unit[0])
        total = sum_of_squares(scaled) + total
    none = not values(total)  # the square root of 0 has no derivative, and is not needed
    norm = total if none else sqrt(total) * total.dtype.type(unit[0])
    above = bool(values(norm) > limit)
    return [x * (limit / norm) if above else x for x in tensors], norm


def _limited(name, x, p, axis, limit):
    _check_limit(name, limit)
    size = np.abs(values(x))
    unit = _unit(size, axis)
    above = restore(values(_norm(size / unit, p, axis)), x.shape, axis) * unit > limit
    # Where x stays as it is, a norm of something else: that of 0 has a kink.
    safe = where(above, x / unit, 1)
    norm = restore(_norm(safe, p, axis), x.shape, axis)
    return where(above, safe * (limit / norm), x)


def _norm(x, p, axis):
    if p == 2:
        return sqrt(sum_of_squares(x, axis))
    if p == math.inf:
        return max(abs(x), axis)
    return sum(abs(x) ** p, axis) ** (1 / p)


def _unit(size, axis):
    """A power of two near the greatest size over `axis`, kept: in such units nothing overflows."""
    greatest = np.max(size, axis=axis, keepdims=True, initial=0)
    greatest = np.where((greatest > 0) & (greatest < math.inf), greatest, size.dtype.type(1))
    return np.ldexp(np.ones_like(greatest), np.frexp(greatest)[1] - 1).astype(size.dtype)


def _check_limit(name, limit):
    if not limit > 0:
        raise OptionError(f"{name}: got limit={limit!r}, wanted a positive number")
