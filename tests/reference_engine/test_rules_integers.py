"""Bits, distinct elements, and questions about dtypes."""

import numpy as np
import pytest

import reference_engine as engine

X, W = engine.constant([12, 10, -3]), engine.constant([10, 3, 2])


@pytest.mark.parametrize(
    ("got", "wanted"),
    [
        (X & W, [8, 2, 0]),
        (X | W, [14, 11, -1]),
        (X ^ W, [6, 9, -1]),
        (~X, [-13, -11, 2]),
        (X << 1, [24, 20, -6]),
        (X >> 1, [6, 5, -2]),
        (X // W, [1, 3, -2]),
        (X % W, [2, 1, 1]),
        (7 // W, [0, 2, 3]),
        ((X > 0) & (W > 2), [True, True, False]),
        (~(X > 0), [False, False, True]),
    ],
)
def test_pythons_operators_on_integers(got, wanted):
    assert got.tolist() == wanted


def test_floats_have_no_bits():
    with pytest.raises(engine.OperandError, match="bitwise_and: got float64 Tensor"):
        engine.constant(1.0) & engine.constant(2.0)


def test_remainders_of_floats_have_gradients():
    x, w = engine.constant(7.5), engine.constant(2.0)
    with engine.GradientTape() as tape:
        tape.watch([x, w])
        y = x % w
    assert [float(g) for g in tape.gradient(y, [x, w])] == [1.0, -3.0]


def test_distinct_elements():
    x = engine.constant([[3.0, 1.0], [3.0, 2.0]])
    everything = engine.unique_all(x)
    assert everything.values.tolist() == [1, 2, 3]
    assert everything.indices.tolist() == [1, 3, 0]
    assert everything.inverse_indices.tolist() == [[2, 0], [2, 1]]
    assert engine.unique_counts(x).counts.tolist() == [1, 1, 2]
    assert engine.unique_inverse(x).inverse_indices.shape == (2, 2)


def test_membership_and_the_one_device():
    assert engine.isin(X, [10, -3]).tolist() == [False, True, True]
    assert engine.isin(X, [10, -3], invert=True).tolist() == [True, False, False]
    assert X.to_device(X.device) is X
    with pytest.raises(engine.OptionError, match=r"to_device: got 'cuda', wanted"):
        X.to_device("cuda")


def test_questions_about_dtypes():
    assert engine.isdtype(X.dtype, "integral")
    assert engine.isdtype(np.float32, ("complex floating", engine.float32))
    assert not engine.isdtype(bool, "numeric")
    assert engine.result_type(engine.float32, engine.ones(1)) == "float64"
    assert engine.can_cast(engine.float32, engine.float64)
    with pytest.raises(engine.DtypeError, match="result_type: got dtypes int64 and float32"):
        engine.result_type(X, engine.float32)
