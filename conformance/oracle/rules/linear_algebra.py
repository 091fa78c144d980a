"""Products of matrices: (arithmetic, node, *arrays) -> array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from flint import arb, arb_mat

from conformance.graph import Node
from conformance.oracle.jets import ZERO, Arithmetic, Jet, levels
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


# products of one infinitesimal or none, from so many multiplications on, are FLINT's
MANY_PRODUCTS = 20_000
FEW_MONOMIALS = 4


def product_of_balls(arithmetic: Arithmetic, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a @ b of matrices of real balls, with the rounding that an inner product may have."""
    rows, inner, columns = *a.shape, b.shape[1]
    found = arb_mat(rows, inner, list(a.flat)) * arb_mat(inner, columns, list(b.flat))
    balls = found.entries()
    if arithmetic.noisy and inner:
        roundings = arithmetic.inner_product_roundings(inner)
        # absolute values as floats: their product loses a relative 2^-40 of itself at most
        sizes = _magnitudes(a) @ _magnitudes(b) * (1 + 2.0**-40)
        balls = [x + arb(0, float(size) * roundings)
                 for x, size in zip(balls, sizes.flat, strict=True)]
    return filled(balls, (rows, columns))


def _magnitudes(balls: np.ndarray) -> np.ndarray:
    return np.array([float(x.abs_upper()) for x in balls.flat]).reshape(balls.shape)


def _by_monomials(x: np.ndarray) -> dict[int, np.ndarray] | None:
    """A matrix of real balls for each monomial, or None where there are many."""
    monomials: set[int] = set()
    for jet in x.flat:
        monomials |= jet.keys()
        if len(monomials) > FEW_MONOMIALS:
            return None
    return {m: filled([jet.get(m, ZERO) for jet in x.flat], x.shape) for m in sorted(monomials)}


def product_of_jets(arithmetic: Arithmetic, a: np.ndarray, b: np.ndarray) -> np.ndarray | None:
    """a @ b of real matrices, monomial by monomial; None where they are few, or monomials many."""
    if a.size * b.shape[1] < MANY_PRODUCTS:
        return None
    left, right = _by_monomials(a), _by_monomials(b)
    if left is None or right is None:
        return None
    jets: list[list[Jet]] = [[] for _ in range(a.shape[0] * b.shape[1])]
    for s, one in left.items():
        for t, other in right.items():
            if not levels(s) & levels(t):
                for k, ball in enumerate(product_of_balls(arithmetic, one, other).flat):
                    jets[k].append({0: ZERO, s | t: ball})
    return filled([arithmetic.add(terms) for terms in jets], (a.shape[0], b.shape[1]))


def matmul(arithmetic: Arithmetic, node: Node, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.ndim == b.ndim == 2 and not node.type.is_complex:
        large = product_of_jets(arithmetic, a, b)
        if large is not None:
            return large
    return filled([inner_product(arithmetic, row, column) for row, column in inner_products(a, b)],
                  node.type.shape)


ARRAYS = {"matmul": matmul}
