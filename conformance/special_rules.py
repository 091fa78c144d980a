"""From operand types and parameters to the type of a result: special functions."""

from __future__ import annotations

from conformance.errors import ShapeError
from conformance.typing_rules import Parameters, TensorType, Types, elementwise, is_int


def polygamma(types: Types, parameters: Parameters) -> TensorType:
    return _with_order(types, parameters, "n", 0)


def multigammaln(types: Types, parameters: Parameters) -> TensorType:
    return _with_order(types, parameters, "p", 1)


def _with_order(types: Types, parameters: Parameters, name: str, least: int) -> TensorType:
    if not is_int(parameters[name]) or parameters[name] < least:
        raise ShapeError(f"wants a whole number >= {least} as {name}, got {parameters[name]!r}")
    return elementwise(types, parameters)
