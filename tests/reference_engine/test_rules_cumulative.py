"""Running sums, products and extremes, and the recurrence behind them."""

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
from reference_engine.rules import cumulative

rules = SimpleNamespace(**{
    name: public(getattr(cumulative, name)) for name in cumulative.__all__
})  # fmt: skip

INF = math.inf


def gradient(function, *inputs):
    inputs = [engine.constant(x) for x in inputs]
    with engine.GradientTape() as tape:
        tape.watch(inputs)
        y = function(*inputs)
    return [dx.numpy().tolist() for dx in tape.gradient(y, inputs)]


def second(function, x, cotangent, direction):
    """The gradient of <direction, gradient of <cotangent, y>>."""
    x = engine.constant(x)
    with engine.GradientTape() as outer:
        outer.watch(x)
        with engine.GradientTape() as inner:
            inner.watch(x)
            y = engine.sum(function(x) * engine.constant(cotangent))
        slope = engine.sum(inner.gradient(y, x) * engine.constant(direction))
    return outer.gradient(slope, x, unconnected_gradients="zero").numpy().tolist()


def running(part, axis, exclusive, reverse, empty):
    """The formula that stacks part(xp, slice) for the slice up to each place."""

    def formula(xp, x):
        at = axis % x.ndim
        x = xp.flip(x, axis=axis) if reverse else x
        front = (slice(None),) * at
        rows = []
        for end in range(1, x.shape[at] + 1):
            if exclusive and end == 1:
                rows.append(empty + 0 * x[(*front, 0)])
            else:
                rows.append(part(xp, x[(*front, slice(0, end - exclusive))], at))
        y = xp.stack(rows, axis=at)
        return xp.flip(y, axis=axis) if reverse else y

    return formula


PARTS = {
    "cumsum": (lambda xp, x, axis: xp.sum(x, axis=axis), 0),
    "cumprod": (lambda xp, x, axis: xp.prod(x, axis=axis), 1),
}
WAYS = [(exclusive, reverse) for exclusive in (False, True) for reverse in (False, True)]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("exclusive", "reverse"), WAYS)
@pytest.mark.parametrize(("shape", "axis"), [((5,), 0), ((2, 3, 2), 1), ((3, 2), -2), ((1,), 0)])
@pytest.mark.parametrize("name", PARTS)
def test_running_sums_and_products(name, shape, axis, exclusive, reverse, dtype):
    part, empty = PARTS[name]
    check(lambda x: getattr(rules, name)(x, axis, exclusive, reverse),
          running(part, axis, exclusive, reverse, empty), generic(name, shape),
          dtype=dtype)  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(("shape", "axis"), [((5,), 0), ((2, 3, 2), 1), ((3, 2), -2), ((1,), 0)])
def test_running_logsumexp(shape, axis, reverse, dtype):
    formula = running(lambda xp, x, axis: xp.logsumexp(x, axis=axis), axis, False, reverse, 0)
    check(lambda x: rules.cumulative_logsumexp(x, axis, reverse=reverse), formula,
          generic("logsumexp", shape), dtype=dtype)  # fmt: skip


def test_running_logsumexp_without_own_element():
    formula = running(lambda xp, x, axis: xp.logsumexp(x, axis=axis), 0, False, False, 0)
    x = generic("exclusive", (5,))
    check(lambda x: rules.cumulative_logsumexp(x, 0, exclusive=True)[1:],
          lambda xp, x: formula(xp, x[:-1]), x)  # fmt: skip
    check(lambda x: rules.cumulative_logsumexp(x, 0, exclusive=True, reverse=True)[:-1],
          lambda xp, x: xp.flip(formula(xp, xp.flip(x)[:-1])), x)  # fmt: skip
    assert rules.cumulative_logsumexp([1.0, 2.0], exclusive=True).numpy().tolist() == [-INF, 1]


def test_third_derivatives():
    x, a, b = (generic(f"third {i}", (4,)) for i in range(3))
    check(rules.cumprod, running(PARTS["cumprod"][0], 0, False, False, 1), x, order=3)
    check(rules.cumprod, running(PARTS["cumprod"][0], 0, False, False, 1), [0.0, 2, 0, 3], order=3)
    check(rules.cumulative_logsumexp,
          running(lambda xp, x, axis: xp.logsumexp(x, axis=axis), 0, False, False, 0),
          x, order=3)  # fmt: skip
    check(rules.linear_recurrence, recurrence, a, b, order=3)


def test_logsumexp_far_out():
    formula = running(lambda xp, x, axis: xp.logsumexp(x, axis=axis), 0, False, False, 0)
    for x in ([700.0, 710.0, 705.0], [-6.0, 1.0, -6.0, 2.0], [0.5, 1000.0, 996.0]):
        check(rules.cumulative_logsumexp, formula, x)


def test_gradients_of_logsumexp_keep_their_digits_however_small():
    x = [-700.0, 1.0, -300.0, 2.0, -1e4, 30.0]
    v = [0.5, -0.75, 1.0, 0.625, -0.5, 0.875]
    sums = [mpmath.fsum(map(mpmath.exp, x[: end + 1])) for end in range(6)]
    wanted = [float(mpmath.exp(x[i]) * mpmath.fsum(v[j] / sums[j] for j in range(i, 6)))
              for i in range(6)]  # fmt: skip
    got = gradient(lambda x: rules.cumulative_logsumexp(x) * engine.constant(v), x)[0]
    # The exponent of each share is a difference of up to 1e4, itself rounded to 2**-53 * 1e4.
    assert got == pytest.approx(wanted, rel=2e-12, abs=0)


@pytest.mark.parametrize(
    ("x", "y", "dx"),
    [([-INF, -INF], [-INF, -INF], [0, 0]), ([-INF, 1.0], [-INF, 1], [0, 1]),
     ([1.0, INF], [1, INF], [1, 1]), ([INF, 1.0], [INF, INF], [2, 0]), ([], [], []),
     ([1e300, -1e300, 1e300], [1e300] * 2 + [1e300], [2.5, 0, 0.5])],
)  # fmt: skip
def test_logsumexp_of_infinities_and_of_nothing(x, y, dx):
    assert rules.cumulative_logsumexp(x).numpy().tolist() == y
    assert gradient(rules.cumulative_logsumexp, x) == [dx]
    ones = np.ones(len(x))
    assert np.isfinite(second(rules.cumulative_logsumexp, x, ones, ones)).all()


def recurrence(xp, a, b):
    rows = [b[0]]
    for step in range(1, b.shape[0]):
        rows.append(a[step] * rows[-1] + b[step])
    return xp.stack(rows)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("few", [0, 100])
@pytest.mark.parametrize("shape", [(1,), (2,), (7,), (4, 2)])
def test_linear_recurrence(shape, few, dtype, monkeypatch):
    monkeypatch.setattr(cumulative, "_FEW", few)  # by doubling, and step by step
    a, b = generic("a", shape), generic("b", shape)
    check(lambda a, b: rules.linear_recurrence(a, b, 0), recurrence, a, b, dtype=dtype)
    check(lambda a, b: rules.linear_recurrence(a, b, 0, reverse=True),
          lambda xp, a, b: xp.flip(recurrence(xp, xp.flip(a, axis=0), xp.flip(b, axis=0)), axis=0),
          a, b, dtype=dtype)  # fmt: skip


def test_a_recurrence_broadcasts():
    check(lambda a, b: rules.linear_recurrence(a, b, 1),
          lambda xp, a, b: xp.stack([b[:, 0], b[:, 1] + a * b[:, 0],
                                     b[:, 2] + a * (b[:, 1] + a * b[:, 0])], axis=1),
          0.75, generic("b", (2, 3)))  # fmt: skip


def test_both_ways_through_a_recurrence_agree_and_none_overflows():
    a, b = generic("a", (500, 3)), generic("b", (500, 3))
    scanned = cumulative._recurrence(a, b, axis=0)
    assert np.allclose(scanned, cumulative._step_by_step(a, b), rtol=1e-13)
    a = np.full(1000, 1e10)  # the product of 64 is infinite
    b = np.zeros(1000)
    b[-1] = 1
    assert rules.linear_recurrence(a, b).numpy().tolist() == b.tolist()


def test_products_with_zeros():
    part, _ = PARTS["cumprod"]
    for x in ([2.0, 0.0, 3.0, 5.0], [0.0, 0.0, 3.0], [3.0, 0.0, 2.0, 0.0, 7.0]):
        for exclusive, reverse in WAYS:
            check(lambda x, way=(exclusive, reverse): rules.cumprod(x, 0, *way),
                  running(part, 0, exclusive, reverse, 1), x)  # fmt: skip
    assert gradient(rules.cumulative_prod, [2.0, 0.0, 3.0]) == [[1, 8, 0]]


def test_cumulative_prod_with_the_empty_product():
    x = engine.constant([[2.0, 3.0], [4.0, 5.0]])
    y = rules.cumulative_prod(x, axis=1, include_initial=True)
    assert y.numpy().tolist() == [[1, 2, 6], [1, 4, 20]]
    dx = gradient(lambda x: rules.cumulative_prod(x, include_initial=True), [3.0, 4.0])
    assert dx == [[5, 3]]


@pytest.mark.parametrize(("name", "sign"), [("cumulative_max", 1), ("cumulative_min", -1)])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_running_extremes(name, sign, dtype):
    function = getattr(rules, name)
    part = lambda xp, x, axis: sign * xp.max(sign * x, axis=axis)  # noqa: E731
    for shape, axis in [((6,), 0), ((2, 4, 2), 1), ((1,), 0)]:
        check(lambda x, axis=axis: function(x, axis), running(part, axis, False, False, 0),
              generic(name, shape), dtype=dtype)  # fmt: skip


@pytest.mark.parametrize("name", ["max", "min"])
@pytest.mark.parametrize("x", [[1.0, 1.0, 1.0], [1.0, 2.0, 2.0, 1.0, 2.0], [0.0, -0.0, 0.0],
                               [3.0, 1.0, 3.0, 1.0], [INF, INF, -INF, -INF]])  # fmt: skip
def test_ties_of_a_running_extreme_share_as_those_of_an_extreme_do(name, x):
    wanted = [gradient(lambda x, end=end: getattr(engine, name)(x[:end]), x)[0]
              for end in range(1, len(x) + 1)]  # fmt: skip
    got = [gradient(lambda x, end=end: getattr(rules, f"cumulative_{name}")(x)[end - 1], x)[0]
           for end in range(1, len(x) + 1)]  # fmt: skip
    assert got == wanted


def test_nan_spreads_and_takes_no_gradient_from_others():
    x = [1.0, math.nan, 2.0]
    assert np.isnan(rules.cumulative_max(x).numpy()).tolist() == [False, True, True]
    assert gradient(rules.cumulative_max, x) == [[1, 0, 0]]


@pytest.mark.parametrize("name", ["cumsum", "cumprod", "cumulative_prod", "cumulative_logsumexp",
                                  "cumulative_max", "cumulative_min"])  # fmt: skip
def test_nothing_along_the_axis_and_refusals(name):
    function = getattr(rules, name)
    for x in (np.zeros(0), np.zeros((0, 3)), np.zeros((3, 0))):
        assert gradient(lambda x: function(x, axis=0), x) == [x.tolist()]
    with pytest.raises(engine.ShapeError, match=f"{name}: got axis 2 for 2 axes"):
        function(engine.zeros((2, 2)), axis=2)
    with pytest.raises(engine.ShapeError, match=name):
        function(1.0, axis=0)
    with pytest.raises(engine.ShapeError, match=name):
        function(engine.zeros((2, 2)), axis=None)


def test_refusals_of_a_recurrence():
    with pytest.raises(engine.ShapeError, match=r"linear_recurrence: got shapes \(2,\) and \(3,\)"):
        rules.linear_recurrence([1.0, 2.0], [1.0, 2.0, 3.0])


def test_a_wrong_rule_is_noticed(monkeypatch):
    part, empty = PARTS["cumprod"]
    wrong = lambda dy, y, x, axis, exclusive, reverse: (  # noqa: E731 - dividing by the factors
        rules.cumsum(dy * y, axis, exclusive, not reverse) / x * (1 + 1e-9))
    monkeypatch.setitem(operators.RULES, "cumprod", (wrong,))
    with pytest.raises(AssertionError, match="cumprod: gradient"):
        check(rules.cumprod, running(part, 0, False, False, empty), generic("wrong", (4,)))
