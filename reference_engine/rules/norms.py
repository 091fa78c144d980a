"""Norms of vectors and matrices.

A norm has a kink at 0, and the convention there is that of abs: the gradient is 0, a subgradient,
and so is what follows from it at second order. Elements that tie for the greatest or least absolute
value share the cotangent equally.
"""

import math

import numpy as np

from ..creation import zeros_like
from ..errors import OperandError, OptionError, ShapeError, describe
from ..operators import FORWARDS, apply, as_operand, operator, quiet, rule
from .decompositions import svdvals
from .determinants import inv
from .diagonals import to_the_end
from .einsum import check_matrices, conjugate
from .elementwise import abs
from .precision import widened
from .reductions import max, min, sum
from .selection import where
from .shapes import reshape

__all__ = ["cond", "matrix_norm", "norm", "vector_norm"]


def vector_norm(x, axis=None, keepdims=False, ord=2):
    """sum(abs(x)**ord)**(1/ord) over `axis`: an int, a tuple of ints, or None for all axes.

    ord: any number; math.inf for the greatest absolute value, -math.inf for the least, 0 for how
    many elements are not 0 (whose gradient is 0). Neither overflows nor underflows on the way.
    An element at 0 gets the gradient 0, also where ord < 1 would have it infinite.
    Raises ShapeError, OptionError for an ord that is no number.
    """
    x = as_operand(x)
    if isinstance(ord, bool) or not isinstance(ord, int | float) or ord != ord:
        raise OptionError(f"vector_norm: got ord={ord!r}, wanted a number, or math.inf")
    axes = _axes("vector_norm", x, axis)
    if math.isinf(ord) and 0 in (x.shape[a] for a in axes):
        raise ShapeError(f"vector_norm: got a {describe(x)}, of which no element is an extreme")
    if ord == 2:
        y = apply("euclidean_norm", x, axis=axes)
    elif ord == 1:
        y = sum(abs(x), axis=axes, keepdims=True)
    elif ord == 0:
        y = sum(apply("is_nonzero", x), axis=axes, keepdims=True)
    elif math.isinf(ord):
        y = (max if ord > 0 else min)(abs(x), axis=axes, keepdims=True)
    else:
        y = apply("power_norm", abs(x) if x.dtype.kind == "c" else x, axis=axes, ord=float(ord))
    if keepdims:
        return y
    return reshape(y, tuple(size for a, size in enumerate(x.shape) if a not in axes))


def _axes(name, x, axis):
    """`axis` as a tuple of axes counted from the front."""
    if axis is None:
        return tuple(range(x.ndim))
    axes = axis if isinstance(axis, tuple | list) else (axis,)
    if not all(isinstance(a, int | np.integer) for a in axes):
        raise OperandError(f"{name}: got axis={axis!r}, wanted an int, a tuple of ints or None")
    found = tuple(int(a) + x.ndim if a < 0 else int(a) for a in axes)
    if not all(0 <= a < x.ndim for a in found) or len(set(found)) < len(found):
        raise ShapeError(f"{name}: got axis={axis!r} with a {describe(x)}")
    return found


def _scaled(norm):
    """A norm that scales x by a power of 2 where its powers would leave the range of the dtype."""

    def forward(x, axis, **parameters):
        y = norm(x, axis, **parameters)
        limits = np.finfo(y.dtype)
        fits = (y < limits.max) & (y > limits.tiny / limits.eps)
        size = np.abs(x)
        if fits.all() or not x.size:
            return y
        peak = np.max(size, axis=axis, keepdims=True)
        exponent = np.where(np.isfinite(peak) & (peak > 0), np.frexp(peak)[1], 0)
        half = exponent // 2  # twice, since one power of 2 might itself leave the range
        scaled = np.ldexp(np.ldexp(size, -half), half - exponent)
        return np.where(fits, y, np.ldexp(np.ldexp(norm(scaled, axis, **parameters), half),
                                          exponent - half))  # fmt: skip

    return quiet(widened(forward))


def _euclidean(x, axis):
    squares = x.real * x.real + x.imag * x.imag if x.dtype.kind == "c" else x * x
    return np.sqrt(np.sum(squares, axis=axis, keepdims=True))


def _power(x, axis, ord):
    powers = np.power(np.abs(x), x.dtype.type(ord))
    return np.power(np.sum(powers, axis=axis, keepdims=True), x.dtype.type(1 / ord))


def _fraction(x, y):
    """x / y, and 0 where y is 0."""
    zero = y == 0
    return where(zero, np.zeros((), x.dtype)[()], x / where(zero, np.ones((), y.dtype)[()], y))


FORWARDS["euclidean_norm"] = _scaled(_euclidean)
FORWARDS["power_norm"] = _scaled(_power)
FORWARDS["is_nonzero"] = lambda x: (x != 0).astype(x.real.dtype)
rule("euclidean_norm", lambda dy, y, x, axis: dy * _fraction(conjugate(x), y))
rule("power_norm", lambda dy, y, x, axis, ord: dy * signed_power(_fraction(x, y), ord - 1))
rule("is_nonzero", lambda dy, y, x: zeros_like(x))


@operator
def signed_power(x, exponent):
    """sign(x) * abs(x)**exponent, and 0 at 0 for every exponent."""
    nonzero = np.where(x == 0, x.dtype.type(1), np.abs(x))
    return np.sign(x) * np.power(nonzero, x.dtype.type(exponent))


@operator
def even_power(x, exponent):
    """abs(x)**exponent, and 0 at 0 for every exponent but 0."""
    nonzero = np.where(x == 0, x.dtype.type(1), np.abs(x))
    y = np.power(nonzero, x.dtype.type(exponent))
    return y if exponent == 0 else np.where(x == 0, x.dtype.type(0), y)


rule("signed_power", lambda dy, y, x, exponent: dy * (even_power(x, exponent - 1) * exponent))
rule("even_power", lambda dy, y, x, exponent: dy * (signed_power(x, exponent - 1) * exponent))


def matrix_norm(x, keepdims=False, ord="fro"):
    """A norm of the matrices in the last two axes of x.

    ord: "fro", the root of the sum of squares; "nuc", the sum of the singular values; 2 and -2, the
    greatest and the least of these; 1 and -1, the greatest and least sum of absolute values in a
    column, and math.inf and -math.inf, in a row. Raises ShapeError, OptionError.
    """
    x = check_matrices("matrix_norm", as_operand(x))
    if ord == "fro":
        return vector_norm(x, (-2, -1), keepdims)
    if ord in ("nuc", 2, -2):
        y = vector_norm(svdvals(x), -1, True, 1 if ord == "nuc" else math.copysign(math.inf, ord))
    elif ord in (1, -1, math.inf, -math.inf):
        along = -2 if ord in (1, -1) else -1
        y = vector_norm(x, along, ord=1)
        y = vector_norm(y, -1, True, math.copysign(math.inf, ord))
    else:
        raise OptionError(
            f'matrix_norm: got ord={ord!r}, wanted "fro", "nuc", 1, -1, 2, -2, inf or -inf'
        )
    return reshape(y, (*y.shape, 1) if keepdims else y.shape[:-1])


def norm(x, ord=None, axis=None, keepdims=False):
    """NumPy's norm: a vector's along one axis, a matrix's in two, of all elements without an ord.

    Raises ShapeError, OptionError.
    """
    x = as_operand(x)
    if ord is None or (ord == "fro" and axis is None and x.ndim == 2):
        return vector_norm(x, axis, keepdims)
    axes = _axes("norm", x, axis)
    if len(axes) == 1:
        return vector_norm(x, axes, keepdims, ord)
    if len(axes) != 2:
        raise ShapeError(f"norm: got ord={ord!r} and axis={axis!r} with a {describe(x)}, "
                         "wanted one axis or two")  # fmt: skip
    y = matrix_norm(to_the_end("norm", x, *axes), ord=ord)
    kept = tuple(1 if a in axes else size for a, size in enumerate(x.shape))
    return reshape(y, kept) if keepdims else y


def cond(x, p=2):
    """The condition number of the matrices x: matrix_norm(x) * matrix_norm(inv(x)).

    p: an ord of `matrix_norm`; 2 and -2 need no inverse, and no square matrix. inf for a singular
    matrix and p = 2. Raises ShapeError, OptionError.
    """
    x = check_matrices("cond", as_operand(x), square=p not in (2, -2))
    if p in (2, -2):
        s = svdvals(x)
        return s[..., 0] / s[..., -1] if p == 2 else s[..., -1] / s[..., 0]
    return matrix_norm(x, ord=p) * matrix_norm(inv(x), ord=p)
