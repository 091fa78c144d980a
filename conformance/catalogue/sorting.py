"""Order statistics: elements selected by their values."""

from __future__ import annotations

from conformance import sorting_rules as shapes
from conformance.catalogue.operator import Op
from conformance.typing_rules import REQUIRED

OPERATORS = tuple(
    Op(name, 1, infer, parameters, group="sorting", kinks="ties", linearity="piecewise",
       meaning=meaning)
    for name, infer, parameters, meaning in (
        ("sort", shapes.sort, {"axis": -1, "descending": False}, ""),
        ("topk", shapes.topk, {"k": REQUIRED},
         "the k greatest along the last axis, in descending order"),
        ("kthvalue", shapes.kthvalue, {"k": REQUIRED, "axis": -1, "keepdims": False},
         "the k-th least along the axis, counted from 1"),
        ("median", shapes.statistic, {"axis": None, "keepdims": False},
         "the middle one, or the mean of the two in the middle; over one axis or all"),
        ("quantile", shapes.quantile, {"q": REQUIRED, "axis": None, "keepdims": False},
         "between the sorted elements around place q * (count - 1), counted from 0, linearly"),
    ))
