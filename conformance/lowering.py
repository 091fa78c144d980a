"""jvp, vjp and jacobian in terms of grad, for backends that are asked for gradients alone."""

from __future__ import annotations

import math
from typing import Any

from conformance import ops
from conformance.graph import Graph, Node, Output
from conformance.typing_rules import TensorType


def lowered(graph: Graph) -> Graph:
    """An equal program whose only derivatives are gradients; the graph itself where it is one.

    vjp(y, x, v) is the gradient of sum(y v); jvp(y, x, v) that of sum(grad(y u, x) v) for u, in
    which it is linear; a Jacobian is a gradient for each element of its target.
    """
    if not any(node.op in _LOWERINGS for node in graph):
        return graph
    return _Lowering(graph).result()


class _Lowering:
    """The nodes of the new program, as they are made."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes: list[Node] = []
        self.place: list[int] = []  # old position -> new position
        self.node: Node  # that is being lowered

    def result(self) -> Graph:
        for node in self.graph:
            self.node = node
            if node.op in _LOWERINGS:
                position = _LOWERINGS[node.op](self, *node.inputs)
                # the name that an author gave is the last step's
                made = self.nodes[position]
                self.nodes[position] = Node(made.op, made.inputs, made.parameters, made.type,
                                            node.name, made.where)
            else:
                self.nodes.append(Node(node.op, tuple(self.place[i] for i in node.inputs),
                                       node.parameters, node.type, node.name, node.where))
                position = len(self.nodes) - 1
            self.place.append(position)
        return Graph(tuple(self.nodes), tuple(
            Output(o.name, self.place[o.node],
                   None if o.closed_form is None else self.place[o.closed_form])
            for o in self.graph.outputs))

    def add(self, op: str, *inputs: int, **parameters: Any) -> int:
        kind = parameters.pop("type", None)
        bound = ops.get(op).bind(parameters)
        types = tuple(self.nodes[i].type for i in inputs)
        self.nodes.append(Node(op, inputs, tuple(sorted(bound.items())),
                               kind or ops.get(op).infer(types, bound), where=self.node.where))
        return len(self.nodes) - 1

    def ones(self, kind: TensorType) -> int:
        return self.add("constant", value=(1.0,) * kind.size, type=kind)

    def vjp(self, target: int, source: int, cotangent: int) -> int:
        y, x, v = (self.place[i] for i in (target, source, cotangent))
        if source not in self.graph.ancestors[cotangent]:
            return self.add("grad", self.add("multiply", y, v), x)
        # a cotangent that follows the source is to be held: the transposed Jacobian times it
        kind, count = self.nodes[y].type, self.nodes[y].type.size
        weights = self.add("reshape", v, shape=(count,))
        total = self.add("multiply", x, self.add("literal", value=0.0,
                                                 type=TensorType((), kind.dtype)))
        for k, row in enumerate(self.rows(y, x)):
            total = self.add("add", total, self.add(
                "multiply", row, self.add("getitem", weights, index=(k,))))
        return total

    def jvp(self, target: int, source: int, tangent: int) -> int:
        y, x, v = (self.place[i] for i in (target, source, tangent))
        u = self.ones(self.nodes[y].type)
        slope = self.add("grad", self.add("multiply", y, u), x)
        return self.add("grad", self.add("multiply", slope, v), u)

    def jacobian(self, target: int, source: int) -> int:
        y, x = self.place[target], self.place[source]
        shape = self.nodes[y].type.shape + self.nodes[x].type.shape
        if not math.prod(shape):
            return self.add("constant", value=(), type=TensorType(shape, self.nodes[y].type.dtype))
        return self.add("reshape", self.add("stack", *self.rows(y, x), axis=0), shape=shape)

    def rows(self, y: int, x: int) -> list[int]:
        flat = self.add("reshape", y, shape=(self.nodes[y].type.size,))
        return [self.add("grad", self.add("getitem", flat, index=(k,)), x)
                for k in range(self.nodes[y].type.size)]


_LOWERINGS = {"vjp": _Lowering.vjp, "jvp": _Lowering.jvp, "jacobian": _Lowering.jacobian}
