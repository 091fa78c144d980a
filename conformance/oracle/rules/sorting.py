"""Order statistics, of elements whose order is certain or does not matter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cmp_to_key
from itertools import combinations
from typing import Any

import numpy as np

from conformance.graph import Node
from conformance.oracle import decisions
from conformance.oracle.jets import ONE, Arithmetic, Jet, choose, mean, midpoint, sign
from conformance.oracle.rules.elementwise import literal
from conformance.oracle.walking import fibers, filled

Rule = Callable[..., Any]
Groups = list[list[int]]


class Ranking:
    """The order of a fiber's elements, as far as it is certain or beside a kink was followed.

    groups: in ascending order, places of elements whose order among themselves is open.
    row: which of the operation's fibers it is.
    """

    def __init__(self, fiber: Sequence[Jet], row: int = 0) -> None:
        self.fiber = fiber
        self.row = row
        self.followed = decisions.active()
        if self.followed is not None:  # all that a tie elsewhere may ask for
            for i, j in combinations(range(len(fiber)), 2):
                self.side(i, j)
        self.groups: Groups = []
        for place in sorted(range(len(fiber)), key=cmp_to_key(self._compare)):
            group = [place]
            while self.groups and any(self.side(other, place) != -1 for other in self.groups[-1]):
                group = self.groups.pop() + group
            self.groups.append(group)

    def side(self, i: int, j: int) -> int | None:
        """The sign of one element less another; None or 0 if their order is open."""
        first, second = min(i, j), max(i, j)
        found = sign(self.fiber[first][0] - self.fiber[second][0], place=(self.row, first, second))
        return -found if found and i > j else found

    def _compare(self, i: int, j: int) -> int:
        side = self.side(i, j)
        if side is None:
            apart = midpoint(self.fiber[i][0]) - midpoint(self.fiber[j][0])
            return int(apart > 0) - int(apart < 0)
        return side

    def at(self, place: int) -> Jet:
        """The element at a place of the order; NoValue where it matters which of a group it is."""
        for group in self.groups:
            if place < len(group):
                break
            place -= len(group)
        first, *others = group
        found = self.fiber[first]
        if others and self.followed is not None and self.followed.averages(
                (self.row, min(first, others[0]), max(first, others[0]))):
            return mean([self.fiber[k] for k in group])
        for k in others:
            tie = 0 if self.side(first, k) == 0 else None
            found = found if found is self.fiber[k] else choose(tie, found, self.fiber[k])
        return found


def sort(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> list[Jet]:
    ranking = Ranking(fiber)
    ascending = [ranking.at(k) for k in range(len(fiber))]
    return ascending[::-1] if node["descending"] else ascending


def topk(arithmetic: Arithmetic, node: Node, x: np.ndarray) -> np.ndarray:
    elements = []
    for number, row in enumerate(fibers(x, -1)[0]):
        ranking = Ranking(row, number)
        elements += [ranking.at(len(row) - k) for k in range(1, node["k"] + 1)]
    return filled(elements, node.type.shape)


def kthvalue(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> Jet:
    return Ranking(fiber).at(node["k"] - 1)


def median(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> Jet:
    return between(arithmetic, Ranking(fiber), {0: ONE * (len(fiber) - 1) / 2})


def quantile(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> Jet:
    q = literal(arithmetic, node["q"], node.type.dtype)
    place = arithmetic.multiply(q, {0: ONE * (len(fiber) - 1)})
    return between(arithmetic, Ranking(fiber), place)


def between(arithmetic: Arithmetic, ranking: Ranking, place: Jet) -> Jet:
    """The elements around a place that may lie between two, weighted linearly."""
    whole = int(midpoint(place[0]).floor().unique_fmpz())
    weight = arithmetic.subtract(place, {0: ONE * whole})
    if weight[0].is_zero():
        return ranking.at(whole)
    low, high = (ranking.at(k) for k in (whole, whole + 1))
    return arithmetic.add((arithmetic.multiply(low, arithmetic.subtract({0: ONE}, weight)),
                           arithmetic.multiply(high, weight)))


ALONG_AXIS: dict[str, Rule] = {"sort": sort}
REDUCTIONS: dict[str, Rule] = {"kthvalue": kthvalue, "median": median, "quantile": quantile}
ARRAYS: dict[str, Rule] = {"topk": topk}
