"""Products of vectors and tensors, linear in each operand."""

from __future__ import annotations

from conformance import product_rules as shapes
from conformance.catalogue.operator import Op
from conformance.typing_rules import REQUIRED

OPERATORS = tuple(
    Op(name, 2, infer, parameters, group="products", linearity="bilinear", meaning=meaning)
    for name, infer, parameters, meaning in (
        ("outer", shapes.outer, {}, ""),
        ("inner", shapes.inner, {}, "the sum of products over the last axis of both"),
        ("vecdot", shapes.vecdot, {"axis": -1}, ""),
        ("cross", shapes.cross, {"axis": -1}, ""),
        ("kron", shapes.kron, {}, "the matrix of blocks a[i, j] * b"),
        ("tensordot", shapes.tensordot, {"axes": 2}, ""),
        ("einsum", shapes.einsum, {"equation": REQUIRED},
         "the sum of products that the equation of two operands says, as in `ij,jk->ik`"),
    ))
