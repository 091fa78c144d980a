"""Systems, Cholesky factors and exponentials, against elimination."""

import itertools
import math

import mpmath
import numpy as np
import pytest
import scipy.linalg
from certified import check, check_complex
from frameworks import torch
from points import Complex, complex_generic, elements, generic, inverse, matrix, strong

from reference_engine import GradientTape, constant, errors, operators
from reference_engine.rules import decompositions, determinants, norms, solving

both = pytest.mark.parametrize("dtype", ["float64", "float32"])


def cholesky_rows(xp, rows):
    n = len(rows)
    y = [[None] * n for _ in range(n)]
    for i, j in itertools.product(range(n), repeat=2):
        if j > i:
            y[i][j] = 0 * rows[0][0]
            continue
        rest = 0.5 * (rows[i][j] + rows[j][i])
        for k in range(j):
            rest = rest - y[i][k] * y[j][k]
        y[i][j] = xp.sqrt(rest) if i == j else rest / y[j][j]
    return y


# Systems ------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("shapes", [[(2, 2), (2,)], [(3, 3), (3, 2)], [(2, 2, 2), (2, 1)],
                                    [(2, 2), (2, 2, 2)], [(2, 1, 2, 2), (3, 2, 1)]])
def test_solve(shapes, dtype):
    a, b = strong("a", *shapes[0]), generic("b", shapes[1])
    n = a.shape[-1]
    check(solving.solve, lambda xp, a, b: xp.matmul(inverse(n)(xp, a), b), a, b, dtype=dtype)


@both
@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("unit_diagonal", [False, True])
@pytest.mark.parametrize("shapes", [[(3, 3), (3,)], [(2, 3, 3), (3, 2)]])
def test_solve_triangular(shapes, lower, unit_diagonal, dtype):
    a, b = strong("a", *shapes[0]), generic("b", shapes[1])

    def formula(xp, a, b):
        a = elements(a, 3)
        b = [b[i] for i in range(3)]
        if len(shapes[0]) == 3:
            a = [[xp.expand_dims(x, axis=-1) for x in row] for row in a]
        order = range(3) if lower else range(2, -1, -1)
        x = {}
        for i in order:
            rest = b[i]
            for j in x:
                rest = rest - a[i][j] * x[j]
            x[i] = rest if unit_diagonal else rest / a[i][i]
        shape = np.broadcast_shapes(*((2, 2) if len(shapes[0]) == 3 else () for _ in x))
        return xp.stack([xp.broadcast_to(x[i], shape) for i in range(3)],
                        axis=-2 if shape else 0)

    check(lambda a, b: solving.solve_triangular(a, b, lower, unit_diagonal), formula, a, b,
          dtype=dtype)


def test_solve_triangular_substitutes():
    """Its rows are as accurate as substitution makes them, and the other triangle is not read."""
    n = 40
    a = np.tril(generic("a", (n, n))) + np.diag(10.0 ** -np.arange(0, n / 2, 0.5))
    a[np.triu_indices(n, 1)] = np.nan
    b = generic("b", (n,))
    x = solving.solve_triangular(constant(a), constant(b), lower=True).numpy()
    wanted = scipy.linalg.solve_triangular(np.tril(a), b, lower=True, check_finite=False)
    residual = np.abs(np.tril(a) @ x - b)
    assert (residual <= n * 2.3e-16 * (np.abs(np.tril(a)) @ np.abs(x))).all()
    np.testing.assert_allclose(x[:10], wanted[:10], rtol=1e-10)


@both
@pytest.mark.parametrize("n", [1, 2, 3])
def test_cholesky(n, dtype):
    root = strong("x", n, n)
    x = root @ root.T + np.triu(generic("skew", (n, n)), 1) * 2.0**-6
    check(solving.cholesky, lambda xp, x: matrix(xp, cholesky_rows(xp, elements(x, n))), x,
          dtype=dtype)
    check(lambda x: solving.cholesky(x, upper=True), lambda xp, x: xp.matrix_transpose(
        matrix(xp, cholesky_rows(xp, elements(x, n)))), x, dtype=dtype)


@pytest.mark.parametrize("upper", [False, True])
def test_cholesky_solve(upper):
    root = strong("x", 2, 3, 3)
    factor = np.linalg.cholesky(root @ root.swapaxes(-1, -2))
    factor = factor.swapaxes(-1, -2) if upper else factor
    b = generic("b", (3, 2))
    got = solving.cholesky_solve(constant(b), constant(factor), upper).numpy()
    wanted = torch.cholesky_solve(torch.tensor(b), torch.tensor(factor), upper).numpy()
    np.testing.assert_allclose(got, wanted, rtol=1e-13)
    wanted = torch.cholesky_inverse(torch.tensor(factor), upper).numpy()
    got = solving.cholesky_inverse(constant(factor), upper).numpy()
    np.testing.assert_allclose(got, wanted, rtol=1e-13, atol=1e-15)


def test_cholesky_agrees_with_torch_on_symmetric_input():
    root = strong("x", 5, 5)
    x, dy = root @ root.T, generic("dy", (5, 5))
    ours, theirs = constant(x), torch.tensor(x, requires_grad=True)
    with GradientTape() as tape:
        tape.watch(ours)
        y = solving.cholesky(ours)
    (wanted,) = torch.autograd.grad(torch.linalg.cholesky(theirs), theirs, torch.tensor(dy))
    got = tape.gradient(y, ours, output_gradients=constant(dy)).numpy()
    np.testing.assert_allclose(got, wanted.numpy(), rtol=1e-12, atol=1e-14)


@both
def test_cholesky_of_complex(dtype):
    root = complex_generic("x", (2, 2)) + 2 * np.eye(2)
    x = root @ root.conj().T + complex_generic("skew", (2, 2)) * 2.0**-6

    def formula(xp, x):
        x = Complex(*x)
        below = (x[1, 0] + x[0, 1].conj()) * 0.5
        first = xp.sqrt(x.re[0, 0])
        zero, beside = Complex(0 * first, 0 * first), below / first
        last = xp.sqrt(x.re[1, 1] - beside.square())
        rows = [[Complex(first, 0 * first), zero], [beside, Complex(last, 0 * first)]]
        return Complex.stacked(xp, [Complex.stacked(xp, r) for r in rows], axis=0).pair()

    check_complex(solving.cholesky, formula, x, dtype=dtype, normwise=True)
    check_complex(lambda x: solving.cholesky(x, upper=True),
                  lambda xp, x: Complex(*formula(xp, x)).adjoint(xp).pair(), x, dtype=dtype,
                  normwise=True)


@both
def test_solve_of_complex(dtype):
    a, b = complex_generic("a", (2, 2)) + np.diag([1, 1j]), complex_generic("b", (2, 2))

    def formula(xp, a, b):
        a, b = Complex(*a), Complex(*b)
        rows = [[a[1, 1], -a[0, 1]], [-a[1, 0], a[0, 0]]]
        adjugate = Complex.stacked(xp, [Complex.stacked(xp, r) for r in rows], axis=0)
        return (adjugate @ b / (a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0])).pair()

    def substituted(xp, a, b):
        a, b = Complex(*a), Complex(*b)
        first = b[0] / a[0, 0]
        second = (b[1] - a[1, 0] * first) / a[1, 1]
        return Complex.stacked(xp, [first, second], axis=0).pair()

    check_complex(solving.solve, formula, a, b, dtype=dtype, normwise=True)
    check_complex(lambda a, b: solving.solve_triangular(a, b, lower=True), substituted, a, b,
                  dtype=dtype, normwise=True)


def test_cholesky_solve_of_complex():
    root = complex_generic("x", (3, 3)) + 2 * np.eye(3)
    a, b = root @ root.conj().T, complex_generic("b", (3, 2))
    for upper in (False, True):
        factor = solving.cholesky(constant(a), upper)
        got = solving.cholesky_solve(constant(b), factor, upper).numpy()
        np.testing.assert_allclose(got, np.linalg.solve(a, b), rtol=1e-12)


# The exponential ----------------------------------------------------------------------------------


def series(n, terms):
    def formula(xp, x):
        y = term = xp.matmul(x, np.eye(n))
        for k in range(2, terms):
            term = xp.matmul(term, x) * (1 / math.factorial(k) * math.factorial(k - 1))
            y = y + term
        return y + np.eye(n)

    return formula


@both
@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (2, 2, 2)])
def test_matrix_exp(shape, dtype):
    # The series ends where its rest is below the last digit, 0.4**19 / 19!.
    check(solving.matrix_exp, series(shape[-1], 19), generic("x", shape) * 0.25, dtype=dtype)


def test_matrix_exp_at_special_points():
    nilpotent = [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    check(solving.matrix_exp, lambda xp, x: series(3, 12)(xp, x), nilpotent, slack=4)
    check(solving.matrix_exp, lambda xp, x: series(2, 12)(xp, x), np.zeros((2, 2)))


@pytest.mark.parametrize("size", [1e-3, 1.0, 6.0, 40.0, 300.0])
def test_matrix_exp_of_any_size(size):
    x = generic("x", (3, 3)) * size
    y, slope = solving.matrix_exp(constant(x)).numpy(), None
    with mpmath.workdps(400):
        exact = mpmath.matrix(x.tolist())
        wanted = np.array(mpmath.expm(exact, method="taylor").tolist(), float)
        u = generic("u", (3, 3))
        block = mpmath.matrix(np.block([[x.T, u], [np.zeros((3, 3)), x.T]]).tolist())
        slope = np.array(mpmath.expm(block, method="taylor")[:3, 3:].tolist(), float)
    # The exponential's condition number is at least the norm of x.
    allowed = 64 * 2.3e-16 * max(1, np.linalg.norm(x))
    assert np.abs(y - wanted).max() < allowed * np.abs(wanted).max()
    ours = constant(x)
    for scale in (1.0, 1e-30, 1e30):
        with GradientTape() as tape:
            tape.watch(ours)
            y = solving.matrix_exp(ours)
        dx = tape.gradient(y, ours, output_gradients=constant(u * scale)).numpy() / scale
        assert np.abs(dx - slope).max() < 4 * allowed * np.abs(slope).max()


def test_matrix_exp_of_complex():
    def formula(xp, x):
        x = Complex(*x) * 0.25
        y = term = x @ Complex(np.eye(2), np.zeros((2, 2)))
        for k in range(2, 19):
            term = term @ x * (1 / k)
            y = y + term
        return (y + Complex(np.eye(2), np.zeros((2, 2)))).pair()

    check_complex(lambda x: solving.matrix_exp(x * 0.25), formula, complex_generic("x", (2, 2)),
                  normwise=True)


# Half precision -----------------------------------------------------------------------------------

HALF = {
    "solve": (lambda x: solving.solve(x, x[0]), lambda x: np.linalg.solve(x, x[0])),
    "solve_triangular": (lambda x: solving.solve_triangular(x, x[0]),
                         lambda x: scipy.linalg.solve_triangular(x, x[0])),
    "cholesky": (lambda x: solving.cholesky(x), lambda x: np.linalg.cholesky((x + x.T) / 2)),
    "matrix_exp": (solving.matrix_exp, scipy.linalg.expm),
    "inv": (determinants.inv, np.linalg.inv),
    "det": (determinants.det, np.linalg.det),
    "slogdet": (lambda x: determinants.slogdet(x)[1], lambda x: np.linalg.slogdet(x)[1]),
    "eigvalsh": (decompositions.eigvalsh, lambda x: np.linalg.eigvalsh((x + x.T) / 2)),
    "svdvals": (decompositions.svdvals, lambda x: np.linalg.svd(x)[1]),
    "polar": (lambda x: decompositions.svd(x)[0] @ decompositions.svd(x)[2],
              lambda x: scipy.linalg.polar(x)[0]),
    "qr": (lambda x: decompositions.qr(x)[1], lambda x: np.linalg.qr(x)[1]),
    "pinv": (decompositions.pinv, np.linalg.pinv),
    "vector_norm": (norms.vector_norm, np.linalg.norm),
    "nuclear": (lambda x: norms.matrix_norm(x, ord="nuc"), lambda x: np.linalg.norm(x, "nuc")),
}


@pytest.mark.parametrize("name", HALF)
def test_half_precision(name):
    """Computed in float32 and rounded once; gradients in float16 by the rules."""
    function, theirs = HALF[name]
    x = strong("x", 3, 3).astype("float16")
    gradients = []
    for dtype in ("float16", "float64"):
        z = constant(x.astype(dtype))
        with GradientTape() as tape:
            tape.watch(z)
            y = function(z)
        assert y.dtype == dtype
        gradients.append(tape.gradient(y, z).numpy())
        if dtype == "float16":
            np.testing.assert_allclose(y.numpy(), theirs(x.astype(float)), rtol=2**-10, atol=2**-12)
    assert gradients[0].dtype == "float16"
    scale = np.abs(gradients[1]).max()
    # Singular vectors divide by differences of the values, here about a tenth.
    rounding = 2**-5 if name == "polar" else 2**-7
    np.testing.assert_allclose(gradients[0], gradients[1], atol=scale * rounding, rtol=0)


# Refusals -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: solving.solve(constant(np.eye(2)), constant(np.ones((3, 2)))), "wanted"),
        (lambda: solving.solve(constant(np.zeros((2, 2))), constant(np.ones(2))), "Singular"),
        (lambda: solving.solve_triangular(constant(np.zeros((2, 2))), constant(np.ones(2))),
         "Singular"),
        (lambda: solving.cholesky(constant(-np.eye(2))), "positive definite"),
    ],
)
def test_refused(call, says):
    kind = errors.ShapeError if says == "wanted" else errors.MatrixError
    with pytest.raises(kind, match=says):
        call()


def test_a_wrong_rule_is_noticed(monkeypatch):
    right = operators.RULES["solve"]
    monkeypatch.setitem(operators.RULES, "solve", (
        right[0], lambda dy, y, a, b: solving.solve(a, dy)))
    with pytest.raises(AssertionError, match="solve: gradient 1"):
        test_solve([(2, 2), (2,)], "float64")
