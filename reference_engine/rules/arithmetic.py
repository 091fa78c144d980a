"""Small arithmetic, elementwise: extremes, powers, sinc, quotients without nan, three operands."""

import math

import numpy as np

from ..errors import OperandError
from ..kernels.circular import sinc as _sinc_kernel
from ..operators import FORWARDS, apply, as_operand, elementwise, quiet, rule, values
from ..tensor import same_dtype
from .elementwise import sigmoid
from .public_forms import documented, operands
from .selection import where

__all__ = [
    "addcdiv",
    "addcmul",
    "cbrt",
    "deg2rad",
    "divide_no_nan",
    "exp2",
    "fmax",
    "fmin",
    "ldexp",
    "lerp",
    "logaddexp2",
    "multiply_no_nan",
    "rad2deg",
    "sinc",
    "xdivy",
]

# Extremes that ignore nan -------------------------------------------------------------

fmax = documented(
    elementwise("fmax", np.fmax, 2),
    "The greater of x and w, elementwise; of a number and nan, the number.\n\n"
    "    Equal operands share the gradient equally.",
)
fmin = documented(
    elementwise("fmin", np.fmin, 2),
    "The lesser of x and w, elementwise; of a number and nan, the number.\n\n"
    "    Equal operands share the gradient equally.",
)


def _to_winner(dy, wins, other, ties):
    return where(ties, 0.5 * dy, where(wins | np.isnan(other), dy, 0))


def _share_of_greater(dy, x, w):
    x, w = values(x), values(w)
    return _to_winner(dy, x > w, w, x == w)


rule("fmax",
     lambda dy, y, x, w: _share_of_greater(dy, x, w),
     lambda dy, y, x, w: _share_of_greater(dy, w, x))  # fmt: skip
rule("fmin",
     lambda dy, y, x, w: _share_of_greater(dy, -x, -w),
     lambda dy, y, x, w: _share_of_greater(dy, -w, -x))  # fmt: skip

# Powers, logarithms, angles -----------------------------------------------------------

exp2 = elementwise("exp2", np.exp2)
cbrt = elementwise("cbrt", np.cbrt)
logaddexp2 = documented(
    elementwise("logaddexp2", quiet(np.logaddexp2), 2),
    "log2(2**x + 2**w), elementwise, without overflow.",
)
deg2rad = elementwise("deg2rad", np.deg2rad)
rad2deg = elementwise("rad2deg", np.rad2deg)

rule("exp2", lambda dy, y, x: math.log(2) * dy * y)
rule("cbrt", lambda dy, y, x: dy / (3 * y * y))  # at 0 the slope is infinite
rule("logaddexp2",
     lambda dy, y, x, w: dy * sigmoid(math.log(2) * (x - w)),
     lambda dy, y, x, w: dy * sigmoid(math.log(2) * (w - x)))  # fmt: skip
rule("deg2rad", lambda dy, y, x: dy * (math.pi / 180), jvp="linear")
rule("rad2deg", lambda dy, y, x: dy * (180 / math.pi), jvp="linear")


def sinc(x):
    """sin(pi x) / (pi x), elementwise, 1 at 0. Raises DtypeError.

    Every derivative keeps its digits at 0, where the usual formula for it cancels.
    """
    return _sinc(as_operand(x), 0)


def _sinc(x, order):
    return apply("sinc", x, order=order)


FORWARDS["sinc"] = _sinc_kernel
rule("sinc", lambda dy, y, x, order: dy * _sinc(x, order + 1), jvp="elementwise")

# Products and quotients that avoid nan ------------------------------------------------


@quiet
def _divide_no_nan(x, w):
    return np.where(w == 0, x.dtype.type(0), x / np.where(w == 0, w.dtype.type(1), w))


@quiet
def _multiply_no_nan(x, w):
    return np.where(w == 0, x.dtype.type(0), x * w)


@quiet
def _xdivy(x, w):
    return np.where((x == 0) & ~np.isnan(w), x.dtype.type(0), x / w)


divide_no_nan = documented(
    elementwise("divide_no_nan", _divide_no_nan, 2), "x / w, elementwise; 0 where w is 0."
)
multiply_no_nan = documented(
    elementwise("multiply_no_nan", _multiply_no_nan, 2),
    "x w, elementwise; 0 where w is 0, even if x is infinite or nan.",
)
xdivy = documented(
    elementwise("xdivy", _xdivy, 2),
    "x / w, elementwise; 0 where x is 0. Where both are 0, so are the gradients.",
)


def both_zero(x, w):
    """Where x and w are 0, as bools: no derivative goes through them."""
    return (values(x) == 0) & (values(w) == 0)


def _divided(dy, zeros, w):
    return where(zeros, 0, dy / where(zeros, 1, w))


rule("divide_no_nan",
     lambda dy, y, x, w: divide_no_nan(dy, w),
     lambda dy, y, x, w: -divide_no_nan(dy * y, w))  # fmt: skip
rule("multiply_no_nan",
     lambda dy, y, x, w: multiply_no_nan(dy, w),
     lambda dy, y, x, w: multiply_no_nan(x, dy))  # fmt: skip
rule("xdivy",
     lambda dy, y, x, w: _divided(dy, both_zero(x, w), w),
     lambda dy, y, x, w: -_divided(dy * y, both_zero(x, w), w))  # fmt: skip

# Three operands -----------------------------------------------------------------------


@operands(3)
def lerp(x, w, weight):
    """The point that is `weight` of the way from x to w, elementwise, exact at both ends.

    The three broadcast; weight is a number or a Tensor. Raises ShapeError, DtypeError.
    """
    return apply("lerp", *same_dtype("lerp", x, w, weight))


@quiet
def _lerp(x, w, weight):
    rest = weight.dtype.type(1) - weight
    return np.where(np.abs(weight) < 0.5, x + weight * (w - x), w - rest * (w - x))


FORWARDS["lerp"] = _lerp
rule("lerp",
     lambda dy, y, x, w, weight: dy * (1 - weight),
     lambda dy, y, x, w, weight: dy * weight,
     lambda dy, y, x, w, weight: dy * (w - x), jvp="elementwise")  # fmt: skip


@operands(3)
def addcmul(x, a, b, value=1):
    """x + value a b, elementwise; `value` is a number. Raises ShapeError, DtypeError."""
    return apply("addcmul", *same_dtype("addcmul", x, a, b), value=value)


@operands(3)
def addcdiv(x, a, b, value=1):
    """x + value a / b, elementwise; `value` is a number. Raises ShapeError, DtypeError."""
    return apply("addcdiv", *same_dtype("addcdiv", x, a, b), value=value)


FORWARDS["addcmul"] = lambda x, a, b, value: x + x.dtype.type(value) * a * b
FORWARDS["addcdiv"] = lambda x, a, b, value: x + x.dtype.type(value) * a / b
rule("addcmul",
     lambda dy, y, x, a, b, value: dy,
     lambda dy, y, x, a, b, value: value * dy * b,
     lambda dy, y, x, a, b, value: value * dy * a, jvp="elementwise")  # fmt: skip
rule("addcdiv",
     lambda dy, y, x, a, b, value: dy,
     lambda dy, y, x, a, b, value: value * dy / b,
     lambda dy, y, x, a, b, value: -value * dy * a / b / b, jvp="elementwise")  # fmt: skip

# Powers of two ------------------------------------------------------------------------


def ldexp(x, exponents):
    """x 2**exponents, elementwise, for integer exponents. Raises ShapeError, OperandError."""
    exponents = np.asarray(values(exponents))
    if exponents.dtype.kind not in "iu":
        raise OperandError(f"ldexp: got exponents of dtype {exponents.dtype}, wanted integers")
    return apply("ldexp", as_operand(x), exponents=exponents)


@quiet
def _ldexp(x, exponents):
    return np.ldexp(x, exponents) if x.dtype.name != "bfloat16" else (
        np.ldexp(x.astype("float32"), exponents).astype(x.dtype))  # fmt: skip


FORWARDS["ldexp"] = _ldexp
rule("ldexp", lambda dy, y, x, exponents: ldexp(dy, exponents), jvp="linear")
