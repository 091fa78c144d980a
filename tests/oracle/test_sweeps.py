"""Sweeps backward find what evaluations forward find, and are checked along a direction."""

import numpy as np
import pytest

from conformance import grad, trace
from conformance.errors import CannotCertify
from conformance.oracle import certify, derivatives, sweeps
from conformance.oracle.evaluate import Evaluation
from conformance.oracle.jets import Arithmetic, working_precision
from conformance.oracle.merging import merge
from conformance.typing_rules import TensorType

RANDOM = np.random.default_rng(0)
X, W, V = RANDOM.normal(size=(4, 5)), RANDOM.normal(size=(5, 3)), RANDOM.normal(size=(3,))


def program(function, dtype="float32", **values):
    arrays = {name: value.astype(dtype) for name, value in values.items()}
    types = {name: (TensorType(array.shape, dtype), "constant") for name, array in arrays.items()}
    return trace(function, types, dtype=dtype), arrays


def both(monkeypatch, function, **values):
    graph, arrays = program(function, **values)
    forward = derivatives(graph, arrays)
    ran = []
    real = sweeps.gradient
    monkeypatch.setattr(sweeps, "gradient", lambda *given: ran.append(1) or real(*given))
    monkeypatch.setattr(sweeps, "LARGE", 0)
    backward = derivatives(graph, arrays)
    assert ran
    return forward, backward


@pytest.mark.parametrize("function", [
    lambda xp, x, w, v: {"d": grad(xp.tanh(x @ w + v), x)},
    lambda xp, x, w, v: {"d": grad(xp.tanh(x @ w) @ v, w)},
    lambda xp, x, w, v: {"d": grad(xp.softmax(x @ w, axis=0) * v, w)},
    lambda xp, x, w, v: {"d": grad(xp.logsumexp(x, axis=1) + xp.prod(x, axis=1), x)},
    lambda xp, x, w, v: {"d": grad(xp.mean(x) * xp.var(x, correction=1) * xp.max(x), x)},
    lambda xp, x, w, v: {"d": grad(xp.where(x > 0, xp.sin(x), x * xp.sum(w)), x)},
    lambda xp, x, w, v: {"d": grad(xp.where(x > 0, xp.sin(x), x * xp.sum(w)), w)},
    lambda xp, x, w, v: {"d": grad(xp.cumulative_sum(x, axis=1) ** 2, x)},
    lambda xp, x, w, v: {"d": grad(xp.concat([x, x[::-1]], axis=1)[:, 2:7] * x, x)},
    lambda xp, x, w, v: {"d": grad(xp.stop_gradient(x) * x + xp.ones_like(x), x)},
    lambda xp, x, w, v: {"d": grad(xp.stack([x, x]) @ w * v, x)},
    lambda xp, x, w, v: {"d": grad(xp.stack([x, 2 * x]) @ xp.sin(w), w)},
    lambda xp, x, w, v: {"d": grad(x @ w @ v, v)},
    lambda xp, x, w, v: {"d": grad(xp.atan2(x, x @ w @ xp.expand_dims(v, axis=1)), x)},
    lambda xp, x, w, v: {"d": grad(xp.conv2d(x[None, None], w[None, None, :2, :2], padding=1), w)},
    lambda xp, x, w, v: {"d": grad(xp.conv2d(x[None, None], w[None, None, :2, :2]) ** 2, x)},
    lambda xp, x, w, v: {"d": grad(xp.conv1d(xp.stack([x, -x]), w[:4, :2, None], groups=2), w)},
    lambda xp, x, w, v: {"d": grad(xp.conv1d(xp.stack([x, -x]), w[:4, :2, None], groups=2,
                                             padding=1, stride=2) ** 2, x)},
    lambda xp, x, w, v: {"d": grad(xp.conv_transpose1d(x[None], w[:4, :2, None]) ** 2, w)},
    lambda xp, x, w, v: {"d": grad(xp.sum(grad(xp.sin(w), w)) * xp.exp(x), x)},
])
def test_a_sweep_finds_what_an_evaluation_finds(monkeypatch, function):
    forward, backward = both(monkeypatch, function, x=X, w=W, v=V)
    np.testing.assert_array_equal(forward["d"].hi, backward["d"].hi)
    np.testing.assert_allclose(backward["d"].lo, forward["d"].lo, rtol=0, atol=1e-28)
    ratio = (backward["d"].allowed + 1e-30) / (forward["d"].allowed + 1e-30)
    assert ratio.max() < 3
    assert ratio.min() > 0.2


def test_a_product_of_large_matrices_is_certified():
    graph, arrays = program(lambda xp, a, b: {"d": grad(xp.sum(xp.tanh(a @ b) * b), a)},
                            a=RANDOM.normal(size=(48, 48)) / 7, b=RANDOM.normal(size=(48, 48)))
    truth = derivatives(graph, arrays)["d"]
    a, b = (arrays[name].astype("float64") for name in "ab")
    wanted = (b / np.cosh(a @ b) ** 2) @ b.T
    np.testing.assert_allclose(truth.hi, wanted, rtol=1e-9, atol=1e-12)
    assert np.median(truth.allowed / np.abs(truth.hi)) < 1e-3


def test_large_matrices_of_jets_are_multiplied_by_monomials(monkeypatch):
    from conformance.oracle.rules import linear_algebra

    def function(xp, x, w, v):
        return {"d": grad(xp.sum(grad(xp.sum(xp.sin(x @ w)), v * 1) + x @ w * v[0]), v)}

    graph, arrays = program(function, x=X, w=W, v=V)
    apart = derivatives(graph, arrays)["d"]
    monkeypatch.setattr(linear_algebra, "MANY_PRODUCTS", 0)
    together = derivatives(graph, arrays)["d"]
    np.testing.assert_array_equal(apart.hi, together.hi)
    np.testing.assert_allclose(together.allowed, apart.allowed, rtol=0.5)


def test_a_kink_in_a_large_program_is_refused_and_not_passed_over(monkeypatch):
    monkeypatch.setattr(sweeps, "LARGE", 0)
    graph, arrays = program(lambda xp, x: {"d": grad(xp.sum(xp.log(x - 1)), x)},
                            x=np.array([2.0, 1.0]))
    assert isinstance(derivatives(graph, arrays)["d"], CannotCertify)


def test_a_wrong_sweep_contradicts_the_derivative_along_a_direction(monkeypatch):
    monkeypatch.setattr(sweeps, "LARGE", 0)
    real = sweeps.Sweep.from_jets
    monkeypatch.setattr(sweeps.Sweep, "from_jets", lambda self, node, adjoint: (
        (i, -part if node.op == "sin" else part) for i, part in real(self, node, adjoint)))
    graph, arrays = program(lambda xp, x: {"d": grad(xp.sum(xp.sin(x) * x), x)}, x=V)
    with pytest.raises(sweeps.Disagreement, match=" is not "):
        derivatives(graph, arrays)


def test_small_programs_are_evaluated_forward(monkeypatch):
    monkeypatch.setattr(sweeps, "gradient", lambda *given: pytest.fail("swept"))
    graph, arrays = program(lambda xp, x: {"d": grad(xp.sum(xp.sin(x)), x)}, x=X)
    derivatives(graph, arrays)


def test_what_is_computed_from_a_swept_gradient_is_certain(monkeypatch):
    def function(xp, x):
        return {"d": xp.sum(grad(xp.sum(xp.sin(x) ** 2), x) ** 2)}

    graph, arrays = program(function, x=V)
    with working_precision(128):
        merged = merge(graph, graph.outputs)
        wanted = Evaluation(merged, arrays, lambda dtype: Arithmetic()).value(len(merged.nodes) - 1)
    monkeypatch.setattr(sweeps, "LARGE", 0)
    found = derivatives(graph, arrays)["d"]
    assert found.hi == certify.nearest_double(wanted[()][0].mid())


def test_a_large_convolution_is_a_product_of_matrices(monkeypatch):
    from conformance.oracle.rules import linear_algebra

    graph, arrays = program(
        lambda xp, x, w: {"d": grad(xp.sin(xp.conv2d(x, w, padding=1, groups=2, stride=2)), w)},
        x=RANDOM.normal(size=(2, 4, 5, 4)), w=RANDOM.normal(size=(6, 2, 3, 3)))
    apart = derivatives(graph, arrays)["d"]
    monkeypatch.setattr(linear_algebra, "MANY_PRODUCTS", 0)
    monkeypatch.setattr(linear_algebra, "FEW_MONOMIALS", 200)
    together = derivatives(graph, arrays)["d"]
    np.testing.assert_array_equal(apart.hi, together.hi)
    assert (apart.allowed / 2 < together.allowed).all()
    assert (together.allowed < 4 * apart.allowed).all()
