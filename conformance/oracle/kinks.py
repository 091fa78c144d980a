"""At a kink a derivative is a set: its limits from all sides, and their convex hull.

Beside the point, at x + d with d of about 2^-700 in a generic direction, a piecewise program is
smooth and every branch is decided; the same branches are then followed at x itself, where the
derivative of what they make of the program is its exact limit from that side. The convex hull of
all limits is the Clarke generalized derivative (Clarke, Optimization and Nonsmooth Analysis,
theorem 2.5.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np
from flint import acb, arb

from conformance.errors import CannotCertify
from conformance.formats import FORMATS
from conformance.graph import DERIVATIVES, Graph
from conformance.oracle import Kink, Truth, certify
from conformance.oracle.decisions import FIRST, MEAN, SECOND, Decisions, deciding
from conformance.oracle.evaluate import Evaluation, real_numbers
from conformance.oracle.jets import Arithmetic, Missing, working_precision

Inputs = Mapping[str, np.ndarray]
Sides = dict[Any, int]

NUDGE_EXPONENT = -700
# a derivative beyond this, so near the point, has no limit there
BOUNDED_EXPONENT = 300
PRECISIONS = (2048, 4096, 8192)
# all sign patterns of a nudge while there are so few of them, else pairs of random ones
ALL_PATTERNS = 16
RANDOM_PAIRS = 8
# of so many operators with ties every combination of conventions is a convention
COMBINED_OPERATORS = 3
NAMES = {FIRST: "first", SECOND: "second", MEAN: "mean"}
# of a limit that no branch has at the point itself (a norm at 0): roundings of the longest rule
LIMIT_ROUNDINGS = 16


def derivative_at_kink(graph: Graph, inputs: Inputs,
                       refusal: CannotCertify) -> Kink | CannotCertify:
    """The derivatives that the only output may have; `refusal` where no limit can be had."""
    limits: dict[Any, Truth] = {}
    ties: set[Any] = set()
    for nudges in _nudges(graph):
        beside = _beside(graph, inputs, nudges)
        if beside is None:
            continue
        sides, value = beside
        at_point = _following(graph, inputs, sides)
        if at_point is None:
            if any(not abs(ball) < arb(2) ** BOUNDED_EXPONENT for ball in value.flat):
                return refusal  # it grows without bound
            limits[str(list(value.flat))] = (
                _unproven_limit(graph, value))
        elif at_point[1] not in limits:
            limits[at_point[1]] = at_point[0]
            ties.update(place for place, _ in at_point[1])
    if not limits:
        return refusal
    return Kink(_distinct(limits.values()), dict(_conventions(graph, inputs, ties)))


def _nudges(graph: Graph) -> Iterator[dict[int, list[arb]]]:
    """Moves of everything that is differentiated for: inputs, and intermediate sources."""
    sources = {node.inputs[1] for node in graph if node.op in DERIVATIVES}
    moved = {i: graph.nodes[i].type for i in sorted({*graph.inputs, *sources})
             if graph.nodes[i].type.is_inexact}
    count = sum(kind.size * (1 + kind.is_complex) for kind in moved.values())
    generator = np.random.Generator(np.random.PCG64(count))
    for signs in _patterns(count, generator):
        sizes = generator.integers(2**20, 2**21, size=count)
        numbers = iter([int(a) * int(b) for a, b in zip(signs, sizes, strict=True)])
        unit = arb(2) ** (NUDGE_EXPONENT - 20)
        yield {i: [acb(next(numbers) * unit, next(numbers) * unit) if kind.is_complex
                   else next(numbers) * unit for _ in range(kind.size)]
               for i, kind in moved.items()}


def _patterns(count: int, generator: np.random.Generator) -> Iterator[np.ndarray]:
    if 2**count <= ALL_PATTERNS:
        yield from (np.array(signs) for signs in product((1, -1), repeat=count))
        return
    ones = np.ones(count, int)
    for signs in (ones, *(generator.choice((1, -1), size=count) for _ in range(RANDOM_PAIRS))):
        yield from (signs, -signs)


def _beside(graph: Graph, inputs: Inputs,
            nudges: dict[int, list[arb]]) -> tuple[Sides, np.ndarray] | None:
    """The branches that are taken beside the point, and the derivative there."""
    (output,) = graph.outputs
    for precision in PRECISIONS:
        with working_precision(precision), deciding(Decisions()) as met:
            value = real_numbers(
                Evaluation(graph, inputs, lambda dtype: Arithmetic(), nudges), output.node)
            missing = [jet for jet in value.flat if type(jet) is Missing]
            if not missing:
                balls = np.empty(value.shape, object)
                for k, jet in enumerate(value.flat):
                    balls.flat[k] = jet[0]
                return {place: side for place, side in met.met.items() if side}, balls
            if any(jet.final for jet in missing):
                return None
    return None


def _following(graph: Graph, inputs: Inputs, sides: Any) -> tuple[Truth, Any] | None:
    """The derivative at the point if its ties go to these sides, and which ties there are."""
    (output,) = graph.outputs
    decisions = Decisions(sides)
    with deciding(decisions):
        balls = certify.certified(graph, inputs)[output.name]
    if isinstance(balls, CannotCertify):
        return None
    ties = {place: sides.get(place) for place, found in decisions.met.items() if found == 0}
    with working_precision(certify.FIRST_PRECISION), deciding(Decisions(ties)):
        noisy = real_numbers(
            Evaluation(graph, inputs, certify.noisy_arithmetic), output.node)
    return certify.as_truth(balls, noisy), frozenset(ties.items())


def _unproven_limit(graph: Graph, balls: np.ndarray) -> Truth:
    """The derivative so near the point that it is its limit in any dtype."""
    u = FORMATS[graph.nodes[graph.outputs[0].node].type.real.dtype].unit_roundoff
    hi = np.array([certify.nearest_double(ball.mid()) for ball in balls.flat]).reshape(balls.shape)
    hi = np.where(np.abs(hi) < 2.0 ** (NUDGE_EXPONENT // 2), 0.0, hi)
    zeros = np.zeros(balls.shape)
    return Truth(hi, zeros, zeros, LIMIT_ROUNDINGS * u * np.abs(hi))


def _distinct(truths: Any) -> tuple[Truth, ...]:
    """Truths without those that differ from another in nothing."""
    found: dict[bytes, Truth] = {}
    for truth in truths:
        found.setdefault(truth.hi.tobytes() + truth.lo.tobytes(), truth)
    return tuple(found.values())


class _ByOperator:
    """Sides of ties by the operator that has them."""

    def __init__(self, graph: Graph, choice: Mapping[str, int]) -> None:
        self.graph = graph
        self.choice = choice

    def get(self, place: Any, default: int | None = None) -> int | None:
        return self.choice.get(self.graph.nodes[place[0][0]].op, default)


def _conventions(graph: Graph, inputs: Inputs, ties: set[Any]) -> Iterator[tuple[str, Truth]]:
    """What the chain rule makes of one choice of slope for all ties of an operator."""
    operators = sorted({graph.nodes[place[0][0]].op for place in ties})
    if not operators:
        return
    choices = product(NAMES, repeat=len(operators)) if len(operators) <= COMBINED_OPERATORS else (
        (side,) * len(operators) for side in NAMES)
    for choice in choices:
        chosen = dict(zip(operators, choice, strict=True))
        found = _following(graph, inputs, _ByOperator(graph, chosen))
        if found is not None:
            yield ", ".join(f"{op}: {NAMES[side]}" for op, side in chosen.items()), found[0]
