"""Rounding, remainders and signs against the certified oracle and NumPy."""

import math

import numpy as np
import pytest
from certified import check
from conditioned import slopes

import reference_engine as engine
from reference_engine import GradientTape, operators

INF, NAN = math.inf, math.nan
POINTS = [-2.7, -1.3, -0.4, 0.3, 1.6, 5.2]
LEFT, RIGHT = [[0.3], [-1.7]], [0.8, 2.5, -1.1]


ONE = {
    "positive": (engine.positive, lambda xp, x: 1 * x),
    "frac": (engine.frac, lambda xp, x: x - np.trunc(POINTS)),
    "nan_to_num": (engine.nan_to_num, lambda xp, x: 1 * x),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ONE)
def test_one_operand(name, dtype):
    check(*ONE[name], POINTS, dtype=dtype)


def whole(function):
    """The whole quotients of LEFT by RIGHT, which are constants to the formula."""
    return function(np.array(LEFT) / np.array(RIGHT))


TWO = {
    "remainder": lambda xp, x, w: x - w * whole(np.floor),
    "fmod": lambda xp, x, w: x - w * whole(np.trunc),
    "copysign": lambda xp, x, w: x * np.sign(np.array(LEFT) * np.array(RIGHT)),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", TWO)
def test_two_operands(name, dtype):
    check(getattr(engine, name), TWO[name], LEFT, RIGHT, dtype=dtype)


# Constant between the steps -----------------------------------------------------------

STEPS = {"ceil": np.ceil, "floor": np.floor, "trunc": np.trunc, "round": np.rint}


@pytest.mark.parametrize("name", STEPS)
def test_steps(name):
    points = [-2.5, -1.5, -0.5, -0.0, 0.5, 1.5, 2.5, 1e300, INF, -INF, NAN]
    y, dx = slopes(getattr(engine, name), points)
    np.testing.assert_array_equal(y, STEPS[name](points))
    np.testing.assert_array_equal(np.signbit(y), np.signbit(STEPS[name](points)))
    np.testing.assert_array_equal(dx, np.zeros(len(points)))
    assert getattr(engine, name)(3).dtype == "int64"


def test_floor_divide_and_heaviside():
    y, dx, dw = slopes(engine.floor_divide, [5.5, -5.5, 1.0], [2.0, 2.0, -0.3])
    np.testing.assert_array_equal(y, [2, -3, -4])
    np.testing.assert_array_equal([dx, dw], np.zeros((2, 3)))
    y, dx, dw = slopes(engine.heaviside, [-1.0, 0.0, 2.0], [0.5, 0.25, 0.5])
    np.testing.assert_array_equal([y, dx, dw], [[0, 0.25, 1], [0, 0, 0], [0, 1, 0]])
    assert engine.floor_divide(engine.constant(7), 2).numpy() == 3


# Remainders ---------------------------------------------------------------------------

PAIRS = [(5.5, 2.0), (-5.5, 2.0), (5.5, -2.0), (-5.5, -2.0), (6.0, 2.0), (-6.0, 2.0), (0.0, 3.0),
         (1.0, 0.1), (3.0, 0.3), (2.0, INF)]  # fmt: skip


@pytest.mark.parametrize(("x", "w"), PAIRS)
def test_the_quotient_is_the_one_of_the_remainder(x, w):
    """x - y is the slope times -w exactly, where x / w would round to another whole number."""
    for function, numpy_s in [(engine.remainder, np.remainder), (engine.fmod, np.fmod)]:
        y, dx, dw = slopes(function, x, w)
        assert (y, dx) == (numpy_s(x, w), 1)
        assert dw == np.rint(dw)
        if math.isfinite(w):
            assert x + dw * w == pytest.approx(y, abs=1e-15 * abs(x))


def test_remainder_of_a_zero_divisor_is_nan():
    assert np.isnan(slopes(engine.remainder, 1.0, 0.0)[0])
    assert np.isnan(slopes(engine.fmod, 1.0, 0.0)[0])


# Signs --------------------------------------------------------------------------------


def test_copysign_reads_the_sign_of_zeros():
    y, dx, dw = slopes(engine.copysign, [2.0, -2.0, 2.0, 0.0], [0.0, 0.0, -0.0, -1.0])
    np.testing.assert_array_equal(y, [2, 2, -2, 0])
    np.testing.assert_array_equal(dx, [1, -1, -1, 0])
    np.testing.assert_array_equal(dw, np.zeros(4))
    assert np.signbit(y[3])


# Where nan is replaced ----------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_nan_to_num(dtype):
    y, dx = slopes(engine.nan_to_num, [NAN, INF, -INF, 2.0], dtype=dtype)
    np.testing.assert_array_equal(y, [0, np.finfo(dtype).max, np.finfo(dtype).min, 2])
    np.testing.assert_array_equal(dx, [0, 0, 0, 1])
    y = engine.nan_to_num(engine.constant([NAN, INF, -INF], dtype), 1.0, posinf=7, neginf=-7)
    np.testing.assert_array_equal(y.numpy(), [1, 7, -7])
    assert y.dtype == dtype


# Without a gradient -------------------------------------------------------------------


def test_questions_give_bools_without_a_gradient():
    x = engine.constant([NAN, INF, -0.0, 1.0])
    np.testing.assert_array_equal(engine.isnan(x).numpy(), [True, False, False, False])
    np.testing.assert_array_equal(engine.isinf(x).numpy(), [False, True, False, False])
    np.testing.assert_array_equal(engine.isfinite(x).numpy(), [False, False, True, True])
    np.testing.assert_array_equal(engine.signbit(x).numpy()[1:], [False, True, False])
    assert engine.logical_xor(True, [True, False]).numpy().tolist() == [False, True]
    assert not any(operators.is_differentiable(n) for n in ("isnan", "isinf", "isfinite"))


def test_nextafter_refuses_to_be_differentiated():
    x = engine.constant(1.0)
    with GradientTape() as tape:
        tape.watch(x)
        y = engine.nextafter(x, 2.0)
    assert y.numpy() == 1 + 2.0**-52
    with pytest.raises(engine.NoGradientError, match="nextafter has no gradient: it moves x"):
        tape.gradient(y, x)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (0, 2), (2, 3)])
def test_shapes(shape):
    for name in ("ceil", "frac", "positive", "nan_to_num"):
        assert [v.shape for v in slopes(getattr(engine, name), np.full(shape, 0.3))] == [shape] * 2
    for name in TWO:
        three = slopes(getattr(engine, name), np.full(shape, 0.3), np.full(shape, 0.7))
        assert [v.shape for v in three] == [shape] * 3


def test_a_wrong_rule_is_noticed(monkeypatch):
    wrong = (lambda dy, y, x, w: dy, lambda dy, y, x, w: -dy * engine.trunc(x / w))
    monkeypatch.setitem(operators.RULES, "remainder", wrong)
    with pytest.raises(AssertionError, match="gradient"):
        check(engine.remainder, TWO["remainder"], LEFT, RIGHT)
