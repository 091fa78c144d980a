"""The regularised incomplete gamma functions P and Q, with derivatives of any order in a."""

import math

import numpy as np

from . import tables
from .blocks import kernel, over_half_line, piecewise, quotient
from .gamma_functions import (
    digamma_right,
    gamma,
    lgamma_right,
    polygamma,
    stirling_rest,
)


@kernel
def gammainc(a, x, order=0):
    """P(a, x), or its derivative of `order` in a."""
    return _at_limits(_lower, a, x, order, 0.0)


@kernel
def gammaincc(a, x, order=0):
    """Q(a, x) = 1 - P(a, x), or its derivative of `order` in a."""
    return _at_limits(_upper, a, x, order, 1.0)


@kernel
def gamma_density(a, x):
    """x**(a - 1) exp(-x) / gamma(a), the derivative of P in x."""
    at_zero = np.where(a > 1, 0.0, np.where(a == 1, 1.0, np.inf))
    y = piecewise(
        ((a > 0) & (x > 0) & np.isfinite(a), (a > 0) & (x == 0), (a == 0) & (x > 0), a > 0),
        (lambda a, x, z: a * _power(a, x) / x, lambda a, x, z: z, lambda a, x, z: np.zeros(z.shape),
         lambda a, x, z: np.where(x > 0, 0.0, np.nan)),
        a, x, at_zero,
    )  # fmt: skip
    return np.where((x == np.inf) & np.isfinite(a), 0.0, y)


def _at_limits(inside, a, x, order, at_zero):
    """The limits are steps in a, of slope 0; where two limits meet, and outside, nan."""
    meet = ((a == 0) & (x == 0)) | (np.isinf(a) & np.isinf(x))
    outside = ~((a >= 0) & (x >= 0)) | meet
    below = (x == 0) | np.isinf(a)  # P = 0
    above = (a == 0) | np.isinf(x)  # P = 1
    step = 1.0 if order == 0 else 0.0
    return piecewise(
        (outside, below, above, np.ones(a.shape, bool)),
        (
            lambda a, x: np.full(a.shape, np.nan),
            lambda a, x: np.full(a.shape, at_zero * step),
            lambda a, x: np.full(a.shape, (1 - at_zero) * step),
            lambda a, x: inside(a, x, order),
        ),
        a, x,
    )  # fmt: skip


def _sides(a, x):
    """Where log t - digamma(a) has one sign: from 0 to x; from x on; and from x on, x small."""
    left = np.log(x) < digamma_right(a)
    return left, ~left & (x >= 1), ~left & (x < 1)


def _lower(a, x, order):
    return piecewise(
        _sides(a, x),
        (
            lambda a, x: _below(a, x, order),
            lambda a, x: (order == 0) - _integral(a, x, order, 1),
            lambda a, x: _series(a, x, order),
        ),
        a, x,
    )  # fmt: skip


def _upper(a, x, order):
    return piecewise(
        _sides(a, x),
        (
            lambda a, x: (order == 0) - _below(a, x, order),
            lambda a, x: _integral(a, x, order, 1),
            lambda a, x: -_series(a, x, order) if order else _upper_small(a, x),
        ),
        a, x,
    )  # fmt: skip


def _power(a, x):
    """x**a exp(-x) / gamma(a + 1)."""
    return piecewise(
        (a < 10, a >= 10), (lambda a, x: x**a * np.exp(-x) / gamma(a + 1), _power_far), a, x
    )


def _power_far(a, x):
    """By Stirling's formula, in terms of the distance of x from a."""
    r = (x - a) / a
    near = np.clip(r, -0.4, 0.6)
    rest = np.where(near == r, near * near * quotient(tables.LOG1P_REST, near), np.log(x / a) - r)
    return np.exp(a * rest - stirling_rest(a)) / np.sqrt(2 * np.pi * a)


def _integral(a, x, order, side):
    """The integral of the derivative of gamma_density in a, from x on or from 0 to x.

    t is x (1 + v) or x exp(-v), v > 0, in which the integrand has one sign (order 0 and 1) and
    falls off without a cliff.
    """
    slope = np.maximum(side * (x - a), -0.5)
    scale = 2 / (slope + np.sqrt(slope * slope + 2 * x))
    ratio = np.log(x) - digamma_right(a)

    def above(v, a, x, ratio, *slopes):
        log_v = np.log1p(v)
        return np.exp((a - 1) * log_v - x * v) * _bell(ratio + log_v, slopes, order)

    def below(v, a, x, ratio, *slopes):
        return np.exp(-a * v - x * np.expm1(-v)) * _bell(ratio - v, slopes, order)

    total = over_half_line(
        above if side > 0 else below, scale, a, x, ratio, *_cumulants(a, order)
    )
    return a * _power(a, x) * total


def _below(a, x, order):
    if order:
        return _integral(a, x, order, -1)
    return piecewise(
        (a < 200, a >= 200), (_series_to_the_end, lambda a, x: _integral(a, x, 0, -1)), a, x
    )


def _series_to_the_end(a, x):
    """x**a exp(-x) times the sum of x**n / gamma(a + n + 1), all positive, for x < a."""
    total, term, b = np.ones(a.shape), np.ones(a.shape), a.copy()
    for _ in range(500):
        b += 1
        term *= x
        term /= b
        total += term
        if (term <= 1e-17 * total).all():
            break
    return _power(a, x) * total


def _series(a, x, order):
    """For x < 1: x**a exp(-x) times the sum of x**n / gamma(a + n + 1), differentiated in a."""
    total, term, logarithm = np.zeros(a.shape), np.ones(a.shape), np.log(x)
    for n in range(20):
        b = a + (n + 1)
        ratio = logarithm - digamma_right(b) if order else None
        total += term * _bell(ratio, _cumulants(b, order), order)
        term = term * x / b
    return _power(a, x) * total


def _cumulants(a, order):
    return [-polygamma(a, order=n) for n in range(1, order)]


def _bell(ratio, slopes, order):
    """The derivative of exp(f) of `order` over exp(f), f having the slopes (ratio, *slopes)."""
    derivatives = [1.0]
    for n in range(order):
        following = derivatives[n] * ratio
        for i in range(1, n + 1):
            following = following + math.comb(n, i) * derivatives[n - i] * slopes[i - 1]
        derivatives.append(following)
    return derivatives[order]


def _upper_small(a, x):
    """For x < 1, keeping the digits of a small a (DiDonato and Morris 1986, eq. 9)."""
    small = np.minimum(a, 1.0)
    log_gamma = np.where(
        a < 1,
        small * quotient(tables.LGAMMA_NEAR_TWO, small) - np.log1p(small),
        lgamma_right(a + 1),
    )
    exponent = a * np.log(x) - log_gamma
    total, term = np.zeros(a.shape), -np.ones(a.shape)
    for n in range(1, 20):
        term = -term * x / n
        total += term / (a + n)
    return a * np.exp(exponent) * total - np.expm1(exponent)
