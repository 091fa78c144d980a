"""A set that takes a bit for each position behaves as a set."""

from __future__ import annotations

import pickle
from collections.abc import Set

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.positions import Positions

SETS = st.frozensets(st.integers(0, 300))


@given(SETS, SETS)
def test_it_is_a_set(a: frozenset[int], b: frozenset[int]) -> None:
    p, q = Positions(a), Positions(b)
    assert isinstance(p, Set)
    assert list(p) == sorted(a)
    assert len(p) == len(a)
    assert set(p.with_all([q, Positions()])) == a | b
    assert (p == q, p <= q, p < q, p.isdisjoint(q)) == (a == b, a <= b, a < b, a.isdisjoint(b))
    assert p == a
    assert hash(p) == hash(a)
    assert (p & q, p | q, p - q, p ^ q) == (a & b, a | b, a - b, a ^ b)
    assert (a & q, b | p, b - p, p & b) == (a & b, a | b, b - a, a & b)
    assert frozenset().union(p, q) == a | b
    assert pickle.loads(pickle.dumps(p)) == p
    assert bool(p) == bool(a)


@pytest.mark.parametrize("other", [-1, 2, 10**6, "1", None, 1.5])
def test_what_is_not_in_it(other: object) -> None:
    assert other not in Positions({1, 3})


def test_it_prints_its_positions() -> None:
    assert repr(Positions({3, 1})) == "Positions([1, 3])"
