"""Evaluation of a graph in an arithmetic; derivatives are coefficients of fresh infinitesimals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from flint import acb, arb

from conformance.errors import UsageError
from conformance.graph import DERIVATIVES, LEAVES, Graph, Node
from conformance.oracle import decisions, sweeps
from conformance.oracle.functions import NoValue
from conformance.oracle.jets import (
    LEVEL_BITS,
    LEVEL_FIELD,
    ONE,
    ZERO,
    Arithmetic,
    Jet,
    Missing,
    exact_ball,
    imaginary_part,
    real_part,
)
from conformance.oracle.merging import uses
from conformance.oracle.rules import ALONG_AXIS, ARRAYS, ELEMENTWISE, REDUCTIONS, SHAPES
from conformance.oracle.rules.elementwise import literal
from conformance.oracle.walking import boxed, fibers, filled


class Shift(NamedTuple):
    """Infinitesimals of one level, added to the value of a node.

    element: the one element that is shifted, or None for all, each by an infinitesimal of its own.
    tangent: a node whose elements multiply a single infinitesimal instead, or None.
    """

    level: int
    node: int
    element: int | None = None
    tangent: int | None = None


Key = tuple[int, tuple[Shift, ...]]


class Evaluation:
    """The values of a graph's nodes, for given inputs, in one arithmetic a dtype.

    The value of a node is op(operands) + the active shifts of that node. A shift survives every
    recomputation, so a gradient with respect to an intermediate is the coefficient of a shift of
    that intermediate, wherever an outer gradient recomputes it.
    """

    def __init__(self, graph: Graph, inputs: Mapping[str, np.ndarray],
                 arithmetic: Callable[[str], Arithmetic],
                 nudges: Mapping[int, Sequence[arb]] | None = None,
                 moving: Mapping[int, Sequence[arb]] | None = None) -> None:
        """nudges: node -> what each of its elements is moved by.

        moving: node -> the tangent of each of its elements, at the level of sweeps' checks.
        """
        self.graph = graph
        self.inputs = inputs
        self.nudges = nudges or {}
        self.moving = moving or {}
        self.arithmetics = {dtype: arithmetic(dtype)
                            for dtype in {node.type.dtype for node in graph}}
        self.uses = uses(graph)
        self.values: dict[Key, np.ndarray] = {}
        self.leaves: dict[int, np.ndarray] = {}  # the same objects in every evaluation, for `known`
        # (node, identities of its operands) -> (result, operands kept alive): an element that no
        # shift reaches is the same object in every evaluation of the node, and is found here
        self.known: dict[Any, tuple[Any, Any]] = {}
        self._swept: dict[Node, bool] = {}

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
        """A node under the shifts that can reach it, by way of the tangents of others too."""
        ancestors = self.graph.ancestors
        kept: list[Shift] = []
        reached = [ancestors[position]]
        for shift in reversed(shifts):  # the tangent of a shift knows those outside of it
            if any(shift.node in nodes for nodes in reached):
                kept.insert(0, shift)
                if shift.tangent is not None:
                    reached.append(ancestors[shift.tangent])
        return position, tuple(kept)

    def operands(self, key: Key) -> list[Key]:
        """What must be known to compute a node; for a derivative, its target under a shift."""
        position, shifts = key
        node = self.graph.nodes[position]
        if node.op in DERIVATIVES:
            return self._below_derivative(node, shifts)
        if node.op == "stop_gradient":
            shifts = ()
        found = [self.key(i, shifts) for i in node.inputs]
        return found + [k for k in self.tangents(key) if k is not None]

    def _below_derivative(self, node: Node, shifts: tuple[Shift, ...]) -> list[Key]:
        target, source, *factor = node.inputs
        if self.swept(node, shifts):
            return [self.key(target, ())]
        found = [self.key(i, shifts) for i in factor]
        if source in self.graph.ancestors[target]:
            found.insert(0, self.key(target, (*shifts, self.fresh(node, shifts))))
        return found

    def swept(self, node: Node, shifts: tuple[Shift, ...]) -> bool:
        """Whether this is a gradient that a sweep backward answers for."""
        if node.op != "grad" or shifts or self.moving:
            return False
        if node not in self._swept:
            self._swept[node] = sweeps.is_large(self, *node.inputs)
        return self._swept[node]

    def fresh(self, node: Node, shifts: tuple[Shift, ...], element: int | None = None) -> Shift:
        """The shift of a derivative's source, at a level that is free."""
        taken = {shift.level for shift in shifts}
        level = next(k for k in range(len(taken) + 1) if k not in taken)
        return Shift(level, node.inputs[1], element, node.inputs[2] if node.op == "jvp" else None)

    def tangents(self, key: Key) -> list[Key | None]:
        """For each shift of this very node, the key of its tangent: under those outside of it."""
        position, shifts = key
        return [None if shift.tangent is None else self.key(shift.tangent, shifts[:k])
                for k, shift in enumerate(shifts) if shift.node == position]

    def compute(self, key: Key) -> np.ndarray:
        position, shifts = key
        node = self.graph.nodes[position]
        step = Step(self, position, node)
        if node.op in DERIVATIVES:
            value = self.derivative(step, shifts)
        elif node.op in LEAVES:
            if position not in self.leaves:
                self.leaves[position] = RULES[node.op](step)
            value = self.leaves[position]
        else:
            value = RULES[node.op](step, *(self.values[self.key(
                i, () if node.op == "stop_gradient" else shifts)] for i in node.inputs))
            if node.op == "stop_gradient" and self.moving:
                value = filled([jet if type(jet) is Missing else {0: jet[0]} for jet in value.flat],
                               value.shape)
        own = [shift for shift in shifts if shift.node == position]
        tangents = [None if k is None else self.values[k] for k in self.tangents(key)]
        return step.finish(value, list(zip(own, tangents, strict=True)))

    def derivative(self, step: Step, shifts: tuple[Shift, ...]) -> np.ndarray:
        """grad, jvp, vjp or jacobian: coefficients of the level of a fresh shift."""
        node = step.node
        target, source, *factor = node.inputs
        if source not in self.graph.ancestors[target]:
            return step.constant(ZERO)
        if self.swept(node, shifts):
            try:
                return sweeps.gradient(self, target, source)
            except NoValue as reason:
                return filled([step.missing(reason)] * node.type.size, node.type.shape)
        fresh = self.fresh(node, shifts)
        value = self.values[self.key(target, (*shifts, fresh))]
        if node.op == "jvp":
            return step.tangent(fresh.level, value)
        factors = self.values[self.key(factor[0], shifts)] if factor else None
        size = self.graph.nodes[source].type.size
        if node.op == "jacobian":
            rows = [step.gradient(fresh.level, size, boxed(jet, ()), None) for jet in value.flat]
            return filled([jet for row in rows for jet in row], node.type.shape)
        if not any(type(jet) is Missing for jet in value.flat):
            return filled(step.gradient(fresh.level, size, value, factors), node.type.shape)
        # what the slope for one element lacks, that for another may have
        return filled([step.gradient(fresh.level, size, self.shifted(
            self.key(target, (*shifts, self.fresh(node, shifts, element)))), factors)[element]
            for element in range(size)], node.type.shape)


def real_numbers(evaluation: Evaluation, position: int) -> np.ndarray:
    """The value of a node; complex numbers as their parts, along a last axis."""
    value = evaluation.value(position)
    if not evaluation.graph.nodes[position].type.is_complex:
        return value
    pairs = [jet if type(jet) is Missing else {0: part(jet[0])}
             for jet in value.flat for part in (real_part, imaginary_part)]
    return filled(pairs, (*value.shape, 2))


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
        kinds = [self.evaluation.graph.nodes[i].type for i in self.node.inputs]
        kind = next((kind for kind in kinds if kind.is_complex), kinds[0])
        arithmetic = self.evaluation.arithmetics[kind.dtype]

        def function(*jets: Any) -> Any:
            return rule(arithmetic, self.node, *jets)

        shape = self.node.type.shape
        columns = [x.flat if x.shape == shape else np.broadcast_to(x, shape).flat
                   for x in operands]
        return filled(self.each(function, zip(*columns, strict=True)), shape)

    def each(self, function: Callable[..., Any],
             arguments: Iterable[tuple[Any, ...]]) -> list[Any]:
        """function(*jets) for each of a node's elements or fibers, which it is told apart by."""
        followed = decisions.active()
        if followed is None:
            return [self.once(function, jets) for jets in arguments]
        found = []
        for k, jets in enumerate(arguments):
            followed.at((self.position, k))
            found.append(self.once(function, jets, tag=k))
        return found

    def where(self, condition: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Elementwise; nothing of the branch that is not taken comes through, Missing or not."""
        shape = self.node.type.shape
        columns = (np.broadcast_to(x, shape).flat for x in (condition, a, b))
        return filled([yes if yes is no else c if type(c) is Missing else yes if c else no
                       for c, yes, no in zip(*columns, strict=True)], shape)

    def reduction(self, rule: Callable[..., Any], x: np.ndarray) -> np.ndarray:
        rows, _, _ = fibers(x, self.node["axis"])

        def function(*fiber: Jet) -> Jet:
            return rule(self.arithmetic, self.node, fiber)

        return filled(self.each(function, map(tuple, rows)), self.node.type.shape)

    def along_axis(self, rule: Callable[..., Any], x: np.ndarray) -> np.ndarray:
        rows, rest, (axis,) = fibers(x, self.node["axis"])

        def function(*fiber: Jet) -> list[Jet]:
            return rule(self.arithmetic, self.node, fiber)

        elements: list[Any] = []
        for row, results in zip(rows, self.each(function, map(tuple, rows)), strict=True):
            elements += [results] * len(row) if type(results) is Missing else results
        return np.moveaxis(filled(elements, (*rest, x.shape[axis])), -1, axis)

    def array(self, rule: Callable[..., Any], *operands: np.ndarray) -> np.ndarray:
        """A rule for whole arrays: what any element lacks, all of the result lacks."""
        shape = self.node.type.shape
        gone = next((jet for x in operands for jet in x.flat if type(jet) is Missing), None)
        if gone is None:
            if (followed := decisions.active()) is not None:
                followed.at((self.position, 0))
            try:
                return rule(self.arithmetic, self.node, *operands)
            except NoValue as reason:
                gone = self.missing(reason)
        return filled([gone] * self.node.type.size, shape)

    def gradient(self, level: int, size: int, target: np.ndarray,
                 cotangents: np.ndarray | None) -> list[Jet | Missing]:
        """For each element of the source, the coefficient of its infinitesimal in the target.

        cotangents: what each element of the target is multiplied by; ones where None.
        """
        slopes: list[list[Jet]] = [[] for _ in range(size * self.parts)]
        factors = [None] * target.size if cotangents is None else cotangents.flat
        for jet, factor in zip(target.flat, factors, strict=True):
            gone = next((x for x in (jet, factor) if type(x) is Missing), None)
            if gone is not None:
                return [gone] * size
            for element, slope in self.coefficients(level, jet).items():
                slopes[element].append(slope if factor is None else
                                       self.arithmetic.multiply(factor, slope))
        return self.combined([self.arithmetic.add(terms) for terms in slopes])

    @property
    def parts(self) -> int:
        """How many infinitesimals an element of the source has: one for each of its parts."""
        return 2 if self.node.type.is_complex else 1

    def combined(self, slopes: list[Jet]) -> list[Jet]:
        """Slopes of the real part: for a complex source a + ib, that for a plus i times for b."""
        real = [{monomial: real_part(x) for monomial, x in slope.items()} for slope in slopes]
        if self.parts == 1:
            return real
        return [{monomial: acb(a.get(monomial, 0), b.get(monomial, 0)) for monomial in {**a, **b}}
                for a, b in zip(real[::2], real[1::2], strict=True)]

    def tangent(self, level: int, target: np.ndarray) -> np.ndarray:
        """For each element of the target, the coefficient of the one infinitesimal of a level."""
        return filled([jet if type(jet) is Missing else
                       self.coefficients(level, jet).get(0, {0: ZERO}) for jet in target.flat],
                      self.node.type.shape)

    @staticmethod
    def coefficients(level: int, jet: Jet) -> dict[int, Jet]:
        """What a level's infinitesimals are multiplied by, by number; they count from 0 here."""
        found: dict[int, Jet] = {}
        at = level * LEVEL_BITS
        for monomial, x in jet.items():
            number = monomial >> at & LEVEL_FIELD
            if number:
                found.setdefault(number - 1, {0: ZERO})[monomial ^ number << at] = x
        return found

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
        if node.op == "input" and node.type.is_inexact:
            return filled([self.exact_input(n) for n in numbers], node.type.shape)
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

    def exact_input(self, number: np.number) -> Jet | Missing:
        ball = acb(complex(number)) if self.node.type.is_complex else arb(float(number))
        if not ball.is_finite():
            return self.missing(NoValue("domain", f"is {number}", final=True))
        return {0: ball}

    def finish(self, value: np.ndarray,
               shifts: list[tuple[Shift, np.ndarray | None]]) -> np.ndarray:
        """Add the shifts of this very node, then what the arithmetic does to finished values."""
        nudges = self.evaluation.nudges.get(self.position)
        moving = self.evaluation.moving.get(self.position)
        if self.node.type.is_complex:  # a real number among them is promoted
            value = filled([self.once(promoted, (jet,), "promoted") for jet in value.flat],
                           value.shape)
        if not self.node.type.is_inexact or not (shifts or nudges or moving
                                            or self.arithmetic.noisy):
            return value
        flat = list(value.flat)
        if nudges:
            flat = [self.once(lambda jet, by=by: {**jet, 0: jet[0] + by}, (jet,), ("nudge", k))
                    for k, (jet, by) in enumerate(zip(flat, nudges, strict=True))]
        if moving:
            at = 1 << sweeps.CHECK_LEVEL * LEVEL_BITS
            flat = [jet if type(jet) is Missing else {**jet, at: by}
                    for jet, by in zip(flat, moving, strict=True)]
        for shift, tangents in shifts:
            elements = range(len(flat)) if shift.element is None else (shift.element,)
            for k in elements:
                if tangents is None:
                    flat[k] = self.once(lambda jet, level=shift.level, k=k: {
                        **jet, **self.moved(level, k)}, (flat[k],), ("shift", shift.level, k))
                else:
                    flat[k] = self.along(shift.level, flat[k], tangents.flat[k])
        if self.arithmetic.noisy:
            count = self.evaluation.uses[self.position]
            flat = [self.once(lambda jet: self.arithmetic.settle(jet, count), (jet,), "settle")
                    for jet in flat]
        return filled(flat, value.shape)

    def moved(self, level: int, element: int) -> Jet:
        """The infinitesimals that an element is shifted by: one along each of its parts."""
        units = (acb(1), acb(0, 1)) if self.node.type.is_complex else (ONE,)
        return {element * self.parts + part + 1 << level * LEVEL_BITS: unit
                for part, unit in enumerate(units)}

    @staticmethod
    def along(level: int, jet: Jet | Missing, tangent: Jet | Missing) -> Jet | Missing:
        """A number that moves along its tangent."""
        if type(jet) is Missing or type(tangent) is Missing:
            return jet if type(jet) is Missing else tangent
        at = 1 << level * LEVEL_BITS
        return {**jet, **{monomial | at: x for monomial, x in tangent.items()}}


def promoted(jet: Jet) -> Jet:
    if all(isinstance(x, acb) for x in jet.values()):
        return jet
    return {monomial: acb(x) for monomial, x in jet.items()}


def _elementwise(rule: Callable[..., Any]) -> Callable[..., np.ndarray]:
    return lambda step, *operands: step.elementwise(rule, *operands)


def _reduction(rule: Callable[..., Any]) -> Callable[..., np.ndarray]:
    return lambda step, x: step.reduction(rule, x)


def _along_axis(rule: Callable[..., Any]) -> Callable[..., np.ndarray]:
    return lambda step, x: step.along_axis(rule, x)


def _array(rule: Callable[..., Any]) -> Callable[..., np.ndarray]:
    return lambda step, *operands: step.array(rule, *operands)


def _shape(rule: Callable[..., Any]) -> Callable[..., np.ndarray]:
    return lambda step, *operands: boxed(rule(step.node, *operands), step.node.type.shape)


# operator -> (step, *operand arrays) -> array; derivatives are Evaluation.derivative's
RULES: dict[str, Callable[..., np.ndarray]] = {
    **{name: _elementwise(rule) for name, rule in ELEMENTWISE.items()},
    **{name: _reduction(rule) for name, rule in REDUCTIONS.items()},
    **{name: _along_axis(rule) for name, rule in ALONG_AXIS.items()},
    **{name: _shape(rule) for name, rule in SHAPES.items()},
    **{name: _array(rule) for name, rule in ARRAYS.items()},
    **dict.fromkeys(LEAVES, Step.leaf),
    "stop_gradient": lambda step, x: x,
    "where": Step.where,
    "zeros_like": lambda step, x: step.constant(ZERO),
    "ones_like": lambda step, x: step.constant(ONE),
}
