"""where and clip: the branch not taken, and the bounds."""

import numpy as np
import pytest

import reference_engine as engine


def test_the_branch_not_taken_does_not_spoil_the_gradient_of_the_other():
    x, w = engine.constant([1.0, 2.0]), engine.constant([np.inf, np.nan])
    with engine.GradientTape() as tape:
        tape.watch([x, w])
        y = engine.where([True, True], x, w)
    assert [g.numpy().tolist() for g in tape.gradient(y, [x, w])] == [[1, 1], [0, 0]]


def test_a_condition_is_bool():
    with pytest.raises(
        engine.DtypeError,
        match="a condition of dtype float64, wanted bool: compare it, as in x > 0",
    ):
        engine.where(engine.ones(2), 1.0, 2.0)


def test_the_bounds_belong_to_the_interval():
    x = engine.constant([-1.5, -1.0, 0.0, 1.0, 1.5], "float32")
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = engine.clip(x, -1, 1)
    assert y.numpy().tolist() == [-1, -1, 0, 1, 1]
    assert tape.gradient(y, x).numpy().tolist() == [0, 1, 1, 1, 0]


def test_bounds_are_python_numbers():
    with pytest.raises(
        engine.OperandError, match=r"clip: .*Python numbers or None as bounds: use engine.maximum"
    ):
        engine.clip(engine.ones(2), engine.ones(2), 3)
    with pytest.raises(engine.OperandError, match=r"whole numbers as bounds of integers"):
        engine.clip(engine.constant([1, 2]), 0.5)
    assert engine.clip(engine.constant([1, 5]), max=3).numpy().tolist() == [1, 3]
