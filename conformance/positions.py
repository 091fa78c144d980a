"""A set of positions in a sequence that takes one bit for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set


class Positions(Set):
    """An immutable set of natural numbers; thousands of them, all overlapping, stay small."""

    __slots__ = ("_bits",)

    def __init__(self, positions: Iterable[int] = (), *, bits: int = 0) -> None:
        for position in positions:
            bits |= 1 << position
        self._bits = bits

    def with_all(self, others: Iterable[Positions]) -> Positions:
        """The union with every one of the others."""
        bits = self._bits
        for other in others:
            bits |= other._bits
        return Positions(bits=bits)

    def __contains__(self, position: object) -> bool:
        return isinstance(position, int) and position >= 0 and bool(self._bits >> position & 1)

    def __iter__(self) -> Iterator[int]:
        """In ascending order."""
        digits = bin(self._bits)[:1:-1]
        at = digits.find("1")
        while at >= 0:
            yield at
            at = digits.find("1", at + 1)

    def __len__(self) -> int:
        return bin(self._bits).count("1")

    def __hash__(self) -> int:
        return self._hash()

    def __repr__(self) -> str:
        return f"Positions({list(self)})"
