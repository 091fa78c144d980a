"""From operand types and parameters to the type of a result: types, arithmetic and reductions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.errors import NoComplexDtype, ShapeError

REQUIRED = type("Required", (), {"__repr__": lambda self: "REQUIRED"})()
FLOATS = ("float16", "bfloat16", "float32", "float64")
# the complex dtype whose parts have a float dtype; half precision has none
COMPLEX = {"float32": "complex64", "float64": "complex128"}
DTYPES = (*FLOATS, *COMPLEX.values(), "int64", "bool")


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
        """Whether it is real and floating point."""
        return self.dtype in FLOATS

    @property
    def is_complex(self) -> bool:
        return self.dtype in COMPLEX.values()

    @property
    def is_inexact(self) -> bool:
        """Whether it is floating point, real or complex: what derivatives are of."""
        return self.is_float or self.is_complex

    @property
    def real(self) -> TensorType:
        """The type of a complex value's parts; a real type as it is."""
        return TensorType(self.shape, real_of(self.dtype))

    @property
    def shape_in_parts(self) -> tuple[int, ...]:
        """The shape as real numbers: complex ones are two, along one more axis, the last."""
        return (*self.shape, 2) if self.is_complex else self.shape

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def __str__(self) -> str:
        return f"{self.dtype}{list(self.shape)}"


Types = tuple[TensorType, ...]
Parameters = Mapping[str, Any]


def complex_of(dtype: str) -> str:
    """The complex dtype whose parts are of this float dtype; raises NoComplexDtype."""
    if dtype not in COMPLEX:
        raise NoComplexDtype(f"there are no complex values with parts of {dtype}; complex cases "
                             f"run in {' and '.join(COMPLEX)}")
    return COMPLEX[dtype]


def real_of(dtype: str) -> str:
    """The dtype of a complex dtype's parts; any other dtype as it is."""
    return next((part for part, whole in COMPLEX.items() if whole == dtype), dtype)


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
    """The dtype of all operands; nothing is promoted but real beside complex."""
    dtypes = {t.dtype for t in types}
    complex_ones = [t.dtype for t in types if t.is_complex]
    if complex_ones and dtypes <= {complex_ones[0], real_of(complex_ones[0])}:
        return complex_ones[0]
    if len(dtypes) > 1:
        raise ShapeError(f"operands of different dtypes, {' and '.join(sorted(dtypes))}; nothing "
                         f"is promoted{_floats_hint(dtypes)}")
    return types[0].dtype


def float_operands(types: Types) -> None:
    """Raise ShapeError unless every operand is real and floating point."""
    if any(t.is_complex for t in types):
        raise ShapeError(f"wants real operands, got {' and '.join(t.dtype for t in types)}; "
                         "take xp.real, xp.imag or xp.abs first")
    inexact_operands(types)


def inexact_operands(types: Types) -> None:
    """Raise ShapeError unless every operand is floating point, real or complex."""
    dtypes = {t.dtype for t in types if not t.is_inexact}
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
        if not t.is_inexact:
            raise ShapeError(f"its {role} has dtype {t.dtype}, which is not differentiable; "
                             "write floats (3.0 rather than 3)")
    return source


def pulled_back(types: Types, parameters: Parameters) -> TensorType:
    """vjp(target, source, cotangent): a cotangent is of its target's type."""
    target, source, cotangent = types
    _real_derivative(types)
    if cotangent != target:
        raise ShapeError(f"its cotangent is {cotangent}, but its target is {target}")
    return source


def pushed_forward(types: Types, parameters: Parameters) -> TensorType:
    """jvp(target, source, tangent): a tangent is of its source's type."""
    target, source, tangent = types
    _real_derivative(types)
    if tangent != source:
        raise ShapeError(f"its tangent is {tangent}, but its source is {source}")
    return target


def jacobian(types: Types, parameters: Parameters) -> TensorType:
    """jacobian(target, source) has the target's axes before the source's."""
    target, source = types
    _real_derivative(types)
    return TensorType(target.shape + source.shape, target.dtype)


def _real_derivative(types: Types) -> None:
    gradient(types[:2], {})
    if any(t.is_complex for t in types):
        raise ShapeError("wants real values; of complex ones take grad, and of their parts")


# --- elementwise -------------------------------------------------------------------------------

def elementwise(types: Types, parameters: Parameters) -> TensorType:
    float_operands(types)
    return types[0]


def broadcasting(types: Types, parameters: Parameters) -> TensorType:
    float_operands(types)
    return TensorType(broadcast_shapes(*(t.shape for t in types)), one_dtype(types))


def holomorphic(types: Types, parameters: Parameters) -> TensorType:
    """Elementwise, of complex numbers too."""
    inexact_operands(types)
    return types[0]


def promoting(types: Types, parameters: Parameters) -> TensorType:
    """Broadcasting, of complex numbers too; a real operand beside a complex one is promoted."""
    inexact_operands(types)
    return TensorType(broadcast_shapes(*(t.shape for t in types)), one_dtype(types))


def magnitude(types: Types, parameters: Parameters) -> TensorType:
    """Elementwise; a real number of a complex one."""
    return holomorphic(types, parameters).real


def equality(types: Types, parameters: Parameters) -> TensorType:
    one_dtype(types)
    return TensorType(broadcast_shapes(*(t.shape for t in types)), "bool")


def ordering(types: Types, parameters: Parameters) -> TensorType:
    if any(t.dtype == "bool" for t in types):
        raise ShapeError("wants numbers to compare, got bool; "
                         "xp.equal and xp.not_equal compare conditions")
    if any(t.is_complex for t in types):
        raise ShapeError("complex numbers have no order; compare xp.real, xp.imag or xp.abs")
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
    return linear_reduction(types, parameters)


def linear_reduction(types: Types, parameters: Parameters) -> TensorType:
    """A reduction of complex numbers too: sum, mean, prod."""
    inexact_operands(types)
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


def vector_norm(types: Types, parameters: Parameters) -> TensorType:
    if not number(parameters, "ord") >= 1:
        raise ShapeError(f"wants an ord of at least 1, got {parameters['ord']!r}")
    return nonempty_reduction(types, parameters)


def along_axis(types: Types, parameters: Parameters) -> TensorType:
    float_operands(types)
    normalize_axis(parameters["axis"], len(types[0].shape))
    return types[0]
