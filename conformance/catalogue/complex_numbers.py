"""Complex numbers: made of two real ones, and taken apart.

grad(target, source) is the gradient of the real part R of sum(target); for a complex source a + ib
it is dR/da + i dR/db.
"""

from __future__ import annotations

from conformance import complex_rules as rules
from conformance.catalogue.operator import Op

OPERATORS = (
    *(Op(name, 1, rules.part, group="complex_numbers", linearity="linear")
      for name in ("real", "imag")),
    Op("conj", 1, rules.conj, group="complex_numbers", linearity="linear"),
    Op("complex", 2, rules.from_parts, group="complex_numbers", linearity="linear",
       meaning="x + i w, of a real x and a real w"),
    Op("angle", 1, rules.part, group="complex_numbers", domain="off the negative real axis and 0",
       meaning="atan2(imag(x), real(x))"),
)
