"""Gradients of large programs: one sweep backward over balls, where a forward one costs n.

The partials of each operation are read from its jets, as everywhere in the oracle; only the chain
rule is applied here, and a derivative along a generic direction, which knows nothing of it, must
agree with what comes out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import arb

from conformance.graph import DERIVATIVES, LEAVES, Node
from conformance.oracle.functions import NoValue
from conformance.oracle.jets import LEVEL_BITS, ONE, ZERO, Arithmetic, Missing
from conformance.oracle.rules import ALONG_AXIS, ARRAYS, ELEMENTWISE, REDUCTIONS, SHAPES
from conformance.oracle.rules.convolution import ARRAYS as CONVOLUTIONS
from conformance.oracle.rules.convolution import FORWARD, blocks
from conformance.oracle.rules.linear_algebra import product_of_balls
from conformance.oracle.walking import fibers, filled
from conformance.window_rules import pairs

if TYPE_CHECKING:
    from conformance.oracle.evaluate import Evaluation

# source elements times elements of all nodes between: from here on a sweep is worth it
LARGE = 2_000_000
# operands of a rule for whole arrays, each of which gets an infinitesimal
LARGEST_ARRAY = 4096
# the level of the direction that checks a sweep, above those that derivatives take
CHECK_LEVEL = 3
CONSTANT = ("stop_gradient", "zeros_like", "ones_like")
HANDLED = {*ELEMENTWISE, *REDUCTIONS, *ALONG_AXIS, *SHAPES, *ARRAYS, *LEAVES, *CONSTANT, "where"}


class Disagreement(Exception):
    """A sweep contradicts a directional derivative: a defect of the oracle."""


def between(evaluation: Evaluation, target: int, source: int) -> list[int]:
    """The nodes that the source leads to and that lead to the target, both included."""
    ancestors = evaluation.graph.ancestors
    return [i for i in sorted(ancestors[target]) if source in ancestors[i]]


def is_large(evaluation: Evaluation, target: int, source: int) -> bool:
    """Whether the gradient is worth a sweep, and a sweep can answer for it."""
    nodes = evaluation.graph.nodes
    if nodes[source].type.size < 2:
        return False
    passed = between(evaluation, target, source)
    size = sum(nodes[i].type.size for i in passed)
    if size * nodes[source].type.size < LARGE:
        return False
    return not any(nodes[i].op in DERIVATIVES or nodes[i].op not in HANDLED
                   or nodes[i].type.is_complex for i in passed)


def gradient(evaluation: Evaluation, target: int, source: int) -> np.ndarray:
    """The gradient of sum(target) for the source, as jets; raises NoValue."""
    sweep = Sweep(evaluation, target, source)
    found = sweep.run()
    if not sweep.arithmetic.noisy:
        _check(evaluation, target, source, found)
    shape = evaluation.graph.nodes[source].type.shape
    return filled([{0: ball} for ball in found.flat], shape)


def _check(evaluation: Evaluation, target: int, source: int, found: np.ndarray) -> None:
    from conformance.oracle.evaluate import Evaluation as Fresh

    generator = np.random.Generator(np.random.PCG64(found.size))
    direction = [arb(int(n)) for n in generator.integers(-64, 64, size=found.size)]
    moved = Fresh(evaluation.graph, evaluation.inputs, lambda dtype: Arithmetic(),
                  evaluation.nudges, {source: direction})
    at = 1 << CHECK_LEVEL * LEVEL_BITS
    along = ZERO
    for jet in moved.value(target).flat:
        along += jet.get(at, ZERO)
    dot = ZERO
    for slope, d in zip(found.flat, direction, strict=True):
        dot += slope * d
    if not dot.overlaps(along):
        raise Disagreement(f"{dot} is not {along}")


class Sweep:
    """Adjoints of the nodes between a source and a target, from the target backward."""

    def __init__(self, evaluation: Evaluation, target: int, source: int) -> None:
        self.evaluation = evaluation
        self.graph = evaluation.graph
        self.target, self.source = target, source
        self.arithmetic = evaluation.arithmetics[self.graph.nodes[target].type.dtype]
        self.passed = dict.fromkeys(between(evaluation, target, source))
        # node -> for each part of its adjoint, a ball an element
        self.parts: dict[int, list[np.ndarray]] = defaultdict(list)

    def run(self) -> np.ndarray:
        """The adjoint of the source, an object array of balls."""
        shape = self.graph.nodes[self.target].type.shape
        self.parts[self.target].append(filled([ONE] * int(np.prod(shape, dtype=int)), shape))
        for position in reversed(self.passed):
            if not self.parts[position]:
                continue
            adjoint = self.total(self.parts.pop(position))
            if position == self.source:
                return adjoint
            for operand, part in self.contributions(self.graph.nodes[position], adjoint):
                self.parts[operand].append(part)
        return filled([ZERO] * self.graph.nodes[self.source].type.size,
                      self.graph.nodes[self.source].type.shape)

    def total(self, parts: list[np.ndarray]) -> np.ndarray:
        """Parts added up, each element in the range of its dtype."""
        add, settle = self.arithmetic.add, self.arithmetic.settle
        flats = [part.ravel() for part in parts]
        balls = [settle(add([{0: x} for x in terms]), 1)[0] for terms in zip(*flats, strict=True)]
        return filled(balls, parts[0].shape)

    def value(self, position: int) -> np.ndarray:
        found = self.evaluation.values[self.evaluation.key(position, ())]
        gone = next((jet for jet in found.flat if type(jet) is Missing), None)
        if gone is not None:
            raise NoValue(gone.kind, f"{gone.place} {gone.detail}", gone.final)
        return found

    def contributions(self, node: Node,
                      adjoint: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """For each operand that the source leads to, its part of the adjoint."""
        if node.op in CONSTANT or not any(i in self.passed for i in node.inputs):
            return
        if node.op in SHAPES:
            yield from self.moved(node, adjoint)
        elif node.op == "matmul":
            yield from self.matrix_product(node, adjoint)
        elif node.op in CONVOLUTIONS:
            yield from self.convolution(node, adjoint)
        elif node.op == "where":
            yield from self.selected(node, adjoint)
        else:
            yield from self.from_jets(node, adjoint)

    def collected(self, position: int, terms: dict[int, list[arb]]) -> np.ndarray:
        """Terms by element, added up, as an array of the node's shape."""
        kind = self.graph.nodes[position].type
        add = self.arithmetic.add
        return filled([add([{0: x} for x in terms[k]])[0] if k in terms else ZERO
                       for k in range(kind.size)], kind.shape)

    # --- what moves --------------------------------------------------------------------------

    def moved(self, node: Node, adjoint: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Each element of the result is one of an operand."""
        places = []
        for number, i in enumerate(node.inputs):
            kind = self.graph.nodes[i].type
            places.append(filled([(number, k) for k in range(kind.size)], kind.shape))
        came_from = SHAPES[node.op](node, *places)
        came_from = np.asarray(came_from, object).reshape(node.type.shape)
        terms: list[dict[int, list[arb]]] = [defaultdict(list) for _ in node.inputs]
        for place, x in zip(came_from.flat, adjoint.flat, strict=True):
            if isinstance(place, tuple):  # a constant that the operator adds is none
                terms[place[0]][place[1]].append(x)
        for number, i in enumerate(node.inputs):
            yield i, self.collected(i, terms[number])

    def selected(self, node: Node, adjoint: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        condition, *branches = node.inputs
        chosen = np.broadcast_to(self.value(condition), node.type.shape)
        for taken, i in zip((True, False), branches, strict=True):
            at = self.places(i, node.type.shape)
            terms: dict[int, list[arb]] = defaultdict(list)
            for yes, k, x in zip(chosen.flat, at.flat, adjoint.flat, strict=True):
                if yes is taken:
                    terms[int(k)].append(x)
            yield i, self.collected(i, terms)

    def places(self, position: int, shape: tuple[int, ...]) -> np.ndarray:
        """For each element of a broadcast operand, the number of the element that it is."""
        kind = self.graph.nodes[position].type
        return np.broadcast_to(np.arange(kind.size).reshape(kind.shape), shape)

    # --- sums of products --------------------------------------------------------------------

    def matrix_product(self, node: Node,
                       adjoint: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        a, b = (self.balls(i) for i in node.inputs)
        rows = a[None, :] if a.ndim == 1 else a
        columns = b[:, None] if b.ndim == 1 else b
        slope = adjoint.reshape((*np.broadcast_shapes(rows.shape[:-2], columns.shape[:-2]),
                                 rows.shape[-2], columns.shape[-1]))
        for number, i in enumerate(node.inputs):
            if number == 0:
                part = self.product(slope, np.swapaxes(columns, -1, -2), rows.shape)
            else:
                part = self.product(np.swapaxes(rows, -1, -2), slope, columns.shape)
            yield i, part.reshape(self.graph.nodes[i].type.shape)

    def product(self, left: np.ndarray, right: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """left @ right, summed over the axes that were broadcast."""
        batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
        left = np.broadcast_to(left, batch + left.shape[-2:])
        right = np.broadcast_to(right, batch + right.shape[-2:])
        target = np.broadcast_to(np.arange(int(np.prod(shape[:-2], dtype=int))).reshape(shape[:-2]),
                                 batch)
        parts: dict[int, list[np.ndarray]] = defaultdict(list)
        for place in np.ndindex(*batch):
            parts[int(target[place])].append(
                product_of_balls(self.arithmetic, left[place], right[place]))
        blocks = [self.total(parts[k]) for k in sorted(parts)]
        return np.concatenate([block.ravel() for block in blocks]).reshape(shape)

    def convolution(self, node: Node,
                    adjoint: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        x, w = (self.balls(i) for i in node.inputs)
        if node.op in FORWARD:
            yield from self.windows(node, adjoint, x, w)
            return
        factors, weights = list(x.flat), list(w.flat)
        terms: list[dict[int, list[arb]]] = [defaultdict(list), defaultdict(list)]
        term = self.arithmetic.term
        for slope, (at, with_) in zip(adjoint.flat, pairs(node, (x.shape, w.shape)), strict=True):
            for i, j in zip(at, with_, strict=True):
                terms[0][int(i)].append(term(slope, weights[j]))
                terms[1][int(j)].append(term(slope, factors[i]))
        for number, i in enumerate(node.inputs):
            yield i, self.collected(i, terms[number])

    def windows(self, node: Node, adjoint: np.ndarray, x: np.ndarray,
                w: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """A convolution is weights times what windows read, and so are its adjoints."""
        slope = adjoint.reshape((*adjoint.shape[:2], -1))
        rows_of: dict[int, list[np.ndarray]] = defaultdict(list)
        terms: dict[int, list[arb]] = defaultdict(list)
        for n, g, channels, rows, columns, places in blocks(node, x, w, ZERO):
            rows_of[g].append(product_of_balls(self.arithmetic, slope[n, channels], columns.T))
            back = product_of_balls(self.arithmetic, rows.T, slope[n, channels])
            for k, ball in zip(places.flat, back.flat, strict=True):
                if k >= 0:
                    terms[int(k)].append(ball)
        yield node.inputs[0], self.collected(node.inputs[0], terms)
        yield node.inputs[1], np.concatenate(
            [self.total(rows_of[g]) for g in sorted(rows_of)]).reshape(w.shape)

    def balls(self, position: int) -> np.ndarray:
        value = self.value(position)
        return filled([jet[0] for jet in value.flat], value.shape)

    # --- partials from jets ------------------------------------------------------------------

    def from_jets(self, node: Node, adjoint: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Every operand's element gets an infinitesimal of its own; partials are coefficients."""
        terms: list[dict[int, list[arb]]] = [defaultdict(list) for _ in node.inputs]
        term = self.arithmetic.term
        for slopes, jets, origins in self.groups(node, adjoint):
            for slope, jet in zip(slopes, jets, strict=True):
                for monomial, partial in jet.items():
                    if monomial:
                        number, k = origins[monomial - 1]
                        terms[number][k].append(term(slope, partial))
        for number, i in enumerate(node.inputs):
            if i in self.passed:
                yield i, self.collected(i, terms[number])

    def groups(self, node: Node, adjoint: np.ndarray) -> Iterator[tuple[Any, Any, Any]]:
        """(adjoints, resulting jets, which operand's element each infinitesimal is of)."""
        arithmetic, op = self.arithmetic, node.op
        values = [self.value(i) for i in node.inputs]
        led = [i in self.passed for i in node.inputs]  # a constant exponent is to stay one
        if op in ELEMENTWISE:
            shape = node.type.shape
            places = [self.places(i, shape).ravel() for i in node.inputs]
            for e, slope in enumerate(adjoint.flat):
                origins = [(number, int(at[e])) for number, at in enumerate(places)]
                jets = [self.seeded(values[number].flat[k], number + 1)
                        if led[number] else values[number].flat[k] for number, k in origins]
                yield [slope], [ELEMENTWISE[op](arithmetic, node, *jets)], origins
        elif op in REDUCTIONS or op in ALONG_AXIS:
            yield from self.along_fibers(node, adjoint, values[0])
        else:
            sizes = [v.size for v in values]
            if sum(sizes) > LARGEST_ARRAY:
                raise NoValue("range", "is too large to be certified", final=True)
            origins = [(number, k) for number, n in enumerate(sizes) for k in range(n)]
            seeds = [self.seeded(values[number].flat[k], at + 1)
                     if led[number] else values[number].flat[k]
                     for at, (number, k) in enumerate(origins)]
            arrays, start = [], 0
            for v in values:
                arrays.append(filled(seeds[start:start + v.size], v.shape))
                start += v.size
            yield list(adjoint.flat), list(ARRAYS[op](arithmetic, node, *arrays).flat), origins

    def along_fibers(self, node: Node, adjoint: np.ndarray,
                     x: np.ndarray) -> Iterator[tuple[Any, Any, Any]]:
        numbers = filled(list(range(x.size)), x.shape)
        rows, _, axes = fibers(x, node["axis"])
        places, _, _ = fibers(numbers, node["axis"])
        if node.op in REDUCTIONS:
            slopes = [[slope] for slope in adjoint.flat]
        else:
            slopes = fibers(adjoint, axes[0])[0]
        table = REDUCTIONS if node.op in REDUCTIONS else ALONG_AXIS
        for row, place, slope in zip(rows, places, slopes, strict=True):
            seeds = [self.seeded(jet, k + 1) for k, jet in enumerate(row)]
            result = table[node.op](self.arithmetic, node, seeds)
            yield slope, [result] if node.op in REDUCTIONS else result, [
                (0, int(k)) for k in place]

    @staticmethod
    def seeded(jet: Any, number: int) -> Any:
        return jet if isinstance(jet, bool) else {0: jet[0], number: ONE}
