"""Activations with kinks: rectifiers, and pieces of lines and parabolas that stand for smooth ones.

The slope at a kink is PyTorch's, which each docstring states.
"""

import numpy as np

from ..errors import OptionError, ShapeError, describe
from ..operators import FORWARDS, apply, as_operand, elementwise, operator, rule, values
from ..tensor import same_dtype
from .activations import unary
from .elementwise import abs, exp
from .precision import same_precision
from .selection import clip, where
from .shapes import reshape

__all__ = [
    "celu",
    "elu",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "prelu",
    "relu6",
    "selu",
    "softshrink",
    "sparse_plus",
    "sparse_sigmoid",
    "threshold",
]


def _inside(x, low, high):
    """Whether low < x < high, as bools: no derivative goes through them."""
    x = values(x)
    return (x > low) & (x < high)


# Rectifiers ------------------------------------------------------------------------------


@unary
def relu6(x):
    """x limited to [0, 6], elementwise. The slope at both ends is 0."""
    return np.clip(x, 0, 6)


@operator
@same_precision
def leaky_relu(x, negative_slope=0.01):
    """x where x > 0, else negative_slope x, elementwise. The slope at 0 is negative_slope."""
    return np.maximum(x, 0) + (negative_slope * np.minimum(x, 0) if negative_slope else 0)


_prelu = elementwise(
    "prelu", same_precision(lambda x, weight: np.where(x > 0, x, weight * x)), inputs=2
)


def prelu(x, weight):
    """x where x > 0, else weight x. The slope at 0 is weight (He et al. 2015).

    weight: 0-d, or of one element, or 1-D with one for each channel, which is axis 1 of x.
    Raises ShapeError, DtypeError.
    """
    x, weight = same_dtype("prelu", x, weight)
    channels = x.shape[1] if x.ndim > 1 else 1
    if weight.ndim > 1 or weight.size not in (1, channels):
        raise ShapeError(
            f"prelu: got a {describe(weight)} with a {describe(x)}, wanted a weight of one element "
            f"or one for each of {channels} channels"
        )
    along_channels = (-1,) + (1,) * (x.ndim - 2) if weight.size > 1 else ()
    return _prelu(x, reshape(weight, along_channels))


@operator
@same_precision
def threshold(x, threshold, value):
    """x where x > threshold, else `value`, elementwise. The slope at the threshold is 0."""
    return np.where(x <= threshold, value, x)


@operator
@same_precision
def hardshrink(x, lambd=0.5):
    """x where |x| > lambd, else 0, elementwise. The slope at the two jumps is 0."""
    return np.where(np.abs(x) <= lambd, 0, x)


@operator
@same_precision
def softshrink(x, lambd=0.5):
    """x moved towards 0 by `lambd`, but not past it, elementwise. The slope at the kinks is 0."""
    return np.where(np.abs(x) <= lambd, 0, x - np.copysign(lambd, x))


def hardtanh(x, min_val=-1.0, max_val=1.0):
    """x limited to [min_val, max_val], elementwise. The slope at both ends is 0.

    Raises OptionError unless min_val <= max_val.
    """
    if not min_val <= max_val:
        raise OptionError(f"hardtanh: got [{min_val}, {max_val}], wanted min_val <= max_val")
    return apply("hardtanh", as_operand(x), min_val=min_val, max_val=max_val)


FORWARDS["hardtanh"] = same_precision(lambda x, min_val, max_val: np.clip(x, min_val, max_val))


rule("relu6", lambda dy, y, x: where(_inside(x, 0, 6), dy, 0))
rule("leaky_relu", lambda dy, y, x, negative_slope: where(x > 0, dy, negative_slope * dy),
     jvp="elementwise")  # fmt: skip
rule("prelu",
     lambda dy, y, x, w: where(x > 0, dy, dy * w),
     lambda dy, y, x, w: where(x > 0, 0, dy * x))  # fmt: skip
rule("threshold", lambda dy, y, x, threshold, value: where(x <= threshold, 0, dy),
     jvp="elementwise")  # fmt: skip
rule("hardshrink", lambda dy, y, x, lambd: where(abs(x) <= lambd, 0, dy), jvp="elementwise")
rule("softshrink", lambda dy, y, x, lambd: where(abs(x) <= lambd, 0, dy), jvp="elementwise")
rule("hardtanh", lambda dy, y, x, min_val, max_val: where(_inside(x, min_val, max_val), dy, 0),
     jvp="elementwise")  # fmt: skip

# Exponential units -----------------------------------------------------------------------

# Klambauer et al. 2017: the fixed point of mean 0 and variance 1
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772848, 1.0507009873554804934


@operator
@same_precision
def elu(x, alpha=1.0):
    """x where x > 0, else alpha (exp(x) - 1), elementwise (Clevert et al. 2015).

    The slope at 0 is alpha.
    """
    return np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0))


@unary
def selu(x):
    """1.0507 elu(x, 1.6733), elementwise (Klambauer et al. 2017). The slope at 0 is 1.758."""
    below = _SELU_SCALE * _SELU_ALPHA * np.expm1(np.minimum(x, 0))
    return _SELU_SCALE * np.maximum(x, 0) + below


def celu(x, alpha=1.0):
    """x where x > 0, else alpha (exp(x / alpha) - 1), elementwise (Barron 2017).

    Its slope is continuous. Its second derivative at 0 is 1 / alpha, that below.
    Raises OptionError for alpha = 0.
    """
    if not alpha:
        raise OptionError(f"celu: got alpha={alpha!r}, wanted a number other than 0")
    return apply("celu", as_operand(x), alpha=alpha)


FORWARDS["celu"] = same_precision(
    lambda x, alpha: np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0) / alpha)
)


def _power_below(x, alpha=1.0):
    """exp(x / alpha) for x below 0; above, where nobody looks, 1 rather than inf."""
    return exp(clip(x, max=0) / alpha)


rule("elu", lambda dy, y, x, alpha: where(x > 0, dy, alpha * dy * _power_below(x)),
     jvp="elementwise")  # fmt: skip
rule("selu", lambda dy, y, x:
     where(x > 0, _SELU_SCALE * dy, _SELU_SCALE * _SELU_ALPHA * dy * _power_below(x)))  # fmt: skip
rule("celu", lambda dy, y, x, alpha: where(x > 0, dy, dy * _power_below(x, alpha)),
     jvp="elementwise")  # fmt: skip

# Pieces ----------------------------------------------------------------------------------


@unary
def hardsigmoid(x):
    """x / 6 + 1/2 limited to [0, 1], elementwise. The slope at both kinks is 0."""
    return np.clip(x + 3, 0, 6) / 6


@unary
def hardswish(x):
    """x hardsigmoid(x), elementwise (Howard et al. 2019). The slope at -3 is 0, at 3 it is 1."""
    inside = np.clip(x, -3, 3)
    return np.where(x >= 3, x, inside * (inside + 3) / 6)


@unary
def sparse_plus(x):
    """0 where x <= -1, x where x >= 1, (x + 1)**2 / 4 between, elementwise.

    Its slope, sparse_sigmoid, is continuous.
    """
    return np.where(x >= 1, x, np.square(np.clip(x, -1, 1) + 1) / 4)


@unary
def sparse_sigmoid(x):
    """(x + 1) / 2 limited to [0, 1], elementwise. The slope at both kinks is 0."""
    return (np.clip(x, -1, 1) + 1) / 2


rule("hardsigmoid", lambda dy, y, x: where(_inside(x, -3, 3), dy / 6, 0))
rule("hardswish", lambda dy, y, x:
     where(x >= 3, dy, where(_inside(x, -3, 3), dy * (x / 3 + 0.5), 0)))  # fmt: skip
rule("sparse_plus", lambda dy, y, x: dy * sparse_sigmoid(x))
rule("sparse_sigmoid", lambda dy, y, x: where(_inside(x, -1, 1), 0.5 * dy, 0))
