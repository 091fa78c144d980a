"""Inverses and determinants, of singular matrices too, against their expansions."""

import mpmath
import numpy as np
import pytest
import scipy.linalg
from certified import check, check_complex
from points import (
    Complex,
    cofactor_rows,
    complex_generic,
    elements,
    expanded,
    generic,
    inverse,
    matrix,
    strong,
)

from reference_engine import GradientTape, constant, errors, operators
from reference_engine.rules.determinants import cofactors, det, inv, slogdet

both = pytest.mark.parametrize("dtype", ["float64", "float32"])

def determinant_of(n):
    return lambda xp, x: expanded(elements(x, n))


def cofactors_of(n):
    return lambda xp, x: matrix(xp, cofactor_rows(elements(x, n)))


@both
@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (3, 3), (2, 2, 2)])
def test_inv_and_det(shape, dtype):
    x, n = strong("x", *shape), shape[-1]
    check(inv, inverse(n), x, dtype=dtype)
    check(det, determinant_of(n), x, dtype=dtype)
    check(cofactors, cofactors_of(n), x, dtype=dtype)


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
            y = det(x)
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
            y = det(x)
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
        np.testing.assert_allclose(cofactors(constant(x)).numpy(), wanted, atol=2e-14)
    for n in (2, 4):
        x = np.diag([1e-200, 2e-200] + [1.0] * (n - 2))
        tiny = np.diagonal(cofactors(constant(x)).numpy())[:2]
        np.testing.assert_allclose(tiny, [2e-200, 1e-200], rtol=1e-13)


def test_determinants_without_rows_or_numbers():
    x = constant(np.ones((2, 0, 0)))
    with GradientTape() as tape:
        tape.watch(x)
        y = det(x)
    np.testing.assert_array_equal(y.numpy(), [1, 1])
    assert tape.gradient(y, x).shape == (2, 0, 0)
    x = constant(np.array([[np.nan, 1.0], [1.0, 1.0]]))
    assert np.isnan(cofactors(x).numpy()).any()


# The logarithm ------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (3, 3), (2, 2, 2)])
def test_slogdet(shape, dtype):
    x, n = strong("x", *shape), shape[-1]
    x[..., 0, :] *= -1

    def formula(xp, x):
        y = expanded(elements(x, n))
        return xp.sign(y), xp.log(xp.abs(y))

    check(lambda x: tuple(slogdet(x)), formula, x, dtype=dtype, normwise=True)


def test_slogdet_of_singular():
    x = constant(np.stack([np.ones((2, 2)), np.eye(2)]))
    with GradientTape() as tape:
        tape.watch(x)
        sign, logabsdet = slogdet(x)
    np.testing.assert_array_equal(sign.numpy(), [0, 1])
    np.testing.assert_array_equal(logabsdet.numpy(), [-np.inf, 0])
    dx = tape.gradient(logabsdet, x).numpy()
    np.testing.assert_array_equal(np.abs(dx[0]), np.full((2, 2), np.inf))
    np.testing.assert_array_equal(dx[1], np.eye(2))


def test_slogdet_where_det_overflows():
    x = constant(1e100 * strong("x", 5, 5))
    with GradientTape() as tape:
        tape.watch(x)
        y = slogdet(x).logabsdet
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), np.linalg.inv(x.numpy()).T, rtol=1e-12)


# Complex matrices ---------------------------------------------------------------------------------


def complex_det(x):
    return x[0, 0] * x[1, 1] - x[0, 1] * x[1, 0]


def complex_cofactors(xp, x):
    rows = [[x[1, 1], -x[1, 0]], [-x[0, 1], x[0, 0]]]
    return Complex.stacked(xp, [Complex.stacked(xp, r) for r in rows], axis=0)


@both
def test_complex(dtype):
    x = complex_generic("x", (2, 2)) + np.diag([1, 1j])
    check_complex(det, lambda xp, x: complex_det(Complex(*x)).pair(), x, dtype=dtype)
    check_complex(cofactors, lambda xp, x: complex_cofactors(xp, Complex(*x)).pair(), x,
                  dtype=dtype)

    def inverse_of(xp, x):
        x = Complex(*x)
        cofactors = complex_cofactors(xp, x)
        adjugate = Complex(xp.matrix_transpose(cofactors.re), xp.matrix_transpose(cofactors.im))
        return (adjugate / complex_det(x)).pair()

    def log_of(xp, x):
        y = complex_det(Complex(*x))
        size = xp.sqrt(y.square())
        return [(y / size).pair(), xp.log(size)]

    check_complex(inv, inverse_of, x, dtype=dtype, normwise=True)
    check_complex(lambda x: tuple(slogdet(x)), log_of, x, dtype=dtype, normwise=True)


def test_complex_singular_of_4():
    """The gradient is the conjugate of the cofactors, whether an inverse gives them or not."""
    x = complex_generic("x", (4, 4))
    x[3] = x[0] + 1j * x[1]
    z = constant(x)
    with GradientTape() as tape:
        tape.watch(z)
        y = det(z)
    rows = [[mpmath.mpc(v) for v in row] for row in x.tolist()]
    wanted = np.array([[complex(v) for v in row] for row in cofactor_rows(rows)])
    np.testing.assert_allclose(tape.gradient(y, z).numpy(), wanted.conj(), atol=1e-14)


# Refusals -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: inv(constant(np.ones((2, 3)))), "square"),
        (lambda: inv(constant(np.ones((2, 2)))), "Singular"),
        (lambda: det(constant(np.ones(2))), "square"),
        (lambda: slogdet(constant(np.ones((2, 2, 3)))), "square"),
    ],
)
def test_refused(call, says):
    kind = errors.ShapeError if says == "square" else errors.MatrixError
    with pytest.raises(kind, match=says):
        call()


def test_a_wrong_rule_is_noticed(monkeypatch):
    monkeypatch.setitem(operators.RULES, "inv", (lambda dy, y, x: -(y @ dy @ y),))
    with pytest.raises(AssertionError, match="inv: gradient 0"):
        test_inv_and_det((2, 2), "float64")
