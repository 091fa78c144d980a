"""Rounding, remainders and small arithmetic against the certified oracle and NumPy."""

import math

import numpy as np
import pytest
from certified import check, check_complex

import reference_engine as engine
from reference_engine import GradientTape, operators

INF, NAN = math.inf, math.nan
POINTS = [-2.7, -1.3, -0.4, 0.3, 1.6, 5.2]
LEFT, RIGHT = [[0.3], [-1.7]], [0.8, 2.5, -1.1]


def slopes(function, *points, dtype="float64"):
    """Value and gradients, as floats or arrays."""
    tensors = [engine.constant(x, dtype) for x in points]
    with GradientTape() as tape:
        tape.watch(tensors)
        y = function(*tensors)
    gradients = tape.gradient(y, tensors)
    return [y.numpy(), *(g.numpy() for g in gradients)]


ONE = {
    "positive": (engine.positive, lambda xp, x: 1 * x),
    "frac": (engine.frac, lambda xp, x: x - np.trunc(POINTS)),
    "exp2": (engine.exp2, lambda xp, x: xp.exp(x * math.log(2))),
    "deg2rad": (engine.deg2rad, lambda xp, x: x * (math.pi / 180)),
    "rad2deg": (engine.rad2deg, lambda xp, x: x * (180 / math.pi)),
    "ldexp": (lambda x: engine.ldexp(x, [3, -1, 0, 2, 5, -7]),
              lambda xp, x: x * np.ldexp(1.0, [3, -1, 0, 2, 5, -7])),
    "nan_to_num": (engine.nan_to_num, lambda xp, x: 1 * x),
    "sinc": (engine.sinc, lambda xp, x: xp.sin(math.pi * x) / (math.pi * x)),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ONE)
def test_one_operand(name, dtype):
    # the formulas of exp2 and sinc round log(2) and pi, which their operators do not
    check(*ONE[name], POINTS, dtype=dtype, slack=4 if name in ("exp2", "sinc") else 1)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_cbrt(dtype):
    check(engine.cbrt, lambda xp, x: x ** (1 / 3), [0.2, 1.0, 30.0], dtype=dtype)
    check(engine.cbrt, lambda xp, x: -((-x) ** (1 / 3)), [-0.2, -30.0], dtype=dtype)


def whole(function):
    """The whole quotients of LEFT by RIGHT, which are constants to the formula."""
    return function(np.array(LEFT) / np.array(RIGHT))


TWO = {
    "remainder": lambda xp, x, w: x - w * whole(np.floor),
    "fmod": lambda xp, x, w: x - w * whole(np.trunc),
    "copysign": lambda xp, x, w: x * np.sign(np.array(LEFT) * np.array(RIGHT)),
    "fmax": lambda xp, x, w: xp.maximum(x, w),
    "fmin": lambda xp, x, w: xp.minimum(x, w),
    "logaddexp2": lambda xp, x, w: xp.logaddexp(x * math.log(2), w * math.log(2)) / math.log(2),
    "divide_no_nan": lambda xp, x, w: x / w,
    "multiply_no_nan": lambda xp, x, w: x * w,
    "xdivy": lambda xp, x, w: x / w,
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", TWO)
def test_two_operands(name, dtype):
    check(getattr(engine, name), TWO[name], LEFT, RIGHT, dtype=dtype)


THREE = {
    "lerp": (engine.lerp, lambda xp, x, w, t: x + t * (w - x)),
    "addcmul": (lambda *x: engine.addcmul(*x, value=-2.5), lambda xp, x, a, b: x - 2.5 * a * b),
    "addcdiv": (lambda *x: engine.addcdiv(*x, value=-2.5), lambda xp, x, a, b: x - 2.5 * a / b),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", THREE)
def test_three_operands(name, dtype):
    check(*THREE[name], LEFT, RIGHT, [[[0.3]], [[0.7]]], dtype=dtype)


def test_complex_numbers():
    z, w = [1 + 2j, -0.3 + 0.7j], [0.4 - 1j, 2 + 0.1j]

    def product(x, y):
        return x[0] * y[0] - x[1] * y[1], x[0] * y[1] + x[1] * y[0]

    check_complex(engine.multiply_no_nan, lambda xp, x, y: product(x, y), z, w)
    check_complex(engine.positive, lambda xp, x: (1 * x[0], 1 * x[1]), z)


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


# Signs and extremes -------------------------------------------------------------------


def test_copysign_reads_the_sign_of_zeros():
    y, dx, dw = slopes(engine.copysign, [2.0, -2.0, 2.0, 0.0], [0.0, 0.0, -0.0, -1.0])
    np.testing.assert_array_equal(y, [2, 2, -2, 0])
    np.testing.assert_array_equal(dx, [1, -1, -1, 0])
    np.testing.assert_array_equal(dw, np.zeros(4))
    assert np.signbit(y[3])


def test_extremes_ignore_nan_and_share_ties():
    y, dx, dw = slopes(engine.fmax, [1.0, NAN, 3.0, 2.0], [NAN, 2.0, 3.0, 1.0])
    np.testing.assert_array_equal([y, dx, dw], [[1, 2, 3, 2], [1, 0, 0.5, 1], [0, 1, 0.5, 0]])
    y, dx, dw = slopes(engine.fmin, [1.0, NAN, 3.0, 2.0], [NAN, 2.0, 3.0, 1.0])
    np.testing.assert_array_equal([y, dx, dw], [[1, 2, 3, 1], [1, 0, 0.5, 0], [0, 1, 0.5, 1]])


# Where nan is avoided -----------------------------------------------------------------


def test_quotients_and_products_without_nan():
    y, dx, dw = slopes(engine.divide_no_nan, [3.0, 0.0, 6.0], [0.0, 0.0, 2.0])
    np.testing.assert_array_equal([y, dx, dw], [[0, 0, 3], [0, 0, 0.5], [0, 0, -1.5]])
    y, dx, dw = slopes(engine.multiply_no_nan, [INF, NAN, 3.0], [0.0, 0.0, 2.0])
    np.testing.assert_array_equal([y, dx], [[0, 0, 6], [0, 0, 2]])
    assert dw[2] == 3
    y, dx, dw = slopes(engine.xdivy, [0.0, 0.0, 3.0], [0.0, 2.0, 2.0])
    np.testing.assert_array_equal([y, dx, dw], [[0, 0, 1.5], [0, 0.5, 0.5], [0, 0, -0.75]])
    assert np.isnan(slopes(engine.xdivy, 0.0, NAN)[0])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_nan_to_num(dtype):
    y, dx = slopes(engine.nan_to_num, [NAN, INF, -INF, 2.0], dtype=dtype)
    np.testing.assert_array_equal(y, [0, np.finfo(dtype).max, np.finfo(dtype).min, 2])
    np.testing.assert_array_equal(dx, [0, 0, 0, 1])
    y = engine.nan_to_num(engine.constant([NAN, INF, -INF], dtype), 1.0, posinf=7, neginf=-7)
    np.testing.assert_array_equal(y.numpy(), [1, 7, -7])
    assert y.dtype == dtype


def test_bfloat16():
    names = ("ceil", "round", "trunc", "frac", "exp2", "cbrt", "nan_to_num", "sinc", "deg2rad")
    x = engine.constant([0.3, 1.7], "bfloat16")
    assert {str(getattr(engine, name)(x).dtype) for name in names} == {"bfloat16"}
    pairs = ("remainder", "fmod", "copysign", "fmax", "logaddexp2", "xdivy", "floor_divide")
    assert {str(getattr(engine, name)(x, x).dtype) for name in pairs} == {"bfloat16"}
    assert str(engine.ldexp(x, [1, 2]).dtype) == "bfloat16"


def test_cbrt_and_lerp_at_their_ends():
    np.testing.assert_array_equal(slopes(engine.cbrt, [0.0, 27.0]), [[0, 3], [INF, 1 / 27]])
    y, *gradients = slopes(engine.lerp, [0.1, 0.1], [0.7, 0.7], [0.0, 1.0])
    np.testing.assert_array_equal(y, [0.1, 0.7])
    np.testing.assert_array_equal(gradients[:2], [[1, 0], [0, 1]])
    assert engine.lerp(1.0, engine.constant(3.0, "float32"), 0.5).dtype == "float32"


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


def test_exponents_must_be_integers():
    with pytest.raises(engine.OperandError, match="ldexp: got exponents of dtype float64"):
        engine.ldexp(2.0, 1.5)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (0, 2), (2, 3)])
def test_shapes(shape):
    for name in ("ceil", "frac", "cbrt", "sinc", "exp2", "nan_to_num"):
        assert [v.shape for v in slopes(getattr(engine, name), np.full(shape, 0.3))] == [shape] * 2
    for name in TWO:
        three = slopes(getattr(engine, name), np.full(shape, 0.3), np.full(shape, 0.7))
        assert [v.shape for v in three] == [shape] * 3


def test_a_wrong_rule_is_noticed(monkeypatch):
    wrong = (lambda dy, y, x, w: dy, lambda dy, y, x, w: -dy * engine.trunc(x / w))
    monkeypatch.setitem(operators.RULES, "remainder", wrong)
    with pytest.raises(AssertionError, match="gradient"):
        check(engine.remainder, TWO["remainder"], LEFT, RIGHT)
