"""Special functions of one variable, as power series over balls; no derivative is written here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from math import comb, factorial

from flint import arb, arb_series, ctx

from conformance.oracle import special_allowances as allowances
from conformance.oracle.functions import Function, NoValue

Series = Callable[[arb_series], arb_series]


@dataclass(frozen=True)
class Special(Function):
    """A function whose series, in plain ball arithmetic, is wider than the function's range.

    poles: it has poles at 0, -1, -2, ...; kink: only its value is smooth at 0.
    """

    poles: bool = False
    kink: bool = False

    def taylor(self, at: arb, order: int) -> list[arb]:
        """The mean value form: around the centre, and the slope over the ball times the rest."""
        if at.is_exact():
            return super().taylor(at, order)
        over_ball = super().taylor(at, order + 1)
        centre = at.mid()
        return [c + (at - centre) * ((k + 1) * over_ball[k + 1])
                for k, c in enumerate(super().taylor(centre, order))]

    def check_domain(self, at: arb, order: int) -> None:
        super().check_domain(at, order)
        if self.poles and at.is_exact() and at <= 0 and at.is_integer():
            raise NoValue("domain", "has a pole at 0 and at every negative integer", final=True)
        if self.kink and order and at.contains(0):
            if at.is_zero():
                raise NoValue("kink", "is not smooth at 0", final=True)
            raise NoValue("branch", "cannot be decided", final=False)


def root_of_two() -> arb:
    return arb(2).sqrt()


def ndtr(t: arb_series) -> arb_series:
    return (-t / root_of_two()).erfc() / 2


def log_ndtr(t: arb_series) -> arb_series:
    return (1 - ndtr(-t)).log() if t[0].mid() > 0 else ndtr(t).log()


def log_of_ndtr(a: arb) -> arb:
    """By the tail on the far side of 0, which keeps its digits."""
    if a > 0:
        return (-(a / root_of_two()).erfc() / 2).log1p()
    return ((-a / root_of_two()).erfc() / 2).log()


def inverse(of: Series, value: Callable[[arb], arb]) -> Series:
    """The series of an inverse function: that of the function at its value, reversed."""
    def series(t: arb_series) -> arb_series:
        y = value(t[0])
        forward = of(arb_series([y, 1], ctx.cap))
        return y + arb_series([0, *(forward[k] for k in range(1, ctx.cap))], ctx.cap).reversion()

    return series


def ndtri(a: arb) -> arb:
    return -(2 * a).erfcinv() * root_of_two()


def lgamma(t: arb_series) -> arb_series:
    """log |gamma|: below 0 by the reciprocal gamma function, which has no poles."""
    if t[0] > 0:
        return t.lgamma()
    r = t.rgamma()
    return -(r if r[0] > 0 else -r).log()


def derivative(of: Series, n: int) -> Series:
    """The n-th derivative of a series, of the length that is asked for."""
    def series(t: arb_series) -> arb_series:
        ctx.cap += n
        s = of(arb_series([t[0], 1], ctx.cap))
        for _ in range(n):
            s = s.derivative()
        ctx.cap -= n
        return s

    return series


def bessel(kind: Callable[[arb, arb], arb], nu: int, sign: int) -> Series:
    """Of I or J by 2 f_nu' = f_(nu-1) + sign f_(nu+1), DLMF 10.29.1 and 10.6.1."""
    def series(t: arb_series) -> arb_series:
        length = ctx.cap
        values = [kind(t[0], arb(m)) for m in range(nu + length)]

        def of_order(m: int) -> arb:
            return values[m] if m >= 0 else values[-m] * (sign if m % 2 else 1)

        return arb_series([
            sum((sign**j * comb(k, j) * of_order(nu - k + 2 * j) for j in range(k + 1)), arb(0))
            / (2**k * factorial(k)) for k in range(length)], length)

    return series


def scaled(of: Series) -> Series:
    """exp(-|x|) times the function."""
    return lambda t: of(t) * (-t if t[0] >= 0 else t).exp()


def sinc(t: arb_series) -> arb_series:
    """sin(pi x) / (pi x); at 0 the quotient of two series without constant terms."""
    if not t[0].is_zero():
        return t.sin_pi() / (t * arb.pi())
    ctx.cap += 1
    s = arb_series([0, 1], ctx.cap)
    s = s.sin_pi() / (s * arb.pi())
    ctx.cap -= 1
    return s


def cbrt(t: arb_series) -> arb_series:
    return ((t.log() / 3).exp()) if t[0] > 0 else -(((-t).log() / 3).exp())


def entropy(a: arb) -> arb:
    return arb(0) if a.is_zero() else -a * a.log()


I0, I1 = bessel(arb.bessel_i, 0, 1), bessel(arb.bessel_i, 1, 1)

_LINES: dict[str, Function] = {
    "cbrt": Special(cbrt, pole=True),
    "digamma": Special(derivative(lgamma, 1), poles=True),
    "entr": Special(lambda t: -t * t.log(), entropy, 0, closed=True),
    "erfc": Special(lambda t: t.erfc(), arb.erfc),
    "erfcx": Special(lambda t: (t * t).exp() * t.erfc()),
    "erfinv": Special(inverse(lambda t: t.erf(), arb.erfinv), arb.erfinv, -1, 1),
    "exp2": Special(lambda t: (t * arb.const_log2()).exp()),
    "i0": Special(I0),
    "i0e": Special(scaled(I0), kink=True),
    "i1": Special(I1),
    "i1e": Special(scaled(I1), kink=True),
    "lgamma": Special(lgamma, poles=True),
    "log_ndtr": Special(log_ndtr, log_of_ndtr),
    "logit": Special(lambda t: t.log() - (1 - t).log(), None, 0, 1),
    "ndtr": Special(ndtr),
    "ndtri": Special(inverse(ndtr, ndtri), ndtri, 0, 1),
    "sinc": Special(sinc, arb.sinc_pi),
}

FUNCTIONS = {name: replace(function, allowance=allowances.FUNCTIONS[name])
             for name, function in _LINES.items()}


@lru_cache(maxsize=64)
def polygamma(n: int) -> Function:
    """The derivative of digamma of order n."""
    return Special(derivative(lgamma, n + 1), poles=True, allowance=allowances.polygamma(n))
