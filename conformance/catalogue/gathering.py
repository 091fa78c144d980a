"""Reading and writing at indices, which are parameters, and reductions of segments."""

from __future__ import annotations

from conformance import gathering_rules as shapes
from conformance.catalogue.operator import Op
from conformance.typing_rules import REQUIRED

INDICES = {"indices": REQUIRED, "axis": REQUIRED}
SEGMENTS = {"segment_ids": REQUIRED, "num_segments": REQUIRED}

OPERATORS = (
    Op("take_along_axis", 1, shapes.take_along_axis, INDICES, group="gathering",
       linearity="linear"),
    Op("put_along_axis", 2, shapes.put_along_axis, INDICES, group="gathering", linearity="linear",
       meaning="x with the updates at indices along the axis, no place twice"),
    Op("scatter_add", 2, shapes.scatter_add, INDICES, group="gathering", linearity="linear",
       meaning="x with the updates added at indices along the axis"),
    Op("index_add", 2, shapes.index_add, INDICES, group="gathering", linearity="linear",
       meaning="x with the slices of the updates added at indices of the axis"),
    *(Op(f"segment_{name}", 1, shapes.segments, SEGMENTS, group="gathering", linearity=linearity,
         meaning=f"the {name} of the rows of each segment")
      for name, linearity in (("sum", "linear"), ("mean", "linear"), ("prod", "nonlinear"))),
    *(Op(f"segment_{name}", 1, shapes.occupied_segments, SEGMENTS, group="gathering",
         linearity="piecewise", kinks="ties", meaning=f"the {which} of the rows of each segment")
      for name, which in (("max", "greatest"), ("min", "least"))),
)
