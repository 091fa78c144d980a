"""From operand types and parameters to the type of a result: normalisations, attention, layers."""

from __future__ import annotations

import math
from collections.abc import Callable

from conformance.errors import ShapeError
from conformance.typing_rules import (
    Parameters,
    TensorType,
    Types,
    float_operands,
    is_int,
    normalize_axes,
    one_dtype,
)

# --- normalisations ----------------------------------------------------------------------------

def normalized(types: Types, parameters: Parameters) -> TensorType:
    """x over some of its axes, without weights."""
    float_operands(types)
    positive(parameters, "epsilon")
    (x,) = types
    if any(x.shape[a] == 0 for a in normalize_axes(parameters["axis"], len(x.shape))):
        raise ShapeError(f"cannot normalise over an empty dimension of {x}")
    return x


def last_axes(types: Types, parameters: Parameters) -> TensorType:
    """x over its last axes, with weight (and bias) of their shape."""
    x, *others = types
    one_dtype(types)
    normalized((x,), parameters)
    axes = normalize_axes(parameters["axis"], len(x.shape))
    if sorted(axes) != list(range(len(x.shape) - len(axes), len(x.shape))) or not axes:
        raise ShapeError(f"wants the last axes of {x} as axis, got {parameters['axis']!r}")
    for t in others:
        if t.shape != x.shape[len(x.shape) - len(axes):]:
            raise ShapeError(f"wants weights of the shape {x.shape[-len(axes):]}, got {t}")
    return x


def channels(least: int, *, batch: bool = False) -> Callable[[Types, Parameters], TensorType]:
    """x (batch, channels, *spatial) of at least so many axes, with weight and bias a channel.

    batch: whether the batch is normalised over, rather than each element of it on its own.
    """
    def infer(types: Types, parameters: Parameters) -> TensorType:
        float_operands(types)
        one_dtype(types)
        positive(parameters, "epsilon")
        x, *others = types
        if len(x.shape) < least:
            raise ShapeError(f"wants at least {least} dimensions (batch, channels, ...), got {x}")
        for t in others:
            if t.shape != x.shape[1:2]:
                raise ShapeError(f"wants a weight and a bias for each of the channels of {x}, "
                                 f"got {t}")
        if 0 in x.shape[2:] or (batch and not x.shape[0]):
            raise ShapeError(f"cannot normalise over an empty dimension of {x}")
        return x

    return infer


def grouped_channels(types: Types, parameters: Parameters) -> TensorType:
    x, groups = types[0], parameters["groups"]
    found = channels(2)(types, parameters)
    if not is_int(groups) or groups < 1 or x.shape[1] % groups or not x.shape[1]:
        raise ShapeError(f"wants groups that divide the channels of {x}, got {groups!r}")
    return found


def neighbours(types: Types, parameters: Parameters) -> TensorType:
    """x (batch, channels, ...), as torch three dimensions or more."""
    float_operands(types)
    (x,) = types
    if len(x.shape) < 3:
        raise ShapeError(f"wants at least 3 dimensions (batch, channels, ...), got {x}")
    if not is_int(parameters["size"]) or parameters["size"] < 1:
        raise ShapeError(f"wants an int above 0 as size, got {parameters['size']!r}")
    for name in ("alpha", "beta", "k"):
        positive(parameters, name)
    return x


def positive(parameters: Parameters, name: str) -> float:
    """A number above 0."""
    value = parameters[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
        raise ShapeError(f"wants a number above 0 as {name}, got {value!r}")
    return value


# --- layers ------------------------------------------------------------------------------------

def linear(types: Types, parameters: Parameters) -> TensorType:
    """x (..., n), weight (m, n), bias (m,)."""
    float_operands(types)
    x, weight, bias = types
    if not x.shape or len(weight.shape) != 2 or x.shape[-1] != weight.shape[1]:
        raise ShapeError(f"wants x (..., n) and weight (m, n), got {x} and {weight}")
    if bias.shape != weight.shape[:1]:
        raise ShapeError(f"wants a bias of the shape {weight.shape[:1]}, got {bias}")
    return TensorType((*x.shape[:-1], weight.shape[0]), one_dtype(types))


def bilinear(types: Types, parameters: Parameters) -> TensorType:
    """x (..., i), w (..., j), weight (m, i, j)."""
    float_operands(types)
    x, w, weight = types
    fits = x.shape and len(weight.shape) == 3 and x.shape[:-1] == w.shape[:-1] != w.shape
    if not fits or (x.shape[-1], w.shape[-1]) != weight.shape[1:]:
        raise ShapeError(f"wants x (..., i), w (..., j) and weight (m, i, j), "
                         f"got {x}, {w} and {weight}")
    return TensorType((*x.shape[:-1], weight.shape[0]), one_dtype(types))


def attention(types: Types, parameters: Parameters) -> TensorType:
    """query (batch, heads, m, d), key and value (batch, heads, n, d)."""
    float_operands(types)
    query, key, value = types
    if len(query.shape) != 4 or key.shape != value.shape or 0 in key.shape:
        raise ShapeError("wants query (batch, heads, m, d), and key and value "
                         f"(batch, heads, n, d), not empty, got {query}, {key} and {value}")
    if key.shape[:2] != query.shape[:2] or key.shape[3] != query.shape[3]:
        raise ShapeError(f"wants the batch, heads and features of {query} in {key} too")
    if parameters["scale"] is not None:
        positive(parameters, "scale")
    if not isinstance(parameters["is_causal"], bool):
        raise ShapeError(f"wants True or False as is_causal, got {parameters['is_causal']!r}")
    return TensorType(query.shape, one_dtype(types))
