"""From operand types and parameters to the type of a result: losses."""

from __future__ import annotations

from conformance.errors import ShapeError
from conformance.typing_rules import (
    Parameters,
    TensorType,
    Types,
    flag,
    float_operands,
    is_int,
    normalize_axis,
    number,
    one_dtype,
)

POSITIVE = ("delta", "beta", "eps")
FLAGS = ("log_input", "log_target")
REDUCTIONS = ("none", "mean", "sum")


def elementwise(types: Types, parameters: Parameters) -> TensorType:
    """One loss for each element of operands of one shape, before the reduction."""
    _check(types, parameters, REDUCTIONS)
    return _reduced(types, parameters, types[0].shape)


def divergence(types: Types, parameters: Parameters) -> TensorType:
    """Elementwise, and summed and divided by the length of the first axis as "batchmean"."""
    _check(types, parameters, (*REDUCTIONS, "batchmean"))
    if parameters["reduction"] == "batchmean" and not types[0].shape:
        raise ShapeError('wants an axis to divide by the length of for reduction="batchmean"')
    return _reduced(types, parameters, types[0].shape)


def of_rows(types: Types, parameters: Parameters) -> TensorType:
    """One loss for each row of classes."""
    _check(types, parameters, REDUCTIONS)
    if not 1 <= len(types[0].shape) <= 2 or not types[0].size:
        raise ShapeError(f"wants classes in one row or in rows, got {types[0]}")
    return _reduced(types, parameters, types[0].shape[:-1])


def of_indices(types: Types, parameters: Parameters) -> TensorType:
    """One loss for each row of classes, the index of each row's class being a parameter."""
    _check(types, parameters, REDUCTIONS)
    (x,) = types
    if len(x.shape) != 2 or not x.size:
        raise ShapeError(f"wants rows of classes, got {x}")
    target = parameters["target"]
    if not isinstance(target, tuple) or len(target) != x.shape[0] or not all(
            is_int(k) and 0 <= k < x.shape[1] for k in target):
        raise ShapeError(f"wants a class from 0 to {x.shape[1] - 1} for each of {x.shape[0]} "
                         f"rows as target, got {target!r}")
    if not 0 <= parameters.get("label_smoothing", 0) <= 1:
        raise ShapeError("wants a label_smoothing between 0 and 1, "
                         f"got {parameters['label_smoothing']!r}")
    return _reduced(types, parameters, x.shape[:1])


def similarity(types: Types, parameters: Parameters) -> TensorType:
    """One number for each pair of vectors along an axis."""
    _check(types, parameters)
    shape = types[0].shape
    axis = normalize_axis(parameters["axis"], len(shape))
    return TensorType(shape[:axis] + shape[axis + 1:], one_dtype(types))


def _check(types: Types, parameters: Parameters, reductions: tuple[str, ...] = ()) -> None:
    float_operands(types)
    if len({t.shape for t in types}) > 1:
        raise ShapeError(f"wants operands of one shape, got {' and '.join(map(str, types))}")
    for name, value in parameters.items():
        if name in FLAGS:
            flag(parameters, name)
        elif name in POSITIVE and not number(parameters, name) > 0:
            raise ShapeError(f"wants a positive {name}, got {value!r}")
        elif name in ("margin", "label_smoothing"):
            number(parameters, name)
        elif name == "reduction" and value not in reductions:
            raise ShapeError(f"wants {', '.join(reductions)} as reduction, got {value!r}")


def _reduced(types: Types, parameters: Parameters, shape: tuple[int, ...]) -> TensorType:
    return TensorType(shape if parameters["reduction"] == "none" else (), one_dtype(types))
