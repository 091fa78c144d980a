"""Smooth functions of several variables, by their Taylor coefficients over balls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product

from flint import acb, acb_series, arb, arb_series, ctx

from conformance.oracle import special_allowances as allowances
from conformance.oracle.allowances import OPERAND
from conformance.oracle.functions import NoValue
from conformance.oracle.jets import Arithmetic, Jet, levels
from conformance.oracle.special_allowances import Partials

Index = tuple[int, ...]
Coefficients = dict[Index, arb]


@dataclass(frozen=True)
class Several:
    """A function of several real variables.

    coefficients: (points, order) -> its Taylor coefficients of every total order up to `order`.
    low: the ends of its open domain, one a variable.
    allowance: the rounding of its kernel and of its rules.
    """

    coefficients: Callable[[tuple[arb, ...], int], Coefficients]
    low: tuple[int, ...]
    allowance: Partials

    def taylor(self, at: tuple[arb, ...], order: int) -> Coefficients:
        """Coefficients at balls, in the mean value form; raises NoValue outside the domain."""
        for x, end in zip(at, self.low, strict=True):
            if x <= end:
                raise NoValue("domain", "is outside its domain", final=True)
        if all(x.is_exact() for x in at):
            return self.finite(at, order)
        centre = tuple(x.mid() for x in at)
        reach = [x - c for x, c in zip(at, centre, strict=True)]
        over_ball = self.finite(at, order + 1)
        return {index: c + moved(index, reach, over_ball)
                for index, c in self.finite(centre, order).items()}

    def noisy(self, at: tuple[arb, ...], order: int, u: arb) -> Coefficients:
        """Coefficients with the rounding of the kernel, of the rules, and of their operands.

        u: the ball of one unit roundoff around 0.
        """
        exact = self.taylor(at, order + 1)
        shifts = [x * u * OPERAND for x in at]
        found = {}
        for index in (index for index in exact if sum(index) <= order):
            size = abs(exact[index]) + self.allowance.terms(at, index)
            found[index] = exact[index] + u * self.allowance.roundings(index) * size
            if any(index):
                found[index] += moved(index, shifts, exact)
        return found

    def finite(self, at: tuple[arb, ...], order: int) -> Coefficients:
        try:
            found = self.coefficients(at, order)
        except (ValueError, ZeroDivisionError):
            raise NoValue("range", "cannot be bounded here", final=False) from None
        if not all(c.is_finite() for c in found.values()):
            raise NoValue("range", "cannot be bounded here", final=False)
        return found


def moved(index: Index, reach: Sequence[arb], coefficients: Coefficients) -> arb:
    """By how much a coefficient changes when the point moves by `reach`, to first order."""
    total = arb(0)
    for i, r in enumerate(reach):
        if not r.is_zero():
            above = (*index[:i], index[i] + 1, *index[i + 1:])
            total += r * (above[i] * coefficients[above])
    return total


def compose(arithmetic: Arithmetic, function: Several, *operands: Jet) -> Jet:
    """The sum of the coefficients times powers of the nilpotent parts of the operands."""
    at = tuple(x[0] for x in operands)
    bits = 0
    for x in operands:
        for monomial in x:
            bits |= levels(monomial)
    order = bits.bit_count()
    coefficients = arithmetic.partials(function, at, order)
    powers = [nilpotent_powers(arithmetic, x, order) for x in operands]
    terms: list[Jet] = [{0: coefficients[(0,) * len(at)]}]
    for index in product(range(order + 1), repeat=len(at)):
        if 0 < sum(index) <= order:
            factors = [powers[i][n] for i, n in enumerate(index) if n]
            if all(factors):
                jet = reduce(arithmetic.multiply, factors)
                if jet:
                    terms.append(arithmetic.multiply(jet, {0: coefficients[index]}))
    return total(arithmetic, terms)


def total(arithmetic: Arithmetic, terms: Sequence[Jet]) -> Jet:
    """The sum, whose constant term is that of the first alone."""
    slopes = [{m: x for m, x in jet.items() if m} for jet in terms[1:]]
    return {**arithmetic.add([{0: arb(0)}, *slopes]), 0: terms[0][0]}


def nilpotent_powers(arithmetic: Arithmetic, x: Jet, order: int) -> list[Jet]:
    nilpotent = {monomial: c for monomial, c in x.items() if monomial}
    powers: list[Jet] = [{}, nilpotent]
    while len(powers) <= order:
        powers.append(arithmetic.multiply(powers[-1], nilpotent) if powers[-1] else {})
    return powers


# Each gives power series in the first variable, one for each power of the second: both are
# sums that converge for every parameter, so a parameter may be a series itself.

def by_second(found: Sequence[arb_series], order: int) -> Coefficients:
    return {(j, k): s[j] for k, s in enumerate(found) for j in range(order + 1 - k)}


def zeta(at: tuple[arb, ...], order: int) -> Coefficients:
    """Hurwitz's zeta(x, q): its slope in q is -x zeta(x + 1, q), DLMF 25.11.17."""
    ctx.cap = order + 1
    s, q = arb_series([at[0], 1], order + 1), at[1]
    found, factor = [], arb_series([1], order + 1)
    for k in range(order + 1):
        found.append(factor * (s + k).zeta(q))
        factor = -factor * (s + k) / (k + 1)
    return by_second(found, order)


def gammainc(at: tuple[arb, ...], order: int) -> Coefficients:
    """P(a, x) = x**a exp(-x) 1F1(1; a + 1; x) / gamma(a + 1), DLMF 8.5.1, and its density in x."""
    ctx.cap = order + 1
    a, x = arb_series([at[0], 1], order + 1), at[1]
    scale = (a * x.log() - x).exp()
    found = [scale * (a + 1).rgamma() * kummer(a + 1, x)]
    density = scale / x * a.rgamma()
    for k in range(1, order + 1):
        binomial, sum_ = arb_series([1], order + 1), arb_series([0], order + 1)
        for i in range(k):  # of (1 + t/x)**(a - 1) exp(-t)
            sum_ += binomial * (arb(-1) ** (k - 1 - i) / arb(k - 1 - i).fac() / x**i)
            binomial = binomial * (a - 1 - i) / (i + 1)
        found.append(density * sum_ / k)
    return by_second(found, order)


def kummer(b: arb_series, x: arb) -> arb_series:
    """1F1(1; b; x) with a series for b."""
    length = ctx.cap
    series = acb_series.hypgeom([acb_series([1], length)],
                                [acb_series([acb(b[k]) for k in range(length)], length)],
                                acb_series([acb(x)], length))
    return arb_series([series[k].real for k in range(length)], length)


def gammaincc(at: tuple[arb, ...], order: int) -> Coefficients:
    found = {index: -c for index, c in gammainc(at, order).items()}
    found[0, 0] = 1 + found[0, 0]
    return found


FUNCTIONS = {
    "zeta": Several(zeta, (1, 0), allowances.ZETA),
    "gammainc": Several(gammainc, (0, 0), allowances.GAMMAINC),
    "gammaincc": Several(gammaincc, (0, 0), allowances.GAMMAINC),
}
