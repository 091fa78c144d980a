"""What a graph's structure says about derivatives: which can flow, and which values matter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from conformance import ops
from conformance.graph import Graph, Node
from conformance.positions import Positions


@dataclass(frozen=True)
class Factor:
    """Part of a product: linear in the sum of some earlier steps, or else a function of them."""

    steps: frozenset[int]
    linear: bool = True


@dataclass(frozen=True)
class Step:
    """What one operation computes, as far as derivatives can see: a product of factors.

    op: the operator, or the one whose backward this is.
    """

    op: str
    factors: tuple[Factor, ...] = ()

    @property
    def inputs(self) -> frozenset[int]:
        return frozenset().union(*(factor.steps for factor in self.factors))


class Flow:
    """Through which nodes derivatives flow, of any order, from operators' linearity alone.

    It goes backward over a graph as an engine would, but writes down only which values each
    cotangent is computed from. It is why d(3x)/dx is known not to depend on x.

    through_result: operators whose backward reads their result, rather than their operands.
    """

    def __init__(self, graph: Graph, through_result: frozenset[str] = frozenset()) -> None:
        self._through_result = through_result
        self._steps: list[Step] = []
        self._reach: list[Positions] = []  # of each step, the steps it has a derivative for
        self._of: list[int] = []  # node -> step
        self._asked: dict[tuple[int, ...], int] = {}  # how often a gradient was asked for before
        self._cotangents: dict[tuple[int, int], dict[tuple, int]] = {}
        self.seen: list[frozenset[int]] = []  # of each gradient, the steps that it went back over
        # of each step of a pass backward: the pass, and the step that it is the backward of
        self.origin: dict[int, tuple[int, int, int]] = {}
        for node in graph:
            went_over: frozenset[int] = frozenset()
            if node.op == "grad":
                target, source = (self._of[i] for i in node.inputs)
                went_over = self._between(target, source)
                again = self._asked[node.inputs] = self._asked.get(node.inputs, -1) + 1
                cotangent = self._backward(target, source, went_over, again)
                step = self._add(Step("grad", _product(_linear([cotangent]))))
            else:
                step = self._add(Step(node.op, self._factors(graph, node)))
            self._of.append(step)
            self.seen.append(went_over)

    def connected(self, target: int, source: int) -> bool:
        """Whether the gradient of `target` for `source` can be anything but a structural zero."""
        return self._of[source] in self._reach[self._of[target]]

    def leading_to(self, sources: Iterable[int], constant: Iterable[int]) -> frozenset[int]:
        """The nodes that a derivative leads from to a source, not by way of `constant` nodes."""
        found, shut = {self._of[i] for i in sources}, {self._of[i] for i in constant}
        for i, step in enumerate(self._steps):
            if i not in shut and not found.isdisjoint(step.inputs):
                found.add(i)
        return frozenset(node for node, step in enumerate(self._of) if step in found)

    def operator(self, step: int) -> str:
        """The operator that a step belongs to, forward or backward."""
        return self._steps[step].op

    def _factors(self, graph: Graph, node: Node) -> tuple[Factor, ...]:
        inputs = [self._of[i] for i in node.inputs if graph.nodes[i].type.is_inexact]
        linearity = ops.get(node.op).linearity
        if node.op == "abs" and graph.nodes[node.inputs[0]].type.is_complex:
            linearity = "nonlinear"  # its slope turns with the angle
        if node.op == "pow" and graph.nodes[node.inputs[1]].op == "literal":
            linearity = {0: "constant", 1: "linear"}.get(graph.nodes[node.inputs[1]]["value"],
                                                         linearity)
        if linearity == "constant" or not inputs:
            return ()
        if linearity in ("linear", "piecewise"):  # a mask has the derivative zero
            return _product(_linear(inputs))
        if linearity == "bilinear":
            return _product(*(_linear([i]) for i in inputs))
        if linearity == "quotient":
            return _product(_linear(inputs[:1]), Factor(frozenset(inputs[1:]), linear=False))
        return _product(Factor(frozenset(inputs), linear=False))

    def _add(self, step: Step) -> int:
        self._steps.append(step)
        here = Positions({len(self._steps) - 1})
        self._reach.append(here.with_all(self._reach[i] for i in step.inputs))
        return len(self._steps) - 1

    def _between(self, target: int, source: int) -> frozenset[int]:
        return frozenset(i for i in self._reach[target] - {source} if source in self._reach[i])

    def _backward(self, target: int, source: int, path: frozenset[int], call: int) -> int:
        """The step that is the cotangent of `source`; a constant where nothing leads to it.

        Cotangents on the way to several sources of one call are computed once.
        """
        known = self._cotangents.setdefault((target, call), {})
        parts: dict[int, list[int]] = {target: [self._once(known, ("seed",), Step("ones_like"))]}
        for i in sorted(path, reverse=True):
            step, dy = self._steps[i], self._sum(known, i, parts[i])
            for position, factor in enumerate(step.factors):
                others = self._others(i, position)
                for j in sorted(factor.steps & (path | {source})):
                    dx = Step(step.op, _product(_linear([dy]), *others))
                    part = self._once(known, (i, position, j), dx)
                    self.origin.setdefault(part, (target, call, i))
                    parts.setdefault(j, []).append(part)
        return self._sum(known, source, parts.get(source, []))

    def _others(self, i: int, position: int) -> tuple[Factor, ...]:
        """What the derivative of a step's factor is multiplied by."""
        step = self._steps[i]
        before, factor, after = step.factors[:position], step.factors[position], (
            step.factors[position + 1:])
        if factor.linear:
            return before + after
        read = frozenset({i}) if step.op in self._through_result else factor.steps
        return (*before, Factor(read, linear=False), *after)

    def _sum(self, known: dict[tuple, int], i: int, parts: list[int]) -> int:
        if len(parts) == 1:
            return parts[0]
        return self._once(known, ("sum", i), Step("add", _product(_linear(parts))))

    def _once(self, known: dict[tuple, int], key: tuple, step: Step) -> int:
        if key not in known:
            known[key] = self._add(step)
        return known[key]


def _linear(steps: Iterable[int]) -> Factor:
    return Factor(frozenset(steps))


def _product(*factors: Factor) -> tuple[Factor, ...]:
    return tuple(factor for factor in factors if factor.steps)


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
