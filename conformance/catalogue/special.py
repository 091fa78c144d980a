"""Special functions; all but the first three are smooth on their whole domain."""

from __future__ import annotations

from conformance import typing_rules as rules
from conformance.catalogue.operator import Op, elementwise

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
)
