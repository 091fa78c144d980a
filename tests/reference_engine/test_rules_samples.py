"""Functions given by samples: differences, integrals, interpolation, polynomials, convolution."""

import functools
from types import SimpleNamespace

import numpy as np
import pytest
from certified import check
from points import generic

import reference_engine as engine
from reference_engine import operators
from reference_engine.operators import public
from reference_engine.rules import samples

rules = SimpleNamespace(**{
    name: public(getattr(samples, name)) for name in samples.__all__
})  # fmt: skip


def gradient_of(function, *inputs):
    inputs = [engine.constant(x) for x in inputs]
    with engine.GradientTape() as tape:
        tape.watch(inputs)
        y = function(*inputs)
    return [dx.numpy().tolist() for dx in tape.gradient(y, inputs)]


def polynomial(xp, c, x):
    return sum(c[k] * x ** (c.shape[0] - 1 - k) for k in range(1, c.shape[0] - 1)) + (
        c[0] * x ** (c.shape[0] - 1) + (c[-1] if c.shape[0] > 1 else 0)
    )


def full(xp, x, w):
    n, m = x.shape[0], w.shape[0]
    return xp.stack([sum((x[i] * w[k - i] for i in range(1, n) if 0 <= k - i < m),
                         start=x[0] * w[k] if k < m else 0 * x[0])
                     for k in range(n + m - 1)])  # fmt: skip


KNOTS, HEIGHTS = [-1.0, 0.5, 1.25, 4.0], [0.5, 2.0, -1.0, 0.75]


def lines(xp, x, knots, heights):
    """Interpolation at points of known intervals: left of, in each, and right of the knots."""
    parts = [heights[0] + 0 * x[0]]
    for i in range(3):
        share = (x[i + 1] - knots[i]) / (knots[i + 1] - knots[i])
        parts.append(heights[i] * (1 - share) + heights[i + 1] * share)
    return xp.stack([*parts, heights[-1] + 0 * x[4]])


CHECKS = {
    "diff": [
        (rules.diff, lambda xp, x: x[1:] - x[:-1], (4,)),
        (lambda x: rules.diff(x, 0, 2), lambda xp, x: x[2:] - 2 * x[1:-1] + x[:-2], (5, 2)),
        (lambda x: rules.diff(x, -2, 3),
         lambda xp, x: x[:, 3:] - 3 * x[:, 2:-1] + 3 * x[:, 1:-2] - x[:, :-3], (2, 4, 2)),
        (lambda x: rules.diff(x, n=0), lambda xp, x: 1 * x, (3,)),
        (rules.diff, lambda xp, x: x[:0], (1,)),
        (lambda x: rules.diff(x, n=3), lambda xp, x: x[:0], (2,)),
        (lambda x, w: rules.diff(x, prepend=w, append=2.0),
         lambda xp, x, w: xp.concat([w[1:] - w[:-1], x[:1] - w[-1:], x[1:] - x[:-1], 2 - x[-1:]]),
         (3,), (2,)),
        (lambda x, w: rules.diff(x, 1, append=w),
         lambda xp, x, w: xp.stack([x[:, 1] - x[:, 0], w - x[:, 1]], axis=1), (3, 2), ()),
    ],
    "trapezoid": [
        (rules.trapezoid, lambda xp, y: xp.sum(y[:, :-1] + y[:, 1:], axis=1) / 2, (2, 4)),
        (lambda y, x: rules.trapezoid(y, x, axis=0),
         lambda xp, y, x: sum(((x[i + 1] - x[i]) * (y[i] + y[i + 1]) / 2 for i in range(1, 3)),
                              start=(x[1] - x[0]) * (y[0] + y[1]) / 2), (4, 2), (4,)),
        (lambda y: rules.cumulative_trapezoid(y, dx=0.5),
         lambda xp, y: xp.stack([(y[0] + y[1]) / 4, (y[0] + 2 * y[1] + y[2]) / 4]), (3,)),
    ],
    "gradient": [
        (rules.gradient, lambda xp, x: xp.concat(
            [x[1:2] - x[:1], (x[2:] - x[:-2]) / 2, x[-1:] - x[-2:-1]]), (5,)),
        (lambda x: rules.gradient(x, 0.5, 0, edge_order=2), lambda xp, x: xp.concat(
            [4 * x[1:2] - 3 * x[:1] - x[2:3], x[2:] - x[:-2],
             3 * x[-1:] - 4 * x[-2:-1] + x[-3:-2]]), (4, 2)),
        (lambda x: rules.gradient(x, [0.0, 1.0, 3.0], 1), lambda xp, x: xp.stack(
            [x[:, 1] - x[:, 0], (x[:, 1] - x[:, 0]) * 2 / 3 + (x[:, 2] - x[:, 1]) / 2 / 3,
             (x[:, 2] - x[:, 1]) / 2], axis=1), (2, 3)),
    ],
    "polyval": [
        (rules.polyval, polynomial, (4,), (3,)),
        (rules.polyval, polynomial, (3,), (2, 2)),
        (rules.polyval, lambda xp, c, x: c[0] + 0 * x, (1,), (2,)),
        (rules.polyval, polynomial, (3,), ()),
    ],
    "convolve": [
        (rules.convolve, full, (4,), (2,)),
        (rules.convolve, full, (1,), (3,)),
        (functools.partial(rules.convolve, mode="same"), lambda xp, x, w: full(xp, x, w)[1:5],
         (4,), (3,)),
        (functools.partial(rules.convolve, mode="same"), lambda xp, x, w: full(xp, x, w)[0:4],
         (2,), (4,)),
        (functools.partial(rules.convolve, mode="valid"), lambda xp, x, w: full(xp, x, w)[2:5],
         (5,), (3,)),
        (functools.partial(rules.convolve, mode="valid"), lambda xp, x, w: full(xp, x, w)[1:3],
         (2,), (3,)),
    ],
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", CHECKS)
def test_values_and_derivatives(name, dtype):
    for function, formula, *shapes in CHECKS[name]:
        inputs = [generic(f"{name} {i}", shape) for i, shape in enumerate(shapes)]
        check(function, formula, *inputs, dtype=dtype, name=name)


def test_third_derivatives():
    check(rules.polyval, polynomial, generic("c", (4,)), generic("x", (2,)), order=3)
    check(rules.convolve, full, generic("x", (3,)), generic("w", (2,)), order=3)
    check(rules.interp, lines, [-3.0, -0.25, 0.75, 2.0, 5.0], KNOTS, HEIGHTS, order=3)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_interpolation(dtype):
    x = [-3.0, -0.25, 0.75, 2.0, 5.0]
    check(rules.interp, lines, x, KNOTS, HEIGHTS, dtype=dtype)


def test_interpolation_at_and_beyond_the_knots():
    at_knots = rules.interp(KNOTS, KNOTS, HEIGHTS).numpy()
    assert at_knots.tolist() == HEIGHTS
    dx, _, heights = gradient_of(rules.interp, KNOTS, KNOTS, HEIGHTS)
    slopes = (np.diff(HEIGHTS) / np.diff(KNOTS)).tolist()
    assert dx == pytest.approx([*slopes, slopes[-1]], rel=1e-15)
    assert heights == [1, 1, 1, 1]
    x = [-np.inf, -2.0, 9.0, np.inf, np.nan]
    y = rules.interp(x, KNOTS, HEIGHTS, left=7.0, right=8.0).numpy()
    assert y[:4].tolist() == [7, 7, 8, 8]
    assert np.isnan(y[4])
    assert gradient_of(lambda x: rules.interp(x, KNOTS, HEIGHTS), x[:4]) == [[0, 0, 0, 0]]
    assert rules.interp([1.0, 2.0, 3.0], [2.0], [5.0]).numpy().tolist() == [5, 5, 5]
    x = generic("interp", (50,)) * 5
    wanted = np.interp(x, KNOTS, HEIGHTS)
    assert np.allclose(rules.interp(x, KNOTS, HEIGHTS).numpy(), wanted, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("edge_order", [1, 2])
@pytest.mark.parametrize("spacing", [1.0, 0.3, [0.0, 0.5, 2.0, 2.25, 5.0]])
def test_slopes_are_those_of_numpy(spacing, edge_order):
    x = generic("slopes", (5, 5))
    for axis in (0, 1):
        wanted = np.gradient(x, spacing, axis=axis, edge_order=edge_order)
        got = rules.gradient(x, spacing, axis, edge_order).numpy()
        assert np.allclose(got, wanted, rtol=1e-13, atol=1e-14)
    assert [y.shape for y in rules.gradient(x)] == [(5, 5), (5, 5)]


def test_polynomials_at_zero_and_of_no_degree():
    assert gradient_of(rules.polyval, [2.0, 3.0, 5.0], [0.0]) == [[0, 0, 1], [3]]
    assert gradient_of(rules.polyval, [2.0], [4.0, 5.0]) == [[2], [0, 0]]
    assert gradient_of(rules.polyval, [2.0, 1.0], []) == [[0, 0], []]
    assert rules.polyval([1.0, 0.0], [np.inf]).numpy().tolist() == [np.inf]


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_convolutions_are_those_of_numpy(mode):
    for n, m in [(1, 1), (5, 2), (2, 5), (4, 4), (3, 7)]:
        x, w = generic("x", (n,)), generic("w", (m,))
        assert rules.convolve(x, w, mode).numpy().tolist() == np.convolve(x, w, mode).tolist()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [(lambda: rules.diff(1.0), engine.ShapeError, "diff: got axis -1 for 0 axes"),
     (lambda: rules.diff([1.0], n=-1), engine.OptionError, "got n=-1"),
     (lambda: rules.trapezoid([1.0, 2.0], 1.0 * np.ones(3)), engine.ShapeError, r"\(2,\)"),
     (lambda: rules.gradient([1.0, 2.0], edge_order=2), engine.ShapeError, "got 2 samples"),
     (lambda: rules.gradient([1.0, 2.0], edge_order=3), engine.OptionError, "wanted 1 or 2"),
     (lambda: rules.gradient([1.0, 2.0], [1.0, 2.0, 3.0]), engine.ShapeError, "coordinates"),
     (lambda: rules.interp([1.0], [1.0, 2.0], [1.0]), engine.ShapeError, "two 1-D arrays"),
     (lambda: rules.interp([1.0], [], []), engine.ShapeError, "not empty"),
     (lambda: rules.polyval([], [1.0]), engine.ShapeError, "at least one"),
     (lambda: rules.convolve([], [1.0]), engine.ShapeError, "not empty"),
     (lambda: rules.convolve([1.0], [1.0], "wrap"), engine.OptionError, "got mode='wrap'")],
)  # fmt: skip
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_wrong_rule_is_noticed(monkeypatch):
    right = operators.RULES["convolve"]
    unturned = lambda dy, y, x, w, mode: samples.convolve(  # noqa: E731
        samples._in_full(dy, x.shape[0], w.shape[0], mode), w, "valid")
    wrong = (unturned, right[1])
    monkeypatch.setitem(operators.RULES, "convolve", wrong)
    with pytest.raises(AssertionError, match="convolve: gradient"):
        check(rules.convolve, full, generic("x", (3,)), generic("w", (2,)))
