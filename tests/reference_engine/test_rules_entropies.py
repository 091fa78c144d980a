"""Parts of entropies against mpmath and the certified oracle, and where their logarithms end."""

import math

import mpmath as mp
import numpy as np
import pytest
from certified import check
from conditioned import accurate, slope

import reference_engine as engine
from reference_engine import operators

INF, NAN = math.inf, math.nan

ONE = {
    "logit": (engine.logit, lambda x: mp.log(x / (1 - x)), [1e-9, 0.2, 0.26, 0.49, 0.6, 0.9]),
    "entr": (engine.entr, lambda x: -x * mp.log(x), [1e-9, 0.2, 0.4, 3.0]),
}


@pytest.mark.parametrize("name", ONE)
def test_one_operand(name):
    accurate(*ONE[name])


TWO = {
    "xlogy": (engine.xlogy, lambda x, w: x * mp.log(w), [-2.0, 0.3, 4.0], [0.4, 1.1, 300.0]),
    "xlog1py": (engine.xlog1py, lambda x, w: x * mp.log1p(w), [-2.0, 0.3, 4.0], [-0.4, 1e-9, 3.0]),
    "rel_entr": (engine.rel_entr, lambda x, w: x * mp.log(x / w),
                 [2.0, 0.3, 4.0, 1.0], [0.4, 1.1, 4.01, 1e-3]),
}  # fmt: skip


@pytest.mark.parametrize("name", TWO)
def test_two_operands(name):
    accurate(*TWO[name])


CERTIFIED = {
    "logit": (engine.logit, lambda xp, x: xp.log(x / (1 - x)), [[0.1, 0.7], [0.3, 0.8]]),
    "entr": (engine.entr, lambda xp, x: -x * xp.log(x), [0.2, 1.7]),
}


@pytest.mark.parametrize("name", CERTIFIED)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_certified(name, dtype):
    check(*CERTIFIED[name], dtype=dtype)


@pytest.mark.parametrize("name", ["xlogy", "rel_entr"])
def test_operands_broadcast(name):
    formulas = {
        "xlogy": lambda xp, x, w: x * xp.log(w),
        "rel_entr": lambda xp, x, w: x * xp.log(x / w),
    }
    function = getattr(engine, name)
    check(function, formulas[name], [[0.3], [1.7]], [0.4, 2.5, 1.1])
    check(function, formulas[name], 0.3, [0.4, 2.5])


SPECIAL = [
    ("logit", (0,), [-INF, INF]),
    ("logit", (0.5,), [0, 4]),
    ("logit", (1,), [INF, INF]),
    ("entr", (0,), [0, INF]),
    ("entr", (-1,), [-INF, NAN]),
    ("xlogy", (0, 0), [0, 0, 0]),
    ("xlogy", (0, 2), [0, math.log(2), 0]),
    ("xlogy", (2, 0), [-INF, -INF, INF]),
    ("xlogy", (0, NAN), [NAN, NAN, NAN]),
    ("xlogy", (0, -1), [0, 0, 0]),
    ("xlog1py", (0, -1), [0, 0, 0]),
    ("xlog1py", (0, 1), [0, math.log(2), 0]),
    ("rel_entr", (0, 0), [0, 1, 0]),
    ("rel_entr", (0, 2), [0, -INF, 0]),
]


@pytest.mark.parametrize(("name", "point", "wanted"), SPECIAL)
def test_special_points(name, point, wanted):
    np.testing.assert_allclose(slope(getattr(engine, name), *point), wanted, rtol=1e-15)


def test_numbers_take_the_dtype_of_the_other_operand():
    x = engine.constant([0.5, 2.0], "float32")
    assert engine.xlogy(1.5, x).dtype == engine.xlogy(x, 1.5).dtype == "float32"


@pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
def test_shapes(shape):
    x = np.full(shape, 0.3)
    assert {getattr(engine, name)(x).shape for name in ONE} == {shape}
    assert {getattr(engine, name)(x, x).shape for name in TWO} == {shape}


def test_a_wrong_rule_is_noticed(monkeypatch):
    wrong = (lambda dy, y, x, w: dy * engine.log(w), lambda dy, y, x, w: dy * (x / (w + 1e-12)))
    monkeypatch.setitem(operators.RULES, "xlogy", wrong)
    with pytest.raises(AssertionError, match="gradient 1"):
        accurate(*TWO["xlogy"])
