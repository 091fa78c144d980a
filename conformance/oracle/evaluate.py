"""Evaluation of a graph in an arithmetic; gradients are coefficients of fresh infinitesimals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from flint import arb

from conformance.errors import UsageError
from conformance.graph import LEAVES, Graph, Node
from conformance.oracle import arrays
from conformance.oracle.arrays import ALONG_AXIS, REDUCTIONS, SHAPES, boxed, filled
from conformance.oracle.elementwise import ELEMENTWISE, literal
from conformance.oracle.functions import NoValue
from conformance.oracle.jets import ONE, ZERO, Arithmetic, Jet, Missing, exact_ball
from conformance.oracle.merging import uses

# (infinitesimal's bit, node, element): that infinitesimal is added to that element's value
Shift = tuple[int, int, int]
Key = tuple[int, tuple[Shift, ...]]


class Evaluation:
    """The values of a graph's nodes, for given inputs, in one arithmetic a dtype.

    The value of a node is op(operands) + the active shifts of that node. A shift survives every
    recomputation, so a gradient with respect to an intermediate is the coefficient of a shift of
    that intermediate, wherever an outer gradient recomputes it.
    """

    def __init__(self, graph: Graph, inputs: Mapping[str, np.ndarray],
                 arithmetic: Callable[[str], Arithmetic]) -> None:
        self.graph = graph
        self.inputs = inputs
        self.arithmetics = {node.type.dtype: arithmetic(node.type.dtype) for node in graph}
        self.uses = uses(graph)
        self.values: dict[Key, np.ndarray] = {}
        self.leaves: dict[int, np.ndarray] = {}  # the same objects in every evaluation, for `known`
        # (node, identities of its operands) -> (result, operands kept alive): an element that no
        # shift reaches is the same object in every evaluation of the node, and is found here
        self.known: dict[Any, tuple[Any, Any]] = {}

    def value(self, position: int) -> np.ndarray:
        """An object array of jets (or bools); what cannot be had is Missing."""
        return self.shifted((position, ()))

    def shifted(self, wanted: Key) -> np.ndarray:
        """The value of a node under shifts."""
        stack: list[Key] = [wanted]
        while stack:
            key = stack[-1]
            if key not in self.values:
                pending = [k for k in self.operands(key) if k not in self.values]
                if pending:
                    stack.extend(pending)
                    continue
                self.values[key] = self.compute(key)
            stack.pop()
        return self.values[wanted]

    def key(self, position: int, shifts: tuple[Shift, ...]) -> Key:
        """A node under the shifts that can reach it."""
        if not shifts:
            return position, ()
        ancestors = self.graph.ancestors[position]
        return position, tuple(s for s in shifts if s[1] in ancestors)

    def operands(self, key: Key) -> list[Key]:
        """What must be known to compute a node: for a gradient, its target once an element."""
        position, shifts = key
        node = self.graph.nodes[position]
        if node.op == "grad":
            target, source = node.inputs
            if source not in self.graph.ancestors[target]:
                return []
            bit = self.fresh(shifts)
            size = self.graph.nodes[source].type.size
            return [self.key(target, (*shifts, (bit, source, i))) for i in range(size)]
        if node.op == "stop_gradient":
            shifts = ()
        return [self.key(i, shifts) for i in node.inputs]

    @staticmethod
    def fresh(shifts: tuple[Shift, ...]) -> int:
        taken = sum(bit for bit, _, _ in shifts)
        return ~taken & (taken + 1)

    def compute(self, key: Key) -> np.ndarray:
        position, shifts = key
        node = self.graph.nodes[position]
        step = Step(self, position, node)
        operands = [self.values[k] for k in self.operands(key)]
        if node.op == "grad":
            value = step.gradient(self.fresh(shifts), operands)
        elif node.op in LEAVES:
            if position not in self.leaves:
                self.leaves[position] = RULES[node.op](step)
            value = self.leaves[position]
        else:
            value = RULES[node.op](step, *operands)
        own = [(bit, element) for bit, source, element in shifts if source == position]
        return step.finish(value, own)


class Step:
    """The computation of one node: everything that its rule may ask for."""

    def __init__(self, evaluation: Evaluation, position: int, node: Node) -> None:
        self.evaluation = evaluation
        self.position = position
        self.node = node
        self.arithmetic = evaluation.arithmetics[node.type.dtype]
        self.known = evaluation.known

    def missing(self, reason: NoValue) -> Missing:
        place = f"{self.node.where} {self.node.op}" if self.node.where else self.node.op
        return Missing(reason.kind, place, reason.detail, reason.final)

    def once(self, function: Callable[..., Any], arguments: tuple[Any, ...],
             tag: Any = None) -> Any:
        """function(*arguments), remembered by the identity of its arguments; never an exception."""
        key = (self.position, tag, *map(id, arguments))
        if key not in self.known:
            result = next((a for a in arguments if type(a) is Missing), None)
            if result is None:
                try:
                    result = function(*arguments)
                except NoValue as reason:
                    result = self.missing(reason)
            self.known[key] = result, arguments
        return self.known[key][0]

    def elementwise(self, rule: Callable[..., Any], *operands: np.ndarray) -> np.ndarray:
        arithmetic = self.evaluation.arithmetics[
            self.evaluation.graph.nodes[self.node.inputs[0]].type.dtype]

        def function(*jets: Any) -> Any:
            return rule(arithmetic, self.node, *jets)

        shape = self.node.type.shape
        columns = [x.flat if x.shape == shape else np.broadcast_to(x, shape).flat
                   for x in operands]
        return filled([self.once(function, jets) for jets in zip(*columns, strict=True)], shape)

    def where(self, condition: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Elementwise; nothing of the branch that is not taken comes through, Missing or not."""
        shape = self.node.type.shape
        columns = (np.broadcast_to(x, shape).flat for x in (condition, a, b))
        return filled([yes if yes is no else c if type(c) is Missing else yes if c else no
                       for c, yes, no in zip(*columns, strict=True)], shape)

    def reduction(self, rule: Callable[..., Any], x: np.ndarray) -> np.ndarray:
        rows, _, _ = arrays.fibers(x, self.node["axis"])

        def function(*fiber: Jet) -> Jet:
            return rule(self.arithmetic, self.node, fiber)

        return filled([self.once(function, tuple(row)) for row in rows], self.node.type.shape)

    def along_axis(self, rule: Callable[..., Any], x: np.ndarray) -> np.ndarray:
        rows, rest, (axis,) = arrays.fibers(x, self.node["axis"])

        def function(*fiber: Jet) -> list[Jet]:
            return rule(self.arithmetic, self.node, fiber)

        elements: list[Any] = []
        for row in rows:
            results = self.once(function, tuple(row))
            elements += [results] * len(row) if type(results) is Missing else results
        return np.moveaxis(filled(elements, (*rest, x.shape[axis])), -1, axis)

    def matmul(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        def function(*row_and_column: Jet) -> Jet:
            inner = len(row_and_column) // 2
            return arrays.inner_product(self.arithmetic, row_and_column[:inner],
                                        row_and_column[inner:])

        pairs = arrays.inner_products(a, b)
        return filled([self.once(function, (*row, *column)) for row, column in pairs],
                      self.node.type.shape)

    def gradient(self, bit: int, targets: list[np.ndarray]) -> np.ndarray:
        """For each element of the source, the coefficient of its infinitesimal in the target."""
        if not targets:
            return self.constant(ZERO)
        return filled([self.coefficient(bit, target) for target in targets], self.node.type.shape)

    def coefficient(self, bit: int, target: np.ndarray) -> Jet | Missing:
        slopes = []
        for jet in target.flat:
            if type(jet) is Missing:
                return jet
            slope = {mask ^ bit: x for mask, x in jet.items() if mask & bit}
            if slope:
                slopes.append({0: ZERO, **slope})
        return self.arithmetic.add(slopes)

    def constant(self, ball: arb) -> np.ndarray:
        dtype = self.node.type.dtype
        element: Any = bool(ball) if dtype == "bool" else {0: ball}
        return filled([element] * self.node.type.size, self.node.type.shape)

    def leaf(self) -> np.ndarray:
        node, dtype = self.node, self.node.type.dtype
        if node.op == "literal":
            number = node["value"]
            if dtype == "bool":
                return boxed(bool(number), ())
            return boxed(literal(self.arithmetic, number, dtype), ())
        numbers = node["value"] if node.op == "constant" else self.input()
        if dtype == "bool":
            return filled([bool(n) for n in numbers], node.type.shape)
        if node.op == "input" and node.type.is_float:
            return filled([self.exact_input(float(n)) for n in numbers], node.type.shape)
        return filled([{0: exact_ball(n, dtype)} for n in numbers], node.type.shape)

    def input(self) -> list[Any]:
        name = self.node["name"]
        if name not in self.evaluation.inputs:
            raise UsageError(f"no values for the input {name!r}")
        array = np.asarray(self.evaluation.inputs[name])
        if array.shape != self.node.type.shape:
            raise UsageError(f"the input {name!r} is {self.node.type}, "
                             f"but its values have the shape {array.shape}")
        return list(array.flat)

    def exact_input(self, number: float) -> Jet | Missing:
        ball = arb(number)
        if not ball.is_finite():
            return self.missing(NoValue("domain", f"is {number}", final=True))
        return {0: ball}

    def finish(self, value: np.ndarray, shifts: list[tuple[int, int]]) -> np.ndarray:
        """Add the shifts of this very node, then what the arithmetic does to finished values."""
        if not self.node.type.is_float or (not shifts and not self.arithmetic.noisy):
            return value
        flat = list(value.flat)
        for bit, element in shifts:
            if type(flat[element]) is not Missing:
                flat[element] = self.once(lambda jet, bit=bit: {**jet, bit: ONE},
                                          (flat[element],), ("shift", bit))
        if self.arithmetic.noisy:
            count = self.evaluation.uses[self.position]
            flat = [self.once(lambda jet: self.arithmetic.settle(jet, count), (jet,), "settle")
                    for jet in flat]
        return filled(flat, value.shape)


def _elementwise(rule: Callable[..., Any]) -> Callable[..., np.ndarray]:
    return lambda step, *operands: step.elementwise(rule, *operands)


def _reduction(rule: Callable[..., Any]) -> Callable[..., np.ndarray]:
    return lambda step, x: step.reduction(rule, x)


def _along_axis(rule: Callable[..., Any]) -> Callable[..., np.ndarray]:
    return lambda step, x: step.along_axis(rule, x)


def _shape(rule: Callable[..., Any]) -> Callable[..., np.ndarray]:
    return lambda step, *operands: boxed(rule(step.node, *operands), step.node.type.shape)


# operator -> (step, *operand arrays) -> array; `grad` is Step.gradient
RULES: dict[str, Callable[..., np.ndarray]] = {
    **{name: _elementwise(rule) for name, rule in ELEMENTWISE.items()},
    **{name: _reduction(rule) for name, rule in REDUCTIONS.items()},
    **{name: _along_axis(rule) for name, rule in ALONG_AXIS.items()},
    **{name: _shape(rule) for name, rule in SHAPES.items()},
    **dict.fromkeys(LEAVES, Step.leaf),
    "grad": Step.gradient,
    "matmul": Step.matmul,
    "stop_gradient": lambda step, x: x,
    "where": Step.where,
    "zeros_like": lambda step, x: step.constant(ZERO),
    "ones_like": lambda step, x: step.constant(ONE),
}
