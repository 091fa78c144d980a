"""Operators that move elements and compute nothing."""

from __future__ import annotations

from conformance import shape_rules as shapes
from conformance import typing_rules as rules
from conformance.catalogue.operator import Op
from conformance.typing_rules import REQUIRED

OPERATORS = (
    *(Op(name, 1, infer, parameters, group="shapes", linearity="linear")
      for name, infer, parameters in (
          ("reshape", shapes.reshape, {"shape": REQUIRED}),
          ("permute_dims", shapes.permute_dims, {"axes": REQUIRED}),
          ("expand_dims", shapes.expand_dims, {"axis": REQUIRED}),
          ("squeeze", shapes.squeeze, {"axis": REQUIRED}),
          ("broadcast_to", shapes.broadcast_to, {"shape": REQUIRED}),
          ("flip", shapes.flip, {"axis": None}),
          ("roll", shapes.roll, {"shift": REQUIRED, "axis": None}),
          ("matrix_transpose", shapes.matrix_transpose, {}),
      )),
    *(Op(name, None, infer, {"axis": 0}, group="shapes", linearity="linear")
      for name, infer in (("concat", shapes.concat), ("stack", shapes.stack))),
    *(Op(name, 1, rules.same, group="shapes", linearity="constant")
      for name in ("zeros_like", "ones_like")),
)
