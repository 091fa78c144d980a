"""Functions of matrices: where they refuse, and allowances that straightforward float32 keeps."""

import numpy as np
import pytest

from conformance.errors import CannotCertify
from conformance.oracle import derivatives
from conformance.tracing import grad, trace
from conformance.typing_rules import TensorType

WEIGHTS = np.array([[0.5, -1.25, 1.5, 0.25], [2.0, 0.75, -0.5, 1.0], [-1.0, 0.25, 1.75, -0.75],
                    [1.25, 3.0, -2.0, 0.375]], "float32")


def answer(program, x, dtype="float32"):
    """The truth of the gradient of a program at a matrix, or why there is none."""
    x = np.asarray(x, dtype)
    graph = trace(lambda xp, x: {"g": grad(program(xp, x), x)},
                  {"x": (TensorType(x.shape, dtype), "constant")}, dtype=dtype)
    return derivatives(graph, {"x": x})["g"]


def lower(x):
    return np.tril(x) - np.diag(np.diag(x)) / 2


def cholesky_backward(x, w):
    """Murray, Differentiation of the Cholesky decomposition (2016)."""
    factor = np.linalg.cholesky(x)
    inverse = np.linalg.inv(factor)
    inner = inverse.T @ lower(factor.T @ np.tril(w)) @ inverse
    return (inner + inner.T) / 2


def spectral(x, w):
    _, v = np.linalg.eigh(x)
    return (v * np.diag(w)) @ v.T


def singular(x, w):
    u, _, vh = np.linalg.svd(x)
    return (u * np.diag(w)) @ vh


# a function of a symmetric positive definite matrix, and its gradient in float32
GRADIENTS = {
    "inv": (lambda xp, x, w: w * xp.inv(x), lambda x, w: -(np.linalg.inv(x).T @ w
                                                          @ np.linalg.inv(x).T)),
    "solve": (lambda xp, x, w: w * xp.solve(x, w), lambda x, w: -np.linalg.solve(x.T, w)
              @ np.linalg.solve(x, w).T),
    "det": (lambda xp, x, w: xp.det(x), lambda x, w: np.linalg.det(x) * np.linalg.inv(x).T),
    "logabsdet": (lambda xp, x, w: xp.logabsdet(x), lambda x, w: np.linalg.inv(x).T),
    "cholesky": (lambda xp, x, w: w * xp.cholesky(x), cholesky_backward),
    "eigvalsh": (lambda xp, x, w: xp.diagonal(w) * xp.eigvalsh(x), spectral),
    "svdvals": (lambda xp, x, w: xp.diagonal(w) * xp.svdvals(x), singular),
    "nuclear": (lambda xp, x, w: xp.matrix_norm(x, ord="nuc"),
                lambda x, w: singular(x, np.eye(len(x), dtype=x.dtype))),
}


def points():
    draw = np.random.default_rng(7)
    for n in (1, 2, 3, 4):
        for scale in (2.0**-6, 1.0, 2.0**6):
            x = draw.normal(size=(n, n))
            x = (x @ x.T + np.diag(np.arange(n) + 0.5)) * scale
            yield ((x + x.T) / 2).astype("float32"), WEIGHTS[:n, :n]


@pytest.mark.parametrize("name", GRADIENTS)
def test_float32_gradients_stay_within_their_allowance(name):
    program, straightforward = GRADIENTS[name]
    for x, w in points():
        truth = answer(lambda xp, x, w=w: program(xp, x, xp.asarray(w)), x)
        got = straightforward(x, w)
        assert got.dtype == np.float32
        error = np.abs(got.astype(float) - truth.hi - truth.lo)
        assert np.all(error <= 0.6 * truth.allowed), (len(x), (error / truth.allowed).max())
        assert np.any(np.abs(got * 1.001 - truth.hi) > truth.allowed)


@pytest.mark.parametrize(("name", "x", "said"), [
    ("inv", [[1.0, 2.0], [2.0, 4.0]], "domain: .*is of a singular matrix"),
    ("logabsdet", [[1.0, 2.0], [2.0, 4.0]], "domain: .*is of a singular matrix"),
    ("pinv", [[1.0, 2.0], [2.0, 4.0]], "domain: .*is of a singular matrix"),
    ("cholesky", [[1.0, 2.0], [2.0, 1.0]], "domain: .*not positive definite"),
    ("cholesky", [[1.0, 1.0], [1.0, 1.0]], "domain: .*not positive definite"),
    ("eigvalsh", [[1.0, 0.0], [0.0, 1.0]], "spectrum is degenerate or cannot be separated"),
    ("svdvals", [[0.0, 1.0], [1.0, 0.0]], "spectrum is degenerate or cannot be separated"),
])
def test_what_has_no_derivative_is_refused(name, x, said):
    refusal = answer(lambda xp, x: getattr(xp, name)(x), x)
    assert isinstance(refusal, CannotCertify)
    with pytest.raises(CannotCertify, match=said):
        raise refusal


@pytest.mark.parametrize(("name", "x", "said"), [
    ("inv", [[1.0, 2.0], [2.0, 4.0 + 2.0**-21]], "singular matrix"),
    ("cholesky", [[1.0, 1.0], [1.0, 1.0 + 2.0**-22]], "singular matrix"),
    ("eigvalsh", [[1.0, 0.0], [0.0, 1.0 + 2.0**-22]], "within rounding of its tie"),
    ("svdvals", [[1.0, 0.0], [0.0, 1.0 + 2.0**-22]], "within rounding of its tie"),
])
def test_what_rounding_may_take_away_is_noted(name, x, said):
    truth = answer(lambda xp, x: getattr(xp, name)(x), x)
    assert np.all(truth.allowed == np.inf)
    assert said in truth.note
    exact = answer(lambda xp, x: getattr(xp, name)(x), x, dtype="float64")
    assert np.all(np.isfinite(exact.allowed))


def test_a_singular_value_at_zero_is_a_kink_with_a_limit_from_either_side():
    kink = answer(lambda xp, x: xp.matrix_norm(x, ord="nuc"), [[1.0, 0.0], [0.0, 0.0]], "float64")
    assert sorted(limit.hi.tolist() for limit in kink.limits) == [
        [[1.0, 0.0], [0.0, -1.0]], [[1.0, 0.0], [0.0, 1.0]]]


def test_the_slope_of_a_determinant_of_rank_one_has_a_finite_allowance():
    truth = answer(lambda xp, x: xp.det(x), [[1.0, 2.0], [2.0, 4.0]])
    assert truth.hi.tolist() == [[4.0, -2.0], [-2.0, 1.0]]
    assert np.all(truth.allowed < 1e-4)
