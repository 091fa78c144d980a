"""Operators that turn, join and split arrays."""

import math
from itertools import pairwise

import numpy as np

from ..errors import OperandError, OptionError, ShapeError, describe
from ..operators import FORWARDS, apply, as_operand, operator, rule
from ..tensor import as_tensor
from .axes import along, place
from .selection import where
from .shapes import broadcast_to, concat, flip, reshape, stack

__all__ = [
    "array_split", "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_arrays", "column_stack",
    "dstack", "flatten", "fliplr", "flipud", "hstack", "meshgrid", "moveaxis", "ravel",
    "rot90", "select", "split", "swapaxes", "unflatten", "unstack", "vstack",
]  # fmt: skip

# The same elements in another order or shape ------------------------------------------


@operator
def moveaxis(x, source, destination):
    """x with the axes `source` (int or tuple) moved to the places `destination`.

    Raises ShapeError.
    """
    return np.moveaxis(x, source, destination)


@operator
def swapaxes(x, axis1, axis2):
    """x with two axes exchanged. Raises ShapeError."""
    return np.swapaxes(x, axis1, axis2)


@operator
def rot90(x, k=1, axes=(0, 1)):
    """x turned by `k` quarter turns in the plane of `axes`, from the first to the second.

    Raises ShapeError for axes that are the same, or fewer than two.
    """
    return np.rot90(x, k, axes)


@operator
def ravel(x):
    """The elements of x, in row order, along one axis."""
    return np.reshape(x, -1)


@operator
def flatten(x, start_axis=0, end_axis=-1):
    """x with the axes from `start_axis` to `end_axis` joined into one; (1,) for a 0-d x.

    Raises ShapeError.
    """
    ndim = max(x.ndim, 1)
    first, last = place("flatten", start_axis, ndim), place("flatten", end_axis, ndim)
    if last < first:
        raise ValueError("wanted end_axis not before start_axis")
    sizes = x.shape[first : last + 1]
    return np.reshape(x, (*x.shape[:first], math.prod(sizes), *x.shape[last + 1 :]))


@operator
def unflatten(x, axis, sizes):
    """x with `axis` split into axes of `sizes`, of which one may be -1. Raises ShapeError."""
    axis = place("unflatten", axis, x.ndim)
    parts = np.empty(x.shape[axis], "bool").reshape(sizes).shape
    return np.reshape(x, (*x.shape[:axis], *parts, *x.shape[axis + 1 :]))


@operator
def atleast_1d(x):
    """x with one axis, if it has none."""
    return np.atleast_1d(x)


@operator
def atleast_2d(x):
    """x with two axes, if it has fewer; new ones come first."""
    return np.atleast_2d(x)


@operator
def atleast_3d(x):
    """x with three axes, if it has fewer: (n,) becomes (1, n, 1), (m, n) becomes (m, n, 1)."""
    return np.atleast_3d(x)


rule("moveaxis", lambda dy, y, x, source, destination: moveaxis(dy, destination, source),
     jvp="linear")  # fmt: skip
rule("swapaxes", lambda dy, y, x, axis1, axis2: swapaxes(dy, axis1, axis2), jvp="linear")
rule("rot90", lambda dy, y, x, k, axes: rot90(dy, -k, axes), jvp="linear")
rule("ravel", lambda dy, y, x: reshape(dy, x.shape), jvp="linear")
rule("flatten", lambda dy, y, x, start_axis, end_axis: reshape(dy, x.shape), jvp="linear")
rule("unflatten", lambda dy, y, x, axis, sizes: reshape(dy, x.shape), jvp="linear")
rule("atleast_1d", lambda dy, y, x: reshape(dy, x.shape), jvp="linear")
rule("atleast_2d", lambda dy, y, x: reshape(dy, x.shape), jvp="linear")
rule("atleast_3d", lambda dy, y, x: reshape(dy, x.shape), jvp="linear")


def fliplr(x):
    """x, of two axes or more, with its columns in reverse order. Raises ShapeError."""
    return flip(_at_least("fliplr", x, 2), 1)


def flipud(x):
    """x, of one axis or more, with its rows in reverse order. Raises ShapeError."""
    return flip(_at_least("flipud", x, 1), 0)


def _at_least(name, x, ndim):
    x = as_operand(x)
    if x.ndim < ndim:
        raise ShapeError(f"{name}: got a {describe(x)}, wanted at least {ndim} axes")
    return x


# Several arrays -----------------------------------------------------------------------


def hstack(tensors):
    """The `tensors` one after another along axis 1, or along axis 0 if they have but one.

    Raises ShapeError, DtypeError.
    """
    tensors = [atleast_1d(x) for x in tensors]
    return concat(tensors, 0 if tensors and tensors[0].ndim == 1 else 1)


def vstack(tensors):
    """The `tensors`, of which a 1-D one is a row, one below another along axis 0."""
    return concat([atleast_2d(x) for x in tensors], 0)


def dstack(tensors):
    """The `tensors`, made 3-D by `atleast_3d`, one behind another along axis 2."""
    return concat([atleast_3d(x) for x in tensors], 2)


def column_stack(tensors):
    """The `tensors`, of which a 1-D one is a column, side by side along axis 1."""
    tensors = [as_operand(x) for x in tensors]
    return concat([x if x.ndim > 1 else reshape(x, (-1, 1)) for x in tensors], 1)


def broadcast_arrays(*arrays):
    """The `arrays` repeated to their common shape, as a list. Raises ShapeError."""
    arrays = [as_tensor(x) for x in arrays]
    shape = _common_shape("broadcast_arrays", arrays)
    return [broadcast_to(x, shape) for x in arrays]


def meshgrid(*arrays, indexing="xy"):
    """The coordinates of a grid over 1-D `arrays`, as a list of arrays of the grid's shape.

    indexing: "xy" has the first array vary along axis 1, "ij" along axis 0.
    Raises OptionError, ShapeError.
    """
    if indexing not in ("xy", "ij"):
        raise OptionError(f'meshgrid: got indexing={indexing!r}, wanted "xy" or "ij"')
    order = list(range(len(arrays)))
    if indexing == "xy" and len(arrays) > 1:
        order[:2] = 1, 0
    lines = []
    for x, axis in zip(arrays, order, strict=True):
        x = as_tensor(x)
        if x.ndim > 1:
            raise ShapeError(f"meshgrid: got a {describe(x)}, wanted 1-D arrays")
        lines.append(reshape(x, (1,) * axis + (-1,) + (1,) * (len(arrays) - 1 - axis)))
    return broadcast_arrays(*lines)


def _common_shape(name, arrays):
    try:
        return np.broadcast_shapes(*(x.shape for x in arrays))
    except ValueError as error:
        shapes = " and ".join(str(x.shape) for x in arrays)
        raise ShapeError(f"{name}: got shapes {shapes}, wanted ones that broadcast") from error


def select(conditions, choices, default=0):
    """Where several `conditions` (bool) could hold, the choice of the first that does.

    conditions, choices: lists of one length, of shapes that broadcast; `default` where none holds.
    Raises OperandError, DtypeError, ShapeError.
    """
    if len(conditions) != len(choices) or not choices:
        raise OperandError(
            f"select: got {len(conditions)} conditions and {len(choices)} choices, "
            "wanted as many of both, and at least one"
        )
    chosen = default
    for condition, choice in zip(reversed(conditions), reversed(choices), strict=True):
        chosen = where(condition, as_tensor(choice), chosen)
    return chosen


for _function in (broadcast_arrays, meshgrid, select):
    _function.public = _function  # all of their arguments become Tensors


# Parts --------------------------------------------------------------------------------


def unstack(x, axis=0):
    """The parts of x along `axis`, without that axis, as a tuple. Raises ShapeError."""
    x = as_operand(x)
    axis = place("unstack", axis, x.ndim)
    return apply("unstack", x, axis=axis) if x.shape[axis] else ()


def split(x, sections, axis=0):
    """x cut along `axis` into a tuple: into `sections` equal parts, or before given positions.

    Raises ShapeError where equal parts do not come out, OperandError.
    """
    x = as_operand(x)
    size = x.shape[place("split", axis, x.ndim)]
    if isinstance(sections, int) and (sections < 1 or size % sections):
        raise ShapeError(
            f"split: got {sections} sections of {size} elements along axis {axis}, wanted ones "
            "of equal size: use engine.array_split for parts of sizes that differ by one"
        )
    return array_split(x, sections, axis)


def array_split(x, sections, axis=0):
    """As `split`; but a remainder goes to the first parts, one element to each."""
    x = as_operand(x)
    axis = place("array_split", axis, x.ndim)
    size = x.shape[axis]
    if isinstance(sections, int):
        if sections < 1:
            raise ShapeError(f"array_split: got {sections} sections, wanted at least one")
        shorter, longer = divmod(size, sections)
        bounds = [part * shorter + min(part, longer) for part in range(1, sections)]
    else:
        bounds = [min(max(position + size if position < 0 else position, 0), size)
                  for position in map(int, sections)]  # fmt: skip
    ends = (0, *bounds, size)
    if all(start <= stop for start, stop in pairwise(ends)):
        return apply("split", x, ends=ends, axis=axis)
    return tuple(x[along(axis, slice(*pair))] for pair in pairwise(ends))  # parts may overlap


def _parts(x, ends, axis):
    return tuple(x[along(axis, slice(*pair))] for pair in pairwise(ends))


FORWARDS["unstack"] = lambda x, axis: tuple(np.moveaxis(x, axis, 0))
FORWARDS["split"] = _parts
# They name y so that a part without a cotangent gets zeros of its shape.
rule("unstack", lambda dy, y, x, axis: stack(dy[: len(y)], axis), jvp="linear")
rule("split", lambda dy, y, x, ends, axis: concat(dy[: len(y)], axis), jvp="linear")
