"""Rounding, remainders and other arithmetic on jets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flint import arb

from conformance.graph import Node
from conformance.oracle.functions import NoValue
from conformance.oracle.jets import ONE, Arithmetic, Jet, sign
from conformance.oracle.rules.activations import constant
from conformance.oracle.rules.elementwise import logaddexp

Rule = Callable[..., Any]

# (the nearest number at which a step jumps, on which side of it x is) -> the step's value
STEPS: dict[str, Callable[[arb, int], arb]] = {
    "floor": lambda jump, side: jump - (side < 0),
    "ceil": lambda jump, side: jump + (side > 0),
    "trunc": lambda jump, side: jump - (side < 0 < jump) + (side > 0 > jump),
    # at a half itself the even neighbour
    "round": lambda jump, side: jump + ONE / 2 * side if side else 2 * (jump / 2).floor()
    + 2 * (jump / 2 - (jump / 2).floor() > ONE / 2),
}


def step(name: str, x: arb, moves: bool) -> arb:
    """The value of a step function; raises NoValue at and around its jumps.

    moves: whether x has infinitesimals, which would carry it over a jump.
    """
    offset = ONE / 2 if name == "round" else arb(0)
    jump = (x.mid() + ONE / 2 - offset).floor() + offset
    if name == "trunc" and jump == 0:
        return jump
    side = sign(x - jump)
    if side is None:
        raise NoValue("branch", "cannot be decided", final=False)
    if side == 0 and moves:
        raise NoValue("kink", "jumps here", final=True)
    return STEPS[name](jump, side)


def rounding(name: str) -> Rule:
    return lambda arithmetic, node, x: {0: step(name, x[0], len(x) > 1)}


def frac(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    return arithmetic.subtract(x, {0: step("trunc", x[0], len(x) > 1)})


def remaining(name: str) -> Rule:
    """What is left of x when w was taken from it a whole number of times."""
    def rule(arithmetic: Arithmetic, node: Node, x: Jet, w: Jet) -> Jet:
        if w[0].contains(0):
            raise NoValue("domain", "divides by 0", final=w[0].is_zero())
        times = step(name, x[0] / w[0], len(x) > 1 or len(w) > 1)
        return arithmetic.subtract(x, arithmetic.multiply(w, {0: times}))

    return rule


def scaled(factor: Callable[[], arb]) -> Rule:
    return lambda arithmetic, node, x: arithmetic.multiply(x, constant(arithmetic, factor()))


def logaddexp2(arithmetic: Arithmetic, node: Node, a: Jet, b: Jet) -> Jet:
    unit = constant(arithmetic, arb.const_log2())
    a, b = (arithmetic.multiply(x, unit) for x in (a, b))
    return arithmetic.divide(logaddexp(arithmetic, node, a, b), unit)


def squared_difference(arithmetic: Arithmetic, node: Node, x: Jet, w: Jet) -> Jet:
    return arithmetic.apply("square", arithmetic.subtract(x, w))


def lerp(arithmetic: Arithmetic, node: Node, x: Jet, w: Jet, t: Jet) -> Jet:
    x = arithmetic.settle(x, 2)
    return arithmetic.add((x, arithmetic.multiply(t, arithmetic.subtract(w, x))))


ELEMENTWISE: dict[str, Rule] = {
    **{name: rounding(name) for name in STEPS},
    "frac": frac,
    "remainder": remaining("floor"),
    "fmod": remaining("trunc"),
    "deg2rad": scaled(lambda: arb.pi() / 180),
    "rad2deg": scaled(lambda: 180 / arb.pi()),
    "logaddexp2": logaddexp2,
    "squared_difference": squared_difference,
    "lerp": lerp,
}
