"""Switches that make the engine look for its own faults, and for the user's."""

import threading

import pytest

import reference_engine as engine
from reference_engine import operators
from reference_engine.saving import everything


def test_the_first_operator_that_makes_a_nan_is_named():
    x = engine.constant([1.0, 0.0])
    with engine.debug(nans=True), pytest.raises(
        engine.NotANumberError, match=r"operator divide made a nan of float64 array of shape \(2,\)"
    ):
        engine.exp(x / x)
    assert engine.exp(x / x).numpy()[1] != 1  # off again


def test_a_rule_that_makes_a_nan_is_named():
    x = engine.constant(0.0)
    with engine.debug(nans=True), engine.GradientTape() as tape:
        tape.watch(x)
        y = engine.sqrt(x) * 0.0  # 0 * inf going backward
    with engine.debug(nans=True), pytest.raises(
        engine.NotANumberError, match="the gradient rule of sqrt made a nan"
    ):
        tape.gradient(y, x)


def test_a_nan_that_was_given_is_nobodys_fault():
    with engine.debug(nans=True):
        assert str(float(engine.sin(engine.constant(float("nan"))))) == "nan"


def test_switches_nest_and_are_put_back_by_an_exception():
    before = operators.OPS["sin"].forward
    with engine.debug(nans=True):
        with engine.debug(nans=False):
            assert operators.OPS["sin"].forward is before
        with pytest.raises(KeyError), engine.debug(nans=False):
            raise KeyError
        assert operators.OPS["sin"].forward is not before
    assert operators.OPS["sin"].forward is before


def test_threads_that_come_and_go_leave_the_switches_as_they_were():
    before = operators.OPS["sin"].forward
    barrier = threading.Barrier(6)

    def visit(number):
        barrier.wait()
        for _ in range(20):
            with engine.debug(nans=bool(number % 2), rules=True):
                engine.sin(1.0)

    threads = [threading.Thread(target=visit, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert operators.OPS["sin"].forward is before


def test_a_recording_made_before_the_switch_is_checked_as_far_as_it_can_be():
    x = engine.constant([1.0, 2.0])
    with engine.debug(rules=False), engine.GradientTape() as tape:
        tape.watch(x)
        y = engine.sum(x * 2.0)
    with engine.debug(rules=True):
        assert tape.gradient(y, x).tolist() == [2.0, 2.0]


def test_checking_rules_keeps_everything_and_lets_go_again():
    with engine.debug(rules=False):
        assert operators.OPS["add"].keep is not everything
        with engine.debug(rules=True):
            assert operators.OPS["add"].keep is everything
        assert operators.OPS["add"].keep is not everything


def test_refusal():
    wanted = r"got int \(1\), wanted True, False or None"
    with pytest.raises(engine.OptionError, match=wanted), engine.debug(nans=1):
        pass


def test_an_operator_that_is_made_or_changed_within_the_block(monkeypatch):
    with engine.debug(nans=True):
        monkeypatch.setitem(operators.FORWARDS, "test_new", lambda x: x)
        monkeypatch.setitem(operators.RULES, "test_new", (lambda dy, y, x: dy,))
    assert operators.OPS["test_new"].forward(1.0) == 1.0
