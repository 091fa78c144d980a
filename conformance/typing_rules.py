"""From operand types and parameters to the type of a result, one function a shape of operator."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.errors import ShapeError

REQUIRED = type("Required", (), {"__repr__": lambda self: "REQUIRED"})()
FLOATS = ("float16", "bfloat16", "float32", "float64")
DTYPES = (*FLOATS, "int64", "bool")


@dataclass(frozen=True)
class TensorType:
    """The shape and dtype of a value."""

    shape: tuple[int, ...]
    dtype: str

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise ShapeError(f"unknown dtype {self.dtype!r}; known are {', '.join(DTYPES)}")

    @property
    def is_float(self) -> bool:
        return self.dtype in FLOATS

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def __str__(self) -> str:
        return f"{self.dtype}{list(self.shape)}"


Types = tuple[TensorType, ...]
Parameters = Mapping[str, Any]


def broadcast_shapes(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """NumPy's broadcasting of shapes; raises ShapeError."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise ShapeError(f"shapes {' and '.join(map(str, shapes))} do not broadcast") from None


def normalize_axis(axis: int, ndim: int) -> int:
    """A non-negative axis; raises ShapeError when it is out of range."""
    if not isinstance(axis, int) or isinstance(axis, bool):
        raise ShapeError(f"an axis must be an int, got {axis!r}")
    if not -ndim <= axis < ndim:
        raise ShapeError(f"axis {axis} is out of range for {ndim} dimension(s)")
    return axis % ndim


def normalize_axes(axis: int | tuple[int, ...] | None, ndim: int) -> tuple[int, ...]:
    """Non-negative, distinct axes; None means all of them."""
    if axis is None:
        return tuple(range(ndim))
    axes = tuple(normalize_axis(a, ndim) for a in (axis if isinstance(axis, tuple) else (axis,)))
    if len(set(axes)) != len(axes):
        raise ShapeError(f"axis {axis} names a dimension twice")
    return axes


def _one_dtype(types: Types) -> str:
    dtypes = {t.dtype for t in types}
    if len(dtypes) > 1:
        raise ShapeError(f"operands of different dtypes: {', '.join(map(str, types))}")
    return types[0].dtype


def _float_operands(types: Types) -> None:
    for t in types:
        if not t.is_float:
            raise ShapeError(f"wants floating-point operands, got {t}")


def declared(types: Types, parameters: Parameters) -> TensorType:
    raise ShapeError("leaves declare their type")  # Graph checks leaves apart


def same(types: Types, parameters: Parameters) -> TensorType:
    return types[0]


def gradient(types: Types, parameters: Parameters) -> TensorType:
    """grad(target, source) has the source's type."""
    target, source = types
    for role, t in (("target", target), ("source", source)):
        if not t.is_float:
            raise ShapeError(f"its {role} has dtype {t.dtype}, which is not differentiable; "
                             "write floats (3.0 rather than 3)")
    return source


def elementwise(types: Types, parameters: Parameters) -> TensorType:
    _float_operands(types)
    return types[0]


def broadcasting(types: Types, parameters: Parameters) -> TensorType:
    _float_operands(types)
    return TensorType(broadcast_shapes(*(t.shape for t in types)), _one_dtype(types))


def comparison(types: Types, parameters: Parameters) -> TensorType:
    _one_dtype(types)
    return TensorType(broadcast_shapes(*(t.shape for t in types)), "bool")


def where(types: Types, parameters: Parameters) -> TensorType:
    condition, *branches = types
    if condition.dtype != "bool":
        raise ShapeError(f"wants a bool condition, got {condition}; compare, as in x > 0")
    return TensorType(broadcast_shapes(*(t.shape for t in types)), _one_dtype(tuple(branches)))


def clip(types: Types, parameters: Parameters) -> TensorType:
    for name in ("min", "max"):
        bound = parameters[name]
        if bound is not None and (isinstance(bound, bool) or not isinstance(bound, (int, float))):
            raise ShapeError(f"wants a Python number or None as {name}, got {bound!r}")
    return elementwise(types, parameters)


def reduction(types: Types, parameters: Parameters) -> TensorType:
    _float_operands(types)
    (x,) = types
    axes = normalize_axes(parameters["axis"], len(x.shape))
    if parameters["keepdims"]:
        shape = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    else:
        shape = tuple(n for i, n in enumerate(x.shape) if i not in axes)
    return TensorType(shape, x.dtype)


def nonempty_reduction(types: Types, parameters: Parameters) -> TensorType:
    (x,) = types
    if any(x.shape[a] == 0 for a in normalize_axes(parameters["axis"], len(x.shape))):
        raise ShapeError(f"cannot reduce over an empty dimension of {x}")
    return reduction(types, parameters)


def along_axis(types: Types, parameters: Parameters) -> TensorType:
    _float_operands(types)
    normalize_axis(parameters["axis"], len(types[0].shape))
    return types[0]


def _check_shape(shape: Any) -> tuple[int, ...]:
    if not isinstance(shape, tuple) or not all(isinstance(n, int) and n >= 0 for n in shape):
        raise ShapeError(f"wants a shape of non-negative ints, got {shape!r}")
    return shape


def reshape(types: Types, parameters: Parameters) -> TensorType:
    shape = _check_shape(parameters["shape"])
    if math.prod(shape) != types[0].size:
        raise ShapeError(f"cannot give {types[0]} the shape {shape}")
    return TensorType(shape, types[0].dtype)


def permute_dims(types: Types, parameters: Parameters) -> TensorType:
    (x,) = types
    axes = normalize_axes(parameters["axes"], len(x.shape))
    if len(axes) != len(x.shape):
        raise ShapeError(f"axes {parameters['axes']} do not name every dimension of {x}")
    return TensorType(tuple(x.shape[a] for a in axes), x.dtype)


def expand_dims(types: Types, parameters: Parameters) -> TensorType:
    (x,) = types
    axis = normalize_axis(parameters["axis"], len(x.shape) + 1)
    return TensorType((*x.shape[:axis], 1, *x.shape[axis:]), x.dtype)


def squeeze(types: Types, parameters: Parameters) -> TensorType:
    (x,) = types
    axes = normalize_axes(parameters["axis"], len(x.shape))
    if any(x.shape[a] != 1 for a in axes):
        raise ShapeError(f"cannot squeeze axis {parameters['axis']} of {x}: its length is not 1")
    return TensorType(tuple(n for i, n in enumerate(x.shape) if i not in axes), x.dtype)


def broadcast_to(types: Types, parameters: Parameters) -> TensorType:
    shape = _check_shape(parameters["shape"])
    if broadcast_shapes(types[0].shape, shape) != shape:
        raise ShapeError(f"cannot broadcast {types[0]} to {shape}")
    return TensorType(shape, types[0].dtype)


def flip(types: Types, parameters: Parameters) -> TensorType:
    normalize_axes(parameters["axis"], len(types[0].shape))
    return types[0]


def roll(types: Types, parameters: Parameters) -> TensorType:
    if not isinstance(parameters["shift"], int):
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
        raise ShapeError("wants at least one tensor")
    axis = normalize_axis(parameters["axis"], len(types[0].shape))
    rests = {t.shape[:axis] + t.shape[axis + 1:] for t in types if len(t.shape) > axis}
    if len(rests) != 1 or len({len(t.shape) for t in types}) != 1:
        raise ShapeError(f"cannot join {', '.join(map(str, types))} along axis {axis}")
    first = types[0].shape
    length = sum(t.shape[axis] for t in types)
    return TensorType((*first[:axis], length, *first[axis + 1:]), _one_dtype(types))


def stack(types: Types, parameters: Parameters) -> TensorType:
    if len({t.shape for t in types}) != 1:
        raise ShapeError(f"wants equal shapes, got {', '.join(map(str, types)) or 'nothing'}")
    shape = types[0].shape
    axis = normalize_axis(parameters["axis"], len(shape) + 1)
    return TensorType((*shape[:axis], len(types), *shape[axis:]), _one_dtype(types))


def matmul(types: Types, parameters: Parameters) -> TensorType:
    _float_operands(types)
    a, b = types
    if not a.shape or not b.shape:
        raise ShapeError(f"wants at least 1 dimension on each side, got {a} and {b}")
    rows = a.shape[-2:-1]
    columns = b.shape[-1:] if len(b.shape) > 1 else ()
    if a.shape[-1] != b.shape[-2 if len(b.shape) > 1 else -1]:
        raise ShapeError(f"inner dimensions differ: {a} @ {b}")
    batch = broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return TensorType((*batch, *rows, *columns), _one_dtype(types))


def getitem(types: Types, parameters: Parameters) -> TensorType:
    """Basic indexing: ints, slices, None and one Ellipsis."""
    index = parameters["index"]
    for part in index:
        if not (part is None or part is Ellipsis or isinstance(part, slice)
                or (isinstance(part, int) and not isinstance(part, bool))):
            raise ShapeError(f"cannot index with {part!r}: use ints and slices here, "
                             "xp.take(x, indices, axis=...) for lists")
    view = np.broadcast_to(np.empty(()), types[0].shape)
    try:
        return TensorType(view[index].shape, types[0].dtype)
    except IndexError as error:
        raise ShapeError(f"{error} (operand {types[0]})") from None


def take(types: Types, parameters: Parameters) -> TensorType:
    (x,) = types
    indices = parameters["indices"]
    axis = normalize_axis(parameters["axis"], len(x.shape))
    if not isinstance(indices, tuple) or not all(isinstance(i, int) for i in indices):
        raise ShapeError(f"wants a list of ints as indices, got {indices!r}")
    for i in indices:
        if not 0 <= i < x.shape[axis]:
            raise ShapeError(f"index {i} is out of range for axis {axis} of {x}")
    return TensorType((*x.shape[:axis], len(indices), *x.shape[axis + 1:]), x.dtype)
