"""Decompositions against closed forms of small matrices; signs and phases cancel in what is asked.

What a decomposition determines is asked of it: the values, and sums of c v v^H over its vectors v
with fixed generic c, which keep every derivative of the vectors but that of their sign or phase.
"""

import numpy as np
import pytest
from certified import check, check_complex
from frameworks import torch
from points import (
    Complex,
    complex_generic,
    eigenvalues,
    generic,
    inverse,
    matrix,
    projectors,
)

import reference_engine as engine
from reference_engine import GradientTape, constant, errors, operators
from reference_engine.rules import decompositions as d
from reference_engine.rules.determinants import inv
from reference_engine.rules.einsum import conjugate
from reference_engine.rules.products import outer
from reference_engine.rules.solving import adjoint

both = pytest.mark.parametrize("dtype", ["float64", "float32"])
WEIGHTS = np.array([0.5, -1.25, 2.0])


def weighted(v, k):
    return v * WEIGHTS[:k].astype(v.numpy().real.dtype)


def combined(parts):
    total = None
    for weight, part in zip(WEIGHTS, parts, strict=False):
        total = part * float(weight) if total is None else total + part * float(weight)
    return total


# Symmetric matrices -------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("n", [1, 2, 3])
def test_eigh(n, dtype):
    x = generic("x", (n, n)) + np.diag([0.0, 2.0, 5.0][:n])

    def function(x):
        w, v = d.eigh(x)
        return w, weighted(v, n) @ adjoint(v)

    if n == 1:
        check(function, lambda xp, x: (x[0], 0.5 + 0 * x), x, dtype=dtype)
        return
    check(function, lambda xp, x: (xp.stack(eigenvalues(xp, x, n)),
                                   combined(projectors(xp, x, n))), x, dtype=dtype, normwise=True)
    check(d.eigvalsh, lambda xp, x: xp.stack(eigenvalues(xp, x, n)), x, dtype=dtype, normwise=True)


@pytest.mark.parametrize("shape", [(4, 4), (2, 3, 3)])
def test_functions_of_symmetric_matrices(shape):
    """v w**3 v^T is x**3."""
    def function(x):
        w, v = d.eigh(x)
        return (v * (w * w * w)[..., None, :]) @ adjoint(v)

    def formula(xp, x):
        x = 0.5 * (x + xp.matrix_transpose(x))
        return x @ x @ x

    # Differences of close eigenvalues divide: a few digits go.
    check(function, formula, generic("x", shape), normwise=True, slack=16, order=3)


def test_equal_eigenvalues():
    x = constant(np.diag([2.0, 2.0, 3.0]))
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        w, v = d.eigh(x)
        values = d.eigvalsh(x)
    dy = constant(np.array([1.0, 2.0, 3.0]))
    for y in (w, values):  # one of the subgradients
        np.testing.assert_allclose(
            np.linalg.eigvalsh(tape.gradient(y, x, output_gradients=dy).numpy()), [1, 2, 3])
    to_vectors = tape.gradient(v, x, output_gradients=constant(generic("dv", (3, 3)))).numpy()
    assert not np.isfinite(to_vectors).all()


def hermitian_2(x):
    """The elements a, b, d of [[a, b], [conj(b), d]], x's Hermitian part."""
    b = (x[0, 1] + x[1, 0].conj()) * 0.5
    return x.re[0, 0], b, x.re[1, 1]


def complex_eigen(xp, a, b, e):
    """Eigenvalues and projectors of [[a, b], [conj(b), e]]."""
    half = 0.5 * (a - e)
    radius = xp.sqrt(half * half + b.square())
    w = [0.5 * (a + e) - radius, 0.5 * (a + e) + radius]
    ps = []
    for sign in (-1, 1):
        ratio = half / radius * (0.5 * sign)
        beside = b / radius * (0.5 * sign)
        zero = 0 * a
        rows = [[Complex(0.5 + ratio, zero), beside], [beside.conj(), Complex(0.5 - ratio, zero)]]
        ps.append(Complex.stacked(xp, [Complex.stacked(xp, r) for r in rows], axis=0))
    return w, ps


@both
def test_eigh_of_complex(dtype):
    x = complex_generic("x", (2, 2)) + np.diag([0, 2])

    def function(x):
        w, v = d.eigh(x)
        return w, weighted(v, 2) @ adjoint(v)

    def formula(xp, x):
        w, ps = complex_eigen(xp, *hermitian_2(Complex(*x)))
        return [xp.stack(w), combined(ps).pair()]

    check_complex(function, formula, x, dtype=dtype, normwise=True)
    check_complex(d.eigvalsh, lambda xp, x: formula(xp, x)[0], x, dtype=dtype, normwise=True)


# Any matrices -------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("turn", [0.0, 2.0])  # real eigenvalues, and a pair of complex ones
def test_eig(turn, dtype):
    x = generic("x", (2, 2)) + np.array([[0.0, turn], [-turn, 2.0]])
    first = np.linalg.eigvals(x.astype(dtype))[0] - np.trace(x) / 2

    def values(xp, x):
        half, middle = 0.5 * (x[0, 0] - x[1, 1]), 0.5 * (x[0, 0] + x[1, 1])
        inside = half * half + x[0, 1] * x[1, 0]
        root = xp.sqrt(xp.abs(inside))
        if turn:
            root = root * float(np.sign(first.imag))
            return xp.stack([middle, middle]), xp.stack([root, -root])
        root = root * float(np.sign(first.real))
        return xp.stack([middle + root, middle - root]), xp.stack([0 * root, 0 * root])

    def cube(x):
        w, v = d.eig(x)
        return (v * (w * w * w)[None, :]) @ inv(v)

    check_complex(d.eigvals, values, x, dtype=dtype, normwise=True)
    check_complex(lambda x: d.eig(x)[0], values, x, dtype=dtype, normwise=True)
    check_complex(cube, lambda xp, x: (x @ x @ x, 0 * x), x, dtype=dtype, normwise=True, slack=8)


def test_eig_of_complex():
    """v w**3 v^-1 is x**3."""
    def function(x):
        w, v = d.eig(x)
        return (v * (w * w * w)[..., None, :]) @ inv(v)

    check_complex(function, lambda xp, x: (Complex(*x) @ Complex(*x) @ Complex(*x)).pair(),
                  complex_generic("x", (3, 3)), normwise=True, slack=8)


@pytest.mark.parametrize("make", [generic, complex_generic])
@pytest.mark.parametrize("shape", [(4, 4), (2, 3, 3)])
def test_lengths_of_eigenvectors_agree_with_torch(make, shape):
    x = make("x", shape)
    ours, theirs = constant(x), torch.tensor(x, requires_grad=True)
    weights = generic("weights", shape)
    with GradientTape() as tape:
        tape.watch(ours)
        v = d.eig(ours)[1]
        y = engine.real(v * conjugate(v)) * weights
    v = torch.linalg.eig(theirs)[1]
    (wanted,) = torch.autograd.grad(((v * v.conj()).real * torch.tensor(weights)).sum(), theirs)
    np.testing.assert_allclose(tape.gradient(y, ours).numpy(), wanted.numpy(), rtol=1e-10,
                               atol=1e-12)


# Singular values ----------------------------------------------------------------------------------


def singular(xp, x, shape):
    """The singular values, descending, and matrices u v^T of a matrix with one side of 2."""
    tall = shape[1] == 2
    gram = xp.matrix_transpose(x) @ x if tall else x @ xp.matrix_transpose(x)
    s = [xp.sqrt(w) for w in eigenvalues(xp, gram, 2)[::-1]]
    ps = projectors(xp, gram, 2)[::-1]
    return s, [(x @ p if tall else p @ x) / t for p, t in zip(ps, s, strict=True)]


@both
@pytest.mark.parametrize("shape", [(2, 2), (3, 2), (2, 3)])
def test_svd(shape, dtype):
    x = generic("x", shape) + 2 * np.eye(*shape)

    def function(x):
        u, s, vh = d.svd(x)
        return s, weighted(u, 2) @ vh, weighted(u, 2) @ adjoint(u), weighted(adjoint(vh), 2) @ vh

    def formula(xp, x):
        s, uv = singular(xp, x, shape)
        us = combined([p @ xp.matrix_transpose(p) for p in uv])
        vs = combined([xp.matrix_transpose(p) @ p for p in uv])
        return xp.stack(s), combined(uv), us, vs

    check(function, formula, x, dtype=dtype, normwise=True)
    check(d.svdvals, lambda xp, x: xp.stack(singular(xp, x, shape)[0]), x, dtype=dtype,
          normwise=True)


@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5), (2, 4, 3)])
def test_polar_factor(shape):
    """u v^H of a well-conditioned matrix, by Newton's iteration for the square root's inverse."""
    x = generic("x", shape) * 0.125 + np.eye(*shape[-2:])
    tall = shape[-2] >= shape[-1]

    def spelled_out(x):
        gram = x.mT @ x if tall else x @ x.mT
        z = torch.eye(min(shape[-2:]), dtype=x.dtype)
        for _ in range(7):
            z = 0.5 * (3 * z - z @ z @ z @ gram)
        return x @ z if tall else z @ x

    def function(x):
        u, _, vh = d.svd(x)
        return u @ vh

    x_, dy, along = (constant(a) for a in (x, generic("dy", shape), generic("along", shape)))
    theirs = torch.tensor(x, requires_grad=True)
    spelled = spelled_out(theirs)
    (first,) = torch.autograd.grad(spelled, theirs, torch.tensor(dy.numpy()), create_graph=True)
    (second,) = torch.autograd.grad(first, theirs, torch.tensor(along.numpy()))
    with GradientTape() as outside:
        outside.watch(x_)
        with GradientTape() as inside:
            inside.watch(x_)
            y = function(x_)
        dx = inside.gradient(y, x_, output_gradients=dy)
    h = outside.gradient(dx, x_, output_gradients=along)
    np.testing.assert_allclose(y.numpy(), spelled.detach().numpy(), atol=1e-13)
    # Singular values about 0.1 apart; their differences divide twice.
    np.testing.assert_allclose(dx.numpy(), first.detach().numpy(), atol=1e-11)
    np.testing.assert_allclose(h.numpy(), second.numpy(), atol=1e-9)


@both
def test_svd_of_complex(dtype):
    x = complex_generic("x", (2, 2)) + np.diag([2, 3])

    def function(x):
        u, s, vh = d.svd(x)
        return s, weighted(u, 2) @ vh, weighted(u, 2) @ adjoint(u)

    def formula(xp, x):
        x = Complex(*x)
        gram = x @ x.adjoint(xp)
        w, ps = complex_eigen(xp, gram.re[0, 0], gram[0, 1], gram.re[1, 1])
        s = [xp.sqrt(v) for v in w[::-1]]
        uv = [p @ x / t for p, t in zip(ps[::-1], s, strict=True)]
        return [xp.stack(s), combined(uv).pair(), combined(ps[::-1]).pair()]

    check_complex(function, formula, x, dtype=dtype, normwise=True)
    check_complex(d.svdvals, lambda xp, x: formula(xp, x)[0], x, dtype=dtype, normwise=True)


@pytest.mark.parametrize("shape", [(4, 2), (2, 4)])
def test_svd_of_complex_rectangles_agrees_with_torch(shape):
    x = complex_generic("x", shape)
    dy = complex_generic("dy", shape)
    ours, theirs = constant(x), torch.tensor(x, requires_grad=True)
    with GradientTape() as tape:
        tape.watch(ours)
        u, s, vh = d.svd(ours)
        y = (u * (s * s)[None, :].astype("complex128")) @ vh + (u @ vh)
    u, s, vh = torch.linalg.svd(theirs, full_matrices=False)
    (wanted,) = torch.autograd.grad((u * s**2) @ vh + u @ vh, theirs, torch.tensor(dy))
    got = tape.gradient(y, ours, output_gradients=constant(dy)).numpy()
    np.testing.assert_allclose(got, wanted.numpy(), rtol=1e-12)


@pytest.mark.parametrize("x", [np.eye(2), np.zeros((2, 2)), np.zeros((3, 2)), np.diag([1.0, 0.0])])
def test_singular_values_at_kinks(x):
    """A subgradient: u diag(dy) v^T for some singular vectors."""
    z = constant(x)
    with GradientTape() as tape:
        tape.watch(z)
        s = d.svdvals(z)
    dx = tape.gradient(s, z, output_gradients=constant([3.0, 2.0])).numpy()
    np.testing.assert_allclose(np.linalg.svd(dx, compute_uv=False), [3, 2])
    assert abs(np.sum(dx * x) - np.sum(s.numpy() * [3, 2])) < 1e-14


# QR -----------------------------------------------------------------------------------------------


def gram_schmidt(xp, x, count, signs):
    qs, rows = [], [[None] * count for _ in range(count)]
    for j in range(count):
        rest = x[:, j]
        for i, q in enumerate(qs):
            rows[i][j] = xp.sum(q * x[:, j])
            rest = rest - rows[i][j] * q
        rows[j][j] = xp.sqrt(xp.sum(rest * rest)) * float(signs[j])
        qs.append(rest / rows[j][j])
        for i in range(j):
            rows[j][i] = 0 * rows[0][0]
    return xp.stack(qs, axis=-1), matrix(xp, rows)


@both
@pytest.mark.parametrize("shape", [(2, 2), (3, 3), (4, 2), (2, 4)])
def test_qr(shape, dtype):
    x = generic("x", shape) + 2 * np.eye(*shape)
    k = min(shape)
    signs = np.sign(np.diagonal(np.linalg.qr(x)[1]))

    def formula(xp, x):
        q, r = gram_schmidt(xp, x, k, signs)
        if shape[1] > k:
            r = xp.concat([r, xp.matrix_transpose(q) @ x[:, k:]], axis=-1)
        return q, r

    check(lambda x: tuple(d.qr(x)), formula, x, dtype=dtype, normwise=True)


@pytest.mark.parametrize("shape", [(2, 3, 2), (4, 4), (2, 2, 3)])
def test_qr_of_complex_and_stacks(shape):
    """q @ r is x again, r's diagonal real, and derivatives agree with torch's."""
    x = complex_generic("x", shape)
    ours, theirs = constant(x), torch.tensor(x, requires_grad=True)
    with GradientTape() as tape:
        tape.watch(ours)
        q, r = d.qr(ours)
    np.testing.assert_allclose((q @ r).numpy(), x, atol=1e-14)
    seeds = [complex_generic(f"{i}", y.shape) for i, y in enumerate((q, r))]
    wanted = torch.autograd.grad(torch.linalg.qr(theirs), theirs, [torch.tensor(s) for s in seeds])
    got = tape.gradient([q, r], ours, output_gradients=[constant(s) for s in seeds])
    np.testing.assert_allclose(got.numpy(), wanted[0].numpy(), rtol=1e-11)


# Pseudoinverse ------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("shape", [(2, 2), (3, 2), (2, 3), (2, 3, 2)])
def test_pinv(shape, dtype):
    def formula(xp, x):
        t = xp.matrix_transpose(x)
        return inverse(2)(xp, t @ x) @ t if shape[-1] == 2 else t @ inverse(2)(xp, x @ t)

    x = 0.5 * generic("x", shape) + 1.5 * np.eye(*shape[-2:])
    check(d.pinv, formula, x, dtype=dtype, normwise=True)
    check(lambda x: d.pinv(x, rtol=1e-3), formula, x, dtype=dtype, normwise=True)


@both
@pytest.mark.parametrize("sizes", [(3, 2), (2, 3), (3, 3)])
def test_pinv_of_constant_rank(sizes, dtype):
    check(lambda x, w: d.pinv(outer(x, w)),
          lambda xp, x, w: xp.expand_dims(w, axis=-1) * x / (xp.sum(x * x) * xp.sum(w * w)),
          generic("x", sizes[:1]), generic("w", sizes[1:]), dtype=dtype, normwise=True)


def test_pinv_of_complex():
    def formula(xp, x):
        x = Complex(*x)
        t = x.adjoint(xp)
        g = t @ x
        det = (g[0, 0] * g[1, 1] - g[0, 1] * g[1, 0]).re
        rows = [[g[1, 1], -g[0, 1]], [-g[1, 0], g[0, 0]]]
        inv = Complex.stacked(xp, [Complex.stacked(xp, r) for r in rows], axis=0) / det
        return (inv @ t).pair()

    check_complex(d.pinv, formula, complex_generic("x", (3, 2)), normwise=True)


def test_pinv_of_special_matrices():
    np.testing.assert_array_equal(d.pinv(constant(np.zeros((2, 3)))).numpy(), np.zeros((3, 2)))
    assert d.pinv(constant(np.zeros((2, 0, 3)))).shape == (2, 3, 0)


@both
@pytest.mark.parametrize("shapes", [[(3, 2), (3,)], [(3, 2), (3, 2)], [(2, 3), (2, 1)],
                                    [(2, 3, 2), (3, 1)]])
def test_lstsq(shapes, dtype):
    def formula(xp, a, b):
        t = xp.matrix_transpose(a)
        tall = shapes[0][-1] == 2
        return (inverse(2)(xp, t @ a) @ t if tall else t @ inverse(2)(xp, a @ t)) @ b

    a = generic("a", shapes[0]) + 1.5 * np.eye(*shapes[0][-2:])
    check(d.lstsq, formula, a, generic("b", shapes[1]), dtype=dtype, normwise=True)


def test_matrix_rank():
    x = np.stack([np.eye(3), np.ones((3, 3)), np.zeros((3, 3)), np.diag([1.0, 1e-10, 0])])
    np.testing.assert_array_equal(d.matrix_rank(constant(x)).numpy(), np.linalg.matrix_rank(x))
    np.testing.assert_array_equal(d.matrix_rank(constant(x), 1e-9).numpy(), [3, 1, 0, 1])


# Refusals -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: d.eigh(constant(np.ones((2, 3)))), errors.ShapeError),
        (lambda: d.eigvalsh(constant(np.ones(2))), errors.ShapeError),
        (lambda: d.svd(constant(np.ones(2))), errors.ShapeError),
        (lambda: d.svd(constant(np.ones((2, 3))), full_matrices=True), errors.OptionError),
        (lambda: d.qr(constant(np.ones((2, 3))), mode="complete"), errors.OptionError),
        (lambda: d.lstsq(constant(np.ones((2, 3))), constant(np.ones(3))), errors.ShapeError),
    ],
)
def test_refused(call, error):
    with pytest.raises(error, match="got"):
        call()


def test_a_wrong_rule_is_noticed(monkeypatch):
    right = operators.RULES["svdvals"][0]
    monkeypatch.setitem(operators.RULES, "svdvals", (lambda dy, y, x: right(dy[..., ::-1], y, x),))
    with pytest.raises(AssertionError, match="svdvals: gradient 0"):
        test_svd((2, 2), "float64")
