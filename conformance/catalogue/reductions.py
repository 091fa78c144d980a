"""Reductions, and what runs along one axis."""

from __future__ import annotations

from conformance import typing_rules as rules
from conformance.catalogue.operator import Op
from conformance.typing_rules import REQUIRED

AXES = {"axis": None, "keepdims": False}

OPERATORS = (
    *(Op(name, 1, rules.linear_reduction, AXES, group="reductions", linearity="linear")
      for name in ("sum", "mean")),
    Op("prod", 1, rules.linear_reduction, AXES, group="reductions"),
    *(Op(name, 1, rules.nonempty_reduction, AXES, group="reductions", kinks="ties",
         linearity="piecewise") for name in ("max", "min")),
    Op("var", 1, rules.variance, {**AXES, "correction": 0.0}, group="reductions",
       meaning="sum((x - mean(x))**2) / (count - correction)"),
    Op("logsumexp", 1, rules.nonempty_reduction, AXES, group="reductions",
       meaning="log(sum(exp(x)))"),
    Op("softmax", 1, rules.along_axis, {"axis": -1}, group="reductions",
       meaning="exp(x) / sum(exp(x)) along the axis"),
    Op("log_softmax", 1, rules.along_axis, {"axis": -1}, group="reductions",
       meaning="log(softmax(x)) along the axis"),
    Op("cumulative_sum", 1, rules.along_axis, {"axis": REQUIRED}, group="reductions",
       linearity="linear", meaning="element k sums elements 0 to k of the axis"),
)
