"""Special functions over balls, at poles, and of several variables at higher orders."""

import math

import mpmath
import numpy as np
import pytest
from flint import arb

from conformance.errors import CannotCertify, ShapeError
from conformance.oracle import derivatives, several, special_functions
from conformance.oracle.functions import NoValue
from conformance.oracle.jets import working_precision
from conformance.tracing import grad, trace
from conformance.typing_rules import TensorType

INSIDE = {"erfinv": 0.375, "logit": 0.375, "ndtri": 0.375}
RADIUS = 2.0**-20


@pytest.mark.parametrize("name", special_functions.FUNCTIONS)
def test_coefficients_over_a_ball_hold_those_inside_and_are_narrow(name):
    function, at = special_functions.FUNCTIONS[name], INSIDE.get(name, 1.375)
    with working_precision(128):
        ball = function.taylor(arb(at, RADIUS), 3)
        for point in (at - RADIUS, at, at + RADIUS / 2):
            inside = function.taylor(arb(point), 3)
            assert all(b.contains(c) for b, c in zip(ball, inside, strict=True))
        slopes = function.taylor(arb(at), 4)
        for k, b in enumerate(ball):
            assert b.rad() < 1.1 * RADIUS * (k + 1) * abs(slopes[k + 1]) + RADIUS**1.5


@pytest.mark.parametrize("name", several.FUNCTIONS)
def test_partials_over_balls_hold_those_inside(name):
    function = several.FUNCTIONS[name]
    with working_precision(128):
        ball = function.taylor((arb(2.5, RADIUS), arb(1.75, RADIUS)), 3)
        for a, x in ((2.5 - RADIUS, 1.75), (2.5, 1.75 + RADIUS), (2.5 + RADIUS, 1.75 - RADIUS)):
            inside = function.taylor((arb(a), arb(x)), 3)
            assert all(ball[index].contains(c) for index, c in inside.items())
            assert all(float(ball[index].rad()) < 1e-4 for index in inside)


@pytest.mark.parametrize("name", ["lgamma", "digamma"])
@pytest.mark.parametrize("pole", [0.0, -1.0, -7.0])
def test_poles_are_refused(name, pole):
    with working_precision(128), pytest.raises(NoValue, match="has a pole") as caught:
        special_functions.FUNCTIONS[name].taylor(arb(pole), 1)
    assert caught.value.final


@pytest.mark.parametrize("name", ["i0e", "i1e"])
def test_a_scaled_bessel_function_has_a_value_and_no_slope_at_its_kink(name):
    function = special_functions.FUNCTIONS[name]
    with working_precision(128):
        assert function.taylor(arb(0), 0)[0] == (name == "i0e")
        with pytest.raises(NoValue, match="is not smooth at 0"):
            function.taylor(arb(0), 1)


def truth_at(program, **values):
    types = {name: (TensorType((), "float64"), "constant") for name in values}
    return derivatives(trace(program, types, dtype="float64"),
                       {name: np.float64(v) for name, v in values.items()})["answer"]


def test_third_mixed_partials_of_the_incomplete_gamma_function():
    def program(xp, a, x):
        return {"answer": grad(grad(grad(xp.gammainc(a, x), a), a), x)}

    with mpmath.workdps(40):
        wanted = mpmath.diff(lambda a, x: mpmath.gammainc(a, 0, x, regularized=True),
                             (mpmath.mpf(2.5), mpmath.mpf(1.75)), (2, 1))
    assert math.isclose(float(truth_at(program, a=2.5, x=1.75).hi), wanted, rel_tol=1e-14)


def test_one_operand_in_both_places():
    def program(xp, x):
        return {"answer": grad(grad(xp.zeta(x, x), x), x)}

    with mpmath.workdps(40):
        wanted = mpmath.diff(lambda x: mpmath.zeta(x, x), mpmath.mpf(2.5), 2)
    assert math.isclose(float(truth_at(program, x=2.5).hi), wanted, rel_tol=1e-14)


@pytest.mark.parametrize(("name", "a", "x"), [
    ("gammainc", -1.0, 1.0), ("gammaincc", 1.0, -1.0), ("zeta", 0.5, 2.0), ("betaln", 2.0, -0.5)])
def test_outside_of_the_domain_is_refused(name, a, x):
    def program(xp, a, x):
        return {"answer": grad(getattr(xp, name)(a, x), x)}

    answer = truth_at(program, a=a, x=x)
    assert isinstance(answer, CannotCertify)
    assert "outside its domain" in str(answer)


@pytest.mark.parametrize(("name", "wrong"), [
    ("polygamma", -1), ("polygamma", 1.0), ("multigammaln", 0), ("multigammaln", True)])
def test_an_order_is_a_whole_number(name, wrong):
    with pytest.raises(ShapeError, match=r"wants a whole number >= [01] as [np], got"):
        truth_at(lambda xp, x: {"answer": grad(getattr(xp, name)(x, wrong), x)}, x=2.0)
