"""Inverses, determinants, systems, Cholesky factors and exponentials, against elimination."""

import itertools
import math

import mpmath
import numpy as np
import pytest
import scipy.linalg
import torch
from certified import check
from points import generic

from reference_engine import GradientTape, constant, errors, operators
from reference_engine.rules import solving

both = pytest.mark.parametrize("dtype", ["float64", "float32"])


def strong(key, *shape):
    """Well-conditioned matrices."""
    return generic(key, shape) / shape[-1] + 1.5 * np.eye(shape[-1])


# Formulas -----------------------------------------------------------------------------------------


def elements(x, n):
    return [[x[..., i, j] for j in range(n)] for i in range(n)]


def matrix(xp, rows):
    return xp.stack([xp.stack(row, axis=-1) for row in rows], axis=-2)


def expanded(rows):
    """The determinant by its first row."""
    if len(rows) == 1:
        return rows[0][0]
    total = 0
    for j, x in enumerate(rows[0]):
        term = x * expanded([row[:j] + row[j + 1:] for row in rows[1:]])
        total = total - term if j % 2 else term + total
    return total


def cofactor_rows(rows):
    n = len(rows)
    if n == 1:
        return [[rows[0][0] * 0 + 1]]
    minors = [[expanded([row[:j] + row[j + 1:] for row in rows[:i] + rows[i + 1:]])
               for j in range(n)] for i in range(n)]
    return [[-m if (i + j) % 2 else m for j, m in enumerate(row)] for i, row in enumerate(minors)]


def determinant(n):
    return lambda xp, x: expanded(elements(x, n))


def cofactors(n):
    return lambda xp, x: matrix(xp, cofactor_rows(elements(x, n)))


def inverse(n):
    def formula(xp, x):
        adjugate = xp.matrix_transpose(matrix(xp, cofactor_rows(elements(x, n))))
        return adjugate / xp.expand_dims(xp.expand_dims(expanded(elements(x, n)), axis=-1), axis=-1)

    return formula


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


# Inverses and determinants ------------------------------------------------------------------------


@both
@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (3, 3), (2, 2, 2)])
def test_inv_and_det(shape, dtype):
    x, n = strong("x", *shape), shape[-1]
    check(solving.inv, inverse(n), x, dtype=dtype)
    check(solving.det, determinant(n), x, dtype=dtype)
    check(solving.cofactors, cofactors(n), x, dtype=dtype)


SINGULAR = {
    "rank 2 of 3": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]],
    "rank 1 of 3": [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [-1.0, -2.0, -3.0]],
    "rank 1 of 2": [[1.0, 2.0], [2.0, 4.0]],
    "zero": [[0.0, 0.0], [0.0, 0.0]],
    "zero of 3": np.zeros((3, 3)),
    "zero of 1": [[0.0]],
    "a zero row": [[0.0, 0.0, 0.0], [0.5, 1.0, 0.25], [0.25, 2.0, -1.0]],
    "rank 2 of 4": np.diag([2.0, 0.0, 1.0, 0.0]) + np.diag([0.0, 0.0, 0.5], 1),
    "rank 3 of 4": [[1.0, 2, 3, 4], [5, 6, 7, 8.5], [9, 10, 11, 12], [0.5, 14, 15, 16]],
    "rank 1 of 4": np.outer([1.0, 2.0, -1.0, 0.5], [0.5, 1.0, 3.0, -2.0]),
    "zero of 5": np.zeros((5, 5)),
    "rank 4 of 4": generic("whole", (4, 4)),
    "rank 5 of 5, hardly": np.diag([1.0, 2.0, 1e-7, 0.5, 1e-3]) + np.diag(np.ones(4), 1),
    "stacked of 4": [np.eye(4), np.diag([0.0, 0.0, 1.0, 2.0]), generic("whole", (4, 4))],
    "stacked": [[[1.0, 2.0], [2.0, 4.0]], [[0.0, 0.0], [0.0, 1.0]], [[1.0, 0.5], [0.0, 1.0]]],
}  # fmt: skip


@both
@pytest.mark.parametrize("name", SINGULAR)
def test_det_of_singular(name, dtype):
    """Rotated there and back: normwise as accurate as the formula, for elements that are 0 too."""
    x = np.array(SINGULAR[name])
    n = x.shape[-1]
    rounding = 200 * np.finfo(dtype).eps * max(1.0, np.abs(x).max()) ** n
    rows = [[[mpmath.mpf(float(v)) for v in row] for row in one] for one in x.reshape(-1, n, n)]
    wanted = np.array([[[float(v) for v in row] for row in cofactor_rows(r)] for r in rows])
    x = constant(x.astype(dtype))
    u = generic("u", x.shape).astype(dtype)
    with GradientTape() as second:
        second.watch(x)
        with GradientTape() as first:
            first.watch(x)
            y = solving.det(x)
        dx = first.gradient(y, x)
    np.testing.assert_allclose(dx.numpy().reshape(wanted.shape), wanted, atol=rounding, rtol=0)
    h = second.gradient(dx, x, output_gradients=constant(u)).numpy().reshape(wanted.shape)
    for r, direction, got in zip(rows, u.reshape(-1, n, n), h, strict=True):
        np.testing.assert_allclose(got, curvature(r, direction), atol=rounding, rtol=0)


def curvature(rows, direction):
    """The derivative of the cofactors along `direction`: exact, as they are polynomials."""
    n = len(rows)

    def moved(t):
        return cofactor_rows([[x + t * float(u) for x, u in zip(row, line, strict=True)]
                              for row, line in zip(rows, direction, strict=True)])

    with mpmath.workdps(60):
        return np.array([[float(mpmath.diff(lambda t, i=i, j=j: moved(t)[i][j], 0))
                          for j in range(n)] for i in range(n)])


def test_third_order_of_singular():
    """d3 det [u, u, u] = 6 det(u) for 3 by 3, whatever x."""
    for name in ("rank 2 of 3", "rank 1 of 3", "zero of 3"):
        x, u = constant(np.array(SINGULAR[name])), generic("u", (3, 3))
        tapes = [GradientTape(), GradientTape(), GradientTape()]
        with tapes[0], tapes[1], tapes[2]:
            for tape in tapes:
                tape.watch(x)
            y = solving.det(x)
            for order in (2, 1):
                y = (tapes[order].gradient(y, x) * u) @ np.ones(3) @ np.ones(3)
        third = np.sum(tapes[0].gradient(y, x).numpy() * u)
        assert third == pytest.approx(6 * np.linalg.det(u), abs=1e-10)


def test_cofactors_near_singular():
    """A well-conditioned inverse's threshold does not show, nor does underflow of det."""
    for small in (1e-2, 1e-4, 1e-6, 1e-9, 1e-14, 1e-200):
        x = scipy.linalg.hadamard(4) @ np.diag([1.0, 0.5, 2.0, small]) / 2
        exact = mpmath.matrix(x.tolist())
        with mpmath.workdps(250):
            wanted = np.array((mpmath.det(exact) * (exact**-1).T).tolist(), float)
        np.testing.assert_allclose(solving.cofactors(constant(x)).numpy(), wanted, atol=2e-14)
    for n in (2, 4):
        x = np.diag([1e-200, 2e-200] + [1.0] * (n - 2))
        tiny = np.diagonal(solving.cofactors(constant(x)).numpy())[:2]
        np.testing.assert_allclose(tiny, [2e-200, 1e-200], rtol=1e-13)


def test_determinants_without_rows_or_numbers():
    x = constant(np.ones((2, 0, 0)))
    with GradientTape() as tape:
        tape.watch(x)
        y = solving.det(x)
    np.testing.assert_array_equal(y.numpy(), [1, 1])
    assert tape.gradient(y, x).shape == (2, 0, 0)
    x = constant(np.array([[np.nan, 1.0], [1.0, 1.0]]))
    assert np.isnan(solving.cofactors(x).numpy()).any()


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


# Refusals -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: solving.inv(constant(np.ones((2, 3)))), "square"),
        (lambda: solving.inv(constant(np.ones((2, 2)))), "Singular"),
        (lambda: solving.det(constant(np.ones(2))), "square"),
        (lambda: solving.solve(constant(np.eye(2)), constant(np.ones((3, 2)))), "wanted"),
        (lambda: solving.solve(constant(np.zeros((2, 2))), constant(np.ones(2))), "Singular"),
        (lambda: solving.solve_triangular(constant(np.zeros((2, 2))), constant(np.ones(2))),
         "Singular"),
        (lambda: solving.cholesky(constant(-np.eye(2))), "positive definite"),
    ],
)
def test_refused(call, says):
    with pytest.raises(errors.ShapeError, match=says):
        call()


def test_a_wrong_rule_is_noticed(monkeypatch):
    monkeypatch.setitem(operators.RULES, "inv", (lambda dy, y, x: -(y @ dy @ y),))
    with pytest.raises(AssertionError, match="inv: gradient 0"):
        test_inv_and_det((2, 2), "float64")
