"""Inverses and determinants, whose derivatives singular matrices have too."""

from typing import Any, NamedTuple

import numpy as np

from ..operators import FORWARDS, apply, as_operand, quiet, rule, values
from .diagonals import trace
from .einsum import check_matrices, conjugate
from .precision import widened
from .products import cross, matrix_power
from .shapes import concat, expand_dims, flip, matrix_transpose, roll

__all__ = ["cofactors", "det", "inv", "slogdet"]


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
        adjugate = product - _scalars(trace(product)) / float(k) * one
    if n % 2 == 0:
        adjugate = -adjugate
    return adjugate, (x[..., 0, :] * matrix_transpose(adjugate)[..., 0, :]) @ np.ones(n, x.dtype)


# The logarithm ------------------------------------------------------------------------


class SignAndLog(NamedTuple):
    """A determinant as sign * exp(logabsdet)."""

    sign: Any
    logabsdet: Any


def slogdet(x):
    """The sign (of absolute value 1, or 0) and log(abs) of the determinants of x (..., n, n).

    A singular matrix has the sign 0 and the logarithm -inf, whose gradient is inf, or nan where it
    has no direction. The sign of a real x has the gradient 0. Raises ShapeError.
    """
    return SignAndLog(*apply("slogdet", check_matrices("slogdet", as_operand(x), square=True)))


def _undo_slogdet(dy, sign, x):
    along = _scalars(dy[1])
    if x.dtype.kind == "c":  # for tr(inv(x) dx) = t, that of log is real(t), of sign i sign imag(t)
        turn = _scalars(dy[0] * sign)
        along = along + 0.5 * (turn - conjugate(turn))
    try:
        return along * matrix_transpose(inv(x))
    except ValueError:  # singular
        return along / _scalars(det(x)) * cofactors(x)


FORWARDS["slogdet"] = quiet(widened(lambda x: tuple(map(np.asarray, np.linalg.slogdet(x)))))
rule("slogdet", lambda dy, y, x: _undo_slogdet(dy, y[0], x))
