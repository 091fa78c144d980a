"""Norms against their definitions, and what they do at 0, at ties and out of range."""

import math

import numpy as np
import pytest
from certified import check, check_complex
from frameworks import torch
from points import Complex, complex_generic, eigenvalues, generic

from reference_engine import GradientTape, constant, errors, operators
from reference_engine.rules.norms import cond, matrix_norm, norm, vector_norm

both = pytest.mark.parametrize("dtype", ["float64", "float32"])
inf = math.inf


def definition(ord, axis, keepdims=False):
    def formula(xp, x):
        keep = {"axis": axis, "keepdims": keepdims}
        size = xp.abs(x)
        if ord == inf:
            return xp.max(size, **keep)
        if ord == -inf:
            return xp.min(size, **keep)
        if ord == 0:
            return xp.sum(0 * x + 1, **keep)
        if ord == 1:
            return xp.sum(size, **keep)
        if ord == 2:
            return xp.sqrt(xp.sum(x * x, **keep))
        return xp.sum(size**ord, **keep) ** (1 / ord)

    return formula


@both
@pytest.mark.parametrize("ord", [0, 1, 2, 3, 2.5, 1.5, 0.5, -1, -2, inf, -inf])
@pytest.mark.parametrize("axis", [None, 0, (0, -1)])
def test_vector_norm(ord, axis, dtype):
    x = generic("x", (2, 3))
    check(lambda x: vector_norm(x, axis, ord=ord), definition(ord, axis), x, dtype=dtype)
    check(lambda x: vector_norm(x, axis, True, ord), definition(ord, axis, True), x, dtype=dtype,
          order=1)


@pytest.mark.parametrize("ord", [2, 3, 4])
def test_third_order(ord):
    check(lambda x: vector_norm(x, ord=ord), definition(ord, None), generic("x", (3,)), order=3)


@pytest.mark.parametrize("ord", [0, 1, 2, 3, -1, 2.5, inf, -inf])
def test_values_agree_with_numpy(ord):
    for shape in ((4,), (3, 4), ()):
        x = generic("x", shape)
        got = vector_norm(constant(x), axis=-1 if shape else None, ord=ord).numpy()
        wanted = np.linalg.norm(np.atleast_1d(x), ord, axis=-1)
        np.testing.assert_allclose(got, wanted.reshape(got.shape), rtol=1e-14)


def test_smooth_at_a_zero_element():
    """Where other elements keep the norm away from 0, one of them at 0 is no kink."""
    check(lambda x: vector_norm(x), definition(2, None), [0.0, 1.0, -2.0])
    check(lambda x: vector_norm(x, ord=4), lambda xp, x: xp.sqrt(xp.sqrt(xp.sum(x * x * x * x))),
          [0.0, 1.0, -2.0])


def gradients(function, x):
    x = constant(x)
    u = constant(np.ones(x.shape, x.dtype))
    with GradientTape() as second:
        second.watch(x)
        with GradientTape() as first:
            first.watch(x)
            y = function(x)
        dx = first.gradient(y, x)
    h = second.gradient(dx, x, output_gradients=u, unconnected_gradients="zero")
    return y.numpy(), dx.numpy(), h.numpy()


@pytest.mark.parametrize("dtype", ["float64", "float32", "complex128"])
@pytest.mark.parametrize("ord", [0, 1, 2, 3, 1.5, 0.5, -1, inf, -inf])
def test_at_zero(ord, dtype):
    y, dx, h = gradients(lambda x: vector_norm(x, ord=ord), np.zeros(3, dtype))
    assert y == 0
    np.testing.assert_array_equal(dx, np.zeros(3))
    np.testing.assert_array_equal(h, np.zeros(3))


@pytest.mark.parametrize("ord", [1.5, 0.5, -1, 2.5, 1, inf])
def test_a_zero_element_gets_none(ord):
    _, dx, h = gradients(lambda x: vector_norm(x, ord=ord), np.array([0.0, 3.0, -2.0]))
    assert dx[0] == 0
    assert np.isfinite(dx).all()
    assert np.isfinite(h).all()


def test_ties_share():
    _, dx, _ = gradients(lambda x: vector_norm(x, ord=inf), np.array([2.0, -2.0, 1.0]))
    np.testing.assert_array_equal(dx, [0.5, -0.5, 0])
    _, dx, _ = gradients(lambda x: vector_norm(x, ord=-inf), np.array([2.0, -1.0, 1.0]))
    np.testing.assert_array_equal(dx, [0, -0.5, 0.5])


@both
@pytest.mark.parametrize("ord", [2, 3])
@pytest.mark.parametrize("scale", [1.0, -1.0])
def test_out_of_range(ord, scale, dtype):
    """Powers that overflow or underflow on the way do no harm."""
    limits = np.finfo(dtype)
    unit = np.dtype(dtype).type(limits.max / 8 if scale > 0 else limits.tiny * 8)
    x = np.array([[3.0, -4.0], [1.0, 1.0]], dtype)
    x[0] *= unit
    y, dx, _ = gradients(lambda x: vector_norm(x, 1, ord=ord), x)
    plain, slope, _ = gradients(lambda x: vector_norm(x, 1, ord=ord), np.array([[3.0, -4], [1, 1]]))
    np.testing.assert_allclose(y[0] / unit, plain[0], rtol=4 * limits.eps)
    np.testing.assert_allclose(y[1], plain[1], rtol=4 * limits.eps)
    np.testing.assert_allclose(dx, slope, rtol=8 * limits.eps)


def test_infinite_and_nan():
    for ord in (1, 2, 3, inf):
        assert vector_norm(constant([inf, 1.0]), ord=ord).numpy() == inf
        assert np.isnan(vector_norm(constant([np.nan, 1.0]), ord=ord).numpy())


@both
@pytest.mark.parametrize("ord", [1, 2, 3, inf, -inf])
def test_complex(ord, dtype):
    def formula(xp, x):
        return definition(ord, -1)(xp, xp.sqrt(Complex(*x).square()))

    check_complex(lambda x: vector_norm(x, -1, ord=ord), formula, complex_generic("x", (2, 3)),
                  dtype=dtype)


def test_complex_with_a_zero_element():
    check_complex(lambda x: vector_norm(x), lambda xp, x: xp.sqrt(xp.sum(Complex(*x).square())),
                  np.array([0j, 1 + 1j]))


# Matrices -----------------------------------------------------------------------------------------


def singular_values(xp, x):
    return [xp.sqrt(w) for w in eigenvalues(xp, xp.matrix_transpose(x) @ x, 2)[::-1]]


MATRIX_NORMS = {
    "fro": lambda xp, x: xp.sqrt(xp.sum(x * x)),
    "nuc": lambda xp, x: singular_values(xp, x)[0] + singular_values(xp, x)[1],
    2: lambda xp, x: singular_values(xp, x)[0],
    -2: lambda xp, x: singular_values(xp, x)[1],
    1: lambda xp, x: xp.max(xp.sum(xp.abs(x), axis=0)),
    -1: lambda xp, x: xp.min(xp.sum(xp.abs(x), axis=0)),
    inf: lambda xp, x: xp.max(xp.sum(xp.abs(x), axis=1)),
    -inf: lambda xp, x: xp.min(xp.sum(xp.abs(x), axis=1)),
}


@both
@pytest.mark.parametrize("ord", MATRIX_NORMS)
def test_matrix_norm(ord, dtype):
    x = generic("x", (3, 2)) + np.eye(3, 2)
    check(lambda x: matrix_norm(x, ord=ord), MATRIX_NORMS[ord], x, dtype=dtype, normwise=True)
    stacked = generic("x", (2, 3, 4))
    for keepdims in (False, True):
        got = matrix_norm(constant(stacked), keepdims, ord).numpy()
        wanted = np.linalg.norm(stacked, ord, (-2, -1), keepdims)
        np.testing.assert_allclose(got, wanted, rtol=1e-14)


@pytest.mark.parametrize("ord", MATRIX_NORMS)
def test_matrix_norm_at_zero(ord):
    _, dx, _ = gradients(lambda x: matrix_norm(x, ord=ord), np.zeros((2, 3)))
    np.testing.assert_array_equal(dx, np.zeros((2, 3)))


@pytest.mark.parametrize(("ord", "axis"), [(None, None), (None, 0), (None, (0, 2)), (1, 1), (3, -1),
                                           ("fro", (0, 1)), ("nuc", (2, 0)), (-2, (1, 2)),
                                           (inf, (2, 1)), (1, (0, 2))])
@pytest.mark.parametrize("keepdims", [False, True])
def test_norm(ord, axis, keepdims):
    x = generic("x", (2, 3, 4))
    got = norm(constant(x), ord, axis, keepdims).numpy()
    np.testing.assert_allclose(got, np.linalg.norm(x, ord, axis, keepdims), rtol=1e-14)


def test_norm_of_one_matrix():
    x = generic("x", (3, 2))
    for ord in (None, *MATRIX_NORMS):
        np.testing.assert_allclose(
            norm(constant(x), ord).numpy(), np.linalg.norm(x, ord), rtol=1e-14)
    np.testing.assert_allclose(norm(constant(x[0]), 3).numpy(), np.linalg.norm(x[0], 3))


@pytest.mark.parametrize("p", [2, -2, 1, -1, inf, "fro", "nuc"])
def test_cond(p):
    x = generic("x", (2, 3, 3)) + np.eye(3)
    ours, theirs = constant(x), torch.tensor(x, requires_grad=True)
    with GradientTape() as tape:
        tape.watch(ours)
        y = cond(ours, p)
    # torch.linalg.cond of an inverse overwrites what its own backward pass needs.
    wanted = torch.linalg.cond(theirs, p) if p in (2, -2) else (
        torch.linalg.matrix_norm(theirs, p) * torch.linalg.matrix_norm(torch.linalg.inv(theirs), p))
    np.testing.assert_allclose(y.numpy(), wanted.detach().numpy(), rtol=1e-13)
    (slope,) = torch.autograd.grad(wanted.sum(), theirs)
    np.testing.assert_allclose(tape.gradient(y, ours).numpy(), slope.numpy(), rtol=1e-11)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: vector_norm(constant([1.0]), ord="fro"), errors.OptionError),
        (lambda: vector_norm(constant([1.0]), ord=math.nan), errors.OptionError),
        (lambda: vector_norm(constant([1.0]), axis=1), errors.ShapeError),
        (lambda: vector_norm(constant([1.0]), axis=(0, 0)), errors.ShapeError),
        (lambda: vector_norm(constant([1.0]), axis=0.5), errors.OperandError),
        (lambda: vector_norm(constant(np.ones((0,))), ord=inf), errors.ShapeError),
        (lambda: matrix_norm(constant([1.0])), errors.ShapeError),
        (lambda: matrix_norm(constant(np.ones((2, 2))), ord=3), errors.OptionError),
        (lambda: norm(constant(np.ones((2, 2, 2))), 2), errors.ShapeError),
        (lambda: cond(constant(np.ones((2, 3))), 1), errors.ShapeError),
    ],
)
def test_refused(call, error):
    with pytest.raises(error, match="got"):
        call()


def test_empty():
    assert vector_norm(constant(np.ones((0,)))).numpy() == 0
    np.testing.assert_array_equal(vector_norm(constant(np.ones((2, 0))), 1, ord=3).numpy(), [0, 0])


def test_a_wrong_rule_is_noticed(monkeypatch):
    monkeypatch.setitem(operators.RULES, "euclidean_norm", (lambda dy, y, x, axis: dy * x,))
    with pytest.raises(AssertionError, match="gradient 0"):
        test_vector_norm(2, None, "float64")
