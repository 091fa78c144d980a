"""Special functions; all but the first three are smooth on their whole domain."""

from __future__ import annotations

from conformance import special_rules as special
from conformance import typing_rules as rules
from conformance.catalogue.operator import Op, elementwise
from conformance.typing_rules import REQUIRED

OPERATORS = (
    *elementwise("""
        cbrt     | | 0    | the real cube root
        i0e      | | 0    | exp(-abs(x)) i0(x)
        i1e      | | 0    | exp(-abs(x)) i1(x)
        digamma  | no pole at 0, -1, -2, ... | | the derivative of lgamma
        entr     | x > 0  | | -x log(x)
        erfc     |        | | 1 - erf(x)
        erfcx    |        | | exp(x**2) erfc(x)
        erfinv   | abs(x) < 1 | | the inverse of erf
        exp2     |        | | 2**x
        i0       |        | | the modified Bessel function of the first kind of order 0
        i1       |        | | the modified Bessel function of the first kind of order 1
        lgamma   | no pole at 0, -1, -2, ... | | log(abs(gamma(x)))
        log_ndtr |        | | log(ndtr(x))
        logit    | 0 < x < 1 | | log(x / (1 - x)), the inverse of sigmoid
        ndtr     |        | | the standard normal distribution function, erfc(-x / sqrt(2)) / 2
        ndtri    | 0 < x < 1 | | the inverse of ndtr
        sinc     |        | | sin(pi x) / (pi x), 1 at 0
""", group="special"),
    Op("xlogy", 2, rules.broadcasting, group="special", domain="y > 0",
       meaning="x log(y)"),
    Op("xlog1py", 2, rules.broadcasting, group="special", domain="y > -1",
       meaning="x log(1 + y)"),
    Op("polygamma", 1, special.polygamma, {"n": REQUIRED}, group="special",
       domain="no pole at 0, -1, -2, ...", meaning="the derivative of digamma of order n"),
    Op("multigammaln", 1, special.multigammaln, {"p": REQUIRED}, group="special",
       domain="x > (p - 1) / 2",
       meaning="log(pi) p (p - 1) / 4 + the sum of lgamma(x - j / 2) over 0 <= j < p"),
    Op("betaln", 2, rules.broadcasting, group="special", domain="both > 0",
       meaning="lgamma(a) + lgamma(b) - lgamma(a + b)"),
    Op("zeta", 2, rules.broadcasting, group="special", domain="x > 1, q > 0",
       meaning="Hurwitz's: the sum of (k + q)**-x over k >= 0"),
    Op("gammainc", 2, rules.broadcasting, group="special", domain="both > 0",
       meaning="the integral of t**(a - 1) exp(-t) from 0 to x, over gamma(a)"),
    Op("gammaincc", 2, rules.broadcasting, group="special", domain="both > 0",
       meaning="1 - gammainc(a, x)"),
)
