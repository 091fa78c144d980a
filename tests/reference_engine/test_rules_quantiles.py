"""Medians and quantiles."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from certified import check

import reference_engine as engine
from reference_engine import operators
from reference_engine.operators import public
from reference_engine.rules import quantiles

rules = SimpleNamespace(**{
    name: public(getattr(quantiles, name)) for name in quantiles.__all__
})  # fmt: skip
INF, NAN = math.inf, math.nan
# No two are equal, so that the places of the order statistics are known: sorted, they are
# x[3], x[0], x[4], x[1], x[2].
FIVE = [-0.5, 1.25, 2.0, -0.75, 0.375]
ORDER = [3, 0, 4, 1, 2]


def gradient(function, x):
    x = engine.constant(x)
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x).numpy().tolist()


def between(q):
    """The linear formula between the order statistics of FIVE."""
    place = q * 4
    below, share = math.floor(place), place - math.floor(place)
    lower, upper = ORDER[below], ORDER[math.ceil(place)]
    return lambda xp, x: (1 - share) * x[lower] + share * x[upper] if share else 1 * x[lower]


def and_nan(x):
    return engine.concat([x[:2], engine.constant(np.full(2, NAN, x.dtype)), x[2:]])


CHECKS = [
    *((lambda x, q=q: rules.quantile(x, q), between(q), FIVE)
      for q in (0.0, 0.125, 0.25, 0.625, 0.875, 1.0)),
    (lambda x: rules.quantile(x, 0.3125, method="lower"), lambda xp, x: 1 * x[0], FIVE),
    (lambda x: rules.quantile(x, 0.3125, method="higher"), lambda xp, x: 1 * x[4], FIVE),
    (lambda x: rules.quantile(x, 0.4375, method="nearest"), lambda xp, x: 1 * x[4], FIVE),
    (lambda x: rules.quantile(x, 0.3125, method="midpoint"),
     lambda xp, x: (x[0] + x[4]) / 2, FIVE),
    (lambda x: rules.quantile(x, [[0.5, 0.125]]), lambda xp, x: xp.reshape(
        xp.stack([x[4], (x[3] + x[0]) / 2]), (1, 2)), FIVE),
    (lambda x: rules.percentile(x, 75), lambda xp, x: 1 * x[1], FIVE),
    (rules.median, lambda xp, x: 1 * x[4], FIVE),
    (rules.median, lambda xp, x: (x[0] + x[2]) / 2, [0.5, -1.0, 0.75, 2.0]),
    (lambda x: rules.median(x, 0), lambda xp, x: xp.stack([x[1, 0], x[0, 1]]),
     [[0.5, 2.0], [1.0, 3.0], [4.0, -1.0]]),
    (lambda x: rules.median(x, (0, -1), True),
     lambda xp, x: xp.mean(x, axis=(0, 2), keepdims=True), [[[0.5, 2.0], [1.0, 3.0]]]),
    (lambda x: rules.quantile(x, [0.25, 0.5], -1, True), lambda xp, x: xp.stack(
        [0.75 * x[:, :1] + 0.25 * x[:, 1:], (x[:, :1] + x[:, 1:]) / 2]), [[1.0, 2.0], [-3.0, 0.5]]),
    (lambda x: rules.nanmedian(and_nan(x)), lambda xp, x: 1 * x[4], FIVE),
    (lambda x: rules.nanquantile(and_nan(x), 0.125), between(0.125), FIVE),
    (rules.median, lambda xp, x: 1 * x, 3.0),
]  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("position", range(len(CHECKS)))
def test_values_and_derivatives(position, dtype):
    function, formula, x = CHECKS[position]
    check(function, formula, x, dtype=dtype)


@pytest.mark.parametrize("method", quantiles.METHODS)
@pytest.mark.parametrize("axis", [None, 0, (0, 2), -1])
@pytest.mark.parametrize("skip", [False, True])
def test_values_are_those_of_numpy(method, axis, skip):
    x = np.random.default_rng(0).standard_normal((5, 4, 3))
    if skip:
        x[0, 0, 2] = x[1, 0, :2] = x[2, 1, 1] = NAN
    name = "nanquantile" if skip else "quantile"
    q = np.array([0.0, 0.1, 0.5, 0.77, 1.0])
    for keepdims in (False, True):
        wanted = getattr(np, name)(x, q, axis=axis, keepdims=keepdims, method=method)
        got = getattr(rules, name)(x, q, axis, keepdims, method).numpy()
        assert got.shape == wanted.shape
        assert np.allclose(got, wanted, rtol=1e-14, atol=0)


@pytest.mark.parametrize(
    ("x", "dx"),
    [([1.0, 1.0, 1.0], [1 / 3] * 3), ([1.0, 1.0, 2.0], [0.5, 0.5, 0]),
     ([1.0, 2.0, 2.0, 3.0], [0, 0.5, 0.5, 0]), ([1.0, 1.0, 2.0, 2.0], [0.25] * 4),
     ([0.0, -0.0], [0.5, 0.5]), ([5.0], [1])],
)  # fmt: skip
def test_ties_share_equally(x, dx):
    assert gradient(rules.median, x) == dx


def test_infinities_nan_and_nothing():
    assert float(rules.median([-INF, 2.0, INF])) == 2
    assert float(rules.median([INF, INF])) == INF
    assert float(rules.quantile([1.0, INF], 0.0)) == 1
    assert float(rules.quantile([1.0, 2.0, INF], 0.5)) == 2
    assert float(rules.median([1.5e308, 1.7e308])) == 1.6e308
    assert gradient(rules.median, [-INF, 2.0, INF]) == [0, 1, 0]
    for function in (rules.median, rules.nanmedian):
        assert math.isnan(function(engine.zeros((0,))))
        assert gradient(function, []) == []
        assert gradient(lambda x, f=function: f(x, axis=1), np.zeros((2, 0))) == [[], []]
        assert gradient(lambda x, f=function: f(x, axis=0), np.zeros((2, 0))) == [[], []]
        assert gradient(function, [NAN, NAN]) == [0, 0]
    assert math.isnan(rules.median([1.0, NAN]))
    assert gradient(rules.median, [1.0, NAN]) == [0, 0]
    assert float(rules.nanmedian([1.0, NAN])) == 1
    assert gradient(rules.nanmedian, [1.0, NAN]) == [1, 0]
    assert rules.quantile([1.0, 2.0], []).shape == (0,)
    assert gradient(lambda x: rules.quantile(x, []), [1.0, 2.0]) == [0, 0]


def test_refusals():
    for q in (1.5, -0.1, NAN, [0.5, 2.0]):
        with pytest.raises(engine.OptionError, match="wanted numbers from 0 to 1"):
            rules.quantile([1.0, 2.0], q)
    with pytest.raises(engine.OptionError, match="got method='hazen'"):
        rules.quantile([1.0, 2.0], 0.5, method="hazen")
    with pytest.raises(engine.ShapeError, match="quantile: got"):
        rules.median([1.0, 2.0], axis=1)
    with pytest.raises(engine.DtypeError, match="quantile: got"):
        rules.median([1, 2])


def test_a_wrong_rule_is_noticed(monkeypatch):
    right = operators.RULES["quantile"][0]
    wrong = lambda *arguments, method, **rest: right(  # noqa: E731 - forgets the share
        *arguments, method="lower", **rest)
    monkeypatch.setitem(operators.RULES, "quantile", (wrong,))
    with pytest.raises(AssertionError, match="gradient"):
        check(lambda x: rules.quantile(x, 0.125), between(0.125), FIVE)
