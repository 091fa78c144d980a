"""Products of vectors and tensors: (arithmetic, node, a, b) -> array."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.graph import Node
from conformance.oracle.jets import Arithmetic
from conformance.oracle.rules.linear_algebra import inner_product
from conformance.oracle.walking import filled
from conformance.product_rules import summation


def summed(arithmetic: Arithmetic, node: Node, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Every element of the result is an inner product over the labels that it lacks."""
    sums = summation(node.op, dict(node.parameters), a.shape, b.shape)
    lengths = sums.lengths(a.shape, b.shape)
    inner = [label for label in lengths if label not in sums.out]
    elements = []
    for place in np.ndindex(*(lengths[label] for label in sums.out)):
        outer = dict(zip(sums.out, place, strict=True))
        row, column = [], []
        for k in np.ndindex(*(lengths[label] for label in inner)):
            at = {**outer, **dict(zip(inner, k, strict=True))}
            row.append(a[tuple(at[label] for label in sums.left)])
            column.append(b[tuple(at[label] for label in sums.right)])
        elements.append(inner_product(arithmetic, row, column))
    return filled(elements, node.type.shape)


def kron(arithmetic: Arithmetic, node: Node, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    (m, n), (p, q) = a.shape, b.shape
    return filled([arithmetic.multiply(a[i // p, j // q], b[i % p, j % q])
                   for i in range(m * p) for j in range(n * q)], node.type.shape)


def _aligned(node: Node, a: np.ndarray, b: np.ndarray) -> Any:
    """Rows of both, broadcast, along the axis that counts from the end."""
    a, b = np.broadcast_arrays(a, b)
    a, b = (np.moveaxis(x, node["axis"], -1) for x in (a, b))
    return a.shape[:-1], ((list(a[place]), list(b[place])) for place in np.ndindex(*a.shape[:-1]))


def vecdot(arithmetic: Arithmetic, node: Node, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    shape, pairs = _aligned(node, a, b)
    return filled([inner_product(arithmetic, x, y) for x, y in pairs], shape)


def cross(arithmetic: Arithmetic, node: Node, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """x[1] y[2] - x[2] y[1] and so on around."""
    shape, pairs = _aligned(node, a, b)
    elements = [arithmetic.subtract(arithmetic.multiply(x[i - 2], y[i - 1]),
                                    arithmetic.multiply(x[i - 1], y[i - 2]))
                for x, y in pairs for i in range(3)]
    return np.moveaxis(filled(elements, (*shape, 3)), -1, node["axis"])


ARRAYS = {
    **dict.fromkeys(("outer", "inner", "tensordot", "einsum"), summed),
    "vecdot": vecdot, "cross": cross, "kron": kron,
}
