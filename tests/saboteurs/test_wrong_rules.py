"""Every rule of the reference engine, made wrong in every simple way."""

from __future__ import annotations

import numpy as np
import pytest

import reference_engine as engine
from conformance import ops
from reference_engine import operators

# A derivative that is 0 everywhere is 0 still when it is scaled or, since programs ask for zeros
# where only a constant operator leads, missing.
ALWAYS_ZERO = {"ceil", "floor", "round", "sign", "trunc"}
# What a shift drops and what a reversed recurrence starts from is 0 whatever the rule says.
UNREAD = {("shift_along", 0): "first element lost",
          ("linear_recurrence", 0): "1e-3 in the last element"}


def negated(right):
    return lambda *arguments, **parameters: -right(*arguments, **parameters)


def doubled(right):
    return lambda *arguments, **parameters: 2 * right(*arguments, **parameters)


def off_by_a_thousandth(right):
    return lambda *arguments, **parameters: 1.001 * right(*arguments, **parameters)


def last_element_off(right):
    return scaled_at(right, -1, 1.001)


def first_element_lost(right):
    return scaled_at(right, 0, 0.0)


def scaled_at(right, place, factor):
    def rule(*arguments, **parameters):
        dx = right(*arguments, **parameters)
        factors = np.ones(dx.size, dx.dtype)
        if dx.size:
            factors[place] = factor
        return dx * engine.constant(factors.reshape(dx.shape))

    return rule


def zero(right):
    return lambda *arguments, **parameters: engine.zeros_like(right(*arguments, **parameters))


def missing(right):
    """No rule at all, as if nothing had to flow back."""
    return None


SABOTAGES = {
    "sign": negated,
    "factor 2": doubled,
    "factor 1.001": off_by_a_thousandth,
    "1e-3 in the last element": last_element_off,
    "first element lost": first_element_lost,
    "zeros": zero,
    "no rule": missing,
}


# what is lost altogether is lost in every dtype
COARSE = {"first element lost", "zeros", "no rule"}


@pytest.mark.parametrize(("kind", "dtype"), [
    (kind, dtype) for dtype in ("float32", "float64") for kind in SABOTAGES
    if not (kind in COARSE and dtype == "float32")])
def test_wrong_rule_is_noticed(suite, hunt, plant_rule, rule, kind, dtype) -> None:
    if rule[0] in ALWAYS_ZERO | {"floor_divide"} or UNREAD.get(rule) == kind:
        assert_unnoticed(suite, plant_rule(rule, SABOTAGES[kind]), rule)
        return
    cases = suite.exercising(rule)
    # a nested request for the gradient of a gradient that is None raises
    noticed = ("differs", "raised") if kind == "no rule" else ("differs",)
    assert hunt(kind, plant_rule(rule, SABOTAGES[kind]), cases, dtype, noticed), (
        f"{rule[0]}'s rule for input {rule[1]}, wrong by {kind}, passes {len(cases)} cases: "
        f"{[case.name for case in cases]}")


def assert_unnoticed(suite, plant, rule) -> None:
    """What is excused is excused rightly: every answer is as right as it was."""
    for case in suite.exercising(rule):
        healthy = suite.healthy(case, "float64")
        with pytest.MonkeyPatch.context() as patch:
            plant(patch)
            verdicts = suite.ask(case, "float64")
        assert {v.derivative for v in verdicts if v.verdict == "agrees"} == healthy


def test_no_rule_is_there_for_inputs_without_a_derivative() -> None:
    """Operators that the catalogue calls constant have no rule to be wrong, but for zeros."""
    ruled = {name for name, functions in operators.RULES.items() if any(functions)}
    constant = {name for name, op in ops.CATALOGUE.items() if op.linearity == "constant"}
    assert constant & ruled == ALWAYS_ZERO


def test_every_rule_that_a_case_runs_is_sabotaged(suite, reachable) -> None:
    assert set(suite.rules_run) <= set(reachable)
