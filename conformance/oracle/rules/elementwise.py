"""Elementwise operators on jets, each (arithmetic, node, *operands) -> jet or bool."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from flint import arb

from conformance.graph import Node
from conformance.oracle import functions
from conformance.oracle.functions import FUNCTIONS, NoValue
from conformance.oracle.jets import (
    ONE,
    ZERO,
    Arithmetic,
    Jet,
    choose,
    exact_ball,
    imaginary_part,
    midpoint,
    real_part,
    sign,
)
from conformance.oracle.rules.reductions import logsumexp

Rule = Callable[..., Any]

integer_power = lru_cache(maxsize=256)(functions.power)


def smooth(name: str) -> Rule:
    return lambda arithmetic, node, x: arithmetic.apply(name, x)


def absolute(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    return choose(sign(x[0]), x, arithmetic.negative(x))


def relu(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    return choose(sign(x[0]), x, dict.fromkeys(x, ZERO))


def sign_of(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    side = sign(x[0])
    if side is None:
        raise NoValue("branch", "cannot be decided", final=False)
    if side == 0 and len(x) > 1:
        raise NoValue("kink", "jumps at 0", final=True)
    return {0: arb(side)}


def maximum(arithmetic: Arithmetic, node: Node, a: Jet, b: Jet) -> Jet:
    return a if a is b else choose(sign(a[0] - b[0]), a, b)


def minimum(arithmetic: Arithmetic, node: Node, a: Jet, b: Jet) -> Jet:
    return a if a is b else choose(sign(b[0] - a[0]), a, b)


def clip(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    for bound, nearer in ((node["min"], maximum), (node["max"], minimum)):
        if bound is not None:
            x = nearer(arithmetic, node, x, literal(arithmetic, bound, node.type.dtype))
    return x


def literal(arithmetic: Arithmetic, number: complex | bool, dtype: str) -> Jet:
    """A number written in the case, rounded to the dtype first: so does a framework."""
    ball = exact_ball(number, dtype)
    held = complex(float(real_part(ball)), float(imaginary_part(ball)))
    return arithmetic.literal(ball, representable=held == number)


def power(arithmetic: Arithmetic, node: Node, base: Jet, exponent: Jet) -> Jet:
    """An exact integer exponent without slope is right at every base; others want base > 0."""
    n = exponent[0]
    whole = n.unique_fmpz() if len(exponent) == 1 and n.is_exact() else None
    if whole is not None:
        return arithmetic.compose(integer_power(int(whole)), base)
    if base[0] > 0:
        return arithmetic.apply("exp",
                                arithmetic.multiply(exponent, arithmetic.apply("log", base)))
    if len(base) == len(exponent) == 1 and base[0].is_zero() and n > 0:
        return {0: ZERO}
    if base[0] <= 0:
        raise NoValue("domain", "has a base that is not positive and an exponent that is no "
                      "constant integer", final=True)
    raise NoValue("branch", "has a base whose sign cannot be decided", final=False)


def hypot(arithmetic: Arithmetic, node: Node, a: Jet, b: Jet) -> Jet:
    if a[0].is_zero() and b[0].is_zero():
        if len(a) == len(b) == 1:
            return {0: ZERO}
        raise NoValue("kink", "is at (0, 0)", final=True)
    squares = (arithmetic.apply("square", a), arithmetic.apply("square", b))
    return arithmetic.apply("sqrt", arithmetic.add(squares))


def atan2(arithmetic: Arithmetic, node: Node, y: Jet, x: Jet) -> Jet:
    """The angle at the constants, and the angle from there: atan of a nilpotent quotient."""
    y0, x0 = y[0], x[0]
    if not (x0 > 0 or y0 > 0 or y0 < 0):
        if y0.is_zero() and x0 <= 0:
            raise NoValue("domain", "is on its branch cut", final=True)
        raise NoValue("branch", "may be on its branch cut", final=False)
    angle = arb.atan2(y0, x0)
    here: Jet = {0: angle}
    if len(x) > 1 or len(y) > 1:
        along = arithmetic.add((arithmetic.multiply(x, {0: x0}), arithmetic.multiply(y, {0: y0})))
        across = arithmetic.subtract(arithmetic.multiply(y, {0: x0}),
                                     arithmetic.multiply(x, {0: y0}))
        across[0] = ZERO
        here = {**arithmetic.apply("atan", arithmetic.divide(across, along)), 0: angle}
    return arithmetic.widen_value(here, FUNCTIONS["atan"].allowance.value * ONE)


def logaddexp(arithmetic: Arithmetic, node: Node, a: Jet, b: Jet) -> Jet:
    """Slopes as those of logsumexp; the value as larger + softplus(smaller - larger)."""
    large, small = (a, b) if midpoint(a[0]) >= midpoint(b[0]) else (b, a)
    gap = arithmetic.subtract({0: small[0]}, {0: large[0]})
    value = arithmetic.add(({0: large[0]}, arithmetic.apply("softplus", gap)))
    if len(a) == len(b) == 1:
        return value
    return {**logsumexp(arithmetic, node, (large, small)), 0: value[0]}


def comparison(true: Callable[[Any, Any], bool], false: Callable[[Any, Any], bool],
               equal: bool) -> Rule:
    """Three ways: certainly so, certainly not, undecided; on the constant coefficients alone."""

    def compare(arithmetic: Arithmetic, node: Node, a: Jet | bool, b: Jet | bool) -> bool:
        if isinstance(a, bool) or isinstance(b, bool):
            return true(a, b)
        if a is b and not arithmetic.noisy:
            return equal
        if true(a[0], b[0]):
            return True
        if false(a[0], b[0]):
            return False
        raise NoValue("branch", "cannot be decided", final=False)

    return compare


ELEMENTWISE: dict[str, Rule] = {
    **{name: smooth(name) for name in FUNCTIONS},
    "abs": absolute,
    "relu": relu,
    "sign": sign_of,
    "negative": lambda arithmetic, node, x: arithmetic.negative(x),
    "add": lambda arithmetic, node, a, b: arithmetic.add((a, b)),
    "subtract": lambda arithmetic, node, a, b: arithmetic.subtract(a, b),
    "multiply": lambda arithmetic, node, a, b: arithmetic.multiply(a, b),
    "divide": lambda arithmetic, node, a, b: arithmetic.divide(a, b),
    "pow": power,
    "maximum": maximum,
    "minimum": minimum,
    "clip": clip,
    "hypot": hypot,
    "atan2": atan2,
    "logaddexp": logaddexp,
    "less": comparison(lambda a, b: a < b, lambda a, b: a >= b, False),
    "less_equal": comparison(lambda a, b: a <= b, lambda a, b: a > b, True),
    "greater": comparison(lambda a, b: a > b, lambda a, b: a <= b, False),
    "greater_equal": comparison(lambda a, b: a >= b, lambda a, b: a < b, True),
    "equal": comparison(lambda a, b: a == b, lambda a, b: a != b, True),
    "not_equal": comparison(lambda a, b: a != b, lambda a, b: a == b, False),
}
