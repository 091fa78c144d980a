"""Inverses, determinants, linear systems, Cholesky factors and the exponential of a matrix."""


import numpy as np

from ..creation import zeros_like
from ..errors import ShapeError, describe
from ..operators import FORWARDS, apply, as_operand, quiet, rule, same_dtype, values
from .diagonals import trace, tril, triu
from .einsum import check_matrices, conjugate, widened
from .products import cross, matrix_power
from .shapes import concat, expand_dims, flip, matrix_transpose, roll, squeeze

__all__ = [
    "cholesky", "cholesky_inverse", "cholesky_solve", "cofactors", "det", "inv", "matrix_exp",
    "solve", "solve_triangular",
]  # fmt: skip


def adjoint(x):
    """The conjugate of the matrices x, transposed."""
    return matrix_transpose(conjugate(x))


# Inverses and determinants ------------------------------------------------------------


def inv(x):
    """The inverses of the matrices x (..., n, n). Raises ShapeError, for singular ones too."""
    return apply("inv", check_matrices("inv", as_operand(x), square=True))


FORWARDS["inv"] = quiet(widened(np.linalg.inv))
rule("inv", lambda dy, y, x: -(matrix_transpose(y) @ dy @ matrix_transpose(y)))


def det(x):
    """The determinants of the matrices x (..., n, n); 1 for n = 0. Raises ShapeError.

    Its gradient is `cofactors(x)`, which a singular x has too, and so have all orders.
    """
    return apply("det", check_matrices("det", as_operand(x), square=True))


FORWARDS["det"] = quiet(widened(lambda x: np.asarray(np.linalg.det(x))))
rule("det", lambda dy, y, x: _scalars(dy) * _cofactors(x, y))

# A matrix with a larger condition number is not inverted for its cofactors.
_WELL_CONDITIONED = 1e4
# Singular values below this part of the largest one go into a block that is not inverted.
_WEAK = 1e-5


def cofactors(x):
    """The cofactors of the matrices x (..., n, n): the gradient of det, the adjugate transposed.

    Singular matrices have them too, as accurately as others. Raises ShapeError.
    """
    x = check_matrices("cofactors", as_operand(x), square=True)
    return _cofactors(x, det(x))


def _scalars(x):
    """One number for each matrix of a stack, to be multiplied with it."""
    return expand_dims(x, (-2, -1))


def _cofactors(x, y):
    """The cofactors of x, whose determinant is y."""
    if not x.size or x.shape[-1] == 1:
        return matrix_power(x, 0)  # ones, with a gradient of zeros
    if x.shape[-1] == 2:
        return flip(x, (-2, -1)) * np.array([[1, -1], [-1, 1]], x.dtype)
    if x.shape[-1] == 3:
        return cross(roll(x, -1, -2), roll(x, -2, -2))
    try:
        inverse = inv(x)
    except ValueError:  # singular
        return _cofactors_of_singular(x)
    if _all_well_conditioned(values(x), values(inverse), values(y)):
        return _scalars(y) * matrix_transpose(inverse)
    return _cofactors_of_singular(x)


def _all_well_conditioned(x, inverse, y):
    with np.errstate(all="ignore"):
        condition = np.abs(x).sum(-1).max(-1) * np.abs(inverse).sum(-1).max(-1)
        small = np.finfo(y.real.dtype).tiny if y.dtype.itemsize > 2 else 1e-4
        return bool(np.all((condition < _WELL_CONDITIONED) & (np.abs(y) > small) & np.isfinite(y)))


def _cofactors_of_singular(x):
    """Cofactors without the inverse of x: that of its strong part, a polynomial of the weak rest.

    With constant unitary u and v, which bring x into m = u^H x v, diagonal but for rounding,

        det(x) = det(u) det(v^H) det(m),    det(m) = det(strong) det(weak - low @ strong^-1 @ high)

    for m = [[strong, high], [low, weak]]. Where `strong` is invertible, this holds in all of its
    neighbourhood, and so has x's derivatives of every order; the second determinant's adjugate is
    a polynomial (Faddeev and LeVerrier's), which divides by nothing but 1, 2, ...
    """
    left, right, phase, rank = _rotations(values(x))
    m = left @ x @ right
    strong, high = m[..., :rank, :rank], m[..., :rank, rank:]
    low, weak = m[..., rank:, :rank], m[..., rank:, rank:]
    inverse = inv(strong)
    onto, from_ = low @ inverse, inverse @ high
    rest = weak - onto @ high
    adjugate, det_of_rest = _adjugate(rest)
    q = matrix_transpose(adjugate)
    top = _scalars(det_of_rest) * matrix_transpose(inverse)
    top = top + matrix_transpose(onto) @ q @ matrix_transpose(from_)
    rows = (
        concat([top, -(matrix_transpose(onto) @ q)], axis=-1),
        concat([-(q @ matrix_transpose(from_)), q], axis=-1),
    )
    of_m = _scalars(det(strong) * phase) * concat(rows, axis=-2)
    return np.swapaxes(left, -1, -2) @ of_m @ np.swapaxes(right, -1, -2)


def _rotations(x):
    """u^H, v, det(u) det(v^H), all constants, and how many singular values are strong."""
    dtype = x.dtype
    x = x.astype("float32") if dtype.itemsize == 2 else x
    usable = np.isfinite(x).all((-2, -1), keepdims=True)
    u, s, vh = np.linalg.svd(np.where(usable, x, np.eye(x.shape[-1], dtype=x.dtype)))
    rank = int((s > _WEAK * s[..., :1]).sum(-1).min())
    phase = np.linalg.det(u) * np.linalg.det(vh)
    left, right = (np.swapaxes(a, -1, -2).conj() for a in (u, vh))
    return *(a.astype(dtype) for a in (left, right, np.asarray(phase))), min(rank, x.shape[-1] - 1)


def _adjugate(x):
    """The adjugates and determinants of small matrices, as polynomials of their elements."""
    n = x.shape[-1]
    one = np.broadcast_to(np.eye(n, dtype=x.dtype), x.shape)
    adjugate = one if n == 1 else None
    for k in range(1, n):
        product = x if adjugate is None else x @ adjugate
        adjugate = product - _scalars(trace(product) / float(k)) * one
    if n % 2 == 0:
        adjugate = -adjugate
    return adjugate, (x[..., 0, :] * matrix_transpose(adjugate)[..., 0, :]) @ np.ones(n, x.dtype)


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
    """Murray, Differentiation of the Cholesky decomposition (2016), equation 10."""
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

# Higham, The scaling and squaring method for the matrix exponential revisited (2005), table 2.3.
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
