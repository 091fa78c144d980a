"""Standard deviations and norms of vectors."""

from __future__ import annotations

from conformance import typing_rules as rules
from conformance.catalogue.operator import Op
from conformance.catalogue.reductions import AXES

OPERATORS = (
    Op("std", 1, rules.variance, {**AXES, "correction": 0.0}, group="norms",
       kinks="all equal", meaning="sqrt(var(x))"),
    Op("vector_norm", 1, rules.vector_norm, {**AXES, "ord": 2}, group="norms",
       kinks="all 0; with ord 1 an element 0, with ord inf a tie",
       meaning="sum(abs(x)**ord)**(1/ord) for ord from 1; the greatest abs(x) for ord inf"),
)
