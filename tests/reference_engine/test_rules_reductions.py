"""Exact values of reductions: ties, zeros in a product, infinities, nothing to reduce."""

import math

import numpy as np
import pytest

import reference_engine as engine

INF = math.inf


def gradient(function, values):
    x = engine.constant(values)
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x).numpy().tolist()


def hessian(function, values):
    x = engine.constant(values)
    rows = []
    for position in range(len(values)):
        with engine.GradientTape() as outer:
            outer.watch(x)
            with engine.GradientTape() as inner:
                inner.watch(x)
                y = function(x)
            slope = inner.gradient(y, x)[position]
        rows.append(outer.gradient(slope, x, unconnected_gradients="zero").numpy().tolist())
    return rows


@pytest.mark.parametrize(
    ("values", "wanted"),
    [([2.0, 3.0, 5.0], [15, 10, 6]), ([2.0, 0.0, 5.0], [0, 10, 0]), ([0.0, 0.0, 5.0], [0, 0, 0]),
     ([0.0], [1]), ([], [])],
)  # fmt: skip
def test_a_product_with_zeros(values, wanted):
    assert gradient(engine.prod, values) == wanted


def test_second_derivatives_of_a_product_with_zeros():
    assert hessian(engine.prod, [0.0, 0.0, 5.0]) == [[0, 5, 0], [5, 0, 0], [0, 0, 0]]
    assert hessian(engine.prod, [2.0, 0.0, 5.0]) == [[0, 5, 0], [5, 0, 2], [0, 2, 0]]


@pytest.mark.parametrize("function", [engine.max, engine.min])
def test_ties_share_equally(function):
    assert gradient(function, [1.0, 1.0, 1.0, 1.0]) == [0.25] * 4
    assert gradient(lambda x: function(x, axis=1), [[1.0, 1.0], [2.0, 2.0]]) == [
        [0.5, 0.5],
        [0.5, 0.5],
    ]


def test_values():
    x = engine.constant([[1.0, 2.0], [3.0, 6.0]])
    assert float(engine.var(x)) == np.var(x.numpy())
    assert float(engine.mean(x)) == 3
    assert engine.var(x, axis=0, correction=1).numpy().tolist() == [2, 8]
    assert engine.sum(x, axis=(0, 1), keepdims=True).shape == (1, 1)


def test_large_arguments_neither_overflow_nor_lose_digits():
    assert float(engine.logsumexp([1000.0, 1000.0])) == pytest.approx(1000 + math.log(2))
    assert engine.softmax([1000.0, 0.0]).numpy().tolist() == [1, 0]
    assert engine.log_softmax([1000.0, 0.0]).numpy().tolist() == [0, -1000]
    assert gradient(engine.logsumexp, [1e15, 1e15 + 1]) == pytest.approx(
        [1 / (1 + math.e), math.e / (1 + math.e)]
    )


@pytest.mark.parametrize(
    ("values", "wanted"), [([], -INF), ([-INF, -INF], -INF), ([INF, 1.0], INF)]
)
def test_logsumexp_of_infinities_and_of_nothing(values, wanted):
    assert float(engine.logsumexp(values)) == wanted


def test_gradients_of_nothing_are_empty():
    for function in (engine.sum, engine.mean, engine.prod, engine.var, engine.logsumexp):
        assert gradient(function, []) == []
        assert gradient(function, np.zeros((2, 0))) == [[], []]
    assert math.isnan(engine.mean(engine.zeros(0)))


def test_refusals():
    with pytest.raises(
        engine.ShapeError, match=r"max: got float64 Tensor of shape \(0,\), axis=None"
    ):
        engine.max(engine.zeros(0))
    with pytest.raises(engine.ShapeError, match=r"cumulative_sum: .*wanted an int axis"):
        engine.cumulative_sum(engine.zeros((2, 2)))
    with pytest.raises(engine.DtypeError, match="mean: got int64 Tensor"):
        engine.mean(engine.constant([1, 2]))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize(("function", "wanted"), [
    (engine.sum, 1000.0), (engine.mean, 1.0), (engine.prod, 1.0), (engine.var, 0.0),
    (engine.logsumexp, 7.90775), (lambda x: engine.softmax(x)[0], 0.001),
    (lambda x: engine.log_softmax(x)[0], -6.90775),
    (lambda x: engine.cumulative_sum(x)[-1], 1000.0),
], ids=["sum", "mean", "prod", "var", "logsumexp", "softmax", "log_softmax", "cumulative_sum"])
def test_half_precision_adds_up(function, wanted, dtype):
    """In bfloat16, 256 + 1 is 256."""
    y = function(engine.ones(1000, dtype))
    assert str(y.dtype) == dtype
    np.testing.assert_allclose(float(y), wanted, rtol=2**-8)


@pytest.mark.parametrize("function", [engine.mean, engine.var])
def test_more_elements_than_float16_can_count(function):
    x = engine.astype(np.arange(70000) % 2, "float16")
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    np.testing.assert_allclose(float(y), 0.5 if function is engine.mean else 0.25, rtol=2**-10)
    slope = tape.gradient(y, x).numpy()[-1]
    np.testing.assert_allclose(slope.astype(float), 1 / 70000, atol=2**-24)


SHAPES = [(4, 5), (40, 60), (300, 7), (70, 1000), (65, 1500), (5, 100, 3), (64, 20, 10), (0, 3)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("keepdims", [False, True])
def test_sums_over_any_axes_lose_no_more_than_rounding(shape, dtype, keepdims):
    x = np.random.default_rng(3).uniform(0.5, 1.5, shape).astype(dtype)
    ndim = len(shape)
    every = [None, (), *range(-ndim, ndim), *((axis,) for axis in range(ndim)), (0, 1), (-2, -1)]
    for axis in [*every, (0, ndim - 1)]:
        for array in (x, np.asfortranarray(x)):
            got = engine.sum(engine.constant(array), axis=axis, keepdims=keepdims).numpy()
            true = np.sum(x.astype("longdouble"), axis=axis, keepdims=keepdims)
            assert got.dtype == dtype
            assert got.shape == true.shape
            steps = math.sqrt(x.size / max(true.size, 1))  # roundings up and down: a random walk
            np.testing.assert_allclose(got, true, rtol=(1 + steps) * np.finfo(dtype).eps)


@pytest.mark.parametrize("axis", [2, -3, (0, 0), (1, 2), (-3,)])
def test_sums_over_axes_that_are_not_there_are_refused(axis):
    for shape in ((3, 4), (80, 40)):
        with pytest.raises(engine.errors.ShapeError, match="sum"):
            engine.sum(engine.zeros(shape), axis=axis)


def test_sums_of_infinities_and_nans():
    x = np.ones((100, 20))
    x[3, 4], x[5, 6], x[7, 6], x[8, 9] = INF, INF, -INF, math.nan
    with np.errstate(all="ignore"):
        for axis in (0, 1):
            np.testing.assert_array_equal(engine.sum(engine.constant(x), axis).numpy(), x.sum(axis))
