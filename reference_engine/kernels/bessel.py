"""The modified Bessel functions I0 and I1, scaled by exp(-|x|) or not, and all their derivatives.

Everything is in terms of the scaled integrals of u**order, u = 1 - cos t, which are positive:

    decay(x, order) = 1/pi integral of exp(-|x| u) u**order over 0 < t < pi
    growth(x, order) = 1/pi integral of exp(x cos t) cos(t)**order over 0 < t < pi

so that i0e = decay(x, 0) and each derivative of decay is the next decay with the sign turned, and
i0 = growth(x, 0), i1 = growth(x, 1), each derivative being the next growth (DLMF 10.32.1).
"""

import math

import numpy as np

from . import tables
from .blocks import kernel, piecewise, quotient

# The midpoint rule for such integrals over a period converges exponentially (DLMF 3.5.15).
_ANGLES = (np.arange(64) + 0.5) * (math.pi / 64)
_COSINES = np.cos(_ANGLES)
_ONE_MINUS_COSINES = 2 * np.sin(_ANGLES / 2) ** 2
_FAR = 50.0


@kernel
def i0e(x):
    """exp(-|x|) I0(x)."""
    return _fitted("I0E", 0.5, np.abs(x))


@kernel
def i1e(x):
    """exp(-|x|) I1(x)."""
    return _i1e(x)


@kernel
def i0(x):
    """The modified Bessel function I0."""
    return _unscaled(_fitted("I0E", 0.5, np.abs(x)), x)


@kernel
def i1(x):
    """The modified Bessel function I1."""
    return _unscaled(_i1e(x), x)


def _i1e(x):
    size = np.abs(x)
    y = _fitted("I1E_OVER_X", 0.5, size) * np.where(size < 20, x, np.copysign(1.0, x))
    return np.where(np.isinf(x), np.copysign(0.0, x), y)


def _unscaled(y, x):
    """exp(|x|) y, which may be finite where exp(|x|) alone is not."""
    size = np.abs(x)
    if (size <= 700).all():
        return np.exp(size) * y
    half = np.exp(np.where(size > 700, size / 2, size))
    product = np.where(size > 700, half * y * half, half * y)
    return np.where(half == np.inf, np.copysign(np.inf, y), product)


def _fitted(name, power, x):
    near, middle, far = (getattr(tables, f"{name}_{where}") for where in ("NEAR", "MIDDLE", "FAR"))
    return piecewise(
        (x < 8, x < 20, x >= 20),
        (
            lambda x: quotient(near, x),
            lambda x: quotient(middle, x - 8),
            lambda x: quotient(far, 1 / x) / np.sqrt(x) / (x if power > 1 else 1.0),
        ),
        x,
    )


@kernel
def decay(x, order=0):
    """1/pi times the integral of exp(-|x| u) u**order, u = 1 - cos t, over 0 < t < pi."""
    return _decay(np.abs(x), order)


def _decay(x, order):
    if order < 2:
        return _fitted(("I0E", "I0E_SLOPE")[order], 0.5 + order, x)
    return piecewise(
        (x < _FAR, x >= _FAR),
        (lambda x: _decay_integral(x, order), lambda x: _decay_far(x, order)),
        x,
    )


def _decay_integral(x, order):
    return np.exp(-x[:, None] * _ONE_MINUS_COSINES) @ (_ONE_MINUS_COSINES**order / 64)


def _decay_far(x, order):
    """Watson's lemma; what it leaves out is of the size of exp(-2 x)."""
    terms = 12 + order
    coefficient, coefficients = math.gamma(order + 0.5) / (math.pi * math.sqrt(2)), []
    for j in range(terms):
        coefficients.append(coefficient)
        coefficient *= (order + j + 0.5) * (j + 0.5) / (2 * (j + 1))
    total = np.zeros(x.shape)
    for coefficient in reversed(coefficients):
        total = total / x + coefficient
    return total / np.sqrt(x) / x**order


@kernel
def growth(x, order=0):
    """1/pi times the integral of exp(x cos t) cos(t)**order over 0 < t < pi."""
    if order == 0:
        return i0(x)
    if order == 1:
        return i1(x)
    y = piecewise(
        (np.abs(x) < _FAR, np.abs(x) >= _FAR),
        (lambda x: _growth_integral(x, order), lambda x: _growth_far(x, order)),
        np.abs(x),
    )
    return np.copysign(y, x) if order % 2 else y


def _growth_integral(x, order):
    """The angles beyond a right one are the mirror image of those before, with -cos t."""
    half = _COSINES[:32]
    both = np.sinh if order % 2 else np.cosh
    return both(x[:, None] * half) @ (half**order / 32)


def _growth_far(x, order):
    """By the decays: cos t = 1 - u."""
    y = sum(math.comb(order, j) * (-1) ** j * _decay(x, j) for j in range(order + 1))
    return _unscaled(y, x)
