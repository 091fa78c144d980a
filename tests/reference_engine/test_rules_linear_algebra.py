"""matmul of vectors, matrices and batches."""

import numpy as np
import pytest

import reference_engine as engine


@pytest.mark.parametrize(
    ("left", "right"), [((3,), (3,)), ((2, 3), (3,)), ((3,), (4, 3, 2)), ((5, 1, 2, 3), (4, 3, 2))]
)
def test_values_are_those_of_numpy(left, right):
    x, w = np.random.default_rng(1).normal(size=left), np.random.default_rng(2).normal(size=right)
    np.testing.assert_allclose(engine.matmul(x, w), x @ w, rtol=1e-14)


def test_each_factor_carries_the_other():
    x, w = engine.constant([[1.0, 2.0]]), engine.constant([[3.0], [4.0]])
    with engine.GradientTape() as tape:
        tape.watch([x, w])
        y = x @ w
    assert [g.numpy().tolist() for g in tape.gradient(y, [x, w])] == [[[3, 4]], [[1], [2]]]


@pytest.mark.parametrize(("left", "right"), [((2, 3), (2, 3)), ((), (3,)), ((3,), ())])
def test_refusals(left, right):
    with pytest.raises(engine.ShapeError, match=r"matmul: got shapes \(.*wanted \(..., m, k\)"):
        engine.matmul(engine.ones(left), engine.ones(right))


def test_leading_axes_broadcast_or_are_refused():
    with pytest.raises(engine.ShapeError, match=r"matmul: got float64 Tensor of shape \(2, 1, 1\)"):
        engine.matmul(engine.ones((2, 1, 1)), engine.ones((3, 1, 1)))
