"""Elementwise operators, from arithmetic to comparisons."""

import math

import numpy as np

from ..creation import zeros_like
from ..operators import elementwise, rule
from .selection import where

# Arithmetic ---------------------------------------------------------------------------

add = elementwise("add", np.add, 2)
subtract = elementwise("subtract", np.subtract, 2)
multiply = elementwise("multiply", np.multiply, 2)
divide = elementwise("divide", np.divide, 2)
negative = elementwise("negative", np.negative)
reciprocal = elementwise("reciprocal", np.reciprocal)
square = elementwise("square", np.square)
abs = elementwise("abs", np.abs)
sign = elementwise("sign", np.sign)

rule("add", lambda dy, y, x, w: dy, lambda dy, y, x, w: dy)
rule("subtract", lambda dy, y, x, w: dy, lambda dy, y, x, w: -dy)
rule("multiply", lambda dy, y, x, w: dy * w, lambda dy, y, x, w: dy * x)
rule("divide", lambda dy, y, x, w: dy / w, lambda dy, y, x, w: -dy * y / w)
rule("negative", lambda dy, y, x: -dy)
rule("reciprocal", lambda dy, y, x: -dy * y * y)
rule("square", lambda dy, y, x: 2 * dy * x)
rule("abs", lambda dy, y, x: dy * sign(x))  # convention: 0 at the kink
rule("sign", lambda dy, y, x: zeros_like(x))

# Powers and roots ---------------------------------------------------------------------

pow = elementwise("pow", np.power, 2)
sqrt = elementwise("sqrt", np.sqrt)
rsqrt = elementwise("rsqrt", lambda x: np.reciprocal(np.sqrt(x)))


def _exponent_below(x, w):
    """w - 1; but 0 for 0**0, where 0 * 0**-1 would be nan and the constant x**0 has slope 0."""
    if w.numpy().all():  # the usual case, for less work
        return w - 1
    return where(logical_and(x == 0, w == 0), 0, w - 1)


def _log_of_base(x, w):
    """log(x); but 0 for base 0 and w >= 0, where 0**w is constant and 0 * -inf would be nan."""
    if x.numpy().all():  # the usual case, for less work
        return log(x)
    return log(where(logical_and(x == 0, w >= 0), 1, x))


rule("pow",
     lambda dy, y, x, w: dy * w * x ** _exponent_below(x, w),
     lambda dy, y, x, w: dy * y * _log_of_base(x, w))  # fmt: skip
rule("sqrt", lambda dy, y, x: 0.5 * dy / y)
rule("rsqrt", lambda dy, y, x: -0.5 * dy * y / x)

# Exponentials and logarithms ----------------------------------------------------------

exp = elementwise("exp", np.exp)
expm1 = elementwise("expm1", np.expm1)
log = elementwise("log", np.log)
log1p = elementwise("log1p", np.log1p)
log2 = elementwise("log2", np.log2)
log10 = elementwise("log10", np.log10)
logaddexp = elementwise("logaddexp", np.logaddexp, 2)

rule("exp", lambda dy, y, x: dy * y)
rule("expm1", lambda dy, y, x: dy * exp(x))  # y + 1 would have lost the digits of a small exp(x)
rule("log", lambda dy, y, x: dy / x)
rule("log1p", lambda dy, y, x: dy / (1 + x))
rule("log2", lambda dy, y, x: dy / (x * math.log(2)))
rule("log10", lambda dy, y, x: dy / (x * math.log(10)))
rule("logaddexp", lambda dy, y, x, w: dy * sigmoid(x - w), lambda dy, y, x, w: dy * sigmoid(w - x))

# Circular functions -------------------------------------------------------------------

sin = elementwise("sin", np.sin)
cos = elementwise("cos", np.cos)
tan = elementwise("tan", np.tan)
asin = elementwise("asin", np.arcsin)
acos = elementwise("acos", np.arccos)
atan = elementwise("atan", np.arctan)
atan2 = elementwise("atan2", np.arctan2, 2)
hypot = elementwise("hypot", np.hypot, 2)
# 1 - x**2 as an operator: the product keeps the digits near |x| = 1, its rule those near x = 0.
one_minus_square = elementwise(
    "one_minus_square", lambda x: (x.dtype.type(1) - x) * (x.dtype.type(1) + x)
)


def _over_squared_norm(a, x, w):
    """a / (x**2 + w**2) for |a| up to the norm, without squares that overflow."""
    norm = hypot(x, w)
    return a / norm / norm


rule("sin", lambda dy, y, x: dy * cos(x))
rule("cos", lambda dy, y, x: -dy * sin(x))
rule("tan", lambda dy, y, x: dy * (1 + y * y))
rule("asin", lambda dy, y, x: dy / sqrt(one_minus_square(x)))
rule("acos", lambda dy, y, x: -dy / sqrt(one_minus_square(x)))
rule("atan", lambda dy, y, x: dy / (1 + x * x))
rule("atan2",
     lambda dy, y, x, w: dy * _over_squared_norm(w, x, w),
     lambda dy, y, x, w: -dy * _over_squared_norm(x, x, w))  # fmt: skip
# At the origin hypot has a kink like that of abs, and the same convention: 0.
rule("hypot",
     lambda dy, y, x, w: dy * (x / where(y == 0, 1, y)),
     lambda dy, y, x, w: dy * (w / where(y == 0, 1, y)))  # fmt: skip
rule("one_minus_square", lambda dy, y, x: -2 * dy * x)

# Hyperbolic functions -----------------------------------------------------------------

sinh = elementwise("sinh", np.sinh)
cosh = elementwise("cosh", np.cosh)
tanh = elementwise("tanh", np.tanh)
asinh = elementwise("asinh", np.arcsinh)
acosh = elementwise("acosh", np.arccosh)
atanh = elementwise("atanh", np.arctanh)

rule("sinh", lambda dy, y, x: dy * cosh(x))
rule("cosh", lambda dy, y, x: dy * sinh(x))
rule("tanh", lambda dy, y, x: dy * (1 - y * y))
rule("asinh", lambda dy, y, x: dy / hypot(x, 1))  # hypot, since x**2 would overflow
rule("acosh", lambda dy, y, x: dy / (sqrt(x - 1) * sqrt(x + 1)))  # x**2 - 1 cancels, overflows
rule("atanh", lambda dy, y, x: dy / one_minus_square(x))

# Special functions and activations ----------------------------------------------------


def _sigmoid(x):
    small = np.exp(-np.abs(x))  # never overflows; the larger of the two terms is the 1
    one = x.dtype.type(1)
    return np.where(x >= 0, one, small) / (one + small)


_erf = np.vectorize(math.erf, otypes=["float64"])

erf = elementwise("erf", lambda x: _erf(x).astype(x.dtype))
sigmoid = elementwise("sigmoid", _sigmoid)
softplus = elementwise("softplus", lambda x: np.logaddexp(x, x.dtype.type(0)))
relu = elementwise("relu", lambda x: np.maximum(x, x.dtype.type(0)))

rule("erf", lambda dy, y, x: 2 / math.sqrt(math.pi) * dy * exp(-x * x))
rule("sigmoid", lambda dy, y, x: dy * y * sigmoid(-x))  # 1 - y would cancel for large x
rule("softplus", lambda dy, y, x: dy * sigmoid(x))
rule("relu", lambda dy, y, x: where(x > 0, dy, 0))  # convention: 0 at the kink

# Extremes -----------------------------------------------------------------------------

maximum = elementwise("maximum", np.maximum, 2)
minimum = elementwise("minimum", np.minimum, 2)


def _to_winner(dy, wins, ties):
    """Convention: equal operands share dy equally, so that maximum(x, x) has derivative 1."""
    return where(ties, 0.5 * dy, where(wins, dy, 0))


rule("maximum",
     lambda dy, y, x, w: _to_winner(dy, x > w, x == w),
     lambda dy, y, x, w: _to_winner(dy, w > x, x == w))  # fmt: skip
rule("minimum",
     lambda dy, y, x, w: _to_winner(dy, x < w, x == w),
     lambda dy, y, x, w: _to_winner(dy, w < x, x == w))  # fmt: skip

# Without a derivative -----------------------------------------------------------------

less = elementwise("less", np.less, 2)
less_equal = elementwise("less_equal", np.less_equal, 2)
greater = elementwise("greater", np.greater, 2)
greater_equal = elementwise("greater_equal", np.greater_equal, 2)
equal = elementwise("equal", np.equal, 2)
not_equal = elementwise("not_equal", np.not_equal, 2)
logical_not = elementwise("logical_not", np.logical_not)
logical_and = elementwise("logical_and", np.logical_and, 2)
logical_or = elementwise("logical_or", np.logical_or, 2)
stop_gradient = elementwise("stop_gradient", lambda x: x)
stop_gradient.__doc__ = "x itself, as a constant to every tape: its gradient is None."

rule("less", None, None)
rule("less_equal", None, None)
rule("greater", None, None)
rule("greater_equal", None, None)
rule("equal", None, None)
rule("not_equal", None, None)
rule("logical_not", None)
rule("logical_and", None, None)
rule("logical_or", None, None)
rule("stop_gradient", None)
