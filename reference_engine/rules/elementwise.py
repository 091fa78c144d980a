"""Elementwise operators, from arithmetic to comparisons."""

import math
import operator

import numpy as np

from ..creation import zeros_like
from ..kernels import error_functions
from ..operators import elementwise, quiet, rule
from ..tensor import Tensor
from .complex_numbers import conj, real
from .selection import where

__all__ = [
    "abs",
    "acos",
    "acosh",
    "add",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cos",
    "cosh",
    "divide",
    "equal",
    "erf",
    "exp",
    "expm1",
    "greater",
    "greater_equal",
    "hypot",
    "less",
    "less_equal",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logical_and",
    "logical_not",
    "logical_or",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "not_equal",
    "pow",
    "reciprocal",
    "relu",
    "rsqrt",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "softplus",
    "sqrt",
    "square",
    "stop_gradient",
    "subtract",
    "tan",
    "tanh",
]

# Arithmetic ---------------------------------------------------------------------------
# Python's operators: on NumPy scalars they are several times as fast as the functions of NumPy.

add = elementwise("add", operator.add, 2)
subtract = elementwise("subtract", operator.sub, 2)
multiply = elementwise("multiply", operator.mul, 2)
divide = elementwise("divide", operator.truediv, 2)
negative = elementwise("negative", operator.neg)
reciprocal = elementwise("reciprocal", np.reciprocal)
square = elementwise("square", lambda x: x * x)
abs = elementwise("abs", operator.abs)

rule("add", lambda dy, y, x, w: dy, lambda dy, y, x, w: dy, jvp="linear")
rule("subtract", lambda dy, y, x, w: dy, lambda dy, y, x, w: -dy, jvp="linear")
rule("multiply", lambda dy, y, x, w: dy * w, lambda dy, y, x, w: dy * x)
rule("divide", lambda dy, y, x, w: dy / w, lambda dy, y, x, w: -dy * y / w)
rule("negative", lambda dy, y, x: -dy, jvp="linear")
rule("reciprocal", lambda dy, y, x: -dy * y * y)
rule("square", lambda dy, y, x: dy * (x + x))  # 2 * x takes twice the time


def _sign(x):
    if x.dtype.kind != "c":
        return np.sign(x)
    size = np.abs(x)
    return np.where(size == 0, 0, x / np.where(size == 0, 1, size)).astype(x.dtype)


def _abs_rule(dy, y, x):
    if x.dtype.kind == "c":
        return dy * conj(sign(x))
    return dy * sign(x)


def _sign_rule(dy, y, x):
    if x.dtype.kind == "c":  # the part of dy along y changes the size alone, which y does not show
        return where(y == 0, 0, (dy - real(dy * y) * conj(y)) / where(y == 0, 1, abs(x)))
    return zeros_like(x)


sign = elementwise("sign", _sign, jvp=None)
rule("abs", _abs_rule)  # convention: 0 at the kink
rule("sign", _sign_rule)

# Powers and roots ---------------------------------------------------------------------

pow = elementwise("pow", operator.pow, 2)
sqrt = elementwise("sqrt", np.sqrt)
rsqrt = elementwise("rsqrt", quiet(lambda x: np.reciprocal(np.sqrt(x))))


def _all(x):
    """Whether no element is 0."""
    array = x._array if type(x) is Tensor else x
    return array.all() if array.ndim else array != 0


def _exponent_below(x, w):
    """w - 1; but 0 for 0**0, where 0 * 0**-1 would be nan and the constant x**0 has slope 0."""
    if _all(w):  # the usual case, for less work
        return w - 1
    return where(logical_and(x == 0, w == 0), 0, w - 1)


def _log_of_base(x, w):
    """log(x); but 0 for base 0 and w >= 0, where 0**w is constant and 0 * -inf would be nan."""
    if _all(x):  # the usual case, for less work
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
_ONES = {char: np.ones((), char) for char in "fd"}


def _one_minus_square(x):
    # With an array an array of a single number takes half the time of a number.
    one = _ONES.get(x.dtype.char) if x.ndim else None
    one = x.dtype.type(1) if one is None else one
    return (one - x) * (one + x)


one_minus_square = elementwise("one_minus_square", _one_minus_square)


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


def _asinh_rule(dy, y, x):
    if x.dtype.kind == "c":
        return dy / (sqrt(1 + 1j * x) * sqrt(1 - 1j * x))
    return dy / hypot(x, 1)  # hypot, since x**2 would overflow


rule("sinh", lambda dy, y, x: dy * cosh(x))
rule("cosh", lambda dy, y, x: dy * sinh(x))
rule("tanh", lambda dy, y, x: dy * one_minus_square(y))
rule("asinh", _asinh_rule)
rule("acosh", lambda dy, y, x: dy / (sqrt(x - 1) * sqrt(x + 1)))  # x**2 - 1 cancels, overflows
rule("atanh", lambda dy, y, x: dy / one_minus_square(x))

# Special functions and activations ----------------------------------------------------


@quiet
def _sigmoid(x):
    if x.dtype.kind == "c":
        return 1 / (1 + np.exp(-x))
    small = np.exp(-np.abs(x))  # never overflows; the larger of the two terms is the 1
    one = x.dtype.type(1)
    return np.where(x >= 0, one, small) / (one + small)


@quiet
def _softplus(x):
    return np.logaddexp(x, x.dtype.type(0))


erf = elementwise("erf", error_functions.erf)
sigmoid = elementwise("sigmoid", _sigmoid)
softplus = elementwise("softplus", _softplus)
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

less = elementwise("less", operator.lt, 2)
less_equal = elementwise("less_equal", operator.le, 2)
greater = elementwise("greater", operator.gt, 2)
greater_equal = elementwise("greater_equal", operator.ge, 2)
equal = elementwise("equal", operator.eq, 2)
not_equal = elementwise("not_equal", operator.ne, 2)
logical_not = elementwise("logical_not", np.logical_not)
logical_and = elementwise("logical_and", np.logical_and, 2)
logical_or = elementwise("logical_or", np.logical_or, 2)
stop_gradient = elementwise("stop_gradient", lambda x: x)
for _function in (stop_gradient, stop_gradient.public):
    _function.__doc__ = "x itself, as a constant to every tape: its gradient is None."

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
