"""Operators that work element by element, broadcasting their operands."""

from __future__ import annotations

from conformance import typing_rules as rules
from conformance.catalogue.operator import Op, elementwise

OPERATORS = (
    *elementwise("""
        acos        | |x| < 1  |
        acosh       | x > 1    |
        asin        | |x| < 1  |
        asinh
        atan
        atanh       | |x| < 1  |
        erf         | | | 2 / sqrt(pi) times the integral of exp(-t**2) from 0 to x
        expm1
        log10       | x > 0
        log1p       | x > -1
        log2        | x > 0
        rsqrt       | x > 0 | | 1 / sqrt(x)
        sigmoid     | | | 1 / (1 + exp(-x))
        softplus    | | | log(1 + exp(x))
""".replace("|x|", "abs(x)")),
    # of complex numbers too; log and sqrt have their cut along the negative real axis
    *elementwise("""
        cos
        cosh
        exp
        log         | x > 0, or complex off the cut
        reciprocal  | x != 0
        sin
        sinh
        sqrt        | x > 0, or complex off the cut
        square
        tan
        tanh
    """, infer=rules.holomorphic),
    Op("abs", 1, rules.magnitude, kinks="0", linearity="piecewise"),
    *elementwise("relu |  | 0 | maximum(x, 0)", linearity="piecewise"),
    *elementwise("negative", infer=rules.holomorphic, linearity="linear"),
    *elementwise("sign | | 0", linearity="constant"),
    *(Op(name, 2, rules.promoting, linearity="linear") for name in ("add", "subtract")),
    Op("multiply", 2, rules.promoting, linearity="bilinear"),
    Op("divide", 2, rules.promoting, domain="divisor != 0", linearity="quotient"),
    Op("pow", 2, rules.promoting,
       domain="base > 0 or complex off the cut of log, or an integer exponent"),
    *(Op(name, 2, rules.broadcasting, kinks="ties", linearity="piecewise")
      for name in ("maximum", "minimum")),
    Op("atan2", 2, rules.broadcasting, domain="not both 0"),
    Op("hypot", 2, rules.broadcasting, kinks="both 0"),
    Op("logaddexp", 2, rules.broadcasting),
    Op("clip", 1, rules.clip, {"min": None, "max": None}, kinks="the bounds",
       linearity="piecewise", meaning="the bounds are numbers; None is no bound"),
    *(Op(name, 2, rules.ordering, linearity="constant")
      for name in ("less", "less_equal", "greater", "greater_equal")),
    *(Op(name, 2, rules.equality, linearity="constant") for name in ("equal", "not_equal")),
    Op("where", 3, rules.where, linearity="linear",
       meaning="condition, then, else; a branch that is not taken counts for nothing"),
)
