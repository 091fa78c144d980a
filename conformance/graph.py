"""What a case means: a frozen, typed graph, equal by structure, with a lossless JSON form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from conformance import ops
from conformance.errors import ConformanceError, GraphError, Location, ShapeError
from conformance.typing_rules import TensorType

LEAVES = ("input", "constant", "literal")


@dataclass(frozen=True, eq=False)
class Node:
    """One operation of a graph.

    inputs are positions of earlier nodes. `name` (the variable that the author gave it) and
    `where` (file and line) explain the node and do not take part in equality.
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
        for position, node in enumerate(self.nodes):
            try:
                _check_node(self.nodes, position, node)
            except ConformanceError as error:
                place = f" ({node.where})" if node.where else ""
                raise GraphError(f"node {position} {node.op!r}{place}: {error}") from None
        for output in self.outputs:
            for target in (output.node, output.closed_form):
                if target is not None and not 0 <= target < len(self.nodes):
                    raise GraphError(f"output {output.name!r} names node {target}, "
                                     f"but there are {len(self.nodes)}")
        names = [output.name for output in self.outputs]
        if len(set(names)) != len(names):
            raise GraphError(f"two outputs with one name among {names}")

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    @property
    def inputs(self) -> tuple[int, ...]:
        """Positions of the named leaves, in order of appearance."""
        return tuple(i for i, node in enumerate(self.nodes) if node.op == "input")

    @cached_property
    def ancestors(self) -> tuple[frozenset[int], ...]:
        """For each node, itself and every node that it is computed from."""
        found: list[frozenset[int]] = []
        for position, node in enumerate(self.nodes):
            found.append(frozenset({position}).union(*(found[i] for i in node.inputs)))
        return tuple(found)

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """For each node, the number of gradients nested below it."""
        levels: list[int] = []
        for node in self.nodes:
            below = max((levels[i] for i in node.inputs), default=0)
            levels.append(below + (node.op == "grad"))
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


def _check_node(nodes: tuple[Node, ...], position: int, node: Node) -> None:
    op = ops.get(node.op)
    if any(not 0 <= i < position for i in node.inputs):
        raise GraphError(f"inputs {node.inputs} must be earlier nodes")
    if op.arity is not None and len(node.inputs) != op.arity:
        raise GraphError(f"takes {op.arity} operand(s), got {len(node.inputs)}")
    parameters = dict(node.parameters)
    if set(parameters) != set(op.parameters):
        raise GraphError(f"has parameters {sorted(parameters)}, wants {sorted(op.parameters)}")
    if node.op in LEAVES:
        _check_leaf(node)
        return
    inferred = op.infer(tuple(nodes[i].type for i in node.inputs), parameters)
    if inferred != node.type:
        raise GraphError(f"is declared {node.type}, but its operands give {inferred}")


def _check_leaf(node: Node) -> None:
    if node.op == "input" and node["kind"] not in ("constant", "variable"):
        raise GraphError(f"an input is a constant or a variable, got {node['kind']!r}")
    if node.op == "constant" and len(node["value"]) != node.type.size:
        raise ShapeError(f"holds {len(node['value'])} number(s) for {node.type}")
    if node.op == "literal" and node.type.shape:
        raise ShapeError(f"a literal is 0-d, got {node.type}")
