"""What a case means: a frozen, typed graph, equal by structure, with a lossless JSON form."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from conformance import ops
from conformance.errors import ConformanceError, GraphError, Location, ShapeError
from conformance.positions import Positions
from conformance.typing_rules import TensorType, is_int

DERIVATIVES = ("grad", "jvp", "vjp", "jacobian")
LEAVES = ("input", "constant", "literal")
PLAIN = (type(None), bool, int, float, complex, str, type(Ellipsis))


@dataclass(frozen=True, eq=False)
class Node:
    """One operation of a graph.

    inputs are positions of earlier nodes. parameters are sorted by name; their values are None,
    bool, int, float, complex, str, slice, Ellipsis and tuples of these. `name` (the variable that
    the author gave it) and `where` (file and line) explain the node and do not count for equality.
    """

    op: str
    inputs: tuple[int, ...]
    parameters: tuple[tuple[str, Any], ...]
    type: TensorType
    name: str | None = None
    where: Location | None = None

    def __getitem__(self, parameter: str) -> Any:
        """The value of one parameter."""
        return dict(self.parameters)[parameter]

    @cached_property
    def key(self) -> tuple[Any, ...]:
        """What equality and hash go by."""
        # repr tells 1 from 1.0 and 0.0 from -0.0, equates NaN with NaN, and hashes slices
        return (self.op, self.inputs, repr(self.parameters), self.type)

    def __eq__(self, other: object) -> bool:
        return self.key == other.key if isinstance(other, Node) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass(frozen=True)
class Output:
    """A named result; `closed_form` is the node that the author claims it equals, if any."""

    name: str
    node: int
    closed_form: int | None = None


@dataclass(frozen=True)
class Graph:
    """Nodes in topological order, and the results asked for. Checked when it is built."""

    nodes: tuple[Node, ...]
    outputs: tuple[Output, ...]

    def __post_init__(self) -> None:
        for position in range(len(self.nodes)):
            _check_node(self.nodes, position)
        if not self.outputs:
            raise GraphError("a graph has at least one output")
        for output in self.outputs:
            self._check_output(output)
        for what, names in (("outputs", [output.name for output in self.outputs]),
                            ("inputs", [self.nodes[i]["name"] for i in self.inputs])):
            twice = [name for name, count in Counter(names).items() if count > 1]
            if twice:
                raise GraphError(f"two {what} are called {twice[0]!r}")

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    @property
    def inputs(self) -> tuple[int, ...]:
        """Positions of the named leaves, in order of appearance."""
        return tuple(i for i, node in enumerate(self.nodes) if node.op == "input")

    @cached_property
    def ancestors(self) -> tuple[Positions, ...]:
        """For each node, itself and every node that it is computed from."""
        found: list[Positions] = []
        for position, node in enumerate(self.nodes):
            found.append(Positions({position}).with_all(found[i] for i in node.inputs))
        return tuple(found)

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """For each node, the number of gradients nested below it."""
        levels: list[int] = []
        for node in self.nodes:
            below = max((levels[i] for i in node.inputs), default=0)
            levels.append(below + (node.op in DERIVATIVES))
        return tuple(levels)

    def program(self) -> frozenset[int]:
        """The nodes that the outputs need; closed forms are not among them."""
        return frozenset().union(*(self.ancestors[output.node] for output in self.outputs))

    def to_json(self) -> dict[str, Any]:
        """A JSON document that `from_json` turns into an equal graph."""
        from conformance.serialization import graph_to_json

        return graph_to_json(self)

    @staticmethod
    def from_json(document: Mapping[str, Any]) -> Graph:
        """The graph of a JSON document; raises GraphError on anything the schema refuses."""
        from conformance.serialization import graph_from_json

        return graph_from_json(document)

    def _check_output(self, output: Output) -> None:
        if not output.name or not isinstance(output.name, str):
            raise GraphError(f"an output has a name, got {output.name!r}")
        for position in (output.node, output.closed_form):
            if position is not None and not (is_int(position) and 0 <= position < len(self.nodes)):
                raise GraphError(f"output {output.name!r} names node {position!r}, "
                                 f"but there are {len(self.nodes)}")
        result = self.nodes[output.node].type
        if not result.is_inexact:
            raise GraphError(f"output {output.name!r} is {result}; outputs are floating point")


def _describe(nodes: tuple[Node, ...], position: int, node: Node) -> str:
    """`add(float32[2], float32[3]) (cases/a.py:3)`, as far as it can be said."""
    types = ", ".join(str(nodes[i].type) for i in node.inputs if is_int(i) and 0 <= i < position)
    place = f" ({node.where})" if node.where else ""
    return f"{node.op}({types}){place}"


def _check_node(nodes: tuple[Node, ...], position: int) -> None:
    try:
        _check_meaning(nodes, position, nodes[position])
    except ConformanceError as error:
        raise GraphError(f"node {position}, {_describe(nodes, position, nodes[position])}: "
                         f"{error}") from None


def _check_meaning(nodes: tuple[Node, ...], position: int, node: Node) -> None:
    op = ops.get(node.op)
    if not all(is_int(i) and 0 <= i < position for i in node.inputs):
        raise GraphError(f"its inputs {node.inputs} must be positions of earlier nodes")
    if op.arity is not None and len(node.inputs) != op.arity:
        raise GraphError(f"takes {op.arity} operand(s), got {len(node.inputs)}")
    parameters = dict(node.parameters)
    if [name for name, _ in node.parameters] != sorted(op.parameters):
        raise GraphError(f"has parameters {sorted(parameters)}, wants {sorted(op.parameters)}")
    for name, value in parameters.items():
        if not _is_plain(value):
            raise GraphError(f"its parameter {name!r} has no JSON form: {value!r}")
    if node.op in LEAVES:
        _check_leaf(node)
        return
    inferred = op.infer(tuple(nodes[i].type for i in node.inputs), parameters)
    if inferred != node.type:
        raise GraphError(f"is declared {node.type}, but its operands give {inferred}")


def _is_plain(value: Any) -> bool:
    # exact types: NumPy's numbers are subclasses of Python's and print differently
    if type(value) is tuple:
        return all(map(_is_plain, value))
    if type(value) is slice:
        return all(type(part) in (type(None), int)
                   for part in (value.start, value.stop, value.step))
    return type(value) in PLAIN


def _check_leaf(node: Node) -> None:
    if node.op == "input":
        if not node["name"] or not isinstance(node["name"], str):
            raise GraphError(f"an input has a name, got {node['name']!r}")
        if node["kind"] not in ("constant", "variable"):
            raise GraphError(f"an input is a constant or a variable, got {node['kind']!r}")
        return
    if node.op == "literal" and node.type.shape:
        raise ShapeError(f"a literal is 0-d, got {node.type}")
    numbers = (node["value"],) if node.op == "literal" else node["value"]
    if not isinstance(numbers, tuple) or len(numbers) != node.type.size:
        raise ShapeError(f"holds {numbers!r}, but {node.type} has {node.type.size} element(s)")
    for number in numbers:
        if not _holds(node.type, number):
            raise ShapeError(f"{node.type} cannot hold {number!r}")


def _holds(kind: TensorType, number: Any) -> bool:
    if kind.dtype == "bool" or isinstance(number, bool):
        return kind.dtype == "bool" and isinstance(number, bool)
    if isinstance(number, int):  # an int that floats meet stays an int, but must fit a float
        return -2**63 <= number < 2**63
    if isinstance(number, complex):
        return kind.is_complex and math.isfinite(number.real) and math.isfinite(number.imag)
    return isinstance(number, float) and kind.is_inexact
