"""The certified truth of a line, point by point: one without a truth costs no other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from conformance import oracle
from conformance.accuracy.lines import NAMES, Line


class Point(NamedTuple):
    """One certified number: hi + lo, and the error that rounding explains (see oracle.Truth)."""

    hi: float
    lo: float
    allowed: float
    is_zero: bool


@dataclass(frozen=True)
class Truths:
    """The truth of one order at every point.

    known: where there is one; elsewhere hi, lo and allowed are NaN. is_zero: where it is exactly
    0. refused: how many points have none, by the reason's first word.
    """

    known: np.ndarray
    hi: np.ndarray
    lo: np.ndarray
    allowed: np.ndarray
    is_zero: np.ndarray
    refused: dict[str, int]


def truths(line: Line, dtype: str, x: np.ndarray, orders: Iterable[int]) -> dict[int, Truths]:
    """The truths of a line at all of `x`, by order."""
    orders = tuple(orders)
    found = [truth_at(line, dtype, float(number), orders) for number in x]
    return {order: _gathered([point[order] for point in found]) for order in orders}


def truth_at(line: Line, dtype: str, x: float, orders: Iterable[int]) -> dict[int, Point | str]:
    """The truths at one point, by order; a refusal's kind where there is none."""
    orders = tuple(orders)
    # not by way of the truths on disk: these are many, and each is small
    from conformance.oracle import certify

    found = certify.derivatives(line.graph((), dtype, orders), {"x": np.array(x)})
    return {order: _point(found[NAMES[order]]) for order in orders}


def _point(truth: object) -> Point | str:
    if isinstance(truth, oracle.Kink):
        return "kink"
    if not isinstance(truth, oracle.Truth):
        return str(truth).partition(":")[0]
    hi, lo, radius, allowed = (float(part) for part in (
        truth.hi, truth.lo, truth.radius, truth.allowed))
    return Point(hi, lo, allowed, hi == lo == radius == 0)


def _gathered(points: list[Point | str]) -> Truths:
    nothing = Point(np.nan, np.nan, np.nan, False)
    kept = [nothing if isinstance(point, str) else point for point in points]
    hi, lo, allowed, is_zero = (np.array(column) for column in zip(*kept, strict=True))
    refused = Counter(point for point in points if isinstance(point, str))
    return Truths(~np.isnan(hi), hi, lo, allowed, is_zero, dict(refused))
