"""From operand types and parameters to the type of a result: reading and writing at indices."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.errors import ShapeError
from conformance.rearranging_rules import whole
from conformance.typing_rules import (
    Parameters,
    TensorType,
    Types,
    float_operands,
    is_int,
    normalize_axis,
    one_dtype,
)


def index_array(indices: Any) -> np.ndarray:
    """Nested tuples of ints as an array; raises ShapeError."""
    try:
        array = np.asarray(indices, dtype=None if np.size(indices) else np.intp)
    except ValueError as error:
        raise ShapeError(f"wants indices that form a rectangle: {error}") from None
    if array.dtype.kind != "i":
        raise ShapeError(f"wants ints as indices, such as [0, 2], got {indices!r}")
    return array


def _in_range(array: np.ndarray, length: int) -> None:
    for i in array.flat:
        if not 0 <= i < length:
            raise ShapeError(f"index {i} is out of range for length {length}; indices count from "
                             "0 and are not negative")


def places_along(shape: tuple[int, ...], indices: Any, axis: int) -> np.ndarray:
    """For each index, the number of the element of an array of `shape` that it means."""
    numbers = np.arange(int(np.prod(shape))).reshape(shape)
    return np.take_along_axis(numbers, index_array(indices), axis)


def _along(x: TensorType, parameters: Parameters) -> np.ndarray:
    axis = normalize_axis(parameters["axis"], len(x.shape))
    array = index_array(parameters["indices"])
    if array.ndim != len(x.shape) or any(
            n != m for k, (n, m) in enumerate(zip(array.shape, x.shape, strict=True)) if k != axis):
        raise ShapeError(f"wants indices of the shape of {x} but for axis {axis}, "
                         f"got {array.shape}")
    _in_range(array, x.shape[axis])
    return array


def take_along_axis(types: Types, parameters: Parameters) -> TensorType:
    (x,) = types
    return TensorType(_along(x, parameters).shape, x.dtype)


def scatter_add(types: Types, parameters: Parameters) -> TensorType:
    """Updates have the shape of the indices; what falls on one place is added up."""
    float_operands(types)
    x, updates = types
    array = _along(x, parameters)
    if array.shape != updates.shape:
        raise ShapeError(f"wants updates of the shape of its indices, {array.shape}, got {updates}")
    return TensorType(x.shape, one_dtype(types))


def put_along_axis(types: Types, parameters: Parameters) -> TensorType:
    """No place is written twice: the last is no one's in particular."""
    written = scatter_add(types, parameters)
    places = places_along(written.shape, parameters["indices"], parameters["axis"])
    if len(set(places.flat)) < places.size:
        raise ShapeError("writes to one place twice; xp.scatter_add adds up what falls on it")
    return written


def index_add(types: Types, parameters: Parameters) -> TensorType:
    float_operands(types)
    x, updates = types
    axis = normalize_axis(parameters["axis"], len(x.shape))
    array = index_array(parameters["indices"])
    if array.ndim != 1:
        raise ShapeError(f"wants a list of indices, got {parameters['indices']!r}")
    _in_range(array, x.shape[axis])
    wanted = (*x.shape[:axis], array.size, *x.shape[axis + 1:])
    if updates.shape != wanted:
        raise ShapeError(f"wants updates of shape {wanted}, got {updates}")
    return TensorType(x.shape, one_dtype(types))


def segments(types: Types, parameters: Parameters) -> TensorType:
    """The first axis is reduced, an id for each of its rows."""
    float_operands(types)
    (x,) = types
    count, ids = whole(parameters, "num_segments"), parameters["segment_ids"]
    if not x.shape or not isinstance(ids, tuple) or len(ids) != x.shape[0] or not all(
            is_int(i) and 0 <= i < count for i in ids):
        raise ShapeError(f"wants an id from 0 to {count - 1} for each row of {x}, got {ids!r}")
    return TensorType((count, *x.shape[1:]), x.dtype)


def occupied_segments(types: Types, parameters: Parameters) -> TensorType:
    """No segment is empty."""
    reduced = segments(types, parameters)
    if set(parameters["segment_ids"]) != set(range(reduced.shape[0])):
        raise ShapeError(f"has an empty segment among {parameters['segment_ids']}")
    return reduced
