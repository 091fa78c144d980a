"""The `xp` that a case is given: the catalogue's operators, by their array API names."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance import aliases, ops
from conformance.errors import ShapeError, UnknownOperator
from conformance.values import Value

if TYPE_CHECKING:
    from conformance.tracing import Builder

NOT_CALLABLE = ("input", "constant", "literal", "grad", "jvp", "vjp", "jacobian", "getitem")


class Namespace:
    """Functions that record one node each, and a few constants."""

    pi = math.pi
    e = math.e
    inf = math.inf
    nan = math.nan

    def __init__(self, builder: Builder) -> None:
        self._builder = builder

    def __getattr__(self, name: str) -> Callable[..., Value]:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            if name in NOT_CALLABLE:
                raise UnknownOperator(f"there is no operator {name!r}; {aliases.hint(name)}")
            op = ops.get(name)
        except UnknownOperator as error:
            raise UnknownOperator(f"xp.{name}: {error.message}", self._builder.line()) from None
        return lambda *arguments, **keywords: self._call(op, arguments, keywords)

    def __dir__(self) -> list[str]:
        return [*object.__dir__(self), *(n for n in ops.CATALOGUE if n not in NOT_CALLABLE)]

    def asarray(self, values: Any, **unknown: Any) -> Value:
        """A constant array, its floats in the dtype of the run."""
        self._refuse("asarray", unknown)
        return values if isinstance(values, Value) else self._builder.constant(values)

    def zeros(self, shape: tuple[int, ...] | int, **unknown: Any) -> Value:
        """A constant array of zeros."""
        return self._filled("zeros", shape, 0.0, unknown)

    def ones(self, shape: tuple[int, ...] | int, **unknown: Any) -> Value:
        """A constant array of ones."""
        return self._filled("ones", shape, 1.0, unknown)

    def full(self, shape: tuple[int, ...] | int, fill_value: float, **unknown: Any) -> Value:
        """A constant array of one number."""
        return self._filled("full", shape, float(fill_value), unknown)

    def _filled(self, name: str, shape: Any, number: float, unknown: dict[str, Any]) -> Value:
        self._refuse(name, unknown)
        try:
            return self._builder.constant(np.full(shape, number))
        except (TypeError, ValueError) as error:
            raise ShapeError(f"{name}: wants a shape such as (2, 3), got {shape!r}: {error}",
                             self._builder.line()) from None

    def _refuse(self, name: str, unknown: dict[str, Any]) -> None:
        for parameter in unknown:
            raise ShapeError(f"{name}: has no parameter {parameter!r}; floats take the dtype of "
                             "the run", self._builder.line())

    def _call(self, op: ops.Op, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Value:
        count = 1 if op.arity is None else op.arity
        operands, rest = arguments[:count], arguments[count:]
        if op.arity is None:
            if len(operands) != 1 or not isinstance(operands[0], (list, tuple)):
                raise ShapeError(f"{op.name}: wants its tensors in one list, as in "
                                 f"xp.{op.name}([a, b])", self._builder.line())
            operands = tuple(operands[0])
        positional = dict(zip(op.parameters, rest, strict=False))
        twice = [name for name in positional if name in keywords]
        if len(rest) > len(op.parameters) or twice:
            got = f"{twice[0]!r} twice" if twice else f"{len(arguments)} argument(s)"
            takes = ", ".join(["a list" if op.arity is None else f"{count} operand(s)",
                               *op.parameters])
            raise ShapeError(f"{op.name}: takes {takes}; got {got}", self._builder.line())
        return self._builder.apply(op.name, operands, {**positional, **keywords})
