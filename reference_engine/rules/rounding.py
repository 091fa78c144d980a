"""Rounding, remainders and signs, elementwise, and floats that are no numbers.

What is constant between its steps has the gradient 0, as in PyTorch and JAX; TensorFlow gives None.
"""

import math

import numpy as np

from ..creation import zeros_like
from ..operators import (
    elementwise,
    no_gradient,
    operator,
    quiet,
    rule,
)
from .elementwise import sign
from .public_forms import documented
from .selection import where

__all__ = [
    "ceil",
    "copysign",
    "floor",
    "floor_divide",
    "fmod",
    "frac",
    "heaviside",
    "isfinite",
    "isinf",
    "isnan",
    "logical_xor",
    "nan_to_num",
    "nextafter",
    "positive",
    "remainder",
    "round",
    "signbit",
    "trunc",
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

# Floats that are no numbers -----------------------------------------------------------


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
