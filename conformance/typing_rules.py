"""From operand types and parameters to the type of a result: types, arithmetic and reductions."""

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
        check_shape(self.shape)

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


# --- what the rules share ----------------------------------------------------------------------

def is_int(value: Any) -> bool:
    """Whether this is a Python int, which to Python a bool is as well."""
    return isinstance(value, int) and not isinstance(value, bool)


def check_shape(shape: Any) -> tuple[int, ...]:
    """The shape as it is; raises ShapeError unless it is a tuple of lengths."""
    if not isinstance(shape, tuple) or not all(is_int(n) and n >= 0 for n in shape):
        raise ShapeError(f"wants a shape, a tuple of lengths such as (2, 3), got {shape!r}")
    return shape


def broadcast_shapes(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """NumPy's broadcasting of shapes; raises ShapeError."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise ShapeError(f"shapes {' and '.join(map(str, shapes))} do not broadcast") from None


def normalize_axis(axis: int, ndim: int) -> int:
    """A non-negative axis; raises ShapeError when it is out of range."""
    if not is_int(axis):
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


def one_dtype(types: Types) -> str:
    """The dtype of all operands; there is no promotion."""
    dtypes = {t.dtype for t in types}
    if len(dtypes) > 1:
        raise ShapeError(f"operands of different dtypes, {' and '.join(sorted(dtypes))}; nothing "
                         f"is promoted{_floats_hint(dtypes)}")
    return types[0].dtype


def float_operands(types: Types) -> None:
    """Raise ShapeError unless every operand is floating point."""
    dtypes = {t.dtype for t in types if not t.is_float}
    if dtypes:
        raise ShapeError("wants floating-point operands, "
                         f"got {' and '.join(sorted(dtypes))}{_floats_hint(dtypes)}")


def _floats_hint(dtypes: set[str]) -> str:
    hints = {"int64": "write 3.0 rather than 3",
             "bool": "use a condition as in xp.where(x > 0, x, 0.0)"}
    found = [hint for dtype, hint in hints.items() if dtype in dtypes]
    return f"; {' and '.join(found)}" if found else ""


def flag(parameters: Parameters, name: str) -> bool:
    """A parameter that is True or False; raises ShapeError."""
    if not isinstance(parameters[name], bool):
        raise ShapeError(f"wants True or False as {name}, got {parameters[name]!r}")
    return parameters[name]


def number(parameters: Parameters, name: str) -> float:
    """A parameter that is a number; raises ShapeError."""
    value = parameters[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
        raise ShapeError(f"wants a Python number as {name}, got {value!r}")
    return value


# --- core --------------------------------------------------------------------------------------

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


# --- elementwise -------------------------------------------------------------------------------

def elementwise(types: Types, parameters: Parameters) -> TensorType:
    float_operands(types)
    return types[0]


def broadcasting(types: Types, parameters: Parameters) -> TensorType:
    float_operands(types)
    return TensorType(broadcast_shapes(*(t.shape for t in types)), one_dtype(types))


def equality(types: Types, parameters: Parameters) -> TensorType:
    one_dtype(types)
    return TensorType(broadcast_shapes(*(t.shape for t in types)), "bool")


def ordering(types: Types, parameters: Parameters) -> TensorType:
    if any(t.dtype == "bool" for t in types):
        raise ShapeError("wants numbers to compare, got bool; "
                         "xp.equal and xp.not_equal compare conditions")
    return equality(types, parameters)


def where(types: Types, parameters: Parameters) -> TensorType:
    condition, *branches = types
    if condition.dtype != "bool":
        raise ShapeError(f"wants a bool condition first, got {condition}; compare, as in x > 0")
    return TensorType(broadcast_shapes(*(t.shape for t in types)), one_dtype(tuple(branches)))


def clip(types: Types, parameters: Parameters) -> TensorType:
    bounds = [_bound(parameters, name) for name in ("min", "max") if parameters[name] is not None]
    if not bounds:
        raise ShapeError("wants a bound: min, max or both")
    if bounds != sorted(bounds):
        raise ShapeError(f"its min {bounds[0]!r} is greater than its max {bounds[1]!r}")
    return elementwise(types, parameters)


def _bound(parameters: Parameters, name: str) -> float:
    try:
        return number(parameters, name)
    except ShapeError as error:
        raise ShapeError(f"{error.message}; "
                         "xp.maximum and xp.minimum take bounds that are arrays") from None


# --- reductions --------------------------------------------------------------------------------

def reduction(types: Types, parameters: Parameters) -> TensorType:
    float_operands(types)
    (x,) = types
    axes = normalize_axes(parameters["axis"], len(x.shape))
    if flag(parameters, "keepdims"):
        shape = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    else:
        shape = tuple(n for i, n in enumerate(x.shape) if i not in axes)
    return TensorType(shape, x.dtype)


def nonempty_reduction(types: Types, parameters: Parameters) -> TensorType:
    (x,) = types
    if any(x.shape[a] == 0 for a in normalize_axes(parameters["axis"], len(x.shape))):
        raise ShapeError(f"cannot reduce over an empty dimension of {x}")
    return reduction(types, parameters)


def variance(types: Types, parameters: Parameters) -> TensorType:
    number(parameters, "correction")
    return nonempty_reduction(types, parameters)


def along_axis(types: Types, parameters: Parameters) -> TensorType:
    float_operands(types)
    normalize_axis(parameters["axis"], len(types[0].shape))
    return types[0]
