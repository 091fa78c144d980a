"""Switches that make the engine look for its own faults, and for the user's."""

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
