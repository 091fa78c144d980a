"""Axes by number: counted from the front, counted up, and put back after a reduction."""

import math

from ..errors import ShapeError
from .shapes import broadcast_to, reshape

# Each takes a shape and not the array, so that a rule which calls it need not keep the array.


def place(name, axis, ndim):
    """`axis` counted from the front; ShapeError where there is none such."""
    if isinstance(axis, bool) or not hasattr(axis, "__index__") or not -ndim <= axis < ndim:
        raise ShapeError(f"{name}: got axis {axis!r} for {ndim} axes, wanted one of them as an int")
    return int(axis) % ndim


def places(shape, axis):
    """`axis` (int, tuple, None for all) as a tuple of axes counted from the front.

    Raises ValueError, to which an operator's call adds its name, where there is none such.
    """
    if axis is None or not shape:  # NumPy lets a 0-d array pass as one with an axis
        return tuple(range(len(shape)))
    axes = axis if isinstance(axis, tuple) else (axis,)
    places = tuple(a % len(shape) for a in axes)
    if not all(-len(shape) <= a < len(shape) for a in axes) or len({*places}) < len(places):
        raise ValueError(f"wanted each of the {len(shape)} axes at most once")
    return places


def count(shape, axis):
    """How many elements go into one element of a reduction over `axis`."""
    return math.prod(shape[a] for a in places(shape, axis))


def kept(shape, axis):
    """The shape of a reduction over `axis` that keeps the axes."""
    reduced = places(shape, axis)
    return tuple(1 if a in reduced else size for a, size in enumerate(shape))


def restore(dy, shape, axis):
    """dy, of a reduced shape, with the reduced axes back as ones of size 1."""
    return reshape(dy, kept(shape, axis))


def spread(dy, shape, axis):
    """dy, of a reduced shape, repeated to `shape`."""
    return broadcast_to(restore(dy, shape, axis), shape)


def along(axis, part):
    """The basic index that takes `part` of `axis`, counted from the front, and all of the rest."""
    return (slice(None),) * axis + (part,)
