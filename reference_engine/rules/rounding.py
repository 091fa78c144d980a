"""Rounding, remainders and small arithmetic, elementwise.

What is constant between its steps has the gradient 0, as in PyTorch and JAX; TensorFlow gives None.
"""

import math

import numpy as np

from ..creation import zeros_like
from ..errors import OperandError
from ..kernels.circular import sinc as _sinc_kernel
from ..operators import (
    FORWARDS,
    apply,
    as_operand,
    elementwise,
    no_gradient,
    operator,
    quiet,
    rule,
    values,
)
from ..tensor import same_dtype
from .elementwise import sigmoid, sign
from .public_forms import documented, operands
from .selection import where

__all__ = [
    "addcdiv",
    "addcmul",
    "cbrt",
    "ceil",
    "copysign",
    "deg2rad",
    "divide_no_nan",
    "exp2",
    "floor",
    "floor_divide",
    "fmax",
    "fmin",
    "fmod",
    "frac",
    "heaviside",
    "isfinite",
    "isinf",
    "isnan",
    "ldexp",
    "lerp",
    "logaddexp2",
    "logical_xor",
    "multiply_no_nan",
    "nan_to_num",
    "nextafter",
    "positive",
    "rad2deg",
    "remainder",
    "round",
    "signbit",
    "sinc",
    "trunc",
    "xdivy",
]


# Rounding -----------------------------------------------------------------------------


def _step(name, function, text):
    """An operator that is constant between its steps; integers stay what they are."""
    call = elementwise(name, lambda x: x if x.dtype.kind in "iub" else function(x))
    rule(name, lambda dy, y, x: zeros_like(dy))
    return documented(call, f"{text}, elementwise. Its gradient is 0. Raises DtypeError.")


ceil = _step("ceil", np.ceil, "The least whole number that is not below x")
floor = _step("floor", np.floor, "The greatest whole number that is not above x")
trunc = _step("trunc", np.trunc, "x without what is behind its point")
round = _step("round", np.rint, "The whole number nearest to x, the even one of two")
frac = documented(
    elementwise("frac", quiet(lambda x: x - np.trunc(x))),
    "x - trunc(x), elementwise. Its slope is 1.",
)
positive = elementwise("positive", np.positive)

rule("frac", lambda dy, y, x: dy)
rule("positive", lambda dy, y, x: dy, jvp="linear")

# Division with a whole quotient -------------------------------------------------------

floor_divide = documented(
    elementwise("floor_divide", quiet(np.floor_divide), 2),
    "floor(x / w), elementwise, both of one dtype. Its gradients are 0.",
)
remainder = documented(
    elementwise("remainder", quiet(np.remainder), 2),
    "x - w floor(x / w), elementwise: it has the sign of w, as the array API has it.\n\n"
    "    The slope in w is -floor(x / w), at the jumps too.",
)
fmod = documented(
    elementwise("fmod", quiet(np.fmod), 2),
    "x - w trunc(x / w), elementwise: it has the sign of x.\n\n"
    "    The slope in w is -trunc(x / w), at the jumps too.",
)

rule("floor_divide",
     lambda dy, y, x, w: zeros_like(dy),
     lambda dy, y, x, w: zeros_like(dy))  # fmt: skip
rule("remainder", lambda dy, y, x, w: dy, lambda dy, y, x, w: -dy * floor_divide(x, w))
# (x - y) / w is a whole number but for rounding, which trunc(x / w) may get wrong by one.
rule("fmod", lambda dy, y, x, w: dy, lambda dy, y, x, w: -dy * round((x - y) / w))

# Signs --------------------------------------------------------------------------------

copysign = documented(
    elementwise("copysign", np.copysign, 2),
    "|x| with the sign of w, elementwise, which a zero has too.\n\n"
    "    The slope in x is 0 at x = 0, where |x| has its kink; that in w is 0.",
)
heaviside = documented(
    elementwise("heaviside", np.heaviside, 2),
    "0 where x < 0, w where x = 0 and 1 where x > 0, elementwise. The gradient of x is 0.",
)
signbit = elementwise("signbit", np.signbit)

rule("copysign",
     lambda dy, y, x, w: where(signbit(w), -dy, dy) * sign(x),
     lambda dy, y, x, w: zeros_like(dy))  # fmt: skip
rule("heaviside",
     lambda dy, y, x, w: zeros_like(dy),
     lambda dy, y, x, w: where(x == 0, dy, 0))  # fmt: skip
rule("signbit", None)

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

# Powers of two, and floats that are no numbers ----------------------------------------


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


@operator
def nan_to_num(x, nan=0.0, posinf=None, neginf=None):
    """x with nan, inf and -inf replaced by numbers, elementwise; None is the largest there is.

    The slope is 1 where x is finite and 0 where it was replaced. Raises DtypeError.
    """
    dtype = x.dtype.type
    if x.dtype.kind in "iub":
        return x
    largest = np.nextafter(dtype(math.inf), dtype(0))
    y = np.where(np.isnan(x), dtype(nan), x)
    y = np.where(x == math.inf, largest if posinf is None else dtype(posinf), y)
    return np.where(x == -math.inf, -largest if neginf is None else dtype(neginf), y)


rule("nan_to_num",
     lambda dy, y, x, nan, posinf, neginf: where(isfinite(x), dy, 0),
     jvp="elementwise")  # fmt: skip

isnan = elementwise("isnan", np.isnan)
isinf = elementwise("isinf", np.isinf)
isfinite = elementwise("isfinite", np.isfinite)
logical_xor = elementwise("logical_xor", np.logical_xor, 2)
nextafter = documented(
    elementwise("nextafter", np.nextafter, 2),
    "The number after x on the way to w, elementwise. It has no gradient.",
)

rule("isnan", None)
rule("isinf", None)
rule("isfinite", None)
rule("logical_xor", None, None)
no_gradient("nextafter", "it moves x by a rounding error; use x")
