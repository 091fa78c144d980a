"""Pooling: what windows of an array are reduced to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from flint import arb

from conformance.graph import Node
from conformance.oracle import decisions
from conformance.oracle.jets import ONE, Arithmetic, Jet
from conformance.oracle.rules.reductions import extremum, mean
from conformance.oracle.walking import filled
from conformance.window_rules import pooled_places, pooling_windows

Rule = Callable[..., Any]


def pooled(rule: Rule) -> Rule:
    """A pooling whose windows are reduced by `rule`, without what lies around x."""
    def function(arithmetic: Arithmetic, node: Node, x: np.ndarray) -> np.ndarray:
        elements = list(x.flat)
        followed = decisions.active()
        found = []
        for k, window in enumerate(pooled_places(node, x.shape)):
            if followed is not None:
                followed.part(k)
            found.append(rule(arithmetic, node, [elements[i] for i in window]))
        return filled(found, node.type.shape)

    return function


def with_zeros(arithmetic: Arithmetic, node: Node, window: list[Jet]) -> Jet:
    """The mean of a window and the zeros around x, which are counted."""
    size = arb(int(np.prod(pooling_windows(node, len(node.type.shape) - 2).kernel)))
    return arithmetic.multiply(arithmetic.add(window), {0: ONE / size})


ARRAYS: dict[str, Rule] = {
    f"{name}{n}d": pooled(rule) for n in (1, 2, 3) for name, rule in (
        ("max_pool", extremum(1)), ("avg_pool", with_zeros), ("adaptive_avg_pool", mean))
}
