"""Operators that repeat elements and arrays, and the sums that are their adjoints."""

import numpy as np

from ..errors import OperandError, ShapeError
from ..operators import FORWARDS, apply, as_operand, operator, rule, values
from .arrangement import ravel
from .axes import along, place
from .precision import widened
from .shapes import reshape

__all__ = ["repeat", "tile"]


def repeat(x, repeats, axis=None):
    """Each element along `axis` repeated `repeats` times; None repeats those of a flattened x.

    repeats: an int, or integers, one for each element along `axis`.
    Raises OperandError for repeats that are not whole numbers from 0, ShapeError.
    """
    x, counts = as_operand(x), values(as_operand(repeats))
    if axis is None:
        x, axis = ravel(x), 0
    axis = place("repeat", axis, x.ndim)
    if counts.dtype.kind not in "iu" or (counts < 0).any():
        raise OperandError(f"repeat: got repeats {repeats!r}, wanted whole numbers from 0")
    if counts.size == 1:
        return apply("repeat", x, repeats=int(counts.reshape(())), axis=axis)
    if counts.shape != (x.shape[axis],):
        raise ShapeError(
            f"repeat: got {counts.shape} repeats for {x.shape[axis]} elements along axis {axis}, "
            "wanted one for each, or an int"
        )
    return apply("repeat", x, repeats=counts.astype("int64"), axis=axis)


FORWARDS["repeat"] = lambda x, repeats, axis: np.repeat(x, repeats, axis)


@operator
@widened
def sum_runs(dy, repeats, axis, size):
    """The sums over `size` runs of `repeats` elements along `axis`: the adjoint of repeat."""
    before, after = dy.shape[:axis], dy.shape[axis + 1 :]
    if isinstance(repeats, int):
        return np.sum(dy.reshape(*before, size, repeats, *after), axis=axis + 1)
    sums = np.zeros((*before, size, *after), dy.dtype)
    starts, longer = np.cumsum(repeats) - repeats, repeats > 0
    if longer.any():  # reduceat would read an element for a run of none
        sums[along(axis, longer)] = np.add.reduceat(dy, starts[longer], axis)
    return sums


@operator
def tile(x, repetitions):
    """x laid out `repetitions` times along each axis (int or tuple, counted from the last).

    More repetitions than axes put axes of size 1 before those of x. Raises ShapeError.
    """
    return np.tile(x, repetitions)


@operator
@widened
def sum_tiles(dy, repetitions, shape):
    """The sum of the tiles of `shape` that dy is made of: the adjoint of tile."""
    times = repetitions if isinstance(repetitions, tuple) else (repetitions,)
    times = (1,) * (len(shape) - len(times)) + times
    sizes = (1,) * (len(times) - len(shape)) + shape
    tiles = dy.reshape([number for pair in zip(times, sizes, strict=True) for number in pair])
    return np.sum(tiles, axis=tuple(range(0, tiles.ndim, 2))).reshape(shape)


rule("repeat", lambda dy, y, x, repeats, axis: sum_runs(dy, repeats, axis, x.shape[axis]),
     jvp="linear")  # fmt: skip
rule("sum_runs", lambda dy, y, x, repeats, axis, size: repeat(dy, repeats, axis),
     jvp="linear")  # fmt: skip
rule("tile", lambda dy, y, x, repetitions: sum_tiles(dy, repetitions, x.shape), jvp="linear")
rule("sum_tiles", lambda dy, y, x, repetitions, shape: reshape(tile(dy, repetitions), x.shape),
     jvp="linear")  # fmt: skip
