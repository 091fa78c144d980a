"""Selection by indices, which are parameters."""

from __future__ import annotations

from conformance import shape_rules as shapes
from conformance.catalogue.operator import Op
from conformance.typing_rules import REQUIRED

OPERATORS = (
    Op("getitem", 1, shapes.getitem, {"index": REQUIRED}, group="indexing", linearity="linear",
       meaning="x[index]: ints, slices, null (a new axis) and an ellipsis"),
    Op("take", 1, shapes.take, {"indices": REQUIRED, "axis": REQUIRED}, group="indexing",
       linearity="linear"),
)
