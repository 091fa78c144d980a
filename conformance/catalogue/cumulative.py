"""Running reductions along an axis, and integrals of samples."""

from __future__ import annotations

from conformance import sorting_rules as shapes
from conformance import typing_rules as rules
from conformance.catalogue.operator import Op
from conformance.typing_rules import REQUIRED

AXIS = {"axis": REQUIRED}

OPERATORS = (
    Op("cumulative_prod", 1, rules.along_axis, AXIS, group="cumulative",
       meaning="element k multiplies elements 0 to k of the axis"),
    Op("cumulative_logsumexp", 1, rules.along_axis, AXIS, group="cumulative",
       meaning="element k is the logsumexp of elements 0 to k of the axis"),
    *(Op(name, 1, rules.along_axis, AXIS, group="cumulative", kinks="ties",
         linearity="piecewise", meaning=f"element k is the {which} of elements 0 to k of the axis")
      for name, which in (("cumulative_max", "greatest"), ("cumulative_min", "least"))),
    Op("trapezoid", 1, shapes.integral, {"dx": 1.0, "axis": -1}, group="cumulative",
       linearity="linear", meaning="dx times the sum of the means of neighbours along the axis"),
)
