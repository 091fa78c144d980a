"""Reductions and what runs along an axis.

Each is (arithmetic, node, fiber) -> jet, or one jet for each place of the fiber.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import combinations
from typing import Any

from flint import arb

from conformance.graph import Node
from conformance.oracle import allowances, decisions
from conformance.oracle.functions import NoValue
from conformance.oracle.jets import ONE, ZERO, Arithmetic, Jet, choose, midpoint, sign
from conformance.oracle.jets import mean as mean_of

Rule = Callable[..., Any]


def total(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> Jet:
    return arithmetic.add(fiber)


def mean(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> Jet:
    if not fiber:
        raise NoValue("domain", "has nothing to average", final=True)
    return arithmetic.multiply(arithmetic.add(fiber), {0: ONE / len(fiber)})


def prod(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> Jet:
    return arithmetic.prod(fiber)


def extremum(direction: int) -> Rule:
    def extreme(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> Jet:
        sizes = [direction * jet[0] for jet in fiber]
        best, *others = [k for k, size in enumerate(sizes)
                         if not any(size < other for other in sizes)]
        followed = decisions.active()
        if followed is not None:  # all that a tie elsewhere may ask for
            for i, j in combinations(range(len(fiber)), 2):
                sign(sizes[i] - sizes[j], place=(i, j))
        if all(len(fiber[k]) == 1 for k in (best, *others)):
            return {0: reduce(arb.union, (fiber[k][0] for k in (best, *others)))}
        tied = [fiber[best]]
        for k in others:
            if fiber[k] is not fiber[best]:
                if followed is not None and followed.averages((best, k)):
                    tied.append(fiber[k])  # the mean of all, rather than of means
                elif choose(sign(sizes[best] - sizes[k], place=(best, k)),
                            fiber[best], fiber[k]) is fiber[k]:
                    best = k
        return mean_of(tied) if len(tied) > 1 else fiber[best]

    return extreme


def var(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> Jet:
    """Two passes: the mean, then squares around it (Welford's one pass loses no more)."""
    divisor = arb(len(fiber)) - arb(node["correction"])
    if not divisor > 0:
        raise NoValue("domain", "has no degrees of freedom left", final=True)
    centre = mean(arithmetic, node, fiber)
    squares = [arithmetic.apply("square", arithmetic.subtract(x, centre)) for x in fiber]
    return arithmetic.multiply(arithmetic.add(squares), {0: ONE / divisor})


def _shifted(arithmetic: Arithmetic, fiber: Sequence[Jet]) -> tuple[arb, list[Jet]]:
    """The largest value (a bare number: any would do, this one cannot overflow) and x - it."""
    shift = midpoint(fiber[0][0])
    for x in fiber[1:]:
        centre = midpoint(x[0])
        shift = centre if centre > shift else shift
    return shift, [arithmetic.subtract(x, {0: shift}) for x in fiber]


def _exponentials(arithmetic: Arithmetic, shifted: Sequence[Jet], roundings: arb) -> list[Jet]:
    """exp of each, whose slopes rules spell exp(x - y) from a rounded y."""
    return [arithmetic.widen_slopes(arithmetic.apply("exp", x),
                                    abs(x[0]) + roundings + allowances.SOFTMAX) for x in shifted]


def logsumexp(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> Jet:
    shift, shifted = _shifted(arithmetic, fiber)
    terms = _exponentials(arithmetic, shifted, abs(shift))
    return arithmetic.add((arithmetic.apply("log", arithmetic.add(terms)), {0: shift}))


def softmax(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> list[Jet]:
    """Shifted exponentials divided by their sum."""
    terms = _exponentials(arithmetic, _shifted(arithmetic, fiber)[1], ZERO)
    scale = arithmetic.apply("reciprocal", arithmetic.add(terms))
    return [arithmetic.multiply(x, scale) for x in terms]


def log_softmax(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> list[Jet]:
    """The shifted values less the logarithm of the sum of their exponentials."""
    shifted = _shifted(arithmetic, fiber)[1]
    terms = _exponentials(arithmetic, shifted, ZERO)
    size = arithmetic.apply("log", arithmetic.add(terms))
    return [arithmetic.subtract(x, size) for x in shifted]


def cumulative_sum(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> list[Jet]:
    return [arithmetic.add(fiber[: k + 1]) for k in range(len(fiber))]


REDUCTIONS: dict[str, Rule] = {
    "sum": total,
    "mean": mean,
    "prod": prod,
    "max": extremum(1),
    "min": extremum(-1),
    "var": var,
    "logsumexp": logsumexp,
}

ALONG_AXIS: dict[str, Rule] = {
    "softmax": softmax,
    "log_softmax": log_softmax,
    "cumulative_sum": cumulative_sum,
}
