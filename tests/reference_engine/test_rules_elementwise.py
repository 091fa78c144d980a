"""Exact values where elementwise derivatives are delicate: kinks, conventions, extremes."""

import math

import numpy as np
import pytest

import reference_engine as engine

INF = math.inf


def derivatives(function, *points, order=1, dtype="float64"):
    """The first derivatives at the points; or, at one point, the derivative of any order."""
    inputs = [engine.constant(point, dtype) for point in points]
    with engine.GradientTape() as tape:
        tape.watch(inputs)
        y = (
            function(*inputs)
            if order == 1
            else derivatives(function, *inputs, order=order - 1, dtype=dtype)[0]
        )
    return tape.gradient(y, inputs, unconnected_gradients="zero")


def numbers(gradients):
    return [g.numpy().tolist() for g in gradients]


@pytest.mark.parametrize("name", ["abs", "relu", "sign"])
def test_convention_at_a_kink_is_zero(name):
    assert numbers(derivatives(getattr(engine, name), 0.0)) == [0]


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_ties_share_equally(name):
    assert numbers(derivatives(getattr(engine, name), [1.0, 2.0], [1.0, 2.0])) == [
        [0.5, 0.5],
        [0.5, 0.5],
    ]
    assert numbers(derivatives(lambda x: getattr(engine, name)(x, x), 3.0)) == [1]


@pytest.mark.parametrize(("order", "wanted"), [(1, 0), (2, 2), (3, 0), (4, 0)])
def test_derivatives_of_a_square_at_zero(order, wanted):
    assert numbers(derivatives(lambda x: x**2, 0.0, order=order)) == [wanted]


@pytest.mark.parametrize("x", [0.0, 2.0, INF])
def test_a_constant_power_has_derivative_zero(x):
    assert numbers(derivatives(lambda x: x**0, x)) == [0]


def test_first_power_has_derivative_one_at_zero():
    assert numbers(derivatives(lambda x: x**1, 0.0)) == [1]
    assert numbers(derivatives(lambda x: x**1, 0.0, order=2)) == [0]


def test_derivative_by_the_exponent_at_base_zero():
    by_exponent = derivatives(engine.pow, [0.0, 0.0, 0.0], [2.0, 0.0, -1.0])[1]
    assert by_exponent.numpy().tolist() == [0, 0, -INF]


def test_derivative_by_the_exponent_of_a_negative_base_does_not_exist():
    assert math.isnan(numbers(derivatives(engine.pow, -2.0, 2.0))[1])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("x", [-1000.0, -40.0, 40.0, 1000.0])
def test_softplus_and_sigmoid_keep_their_tails(x, dtype):
    tail = math.exp(-abs(x))  # of both functions, so far out
    value = float(engine.softplus(engine.constant(x, dtype)))
    assert value == pytest.approx(tail if x < 0 else x, rel=1e-5)
    assert numbers(derivatives(engine.softplus, x, dtype=dtype)) == [
        pytest.approx(tail if x < 0 else 1, rel=1e-5)
    ]
    assert numbers(derivatives(engine.sigmoid, x, dtype=dtype)) == [pytest.approx(tail, rel=1e-5)]


def test_hypot_and_atan2_do_not_overflow():
    assert numbers(derivatives(engine.hypot, 3e200, 4e200)) == [
        pytest.approx(0.6),
        pytest.approx(0.8),
    ]
    assert numbers(derivatives(engine.atan2, 3e200, 4e200)) == [
        pytest.approx(1.6e-201),
        pytest.approx(-1.2e-201),
    ]


def test_hypot_at_the_origin_follows_the_convention_of_abs():
    assert numbers(derivatives(engine.hypot, 0.0, 0.0)) == [0, 0]


def test_logaddexp_of_far_apart_and_infinite_arguments():
    assert numbers(derivatives(engine.logaddexp, 1000.0, -1000.0)) == [1, 0]
    assert numbers(derivatives(engine.logaddexp, -INF, 1.0)) == [0, 1]


@pytest.mark.parametrize("name", ["asin", "atanh"])
def test_digits_survive_near_one(name):
    x, gap = 1 - 2.0**-50, 2.0**-50 * (2 - 2.0**-50)
    wanted = {"asin": 1 / math.sqrt(gap), "atanh": 1 / gap}[name]
    assert numbers(derivatives(getattr(engine, name), x)) == [pytest.approx(wanted, rel=1e-15)]


def test_second_derivative_of_asin_near_zero():
    assert numbers(derivatives(engine.asin, 1e-12, order=2)) == [pytest.approx(1e-12, rel=1e-14)]


def test_large_arguments_of_inverse_hyperbolic_functions_do_not_overflow():
    assert numbers(derivatives(engine.asinh, 1e200)) == [pytest.approx(1e-200, rel=1e-15)]
    assert numbers(derivatives(engine.acosh, 1e200)) == [pytest.approx(1e-200, rel=1e-15)]


def test_expm1_keeps_the_digits_of_exp():
    assert numbers(derivatives(engine.expm1, -50.0)) == [math.exp(-50)]


def test_comparisons_carry_no_gradient():
    x = engine.constant([1.0, 3.0])
    with engine.GradientTape() as tape:
        tape.watch(x)
        above = x > 2
        y = engine.astype(above, "float64")
    assert above.dtype == bool
    assert tape.gradient(y, x) is None


def test_logical_operators():
    a, b = engine.constant([True, True, False]), engine.constant([True, False, False])
    assert engine.logical_and(a, b).numpy().tolist() == [True, False, False]
    assert engine.logical_or(a, b).numpy().tolist() == [True, True, False]
    assert engine.logical_not(a).numpy().tolist() == [False, False, True]


def test_erf_is_that_of_the_standard_library():
    x = np.linspace(-3, 3, 7)
    assert engine.erf(x).numpy().tolist() == [math.erf(v) for v in x]
    assert engine.erf(engine.zeros((0, 2))).shape == (0, 2)
