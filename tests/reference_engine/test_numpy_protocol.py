"""NumPy's functions on Tensors are recorded, or refused."""

import numpy as np
import pytest

import reference_engine as engine

MATRIX = np.array([[0.5, 1.5, -0.7], [0.2, 2.0, 0.9]])


@pytest.mark.parametrize(
    "function",
    [
        lambda x: np.sum(np.sin(x)),
        lambda x: np.sum(np.exp(x) * np.tanh(x), axis=0),
        lambda x: np.add(np.arctan2(x, 2.0), np.power(2.0, x)),
        lambda x: np.mean(np.abs(x), axis=-1, keepdims=True),
        lambda x: np.concatenate([x, np.transpose(np.reshape(x, (3, 2)))]),
        lambda x: np.stack([x, np.flip(x, axis=1)]),
        lambda x: np.where(x > 0.5, x, np.square(x)),
        lambda x: np.matmul(x, np.swapaxes(x, 0, 1)),
        lambda x: np.maximum(x, 0.3) + np.clip(x, -0.5, 1.0),
        lambda x: np.cumsum(x, axis=1) + np.var(x, ddof=1),
        lambda x: np.add.reduce(x) + np.maximum.reduce(x, axis=0),
        lambda x: np.expand_dims(np.squeeze(x[:1], axis=0), 1),
        lambda x: np.einsum("ij,kj->ik", x, x),
        lambda x: np.sum(x, 1, None, None, True) + np.mean(x, 0, None),
        lambda x: np.diff(x, 1, 0) + np.cumsum(x)[:3] + np.take(x, [0, 5, 1]),
        lambda x: np.linalg.svd(x, full_matrices=False)[1] + np.squeeze(x[:, :1])[:1],
        lambda x: np.round(x) * x + np.radians(x) + np.std(x, 1, None, None, 1, keepdims=True),
        lambda x: np.transpose(x) @ x + np.linalg.norm(x) + np.fft.fft(x)[0].real,
        lambda x: np.float64(2.0) * x + np.ones(3) - np.array([[1.0], [2.0]]) / x,
    ],
)
def test_numpys_functions_give_numpys_values_and_a_gradient(function):
    x = engine.constant(MATRIX)
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    assert isinstance(y, engine.Tensor)
    np.testing.assert_allclose(y.numpy(), function(MATRIX), rtol=1e-14)
    gradient = tape.gradient(y, x)
    assert gradient is not None
    assert gradient.shape == x.shape


def test_questions_are_answered_with_values():
    x = engine.constant(MATRIX)
    assert np.argmax(x) == 4
    assert np.shape(x) == (2, 3)
    assert np.allclose(x, MATRIX)
    assert np.array_equal(x, MATRIX)


def test_a_variable_is_read():
    v = engine.Variable([1.0, 2.0])
    with engine.GradientTape() as tape:
        y = np.sum(np.square(v))
    assert tape.gradient(y, v).tolist() == [2.0, 4.0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (np.spacing, "np.spacing of a Tensor"),
        (lambda x: np.add(x, x, out=np.ones((2, 3))), "np.add with out of a Tensor"),
        (np.add.accumulate, "np.add.accumulate of a Tensor"),
        (lambda x: np.round(x, 2), "np.round with decimals of a Tensor"),
        (lambda x: np.linspace(x, x, 3), "np.linspace of a Tensor"),
        (lambda x: np.add.reduce(x, where=MATRIX > 0), "np.add.reduce with where of a Tensor"),
        (lambda x: np.take(x, [0], mode="wrap"), r"np.take with these arguments .* of a Tensor"),
        (lambda x: np.apply_along_axis(np.sum, 0, x), "np.apply_along_axis of a Tensor"),
    ],
)
def test_what_the_engine_lacks_is_refused_rather_than_lose_the_gradient(call, message):
    with pytest.raises(TypeError, match=f"{message}: .* the gradient would be lost"):
        call(engine.constant(MATRIX))


def test_what_would_not_do_what_numpy_does_is_refused():
    x = engine.constant(MATRIX)
    with pytest.raises(engine.OperandError, match=r"np.put_along_axis: a Tensor does not change"):
        np.put_along_axis(x, np.zeros((2, 3), int), 1.0, 1)
    with pytest.raises(engine.OptionError, match="NumPy's default, wanted False"):
        np.linalg.svd(x)
    with pytest.raises(engine.OptionError, match="NumPy gives something else here"):
        np.linalg.svd(x, full_matrices=False, compute_uv=False)


def test_the_array_api_namespace_and_dlpack():
    x = engine.constant(MATRIX)
    assert x.__array_namespace__() is engine
    copy = np.from_dlpack(x)
    assert copy.tolist() == MATRIX.tolist()
    assert engine.from_dlpack(MATRIX).tolist() == MATRIX.tolist()
    assert (x.device, x.T.shape, x.mT.shape, x[0, 0].item()) == ("cpu", (3, 2), (3, 2), 0.5)
    with pytest.raises(engine.ShapeError, match=r"T: got a float64 Tensor .* use permute_dims"):
        _ = x[0].T
