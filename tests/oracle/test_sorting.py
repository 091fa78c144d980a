"""The order of jets: certain where the balls are apart, refused where a tie matters."""

import pytest
from flint import arb

from conformance.oracle.functions import NoValue
from conformance.oracle.jets import Arithmetic
from conformance.oracle.rules.sorting import Ranking, between

ONE, TWO, THREE = ({0: arb(n)} for n in (1, 2, 3))
MOVING = {0: arb(2), 1: arb(1)}
WIDE = {0: arb(2, 0.5)}


def test_separate_numbers_are_in_order():
    ranking = Ranking([THREE, ONE, MOVING])
    assert [len(group) for group in ranking.groups] == [1, 1, 1]
    assert [ranking.at(k) for k in range(3)] == [ONE, MOVING, THREE]


def test_a_tie_of_different_slopes_is_a_kink_at_its_own_places_alone():
    ranking = Ranking([TWO, THREE, MOVING, ONE])
    assert (ranking.at(0), ranking.at(3)) == (ONE, THREE)
    for place in (1, 2):
        with pytest.raises(NoValue) as refused:
            ranking.at(place)
        assert (refused.value.kind, refused.value.final) == ("kink", True)


def test_an_order_that_is_not_certain_asks_for_more_digits():
    with pytest.raises(NoValue) as refused:
        Ranking([MOVING, {0: arb(2, 0.25)}]).at(0)
    assert (refused.value.kind, refused.value.final) == ("branch", False)


def test_one_number_twice_is_no_tie():
    ranking = Ranking([MOVING, ONE, MOVING])
    assert ranking.at(1) is MOVING
    assert ranking.at(2) is MOVING


def test_values_that_overlap_are_joined_along_a_chain():
    low, high = {0: arb(1.75, 0.01)}, {0: arb(2.25, 0.01)}
    ranking = Ranking([high, WIDE, low])
    assert len(ranking.groups) == 1
    for place in range(3):
        assert ranking.at(place)[0].contains(arb(1.75))
        assert ranking.at(place)[0].contains(arb(2.25))


def test_a_place_between_two_is_weighted():
    ranking = Ranking([THREE, ONE])
    assert between(Arithmetic(), ranking, {0: arb(0.25)})[0] == 1.5
    assert between(Arithmetic(), ranking, {0: arb(1)}) == THREE
