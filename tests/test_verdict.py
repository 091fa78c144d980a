"""Kinds of verdicts, and which of them a run may have."""

import dataclasses

import pytest

from conformance.verdict import EXPECTED, VERDICTS, Verdict, tally

SOME = Verdict("cases/notebook.py::sum_square", "dz/dx", "torch", "2.13.0", "float32", "reverse",
               "agrees", source="print()")


def test_the_ten_verdicts():
    assert list(VERDICTS) == ["agrees", "artefact", "changed", "differs", "raised", "unsupported",
                              "waived", "inconclusive", "crashed", "timed_out"]
    assert sorted(EXPECTED) == ["agrees", "unsupported", "waived"]


@pytest.mark.parametrize("kind", VERDICTS)
def test_only_expected_verdicts_may_pass(kind):
    assert dataclasses.replace(SOME, verdict=kind).expected == (kind in EXPECTED)


def test_a_verdict_of_no_known_kind_is_refused():
    with pytest.raises(ValueError, match="unknown verdict 'passed'; one of agrees, artefact"):
        dataclasses.replace(SOME, verdict="passed")


def test_a_verdict_knows_its_case_and_evaluation():
    assert SOME.name == "sum_square"
    assert SOME.evaluation == "cases/notebook.py::sum_square[torch-float32-reverse]"
    assert "print()" not in repr(SOME)


def test_unsupported_is_counted_even_where_there_is_none():
    assert tally({}) == "0 agrees, 0 unsupported"
    assert tally({"timed_out": 1, "agrees": 2}) == "2 agrees, 0 unsupported, 1 timed out"
