"""Activations that are smooth, and those along an axis, with derivatives right in the tails."""

import math

import numpy as np

from ..errors import OptionError
from ..operators import FORWARDS, apply, as_operand, elementwise, operator, rule, values
from .elementwise import abs, hypot, reciprocal, sigmoid, tanh
from .precision import same_precision
from .reductions import sum
from .selection import where

__all__ = [
    "log_sigmoid",
    "softmin",
    "softsign",
    "sparsemax",
    "squareplus",
    "tanhshrink",
]


def unary(forward):
    """An elementwise operator of one input, by its NumPy forward."""
    call = elementwise(forward.__name__, same_precision(forward))
    call.__doc__ = call.public.__doc__ = forward.__doc__ or call.__doc__
    return call


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
_SHRINK_SERIES = [2 * k / math.factorial(2 * k + 1) for k in range(9, -1, -1)]


@unary
def tanhshrink(x):
    """x - tanh(x), elementwise, without the cancellation near 0."""
    near = np.clip(x, -1, 1)
    square, series = near * near, 0 * near
    for coefficient in _SHRINK_SERIES:
        series = series * square + coefficient
    by_series = 2 * near * series / (np.exp(near) + np.exp(-near))
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
