"""Copies, borders, triangles and diagonals: (node, *arrays) -> array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.graph import Node
from conformance.oracle.jets import ZERO, Arithmetic, Jet, exact_ball
from conformance.oracle.walking import filled

NOWHERE = -1
Rule = Callable[..., Any]


def placed(x: np.ndarray, places: np.ndarray, other: Jet) -> np.ndarray:
    """x's elements by their number in row-major order; `other` stands NOWHERE in x."""
    elements = list(x.flat)
    return filled([other if place == NOWHERE else elements[place] for place in places.flat],
                  places.shape)


def numbered(x: np.ndarray) -> np.ndarray:
    return np.arange(x.size).reshape(x.shape)


def pad(node: Node, x: np.ndarray) -> np.ndarray:
    keywords = {"constant_values": NOWHERE} if node["mode"] == "constant" else {}
    places = np.pad(numbered(x), node["widths"], mode=node["mode"], **keywords)
    return placed(x, places, {0: exact_ball(node["value"], node.type.dtype)})


def masked(mask: Callable[..., np.ndarray]) -> Rule:
    """A triangle: NumPy's mask of the shape of the matrices tells what stays."""
    def rule(node: Node, x: np.ndarray) -> np.ndarray:
        kept = mask(np.ones(x.shape, bool), node["k"])
        return placed(x, np.where(kept, numbered(x), NOWHERE), {0: ZERO})

    return rule


def diag(node: Node, x: np.ndarray) -> np.ndarray:
    places = np.full(node.type.shape, NOWHERE)
    row, column = max(-node["offset"], 0), max(node["offset"], 0)
    places[row:row + x.size, column:column + x.size][np.diag_indices(x.size)] = numbered(x)
    return placed(x, places, {0: ZERO})


def trace(arithmetic: Arithmetic, node: Node, x: np.ndarray) -> np.ndarray:
    diagonals = np.diagonal(x, node["offset"], -2, -1)
    return filled([arithmetic.add(list(diagonals[place]))
                   for place in np.ndindex(*node.type.shape)], node.type.shape)


SHAPES: dict[str, Rule] = {
    "pad": pad,
    "tile": lambda node, x: np.tile(x, node["repetitions"]) if x.ndim else x,
    "repeat": lambda node, x: np.repeat(x, node["repeats"], node["axis"]),
    "moveaxis": lambda node, x: np.moveaxis(x, node["source"], node["destination"]),
    "tril": masked(np.tril),
    "triu": masked(np.triu),
    "diagonal": lambda node, x: np.diagonal(x, node["offset"], -2, -1),
    "diag": diag,
    "rot90": lambda node, x: np.rot90(x, node["k"], node["axes"]),
}

ARRAYS: dict[str, Rule] = {"trace": trace}
