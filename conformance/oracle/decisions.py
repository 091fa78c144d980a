"""On which side of its kinks a program is taken: found beside a tie, and followed at the tie."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# which branch a tie takes: the first that `jets.choose` is given, the second, or their mean
FIRST, SECOND, MEAN = 1, -1, 0


class Decisions:
    """The signs that branches were chosen by, each known by where it was asked for.

    sides: place -> FIRST, SECOND or MEAN, for ties; what is no tie is never overruled.
    met: every place that was asked for -> the sign found there (None: undecided).
    """

    def __init__(self, sides: dict[Any, int] | None = None) -> None:
        self.sides = sides or {}
        self.met: dict[Any, int | None] = {}
        self._operation: Any = None
        self._count = 0

    def at(self, operation: Any) -> None:
        """The signs that follow belong to this operation: a node and one of its elements."""
        self._operation = operation
        self._count = 0

    def part(self, number: int) -> None:
        """The signs that follow belong to this part of the operation: a window, a matrix."""
        self._operation = (*self._operation[:2], number)

    def side(self, found: int | None, place: Any) -> int | None:
        """The sign to go by, where `found` is what the numbers tell."""
        if place is None:
            place = self._count
            self._count += 1
        place = (self._operation, place)
        self.met[place] = found
        return found if found else self.sides.get(place, found)

    def averages(self, place: Any = None) -> bool:
        """Whether a tie at this place (the last one asked for) is to take the mean."""
        place = (self._operation, self._count - 1 if place is None else place)
        return self.sides.get(place) == MEAN


_active: list[Decisions] = []


def active() -> Decisions | None:
    """The decisions that are followed now."""
    return _active[-1] if _active else None


@contextmanager
def deciding(decisions: Decisions) -> Iterator[Decisions]:
    """Follow these decisions, and note what is met."""
    _active.append(decisions)
    try:
        yield decisions
    finally:
        _active.pop()
