"""From operand types and parameters to the type of a result: order statistics."""

from __future__ import annotations

from conformance.errors import ShapeError
from conformance.typing_rules import (
    Parameters,
    TensorType,
    Types,
    along_axis,
    flag,
    is_int,
    nonempty_reduction,
    normalize_axis,
    number,
)


def sort(types: Types, parameters: Parameters) -> TensorType:
    flag(parameters, "descending")
    return along_axis(types, parameters)


def _rank(parameters: Parameters, length: int) -> int:
    k = parameters["k"]
    if not is_int(k) or not 1 <= k <= length:
        raise ShapeError(f"wants k from 1 to {length}, got {k!r}")
    return k


def topk(types: Types, parameters: Parameters) -> TensorType:
    x = along_axis(types, {"axis": -1})
    return TensorType((*x.shape[:-1], _rank(parameters, x.shape[-1])), x.dtype)


def kthvalue(types: Types, parameters: Parameters) -> TensorType:
    (x,) = types
    _rank(parameters, x.shape[normalize_axis(parameters["axis"], len(x.shape))])
    return nonempty_reduction(types, parameters)


def statistic(types: Types, parameters: Parameters) -> TensorType:
    """Over one axis or all."""
    if isinstance(parameters["axis"], tuple):
        raise ShapeError(f"wants one axis or None, got {parameters['axis']!r}")
    return nonempty_reduction(types, parameters)


def quantile(types: Types, parameters: Parameters) -> TensorType:
    if not 0 <= number(parameters, "q") <= 1:
        raise ShapeError(f"wants q from 0 to 1, got {parameters['q']!r}")
    return statistic(types, parameters)


def integral(types: Types, parameters: Parameters) -> TensorType:
    """One axis goes."""
    x = along_axis(types, parameters)
    number(parameters, "dx")
    axis = normalize_axis(parameters["axis"], len(x.shape))
    return TensorType((*x.shape[:axis], *x.shape[axis + 1:]), x.dtype)
