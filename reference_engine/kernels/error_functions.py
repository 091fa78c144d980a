"""erf, erfc, erfcx and their inverses, by quotients of polynomials fitted in 60 digits."""

import math

import numpy as np

from . import tables
from .blocks import exp_of_square, kernel, over_half_line, piecewise, quotient

ROOT_TWO = math.sqrt(2)
FEW = 256  # elements, for which a call of libm each takes less time than NumPy's calls for all


@kernel
def erf(x):
    """The error function, within 1 ULP of float64 where measured."""
    if x.size <= FEW:
        return np.array([math.erf(element) for element in x.tolist()])
    return erf_of_many(x)


def erf_of_many(x):
    """Both formulas for every element: to pick elements out takes longer."""
    near = x + x * quotient(tables.ERF_NEAR, np.minimum(x * x, 1.0))
    size = np.clip(np.abs(x), 1.0, 6.0)
    far = 1 - np.exp(-size * size) * quotient(tables.ERF_FAR, size)
    return np.where(np.abs(x) <= 1, near, np.copysign(far, x))


@kernel
def erfc(x):
    """1 - erf(x), without its cancellation."""
    return piecewise(
        (x < 0.5, x >= 0.5),
        (lambda x: 1 - erf(x), lambda x: exp_of_square(x, -1) * _erfcx_right(x)),
        x,
    )


@kernel
def erfcx(x):
    """exp(x**2) erfc(x), without overflow for large x."""
    return piecewise((x < 0.5, x >= 0.5), (_erfcx_left, _erfcx_right), x)


def _erfcx_left(x):
    return exp_of_square(x, 1) * erfc(x)


def _erfcx_right(x):
    """For x >= 1/2."""
    return piecewise(
        (x < 2.5, x < 8, x >= 8),
        (
            lambda x: quotient(tables.ERFCX_NEAR, x),
            lambda x: quotient(tables.ERFCX_MIDDLE, x),
            lambda x: quotient(tables.ERFCX_FAR, 1 / (x * x)) / x,
        ),
        x,
    )


@kernel
def erfcx_derivative(x, order=1):
    """(-1)**order times the derivative of erfcx, which is positive at every order.

    It is 2 / sqrt(pi) times the integral of (2 t)**order exp(-t**2 - 2 x t) over t > 0
    (DLMF 7.18.2 and 7.18.4).
    """
    if order == 0:
        return erfcx(x)
    left = _derivative_left if order < 40 else _derivative_integral
    right = _slope_right if order == 1 else _derivative_integral
    return piecewise((x < 0.5, x >= 0.5), (left, right), x, np.full(x.shape, float(order)))


def _slope_right(x, order):
    return piecewise(
        (x < 2.5, x < 8, x >= 8),
        (
            lambda x: quotient(tables.ERFCX_SLOPE_NEAR, x),
            lambda x: quotient(tables.ERFCX_SLOPE_MIDDLE, x),
            lambda x: quotient(tables.ERFCX_SLOPE_FAR, 1 / (x * x)) / x / x,
        ),
        x,
    )


def _derivative_integral(x, order):
    n = order[0]
    width = 1 / (np.maximum(x, 0.0) + 0.5 + math.sqrt(n))
    scale = np.where(x > 0, width * (n + 1) / 2, 1 + np.abs(x))
    total = over_half_line(
        lambda t, x: np.exp(-t * t - 2 * x * t) * (2 * t) ** n, np.minimum(scale, 1e200), x
    )
    return np.where(x == np.inf, 0.0, 2 / math.sqrt(math.pi) * total)


def _derivative_left(x, order):
    """For x < 1/2: y'' = 2 x y' + 2 y, differentiated, where no terms cancel for x <= 0."""
    before, last = erfcx(x), 2 / math.sqrt(math.pi) - 2 * x * erfcx(x)
    for n in range(1, int(order[0])):
        before, last = last, 2 * n * before - 2 * x * last
    return last


@kernel
def erfinv(x):
    """The inverse of erf: infinite at -1 and 1, nan beyond."""
    size = np.abs(x)
    y = piecewise((size <= 0.75, size <= 1), (_erfinv_near, lambda x: _erfcinv_tail(1 - x)), size)
    return np.copysign(y, x)


def _erfinv_near(x):
    return x * quotient(tables.ERFINV, (0.75 - x) * (0.75 + x))


def _erfcinv_tail(q):
    """For 0 <= q <= 1/4."""
    return piecewise(
        (q > np.exp(-6.25), q > np.exp(-36.0), q > 0, q == 0),
        (
            lambda q: quotient(tables.ERFCINV_NEAR, np.sqrt(-np.log(q)) - 1.125),
            lambda q: quotient(tables.ERFCINV_MIDDLE, np.sqrt(-np.log(q)) - 2.5),
            lambda q: quotient(tables.ERFCINV_FAR, np.sqrt(-np.log(q)) - 6),
            lambda q: np.full(q.shape, np.inf),
        ),
        q,
    )


@kernel
def erfcinv(x):
    """The inverse of erfc: inf at 0, -inf at 2, nan beyond."""
    return _erfcinv(x)


def _erfcinv(x):
    return piecewise(
        (x <= 0.25, x < 1.75, x >= 1.75),
        (_erfcinv_tail, lambda x: np.copysign(_erfinv_near(np.abs(1 - x)), 1 - x),
         lambda x: -_erfcinv_tail(2 - x)),
        x,
    )  # fmt: skip


@kernel
def ndtr(x):
    """The distribution function of the standard normal distribution."""
    return _ndtr(x)


def _ndtr(x):
    return piecewise(
        (x < -1, x >= -1), (lambda x: _upper_tail(-x), lambda x: 0.5 * erfc(-x / ROOT_TWO)), x
    )


def _upper_tail(x):
    """For x > 1; the square is that of x itself, not of a rounded x / sqrt(2)."""
    return 0.5 * _erfcx_right(x / ROOT_TWO) * exp_of_square(x, -0.5)


@kernel
def log_ndtr(x):
    """log(ndtr(x)), without underflow."""
    return piecewise(
        (x < -1, x < 0, x >= 0),
        (
            lambda x: np.log(0.5 * _erfcx_right(-x / ROOT_TWO)) - 0.5 * x * x,
            lambda x: np.log(_ndtr(x)),
            lambda x: np.log1p(-_ndtr(-x)),
        ),
        x,
    )


@kernel
def ndtri(p):
    """The inverse of ndtr: -inf at 0, inf at 1, nan beyond."""
    return piecewise(
        (p < 0.5, p >= 0.5),
        (lambda p: -ROOT_TWO * _erfcinv(2 * p), lambda p: ROOT_TWO * _erfcinv(2 * (1 - p))),
        p,
    )
