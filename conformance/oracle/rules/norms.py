"""Standard deviations and norms of vectors: (arithmetic, node, fiber) -> jet."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from conformance.graph import Node
from conformance.oracle import functions
from conformance.oracle.functions import NoValue
from conformance.oracle.jets import ONE, ZERO, Arithmetic, Jet, choose, sign
from conformance.oracle.rules.reductions import extremum, var

Rule = Callable[..., Any]


def root(arithmetic: Arithmetic, x: Jet, what: str) -> Jet:
    """The square root of a sum of squares, which at 0 has a value and no slope."""
    if x[0].is_zero():
        if len(x) == 1:
            return {0: ZERO}
        raise NoValue("kink", f"is at {what}", final=True)
    return arithmetic.apply("sqrt", x)


def std(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> Jet:
    return root(arithmetic, var(arithmetic, node, fiber), "equal elements")


def vector_norm(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> Jet:
    order = node["ord"]
    if order == 2:
        squares = [arithmetic.apply("square", x) for x in fiber]
        return root(arithmetic, arithmetic.add(squares), "the vector 0")
    sizes = [choose(sign(x[0]), x, arithmetic.negative(x)) for x in fiber]
    if order == 1:
        return arithmetic.add(sizes)
    if math.isinf(order):
        return extremum(1)(arithmetic, node, sizes)
    total = arithmetic.add([_power(arithmetic, x, order) for x in sizes])
    if total[0].is_zero():
        return root(arithmetic, total, "the vector 0")
    exponent = {0: ONE / order}
    return arithmetic.apply("exp", arithmetic.multiply(arithmetic.apply("log", total), exponent))


def _power(arithmetic: Arithmetic, size: Jet, order: float) -> Jet:
    if order == int(order):
        return arithmetic.compose(functions.power(int(order)), size)
    if size[0].is_zero():
        if len(size) == 1:
            return {0: ZERO}
        raise NoValue("domain", "has an element 0 under a broken order", final=True)
    log = arithmetic.apply("log", size)
    return arithmetic.apply("exp", arithmetic.multiply(log, {0: ONE * order}))


REDUCTIONS: dict[str, Rule] = {"std": std, "vector_norm": vector_norm}
