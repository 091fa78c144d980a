"""What every kernel shares: float64 inside, blocks that stay in the cache, polynomials."""

import functools

import numpy as np

from ..errors import DtypeError

BLOCK = 16384


def kernel(function):
    """A kernel of float64 vectors, for arrays of any shapes that broadcast and one float dtype.

    It computes in float64, block by block, and rounds to the dtype of the arrays. Keywords are
    handed on. Nothing warns: infinities and nan are answers.
    """

    @functools.wraps(function)
    def call(*arrays, **parameters):
        arrays = [np.asarray(array) for array in arrays]
        dtype = np.result_type(*arrays)
        if dtype.kind == "c":
            raise DtypeError(f"{function.__name__}: got {dtype}, wanted real numbers")
        if dtype.kind in "iub":
            dtype = np.dtype("float64")
        if len(arrays) > 1:
            arrays = np.broadcast_arrays(*arrays)
        shape = arrays[0].shape
        with np.errstate(all="ignore"):
            if not arrays[0].size:
                return np.empty(shape, dtype)
            if arrays[0].size <= BLOCK:
                flat = [array.astype("float64").reshape(-1) for array in arrays]
                return function(*flat, **parameters).astype(dtype).reshape(shape)[()]
            flat = [array.reshape(-1) for array in arrays]
            result = np.empty(flat[0].size, dtype)
            for start in range(0, result.size, BLOCK):
                part = slice(start, start + BLOCK)
                result[part] = function(*(a[part].astype("float64") for a in flat), **parameters)
        return result.reshape(shape)

    return call


def polynomial(coefficients, x):
    """The polynomial with `coefficients`, highest power first, by Horner's rule."""
    y = coefficients[0] * x
    y += coefficients[1]
    for coefficient in coefficients[2:]:
        y *= x
        y += coefficient
    return y


def quotient(table, x):
    """The quotient of polynomials that a table holds."""
    above, below = table
    y = polynomial(above, x)
    y /= polynomial(below, x)
    return y


def piecewise(masks, functions, *vectors):
    """functions[i] where masks[i] holds (the first that does), and nan where none does."""
    left = None
    result = None
    for mask, function in zip(masks, functions, strict=True):
        mask = mask if left is None else mask & left
        if result is None and mask.all():
            return function(*vectors)
        if result is None:
            result = np.full(vectors[0].shape, np.nan)
            left = np.ones(vectors[0].shape, bool)
        if mask.any():
            result[mask] = function(*(vector[mask] for vector in vectors))
            left = left & ~mask
    return result


def square_with_rest(x):
    """x * x rounded, and what the rounding left out (Dekker 1971)."""
    high = x * 134217729.0
    high = high - (high - x)
    low = x - high
    square = x * x
    return square, ((high * high - square) + 2 * high * low) + low * low


def exp_of_square(x, factor):
    """exp(factor * x * x), for a factor of 1, -1 or -1/2, without the rounding of the square."""
    square, rest = square_with_rest(x)
    y = np.exp(factor * square)
    return np.where((y > 0) & (y < np.inf), y + y * (factor * rest), y)


def sin_pi(x):
    """sin(pi x), exactly 0 at whole numbers."""
    whole = np.rint(x)
    y = np.sin(np.pi * (x - whole))
    return np.where(np.mod(whole, 2) == 1, -y, y)


def cos_pi(x):
    """cos(pi x), exactly 0 between whole numbers."""
    whole = np.rint(x)
    rest = np.abs(x - whole)
    y = np.where(rest > 0.25, np.sin(np.pi * (0.5 - rest)), np.cos(np.pi * rest))
    return np.where(np.mod(whole, 2) == 1, -y, y)


# Trapezoidal sums over s of f(exp(s - exp(-s))): the double exponential formula for the half line
# (Takahasi and Mori 1974), exact to rounding for analytic f that fall off like exp(-v) or faster.
_STEPS = np.arange(-3.6, 5.0, 1 / 16)
NODES = np.exp(_STEPS - np.exp(-_STEPS))
WEIGHTS = NODES * (1 + np.exp(-_STEPS)) / 16


def over_half_line(function, scale, *vectors):
    """The integral over v > 0 of function(v, *columns), which falls off on `scale`.

    It is given the vectors as columns, so many at a time that a block stays in the cache.
    """
    total = np.empty(scale.shape)
    for start in range(0, scale.size, 64):
        part = slice(start, start + 64)
        columns = (vector[part, None] for vector in (scale, *vectors))
        v = next(columns) * NODES
        total[part] = function(v, *columns) @ WEIGHTS
    return scale * total
