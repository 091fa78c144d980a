"""Complex numbers out of real ones, and angles, against the certified oracle and NumPy."""

import math

import numpy as np
import pytest
from certified import check_complex

import reference_engine as engine
from reference_engine import GradientTape, operators

Z = [[0.3 + 0.4j, -1.2 + 0.1j], [-0.7 - 2j, 1.5 - 0.3j]]
PARTS = [[0.3], [-1.2]], [0.4, -0.1, 2.0]


def product(a, b):
    return a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_complex(dtype):
    check_complex(engine.complex, lambda xp, x, w: (x + 0 * w, w + 0 * x), *PARTS, dtype=dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_polar(dtype):
    def formula(xp, x, w):
        return x * xp.cos(w), x * xp.sin(w)

    check_complex(engine.polar, formula, *PARTS, dtype=dtype, order=3)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_angle(dtype):
    def formula(xp, z):
        return xp.atan2(z[1], z[0])

    check_complex(engine.angle, formula, Z, dtype=dtype, order=3)


def test_there_and_back():
    def function(z):
        return engine.polar(engine.abs(z), 2 * engine.angle(z))

    def formula(xp, z):
        size = xp.hypot(*z)
        real, imaginary = product(z, z)
        return real / size, imaginary / size

    check_complex(function, formula, Z)


def test_angle_at_zero_and_of_real_numbers():
    for dtype in ("float64", "complex128"):
        x = engine.constant([0.0, 2.0, -3.0], dtype)
        with GradientTape() as tape:
            tape.watch(x)
            y = engine.angle(x)
        np.testing.assert_array_equal(y.numpy(), [0, 0, math.pi])
        assert y.dtype == "float64"
        dx = tape.gradient(y, x)
        assert dx.dtype == dtype
        wanted = [0, 0, 0] if dtype == "float64" else [0, 0.5j, -1j / 3]
        np.testing.assert_allclose(dx.numpy(), wanted, rtol=1e-15)


def test_dtypes():
    single = engine.constant(1.0, "float32")
    assert engine.complex(single, 2.0).dtype == "complex64"
    assert engine.polar(2.0, 3.0).dtype == "complex128"
    assert engine.complex(1.0, [2.0, -0.0]).numpy().tolist() == [1 + 2j, 1 - 0j]
    with pytest.raises(engine.DtypeError, match="complex: got float16, wanted float32 or float64"):
        engine.complex(engine.constant(1.0, "float16"), 2.0)
    with pytest.raises(engine.DtypeError, match="polar: got complex128"):
        engine.polar(1j, 2.0)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (0, 2)])
def test_shapes(shape):
    x = engine.constant(np.full(shape, 0.5))
    with GradientTape() as tape:
        tape.watch(x)
        y = engine.complex(x, x), engine.polar(x, x), engine.angle(x)
    assert [v.shape for v in y] == [shape] * 3
    assert tape.gradient(list(y), x).shape == shape


def test_a_wrong_rule_is_noticed(monkeypatch):
    right, left = operators.RULES["polar"]
    monkeypatch.setitem(operators.RULES, "polar", (right, lambda *args: -left(*args)))
    with pytest.raises(AssertionError, match="gradient 1"):
        check_complex(engine.polar, lambda xp, x, w: (x * xp.cos(w), x * xp.sin(w)), *PARTS)
