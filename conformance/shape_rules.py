"""From operand types and parameters to the type of a result: shapes, products and indexing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from conformance.errors import ShapeError
from conformance.typing_rules import (
    Parameters,
    TensorType,
    Types,
    broadcast_shapes,
    check_shape,
    inexact_operands,
    is_int,
    normalize_axes,
    normalize_axis,
    one_dtype,
)

# --- shapes ------------------------------------------------------------------------------------

def reshape(types: Types, parameters: Parameters) -> TensorType:
    """One length may be -1: the one that the others leave over."""
    (x,), shape = types, parameters["shape"]
    if isinstance(shape, tuple) and sum(is_int(n) and n == -1 for n in shape) == 1:
        rest = math.prod(check_shape(tuple(n for n in shape if n != -1)))
        if rest == 0 or x.size % rest:
            raise ShapeError(f"cannot give {x}, of {x.size} element(s), the shape {shape}")
        shape = tuple(x.size // rest if n == -1 else n for n in shape)
    if math.prod(check_shape(shape)) != x.size:
        raise ShapeError(f"cannot give {x}, of {x.size} element(s), the shape {shape}")
    return TensorType(shape, x.dtype)


def permute_dims(types: Types, parameters: Parameters) -> TensorType:
    (x,), axes = types, parameters["axes"]
    if not isinstance(axes, tuple) or len(axes) != len(x.shape):
        raise ShapeError(f"wants axes that name every dimension of {x} once, such as "
                         f"{tuple(reversed(range(len(x.shape))))}, got {axes!r}")
    return TensorType(tuple(x.shape[a] for a in normalize_axes(axes, len(x.shape))), x.dtype)


def expand_dims(types: Types, parameters: Parameters) -> TensorType:
    (x,) = types
    axis = normalize_axis(parameters["axis"], len(x.shape) + 1)
    return TensorType((*x.shape[:axis], 1, *x.shape[axis:]), x.dtype)


def squeeze(types: Types, parameters: Parameters) -> TensorType:
    (x,), axis = types, parameters["axis"]
    if axis is None:
        raise ShapeError("wants the axis, or a tuple of axes, to remove, got None")
    axes = normalize_axes(axis, len(x.shape))
    if any(x.shape[a] != 1 for a in axes):
        raise ShapeError(f"cannot squeeze axis {axis} of {x}: its length is not 1")
    return TensorType(tuple(n for i, n in enumerate(x.shape) if i not in axes), x.dtype)


def broadcast_to(types: Types, parameters: Parameters) -> TensorType:
    (x,), shape = types, check_shape(parameters["shape"])
    try:
        fits = broadcast_shapes(x.shape, shape) == shape
    except ShapeError:
        fits = False
    if not fits:
        raise ShapeError(f"cannot broadcast {x} to {shape}")
    return TensorType(shape, x.dtype)


def flip(types: Types, parameters: Parameters) -> TensorType:
    normalize_axes(parameters["axis"], len(types[0].shape))
    return types[0]


def roll(types: Types, parameters: Parameters) -> TensorType:
    if not is_int(parameters["shift"]):
        raise ShapeError(f"wants an int as shift, got {parameters['shift']!r}")
    if parameters["axis"] is not None:
        normalize_axis(parameters["axis"], len(types[0].shape))
    return types[0]


def matrix_transpose(types: Types, parameters: Parameters) -> TensorType:
    (x,) = types
    if len(x.shape) < 2:
        raise ShapeError(f"wants at least 2 dimensions, got {x}")
    return TensorType((*x.shape[:-2], x.shape[-1], x.shape[-2]), x.dtype)


def concat(types: Types, parameters: Parameters) -> TensorType:
    if not types:
        raise ShapeError("wants at least one tensor in its list, got none")
    if not all(t.shape for t in types):
        raise ShapeError("cannot join values without dimensions; xp.stack can")
    first = types[0].shape
    axis = normalize_axis(parameters["axis"], len(first))
    rests = {(len(t.shape), t.shape[:axis], t.shape[axis + 1:]) for t in types}
    if len(rests) != 1:
        raise ShapeError(f"cannot join {', '.join(map(str, types))} along axis {axis}: "
                         "the other lengths differ")
    length = sum(t.shape[axis] for t in types)
    return TensorType((*first[:axis], length, *first[axis + 1:]), one_dtype(types))


def stack(types: Types, parameters: Parameters) -> TensorType:
    if len({t.shape for t in types}) != 1:
        raise ShapeError("wants a list of tensors of one shape, "
                         f"got {', '.join(map(str, types)) or 'none'}")
    shape = types[0].shape
    axis = normalize_axis(parameters["axis"], len(shape) + 1)
    return TensorType((*shape[:axis], len(types), *shape[axis:]), one_dtype(types))


# --- linear algebra ----------------------------------------------------------------------------

def matmul(types: Types, parameters: Parameters) -> TensorType:
    inexact_operands(types)
    a, b = types
    if not a.shape or not b.shape:
        raise ShapeError(f"wants at least 1 dimension on each side, got {a} and {b}")
    rows = a.shape[-2:-1]
    columns = b.shape[-1:] if len(b.shape) > 1 else ()
    if a.shape[-1] != b.shape[-2 if len(b.shape) > 1 else -1]:
        raise ShapeError(f"inner dimensions differ: {a} @ {b}")
    batch = broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return TensorType((*batch, *rows, *columns), one_dtype(types))


# --- indexing ----------------------------------------------------------------------------------

def getitem(types: Types, parameters: Parameters) -> TensorType:
    """Basic indexing: ints, slices, None and one Ellipsis."""
    (x,), index = types, parameters["index"]
    if not isinstance(index, tuple):
        raise ShapeError(f"wants its index as a tuple, got {index!r}")
    for part in index:
        _check_part(part)
    view = np.broadcast_to(np.empty(()), x.shape)  # NumPy itself decides, without any memory
    try:
        return TensorType(view[index].shape, x.dtype)
    except (IndexError, ValueError) as error:
        raise ShapeError(f"cannot index {x}: {error}") from None


def _check_part(part: Any) -> None:
    if isinstance(part, slice):
        for bound in (part.start, part.stop, part.step):
            if bound is not None and not is_int(bound):
                raise ShapeError(f"a slice's bounds are ints, got {bound!r}")
    elif not (part is None or part is Ellipsis or is_int(part)):
        raise ShapeError(f"cannot index with {part!r}: index with ints and slices, select with "
                         "xp.take(x, [0, 2], axis=0) or xp.where(condition, x, 0.0)")


def take(types: Types, parameters: Parameters) -> TensorType:
    (x,), indices = types, parameters["indices"]
    axis = normalize_axis(parameters["axis"], len(x.shape))
    if not isinstance(indices, tuple) or not all(map(is_int, indices)):
        raise ShapeError(f"wants a list of ints as indices, such as [0, 2], got {indices!r}")
    for i in indices:
        if not 0 <= i < x.shape[axis]:
            raise ShapeError(f"index {i} is out of range for axis {axis} of {x}; indices count "
                             "from 0 and are not negative")
    return TensorType((*x.shape[:axis], len(indices), *x.shape[axis + 1:]), x.dtype)
