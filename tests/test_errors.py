"""The tree of errors is the one that the module draws, and its errors survive a process."""

import pickle
import re

import pytest

from conformance import errors
from conformance.errors import CaseError, ConformanceError, Location

TREE = errors.__doc__.partition("\n\n")[2]
CLASSES = [value for value in vars(errors).values()
           if isinstance(value, type) and issubclass(value, ConformanceError)]


def test_the_drawn_tree_is_the_real_one():
    drawn, parents = {}, {}
    for line in TREE.splitlines():
        match = re.match(r"([│├└─\s]*)(\w+)", line)
        if match and match[2] in vars(errors):
            depth = len(match[1]) // 4
            parents[depth] = match[2]
            drawn[match[2]] = parents.get(depth - 1)
    real = {c.__name__: c.__base__.__name__ for c in CLASSES if c is not ConformanceError}
    assert drawn == {"ConformanceError": None, **real}


@pytest.mark.parametrize("error", CLASSES, ids=lambda c: c.__name__)
def test_every_error_says_when_it_is_raised_and_can_be_pickled(error):
    assert error.__doc__
    again = pickle.loads(pickle.dumps(error("what went wrong")))
    assert (type(again), str(again)) == (error, "what went wrong")


def test_case_errors_begin_with_their_place():
    error = CaseError("what went wrong", Location("cases/a.py", 3))
    assert str(error) == "cases/a.py:3: what went wrong"
    assert (error.message, error.where) == ("what went wrong", Location("cases/a.py", 3))
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.message, again.where) == (str(error), error.message, error.where)


def test_a_case_error_without_a_place_is_its_message():
    assert str(CaseError("what went wrong")) == "what went wrong"
