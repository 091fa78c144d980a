"""Rounding, remainders and other arithmetic, element by element."""

from __future__ import annotations

from conformance import typing_rules as rules
from conformance.catalogue.operator import Op, elementwise

OPERATORS = (
    *elementwise("""
        ceil  | | jumps at whole numbers
        floor | | jumps at whole numbers
        round | | jumps at halves | the nearest whole number, of two the even one
        trunc | | jumps at whole numbers but 0
""", group="arithmetic", linearity="constant"),
    *elementwise("frac | | jumps at whole numbers but 0 | x - trunc(x)", group="arithmetic",
                 linearity="piecewise"),
    *elementwise("""
        deg2rad | | | x * pi / 180
        rad2deg | | | x * 180 / pi
""", group="arithmetic", linearity="linear"),
    Op("remainder", 2, rules.broadcasting, group="arithmetic", domain="divisor != 0",
       kinks="jumps where the quotient is whole", linearity="piecewise",
       meaning="x - w * floor(x / w)"),
    Op("fmod", 2, rules.broadcasting, group="arithmetic", domain="divisor != 0",
       kinks="jumps where the quotient is whole and not 0", linearity="piecewise",
       meaning="x - w * trunc(x / w)"),
    Op("logaddexp2", 2, rules.broadcasting, group="arithmetic", meaning="log2(2**x + 2**w)"),
    Op("squared_difference", 2, rules.broadcasting, group="arithmetic", meaning="(x - w)**2"),
    Op("lerp", 3, rules.broadcasting, group="arithmetic", meaning="x + t * (w - x) of x, w and t"),
)
