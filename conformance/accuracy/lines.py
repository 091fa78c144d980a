"""What is swept: operators as functions of one number, by what the catalogue says of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from conformance import ops
from conformance.backends.literals import number
from conformance.errors import ShapeError, UsageError
from conformance.graph import Graph, Node, Output
from conformance.ops import Op
from conformance.typing_rules import REQUIRED, TensorType

ORDERS = (0, 1, 2)
NAMES = ("value", "first", "second")  # the outputs of a line's graph, by order
# the other operands of an operator with several: small and not whole, whole, negative
FIXED = (0.5, 3.0, -2.0)
MOST_PARAMETERS = 3  # choices that are swept where an operator has no usable defaults

Parameters = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Line:
    """An operator of which one operand varies, and the other operands and parameters do not.

    position: of the operand that varies. fixed: the other operands, in order.
    """

    op: str
    position: int = 0
    fixed: tuple[float, ...] = ()
    parameters: Parameters = ()

    @property
    def label(self) -> str:
        """`exp`, `pow(x, 0.5)`, `clip(x, max=2)`."""
        operands = [number(value).removesuffix(".0") for value in self.fixed]
        operands.insert(self.position, "x")
        defaults = ops.get(self.op).parameters
        named = [f"{name}={value!r}" for name, value in self.parameters if value != defaults[name]]
        return f"{self.op}({', '.join([*operands, *named])})" if self.fixed or named else self.op

    @property
    def interval(self) -> tuple[float, float]:
        """Where the operand may be, ends included."""
        everywhere = (float("-inf"), float("inf"))
        return everywhere if self.fixed else ops.get(self.op).interval or everywhere

    def graph(self, shape: tuple[int, ...], dtype: str, orders: Iterable[int]) -> Graph:
        """The operator of an input x, and as many derivatives as the largest order needs."""
        scalar, kind = TensorType((), dtype), TensorType(shape, dtype)
        nodes = [Node("input", (), (("kind", "constant"), ("name", "x")), kind, "x")]
        nodes += [Node("literal", (), (("value", value),), scalar) for value in self.fixed]
        operands = list(range(1, len(nodes)))
        operands.insert(self.position, 0)
        last = len(nodes)
        nodes.append(Node(self.op, tuple(operands), self.parameters, kind, "y"))
        for order, name in zip(range(1, max(orders) + 1), ("dy_dx", "d2y_dx2"), strict=False):
            nodes.append(Node("grad", (last + order - 1, 0), (), kind, name))
        return Graph(tuple(nodes), tuple(Output(NAMES[order], last + order) for order in orders))


def select(names: Iterable[str] = ()) -> list[Line]:
    """The lines of these operators; of every one that can be swept where none is named.

    Raises UnknownOperator for a name that the catalogue lacks, UsageError for an operator that
    does not work on one number.
    """
    names = list(dict.fromkeys(names))
    found = [line for op in (map(ops.get, names) if names else ops.CATALOGUE.values())
             for line in lines_of(op)]
    for name in names:
        if not any(line.op == name for line in found):
            raise UsageError(f"{name!r} cannot be swept: it does not make one number of one; "
                             "accuracy is of elementwise operators")
    return found


def lines_of(op: Op) -> list[Line]:
    """An operator's lines, none where it is no function of single numbers."""
    from conformance.oracle.rules import ELEMENTWISE

    if op.name not in ELEMENTWISE or not op.arity:
        return []
    return [Line(op.name, position, fixed, parameters) for parameters in _parameters(op)
            for position, fixed in _operands(op)]


def _operands(op: Op) -> Iterator[tuple[int, tuple[float, ...]]]:
    """Each operand in turn varies; the others stand at a fixed value, each at another one.

    One choice of these is enough where the operator is linear in each operand, but for kinks.
    """
    if op.arity == 1:
        yield 0, ()
        return
    choices = 1 if op.linearity in ("linear", "bilinear", "piecewise") else len(FIXED)
    for position in range(op.arity):
        for first in range(choices):
            yield position, tuple(FIXED[(first + k) % len(FIXED)] for k in range(op.arity - 1))


def _parameters(op: Op) -> list[Parameters]:
    """The defaults where there are any that suffice, else what the suite's own cases use."""
    defaults = tuple(sorted(op.parameters.items()))
    if REQUIRED not in op.parameters.values() and _makes_a_number(op, defaults):
        return [defaults]
    return [choice for choice in used_parameters().get(op.name, ())
            if _makes_a_number(op, choice)][:MOST_PARAMETERS]


def _makes_a_number(op: Op, parameters: Parameters) -> bool:
    scalar = TensorType((), "float64")
    try:
        return op.infer((scalar,) * (op.arity or 0), dict(parameters)) == scalar
    except ShapeError:
        return False


@cache
def used_parameters() -> dict[str, list[Parameters]]:
    """The parameters that the suite's cases give to each operator, without repetition."""
    from conformance.discovery import load_cases

    found: dict[str, dict[str, Parameters]] = {}
    for case in load_cases().cases:
        for node in case.graph():
            found.setdefault(node.op, {}).setdefault(repr(node.parameters), node.parameters)
    return {op: list(choices.values()) for op, choices in found.items()}
