"""What a graph's structure says about derivatives: which can flow, and which values matter."""

from __future__ import annotations

from itertools import product

from conformance import ops
from conformance.graph import Graph

Pairs = frozenset[tuple[int, int]]


class Flow:
    """Through which nodes derivatives flow, from operators' linearity alone.

    first[n]: the nodes that n may have a non-zero derivative for.
    second[n]: the pairs that n may have a non-zero second derivative for. It is why d(3x)/dx is
    known not to depend on x. Third order is not followed: there, flow is assumed.
    """

    def __init__(self, graph: Graph) -> None:
        self.first: list[frozenset[int]] = []
        self.second: list[Pairs] = []
        for position, node in enumerate(graph.nodes):
            first, second = self._through(node.op, node.inputs, ops.get(node.op).linearity)
            if node.type.is_float:
                first |= {position}
            self.first.append(first)
            self.second.append(second)

    def connected(self, target: int, source: int) -> bool:
        """Whether the gradient of `target` for `source` can be anything but a structural zero."""
        return source in self.first[target]

    def _through(self, op: str, inputs: tuple[int, ...],
                 linearity: str) -> tuple[frozenset[int], Pairs]:
        if op == "grad":
            target, source = inputs
            first = frozenset(v for v, s in self.second[target] if s == source)
            return first, frozenset(product(first, first))
        if linearity == "constant" or not inputs:
            return frozenset(), frozenset()
        first = frozenset().union(*(self.first[i] for i in inputs))
        second: Pairs = frozenset().union(*(self.second[i] for i in inputs))
        if linearity == "bilinear":
            a, b = (self.first[i] for i in inputs)
            second |= frozenset(product(a, b)) | frozenset(product(b, a))
        elif linearity == "nonlinear":
            second |= frozenset(product(first, first))
        return first, second


def uses(graph: Graph) -> dict[int, int]:
    """How often each node of the program is consumed, as an operand or as an output."""
    program = graph.program()
    count = dict.fromkeys(program, 0)
    for position in program:
        for operand in graph.nodes[position].inputs:
            count[operand] += 1
    for output in graph.outputs:
        count[output.node] += 1
    return count
