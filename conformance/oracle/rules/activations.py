"""Activations on jets: smooth ones, those of pieces, and those of several operands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from flint import arb, arb_series, fmpq

from conformance.graph import Node
from conformance.oracle.allowances import Allowance
from conformance.oracle.functions import Function, NoValue
from conformance.oracle.jets import ONE, ZERO, Arithmetic, Jet, sign
from conformance.oracle.rules.elementwise import literal
from conformance.oracle.walking import filled
from conformance.typing_rules import normalize_axis

Rule = Callable[..., Any]

# Klambauer et al. 2017, as every framework rounds them
SELU_ALPHA = fmpq(16732632423543772848, 10**19)
SELU_SCALE = fmpq(10507009873554804934, 10**19)
GELU_CUBE = fmpq(44715, 10**6)

# The kernel of erfc within 4 ulp; its rule is a constant times exp(-x*x), as that of erf.
ERFC = Function(lambda t: t.erfc(), arb.erfc, allowance=Allowance(8, 6))


def zero(x: Jet) -> Jet:
    """Nothing that still depends on x, with slope 0."""
    return dict.fromkeys(x, ZERO)


def constant(arithmetic: Arithmetic, ball: arb) -> Jet:
    """A number that a kernel has in the dtype, rounded."""
    return arithmetic.literal(ball, representable=False)


def pieces(arithmetic: Arithmetic, side: int | None, positive: Callable[[], Jet],
           negative: Callable[[], Jet]) -> Jet:
    """One branch for each side; far from where they join the other may have no value."""
    if side:
        return positive() if side > 0 else negative()
    return arithmetic.choose(side, positive(), negative())


# Smooth ----------------------------------------------------------------------------------


def silu(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    x = arithmetic.settle(x, 2)
    return arithmetic.multiply(x, arithmetic.apply("sigmoid", x))


def mish(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    x = arithmetic.settle(x, 2)
    gate = arithmetic.apply("tanh", arithmetic.apply("softplus", x))
    return arithmetic.multiply(x, gate)


def log_sigmoid(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    return arithmetic.negative(arithmetic.apply("softplus", arithmetic.negative(x)))


def tanhshrink(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    x = arithmetic.settle(x, 2)
    return arithmetic.subtract(x, arithmetic.apply("tanh", x))


def softsign(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    x = arithmetic.settle(x, 2)

    def over(size: Jet) -> Jet:
        return arithmetic.divide(x, arithmetic.add(({0: ONE}, size)))

    return pieces(arithmetic, sign(x[0]), lambda: over(x), lambda: over(arithmetic.negative(x)))


def squareplus(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    x = arithmetic.settle(x, 2)
    b = literal(arithmetic, node["b"], node.type.dtype)
    root = arithmetic.apply("sqrt", arithmetic.add((arithmetic.apply("square", x), b)))
    return arithmetic.multiply(arithmetic.add((x, root)), {0: ONE / 2})


def gelu(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    """With erfc, for 1 + erf loses the left tail; the approximation is the formula of its name."""
    x = arithmetic.settle(x, 2)
    if node["approximate"] == "tanh":
        gate = arithmetic.add(({0: ONE}, arithmetic.apply("tanh", _gelu_argument(arithmetic, x))))
    else:
        root = constant(arithmetic, -(ONE / 2).sqrt())
        gate = arithmetic.compose(ERFC, arithmetic.multiply(x, root))
    return arithmetic.multiply(arithmetic.multiply(x, {0: ONE / 2}), gate)


def _gelu_argument(arithmetic: Arithmetic, x: Jet) -> Jet:
    cube = arithmetic.multiply(x, arithmetic.apply("square", x))
    inner = arithmetic.add((x, arithmetic.multiply(cube, constant(arithmetic, arb(GELU_CUBE)))))
    return arithmetic.multiply(inner, constant(arithmetic, (2 / arb.pi()).sqrt()))


# Pieces ----------------------------------------------------------------------------------


def limited(arithmetic: Arithmetic, x: Jet, low: Jet, high: Jet) -> Jet:
    """x between two constants, and without slope outside."""
    slopes = zero(x)
    above = arithmetic.choose(sign(x[0] - low[0]), x, {**slopes, 0: low[0]})
    return arithmetic.choose(sign(high[0] - x[0]), above, {**slopes, 0: high[0]})


def relu6(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    return limited(arithmetic, x, {0: ZERO}, {0: arb(6)})


def hardtanh(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    return limited(arithmetic, x, *(literal(arithmetic, node[bound], node.type.dtype)
                                    for bound in ("min_val", "max_val")))


def hardsigmoid(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    ramp = limited(arithmetic, arithmetic.add((x, {0: arb(3)})), {0: ZERO}, {0: arb(6)})
    return arithmetic.multiply(ramp, constant(arithmetic, ONE / 6))


def sparse_sigmoid(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    ramp = limited(arithmetic, x, {0: -ONE}, {0: ONE})
    return arithmetic.multiply(arithmetic.add((ramp, {0: ONE})), {0: ONE / 2})


def hardswish(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    x = arithmetic.settle(x, 2)
    ramp = arithmetic.multiply(arithmetic.add((x, {0: arb(3)})), constant(arithmetic, ONE / 6))
    inside = arithmetic.multiply(x, ramp)
    inside = arithmetic.choose(sign(x[0] + 3), inside, zero(x))
    return arithmetic.choose(sign(x[0] - 3), x, inside)


def sparse_plus(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    square = arithmetic.apply("square", arithmetic.add((x, {0: ONE})))
    inside = arithmetic.multiply(square, {0: ONE / 4})
    inside = arithmetic.choose(sign(x[0] + 1), inside, zero(x))
    return arithmetic.choose(sign(x[0] - 1), x, inside)


def leaky_relu(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    slope = literal(arithmetic, node["negative_slope"], node.type.dtype)
    return arithmetic.choose(sign(x[0]), x, arithmetic.multiply(slope, x))


def softshrink(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    lambd = literal(arithmetic, node["lambd"], node.type.dtype)
    left = arithmetic.choose(sign(x[0] + lambd[0]), zero(x), arithmetic.add((x, lambd)))
    return arithmetic.choose(sign(x[0] - lambd[0]), arithmetic.subtract(x, lambd), left)


def hardshrink(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    lambd = literal(arithmetic, node["lambd"], node.type.dtype)[0]
    left = beyond(sign(-x[0] - lambd), x, zero(x), "-lambd")
    return beyond(sign(x[0] - lambd), x, left, "lambd")


def threshold(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    at, value = (literal(arithmetic, node[name], node.type.dtype)[0]
                 for name in ("threshold", "value"))
    return beyond(sign(x[0] - at), x, {**zero(x), 0: value}, "its threshold")


def beyond(side: int | None, x: Jet, otherwise: Jet, place: str) -> Jet:
    """x strictly beyond a jump, the other branch at the jump itself, where nothing has a slope."""
    if side is None:
        raise NoValue("branch", "cannot be decided", final=False)
    if side == 0 and len(x) > 1:
        raise NoValue("kink", f"jumps at {place}", final=True)
    return x if side > 0 else otherwise


# Exponential units -----------------------------------------------------------------------


def exponential(scale: arb, rate: arb) -> Function:
    """scale * expm1(x * rate), with the constants' products, and a rule that adds to the output."""
    def series(t: arb_series) -> arb_series:
        return scale * ((t * rate).exp() - 1)

    return Function(series, lambda a: scale * (a * rate).expm1(),
                    allowance=Allowance(8, 4, from_output=True))


def elu(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    alpha = literal(arithmetic, node["alpha"], node.type.dtype)[0]
    below = exponential(alpha, ONE)
    return pieces(arithmetic, sign(x[0]), lambda: x, lambda: arithmetic.compose(below, x))


def celu(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    alpha = literal(arithmetic, node["alpha"], node.type.dtype)[0]
    below = exponential(alpha, 1 / alpha)
    return pieces(arithmetic, sign(x[0]), lambda: x, lambda: arithmetic.compose(below, x))


def selu(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    above = constant(arithmetic, arb(SELU_SCALE))
    below = exponential(arb(SELU_SCALE * SELU_ALPHA), ONE)
    return pieces(arithmetic, sign(x[0]), lambda: arithmetic.multiply(x, above),
                  lambda: arithmetic.compose(below, x))


# Several operands ------------------------------------------------------------------------


def glu(arithmetic: Arithmetic, node: Node, x: np.ndarray) -> np.ndarray:
    first, second = np.split(x, 2, axis=normalize_axis(node["axis"], x.ndim))
    return filled([arithmetic.multiply(a, arithmetic.apply("sigmoid", b))
                   for a, b in zip(first.flat, second.flat, strict=True)], node.type.shape)


def prelu(arithmetic: Arithmetic, node: Node, x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    along_channels = (-1,) + (1,) * (x.ndim - 2) if weight.size > 1 else (1,) * x.ndim
    weights = np.broadcast_to(weight.reshape(along_channels), x.shape)
    return filled([arithmetic.choose(sign(a[0]), a, arithmetic.multiply(w, a))
                   for a, w in zip(x.flat, weights.flat, strict=True)], node.type.shape)


ELEMENTWISE: dict[str, Rule] = {rule.__name__: rule for rule in (
    celu, elu, gelu, hardshrink, hardsigmoid, hardswish, hardtanh, leaky_relu, log_sigmoid, mish,
    relu6, selu, silu, softshrink, softsign, sparse_plus, sparse_sigmoid, squareplus, tanhshrink,
    threshold)}
ARRAYS: dict[str, Rule] = {"glu": glu, "prelu": prelu}
