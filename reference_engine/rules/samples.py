"""Functions given by their samples or coefficients: differences, integrals, interpolation."""

import numpy as np

from ..errors import OptionError, ShapeError, describe
from ..operators import FORWARDS, apply, as_operand, operator, quiet, rule, same_dtype, values
from ..tensor import is_float
from .axes import along, place
from .indexing import put, take
from .precision import widened
from .reductions import cumulative_sum, sum
from .selection import where
from .shapes import broadcast_to, concat, flip, reshape, stack

__all__ = ["convolve", "cumulative_trapezoid", "diff", "gradient", "interp", "polyval",
           "trapezoid"]  # fmt: skip

# Differences and integrals ------------------------------------------------------------


def diff(x, axis=-1, n=1, prepend=None, append=None):
    """The differences of neighbours along `axis`, taken `n` times.

    prepend, append: values to put at either end before, 0-d or with x's other sizes.
    Raises OptionError for a negative n, ShapeError, DtypeError.
    """
    x = as_operand(x)
    axis = place("diff", axis, x.ndim)
    if isinstance(n, bool) or not isinstance(n, int) or n < 0:
        raise OptionError(f"diff: got n={n!r}, wanted a whole number from 0")
    ends = [x if end is x else _end(x, end, axis) for end in (prepend, x, append)
            if end is not None]  # fmt: skip
    x = concat(ends, axis) if len(ends) > 1 else x
    return apply("diff", x, axis=axis, n=n)


def _end(x, end, axis):
    end = same_dtype("diff", end, x)[0]
    return broadcast_to(end, (*x.shape[:axis], 1, *x.shape[axis + 1 :])) if end.ndim == 0 else end


FORWARDS["diff"] = lambda x, axis, n: np.diff(x, n, axis)


@operator
def undiff(dy, axis, n, size):
    """The adjoint of diff of `size` elements: dy between n zeros on either side, differenced."""
    if dy.shape[axis] == 0:
        return np.zeros((*dy.shape[:axis], size, *dy.shape[axis + 1 :]), dy.dtype)
    padded = np.pad(dy, [(n, n) if a == axis else (0, 0) for a in range(dy.ndim)])
    spread = np.diff(padded, n, axis)
    return -spread if n % 2 else spread


rule("diff", lambda dy, y, x, axis, n: undiff(dy, axis, n, x.shape[axis]), jvp="linear")
rule("undiff", lambda dy, y, x, axis, n, size: diff(dy, axis, n), jvp="linear")


def _steps(name, coordinates, size, ndim, axis):
    """The differences of constant 1-D `coordinates`, shaped to run along `axis`."""
    coordinates = values(as_operand(coordinates))
    if coordinates.shape != (size,):
        raise ShapeError(
            f"{name}: got coordinates of shape {coordinates.shape}, "
            f"wanted a number or one for each of the {size} elements along axis {axis}"
        )
    return np.diff(coordinates).reshape((-1,) + (1,) * (ndim - 1 - axis))


def _trapezoids(name, y, x, dx, axis):
    """The areas under neighbouring samples, and the axis from the front."""
    y = as_operand(y)
    axis = place(name, axis, y.ndim)
    width = dx if x is None else _widths(name, same_dtype(name, x, y)[0], y.shape, axis)
    heights = y[along(axis, slice(1, None))] + y[along(axis, slice(None, -1))]
    return heights * (0.5 * width), axis


def _widths(name, x, shape, axis):
    if x.shape == shape:
        return diff(x, axis)
    if x.shape != (shape[axis],):
        raise ShapeError(
            f"{name}: got x of shape {x.shape} for samples of shape {shape}, "
            "wanted the same, or one place for each sample along the axis"
        )
    return reshape(diff(x), (-1,) + (1,) * (len(shape) - 1 - axis))


def trapezoid(y, x=None, dx=1.0, axis=-1):
    """The integral along `axis` of samples y by the trapezoidal rule; 0 for fewer than two.

    x: where the samples are, 1-D along `axis` or of y's shape; it has a gradient too.
    dx: their distance where x is None. Raises ShapeError, DtypeError.
    """
    areas, axis = _trapezoids("trapezoid", y, x, dx, axis)
    return sum(areas, axis)


def cumulative_trapezoid(y, x=None, dx=1.0, axis=-1):
    """As `trapezoid`, up to each sample but the first."""
    areas, axis = _trapezoids("cumulative_trapezoid", y, x, dx, axis)
    return cumulative_sum(areas, axis)


def gradient(x, spacing=1.0, axis=None, edge_order=1):
    """The slope of samples x along `axis` by differences, of second order inside.

    spacing: the distance of samples, or their 1-D coordinates; constants here.
    axis: an int; None gives a list, the slope along every axis (one Tensor for a 1-D x).
    edge_order: 1 takes the slope of the first and last step for the ends, 2 that of the parabola
    through three samples. Inside, it is the mean of both neighbouring steps' slopes, each weighted
    by the width of the other: the parabola's slope, as in NumPy.
    Raises OptionError, ShapeError for fewer than edge_order + 1 samples.
    """
    x = as_operand(x)
    if axis is None:
        slopes = [gradient(x, spacing, a, edge_order) for a in range(x.ndim)]
        return slopes[0] if x.ndim == 1 else slopes
    axis = place("gradient", axis, x.ndim)
    size = x.shape[axis]
    if edge_order not in (1, 2):
        raise OptionError(f"gradient: got edge_order={edge_order!r}, wanted 1 or 2")
    if size <= edge_order:
        raise ShapeError(
            f"gradient: got {size} samples along axis {axis}, wanted at least {edge_order + 1}"
        )
    if isinstance(spacing, int | float):
        spacing = np.arange(size) * float(spacing)
    steps = _steps("gradient", spacing, size, x.ndim, axis)
    widths = steps.astype(x.dtype) if is_float(x) else steps
    slopes = diff(x, axis) / widths
    # The share of the right step's slope at each inner sample, and of the second one at the ends.
    right = widths[:-1] / (widths[:-1] + widths[1:])
    here, there = along(axis, slice(None, -1)), along(axis, slice(1, None))
    first, last = along(axis, slice(0, 1)), along(axis, slice(-1, None))
    before, after = slopes[first], slopes[last]
    inside = slopes[here] * (1 - right) + slopes[there] * right
    if edge_order == 2:
        second, last_but_one = along(axis, slice(1, 2)), along(axis, slice(-2, -1))
        before = before - right[:1] * (slopes[second] - before)
        after = after + (1 - right[-1:]) * (after - slopes[last_but_one])
    return concat([before, inside, after], axis)


# Interpolation and polynomials --------------------------------------------------------


def interp(x, xp, fp, left=None, right=None):
    """The piecewise linear function through the points (xp, fp), 1-D, at x.

    xp increases. Left of it the value is `left`, or fp's first, right of it `right`, or the last.
    It has gradients in x, xp and fp. Conventions: at a knot the slope is that of the interval to
    its right, at the last knot to its left; 0 outside. Raises ShapeError, DtypeError.
    """
    x, xp, fp = same_dtype("interp", x, xp, fp)
    if xp.ndim != 1 or xp.shape != fp.shape or not xp.size:
        raise ShapeError(
            f"interp: got xp and fp of shapes {xp.shape} and {fp.shape}, "
            "wanted two 1-D arrays of one size, not empty"
        )
    left = fp[0] if left is None else left
    right = fp[-1] if right is None else right
    if xp.size == 1:
        inside = x * 0 + fp[0]
    else:
        start = np.searchsorted(values(xp), values(x), side="right") - 1
        start = np.clip(start, 0, xp.size - 2)
        x0, f0 = take(xp, start, 0), take(fp, start, 0)
        x1, f1 = take(xp, start + 1, 0), take(fp, start + 1, 0)
        share = (x - x0) / (x1 - x0)
        # Each knot's value exactly at the knot, from either side.
        inside = where(share < 0.5, f0 + share * (f1 - f0), f1 - (x1 - x) / (x1 - x0) * (f1 - f0))
    return where(x < xp[0], left, where(x > xp[-1], right, inside))


def polyval(coefficients, x):
    """The polynomial with 1-D `coefficients`, highest power first, at x, elementwise.

    It has gradients in both. Raises ShapeError, DtypeError.
    """
    coefficients, x = same_dtype("polyval", coefficients, x)
    if coefficients.ndim != 1 or not coefficients.size:
        raise ShapeError(
            f"polyval: got a {describe(coefficients)}, wanted 1-D coefficients, at least one"
        )
    return apply("polyval", coefficients, x)


@quiet
@widened
def _horner(coefficients, x):
    y = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        y = y * x + coefficient
    return y


def _power_sums(dy, x, size):
    """sum(dy * x**k) for k from size - 1 down to 0, by repeated products."""
    sums = []
    for _ in range(size):
        sums.append(sum(dy))
        dy = dy * x
    return flip(stack(sums))


def _slope_of_polynomial(coefficients):
    """The coefficients of the derivative; 0 for that of a constant."""
    degree = coefficients.shape[0] - 1
    if not degree:
        return 0 * coefficients
    powers = np.arange(degree, 0, -1).astype(coefficients.dtype)
    return coefficients[:-1] * powers


FORWARDS["polyval"] = _horner
rule("polyval",
     lambda dy, y, c, x: _power_sums(dy, x, c.shape[0]),
     lambda dy, y, c, x: dy * polyval(_slope_of_polynomial(c), x))  # fmt: skip

# Convolution --------------------------------------------------------------------------


def convolve(x, w, mode="full"):
    """The discrete convolution of 1-D x and w, as in NumPy.

    mode: "full" wherever they overlap, "same" the middle part of the longer one's size, "valid"
    only where the shorter lies inside the longer. Raises OptionError, ShapeError, DtypeError.
    """
    x, w = same_dtype("convolve", x, w)
    if mode not in ("full", "same", "valid"):
        raise OptionError(f'convolve: got mode={mode!r}, wanted "full", "same" or "valid"')
    if x.ndim != 1 or w.ndim != 1 or not x.size or not w.size:
        raise ShapeError(
            f"convolve: got shapes {x.shape} and {w.shape}, wanted two 1-D arrays, not empty"
        )
    return apply("convolve", x, w, mode=mode)


def _in_full(dy, x_size, w_size, mode):
    """dy where the result of `mode` lies in that of "full", zeros around it."""
    if mode == "full":
        return dy
    longer, shorter = (x_size, w_size) if x_size >= w_size else (w_size, x_size)
    start = shorter - 1 if mode == "valid" else (shorter - 1) // 2
    key = (slice(start, start + dy.shape[0]),)
    return put(dy, key, (longer + shorter - 1,))


FORWARDS["convolve"] = widened(lambda x, w, mode: np.convolve(x, w, mode))
rule("convolve",
     lambda dy, y, x, w, mode:
     convolve(_in_full(dy, x.shape[0], w.shape[0], mode), flip(w), "valid"),
     lambda dy, y, x, w, mode:
     convolve(_in_full(dy, x.shape[0], w.shape[0], mode), flip(x), "valid"),
     jvp="bilinear")  # fmt: skip
