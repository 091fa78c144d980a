"""Planted inaccuracies are reported where they are, and nowhere else."""

from dataclasses import replace

import numpy as np
import pytest

from conformance.accuracy import Line, sweep
from conformance.accuracy.sweep import ORACLE, Settings, answers, certify, measure_line
from conformance.accuracy.truths import truths
from conformance.backends.reference import ReferenceBackend
from conformance.errors import UsageError
from conformance.workers import NoAnswer

DTYPE, POINTS = "float32", 150


class Planted(ReferenceBackend):
    """The reference engine, but for what `spoil` does to a value or derivative."""

    name = "planted"
    spoiled = "value"

    def evaluate(self, graph, values, *, mode="reverse", title="case"):
        answer = super().evaluate(graph, values, mode=mode, title=title)
        if self.spoiled not in answer.values:
            return answer
        y = np.array(answer.values[self.spoiled])
        return replace(answer, values={**answer.values, self.spoiled: self.spoil(values["x"], y)})


class ThreeUnitsNearTwo(Planted):
    def spoil(self, x, y):
        return np.where(np.abs(x - 2) < 0.1, y + 3 * np.spacing(y), y)


class ZeroInTheTail(Planted):
    spoiled = "first"

    def spoil(self, x, y):
        return np.where(x < -20, np.float32(0), y)


class NaNFarOut(Planted):
    spoiled = "second"

    def spoil(self, x, y):
        return np.where(x > 1e20, np.float32(np.nan), y)


class Failing(ReferenceBackend):
    """Its second derivative raises."""

    name = "failing"

    def evaluate(self, graph, values, *, mode="reverse", title="case"):
        answer = super().evaluate(graph, values, mode=mode, title=title)
        if any(output.name == "second" for output in graph.outputs):
            return replace(answer, values={}, error="RuntimeError: no")
        return answer


def measured(backend, line=Line("exp"), orders=(0, 1, 2)):  # noqa: B008 - frozen
    """The measurements of a line, by order, in this process."""
    settings = Settings((backend(),), (DTYPE,), orders, POINTS)
    results = {(ORACLE, DTYPE): certify(line, DTYPE, orders, POINTS),
               (backend.name, DTYPE): answers(backend, line, DTYPE, orders, POINTS)}
    found, _ = measure_line(line, settings, results)
    return {one.order: one for one in found}


def test_the_engine_itself_is_accurate():
    for one in measured(ReferenceBackend).values():
        assert one.largest.ulp < 2
        assert one.places == ()
        assert one.points == POINTS


def test_three_units_near_a_point_are_the_largest_error():
    found = measured(ThreeUnitsNearTwo)
    assert 2 < found[0].largest.ulp < 4
    assert abs(found[0].largest.x - 2) < 0.1
    assert found[1].largest.ulp < 2


def test_a_zero_in_the_tail_is_a_place_of_the_first_derivative():
    found = measured(ZeroInTheTail)
    (place,) = found[1].places
    assert (place.answer, place.truth_kind, place.explained) == ("0", "ordinary", False)
    assert -88 < place.low < place.high < -20
    assert found[0].places == found[2].places == ()


def test_nan_at_large_numbers_is_a_place_of_the_second_derivative():
    found = measured(NaNFarOut)
    (place,) = found[2].places
    assert (place.answer, place.truth_kind) == ("NaN", "overflow")
    assert 1e20 < place.low < place.high == np.finfo("float32").max


def test_an_order_that_fails_costs_itself_alone():
    found = measured(Failing)
    assert [found[order].status for order in (0, 1, 2)] == ["measured", "measured", "raised"]
    assert found[2].reason == "RuntimeError: no"


def test_what_cannot_be_certified_costs_its_own_point():
    found = truths(Line("reciprocal"), "float64", np.array([-1.0, 0.0, 2.0]), (0, 2))
    assert found[0].refused == {"domain": 1}
    assert found[0].known.tolist() == [True, False, True]
    assert found[2].hi[[0, 2]].tolist() == [-2.0, 0.25]
    found = truths(Line("abs"), "float64", np.array([-1.0, 0.0]), (0, 1))
    assert (found[0].refused, found[1].refused) == ({}, {"kink": 1})


def test_an_oracle_without_an_answer_is_told_of_every_order():
    settings = Settings((ReferenceBackend(),), (DTYPE,), (0, 1), POINTS)
    found, curves = measure_line(Line("exp"), settings, {
        (ORACLE, DTYPE): NoAnswer("timed_out", "too slow"), ("reference", DTYPE): {}})
    assert [(one.status, one.reason) for one in found] == [
        ("timed_out", "the oracle: too slow")] * 2
    assert curves == {}


def test_an_unsupported_dtype_is_no_error():
    found = answers("autograd", Line("exp"), "bfloat16", (0, 1), 20)
    assert {one.verdict for one in found.values()} == {"unsupported"}


@pytest.mark.parametrize(("choice", "message"), [
    ({"dtypes": ["float31"]}, "unknown dtype 'float31': did you mean 'float32'"),
    ({"orders": [3]}, r"unknown order 3: known are 0 \(the value\), 1 and 2"),
    ({"backends": ["torchh"]}, "unknown backend 'torchh'")])
def test_refusals_come_before_any_work(choice, message):
    with pytest.raises(UsageError, match=message):
        sweep([Line("exp")], on_start=pytest.fail, **choice)
