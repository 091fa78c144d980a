"""Linear systems, Cholesky factors and the exponential of a matrix."""

import numpy as np

from ..creation import zeros_like
from ..errors import ShapeError, describe
from ..operators import FORWARDS, apply, as_operand, quiet, rule, same_dtype, values
from .diagonals import tril, triu
from .einsum import check_matrices, conjugate
from .precision import widened
from .shapes import concat, expand_dims, matrix_transpose, squeeze

__all__ = [
    "cholesky", "cholesky_inverse", "cholesky_solve", "matrix_exp", "solve", "solve_triangular",
]  # fmt: skip


def adjoint(x):
    """The conjugate of the matrices x, transposed."""
    return matrix_transpose(conjugate(x))


# Linear systems -----------------------------------------------------------------------


def solve(a, b):
    """x with a @ x = b, for matrices a (..., n, n) and b (..., n, k), or one vector b (n,).

    Leading axes broadcast. Raises ShapeError, for singular matrices too, and DtypeError.
    """
    return _solution("solve", a, b)


def solve_triangular(a, b, lower=False, unit_diagonal=False):
    """x with a @ x = b, reading nothing of a but its upper triangle, or its `lower` one.

    unit_diagonal: reads not the diagonal either, and takes it as 1. Shapes and errors are those
    of `solve`.
    """
    return _solution("solve_triangular", a, b, lower=bool(lower), unit_diagonal=bool(unit_diagonal))


def _solution(name, a, b, **parameters):
    a, b = same_dtype(name, a, b)
    check_matrices(name, a, square=True)
    if not b.ndim or b.shape[-2:][0] != a.shape[-1]:
        raise ShapeError(
            f"{name}: got {describe(a)} and {describe(b)}, wanted (..., n, n) and (..., n, k) "
            "or (n,): a stack of vectors needs an axis of size 1 at its end"
        )
    if b.ndim == 1:
        return squeeze(apply(name, a, expand_dims(b, -1), **parameters), -1)
    return apply(name, a, b, **parameters)


def _solve(a, b):
    # NumPy 1.26 takes a b of one axis less than a for vectors.
    return np.linalg.solve(a, b.reshape((1,) * (a.ndim - b.ndim) + b.shape))


def _solve_triangular(a, b, lower, unit_diagonal):
    """By NumPy's solver, which has no rows to exchange and nothing to eliminate above a diagonal:
    it substitutes backward. A lower triangle is an upper one with rows and columns reversed."""
    if lower:
        upper = _solve_triangular(a[..., ::-1, ::-1], b[..., ::-1, :], False, unit_diagonal)
        return upper[..., ::-1, :]
    n = a.shape[-1]
    a = np.where(np.tri(n, n, -1, bool), a.dtype.type(0), a)
    if unit_diagonal:
        a[..., np.arange(n), np.arange(n)] = 1
    return _solve(a, b)


def _triangle(x, lower, strict):
    return tril(x, -int(strict)) if lower else triu(x, int(strict))


FORWARDS["solve"] = quiet(widened(_solve))
FORWARDS["solve_triangular"] = quiet(widened(_solve_triangular))
rule("solve",
     lambda dy, y, a, b: -(solve(matrix_transpose(a), dy) @ matrix_transpose(y)),
     lambda dy, y, a, b: solve(matrix_transpose(a), dy))  # fmt: skip
rule("solve_triangular",
     lambda dy, y, a, b, lower, unit_diagonal: -_triangle(
         solve_triangular(matrix_transpose(a), dy, not lower, unit_diagonal) @ matrix_transpose(y),
         lower, unit_diagonal),
     lambda dy, y, a, b, lower, unit_diagonal:
     solve_triangular(matrix_transpose(a), dy, not lower, unit_diagonal))  # fmt: skip

# Cholesky -----------------------------------------------------------------------------


def cholesky(x, upper=False):
    """The lower triangular y with y @ y^H = x, or the upper one with y^H @ y = x.

    Of x (..., n, n) it takes the symmetric part, (x + x^H) / 2, as JAX does, so that its gradient
    is symmetric. Raises ShapeError, for matrices that are not positive definite too.
    """
    y = apply("cholesky", check_matrices("cholesky", as_operand(x), square=True))
    return adjoint(y) if upper else y


def symmetric_part(x):
    """(x + x^H) / 2 of an ndarray."""
    half = x.dtype.type(0.5)
    return half * x + half * np.swapaxes(x, -1, -2).conj()


def symmetrised(dx):
    """The cotangent of x for the cotangent dx of its symmetric part."""
    return 0.5 * (dx + adjoint(dx))


def _undo_cholesky(dy, y):
    """Murray, Differentiation of the Cholesky decomposition (2016)."""
    upper = matrix_transpose(y)
    product = tril(upper @ dy)
    halved = product - 0.5 * tril(triu(product))
    inner = solve_triangular(upper, halved)
    return symmetrised(matrix_transpose(solve_triangular(adjoint(y), matrix_transpose(inner))))


FORWARDS["cholesky"] = quiet(widened(lambda x: np.linalg.cholesky(symmetric_part(x))))
rule("cholesky", lambda dy, y, x: _undo_cholesky(dy, y))


def cholesky_solve(b, factor, upper=False):
    """x with a @ x = b, for the Cholesky `factor` of a. Shapes and errors are those of `solve`."""
    b, factor = same_dtype("cholesky_solve", b, factor)
    first = adjoint(factor) if upper else factor
    return solve_triangular(adjoint(first), solve_triangular(first, b, lower=True))


def cholesky_inverse(factor, upper=False):
    """The inverse of the matrix whose Cholesky `factor` is given. Raises ShapeError."""
    factor = check_matrices("cholesky_inverse", as_operand(factor), square=True)
    return cholesky_solve(np.eye(factor.shape[-1], dtype=factor.dtype), factor, upper)


# The exponential ----------------------------------------------------------------------

# Higham, The scaling and squaring method for the matrix exponential revisited (2005).
_PADE = (
    64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000,
    10559470521600, 670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
)  # fmt: skip
_PADE_REACH = 5.371920351148152


def matrix_exp(x):
    """The sum of x**k / k! over k, for matrices x (..., n, n). Raises ShapeError."""
    return apply("matrix_exp", check_matrices("matrix_exp", as_operand(x), square=True))


def _matrix_exp(x):
    dtype, n = x.dtype, x.shape[-1]
    if not x.size:
        return x
    x = x.astype("complex128" if dtype.kind == "c" else "float64")
    norm = np.abs(x).sum(-2).max(-1)[..., None, None]
    reach = np.where(np.isfinite(norm) & (norm > _PADE_REACH), norm / _PADE_REACH, 1.0)
    squarings = np.ceil(np.log2(reach)).astype(int)
    x = x * np.ldexp(1.0, -squarings)
    one, x2 = np.eye(n), x @ x
    x4 = x2 @ x2
    x6, b = x4 @ x2, [float(c) for c in _PADE]
    odd = x @ (x6 @ (b[13] * x6 + b[11] * x4 + b[9] * x2)
               + b[7] * x6 + b[5] * x4 + b[3] * x2 + b[1] * one)  # fmt: skip
    even = (x6 @ (b[12] * x6 + b[10] * x4 + b[8] * x2)
            + b[6] * x6 + b[4] * x4 + b[2] * x2 + b[0] * one)  # fmt: skip
    y = np.linalg.solve(even - odd, even + odd)
    for done in range(squarings.max()):
        y = np.where(squarings > done, y @ y, y)
    return y.astype(dtype)


def _slope_of_exp(x, dx):
    """How the exponential changes along dx: a block of that of [[x, dx], [0, x]] (Van Loan 1978).

    It is linear in dx, which is brought to the size of x first, so as not to spoil the scaling.
    """
    sizes = [np.abs(np.asarray(values(a), "complex128")).sum(-2).max(-1) for a in (x, dx)]
    with np.errstate(all="ignore"):
        factor = np.log2(np.where(sizes[0] > 0, sizes[0], 1.0) / sizes[1])
    furthest = {2: 12, 4: 100, 8: 1000}[x.dtype.itemsize // (2 if x.dtype.kind == "c" else 1)]
    factor = np.where(np.isfinite(factor), np.clip(factor, -furthest, furthest), 0)
    factor = np.ldexp(1.0, factor.astype(int))
    factor = factor[..., None, None].astype(x.dtype)
    n = x.shape[-1]
    rows = concat([x, dx * factor], axis=-1), concat([zeros_like(x), x], axis=-1)
    return matrix_exp(concat(rows, axis=-2))[..., :n, n:] / factor


FORWARDS["matrix_exp"] = quiet(_matrix_exp)
rule("matrix_exp", lambda dy, y, x: _slope_of_exp(matrix_transpose(x), dy) if x.size else dy)
