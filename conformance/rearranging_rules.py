"""From operand types and parameters to the type of a result: tiling, padding and diagonals."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.errors import ShapeError
from conformance.typing_rules import (
    Parameters,
    TensorType,
    Types,
    is_int,
    normalize_axes,
    normalize_axis,
    number,
)

PAD_MODES = ("constant", "reflect", "edge", "wrap")


def whole(parameters: Parameters, name: str) -> int:
    """A parameter that is an int; raises ShapeError."""
    if not is_int(parameters[name]):
        raise ShapeError(f"wants an int as {name}, got {parameters[name]!r}")
    return parameters[name]


def like_numpy(types: Types, function: Any) -> TensorType:
    """What NumPy makes of the shape; it is asked without any memory."""
    (x,) = types
    return TensorType(function(np.broadcast_to(np.empty(()), x.shape)).shape, x.dtype)


def pad(types: Types, parameters: Parameters) -> TensorType:
    """A pair (before, after) for each axis; no mode takes more than it can copy at once."""
    (x,), widths, mode = types, parameters["widths"], parameters["mode"]
    number(parameters, "value")
    if not isinstance(widths, tuple) or len(widths) != len(x.shape) or not all(
            isinstance(pair, tuple) and len(pair) == 2 and all(is_int(n) and n >= 0 for n in pair)
            for pair in widths):
        raise ShapeError(f"wants widths, a pair (before, after) for each axis of {x}, "
                         f"got {widths!r}")
    if mode not in PAD_MODES:
        raise ShapeError(f"wants a mode of {', '.join(PAD_MODES)}, got {mode!r}")
    for length, pair in zip(x.shape, widths, strict=True):
        most = {"reflect": length - 1, "wrap": length, "edge": None if length else 0}.get(mode)
        if most is not None and max(pair) > max(most, 0):
            raise ShapeError(f"cannot pad an axis of length {length} by {pair} in mode {mode!r}")
    return TensorType(tuple(before + n + after for n, (before, after)
                            in zip(x.shape, widths, strict=True)), x.dtype)


def tile(types: Types, parameters: Parameters) -> TensorType:
    (x,), counts = types, parameters["repetitions"]
    if not isinstance(counts, tuple) or len(counts) != len(x.shape) or not all(
            is_int(n) and n >= 0 for n in counts):
        raise ShapeError(f"wants repetitions, a count for each axis of {x}, got {counts!r}")
    return TensorType(tuple(n * m for n, m in zip(x.shape, counts, strict=True)), x.dtype)


def repeat(types: Types, parameters: Parameters) -> TensorType:
    """One count for all, or one for each element of the axis."""
    (x,), counts, axis = types, parameters["repeats"], parameters["axis"]
    if axis is not None:
        normalize_axis(axis, len(x.shape))
    each = counts if isinstance(counts, tuple) else (counts,)
    length = x.size if axis is None else x.shape[axis]
    if not all(is_int(n) and n >= 0 for n in each) or (
            isinstance(counts, tuple) and len(counts) != length):
        raise ShapeError(f"wants repeats, a count or one for each of {length} elements, "
                         f"got {counts!r}")
    return like_numpy(types, lambda view: np.repeat(view, counts, axis))


def moveaxis(types: Types, parameters: Parameters) -> TensorType:
    (x,) = types
    names = ("source", "destination")
    if any(parameters[name] is None for name in names):
        raise ShapeError("wants an axis, or a tuple of axes, as source and destination")
    source, destination = (normalize_axes(parameters[name], len(x.shape)) for name in names)
    if len(source) != len(destination):
        raise ShapeError(f"moves {len(source)} axes to {len(destination)} places")
    return like_numpy(types, lambda view: np.moveaxis(view, source, destination))


def _matrices(types: Types) -> TensorType:
    if len(types[0].shape) < 2:
        raise ShapeError(f"wants at least 2 dimensions, got {types[0]}")
    return types[0]


def triangle(types: Types, parameters: Parameters) -> TensorType:
    whole(parameters, "k")
    return _matrices(types)


def diagonal(types: Types, parameters: Parameters) -> TensorType:
    offset = whole(parameters, "offset")
    _matrices(types)
    return like_numpy(types, lambda view: np.diagonal(view, offset, -2, -1))


def diag(types: Types, parameters: Parameters) -> TensorType:
    (x,) = types
    if len(x.shape) != 1:
        raise ShapeError(f"wants a vector, got {x}; xp.diagonal takes the diagonal of a matrix")
    length = x.size + abs(whole(parameters, "offset"))
    return TensorType((length, length), x.dtype)


def trace(types: Types, parameters: Parameters) -> TensorType:
    kept = diagonal(types, parameters)
    return TensorType(kept.shape[:-1], kept.dtype)


def rot90(types: Types, parameters: Parameters) -> TensorType:
    k, axes = whole(parameters, "k"), parameters["axes"]
    if not isinstance(axes, tuple) or len(normalize_axes(axes, len(types[0].shape))) != 2:
        raise ShapeError(f"wants two axes, got {axes!r}")
    return like_numpy(types, lambda view: np.rot90(view, k, axes))
