"""Deviations, covariances, means, and reductions that leave nan out."""

import functools
import math
from types import SimpleNamespace

import mpmath
import numpy as np
import pytest
from certified import check
from points import generic

import reference_engine as engine
from reference_engine import operators
from reference_engine.operators import public
from reference_engine.rules import statistics

rules = SimpleNamespace(**{
    name: public(getattr(statistics, name)) for name in statistics.__all__
})  # fmt: skip

INF, NAN = math.inf, math.nan


def gradient(function, *inputs):
    inputs = [engine.constant(x) for x in inputs]
    with engine.GradientTape() as tape:
        tape.watch(inputs)
        y = function(*inputs)
    return [dx.numpy().tolist() for dx in tape.gradient(y, inputs)]


def second(function, x, direction):
    """The gradient of <direction, gradient of sum(y)>."""
    x = engine.constant(x)
    with engine.GradientTape() as outer:
        outer.watch(x)
        with engine.GradientTape() as inner:
            inner.watch(x)
            y = function(x)
        slope = engine.sum(inner.gradient(y, x) * engine.constant(direction))
    return outer.gradient(slope, x, unconnected_gradients="zero").numpy().tolist()


def std(xp, x, **options):
    return xp.sqrt(xp.var(x, **options))


def holes(function):
    """The function of five elements, of which the third is nan, as one of the other four."""

    def spoilt(x):
        hole = engine.constant(np.full((1, *x.shape[1:]), NAN, x.dtype))
        return function(engine.concat([x[:2], hole, x[2:]]))

    return spoilt


def cov(xp, x, correction=1):
    off = x - xp.mean(x, axis=1, keepdims=True)
    return xp.matmul(off, xp.permute_dims(off, (1, 0))) / (x.shape[1] - correction)


def corrcoef(xp, x):
    off = x - xp.mean(x, axis=1, keepdims=True)
    units = off / xp.sqrt(xp.sum(off * off, axis=1, keepdims=True))
    return xp.matmul(units, xp.permute_dims(units, (1, 0)))[0]


CHECKS = {
    "std": [
        *((functools.partial(rules.std, **options), functools.partial(std, **options), shape)
          for options, shape in [({}, (5,)), ({"axis": 1, "correction": 1.0}, (2, 3)),
                                 ({"axis": (0, -1), "keepdims": True}, (2, 3, 2)),
                                 ({"axis": -2, "correction": 0.5}, (3, 2))]),
        (lambda x: rules.std_mean(x, 0)[0] * rules.std_mean(x, 0)[1],
         lambda xp, x: std(xp, x, axis=0) * xp.mean(x, axis=0), (3, 2)),
        (lambda x: rules.var_mean(x)[0] + rules.var_mean(x)[1],
         lambda xp, x: xp.var(x) + xp.mean(x), (3,)),
    ],
    "center": [
        (rules.center, lambda xp, x: x - xp.mean(x), (4,)),
        (lambda x: rules.center(x, (0, 2)),
         lambda xp, x: x - xp.mean(x, axis=(0, 2), keepdims=True), (2, 2, 3)),
    ],
    "cov": [
        (rules.cov, cov, (3, 4)),
        (lambda x: rules.cov(x, 0), lambda xp, x: cov(xp, x, 0), (2, 3)),
        (rules.cov, lambda xp, x: xp.var(x, correction=1.0), (4,)),
        (lambda x: rules.corrcoef(x)[0, 1:], lambda xp, x: corrcoef(xp, x)[1:], (3, 4)),
    ],
    "nan": [
        (holes(rules.nansum), lambda xp, x: xp.sum(x), (4,)),
        (holes(rules.nanmean), lambda xp, x: xp.mean(x), (4,)),
        (holes(rules.nanprod), lambda xp, x: xp.prod(x), (4,)),
        (holes(lambda x: rules.nanvar(x, correction=1.0)),
         lambda xp, x: xp.var(x, correction=1.0), (4,)),
        (holes(rules.nanstd), std, (4,)),
        (holes(lambda x: rules.nanstd(x, 0, 1.0, True)),
         lambda xp, x: std(xp, x, axis=0, correction=1.0, keepdims=True), (4,)),
        (holes(rules.nanmax), lambda xp, x: xp.max(x), (4,)),
        (holes(rules.nanmin), lambda xp, x: xp.min(x), (4,)),
        (holes(lambda x: rules.nanmean(x, 0)), lambda xp, x: xp.mean(x, axis=0), (4, 2)),
    ],
    "without nan": [
        (lambda x: rules.nansum(x, 1, True),
         lambda xp, x: xp.sum(x, axis=1, keepdims=True), (2, 3)),
        (lambda x: rules.nanmean(x, (0, 1)), lambda xp, x: xp.mean(x), (2, 3)),
        (lambda x: rules.nanvar(x, -1), lambda xp, x: xp.var(x, axis=-1), (2, 3)),
        (lambda x: rules.nanmax(x, (0, -1), True),
         lambda xp, x: xp.max(x, axis=(0, -1), keepdims=True), (2, 2, 3)),
        (lambda x: rules.nanmin(x, 0), lambda xp, x: xp.min(x, axis=0), (3, 2)),
    ],
    "means": [
        (lambda x: rules.average(x, 0), lambda xp, x: xp.mean(x, axis=0), (3, 2)),
        (lambda x, w: rules.average(x, weights=2 + w),
         lambda xp, x, w: xp.sum(x * (2 + w)) / xp.sum(2 + w), (3, 2), (3, 2)),
        (lambda x, w: rules.average(x, 1, 2 + w, True), lambda xp, x, w: xp.sum(
            x * (2 + w), axis=1, keepdims=True) / xp.sum(2 + w), (3, 2), (2,)),
        (lambda x: rules.sum_of_squares(x, 1), lambda xp, x: xp.sum(x * x, axis=1), (2, 3)),
        (rules.logmeanexp, lambda xp, x: xp.logsumexp(x) - math.log(6), (2, 3)),
        (lambda x: rules.logmeanexp(x, -1, True),
         lambda xp, x: xp.logsumexp(x, axis=-1, keepdims=True) - math.log(3), (2, 3)),
        (lambda x: rules.ptp(x, 0), lambda xp, x: xp.max(x, axis=0) - xp.min(x, axis=0), (3, 2)),
    ],
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", CHECKS)
def test_values_and_derivatives(name, dtype):
    for function, formula, *shapes in CHECKS[name]:
        inputs = [generic(f"{name} {i}", shape) for i, shape in enumerate(shapes)]
        check(function, formula, *inputs, dtype=dtype, name=name)


def test_third_derivatives():
    check(rules.std, std, generic("third", (4,)), order=3)
    check(rules.logmeanexp, lambda xp, x: xp.logsumexp(x) - math.log(4), generic("third", (4,)),
          order=3)  # fmt: skip


def test_a_deviation_of_equal_elements_is_zero_and_so_is_its_gradient():
    for x in ([0.1, 0.1, 0.1], [3.0], [1e300] * 7, [0.0, 0.0]):
        assert float(rules.std(x)) == 0
        assert gradient(rules.std, x) == [[0] * len(x)]
        assert second(rules.std, x, np.arange(len(x)) + 1.0) == [0] * len(x)
        assert gradient(rules.nanstd, [NAN, *x]) == [[0] * (len(x) + 1)]
    assert rules.center([0.1] * 3).numpy().tolist() == [0, 0, 0]
    assert gradient(rules.nanvar, [0.1, NAN, 0.1, 0.1]) == [[0, 0, 0, 0]]


@pytest.mark.parametrize("scale", [1e-310, 1e-200, 1e-3, 1e200, 1e307])
def test_a_deviation_neither_overflows_nor_vanishes(scale):
    x = np.array([1.0, 2.0, 4.0, -3.0]) * scale
    exact = [mpmath.mpf(float(number)) for number in x]
    mean = mpmath.fsum(exact) / 4
    wanted = mpmath.sqrt(mpmath.fsum((number - mean) ** 2 for number in exact) / 4)
    assert float(rules.std(x)) == pytest.approx(float(wanted), rel=1e-15)
    slopes = [float((number - mean) / 4 / wanted) for number in exact]
    assert gradient(rules.std, x)[0] == pytest.approx(slopes, rel=2e-15)


def test_a_small_deviation_far_from_zero():
    x = 1e8 + np.array([0.0, 0.25, 0.5, 1.25])
    assert float(rules.std(x)) == np.std(x - 1e8)
    assert gradient(rules.std, x) == gradient(rules.std, x - 1e8)
    check(lambda x: rules.std(x + 1e8), std, [0.0, 0.25, 0.5, 1.25])


def test_too_few_elements_and_none():
    for function in (rules.std, rules.nanvar, rules.nanstd, rules.nanmean, rules.logmeanexp):
        wanted = -INF if function is rules.logmeanexp else NAN
        got = float(function(engine.zeros((0,))))
        assert got == wanted or math.isnan(got)
        assert gradient(function, []) == [[]]
        assert gradient(lambda x, f=function: f(x, axis=1), np.zeros((2, 0))) == [[[], []]]
    assert math.isnan(rules.std([1.0], correction=1.0))
    assert math.isnan(rules.nanvar([1.0, NAN], correction=1.0))
    assert float(rules.nanvar([1.0, 3.0], correction=3.0)) == INF
    assert float(rules.nansum([NAN])) == 0
    assert float(rules.nanprod([NAN])) == 1
    with pytest.raises(engine.ShapeError, match="nanmax: got"):
        rules.nanmax([])


@pytest.mark.parametrize("name", ["nansum", "nanmean", "nanprod", "nanvar", "nanstd", "nanmax",
                                  "nanmin"])  # fmt: skip
def test_what_is_nan_has_gradient_zero_at_every_order(name):
    function = getattr(rules, name)
    x = [[1.0, NAN, 3.0], [NAN, NAN, NAN]]
    for axis in (None, 1):
        dx = np.array(gradient(lambda x, axis=axis: function(x, axis), x)[0])
        h = np.array(second(lambda x, axis=axis: function(x, axis), x, np.ones((2, 3))))
        assert (dx[np.isnan(x)] == 0).all()
        assert (h[np.isnan(x)] == 0).all()
        assert np.isfinite(dx[0]).all()


@pytest.mark.parametrize("function", [rules.nanmax, rules.nanmin])
def test_ties_share_equally(function):
    assert gradient(function, [1.0, NAN, 1.0, 1.0, 1.0]) == [[0.25, 0, 0.25, 0.25, 0.25]]
    assert gradient(lambda x: function(x, 1), [[INF, INF], [-0.0, 0.0]]) == [[[0.5] * 2] * 2]
    assert gradient(rules.ptp, [2.0, 2.0]) == [[0, 0]]


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), (1,), [0, 1]])
@pytest.mark.parametrize("name", ["std", "nanvar", "nanstd", "nansum", "nanmean", "nanmax"])
def test_values_are_those_of_numpy(name, axis):
    x = generic(name, (3, 4, 2))
    for keepdims in (False, True):
        wanted = getattr(np, name)(x, axis=tuple(axis) if isinstance(axis, list) else axis,
                                   keepdims=keepdims)  # fmt: skip
        got = getattr(rules, name)(x, axis, keepdims=keepdims).numpy()
        assert got.shape == wanted.shape
        assert np.allclose(got, wanted, rtol=1e-14)


def test_covariances():
    x = generic("cov", (3, 5))
    assert np.allclose(rules.cov(x).numpy(), np.cov(x), rtol=1e-14)
    assert np.allclose(rules.corrcoef(x).numpy(), np.corrcoef(x), rtol=1e-14)
    assert float(rules.corrcoef(x[0])) == pytest.approx(1, rel=1e-15)
    slopes = gradient(lambda x: rules.corrcoef(x)[0, 0], x)[0]
    assert np.abs(slopes).max() < 1e-15


def test_logmeanexp_far_out():
    assert float(rules.logmeanexp([1e300, 1e300])) == 1e300
    assert float(rules.logmeanexp([-INF, -INF])) == -INF
    assert gradient(rules.logmeanexp, [1e4, 0.0, 1e4]) == [[0.5, 0, 0.5]]


def test_refusals():
    with pytest.raises(engine.ShapeError, match="std: got"):
        rules.std(engine.zeros(3), axis=1)
    with pytest.raises(engine.ShapeError, match="average: got weights"):
        rules.average(engine.zeros((2, 3)), 0, [1.0, 2.0, 3.0])
    with pytest.raises(engine.ShapeError, match="cov: got"):
        rules.cov(engine.zeros((2, 2, 2)))
    with pytest.raises(engine.DtypeError, match="std: got"):
        rules.std([1, 2, 3])


def test_a_wrong_rule_is_noticed(monkeypatch):
    right = operators.RULES["std"][0]
    wrong = lambda *arguments, correction, **rest: right(  # noqa: E731 - forgets the correction
        *arguments, correction=0.0, **rest)
    monkeypatch.setitem(operators.RULES, "std", (wrong,))
    check(rules.std, std, generic("wrong", (4,)))
    with pytest.raises(AssertionError, match="std: gradient"):
        check(lambda x: rules.std(x, correction=1.0),
              lambda xp, x: std(xp, x, correction=1.0), generic("wrong", (4,)),
              name="std")  # fmt: skip
