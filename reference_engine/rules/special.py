"""Special functions: the error function's family, gamma's and Bessel's.

A derivative whose textbook formula cancels is an operator of its own, computed from an integral of
one sign, so that derivatives of every order keep their digits.
"""

import math

import numpy as np

from ..errors import NoGradientError, OptionError, describe
from ..kernels import bessel, error_functions, gamma_functions, incomplete_gamma
from ..kernels.blocks import kernel
from ..operators import FORWARDS, apply, as_operand, elementwise, rule, values
from ..tensor import as_tensor, same_dtype
from .elementwise import abs, exp, log, sign
from .public_forms import documented, operands
from .selection import where

__all__ = [
    "beta",
    "betaln",
    "digamma",
    "erfc",
    "erfcinv",
    "erfcx",
    "erfinv",
    "gamma",
    "gammainc",
    "gammaincc",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "lgamma",
    "log_ndtr",
    "multigammaln",
    "ndtr",
    "ndtri",
    "polygamma",
    "zeta",
]

ROOT_PI, ROOT_TWO, ROOT_TWO_PI = math.sqrt(math.pi), math.sqrt(2), math.sqrt(2 * math.pi)

# The error function's family ----------------------------------------------------------

erfc = documented(
    elementwise("erfc", error_functions.erfc),
    "1 - erf(x), elementwise, without cancellation. Raises DtypeError.",
)
erfinv = documented(
    elementwise("erfinv", error_functions.erfinv),
    "The inverse of erf, elementwise: infinite at -1 and 1, nan beyond. Raises DtypeError.",
)
erfcinv = documented(
    elementwise("erfcinv", error_functions.erfcinv),
    "The inverse of erfc, elementwise: inf at 0, -inf at 2, nan beyond. Raises DtypeError.",
)
ndtr = documented(
    elementwise("ndtr", error_functions.ndtr),
    "The standard normal distribution function, elementwise. Raises DtypeError.",
)
ndtri = documented(
    elementwise("ndtri", error_functions.ndtri),
    "The inverse of ndtr, elementwise: -inf at 0, inf at 1, nan beyond. Raises DtypeError.",
)
log_ndtr = documented(
    elementwise("log_ndtr", error_functions.log_ndtr),
    "log(ndtr(x)), elementwise, without underflow. Raises DtypeError.",
)


def erfcx(x):
    """exp(x**2) erfc(x), elementwise, without overflow for large x. Raises DtypeError."""
    return _erfcx(as_operand(x), 0)


def _erfcx(x, order):
    """(-1)**order times the derivative of erfcx of that order, which is positive."""
    return apply("erfcx", x, order=order)


FORWARDS["erfcx"] = error_functions.erfcx_derivative
rule("erfcx", lambda dy, y, x, order: -dy * _erfcx(x, order + 1), jvp="elementwise")
rule("erfc", lambda dy, y, x: -2 / ROOT_PI * dy * exp(-x * x))


def _exp_of_square(y, tail):
    """exp(y * y), given erfc(|y|) = tail, through which a large y * y loses no digits."""
    near, end = np.abs(values(y)) < 0.75, values(tail) == 0
    far = erfcx(where(near | end, 1, abs(y))) / where(near, 1, where(end, 0, tail))  # never -0
    return where(near, exp(where(near, y * y, 0)), far)


def _tail_of_erfc(x):
    return where(values(x) < 1, x, 2 - x)


rule("erfinv", lambda dy, y, x: ROOT_PI / 2 * dy * _exp_of_square(y, 1 - abs(x)))
rule("erfcinv", lambda dy, y, x: -ROOT_PI / 2 * dy * _exp_of_square(y, _tail_of_erfc(x)))
rule("ndtr", lambda dy, y, x: dy * exp(-0.5 * x * x) / ROOT_TWO_PI)
rule("ndtri", lambda dy, y, x:
     ROOT_TWO_PI * dy * _exp_of_square(y / ROOT_TWO, _tail_of_erfc(2 * x)))  # fmt: skip



@kernel
def _normal_hazard(x):
    """The slope of log_ndtr: the normal density over ndtr."""
    return 2 / ROOT_TWO_PI / error_functions.erfcx(-x / ROOT_TWO)


_hazard = elementwise("normal_hazard", _normal_hazard)


def _hazard_and_point(y, x):
    """y + x for the hazard y, which for x << 0 is nearly -x, and so a ratio there."""
    left = values(x) < 0
    t = where(left, x, 0) / -ROOT_TWO
    return where(left, _erfcx(t, 1) / (ROOT_TWO * _erfcx(t, 0)), y + x)


rule("log_ndtr", lambda dy, y, x: dy * _hazard(x))
rule("normal_hazard", lambda dy, y, x: -dy * y * _hazard_and_point(y, x))

# The gamma function's family ----------------------------------------------------------

gamma = documented(
    elementwise("gamma", gamma_functions.gamma),
    "The gamma function, elementwise: infinite at 0 by its sign, nan at the other poles.\n\n"
    "    Raises DtypeError.",
)
lgamma = documented(
    elementwise("lgamma", gamma_functions.lgamma),
    "log |gamma(x)|, elementwise: inf at the poles. Raises DtypeError.",
)
digamma = documented(
    elementwise("digamma", gamma_functions.digamma),
    "The derivative of lgamma, elementwise: -inf at 0, inf at -0, nan at the other poles.\n\n"
    "    Raises DtypeError.",
)


def polygamma(n, x):
    """The derivative of digamma of order n, a whole number, elementwise.

    At 0 infinite by the side that the zero is on; at the other poles inf for odd n, else nan.
    Raises OptionError for another n, DtypeError.
    """
    if not isinstance(n, int | np.integer) or n < 0:
        raise OptionError(f"polygamma: got n = {describe(n)}, wanted a whole number >= 0")
    return apply("polygamma", as_operand(x), order=int(n))


polygamma.public = lambda n, x: polygamma(n, as_tensor(x))
polygamma.public.__doc__ = polygamma.__doc__


def multigammaln(x, p):
    """The log of the multivariate gamma function of p dimensions, elementwise, for x > (p - 1) / 2.

    p (p - 1) / 4 log(pi) plus the sum of lgamma(x - j / 2) over j < p. Raises OptionError for a p
    that is no whole number above 0, DtypeError.
    """
    if not isinstance(p, int | np.integer) or p < 1:
        raise OptionError(f"multigammaln: got p = {describe(p)}, wanted a whole number >= 1")
    return apply("multigammaln", as_operand(x), p=int(p), order=0)


@kernel
def _multigammaln(x, p, order):
    """Or the sum of polygamma(order - 1, x - j / 2)."""
    if order:
        return sum(gamma_functions.polygamma(x - 0.5 * j, order=order - 1) for j in range(p))
    y = 0.25 * p * (p - 1) * math.log(math.pi)
    y = y + sum(gamma_functions.lgamma(x - 0.5 * j) for j in range(p))
    return np.where(x > 0.5 * (p - 1), y, np.nan)


FORWARDS["polygamma"] = gamma_functions.polygamma
FORWARDS["multigammaln"] = _multigammaln
rule("gamma", lambda dy, y, x: dy * y * digamma(x))
rule("lgamma", lambda dy, y, x: dy * digamma(x))
rule("digamma", lambda dy, y, x: dy * polygamma(1, x))
rule("polygamma", lambda dy, y, x, order: dy * polygamma(order + 1, x), jvp="elementwise")
rule("multigammaln",
     lambda dy, y, x, p, order: dy * apply("multigammaln", x, p=p, order=order + 1),
     jvp="elementwise")  # fmt: skip

beta = documented(
    elementwise("beta", gamma_functions.beta, 2),
    "gamma(x) gamma(w) / gamma(x + w), elementwise. Raises ShapeError, DtypeError.",
)
betaln = documented(
    elementwise("betaln", gamma_functions.betaln, 2),
    "log |beta(x, w)|, elementwise, without overflow. Raises ShapeError, DtypeError.",
)


def _step(x, w, order=0):
    """polygamma(order, x + w) - polygamma(order, x), which would cancel for a small w."""
    return apply("polygamma_step", x, w, order=order)


FORWARDS["polygamma_step"] = gamma_functions.polygamma_step
rule("polygamma_step",
     lambda dy, y, x, w, order: dy * _step(x, w, order + 1),
     lambda dy, y, x, w, order: dy * polygamma(order + 1, x + w), jvp="elementwise")  # fmt: skip
rule("beta",
     lambda dy, y, x, w: -dy * y * _step(x, w),
     lambda dy, y, x, w: -dy * y * _step(w, x))  # fmt: skip
rule("betaln",
     lambda dy, y, x, w: -dy * _step(x, w),
     lambda dy, y, x, w: -dy * _step(w, x))  # fmt: skip

zeta = documented(
    elementwise("zeta", gamma_functions.zeta, 2),
    "Hurwitz's zeta function, elementwise: the sum of (w + k)**-x over k >= 0, for x > 1.\n\n"
    "    inf at x = 1 and at the poles w = 0, -1, -2...; nan for x < 1. It has a gradient in w\n"
    "    alone. Raises NoGradientError if that of x is asked for, ShapeError, DtypeError.",
)


def _no_gradient_in_exponent(dy, y, x, w):
    raise NoGradientError(
        "zeta has no gradient in its first argument: pass it as a constant, engine.stop_gradient(x)"
    )


rule("zeta", _no_gradient_in_exponent, lambda dy, y, x, w: -dy * x * zeta(x + 1, w))

# The incomplete gamma function ---------------------------------------------------------


@operands(2)
def gammainc(x, w):
    """P(x, w), the regularised lower incomplete gamma function, elementwise, for x, w >= 0.

    The integral of t**(x - 1) exp(-t) over 0 < t < w, over gamma(x). It has gradients of every
    order in both. nan where both are 0 or infinite. Raises ShapeError, DtypeError.
    """
    return _gammainc("gammainc", *same_dtype("gammainc", x, w), 0)


@operands(2)
def gammaincc(x, w):
    """Q(x, w) = 1 - P(x, w), the regularised upper incomplete gamma function, elementwise.

    It keeps its digits where P is nearly 1. Raises ShapeError, DtypeError.
    """
    return _gammainc("gammaincc", *same_dtype("gammaincc", x, w), 0)


def _gammainc(name, x, w, order):
    return apply(name, x, w, order=order)


def _density(x, w, order=0):
    """The derivative of w**(x - 1) exp(-w) / gamma(x) in x of `order`, by Leibniz's rule."""
    density = apply("gamma_density", x, w)
    if order == 0:
        return density
    slopes = [_log_ratio(x, w)] + [-polygamma(n, x) for n in range(1, order)]
    found = [density]
    for n in range(order):
        found.append(sum(math.comb(n, i) * found[n - i] * slopes[i] for i in range(n + 1)))
    return found[order]


def _log_ratio(x, w):
    """log(w) - digamma(x); at the ends, where the density is 0, anything finite."""
    ends = (values(w) == 0) | np.isinf(values(w))
    return log(where(ends, 1, w)) - digamma(x)


def _density_slope(y, x, w):
    """Its derivative in w: density(x - 1, w) - density(x, w), or (x - 1) / w - 1 times it."""
    above, at_zero = values(x) > 1, (values(w) == 0) & (values(x) >= 1)
    below = (where(above, 1, x) - 1) / where(at_zero, 1, w) - 1
    return where(above, apply("gamma_density", where(above, x - 1, 1), w) - y, y * below)


FORWARDS["gammainc"] = incomplete_gamma.gammainc
FORWARDS["gammaincc"] = incomplete_gamma.gammaincc
FORWARDS["gamma_density"] = incomplete_gamma.gamma_density
for _name, _sign in (("gammainc", 1), ("gammaincc", -1)):
    rule(_name,
         lambda dy, y, x, w, order, name=_name: dy * _gammainc(name, x, w, order + 1),
         lambda dy, y, x, w, order, sign=_sign: sign * dy * _density(x, w, order),
         jvp="elementwise")  # fmt: skip
rule("gamma_density",
     lambda dy, y, x, w: dy * y * _log_ratio(x, w),
     lambda dy, y, x, w: dy * _density_slope(y, x, w), jvp="elementwise")  # fmt: skip

# Bessel functions ---------------------------------------------------------------------

i0 = documented(elementwise("i0", bessel.i0), "The modified Bessel function I0, elementwise.")
i1 = documented(elementwise("i1", bessel.i1), "The modified Bessel function I1, elementwise.")
i0e = documented(
    elementwise("i0e", bessel.i0e),
    "exp(-|x|) I0(x), elementwise. The slope at the kink, 0, is 0. Raises DtypeError.",
)
i1e = documented(
    elementwise("i1e", bessel.i1e),
    "exp(-|x|) I1(x), elementwise. The second slope at the kink, 0, is 0. Raises DtypeError.",
)


def _growth(x, order):
    return apply("bessel_growth", x, order=order)


def _decay(x, order):
    return apply("bessel_decay", x, order=order)


FORWARDS["bessel_growth"] = bessel.growth
FORWARDS["bessel_decay"] = bessel.decay
rule("i0", lambda dy, y, x: dy * i1(x))
rule("i1", lambda dy, y, x: dy * _growth(x, 2))
rule("bessel_growth", lambda dy, y, x, order: dy * _growth(x, order + 1), jvp="elementwise")
rule("i0e", lambda dy, y, x: -dy * sign(x) * _decay(x, 1))
rule("i1e", lambda dy, y, x: dy * (_decay(x, 2) - _decay(x, 1)))
rule("bessel_decay",
     lambda dy, y, x, order: -dy * sign(x) * _decay(x, order + 1), jvp="elementwise")  # fmt: skip
