"""Normalisations, distances, linear layers and attention against the certified oracle."""

import math

import numpy as np
import pytest
from certified import check, check_complex
from halves import check_half

import reference_engine as engine
from reference_engine import operators
from reference_engine.errors import OperandError, OptionError, ShapeError
from reference_engine.rules import normalization

X = [[0.3, -1.2, 2.1], [-0.4, 0.9, 1.7]]
W = [[0.8, -0.5, 0.2], [1.3, -0.6, 1.1]]
V = [0.5, 2.0, -0.7]
M = np.arange(6) % 2 == 0
IMAGES = np.random.default_rng(0).normal(size=(2, 4, 3)).round(3)


def standard(xp, x, axis=-1, epsilon=0.0):
    distance = x - xp.mean(x, axis=axis, keepdims=True)
    return distance / xp.sqrt(xp.mean(distance * distance, axis=axis, keepdims=True) + epsilon)


def length(xp, x, p=2):
    if p == 2:
        return xp.sqrt(xp.sum(x * x, axis=-1, keepdims=True))
    return xp.sum(xp.abs(x) ** p, axis=-1, keepdims=True) ** (1 / p)


def column(xp, w):
    return xp.reshape(w, (-1, 1))


def difference(xp, x, w):
    return xp.expand_dims(x, 1) - xp.expand_dims(w, 0)


def attention(xp, q, k, v, masked=0.0):
    return xp.softmax(q @ xp.matrix_transpose(k) / math.sqrt(3) + masked) @ v


CAUSAL = np.array([[0.0, -1e4], [0.0, 0.0]])  # exp(-1e4) is 0 in every dtype

LINES = {
    "standardize": (engine.standardize, standard, X),
    "standardize over all": (lambda x: engine.standardize(x, None, 0.25),
                             lambda xp, x: standard(xp, x, (0, 1), 0.25), X),
    "standardize far from 0": (engine.standardize, standard, np.add(X, 1024.0)),
    "layer_norm": (lambda x, w, b: engine.layer_norm(x, weight=w, bias=b),
                   lambda xp, x, w, b: standard(xp, x, -1, 1e-5) * w + b, X, V, W[0]),
    "layer_norm of the front": (
        lambda x, w: engine.layer_norm(x, 0, w, epsilon=0.5),
        lambda xp, x, w: standard(xp, x, 0, 0.5) * column(xp, w), X, V[:2]),
    "layer_norm of two axes": (
        lambda x, b: engine.layer_norm(x, (-2, -1), bias=b),
        lambda xp, x, b: standard(xp, x, (0, 1), 1e-5) + b, X, W),
    "rms_norm": (lambda x, w: engine.rms_norm(x, weight=w, epsilon=0.125), lambda xp, x, w:
                 w * x / xp.sqrt(xp.mean(x * x, axis=-1, keepdims=True) + 0.125), X, V),
    "group_norm": (
        lambda x, w: engine.group_norm(x, 2, w), lambda xp, x, w: xp.reshape(
            standard(xp, xp.reshape(x, (2, 2, 6)), -1, 1e-5), (2, 4, 3)) * column(xp, w),
        IMAGES, [1.0, -0.5, 2.0, 0.25]),
    "instance_norm": (
        lambda x, b: engine.instance_norm(x, bias=b),
        lambda xp, x, b: standard(xp, x, -1, 1e-5) + column(xp, b),
        IMAGES[:1], [1.0, -0.5, 2.0, 0.25]),
    "batch_norm": (
        engine.batch_norm, lambda xp, x, m, v: (x - m) / xp.sqrt(v + 1e-5),
        X, V, [0.3, 1.5, 0.7]),
    "batch_norm of channels first": (
        lambda x, m, v, w, b: engine.batch_norm(x, m, v, w, b, epsilon=0.25, axis=0),
        lambda xp, x, m, v, w, b: column(xp, w) * (x - column(xp, m)) / xp.sqrt(
            column(xp, v) + 0.25) + column(xp, b), X, V[:2], [0.3, 1.5], [1.5, -1.0], [0.1, 0.2]),
    "batch_norm in training": (
        lambda x, w: engine.batch_norm(x, weight=w, training=True),
        lambda xp, x, w: standard(xp, x, 0, 1e-5) * w, [*X, *W], V),
    "local_response_norm": (
        lambda x: engine.local_response_norm(x, 3, 0.5, 0.75, 2.0),
        lambda xp, x: x * (2.0 + 0.5 / 3 * xp.stack([
            xp.sum(x[:, max(i - 1, 0) : i + 2] ** 2, axis=1) for i in range(4)], axis=1)) ** -0.75,
        IMAGES[:1]),
    "local_response_norm of even size": (
        lambda x: engine.local_response_norm(x, 2, 0.5, 0.75, 2.0),
        lambda xp, x: x * (2.0 + 0.25 * xp.stack([
            xp.sum(x[:, max(i - 1, 0) : i + 1] ** 2, axis=1) for i in range(3)], axis=1)) ** -0.75,
        X),
    "neighbour_sum": (lambda x: normalization.neighbour_sum(x, 0, 1, 9), lambda xp, x: xp.stack(
        [xp.sum(x[max(i - 1, 0) :]) for i in range(5)]), [1.0, -0.5, 0.25, 3.0, 2.0]),
    "normalize": (engine.normalize, lambda xp, x: x / length(xp, x), X),
    "normalize by 1": (lambda x: engine.normalize(x, 1, 0), lambda xp, x: x / xp.sum(
        xp.abs(x), axis=0, keepdims=True), X),
    "normalize by the greatest": (
        lambda x: engine.normalize(x, math.inf),
        lambda xp, x: x / xp.max(xp.abs(x), axis=-1, keepdims=True), X),
    "normalize by 3": (lambda x: engine.normalize(x, 3.0),
                       lambda xp, x: x / length(xp, x, 3.0), X),
    "normalize short ones": (
        lambda x: engine.normalize(x, epsilon=2.0),
        lambda xp, x: x / xp.where(length(xp, x) < 2.0, 2.0, length(xp, x)), X),
    "cosine_similarity": (engine.cosine_similarity, lambda xp, x, w: xp.sum(x * w, axis=-1) / (
        length(xp, x) * length(xp, w))[:, 0], X, W),
    "cosine_similarity broadcast": (
        engine.cosine_similarity, lambda xp, x, w: xp.sum(x * w, axis=-1) / (
            length(xp, x) * length(xp, w))[:, 0], X, V),
    "pairwise_distance": (engine.pairwise_distance, lambda xp, x, w: length(
        xp, x - w + 1e-6)[:, 0], X, W),
    "pairwise_distance of p": (
        lambda x, w: engine.pairwise_distance(x, w, 1.5, 0, keepdims=True),
        lambda xp, x, w: length(xp, x - w, 1.5), X, V),
    "cdist": (engine.cdist,
              lambda xp, x, w: length(xp, difference(xp, x, w))[..., 0], X, [*W, V]),
    "cdist by 1": (lambda x, w: engine.cdist(x, w, 1), lambda xp, x, w: xp.sum(
        xp.abs(difference(xp, x, w)), axis=-1), X, W),
    "linear": (engine.linear, lambda xp, x, w, b: x @ xp.matrix_transpose(w) + b, X, [*W, V], V),
    "linear of a vector": (engine.linear, lambda xp, x, w: w @ x, V, W),
    "linear of a batch": (engine.linear, lambda xp, x, w: x @ xp.matrix_transpose(w), [X, W], W),
    "bilinear": (engine.bilinear, lambda xp, x, w, weight, b: xp.stack(
        [xp.sum(x @ weight[m] * w, axis=-1) for m in range(2)], axis=-1) + b,
        X, [[0.5, 2.0], [1.0, -1.0]], np.arange(12).reshape(2, 3, 2) % 5 - 1.5, [0.5, 1.5]),
    "dropout": (lambda x: engine.dropout(x, M.reshape(2, 3), 0.25),
                lambda xp, x: x * xp.asarray(M.reshape(2, 3) / 0.75), X),
    "attention": (engine.scaled_dot_product_attention, attention, X, W, [[0.5, 1.5], [-1.0, 2.0]]),
    "attention, causal": (
        lambda q, k, v: engine.scaled_dot_product_attention(q, k, v, is_causal=True),
        lambda xp, q, k, v: attention(xp, q, k, v, xp.asarray(CAUSAL)), X, W, X),
    "attention, masked": (
        lambda q, k, v: engine.scaled_dot_product_attention(q, k, v, CAUSAL == 0),
        lambda xp, q, k, v: attention(xp, q, k, v, xp.asarray(CAUSAL)), X, W, X),
    "attention, biased": (engine.scaled_dot_product_attention, attention,
                          X, W, X, [[0.5, -0.25], [1.0, 2.0]]),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", LINES)
def test_normalizations(name, dtype):
    function, formula, *inputs = LINES[name]
    if name == "standardize far from 0" and dtype == "float32":
        pytest.skip("the plain formula loses all digits there")
    # In float32 the small elements of attention's gradients are rounding alone.
    normwise = dtype == "float32" and name.startswith("attention")
    order = 3 if dtype == "float64" else 2
    check(function, formula, *inputs, dtype=dtype, name=name, order=order, normwise=normwise)


@pytest.mark.parametrize("dtype", ["float16"])
@pytest.mark.parametrize("name", sorted(LINES.keys() - {"standardize far from 0"}))
def test_half_precision(name, dtype):
    function, _formula, *inputs = LINES[name]
    check_half(function, inputs, dtype)


def test_linear_layers_of_complex_numbers():
    x, w = np.array(X) + 1j * np.array(W), np.array([V]) - 0.5j

    def product(xp, x, w):
        real, imaginary = (xp.matrix_transpose(part) for part in w)
        return x[0] @ real - x[1] @ imaginary, x[0] @ imaginary + x[1] @ real

    check_complex(engine.linear, product, x, w)
    mask = M.reshape(2, 3)
    check_complex(lambda x: engine.dropout(x, mask, 0.5),
                  lambda xp, x: tuple(part * xp.asarray(2.0 * mask) for part in x), x)  # fmt: skip


def gradients(function, *inputs, dtype="float64", seed=None):
    """Value, gradients and second derivatives of the first gradient, seeded unevenly."""
    tensors = [engine.constant(x, dtype) for x in inputs]
    with engine.GradientTape() as outer:
        outer.watch(tensors)
        with engine.GradientTape() as inner:
            inner.watch(tensors)
            y = function(*tensors)
            seed = np.arange(1.0, 1.0 + y.numpy().size).reshape(y.shape)
            seeded = y * engine.constant(seed, dtype)
        first = inner.gradient(seeded, tensors)
    second = outer.gradient(first[0], tensors, unconnected_gradients="zero")
    return y.numpy(), first[0].numpy(), second[0].numpy()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("centered", [True, False])
def test_squares_that_overflow_or_vanish(centered, dtype):
    """Standardising does not see a power of two in x; its derivative is divided by it."""
    x = np.array([[0.25, -1.5, 3.0]])
    for size in (2.0**100, 2.0**-100) if dtype == "float32" else (2.0**1000, 2.0**-900):
        def function(x):
            return normalization.standardized(x, (1,), 0.0, centered)

        y, dx, _ = gradients(function, x, dtype=dtype)
        scaled, dx_scaled, _ = gradients(function, x * size, dtype=dtype)
        np.testing.assert_array_equal(scaled, y)
        np.testing.assert_allclose(dx_scaled, dx / size, rtol=1e-5)


@pytest.mark.parametrize("rows", [[[2.0, 2.0, 2.0]], [[0.1, 0.1, 0.1]], [[5.0]], [[0.0]]])
def test_equal_elements(rows):
    y, dx, ddx = gradients(engine.standardize, rows)
    np.testing.assert_array_equal([y, dx, ddx], 0)
    y, dx, ddx = gradients(lambda x: engine.layer_norm(x, epsilon=0.25), rows)
    np.testing.assert_array_equal(y, 0)
    seed = np.arange(1.0, 1 + len(rows[0]))
    np.testing.assert_allclose(dx[0], (seed - seed.mean()) / 0.5, rtol=1e-15)
    np.testing.assert_allclose(ddx, 0)


def test_a_vector_of_zeros():
    zeros = [0.0, 0.0]
    y, dx, ddx = gradients(lambda x: engine.rms_norm(x, epsilon=0.0), zeros)
    np.testing.assert_array_equal([y, dx, ddx], 0)
    y, dx, ddx = gradients(engine.normalize, zeros)
    np.testing.assert_allclose([y, dx, ddx], [zeros, [1e12, 2e12], zeros], rtol=1e-15)
    for p in (1, 1.5, 2, 3.0, math.inf):
        at_zero = gradients(lambda x, p=p: engine.normalize(x, p, epsilon=0), zeros)
        np.testing.assert_array_equal(at_zero, 0)
        same = gradients(lambda x, p=p: engine.cdist(x, np.zeros((1, 2)), p), [zeros])
        assert all((part == 0).all() for part in same)
    y, dx, ddx = gradients(lambda x: engine.cosine_similarity(x, np.ones(2)), zeros)
    assert (y, *ddx) == (0, 0, 0)
    np.testing.assert_allclose(dx, 1e8 / math.sqrt(2), rtol=1e-15)


def test_a_query_that_looks_at_nothing_gets_nothing():
    mask = np.array([[False, False], [True, False]])
    y, dq, ddq = gradients(
        lambda q: engine.scaled_dot_product_attention(q, np.array(W), np.array(X), mask), X
    )
    np.testing.assert_array_equal(y, [[0, 0, 0], X[0]])
    np.testing.assert_array_equal([dq, ddq], 0)
    bias = np.where(mask, 0.0, -math.inf)
    added, *_ = gradients(
        lambda q: engine.scaled_dot_product_attention(q, np.array(W), np.array(X), bias), X
    )
    np.testing.assert_array_equal(added, y)


@pytest.mark.parametrize(("name", "ours", "options"), [
    ("layer_norm", lambda x: engine.layer_norm(x, (1, 2)), {"normalized_shape": (4, 3)}),
    ("rms_norm", engine.rms_norm, {"normalized_shape": (3,)}),
    ("group_norm", lambda x: engine.group_norm(x, 2), {"num_groups": 2}),
    ("instance_norm", engine.instance_norm, {}),
    ("local_response_norm", lambda x: engine.local_response_norm(x, 3), {"size": 3}),
    ("normalize", lambda x: engine.normalize(x, axis=1), {}),
])  # fmt: skip
def test_values_are_those_of_pytorch(name, ours, options):
    torch = pytest.importorskip("torch")
    theirs = getattr(torch.nn.functional, name)(torch.tensor(IMAGES), **options)
    np.testing.assert_allclose(ours(IMAGES).numpy(), theirs.numpy(), rtol=1e-12, atol=1e-15)


def test_distances_are_those_of_pytorch():
    torch = pytest.importorskip("torch")
    x, w = torch.tensor(IMAGES), torch.tensor(IMAGES[::-1, 1:].copy())
    for p in (1.0, 2.0, 3.5, math.inf):
        ours = engine.cdist(x.numpy(), w.numpy(), p)
        np.testing.assert_allclose(ours.numpy(), torch.cdist(x, w, p), rtol=1e-12)
    ours = engine.pairwise_distance(IMAGES, IMAGES[0])
    theirs = torch.nn.functional.pairwise_distance(x, x[0])
    np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-12)


def test_attention_is_that_of_pytorch():
    torch = pytest.importorskip("torch")
    x = torch.tensor(IMAGES)
    theirs = torch.nn.functional.scaled_dot_product_attention(x, 2 * x, x, is_causal=True)
    ours = engine.scaled_dot_product_attention(IMAGES, 2 * IMAGES, IMAGES, is_causal=True)
    np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-12, atol=1e-15)


def test_empty():
    empty = engine.zeros((0, 3), "float64")
    assert engine.layer_norm(empty).shape == (0, 3)
    assert engine.layer_norm(engine.zeros((2, 0), "float64")).shape == (2, 0)
    assert engine.normalize(empty).shape == (0, 3)
    assert engine.cdist(empty, empty).shape == (0, 0)
    assert engine.linear(empty, np.ones((2, 3))).shape == (0, 2)


def test_complaints():
    with pytest.raises(ShapeError, match=r"layer_norm: got .* axis=2"):
        engine.layer_norm(X, 2)
    with pytest.raises(ShapeError, match=r"wanted the shape of its axes \(1,\)"):
        engine.layer_norm(X, -1, V[:2])
    with pytest.raises(ShapeError, match="group_norm"):
        engine.group_norm(IMAGES, 3)
    with pytest.raises(ShapeError, match="instance_norm"):
        engine.instance_norm(X)
    with pytest.raises(OperandError, match="batch_norm"):
        engine.batch_norm(X)
    with pytest.raises(ShapeError, match="local_response_norm"):
        engine.local_response_norm(X, 0)
    with pytest.raises(OptionError, match="normalize"):
        engine.normalize(X, 0)
    with pytest.raises(ShapeError, match="cdist"):
        engine.cdist(X, V)
    with pytest.raises(ShapeError, match="cosine_similarity"):
        engine.cosine_similarity(X, [1.0, 2.0])
    with pytest.raises(ShapeError, match="linear"):
        engine.linear(X, [[1.0, 2.0]])
    with pytest.raises(ShapeError, match="bias"):
        engine.linear(X, W, [1.0, 2.0, 3.0])
    with pytest.raises(ShapeError, match="bilinear"):
        engine.bilinear(X, W, W)
    with pytest.raises(OptionError, match="rate"):
        engine.dropout(X, True, 1.0)
    with pytest.raises(ShapeError, match="dropout"):
        engine.dropout(V, np.ones((2, 3), bool), 0.5)
    with pytest.raises(OptionError, match="is_causal"):
        engine.scaled_dot_product_attention(X, X, X, np.ones((2, 2)), is_causal=True)
    with pytest.raises(ShapeError, match="attention"):
        engine.scaled_dot_product_attention(X, [[1.0, 2.0]], X)


def test_a_deviation_taken_for_a_constant_is_noticed(monkeypatch):
    right = operators.RULES["inverse_deviation"][0]
    monkeypatch.setitem(operators.RULES, "inverse_deviation", (
        lambda dy, y, x, axis, epsilon, centered: 0 * right(dy, y, x, axis, epsilon, centered),))
    with pytest.raises(AssertionError, match="second 0"):
        test_normalizations("standardize", "float64")
