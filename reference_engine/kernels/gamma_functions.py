"""gamma, its logarithm and that one's derivatives, beta, and Hurwitz's zeta."""

import math

import numpy as np

from . import tables
from .blocks import cos_pi, kernel, piecewise, quotient, sin_pi

HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)
FACTORIALS = np.array([float(math.factorial(n)) for n in range(171)])
# The zero of digamma, as a float64 and what that leaves out.
DIGAMMA_ZERO, DIGAMMA_ZERO_REST = 1.4616321449683622, 9.549995429965697e-17
BERNOULLI = (
    1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798,
    -174611 / 330, 854513 / 138, -236364091 / 2730,
)  # fmt: skip


def stirling_rest(x):
    """lgamma(x) - ((x - 1/2) log x - x + log(2 pi) / 2), for x >= 8."""
    return quotient(tables.STIRLING, 1 / (x * x)) / x


# lgamma -------------------------------------------------------------------------------


@kernel
def lgamma(x):
    """log |gamma(x)|: inf at the poles and at both infinities."""
    return piecewise((x >= 0, x < 0), (lgamma_right, _lgamma_left), x)


def lgamma_right(x):
    """For x >= 0; keeps its digits at its zeros, 1 and 2."""
    return piecewise(
        (x < 0.5, x < 1.3125, x < 1.5625, x < 3, x < 8, x >= 8),
        (
            lambda x: x * quotient(tables.LGAMMA_NEAR_TWO, x) - np.log(x * (1 + x)),
            lambda x: (x - 1) * quotient(tables.LGAMMA_NEAR_TWO, x - 1) - np.log(x),
            lambda x: quotient(tables.LGAMMA_LOW, x - 1.4375),
            lambda x: (x - 2) * quotient(tables.LGAMMA_NEAR_TWO, x - 2),
            lambda x: (x - 2) * quotient(tables.LGAMMA_MIDDLE, x - 3),
            _lgamma_far,
        ),
        x,
    )


def _lgamma_far(x):
    y = (x - 0.5) * (np.log(x) - 1) + (HALF_LOG_TWO_PI - 0.5) + stirling_rest(x)
    return np.where(x == np.inf, np.inf, y)


def _lgamma_left(x):
    """By reflection: gamma(x) gamma(-x) = -pi / (x sin(pi x))."""
    y = np.log(np.pi / np.abs(x * sin_pi(x))) - lgamma_right(-x)
    return np.where(x == np.floor(x), np.inf, y)


# gamma --------------------------------------------------------------------------------


@kernel
def gamma(x):
    """The gamma function: exact factorials, infinite at 0 and -0, nan at the other poles."""
    return piecewise((x > 0, x < 0, x == 0), (_gamma_right, _gamma_left, lambda x: 1 / x), x)


def _gamma_right(x):
    whole = (x == np.floor(x)) & (x <= 171)
    y = piecewise(
        (x < 1, x < 12, x >= 12), (lambda x: _gamma_near(x + 1) / x, _gamma_near, _gamma_far), x
    )
    if whole.any():
        y[whole] = FACTORIALS[x[whole].astype(int) - 1]
    return y


def _gamma_near(x):
    """For 1 <= x < 12: gamma on [2, 3), times the numbers between."""
    x, factor = x.copy(), np.ones(x.shape)
    low = x < 2
    factor[low], x[low] = 1 / x[low], x[low] + 1
    for _ in range(9):
        high = x >= 3
        if not high.any():
            break
        x[high] -= 1
        factor[high] *= x[high]
    return factor * (1 + (x - 2) * quotient(tables.GAMMA, x - 2))


def _gamma_far(x):
    root, rest = _gamma_parts(x)
    return root * rest


def _gamma_parts(x):
    """Two numbers whose product is gamma(x), the first being x**(x/2 - 1/4)."""
    root = x ** (0.5 * x - 0.25)
    scale = np.exp(HALF_LOG_TWO_PI + stirling_rest(x))
    return root, np.where(x > 1e3, np.inf, root * np.exp(-x) * scale)


def _gamma_left(x):
    size, sine = -x, sin_pi(x)
    small = np.minimum(size, 12.0)
    root, rest = _gamma_parts(np.maximum(size, 12.0))
    near = -np.pi / (x * sine * _gamma_right(small))
    far = -np.pi / (x * sine * root) / rest
    y = np.where(size < 12, near, far)
    return np.where(x == np.floor(x), np.nan, y)


# digamma and polygamma ----------------------------------------------------------------


@kernel
def digamma(x):
    """The derivative of lgamma: -inf at 0, inf at -0, nan at the other poles."""
    return piecewise((x > 0, x < 0, x == 0), (digamma_right, _digamma_left, lambda x: -1 / x), x)


def digamma_right(x):
    """For x > 0; keeps its digits at its zero."""
    return piecewise(
        (x < 1, x < 2, x < 10, x >= 10),
        (
            lambda x: _digamma_near(x + 1) - 1 / x,
            _digamma_near,
            lambda x: np.log(x) - quotient(tables.DIGAMMA_MIDDLE, x) / x,
            lambda x: np.log(x) - (0.5 + quotient(tables.DIGAMMA_FAR, 1 / x / x) / x) / x,
        ),
        x,
    )


def _digamma_near(x):
    return ((x - DIGAMMA_ZERO) - DIGAMMA_ZERO_REST) * quotient(tables.DIGAMMA_NEAR, x)


def _digamma_left(x):
    """digamma(x) = digamma(1 - x) - pi / tan(pi x)."""
    size = -x
    past_one = np.where(
        size < 1, _digamma_near(np.minimum(1 + size, 2)), digamma_right(size) + 1 / size
    )
    y = past_one + np.pi * cos_pi(size) / sin_pi(size)
    return np.where(x == np.floor(x), np.nan, y)


@kernel
def polygamma(x, order=0):
    """The derivative of digamma of `order`.

    At 0 infinite, with the sign of the side that the zero is on; at the other poles infinite where
    both sides agree (odd orders), else nan.
    """
    if order == 0:
        return digamma(x)
    return piecewise(
        (x > 0, x < 0, x == 0),
        (
            lambda x: _polygamma_right(x, order),
            lambda x: _polygamma_left(x, order),
            lambda x: np.full(x.shape, np.inf) if order % 2 else -np.copysign(np.inf, x),
        ),
        x,
    )


def _polygamma_right(x, order):
    """(-1)**(order + 1) order! zeta(order + 1, x) (DLMF 25.11.12)."""
    factorial = FACTORIALS[order] if order <= 170 else np.inf
    y = factorial * _zeta_right(np.full(x.shape, order + 1.0), x)
    return y if order % 2 else -y


def _polygamma_left(x, order):
    """By reflection, with the derivatives of pi / tan(pi x) as polynomials in 1 / tan(pi x)."""
    derivative = np.array([0.0, 1.0])  # the lowest power first
    for _ in range(order):
        slope = derivative[1:] * np.arange(1, derivative.size)
        derivative = -np.pi * (np.append(slope, [0, 0]) + np.append([0, 0], slope))
    cotangent = cos_pi(x) / sin_pi(x)
    other = _polygamma_right(1 - x, order)
    y = (-1) ** order * other - np.pi * np.polyval(derivative[::-1], cotangent)
    return np.where(x == np.floor(x), np.inf if order % 2 else np.nan, y)


# zeta ---------------------------------------------------------------------------------


@kernel
def zeta(s, q):
    """The sum of (q + k)**-s over k >= 0, for s > 1.

    inf for s = 1 and at the poles, q = 0, -1, -2...; nan for s < 1, and between the poles where s
    is not a whole number.
    """
    pole = (q <= 0) & (q == np.floor(q))
    left = (q < 0) & (s > 1) & (s == np.floor(s))
    return piecewise(
        (np.isnan(s) | np.isnan(q) | (s < 1), (s == 1) | pole, q > 0, left),
        (lambda s, q: np.full(s.shape, np.nan), lambda s, q: np.full(s.shape, np.inf),
         _zeta_right, _zeta_left),
        s, q,
    )  # fmt: skip


def _zeta_right(s, q):
    """For s > 1 and q > 0, by Euler and Maclaurin's formula (DLMF 25.11.5)."""
    far = q > 0.8 * s + 20
    return piecewise((far, ~far), (_zeta_rest, _zeta_after_ten), s, q)


def _zeta_after_ten(s, q):
    total = _zeta_rest(s, q + 10)
    for k in range(9, -1, -1):
        total += _power(q + k, s)
    return total


def _zeta_rest(s, q):
    term = 0.5 * s / q
    rest = np.full(s.shape, 0.5)
    for k, number in enumerate(BERNOULLI, 1):
        rest += number * term
        term = term * ((s + (2 * k - 1)) / q) * ((s + 2 * k) / q) / ((2 * k + 1) * (2 * k + 2))
    power = _power(q, s - 1)
    return np.where((power > 0) & (power < np.inf), power * (1 / (s - 1) + rest / q), power)


def _power(x, s):
    """x**-s, by products where s is one small whole number."""
    n = s[0]
    if n != np.floor(n) or n > 16 or (s != n).any():
        return x**-s
    n, y, square = int(n), None, 1 / x
    while n:
        if n % 2:
            y = square if y is None else y * square
        n //= 2
        square = square * square if n else square
    return y


def _zeta_left(s, q):
    y = np.empty(s.shape)
    for exponent in np.unique(s):
        at, order = s == exponent, int(min(exponent, 172.0)) - 1
        y[at] = _polygamma_left(q[at], order) / FACTORIALS[min(order, 170)]
        y[at] *= 1.0 if order % 2 else -1.0
    return np.where(s > 171, np.nan, y)


# beta ---------------------------------------------------------------------------------


@kernel
def betaln(a, b):
    """log |gamma(a) gamma(b) / gamma(a + b)|."""
    small, large = np.minimum(a, b), np.maximum(a, b)
    return piecewise(
        ((small > 1e-100) & (large < 8), (small > 0) & (large < 8), small >= 8,
         (small > 0) & (large >= 8), small <= 0),
        (
            lambda a, b: np.log(_gamma_near_or_small(a, b)),
            lambda a, b: lgamma_right(a) + lgamma_right(b) - lgamma_right(a + b),
            _betaln_far,
            lambda a, b: lgamma_right(a) + _lgamma_step(a, b),
            lambda a, b: lgamma(a) + lgamma(b) - lgamma(a + b),
        ),
        small, large,
    )  # fmt: skip


def _gamma_near_or_small(a, b):
    return _gamma_right(a) / _gamma_right(a + b) * _gamma_right(b)


def _lgamma_step(a, b):
    """lgamma(b) - lgamma(a + b), for b >= 8 and 0 < a <= b."""
    rest = stirling_rest(b) - stirling_rest(a + b)
    y = a * (1 - np.log(b)) - (a + b - 0.5) * np.log1p(a / b) + rest
    return np.where(b == np.inf, -np.inf, y)


def _betaln_far(a, b):
    """For 8 <= a <= b."""
    rest = stirling_rest(a) + stirling_rest(b) - stirling_rest(a + b)
    y = (a - 0.5) * np.log(a / (a + b)) - b * np.log1p(a / b) - 0.5 * np.log(b)
    return np.where(b == np.inf, -np.inf, y + HALF_LOG_TWO_PI + rest)


@kernel
def beta(a, b):
    """gamma(a) gamma(b) / gamma(a + b)."""
    y = np.exp(betaln(a, b))
    small = (np.minimum(a, b) > 1e-100) & (np.maximum(a, b) < 80)
    y[small] = _gamma_near_or_small(np.maximum(a, b)[small], np.minimum(a, b)[small])
    left = np.minimum(a, b) <= 0
    y[left] = (gamma(a) * gamma(b) / gamma(a + b))[left]
    return y


# polygamma(order, a + b) - polygamma(order, a), with the digits that the difference loses --------


@kernel
def polygamma_step(a, b, order=0):
    """polygamma(order, a + b) - polygamma(order, a), for positive a and b without cancellation."""
    right = (a > 0) & (b >= 0) & np.isfinite(a) & np.isfinite(b)
    return piecewise(
        (right, ~right),
        (lambda a, b: _step_right(a, b, order),
         lambda a, b: polygamma(a + b, order=order) - polygamma(a, order=order)),
        a, b,
    )  # fmt: skip


def _step_right(a, b, order):
    """Euler and Maclaurin's formula after ten terms, in which every power is replaced by its own
    difference: a**-s - (a + b)**-s = -expm1(-s log1p(b / a)) a**-s."""

    def fall(a, s):
        return -np.expm1(-s * np.log1p(b / a)) * a**-s

    s, far = order + 1.0, a + 10.0
    total = np.log1p(b / far) if order == 0 else fall(far, s - 1) / (s - 1)
    factor = 1.0
    for k, number in enumerate(BERNOULLI, 1):
        factor *= (s if k == 1 else (s + 2 * k - 3) * (s + 2 * k - 2)) / (2 * k * (2 * k - 1))
        total = total + number * factor * fall(far, s + 2 * k - 1)
    total = total + 0.5 * fall(far, s)
    for k in range(9, -1, -1):
        total = total + fall(a + k, s)
    factorial = FACTORIALS[order] if order <= 170 else np.inf
    return -factorial * total if order % 2 else factorial * total
