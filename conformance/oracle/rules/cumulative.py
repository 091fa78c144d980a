"""Running reductions, and integrals of samples: (arithmetic, node, fiber) -> jets or jet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from conformance.graph import Node
from conformance.oracle.jets import ONE, Arithmetic, Jet
from conformance.oracle.rules.elementwise import literal
from conformance.oracle.rules.reductions import extremum, logsumexp, prod

Rule = Callable[..., Any]


def running(reduction: Rule) -> Rule:
    """At each place, the reduction of all elements up to it."""
    def rule(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> list[Jet]:
        return [reduction(arithmetic, node, fiber[: k + 1]) for k in range(len(fiber))]

    return rule


def trapezoid(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> Jet:
    means = [arithmetic.multiply(arithmetic.add(pair), {0: ONE / 2}) for pair in pairwise(fiber)]
    return arithmetic.multiply(arithmetic.add(means),
                               literal(arithmetic, node["dx"], node.type.dtype))


ALONG_AXIS: dict[str, Rule] = {
    "cumulative_prod": running(prod),
    "cumulative_logsumexp": running(logsumexp),
    "cumulative_max": running(extremum(1)),
    "cumulative_min": running(extremum(-1)),
}
REDUCTIONS: dict[str, Rule] = {"trapezoid": trapezoid}
