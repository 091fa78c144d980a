"""Losses against the certified oracle, their special points, and PyTorch's values."""

import math

import numpy as np
import pytest
from certified import check
from halves import check_half

import reference_engine as engine
from reference_engine import operators
from reference_engine.errors import IndexingError, OperandError, OptionError, ShapeError
from reference_engine.rules import losses

X = [[0.3, -1.2, 2.1], [-0.4, 0.9, 1.7]]
W = [[0.8, -0.5, 0.2], [1.3, -0.6, 1.1]]
P = [[0.3, 0.02, 0.9], [0.5, 0.7, 0.99]]
T = [[0.25, 0.5, 0.875], [0.0, 1.0, 0.75]]
SIGNS = [[1.0, -1.0, -1.0], [-1.0, 1.0, 1.0]]
LABELS = np.array([2, 0])
HOT = [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
F, G = np.array([X, W]), np.array([W, X])


def cosine(xp, x, w):
    def length(v):
        return xp.sqrt(xp.sum(v * v, axis=-1))

    return xp.sum(x * w, axis=-1) / (length(x) * length(w))


def distance(xp, x, w):
    return xp.sqrt(xp.sum(xp.square(x - w + 1e-6), axis=-1))


def picked(xp, x):
    return xp.stack([x[0, 2], x[1, 0]])


# name: the loss, the formula, the inputs
LINES = {
    "mse_loss": (engine.mse_loss, lambda xp, x, w: xp.mean(xp.square(x - w)), X, W),
    "mse_loss broadcast": (lambda x, w: engine.mse_loss(x, w, "sum"),
                           lambda xp, x, w: xp.sum(xp.square(x - w)), X, W[1]),
    "l1_loss": (engine.l1_loss, lambda xp, x, w: xp.mean(xp.abs(x - w)), X, W),
    "huber_loss": (lambda x, w: engine.huber_loss(x, w, 0.75, "none"), lambda xp, x, w: xp.where(
        xp.abs(x - w) < 0.75, xp.square(x - w) / 2, 0.75 * (xp.abs(x - w) - 0.375)), X, W),
    "smooth_l1_loss": (lambda x, w: engine.smooth_l1_loss(x, w, 0.75), lambda xp, x, w: xp.mean(
        xp.where(xp.abs(x - w) < 0.75, xp.square(x - w) / 1.5, xp.abs(x - w) - 0.375)), X, W),
    "smooth_l1_loss of beta 0": (lambda x, w: engine.smooth_l1_loss(x, w, 0),
                                 lambda xp, x, w: xp.mean(xp.abs(x - w)), X, W),
    "log_cosh_loss": (lambda x, w: engine.log_cosh_loss(x, w, "sum"),
                      lambda xp, x, w: xp.sum(xp.log(xp.cosh(x - w))), X, W),
    "binary_cross_entropy": (
        engine.binary_cross_entropy, lambda xp, p, t: -xp.mean(
            t * xp.log(p) + (1.0 - t) * xp.log1p(-p)), P, T),
    "binary_cross_entropy_with_logits": (
        engine.binary_cross_entropy_with_logits, lambda xp, x, t: xp.mean(
            t * xp.softplus(-x) + (1.0 - t) * xp.softplus(x)), X, T),
    "binary_cross_entropy_with_logits and weight": (
        lambda x, t: engine.binary_cross_entropy_with_logits(
            x, t, np.array([1.5, 0.25, 2.0]), "none"),
        lambda xp, x, t: xp.asarray([1.5, 0.25, 2.0]) * t * xp.softplus(-x)
        + (1.0 - t) * xp.softplus(x), X, T),
    "binary_cross_entropy broadcast": (
        lambda p, t: engine.binary_cross_entropy(p, t, "none"), lambda xp, p, t: -(
            t * xp.log(p) + (1.0 - t) * xp.log1p(-p)), [[0.3], [0.75]], T[0]),
    "binary_cross_entropy_with_logits broadcast": (
        lambda x, t: engine.binary_cross_entropy_with_logits(x, t, reduction="sum"),
        lambda xp, x, t: xp.sum(t * xp.softplus(-x) + (1.0 - t) * xp.softplus(x)), -0.75, T),
    "kl_div broadcast": (
        lambda x, t: engine.kl_div(x, t, reduction="none"),
        lambda xp, x, t: t * (xp.log(t) - x), X[0], [[0.5], [0.25]]),
    "poisson_nll_loss of numbers": (
        engine.poisson_nll_loss, lambda xp, x, t: xp.exp(x) - t * x, 0.5, 2.0),
    "sigmoid_focal_loss": (
        engine.sigmoid_focal_loss, lambda xp, x, t: xp.mean(
            (0.25 * t + 0.75 * (1.0 - t)) * (t * xp.softplus(-x) + (1.0 - t) * xp.softplus(x))
            * xp.square(t * xp.sigmoid(-x) + (1.0 - t) * xp.sigmoid(x))), X, T),
    "softmax_cross_entropy": (
        engine.softmax_cross_entropy,
        lambda xp, x, t: -xp.mean(xp.sum(t * xp.log_softmax(x), axis=-1)), X, T),
    "softmax_cross_entropy of axis 0": (
        lambda x, t: engine.softmax_cross_entropy(x, t, 0, "none"),
        lambda xp, x, t: -xp.sum(t * xp.log_softmax(x, axis=0), axis=0), X, T),
    "sparse_softmax_cross_entropy": (
        lambda x: engine.sparse_softmax_cross_entropy(x, LABELS),
        lambda xp, x: -xp.mean(picked(xp, xp.log_softmax(x))), X),
    "sparse_softmax_cross_entropy of axis 0": (
        lambda x: engine.sparse_softmax_cross_entropy(x, [1, 0, 0], 0, "sum"),
        lambda xp, x: xp.logsumexp(x[:, 0]) - x[1, 0] + xp.logsumexp(x[:, 1]) - x[0, 1]
        + xp.logsumexp(x[:, 2]) - x[0, 2], X),
    "nll_loss": (lambda x: engine.nll_loss(x, LABELS),
                 lambda xp, x: -xp.mean(picked(xp, x)), X),
    "nll_loss weighted": (
        lambda x: engine.nll_loss(x, LABELS, np.array([0.5, 7.0, 2.0])),
        lambda xp, x: -(2.0 * x[0, 2] + 0.5 * x[1, 0]) / 2.5, X),
    "nll_loss ignoring": (lambda x: engine.nll_loss(x, [-100, 1]),
                          lambda xp, x: -x[1, 1], X),
    "nll_loss of pixels": (
        lambda x: engine.nll_loss(x, [[0, 1, 1], [1, 0, 1]], reduction="none"),
        lambda xp, x: -xp.stack([xp.stack([x[0, 0, 0], x[0, 1, 1], x[0, 1, 2]]),
                                 xp.stack([x[1, 1, 0], x[1, 0, 1], x[1, 1, 2]])]), F),
    "kl_div": (lambda x, t: engine.kl_div(x, t, reduction="batchmean"),
                    lambda xp, x, t: xp.sum(t * (xp.log(t) - x)) / 2, X, P),
    "kl_div of logarithms": (
        lambda x, t: engine.kl_div(x, t, log_target=True),
        lambda xp, x, t: xp.mean(xp.exp(t) * (t - x)), X, W),
    "poisson_nll_loss": (engine.poisson_nll_loss,
                         lambda xp, x, t: xp.mean(xp.exp(x) - t * x), X, W),
    "poisson_nll_loss full": (
        lambda x, t: engine.poisson_nll_loss(x, t, log_input=False, full=True, reduction="none"),
        lambda xp, x, t: x - t * xp.log(x + 1e-8) + xp.where(t > 1.0, xp.where(
            t > 1.0, t * xp.log(t) - t + 0.5 * xp.log(2 * math.pi * t), 0.0), 0.0), P,
        [[0.5, 2.0, 3.0], [1.5, 0.7, 0.9]]),
    "gaussian_nll_loss": (
        lambda x, t, v: engine.gaussian_nll_loss(x, t, v, full=True),
        lambda xp, x, t, v: xp.mean((xp.log(v) + xp.square(x - t) / v + math.log(2 * math.pi)) / 2),
        X, W, P),
    "soft_margin_loss": (lambda x: engine.soft_margin_loss(x, np.array(SIGNS, x.dtype)),
                         lambda xp, x: xp.mean(xp.softplus(-xp.asarray(SIGNS) * x)), X),
    "hinge_embedding_loss": (
        lambda x: engine.hinge_embedding_loss(x, SIGNS), lambda xp, x: xp.mean(xp.where(
            xp.asarray(SIGNS) > 0, x, xp.relu(1.0 - x))), X),
    "margin_ranking_loss": (
        lambda x, w: engine.margin_ranking_loss(x, w, np.array(SIGNS, x.dtype), 0.5),
        lambda xp, x, w: xp.mean(xp.relu(0.5 - xp.asarray(SIGNS) * (x - w))), X, W),
    "multi_margin_loss": (
        lambda x: engine.multi_margin_loss(x, LABELS, reduction="none"),
        lambda xp, x: xp.stack([xp.relu(1.0 - x[0, 2] + x[0, 0]) + xp.relu(1.0 - x[0, 2] + x[0, 1]),
                                xp.relu(1.0 - x[1, 0] + x[1, 1]) + xp.relu(1.0 - x[1, 0] + x[1, 2])
                                ]) / 3, X),
    "multi_margin_loss squared": (
        lambda x: engine.multi_margin_loss(x[0], 0, p=2, weight=np.array([3.0, 1.0, 1.0])),
        lambda xp, x: xp.square(xp.relu(1.0 - x[0, 0] + x[0, 1]))
        + xp.square(xp.relu(1.0 - x[0, 0] + x[0, 2])), X),
    "multilabel_soft_margin_loss": (
        engine.multilabel_soft_margin_loss, lambda xp, x, t: xp.mean(
            t * xp.softplus(-x) + (1.0 - t) * xp.softplus(x)), X, T),
    "cosine_embedding_loss": (
        lambda x, w: engine.cosine_embedding_loss(x, w, [1, -1], 0.125, "none"),
        lambda xp, x, w: xp.stack([1.0 - cosine(xp, x, w)[0],
                                   xp.relu(cosine(xp, x, w)[1] - 0.125)]), X, W),
    "triplet_margin_loss": (
        engine.triplet_margin_loss, lambda xp, x, w, v: xp.mean(
            xp.relu(1.0 + distance(xp, x, w) - distance(xp, x, v))), X, W, P),
    "triplet_margin_loss swapped": (
        lambda x, w, v: engine.triplet_margin_loss(x, w, v, swap=True, reduction="sum"),
        lambda xp, x, w, v: xp.sum(xp.relu(1.0 + distance(xp, x, w) - xp.minimum(
            distance(xp, x, v), distance(xp, w, v)))), X, W, P),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", LINES)
def test_losses(name, dtype):
    function, formula, *inputs = LINES[name]
    order = 3 if dtype == "float64" else 2
    check(function, formula, *inputs, dtype=dtype, name=name, order=order)


@pytest.mark.parametrize("dtype", ["float16"])
@pytest.mark.parametrize("name", LINES)
def test_half_precision(name, dtype):
    function, _formula, *inputs = LINES[name]
    check_half(function, inputs, dtype)


def gradients(function, *inputs):
    tensors = [engine.constant(x, "float64") for x in inputs]
    with engine.GradientTape() as outer:
        outer.watch(tensors)
        with engine.GradientTape() as inner:
            inner.watch(tensors)
            y = function(*tensors)
        first = inner.gradient(y, tensors)
    second = outer.gradient(first, tensors, unconnected_gradients="zero")
    return [y.numpy(), *(g.numpy() for g in first), *(g.numpy() for g in second)]


def test_a_sure_prediction_keeps_its_digits():
    far = [800.0, 40.0, -40.0, -800.0]
    loss, dx, _dt, _dxx, _ = gradients(
        lambda x, t: engine.binary_cross_entropy_with_logits(x, t, reduction="none"),
        far, [1.0, 1.0, 0.0, 0.0],
    )  # fmt: skip
    small = [0.0, math.exp(-40), math.exp(-40), 0.0]
    np.testing.assert_allclose(loss, small, rtol=1e-15)
    np.testing.assert_allclose(dx, np.multiply(small, [-1, -1, 1, 1]), rtol=1e-15)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_a_sure_prediction_has_no_focal_loss(gamma):
    far, right = [1000.0, -1000.0], np.array([1.0, 0.0])
    parts = gradients(lambda x: engine.sigmoid_focal_loss(x, right, gamma=gamma), far)
    assert all((part == 0).all() for part in parts)


def test_infinite_logits_that_are_right_cost_nothing():
    infinite = [math.inf, -math.inf]
    loss, dx, *_ = gradients(
        lambda x: engine.binary_cross_entropy_with_logits(
            x, np.array([1.0, 0.0]), reduction="none"), infinite)  # fmt: skip
    assert (loss == 0).all()
    assert (dx == 0).all()
    loss, dx, ddx = gradients(
        lambda x: engine.softmax_cross_entropy(x, np.array([0.5, 0.5, 0.0])),
        [0.0, 0.0, -math.inf],
    )
    np.testing.assert_allclose(loss, math.log(2), rtol=1e-15)
    assert (dx == 0).all()
    assert np.isfinite(ddx).all()


def test_binary_cross_entropy_at_the_ends():
    p, t = [0.0, 0.0, 1.0, 1.0, 1e-30], [0.0, 1.0, 0.0, 1.0, 1.0]
    loss, dp, dt, *second = gradients(
        lambda p, t: engine.binary_cross_entropy(p, t, "none"), p, t
    )
    np.testing.assert_allclose(loss, [0, 100, 100, 0, 30 * math.log(10)], rtol=1e-14)
    np.testing.assert_allclose(dp, [1, 0, 0, -1, -1e30], rtol=1e-14)
    np.testing.assert_allclose(dt, [100, 100, -100, -100, 30 * math.log(10)], rtol=1e-14)
    assert np.isfinite(second).all()


@pytest.mark.filterwarnings("error")
def test_cross_entropy_of_logits_of_any_size():
    rows = [[0.5, -0.25, 1.0], [700.0, 690.0, -800.0], [-750.0, -745.0, -746.0]]
    true_loss = [math.log(sum(math.exp(x - row[1]) for x in row)) for row in rows]
    for every in (rows[:1], rows[1:], rows):  # without a shift, with one, and mixed
        loss, dx, _ = gradients(
            lambda x: engine.sparse_softmax_cross_entropy(x, [1] * len(x), -1, "none"), every
        )
        wanted = true_loss[: len(every)] if every[0] is rows[0] else true_loss[1:]
        np.testing.assert_allclose(loss, wanted, rtol=1e-14)
        shares = [[math.exp(x - row[1] - log) - (place == 1) for place, x in enumerate(row)]
                  for row, log in zip(every, wanted, strict=True)]  # fmt: skip
        np.testing.assert_allclose(dx, shares, rtol=1e-12, atol=1e-300)
    vanished = gradients(
        lambda x: engine.sparse_softmax_cross_entropy(x, [1]), [[0.0, -800.0, -math.inf]]
    )
    np.testing.assert_array_equal(vanished[0], 800)
    np.testing.assert_array_equal(vanished[1], [[1, -1, 0]])


def test_cross_entropy_of_half_precision_has_its_digits():
    for dtype in ("float16", "bfloat16"):
        x = engine.constant([[0.5, -3.0, 2.0]], dtype)
        loss, dx = engine.value_and_grad(
            lambda x: engine.sparse_softmax_cross_entropy(x, [2]))(x)  # fmt: skip
        share = np.exp([0.5, -3.0, 2.0]) / np.exp([0.5, -3.0, 2.0]).sum()
        assert loss.dtype == dx.dtype == x.dtype
        assert loss.numpy() == np.array(-np.log(share[2])).astype(x.dtype)
        eps = 2.0**-10 if dtype == "float16" else 2.0**-7
        np.testing.assert_allclose(dx.numpy().astype(float), [share - [0, 0, 1]], rtol=eps)


def test_a_target_of_probability_zero_costs_nothing():
    loss, dx, *_ = gradients(
        lambda x: engine.kl_div(x, np.array([0.0, 0.0, 0.5]), reduction="none"),
        [-math.inf, -1.0, -1.0],
    )
    np.testing.assert_allclose(loss, [0, 0, 0.5 * (math.log(0.5) + 1)], rtol=1e-15)
    np.testing.assert_allclose(dx, [0, 0, -0.5])


def test_kinks():
    at_delta = gradients(lambda x: losses.huber(x, 0.5), [-0.5, 0.0, 0.5])
    np.testing.assert_array_equal(at_delta, [[0.125, 0, 0.125], [-0.5, 0, 0.5], [1, 1, 1]])
    at_beta = gradients(lambda x: losses.smooth_l1(x, 0.5), [-0.5, 0.0, 0.5])
    np.testing.assert_array_equal(at_beta, [[0.25, 0, 0.25], [-1, 0, 1], [0, 2, 0]])
    at_zero = gradients(lambda x: engine.l1_loss(x, np.zeros(1), "none"), [0.0])
    np.testing.assert_array_equal(at_zero, [[0], [0], [0]])
    margin = gradients(lambda x: engine.hinge_embedding_loss(x, [-1.0], reduction="none"), [1.0])
    np.testing.assert_array_equal(margin, [[0], [-1], [0]])


TORCH = {
    "mse_loss": (engine.mse_loss, (X, W)),
    "l1_loss": (engine.l1_loss, (X, X)),
    "smooth_l1_loss": (engine.smooth_l1_loss, (X, W)),
    "huber_loss": (engine.huber_loss, ([0.0, 1.0], [1.0, 0.0])),
    "binary_cross_entropy": (engine.binary_cross_entropy, (P, T)),
    "binary_cross_entropy_with_logits": (
        engine.binary_cross_entropy_with_logits, (X, T)),
    "cross_entropy": (engine.softmax_cross_entropy, (X, T)),
    "nll_loss": (engine.nll_loss, (X, LABELS)),
    "kl_div": (engine.kl_div, (X, P)),
    "poisson_nll_loss": (engine.poisson_nll_loss, (X, W)),
    "gaussian_nll_loss": (engine.gaussian_nll_loss, (X, W, P)),
    "soft_margin_loss": (engine.soft_margin_loss, (X, SIGNS)),
    "hinge_embedding_loss": (engine.hinge_embedding_loss, ([1.0, 0.5], [-1.0, 1.0])),
    "margin_ranking_loss": (engine.margin_ranking_loss, (X, X, SIGNS)),
    "multi_margin_loss": (engine.multi_margin_loss, (X, LABELS)),
    "multilabel_soft_margin_loss": (engine.multilabel_soft_margin_loss, (X, HOT)),
    "cosine_embedding_loss": (engine.cosine_embedding_loss, (X, W, [1.0, -1.0])),
    "triplet_margin_loss": (engine.triplet_margin_loss, (X, W, P)),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:reduction.*:UserWarning")
@pytest.mark.parametrize("name", TORCH)
def test_values_and_slopes_are_those_of_pytorch(name):
    torch = pytest.importorskip("torch")
    function, (x, *others) = TORCH[name]
    others = [np.asarray(other) for other in others]
    source = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    theirs = getattr(torch.nn.functional, name)(source, *map(torch.tensor, others))
    theirs.backward()
    ours, dx, *_ = gradients(lambda x: function(x, *others), x)
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(dx, source.grad.numpy(), rtol=1e-11, atol=1e-15)


def test_empty():
    empty = engine.zeros((0, 3), "float64")
    assert engine.mse_loss(empty, empty, "sum").numpy() == 0
    assert engine.softmax_cross_entropy(empty, empty, reduction="none").shape == (0,)
    assert engine.nll_loss(empty, np.zeros(0, int), reduction="none").shape == (0,)


def test_nothing_but_ignored_targets():
    assert np.isnan(engine.nll_loss(X, [-100, -100]).numpy())
    assert engine.nll_loss(X, [-100, -100], reduction="sum").numpy() == 0


def test_complaints():
    with pytest.raises(OptionError, match="mse_loss: got reduction='avg', wanted"):
        engine.mse_loss(X, W, "avg")
    with pytest.raises(ShapeError, match="l1_loss"):
        engine.l1_loss(X, [1.0, 2.0])
    with pytest.raises(ShapeError, match="softmax_cross_entropy"):
        engine.softmax_cross_entropy(X, W[0])
    with pytest.raises(OperandError, match="wanted integers"):
        engine.sparse_softmax_cross_entropy(X, [0.0, 1.0])
    with pytest.raises(IndexingError, match="outside 0 to 2"):
        engine.sparse_softmax_cross_entropy(X, [0, 3])
    with pytest.raises(ShapeError, match="nll_loss"):
        engine.nll_loss(X, [0, 1, 2])
    with pytest.raises(OptionError, match="huber_loss"):
        engine.huber_loss(X, W, 0.0)
    with pytest.raises(OptionError, match="hinge_embedding_loss"):
        engine.hinge_embedding_loss(X, 0.5)
    with pytest.raises(OptionError, match="multi_margin_loss"):
        engine.multi_margin_loss(X, LABELS, p=3)


def test_a_wrong_rule_is_noticed(monkeypatch):
    right, other = operators.RULES["logistic_loss"]
    wrong = (lambda dy, y, x, t: right(dy, y, x, t) * (1 + 1e-12), other)
    monkeypatch.setitem(operators.RULES, "logistic_loss", wrong)
    with pytest.raises(AssertionError, match="gradient 0"):
        test_losses("binary_cross_entropy_with_logits", "float64")
