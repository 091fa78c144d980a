"""Indexing: repeated indices add up, and kinds of index that are refused."""

import numpy as np
import pytest

import reference_engine as engine


@pytest.mark.parametrize(
    "indices", [[0, 2, 0, -1], np.array([0, 2, 0, -1]), engine.constant([0, 2, 0, -1])]
)
def test_repeated_indices_add_up(indices):
    x = engine.constant([1.0, 2.0, 3.0])
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = engine.take(x, indices)
    assert y.numpy().tolist() == [1, 3, 1, 3]
    assert tape.gradient(y, x).numpy().tolist() == [2, 0, 2]


def test_overlapping_slices_add_up():
    x = engine.constant([1.0, 2.0, 3.0])
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = engine.sum(x[1:] * x[:-1])
    assert tape.gradient(y, x).numpy().tolist() == [2, 4, 2]


@pytest.mark.parametrize(
    "key",
    [[0, 0], np.array([[1], [-1]]), (slice(None), [1, 0, 1]), ([0, 1, 0], [1, 1, 1]),
     np.array([True, False]), np.array([[True, False], [True, True]]),
     (np.array([True, False]), 1)],
)  # fmt: skip
def test_an_element_that_is_taken_twice_gets_both_cotangents(key):
    x = engine.constant([[1.0, 2.0], [3.0, 4.0]])
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = x[key] ** 2
    times = np.zeros((2, 2))
    np.add.at(times, key, 1)
    assert y.tolist() == (x.numpy()[key] ** 2).tolist()
    assert tape.gradient(y, x).tolist() == (2 * times * x.numpy()).tolist()


@pytest.mark.parametrize("key", [True, 1.0, (0, "a"), np.array([0.5])])
def test_kinds_of_index_that_are_refused(key):
    with pytest.raises(
        engine.IndexingError, match=r"x\[...\]: got .* wanted ints, slices.*engine.where"
    ):
        engine.ones((2, 2))[key]


def test_refusals():
    x = engine.ones((2, 2))
    with pytest.raises(
        IndexError, match=r"getitem: got float64 Tensor of shape \(2, 2\), key=5: .*out of bounds"
    ):
        x[5]
    with pytest.raises(IndexError, match=r"take: .*out of bounds"):
        engine.take(x, [7], axis=0)
    with pytest.raises(engine.OperandError, match="got axis=None with a float64 Tensor"):
        engine.take(x, [0])
    with pytest.raises(engine.OperandError, match="got indices of dtype float64, wanted integers"):
        engine.take(x, [0.5], axis=0)
