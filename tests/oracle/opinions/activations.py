"""Activations, as their papers define them."""

import mpmath
import numpy as np
from mpmath import mpf

from opinions import W34, X23, Line, each, unary

WIDE = (-30.0, -6.5, -1.25, -1e-12, 0.0, 0.5, 2.0, 20.0)
PIECES = (-6.5, -2.75, -0.75, -1e-12, 1e-12, 0.25, 0.75, 3.5, 6.25)


def sigmoid(x):
    return 1 / (1 + mpmath.exp(-x))


def gelu_tanh(x):
    cube = mpf("0.044715") * x**3
    return x / 2 * (1 + mpmath.tanh(mpmath.sqrt(2 / mpmath.pi) * (x + cube)))


def elu(alpha):
    return lambda x: x if x > 0 else alpha * mpmath.expm1(x)


def celu(alpha):
    return lambda x: x if x > 0 else alpha * mpmath.expm1(x / alpha)


def selu(x):
    return mpf("1.0507009873554804934") * elu(mpf("1.6732632423543772848"))(x)


def limited(x, low, high):
    return min(max(x, mpf(low)), mpf(high))


def shrunk(lambd):
    return lambda x: mpmath.sign(x) * max(abs(x) - lambd, mpf(0))


def with_parameters(function, points, **parameters):
    return Line(each(function), (points,), parameters)


def glu(x, axis):
    first, second = np.split(x, 2, axis=axis)
    return first * each(sigmoid)(second)


LINES = {
    "silu": [unary(lambda x: x * sigmoid(x), *WIDE)],
    "mish": [unary(lambda x: x * mpmath.tanh(mpmath.log1p(mpmath.exp(x))), *WIDE)],
    "log_sigmoid": [unary(lambda x: -mpmath.log1p(mpmath.exp(-x)), *WIDE)],
    "tanhshrink": [unary(lambda x: x - mpmath.tanh(x), *WIDE)],
    "softsign": [unary(lambda x: x / (1 + abs(x)), *PIECES)],
    "squareplus": [with_parameters(lambda x, b=b: (x + mpmath.sqrt(x * x + b)) / 2, WIDE, b=b)
                   for b in (4.0, 0.25)],
    "gelu": [unary(lambda x: x * mpmath.ncdf(x), *WIDE),
             with_parameters(gelu_tanh, WIDE[1:-1], approximate="tanh")],
    "elu": [with_parameters(elu(alpha), PIECES, alpha=alpha) for alpha in (1.0, 0.75)],
    "celu": [with_parameters(celu(alpha), PIECES, alpha=alpha) for alpha in (1.0, 0.75)],
    "selu": [unary(selu, *PIECES)],
    "relu6": [unary(lambda x: limited(x, 0, 6), *PIECES)],
    "hardtanh": [unary(lambda x: limited(x, -1, 1), *PIECES),
                 with_parameters(lambda x: limited(x, -2, 0.5), PIECES, min_val=-2.0, max_val=0.5)],
    "hardsigmoid": [unary(lambda x: limited(x / 6 + mpf(1) / 2, 0, 1), *PIECES)],
    "hardswish": [unary(lambda x: x * limited(x / 6 + mpf(1) / 2, 0, 1), *PIECES)],
    "sparse_sigmoid": [unary(lambda x: limited((x + 1) / 2, 0, 1), *PIECES)],
    "sparse_plus": [unary(lambda x: x if x > 1 else max(x + 1, mpf(0)) ** 2 / 4, *PIECES)],
    "leaky_relu": [with_parameters(lambda x, slope=slope: x if x > 0 else slope * x, PIECES,
                                   negative_slope=slope) for slope in (0.01, 0.25)],
    "softshrink": [with_parameters(shrunk(mpf(lambd)), PIECES, lambd=lambd)
                   for lambd in (0.5, 3.0)],
    "hardshrink": [with_parameters(lambda x, lambd=lambd: x if abs(x) > lambd else 0 * x, PIECES,
                                   lambd=lambd) for lambd in (0.5, 3.0)],
    "threshold": [with_parameters(lambda x: x if x > 0.5 else mpf(-2), PIECES, threshold=0.5,
                                  value=-2.0)],
    "glu": [Line(lambda x: glu(x, 0), (X23,), {"axis": 0}), Line(lambda x: glu(x, 1), (W34,))],
    "prelu": [Line(lambda x, w: np.where(x > 0, x, w * x), (X23, (0.25, -0.5, 1.5))),
              Line(lambda x, w: np.where(x > 0, x, w[0] * x), (X23[0], (0.25,)))],
}
