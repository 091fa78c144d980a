"""Special functions on jets, each (arithmetic, node, *operands) -> jet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.graph import Node
from conformance.oracle.functions import Function
from conformance.oracle.jets import ZERO, Arithmetic, Jet
from conformance.oracle.special_functions import FUNCTIONS

Rule = Callable[..., Any]


def smooth(function: Function) -> Rule:
    return lambda arithmetic, node, x: arithmetic.compose(function, x)


def times_logarithm(name: str) -> Rule:
    """x times a logarithm; a value of 0 wherever x is 0."""
    def rule(arithmetic: Arithmetic, node: Node, x: Jet, y: Jet) -> Jet:
        if x[0].is_zero() and len(x) == len(y) == 1:
            return {0: ZERO}
        return arithmetic.multiply(x, arithmetic.apply(name, y))

    return rule


ELEMENTWISE: dict[str, Rule] = {
    **{name: smooth(function) for name, function in FUNCTIONS.items()},
    "xlogy": times_logarithm("log"),
    "xlog1py": times_logarithm("log1p"),
}
