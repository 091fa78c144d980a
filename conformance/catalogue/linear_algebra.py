"""Products and decompositions of matrices."""

from __future__ import annotations

from conformance import shape_rules as shapes
from conformance.catalogue.operator import Op

OPERATORS = (
    Op("matmul", 2, shapes.matmul, group="linear_algebra", linearity="bilinear"),
)
