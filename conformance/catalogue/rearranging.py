"""Copies, borders, triangles and diagonals: elements that move, and zeros."""

from __future__ import annotations

from conformance import rearranging_rules as shapes
from conformance.catalogue.operator import Op
from conformance.typing_rules import REQUIRED

OPERATORS = tuple(
    Op(name, 1, infer, parameters, group="rearranging", linearity="linear", meaning=meaning)
    for name, infer, parameters, meaning in (
        ("pad", shapes.pad, {"widths": REQUIRED, "mode": "constant", "value": 0.0},
         "elements around x, a pair (before, after) for each axis: `value`, or those of x mirrored "
         "without the edge (reflect), the edge again (edge), or from the other end (wrap)"),
        ("tile", shapes.tile, {"repetitions": REQUIRED}, ""),
        ("repeat", shapes.repeat, {"repeats": REQUIRED, "axis": None}, ""),
        ("moveaxis", shapes.moveaxis, {"source": REQUIRED, "destination": REQUIRED}, ""),
        ("tril", shapes.triangle, {"k": 0}, ""),
        ("triu", shapes.triangle, {"k": 0}, ""),
        ("diagonal", shapes.diagonal, {"offset": 0},
         "the diagonals of matrices (the last two axes) as a new last axis"),
        ("diag", shapes.diag, {"offset": 0},
         "the matrix of zeros with the vector x on a diagonal"),
        ("trace", shapes.trace, {"offset": 0}, "the sum along the diagonal of matrices"),
        ("rot90", shapes.rot90, {"k": 1, "axes": (0, 1)},
         "x turned k times by 90 degrees, from the first axis towards the second"),
    ))
