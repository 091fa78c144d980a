"""Smooth activations and the softmax kind, with slopes and bends that stay right in the tails."""

import functools
import math

import numpy as np

from ..errors import OptionError, ShapeError, describe
from ..kernels.error_functions import ndtr
from ..operators import FORWARDS, apply, as_operand, elementwise, operator, quiet, rule, values
from .elementwise import abs, hypot, reciprocal, sigmoid, tanh
from .reductions import sum
from .selection import clip, where
from .shapes import concat

__all__ = [
    "gelu",
    "glu",
    "log_sigmoid",
    "mish",
    "quick_gelu",
    "silu",
    "softmin",
    "softsign",
    "sparsemax",
    "squareplus",
    "swish",
    "tanhshrink",
]


def same_precision(forward):
    """A quiet forward in the dtype of its first array; half precision is computed in float32."""

    @functools.wraps(forward)
    def kept(*arrays, **parameters):
        dtype = arrays[0].dtype
        if dtype.kind in "iub":  # the core says what it thinks of integers
            return forward(*arrays, **parameters)
        if dtype.itemsize < 4:
            arrays = [array.astype("float32") for array in arrays]
        return np.asarray(forward(*arrays, **parameters)).astype(dtype, copy=False)

    return quiet(kept)


def unary(forward):
    """The public function of an elementwise operator of one input, by its NumPy forward."""
    call = elementwise(forward.__name__, same_precision(forward))
    call.__doc__ = forward.__doc__ or call.__doc__
    return call


# Gates: x times something between 0 and 1 ------------------------------------------------
#
# Past 800 a double's exp(-|x|) is 0, and with it the factor that x meets in the formulas below.
# x stops there, for 0 * inf is nan. Past 40 the same holds for exp(-x**2 / 2).

_FAR, _FAR_SQUARED = 800.0, 40.0


def _sigmoids(x):
    """sigmoid(x) and sigmoid(-x), neither by a difference."""
    small = np.exp(-np.abs(x))
    above, below = 1 / (1 + small), small / (1 + small)
    return np.where(x < 0, below, above), np.where(x < 0, above, below)


@unary
def silu(x):
    """x sigmoid(x), elementwise (Elfwing et al. 2017), also called swish."""
    x = np.maximum(x, -_FAR)
    return x * _sigmoids(x)[0]


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
    return x * _sigmoids(_tanh_argument(x)[0])[0]


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


def _mish_powers(x):
    """Of the gate tanh(softplus(x)) = top / (top + 2 rest): both, and its slope's other factor.

    For x < 0 they are polynomials of exp(x); for others these times exp(-2x).
    """
    small = np.exp(-np.abs(x))
    return (
        np.where(x < 0, small * (small + 2), 1 + 2 * small),
        np.where(x < 0, 1, small * small),
        np.where(x < 0, small * (1 + small), 1 + small),
    )


@unary
def mish_gate(x):
    top, rest, _ = _mish_powers(x)
    return top / (top + 2 * rest)


@unary
def mish_gate_slope(x):
    top, rest, factor = _mish_powers(x)
    return 4 * rest * factor / np.square(top + 2 * rest)


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
    return x[first] * _sigmoids(x[second])[0]


def _glu_backward(dy, x, axis):
    first, second = _halves(x.shape, axis)
    gate = sigmoid(x[second])
    return concat([dy * gate, dy * x[first] * gate * sigmoid(-x[second])], axis)


FORWARDS["glu"] = _glu
rule("glu", lambda dy, y, x, axis: _glu_backward(dy, x, axis))

# Others ----------------------------------------------------------------------------------


@unary
def log_sigmoid(x):
    """log(sigmoid(x)), elementwise, without overflow."""
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


@unary
def softsign(x):
    """x / (1 + |x|), elementwise. At 0 its second derivative jumps; the convention there is 0."""
    greatest = np.finfo(x.dtype).max
    x = np.clip(x, -greatest, greatest)
    return x / (1 + np.abs(x))


# (2k) / (2k + 1)!: the coefficients of (x cosh(x) - sinh(x)) / x in powers of x**2
_SHRINK_SERIES = [2 * k / math.factorial(2 * k + 1) for k in range(11, -1, -1)]


@unary
def tanhshrink(x):
    """x - tanh(x), elementwise, without the cancellation near 0."""
    near = np.clip(x, -1, 1)
    by_series = near * np.polyval(_SHRINK_SERIES, near * near) / np.cosh(near)
    return np.where(np.abs(x) < 1, by_series, x - np.tanh(x))


def squareplus(x, b=4.0):
    """(x + sqrt(x**2 + b)) / 2, elementwise (Barron 2021). Raises OptionError unless b > 0."""
    if not b > 0:
        raise OptionError(f"squareplus: got b={b!r}, wanted a positive number")
    return apply("squareplus", as_operand(x), b=b)


@same_precision
def _squareplus(x, b):
    root = np.hypot(x, math.sqrt(b))
    return np.where(x > 0, x / 2 + root / 2, b / 2 / (root + np.abs(x)))  # the sum cancels below 0


@operator
@same_precision
def squareplus_slope(x, b):
    root = np.hypot(x, math.sqrt(b))
    ratio = np.where(np.isinf(root), 1, np.abs(x) / root)
    return np.where(x > 0, (1 + ratio) / 2, b / 2 / root / (root + np.abs(x)))


def _squareplus_bend(x, b):
    over_root = reciprocal(hypot(x, math.sqrt(b)))
    return b / 2 * over_root * over_root * over_root


FORWARDS["squareplus"] = _squareplus
rule("log_sigmoid", lambda dy, y, x: dy * sigmoid(-x))
rule("softsign", lambda dy, y, x: dy * _softsign_slope(x))
rule("tanhshrink", lambda dy, y, x: dy * tanh(x) * tanh(x))
rule("squareplus", lambda dy, y, x, b: dy * squareplus_slope(x, b), jvp="elementwise")
rule("squareplus_slope", lambda dy, y, x, b: dy * _squareplus_bend(x, b), jvp="elementwise")


def _softsign_slope(x):
    over = reciprocal(1 + abs(x))
    return over * over


# Along an axis ---------------------------------------------------------------------------


@operator
def softmin(x, axis=-1):
    """exp(-x) / sum(exp(-x)) along `axis`, without overflow. Raises ShapeError."""
    return FORWARDS["softmax"](-x, axis=axis)


@operator
@same_precision
def sparsemax(x, axis=-1):
    """The point of the probability simplex along `axis` that is nearest to x.

    Martins and Astudillo 2016, algorithm 1. Raises ShapeError. Convention: where an element is just
    about to leave the support, it has left.
    """
    descending = -np.sort(-x, axis=axis)
    ranks = np.arange(1, x.shape[axis] + 1)
    ranks = ranks.reshape([-1 if a == axis % x.ndim else 1 for a in range(x.ndim)])
    excess = np.cumsum(descending, axis=axis) - 1
    size = np.sum(ranks * descending > excess, axis=axis, keepdims=True)
    threshold = np.take_along_axis(excess, size - 1, axis=axis) / size
    return np.maximum(x - threshold, 0)


def _sparsemax_backward(dy, y, axis):
    support = values(y) > 0
    size = support.sum(axis, keepdims=True).astype(dy.dtype)
    mean = sum(where(support, dy, 0), axis, keepdims=True) / size
    return where(support, dy - mean, 0)


# Their Jacobians are symmetric, so that a tangent goes forward as a cotangent goes backward.
rule("softmin", lambda dy, y, x, axis: y * (sum(dy * y, axis, keepdims=True) - dy),
     jvp="elementwise")  # fmt: skip
rule("sparsemax", lambda dy, y, x, axis: _sparsemax_backward(dy, y, axis), jvp="elementwise")
