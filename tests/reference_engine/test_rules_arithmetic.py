"""Small arithmetic against mpmath, the certified oracle and NumPy."""

import math

import mpmath as mp
import numpy as np
import pytest
from certified import check, check_complex
from conditioned import accurate, slope, slopes

import reference_engine as engine
from reference_engine import operators

INF, NAN = math.inf, math.nan
POINTS = [-2.7, -1.3, -0.4, 0.3, 1.6, 5.2]
LEFT, RIGHT = [[0.3], [-1.7]], [0.8, 2.5, -1.1]

SMOOTH = {
    "sinc": (engine.sinc, lambda x: mp.sin(mp.pi * x) / (mp.pi * x),
             [1e-9, 0.01, 0.3, -0.9, 1.2, 1.6, 7.3]),
    "cbrt": (engine.cbrt, lambda x: mp.sign(x) * mp.cbrt(abs(x)), [-3.0, 1e-9, 0.4, 1e9]),
    "exp2": (engine.exp2, lambda x: mp.mpf(2) ** x, [-30.0, 0.3, 7.2]),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", SMOOTH)
def test_smooth(name, dtype):
    accurate(*SMOOTH[name], dtype=dtype)


ONE = {
    "exp2": (engine.exp2, lambda xp, x: xp.exp(x * math.log(2))),
    "deg2rad": (engine.deg2rad, lambda xp, x: x * (math.pi / 180)),
    "rad2deg": (engine.rad2deg, lambda xp, x: x * (180 / math.pi)),
    "ldexp": (lambda x: engine.ldexp(x, [3, -1, 0, 2, 5, -7]),
              lambda xp, x: x * np.ldexp(1.0, [3, -1, 0, 2, 5, -7])),
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


TWO = {
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


def test_extremes_ignore_nan_and_share_ties():
    y, dx, dw = slopes(engine.fmax, [1.0, NAN, 3.0, 2.0], [NAN, 2.0, 3.0, 1.0])
    np.testing.assert_array_equal([y, dx, dw], [[1, 2, 3, 2], [1, 0, 0.5, 1], [0, 1, 0.5, 0]])
    y, dx, dw = slopes(engine.fmin, [1.0, NAN, 3.0, 2.0], [NAN, 2.0, 3.0, 1.0])
    np.testing.assert_array_equal([y, dx, dw], [[1, 2, 3, 1], [1, 0, 0.5, 0], [0, 1, 0.5, 1]])


def test_quotients_and_products_without_nan():
    y, dx, dw = slopes(engine.divide_no_nan, [3.0, 0.0, 6.0], [0.0, 0.0, 2.0])
    np.testing.assert_array_equal([y, dx, dw], [[0, 0, 3], [0, 0, 0.5], [0, 0, -1.5]])
    y, dx, dw = slopes(engine.multiply_no_nan, [INF, NAN, 3.0], [0.0, 0.0, 2.0])
    np.testing.assert_array_equal([y, dx], [[0, 0, 6], [0, 0, 2]])
    assert dw[2] == 3
    y, dx, dw = slopes(engine.xdivy, [0.0, 0.0, 3.0], [0.0, 2.0, 2.0])
    np.testing.assert_array_equal([y, dx, dw], [[0, 0, 1.5], [0, 0.5, 0.5], [0, 0, -0.75]])
    assert np.isnan(slopes(engine.xdivy, 0.0, NAN)[0])


def test_cbrt_and_lerp_at_their_ends():
    np.testing.assert_array_equal(slopes(engine.cbrt, [0.0, 27.0]), [[0, 3], [INF, 1 / 27]])
    y, *gradients = slopes(engine.lerp, [0.1, 0.1], [0.7, 0.7], [0.0, 1.0])
    np.testing.assert_array_equal(y, [0.1, 0.7])
    np.testing.assert_array_equal(gradients[:2], [[1, 0], [0, 1]])
    assert engine.lerp(1.0, engine.constant(3.0, "float32"), 0.5).dtype == "float32"


@pytest.mark.parametrize(
    ("point", "wanted"), [(0.0, [1, 0]), (3.0, [0, -1 / 3]), (INF, [0, 0]), (-INF, [0, 0])]
)
def test_sinc_at_special_points(point, wanted):
    np.testing.assert_allclose(slope(engine.sinc, point), wanted, rtol=1e-15)


def test_every_derivative_of_sinc_at_zero():
    x, wanted = engine.constant(0.0), [1, 0, -(math.pi**2) / 3, 0, math.pi**4 / 5]
    function = engine.sinc
    for order in range(5):
        assert float(function(x)) == pytest.approx(wanted[order], rel=3e-15, abs=1e-15)
        function = engine.grad(function)


def test_exponents_must_be_integers():
    with pytest.raises(engine.OperandError, match="ldexp: got exponents of dtype float64"):
        engine.ldexp(2.0, 1.5)


def test_bfloat16():
    names = ("ceil", "round", "trunc", "frac", "exp2", "cbrt", "nan_to_num", "sinc", "deg2rad")
    x = engine.constant([0.3, 1.7], "bfloat16")
    assert {str(getattr(engine, name)(x).dtype) for name in names} == {"bfloat16"}
    pairs = ("remainder", "fmod", "copysign", "fmax", "logaddexp2", "xdivy", "floor_divide")
    assert {str(getattr(engine, name)(x, x).dtype) for name in pairs} == {"bfloat16"}
    assert str(engine.ldexp(x, [1, 2]).dtype) == "bfloat16"


@pytest.mark.parametrize("shape", [(), (0,), (1,), (0, 2), (2, 3)])
def test_shapes(shape):
    for name in ("cbrt", "sinc", "exp2", "deg2rad"):
        assert [v.shape for v in slopes(getattr(engine, name), np.full(shape, 0.3))] == [shape] * 2
    for name in TWO:
        three = slopes(getattr(engine, name), np.full(shape, 0.3), np.full(shape, 0.7))
        assert [v.shape for v in three] == [shape] * 3


def test_a_wrong_rule_is_noticed(monkeypatch):
    wrong = (lambda dy, y, x: dy / (3 * y * y) * (1 + 1e-13),)
    monkeypatch.setitem(operators.RULES, "cbrt", wrong)
    with pytest.raises(AssertionError, match="gradient 0"):
        accurate(*SMOOTH["cbrt"])
