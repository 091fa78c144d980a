"""Diagonals, triangles, and matrices put together from parts."""

import numpy as np

from ..creation import zeros_like
from ..errors import OperandError, ShapeError, describe
from ..operators import FORWARDS, apply, as_operand, quiet, rule, same_dtype, variadic_rule
from .einsum import check_matrices
from .precision import widened
from .reductions import sum
from .shapes import broadcast_to, expand_dims, permute_dims, reshape

__all__ = [
    "block_diag", "diag", "diag_embed", "diagflat", "diagonal", "trace", "tril", "triu", "vander",
]  # fmt: skip

# Diagonals ----------------------------------------------------------------------------
# A diagonal has an `offset`: above the main one if positive, below if negative.


def trace(x, offset=0):
    """The sum along a diagonal of the matrices x (..., m, n). Raises ShapeError."""
    return apply("trace", check_matrices("trace", as_operand(x)), offset=_integer("trace", offset))


def diagonal(x, offset=0, axis1=-2, axis2=-1):
    """A diagonal of the matrices in axes `axis1` and `axis2` of x, as a new last axis.

    Raises ShapeError.
    """
    x = check_matrices("diagonal", as_operand(x))
    offset = _integer("diagonal", offset)
    return apply("diagonal", to_the_end("diagonal", x, axis1, axis2), offset=offset)


def diag_embed(x, offset=0, axis1=-2, axis2=-1):
    """Square matrices of zeros but for x, along its last axis, on a diagonal.

    They take the axes `axis1` and `axis2` of the result. Raises ShapeError for a 0-d x.
    """
    x, offset = as_operand(x), _integer("diag_embed", offset)
    if not x.ndim:
        raise ShapeError(f"diag_embed: got a {describe(x)}, wanted at least one axis")
    size = x.shape[-1] + abs(offset)
    y = apply("put_diagonal", x, offset=offset, shape=(*x.shape[:-1], size, size))
    axes = _two_axes("diag_embed", y, axis1, axis2)
    if axes == (y.ndim - 2, y.ndim - 1):
        return y
    rest = iter(range(y.ndim - 2))
    places = {axes[0]: y.ndim - 2, axes[1]: y.ndim - 1}
    return permute_dims(y, tuple(places[a] if a in places else next(rest) for a in range(y.ndim)))


def diag(x, offset=0):
    """The square matrix with the vector x on a diagonal, or that diagonal of a matrix x.

    Raises ShapeError for any other number of axes.
    """
    x = as_operand(x)
    if x.ndim not in (1, 2):
        raise ShapeError(
            f"diag: got a {describe(x)}, wanted a vector or a matrix: "
            "use engine.diag_embed or engine.diagonal for stacks of them"
        )
    return diag_embed(x, offset) if x.ndim == 1 else diagonal(x, offset)


def diagflat(x, offset=0):
    """The square matrix with all elements of x on a diagonal."""
    return diag_embed(reshape(as_operand(x), (-1,)), offset)


def _integer(name, offset):
    if isinstance(offset, bool) or not isinstance(offset, int | np.integer):
        raise OperandError(f"{name}: got offset {describe(offset)}, wanted an int")
    return int(offset)


def _two_axes(name, x, axis1, axis2):
    axes = tuple(a + x.ndim if a < 0 else a for a in (axis1, axis2))
    if axes[0] == axes[1] or not all(0 <= a < x.ndim for a in axes):
        raise ShapeError(
            f"{name}: got axes {axis1} and {axis2}, wanted two different ones of {x.ndim}"
        )
    return axes


def to_the_end(name, x, axis1, axis2):
    """x with those two axes last."""
    axes = _two_axes(name, x, axis1, axis2)
    if axes == (x.ndim - 2, x.ndim - 1):
        return x
    return permute_dims(x, (*(a for a in range(x.ndim) if a not in axes), *axes))


def _length(shape, offset):
    """How many elements a diagonal of matrices of `shape` has."""
    return max(0, min(shape[-2] + min(offset, 0), shape[-1] - max(offset, 0)))


def _put_diagonal(x, offset, shape):
    y, along = np.zeros(shape, x.dtype), np.arange(x.shape[-1])
    y[..., along + max(-offset, 0), along + max(offset, 0)] = x
    return y


def _undo_trace(dy, offset, shape):
    same = broadcast_to(expand_dims(dy, -1), (*shape[:-2], _length(shape, offset)))
    return apply("put_diagonal", same, offset=offset, shape=shape)


FORWARDS["trace"] = quiet(widened(lambda x, offset: np.trace(x, offset, -2, -1, x.dtype)))
FORWARDS["diagonal"] = lambda x, offset: np.diagonal(x, offset, -2, -1)
FORWARDS["put_diagonal"] = _put_diagonal
rule("trace", lambda dy, y, x, offset: _undo_trace(dy, offset, x.shape), jvp="linear")
rule("diagonal", lambda dy, y, x, offset:
     apply("put_diagonal", dy, offset=offset, shape=x.shape), jvp="linear")  # fmt: skip
rule("put_diagonal", lambda dy, y, x, offset, shape:
     apply("diagonal", dy, offset=offset), jvp="linear")  # fmt: skip

# Triangles ----------------------------------------------------------------------------


def tril(x, k=0):
    """The matrices x (..., m, n) with zeros above diagonal k. Raises ShapeError."""
    return apply("tril", check_matrices("tril", as_operand(x)), k=_integer("tril", k))


def triu(x, k=0):
    """The matrices x (..., m, n) with zeros below diagonal k. Raises ShapeError."""
    return apply("triu", check_matrices("triu", as_operand(x)), k=_integer("triu", k))


FORWARDS["tril"] = lambda x, k: np.where(np.tri(*x.shape[-2:], k, bool), x, x.dtype.type(0))
FORWARDS["triu"] = lambda x, k: np.where(np.tri(*x.shape[-2:], k - 1, bool), x.dtype.type(0), x)
rule("tril", lambda dy, y, x, k: tril(dy, k), jvp="linear")
rule("triu", lambda dy, y, x, k: triu(dy, k), jvp="linear")

# Matrices out of parts ----------------------------------------------------------------


def vander(x, n=None, increasing=False):
    """The powers n-1, ..., 1, 0 of the vectors x (..., m) along a new last axis; n is m if None."""
    x = as_operand(x)
    if not x.ndim:
        raise ShapeError(f"vander: got a {describe(x)}, wanted at least one axis")
    return apply("vander", x, n=x.shape[-1] if n is None else n, increasing=increasing)


def _vander(x, n, increasing):
    powers = np.ones((*x.shape, n), x.dtype)
    powers[..., 1:] = x[..., None]
    powers = np.multiply.accumulate(powers, axis=-1)
    return powers if increasing else powers[..., ::-1]


def _undo_vander(dy, x, n, increasing):
    if n < 2:
        return zeros_like(x)
    rising = dy if increasing else dy[..., ::-1]
    counts = np.arange(1, n).astype(x.dtype)
    return sum(rising[..., 1:] * counts * apply("vander", x, n=n - 1, increasing=True), axis=-1)


FORWARDS["vander"] = quiet(widened(_vander))
rule("vander", lambda dy, y, x, n, increasing: _undo_vander(dy, x, n, increasing))


def block_diag(*matrices):
    """The `matrices` (m, n) along the diagonal of zeros; a vector is one row, a number (1, 1).

    Raises ShapeError for more than two axes, DtypeError.
    """
    matrices = [
        x if x.ndim == 2 else reshape(x, (1, -1)) if x.ndim < 2 else check_two_axes("block_diag", x)
        for x in same_dtype("block_diag", *matrices)
    ]
    return apply("block_diag", *matrices)


def check_two_axes(name, x):
    """Raises ShapeError unless x is one matrix."""
    if x.ndim != 2:
        raise ShapeError(f"{name}: got a {describe(x)}, wanted a matrix")
    return x


def _corners(shapes):
    """The index of each block of those `shapes`."""
    ends = np.cumsum(np.array(shapes), axis=0).tolist()
    return [
        (slice(i - m, i), slice(j - n, j)) for (m, n), (i, j) in zip(shapes, ends, strict=True)
    ]


def _block_diag(*matrices):
    shapes = [x.shape for x in matrices]
    y = np.zeros(np.sum(np.array(shapes), axis=0), matrices[0].dtype)
    for x, corner in zip(matrices, _corners(shapes), strict=True):
        y[corner] = x
    return y


FORWARDS["block_diag"] = _block_diag
variadic_rule("block_diag", lambda position, dy, y, *x:
              dy[_corners([part.shape for part in x])[position]], jvp="linear")  # fmt: skip
