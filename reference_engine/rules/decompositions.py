"""Eigenvalues, singular values, QR, and the pseudoinverse.

A matrix that ought to be symmetric counts with its symmetric part, (x + x^H) / 2, as in JAX, so
that gradients are symmetric. Eigenvectors and singular vectors have no derivative where two values
are equal: a gradient that needs one is inf or nan there. The values alone have a kink there, and
the convention is the gradient that the vectors found give, one of the subgradients; their second
derivative is inf or nan, as there is none.

The rules speak of gradients as papers do, with conjugates; `_transposed` puts them into ours.
"""

import functools
from typing import Any, NamedTuple

import numpy as np

from ..creation import astype
from ..errors import OptionError, ShapeError
from ..operators import FORWARDS, apply, as_operand, quiet, rule, same_dtype
from .diagonals import diag_embed, diagonal, triu
from .einsum import check_matrices, conjugate
from .elementwise import logical_and
from .linear_algebra import matmul
from .precision import widened
from .selection import where
from .shapes import concat, expand_dims, matrix_transpose, squeeze
from .solving import adjoint, solve, solve_triangular, symmetric_part

__all__ = [
    "eig", "eigh", "eigvals", "eigvalsh", "lstsq", "matrix_rank", "pinv", "qr", "svd", "svdvals",
]  # fmt: skip


def _transposed(function):
    """A rule for conjugated gradients, as papers have them, in the engine's convention."""

    @functools.wraps(function)
    def transposed(dy, *arguments):
        dy = tuple(map(conjugate, dy)) if isinstance(dy, tuple) else conjugate(dy)
        return conjugate(function(dy, *arguments))

    return transposed


def _over(x, gap):
    """x / gap, but 0 for 0 / 0: no gradient came, so that the missing derivative is not needed."""
    return x / where(logical_and(x == 0, gap == 0), np.ones((), gap.dtype)[()], gap)


def _with_infinite_diagonal(x):
    return where(np.eye(x.shape[-1], dtype=bool), np.array(np.inf, x.dtype)[()], x)


# Eigenvalues of symmetric matrices ----------------------------------------------------


class Eigen(NamedTuple):
    """What `eigh` gives."""

    eigenvalues: Any
    eigenvectors: Any


def eigh(x):
    """The eigenvalues (..., n), ascending, and eigenvectors, the columns of (..., n, n).

    Of the symmetric part of x (..., n, n). Eigenvectors are determined but for their sign (or, if
    complex, phase), so that only functions that do not change with it have a meaning. Raises
    ShapeError.
    """
    return Eigen(*apply("eigh", check_matrices("eigh", as_operand(x), square=True)))


def eigvalsh(x):
    """The eigenvalues (..., n), ascending, of the symmetric part of x. Raises ShapeError."""
    return apply("eigvalsh", check_matrices("eigvalsh", as_operand(x), square=True))


def _symmetrised(x):
    return 0.5 * (x + adjoint(x))


@_transposed
def _undo_eigh(dy, y):
    """Giles, Collected matrix derivative results (2008), 3.1."""
    (dw, dv), (w, v) = dy, y
    gaps = _with_infinite_diagonal(expand_dims(w, -2) - expand_dims(w, -1))
    inner = _over(adjoint(v) @ dv, gaps) + diag_embed(dw)
    return _symmetrised(v @ inner @ adjoint(v))


@_transposed
def _undo_eigvalsh(dw, x):
    v = eigh(x).eigenvectors
    return (v * expand_dims(dw, -2)) @ adjoint(v)


FORWARDS["eigh"] = quiet(widened(lambda x: tuple(np.linalg.eigh(symmetric_part(x)))))
FORWARDS["eigvalsh"] = quiet(widened(lambda x: np.linalg.eigvalsh(symmetric_part(x))))
rule("eigh", lambda dy, y, x: _undo_eigh(dy, y))
rule("eigvalsh", lambda dy, y, x: _undo_eigvalsh(dy, x))

# Eigenvalues of any matrices ----------------------------------------------------------


def eig(x):
    """The eigenvalues (..., n), in no order, and eigenvectors, columns of length 1, of x.

    Complex, also for a real x (..., n, n). Eigenvectors are determined but for their phase. Raises
    ShapeError.
    """
    return Eigen(*apply("eig", check_matrices("eig", as_operand(x), square=True)))


def eigvals(x):
    """The eigenvalues (..., n), complex and in no order, of x (..., n, n). Raises ShapeError."""
    return apply("eigvals", check_matrices("eigvals", as_operand(x), square=True))


def _like(dx, dtype):
    """The cotangent of a real x is real."""
    return dx if dtype.kind == "c" else astype(dx, dtype)


@_transposed
def _undo_eig(dy, y):
    """Boeddeker et al., On the computation of complex-valued gradients with application to
    statistically optimum beamforming (2017); the second term keeps the columns' length."""
    (dw, dv), (w, v) = dy, y
    vh = adjoint(v)
    product = vh @ dv
    along = diagonal(product)
    along = 0.5 * (along + conjugate(along))
    gaps = _with_infinite_diagonal(expand_dims(w, -2) - expand_dims(w, -1))
    inner = _over(product - (vh @ v) * expand_dims(along, -2), conjugate(gaps)) + diag_embed(dw)
    return solve(vh, inner @ vh)


@_transposed
def _undo_eigvals(dw, x):
    vh = adjoint(eig(x).eigenvectors)
    return solve(vh, expand_dims(dw, -1) * vh)


def _complex(x):
    """x in a dtype that LAPACK has, and the complex one of its precision."""
    x = x.astype("float32") if x.dtype.itemsize == 2 else x
    return x, np.result_type(x.dtype, "complex64")


def _eig(x):
    x, dtype = _complex(x)
    w, v = np.linalg.eig(x)
    return w.astype(dtype, copy=False), v.astype(dtype, copy=False)


def _eigvals(x):
    x, dtype = _complex(x)
    return np.linalg.eigvals(x).astype(dtype, copy=False)


FORWARDS["eig"] = quiet(_eig)
FORWARDS["eigvals"] = quiet(_eigvals)
rule("eig", lambda dy, y, x: _like(_undo_eig(dy, y), x.dtype))
rule("eigvals", lambda dy, y, x: _like(_undo_eigvals(dy, x), x.dtype))

# Singular values ----------------------------------------------------------------------


class Singular(NamedTuple):
    """What `svd` gives."""

    U: Any
    S: Any
    Vh: Any


def svd(x, full_matrices=False):
    """u (..., m, k), the singular values (..., k), descending, and v^H (..., k, n) of x.

    k is min(m, n): the other columns of `full_matrices` have no derivative, and True raises
    OptionError unless m = n. Raises ShapeError.
    """
    x = check_matrices("svd", as_operand(x))
    if full_matrices and x.shape[-1] != x.shape[-2]:
        raise OptionError(
            f"svd: got full_matrices=True for shape {x.shape}, wanted False: "
            "the vectors of no singular value have no derivative"
        )
    return Singular(*apply("svd", x))


def svdvals(x):
    """The singular values (..., min(m, n)), descending, of x (..., m, n). Raises ShapeError."""
    return apply("svdvals", check_matrices("svdvals", as_operand(x)))


def _skew(x):
    return x - adjoint(x)


@_transposed
def _undo_svd(dy, y):
    """Wan and Zhang, Automatic differentiation for complex valued SVD (2019).

    In the complex case the terms of u's and v's phases go to u's alone; a gradient that does not
    change with the phases has them equal and opposite.
    """
    (du, ds, dvh), (u, s, vh) = dy, y
    uh, v = adjoint(u), adjoint(vh)
    m, k, n = u.shape[-2], s.shape[-1], vh.shape[-1]
    row, column = expand_dims(s, -2), expand_dims(s, -1)
    gaps = _with_infinite_diagonal((row - column) * (row + column))
    skew_u, skew_v = _skew(uh @ du), _skew(dvh @ v)
    inner = _over(skew_u, gaps) * row - column * _over(skew_v, gaps) + diag_embed(ds)
    if u.dtype.kind == "c":
        inner = inner + diag_embed(_over(0.5 * diagonal(skew_u), s))
    dx = u @ inner @ vh
    if m > k:
        dx = dx + _over(du - u @ (uh @ du), row) @ vh
    if n > k:
        dx = dx + u @ _over(dvh - (dvh @ v) @ vh, column)
    return dx


@_transposed
def _undo_svdvals(ds, x):
    u, _, vh = svd(x)
    return (u * expand_dims(ds, -2)) @ vh


def _svd(x):
    return tuple(np.linalg.svd(x, full_matrices=False))


FORWARDS["svd"] = quiet(widened(_svd))
FORWARDS["svdvals"] = quiet(widened(lambda x: np.linalg.svd(x, compute_uv=False)))
rule("svd", lambda dy, y, x: _undo_svd(dy, y))
rule("svdvals", lambda dy, y, x: _undo_svdvals(dy, x))

# QR -----------------------------------------------------------------------------------


class Factors(NamedTuple):
    """What `qr` gives."""

    Q: Any
    R: Any


def qr(x, mode="reduced"):
    """q (..., m, k) with orthonormal columns and r (..., k, n), upper triangular, with q @ r = x.

    k is min(m, n), and the first k columns of x must be independent for a gradient: otherwise
    taking it raises ShapeError. The signs are LAPACK's. Other modes than "reduced" raise
    OptionError.
    """
    x = check_matrices("qr", as_operand(x))
    if mode != "reduced":
        raise OptionError(
            f'qr: got mode={mode!r}, wanted "reduced": what "complete" adds has no derivative'
        )
    m, n = x.shape[-2:]
    if m >= n:
        return Factors(*apply("qr", x))
    q, r = apply("qr", x[..., :m])
    return Factors(q, concat([r, adjoint(q) @ x[..., m:]], axis=-1))


@_transposed
def _undo_qr(dy, y):
    """Walter, Lehmann and Lamour, On evaluating higher-order derivatives of the QR decomposition
    of tall matrices with full column rank in forward and reverse mode (2012)."""
    (dq, dr), (q, r) = dy, y
    upper = triu(dr @ adjoint(r) - adjoint(q) @ dq)
    half = upper - 0.5 * diag_embed(diagonal(upper))
    inner = dq + q @ (half + adjoint(half))
    return adjoint(solve_triangular(r, adjoint(inner)))


FORWARDS["qr"] = quiet(widened(lambda x: tuple(np.linalg.qr(x))))
rule("qr", lambda dy, y, x: _undo_qr(dy, y))

# Pseudoinverse ------------------------------------------------------------------------


def pinv(x, rtol=None):
    """The pseudoinverse (..., n, m) of x (..., m, n), by Moore and Penrose.

    Singular values up to `rtol` (max(m, n) * eps if None) times the largest count as 0. It is
    continuous only among matrices of one rank, and its gradient is the one among these. Raises
    ShapeError.
    """
    x = check_matrices("pinv", as_operand(x))
    if x.shape[-2] < x.shape[-1]:  # the rule would make n by n matrices
        return matrix_transpose(pinv(matrix_transpose(x), rtol))
    return apply("pinv", x, rtol=rtol)


def _relative(x, rtol):
    return max(x.shape[-2:]) * np.finfo(x.dtype).eps if rtol is None else rtol


def _pinv(x, rtol):
    if not x.size:
        return np.swapaxes(x, -1, -2)
    u, s, vh = _svd(x)
    counts = s > _relative(x, rtol) * s[..., :1]
    inverse = np.where(counts, 1 / np.where(counts, s, s.dtype.type(1)), s.dtype.type(0))
    return np.swapaxes(vh, -1, -2).conj() @ (inverse[..., None] * np.swapaxes(u, -1, -2).conj())


@_transposed
def _undo_pinv(dy, y, x):
    """Golub and Pereyra, The differentiation of pseudo-inverses and nonlinear least squares
    problems whose variables separate (1973), theorem 4.3."""
    yh, dyh = adjoint(y), adjoint(dy)
    inner = y @ dyh
    left = (dyh - x @ inner) @ (y @ yh)
    return left - yh @ (dy @ yh) + yh @ (inner - (inner @ y) @ x)


FORWARDS["pinv"] = quiet(widened(_pinv))
rule("pinv", lambda dy, y, x, rtol: _undo_pinv(dy, y, x))


def lstsq(a, b, rtol=None):
    """The x of least norm among those for which a @ x is nearest to b: pinv(a) @ b.

    b is a stack of matrices (..., m, k) or one vector (m,). Raises ShapeError, DtypeError.
    """
    a, b = same_dtype("lstsq", a, b)
    inverse = pinv(check_matrices("lstsq", a), rtol)
    if not b.ndim or b.shape[-2:][0] != a.shape[-2]:
        raise ShapeError(f"lstsq: got shapes {a.shape} and {b.shape}, wanted (..., m, k) or (m,)")
    return squeeze(matmul(inverse, expand_dims(b, -1)), -1) if b.ndim == 1 else inverse @ b


def matrix_rank(x, rtol=None):
    """How many singular values exceed `rtol` (max(m, n) * eps if None) times the largest.

    An integer, which has no derivative. Raises ShapeError.
    """
    return apply("matrix_rank", check_matrices("matrix_rank", as_operand(x)), rtol=rtol)


def _matrix_rank(x, rtol):
    x = x.astype("float32") if x.dtype.itemsize == 2 else x
    s = np.linalg.svd(x, compute_uv=False)
    return np.sum(s > _relative(x, rtol) * s[..., :1], axis=-1)


FORWARDS["matrix_rank"] = quiet(_matrix_rank)
rule("matrix_rank", None)
