"""Gated activations: x times something between 0 and 1, with derivatives right in the tails."""

import math

import numpy as np

from ..errors import OptionError, ShapeError, describe
from ..kernels.error_functions import ndtr
from ..operators import FORWARDS, apply, as_operand, rule
from .activations import unary
from .elementwise import sigmoid, tanh
from .precision import same_precision
from .selection import clip
from .shapes import concat

__all__ = ["gelu", "glu", "mish", "quick_gelu", "silu", "swish"]

# Past 800 a double's exp(-|x|) is 0, and with it the factor that x meets in the formulas below.
# x stops there, for 0 * inf is nan. Past 40 the same holds for exp(-x**2 / 2).

_FAR, _FAR_SQUARED = 800, 40


def _powers(x):
    """exp(x) and 1, over the greater of them: neither overflows, and no branch takes time."""
    return np.exp(np.minimum(x, 0)), np.exp(np.minimum(-x, 0))


def _sigmoid(x):
    p, q = _powers(x)
    return p / (p + q)


def _sigmoids(x):
    """sigmoid(x) and sigmoid(-x), neither by a difference."""
    p, q = _powers(x)
    return p / (p + q), q / (p + q)


@unary
def silu(x):
    """x sigmoid(x), elementwise (Elfwing et al. 2017), also called swish."""
    x = np.maximum(x, -_FAR)
    return x * _sigmoid(x)


@unary
def silu_slope(x):
    x = np.clip(x, -_FAR, _FAR)
    up, down = _sigmoids(x)
    return up * (1 + x * down)


def _silu_bend(x):
    x = clip(x, -_FAR, _FAR)
    return sigmoid(x) * sigmoid(-x) * (2 - x * tanh(0.5 * x))


@unary
def quick_gelu(x):
    """x sigmoid(1.702 x), elementwise: the coarser approximation of gelu."""
    return FORWARDS["silu"](1.702 * x) / 1.702


swish = silu
rule("silu", lambda dy, y, x: dy * silu_slope(x))
rule("silu_slope", lambda dy, y, x: dy * _silu_bend(x))
rule("quick_gelu", lambda dy, y, x: dy * silu_slope(1.702 * x))

@unary
def normal_density(x):
    x = np.clip(x, -_FAR_SQUARED, _FAR_SQUARED)
    head = np.trunc(16 * x) / 16  # its square is exact: the exponent's rounding would be magnified
    powers = np.exp(-head * head / 2) * np.exp((head - x) * (head + x) / 2)
    return powers / math.sqrt(2 * math.pi)


@unary
def gelu_exact(x):
    return np.maximum(x, -_FAR_SQUARED) * ndtr(x)


@unary
def gelu_slope(x):
    x = np.clip(x, -_FAR_SQUARED, _FAR_SQUARED)
    return ndtr(x) + x * FORWARDS["normal_density"](x)


def _gelu_bend(x):
    x = clip(x, -_FAR_SQUARED, _FAR_SQUARED)
    return (2 - x * x) * normal_density(x)


def _tanh_argument(x):
    """The 2u of 0.5 (1 + tanh(u)) = sigmoid(2u) in the approximation of gelu, and its slope."""
    scale = 2 * math.sqrt(2 / math.pi)
    return scale * (x + 0.044715 * x * x * x), scale * (1 + 3 * 0.044715 * x * x)


@unary
def gelu_tanh(x):
    x = np.maximum(x, -_FAR_SQUARED)
    return x * _sigmoid(_tanh_argument(x)[0])


@unary
def gelu_tanh_slope(x):
    x = np.clip(x, -_FAR_SQUARED, _FAR_SQUARED)
    u, slope = _tanh_argument(x)
    up, down = _sigmoids(u)
    return up * (1 + x * down * slope)


def _gelu_tanh_bend(x):
    x = clip(x, -_FAR_SQUARED, _FAR_SQUARED)
    u, slope = _tanh_argument(x)
    bend = (12 * 0.044715 * math.sqrt(2 / math.pi)) * x
    return sigmoid(u) * sigmoid(-u) * (2 * slope + x * bend - x * slope * slope * tanh(0.5 * u))


def gelu(x, approximate="none"):
    """x times the normal distribution function of x, elementwise (Hendrycks and Gimpel 2016).

    approximate="tanh" gives 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x**3))) instead.
    Raises OptionError for another word.
    """
    if approximate not in ("none", "tanh"):
        raise OptionError(f'gelu: got approximate={approximate!r}, wanted "none" or "tanh"')
    return gelu_exact(x) if approximate == "none" else gelu_tanh(x)


rule("normal_density", lambda dy, y, x: -dy * clip(x, -_FAR_SQUARED, _FAR_SQUARED) * y)
rule("gelu_exact", lambda dy, y, x: dy * gelu_slope(x))
rule("gelu_slope", lambda dy, y, x: dy * _gelu_bend(x))
rule("gelu_tanh", lambda dy, y, x: dy * gelu_tanh_slope(x))
rule("gelu_tanh_slope", lambda dy, y, x: dy * _gelu_tanh_bend(x))


@unary
def mish_gate(x):
    p, q = _powers(x)
    top = p * (p + 2 * q)
    return top / (top + 2 * q * q)


@unary
def mish_gate_slope(x):
    p, q = _powers(x)
    return 4 * q * q * p * (p + q) / np.square(p * (p + 2 * q) + 2 * q * q)


@unary
def mish(x):
    """x tanh(softplus(x)), elementwise (Misra 2019)."""
    x = np.maximum(x, -_FAR)
    return x * FORWARDS["mish_gate"](x)


@unary
def mish_slope(x):
    x = np.clip(x, -_FAR, _FAR)
    return FORWARDS["mish_gate"](x) + x * FORWARDS["mish_gate_slope"](x)


def _mish_gate_bend_over_slope(x):
    return sigmoid(-x) - 2 * mish_gate(x) * sigmoid(x)


def _mish_bend(x):
    x = clip(x, -_FAR, _FAR)
    return mish_gate_slope(x) * (2 + x * _mish_gate_bend_over_slope(x))


rule("mish", lambda dy, y, x: dy * mish_slope(x))
rule("mish_slope", lambda dy, y, x: dy * _mish_bend(x))
rule("mish_gate", lambda dy, y, x: dy * mish_gate_slope(x))
rule("mish_gate_slope", lambda dy, y, x: dy * y * _mish_gate_bend_over_slope(x))


def glu(x, axis=-1):
    """The first half of x along `axis` times the sigmoid of the second (Dauphin et al. 2016).

    Raises ShapeError where that axis has an odd size or does not exist.
    """
    x = as_operand(x)
    if not -x.ndim <= axis < x.ndim or x.shape[axis] % 2:
        raise ShapeError(f"glu: got a {describe(x)} and axis={axis}, wanted an axis of even size")
    return apply("glu", x, axis=axis)


def _halves(shape, axis):
    """The index of each half along `axis`."""
    before, middle = (slice(None),) * (axis % len(shape)), shape[axis] // 2
    return (*before, slice(middle)), (*before, slice(middle, None))


@same_precision
def _glu(x, axis):
    first, second = _halves(x.shape, axis)
    return x[first] * _sigmoid(x[second])


def _glu_backward(dy, x, axis):
    first, second = _halves(x.shape, axis)
    gate = sigmoid(x[second])
    return concat([dy * gate, dy * x[first] * gate * sigmoid(-x[second])], axis)


FORWARDS["glu"] = _glu
rule("glu", lambda dy, y, x, axis: _glu_backward(dy, x, axis))
