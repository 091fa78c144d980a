"""The rounding of special functions, in unit roundoffs; see allowances.py for what is counted.

Kernels: Cephes' documented peak errors (psi 13 u, i0 5 u, i1 and i1e 18 u, and for lgamma relative
above 1, absolute below) with room for other implementations of the same quality; checked at
random points that had no part in choosing them. Rules: the usual formulas, of which some add terms
that cancel: then the sizes of those terms are given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import comb, factorial

from flint import arb

from conformance.oracle.allowances import Allowance

ZERO = arb(0)


def normal_tail(x: arb) -> arb:
    return (-x / arb(2).sqrt()).erfc() / 2


def gaussian_kernel(tail: Callable[[arb], arb]) -> Callable[[arb, int], arb]:
    """exp(-x*x) feels the rounding of x*x: x**2 u, an eighth of which is times the kernel's 8 u."""
    return lambda x, k: ZERO if k else tail(x) * x * x / 8


def erfcx_terms(x: arb, k: int) -> arb:
    """Of y' = 2 x y - 2 / sqrt(pi), differentiated: k c_k = 2 x c_(k-1) + 2 c_(k-2)."""
    before, now = ZERO, (x * x).exp() * x.erfc()
    for n in range(1, k + 1):
        new = 2 * abs(x) * now + (2 * before if n > 1 else 2 / arb.pi().sqrt())
        before, now = now, new / n
    return now if k else ZERO


def log_ndtr_terms(x: arb, k: int) -> arb:
    """Of the hazard h = exp(-x*x/2 - y) / sqrt(2 pi) and h' = -h (h + x), differentiated.

    The exponent adds two numbers of about x*x/2, which are off by 2 u of themselves each: 2 x**2 u
    of the slope, a quarter of which is times 8 u.
    """
    if not k:
        return normal_tail(-x) * x * x / 8 if x > 0 else ZERO
    hazard = (-x * x / 2).exp() / (2 * arb.pi()).sqrt() / normal_tail(x)
    sizes = [hazard]
    sums = [hazard + abs(x)]
    for n in range(1, k):
        sizes.append(sum((comb(n - 1, j) * sizes[j] * sums[n - 1 - j] for j in range(n)), ZERO))
        sums.append(sizes[n] + (1 if n == 1 else 0))
    return sizes[k - 1] * (1 + x * x / 4) / factorial(k)


def digamma_size(x: arb) -> arb:
    """Of log(x) and 1/x; below 0 the reflection's pi cot(pi x) too, which feels pi x rounded."""
    size = 1 + abs(abs(x).log()) + 1 / abs(x)
    if x > 0:
        return size
    sine = x.sin_pi()
    return size + arb.pi() * (1 + arb.pi() * abs(x)) / (sine * sine)


def lgamma_terms(x: arb, k: int) -> arb:
    if k:
        return digamma_size(x) if k == 1 else ZERO
    return arb(1) if x > 0 else 1 + abs(x * abs(x).log())


def bessel_terms(i0: int, i1: int, scaled: bool) -> Callable[[arb, int], arb]:
    """Of a I0 + b I1 by I0' = I1 and I1' = I0 - I1 / x, with a, b polynomials in 1 / x.

    a, b: power -> the sum of the sizes of its coefficients. At 0 rules have a value of their own.
    """
    def terms(x: arb, k: int) -> arb:
        if not k or x.is_zero():
            return ZERO
        a, b = {0: i0}, {0: i1}
        for _ in range(k):
            a, b = (summed(lowered(a), b, a if scaled else {}),
                    summed(lowered(b), a, {p + 1: c for p, c in b.items()}, b if scaled else {}))
        size = abs(x)
        factor = (-size).exp() if scaled else arb(1)
        return factor / factorial(k) * sum(
            (c * size.bessel_i(arb(nu)) / size**p for nu, polynomial in ((0, a), (1, b))
             for p, c in polynomial.items()), ZERO)

    return terms


def lowered(polynomial: dict[int, int]) -> dict[int, int]:
    """The derivative of a polynomial in 1 / x, without its sign."""
    return {p + 1: p * c for p, c in polynomial.items() if p}


def summed(*polynomials: dict[int, int]) -> dict[int, int]:
    return {p: sum(q.get(p, 0) for q in polynomials) for p in set().union(*polynomials)}


def sinc_terms(x: arb, k: int) -> arb:
    """Of sin(pi x) times 1 / (pi x) by Leibniz' rule; the sine feels pi x rounded."""
    if x.is_zero():
        return ZERO
    if not k:
        return arb(1)
    return sum((arb.pi() ** (k - j - 1) / (factorial(k - j) * abs(x) ** (j + 1))
                for j in range(k + 1)), ZERO)


def logit_terms(x: arb, k: int) -> arb:
    """Of log(x / (1 - x)), whose argument is rounded."""
    return ZERO if k else arb(1)


FUNCTIONS: dict[str, Allowance] = {
    "cbrt": Allowance(4, 6, from_output=True),
    "digamma": Allowance(16, 16, terms=lambda x, k: ZERO if k else digamma_size(x)),
    "entr": Allowance(6, 4),
    "erfc": Allowance(8, 6, terms=gaussian_kernel(lambda x: x.erfc())),
    "erfcx": Allowance(8, 6, from_output=True, terms=erfcx_terms),
    "erfinv": Allowance(8, 8, from_output=True),
    "exp2": Allowance(8, 2, from_output=True),  # as exp(x log 2) it feels the product rounded
    "i0": Allowance(8, 20, terms=bessel_terms(1, 0, scaled=False)),
    "i0e": Allowance(8, 20, terms=bessel_terms(1, 0, scaled=True)),
    "i1": Allowance(20, 20, terms=bessel_terms(0, 1, scaled=False)),
    "i1e": Allowance(20, 20, terms=bessel_terms(0, 1, scaled=True)),
    "lgamma": Allowance(8, 16, terms=lgamma_terms),
    "log_ndtr": Allowance(8, 8, terms=log_ndtr_terms),
    "logit": Allowance(6, 6, terms=logit_terms),
    "ndtr": Allowance(8, 6, terms=gaussian_kernel(normal_tail)),
    "ndtri": Allowance(8, 8, from_output=True),
    "sinc": Allowance(6, 6, terms=sinc_terms),
}


def polygamma(n: int) -> Allowance:
    return Allowance(16, 16, terms=lambda x, k: digamma_size(x) if n == k == 0 else ZERO)


@dataclass(frozen=True)
class Partials:
    """The rounding of a function of several variables.

    value, rule: as an Allowance has them. parameter: of the slopes for the first variable, which
    have kernels of their own. terms: as an Allowance has them, by the indices of the coefficient.
    """

    value: float
    rule: float
    parameter: float
    terms: Callable[[tuple[arb, ...], tuple[int, ...]], arb] = lambda at, index: ZERO

    def roundings(self, index: tuple[int, ...]) -> float:
        """How many unit roundoffs a coefficient may lose, of itself and of its terms."""
        return self.value if not any(index) else self.parameter if index[0] else self.rule


def gammainc_terms(at: tuple[arb, ...], index: tuple[int, ...]) -> arb:
    """Of the density in x and its derivatives, and of its exponent a log(x) - x - lgamma(a).

    The density's slope is (a - 1) / x - 1 times itself, and log(x) - digamma(a) in a. The rounding
    of the exponent is one of the whole: 2 u for each of its units, an eighth of it times 16 u.
    """
    a, x = at
    j, k = index
    exponent = (abs(a * x.log()) + x + abs(a.lgamma())) / 8
    if not k:
        return exponent * (a * x.log() - x - (a + 1).lgamma()).exp() if j else exponent
    density = ((a - 1) * x.log() - x - a.lgamma()).exp() * (1 + exponent)
    return (density * ((abs(a - 1) + k) / x + 1) ** (k - 1) / factorial(k)
            * (abs(x.log()) + abs(a.digamma()) + 1) ** j)


ZETA = Partials(16, 16, 16)
# the slope in a is a series of its own: Eigen's and XLA's lost 65 u at one set of random points
# (a from 0.1 to 20, x to 25), and stay within this at another
GAMMAINC = Partials(16, 16, 128, gammainc_terms)
