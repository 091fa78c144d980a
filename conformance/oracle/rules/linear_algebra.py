"""Products of matrices: (arithmetic, node, *arrays) -> array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from conformance.graph import Node
from conformance.oracle.jets import Arithmetic, Jet
from conformance.oracle.walking import filled


def inner_products(a: np.ndarray, b: np.ndarray) -> list[tuple[list[Any], list[Any]]]:
    """For every element of a @ b, the row and the column that make it, in row-major order."""
    rows = a[None, :] if a.ndim == 1 else a
    columns = b[:, None] if b.ndim == 1 else b
    batch = np.broadcast_shapes(rows.shape[:-2], columns.shape[:-2])
    rows = np.broadcast_to(rows, batch + rows.shape[-2:])
    columns = np.broadcast_to(columns, batch + columns.shape[-2:])
    pairs = []
    for place in np.ndindex(*batch):
        for i in range(rows.shape[-2]):
            pairs += [(list(rows[place][i]), list(columns[place][:, j]))
                      for j in range(columns.shape[-1])]
    return pairs


def inner_product(arithmetic: Arithmetic, row: Sequence[Jet], column: Sequence[Jet]) -> Jet:
    return arithmetic.add([arithmetic.multiply(x, y)
                           for x, y in zip(row, column, strict=True)])


def matmul(arithmetic: Arithmetic, node: Node, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return filled([inner_product(arithmetic, row, column) for row, column in inner_products(a, b)],
                  node.type.shape)


ARRAYS = {"matmul": matmul}
