"""Special functions on jets, each (arithmetic, node, *operands) -> jet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flint import arb

from conformance.graph import Node
from conformance.oracle import several, special_functions
from conformance.oracle.functions import Function, NoValue
from conformance.oracle.jets import ZERO, Arithmetic, Jet
from conformance.oracle.several import Several, compose
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


def of_several(function: Several) -> Rule:
    return lambda arithmetic, node, *operands: compose(arithmetic, function, *operands)


def polygamma(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    return arithmetic.compose(special_functions.polygamma(node["n"]), x)


def log_gamma(arithmetic: Arithmetic, x: Jet) -> Jet:
    return arithmetic.compose(FUNCTIONS["lgamma"], x)


def betaln(arithmetic: Arithmetic, node: Node, a: Jet, b: Jet) -> Jet:
    """By the sum of its operands' logarithms of the gamma function less that of their sum."""
    for x in (a, b):
        if x[0] <= 0:
            raise NoValue("domain", "is outside its domain", final=True)
    return arithmetic.subtract(arithmetic.add((log_gamma(arithmetic, a), log_gamma(arithmetic, b))),
                               log_gamma(arithmetic, arithmetic.add((a, b))))


def multigammaln(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    """log(pi) p (p - 1) / 4 and lgamma(x - j / 2) for every j below p."""
    p = node["p"]
    if x[0] <= arb(p - 1) / 2:
        raise NoValue("domain", "is outside its domain", final=True)
    terms = [log_gamma(arithmetic, arithmetic.subtract(x, {0: arb(j) / 2})) for j in range(p)]
    return arithmetic.add([{0: arb.pi().log() * p * (p - 1) / 4}, *terms])


ELEMENTWISE: dict[str, Rule] = {
    **{name: smooth(function) for name, function in FUNCTIONS.items()},
    **{name: of_several(function) for name, function in several.FUNCTIONS.items()},
    "betaln": betaln,
    "multigammaln": multigammaln,
    "polygamma": polygamma,
    "xlogy": times_logarithm("log"),
    "xlog1py": times_logarithm("log1p"),
}
