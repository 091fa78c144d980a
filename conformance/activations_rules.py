"""From operand types and parameters to the type of a result: activations."""

from __future__ import annotations

from conformance.errors import ShapeError
from conformance.typing_rules import (
    Parameters,
    TensorType,
    Types,
    elementwise,
    float_operands,
    normalize_axis,
    number,
    one_dtype,
)


def of_numbers(types: Types, parameters: Parameters) -> TensorType:
    """Elementwise, with parameters that are numbers."""
    for name in parameters:
        number(parameters, name)
    return elementwise(types, parameters)


def of_positive_numbers(types: Types, parameters: Parameters) -> TensorType:
    for name in parameters:
        if not number(parameters, name) > 0:
            raise ShapeError(f"wants a positive {name}, got {parameters[name]!r}")
    return elementwise(types, parameters)


def gelu(types: Types, parameters: Parameters) -> TensorType:
    if parameters["approximate"] not in ("none", "tanh"):
        raise ShapeError('wants "none" or "tanh" as approximate, '
                         f"got {parameters['approximate']!r}")
    return elementwise(types, parameters)


def hardtanh(types: Types, parameters: Parameters) -> TensorType:
    low, high = number(parameters, "min_val"), number(parameters, "max_val")
    if not low < high:
        raise ShapeError(f"its min_val {low!r} is not below its max_val {high!r}")
    return elementwise(types, parameters)


def glu(types: Types, parameters: Parameters) -> TensorType:
    float_operands(types)
    (x,) = types
    axis = normalize_axis(parameters["axis"], len(x.shape))
    if x.shape[axis] % 2:
        raise ShapeError(f"wants an axis of even length, got axis {parameters['axis']} of {x}")
    half = (*x.shape[:axis], x.shape[axis] // 2, *x.shape[axis + 1:])
    return TensorType(half, x.dtype)


def prelu(types: Types, parameters: Parameters) -> TensorType:
    """One weight, or one for each channel, which is axis 1."""
    float_operands(types)
    x, weight = types
    channels = x.shape[1] if len(x.shape) > 1 else 1
    if len(weight.shape) > 1 or weight.size not in (1, channels):
        raise ShapeError(f"wants one weight, or one for each of {channels} channels, got {weight}")
    return TensorType(x.shape, one_dtype(types))
