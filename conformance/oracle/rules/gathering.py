"""Reading and writing at indices, and reductions of segments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.gathering_rules import index_array, places_along
from conformance.graph import Node
from conformance.oracle.jets import ONE, Arithmetic, Jet
from conformance.oracle.rules.sorting import Ranking
from conformance.oracle.walking import filled

Rule = Callable[..., Any]


def put_along_axis(node: Node, x: np.ndarray, updates: np.ndarray) -> np.ndarray:
    written = x.copy()
    places = places_along(x.shape, node["indices"], node["axis"])
    for place, update in zip(places.flat, updates.flat, strict=True):
        written.flat[place] = update
    return written


def accumulated(arithmetic: Arithmetic, x: np.ndarray, places: np.ndarray,
                updates: np.ndarray) -> np.ndarray:
    """Each element and all updates that fall on its place, added up."""
    terms = [[element] for element in x.flat]
    for place, update in zip(places.flat, updates.flat, strict=True):
        terms[place].append(update)
    return filled([arithmetic.add(found) for found in terms], x.shape)


def scatter_add(arithmetic: Arithmetic, node: Node, x: np.ndarray,
                updates: np.ndarray) -> np.ndarray:
    places = places_along(x.shape, node["indices"], node["axis"])
    return accumulated(arithmetic, x, places, updates)


def index_add(arithmetic: Arithmetic, node: Node, x: np.ndarray,
              updates: np.ndarray) -> np.ndarray:
    numbers = np.arange(x.size).reshape(x.shape)
    places = np.take(numbers, np.asarray(node["indices"], np.intp), node["axis"])
    return accumulated(arithmetic, x, places, updates)


def by_segment(reduction: Callable[[Arithmetic, list[Jet], int], Jet]) -> Rule:
    """Each column of each segment by itself, told apart by its number."""
    def rule(arithmetic: Arithmetic, node: Node, x: np.ndarray) -> np.ndarray:
        ids = np.asarray(node["segment_ids"])
        rows = x.reshape(len(ids), -1)
        cells = [list(column[ids == segment]) for segment in range(node["num_segments"])
                 for column in rows.T]
        return filled([reduction(arithmetic, cell, k) for k, cell in enumerate(cells)],
                      node.type.shape)

    return rule


def mean(arithmetic: Arithmetic, cell: list[Jet], number: int) -> Jet:
    """Of nothing, 0."""
    return arithmetic.multiply(arithmetic.add(cell), {0: ONE / max(1, len(cell))})


SHAPES: dict[str, Rule] = {
    "take_along_axis": lambda node, x: np.take_along_axis(x, index_array(node["indices"]),
                                                          node["axis"]),
    "put_along_axis": put_along_axis,
}

ARRAYS: dict[str, Rule] = {
    "scatter_add": scatter_add,
    "index_add": index_add,
    "segment_sum": by_segment(lambda arithmetic, cell, _: arithmetic.add(cell)),
    "segment_mean": by_segment(mean),
    "segment_prod": by_segment(lambda arithmetic, cell, _: arithmetic.prod(cell)),
    "segment_max": by_segment(lambda arithmetic, cell, k: Ranking(cell, k).at(len(cell) - 1)),
    "segment_min": by_segment(lambda arithmetic, cell, k: Ranking(cell, k).at(0)),
}
