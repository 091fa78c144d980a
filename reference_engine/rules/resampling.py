"""Other sizes of the spatial axes: interpolation, pixel shuffles, patches and padding.

The functions raise ShapeError, OperandError and OptionError for what does not fit.
"""

import functools
import math

import numpy as np

from ..errors import DtypeError, OperandError, OptionError, ShapeError, describe
from ..operators import FORWARDS, apply, as_operand, rule
from .precision import widened
from .windows import (
    columns,
    crop,
    inside,
    overlap,
    per_axis,
    spatial,
    surround,
    windows_of,
)

__all__ = ["fold", "interpolate", "pad", "pixel_shuffle", "pixel_unshuffle", "unfold"]

# Up to this length of an axis a dense matrix is quicker than its few numbers: measured.
DENSE = 512

_LINEAR = ("linear", "bilinear", "trilinear")
_CUBIC = ("cubic", "bicubic")


def interpolate(x, size, mode="nearest", align_corners=False):
    """x (N, C, *spatial) at `size` (int or one a spatial axis), as torch's interpolate.

    mode: "nearest" (the element at floor(i * old / new)), "linear" (or "bilinear", "trilinear"),
    or "cubic" (or "bicubic": convolution with a = -0.75, R. Keys 1981), an axis at a time; any
    number of spatial axes. align_corners: whether the centres of the outermost elements, rather
    than their outer edges, keep their places. Raises OptionError, ShapeError, DtypeError.
    """
    x = as_operand(x)
    if x.ndim < 3:
        raise ShapeError(
            f"interpolate: got x of shape {x.shape}, wanted (batch, channels) and spatial axes"
        )
    if mode not in ("nearest", *_LINEAR, *_CUBIC):
        raise OptionError(
            f'interpolate: got mode={mode!r}, wanted "nearest", "linear" (bilinear, trilinear) '
            'or "cubic" (bicubic)'
        )
    if x.dtype.kind in "iub" and mode != "nearest":
        raise DtypeError(
            f"interpolate: got {describe(x)}, wanted floats: cast it with engine.astype"
        )
    new = per_axis("interpolate", "size", size, x.ndim - 2)
    if 0 in x.shape[2:]:
        raise ShapeError(f"interpolate: got x of shape {x.shape}, wanted sizes of at least 1")
    for axis, count in enumerate(new, 2):
        if mode == "nearest":
            x = _pick(x, np.arange(count) * x.shape[axis] // count, axis)
        elif count != x.shape[axis]:
            taps = _taps(x.shape[axis], count, mode in _CUBIC, bool(align_corners))
            x = sparse_map(x, *taps, axis, count)
    return x


def sparse_map(x, targets, sources, weights, axis, size):
    """y of `size` along `axis`: y[t] is the sum of w * x[s] over the triples (t, s, w).

    targets and sources are int arrays, weights floats, all of one length. A weight of 0 reads
    nothing, not even an inf. Its own adjoint, with targets and sources exchanged.
    """
    return apply("sparse_map", x, targets=targets, sources=sources, weights=weights, axis=axis,
                 size=size)  # fmt: skip


@functools.lru_cache(maxsize=64)
def _taps(old, new, cubic, align_corners):
    """Targets, sources and weights of interpolation from `old` to `new` elements."""
    at = np.arange(new)
    if align_corners:
        place = at * ((old - 1) / (new - 1) if new > 1 else 0.0)
    else:
        place = (at + 0.5) * (old / new) - 0.5
        place = place if cubic else np.maximum(place, 0)
    base = np.floor(place)
    part = place - base
    if cubic:
        reach = np.arange(-1, 3)
        weights = np.stack([_far(part + 1), _near(part), _near(1 - part), _far(2 - part)])
    else:
        reach = np.arange(2)
        weights = np.stack([1 - part, part])
    sources = np.clip(base.astype(np.int64) + reach[:, None], 0, old - 1)
    targets = np.broadcast_to(at, sources.shape)
    return targets.reshape(-1), sources.reshape(-1), weights.reshape(-1)


def _near(distance, a=-0.75):
    """The cubic convolution kernel up to a distance of 1."""
    return ((a + 2) * distance - (a + 3)) * distance * distance + 1


def _far(distance, a=-0.75):
    """The cubic convolution kernel at distances from 1 to 2."""
    return ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a


def _dense_map(x, targets, sources, weights, axis, size):
    """The same by a matrix, which BLAS makes quicker as long as it is small."""
    matrix = np.zeros((size, x.shape[axis]))
    np.add.at(matrix, (targets, sources), weights)
    matrix = matrix.astype(x.dtype)
    with np.errstate(invalid="ignore", over="ignore"):
        if axis == x.ndim - 1:
            return np.matmul(x.reshape(-1, x.shape[axis]), matrix.T).reshape(*x.shape[:-1], size)
        parts = x.reshape(math.prod(x.shape[:axis]), x.shape[axis], math.prod(x.shape[axis + 1 :]))
        return np.matmul(matrix, parts).reshape(*x.shape[:axis], size, *x.shape[axis + 1 :])


def _turns(targets):
    """Sets of positions in which no target occurs twice, in order of occurrence."""
    order = np.argsort(targets, kind="stable")
    keys = targets[order]
    new = np.concatenate([[True], keys[1:] != keys[:-1]])
    starts = np.flatnonzero(new)
    turn = np.arange(len(keys)) - starts[np.cumsum(new) - 1]
    return [order[turn == number] for number in range(int(turn.max()) + 1)]


def _pick(x, sources, axis):
    """The elements of x at `sources` along `axis`: their adjoint is quicker than that of take."""
    return apply("pick", x, sources=sources, axis=axis)


def _put_back(dy, sources, axis, size):
    return sparse_map(dy, sources, np.arange(len(sources)), np.ones(len(sources)), axis, size)


@widened
def _sparse_map(x, targets, sources, weights, axis, size):
    if x.dtype.kind in "fc" and x.size and x.shape[axis] <= DENSE and size <= DENSE:
        y = _dense_map(x, targets, sources, weights, axis, size)
        if np.isfinite(y).all():  # else a weight of 0 may have met an inf
            return y
    y = np.zeros((*x.shape[:axis], size, *x.shape[axis + 1 :]), x.dtype)
    used = np.flatnonzero(weights)
    targets, sources, weights = targets[used], sources[used], weights[used].astype(x.dtype)
    ahead, behind = (slice(None),) * axis, (1,) * (x.ndim - axis - 1)
    for turn in _turns(targets) if len(used) else ():
        part = np.take(x, sources[turn], axis)
        part *= weights[turn].reshape(-1, *behind)
        # whole axes need no index, and are the usual case in the forward direction
        y[(*ahead, targets[turn]) if len(turn) < size else ...] += part
    return y


FORWARDS["sparse_map"] = _sparse_map
FORWARDS["pick"] = lambda x, sources, axis: np.take(x, sources, axis=axis)
rule("pick", lambda dy, y, x, sources, axis: _put_back(dy, sources, axis, x.shape[axis]),
     jvp="linear")  # fmt: skip
rule("sparse_map", lambda dy, y, x, targets, sources, weights, axis, size:
     sparse_map(dy, sources, targets, weights, axis, x.shape[axis]),
     jvp="linear")  # fmt: skip

# Pixel shuffles ---------------------------------------------------------------------------------


def pixel_shuffle(x, factor):
    """x (N, C * factor**2, H, W) as (N, C, H * factor, W * factor), channels as pixels, as torch.

    Raises ShapeError for channels that factor**2 does not divide.
    """
    x = as_operand(x)
    (factor,) = per_axis("pixel_shuffle", "factor", factor, 1)
    spatial("pixel_shuffle", x, 2)
    if x.shape[1] % factor**2:
        raise ShapeError(
            f"pixel_shuffle: got x of shape {x.shape}, wanted channels that {factor**2} divides"
        )
    return apply("pixel_shuffle", x, factor=factor)


def pixel_unshuffle(x, factor):
    """x (N, C, H * factor, W * factor) as (N, C * factor**2, H, W); undoes pixel_shuffle."""
    x = as_operand(x)
    (factor,) = per_axis("pixel_unshuffle", "factor", factor, 1)
    if any(size % factor for size in spatial("pixel_unshuffle", x, 2)):
        raise ShapeError(
            f"pixel_unshuffle: got x of shape {x.shape}, wanted sizes that {factor} divides"
        )
    return apply("pixel_unshuffle", x, factor=factor)


def _shuffle(x, factor):
    n, c, h, w = x.shape
    parts = x.reshape(n, c // factor**2, factor, factor, h, w).transpose(0, 1, 4, 2, 5, 3)
    return parts.reshape(n, c // factor**2, h * factor, w * factor)


def _unshuffle(x, factor):
    n, c, h, w = x.shape
    parts = x.reshape(n, c, h // factor, factor, w // factor, factor).transpose(0, 1, 3, 5, 2, 4)
    return parts.reshape(n, c * factor**2, h // factor, w // factor)


FORWARDS["pixel_shuffle"] = _shuffle
FORWARDS["pixel_unshuffle"] = _unshuffle
rule("pixel_shuffle", lambda dy, y, x, factor: apply("pixel_unshuffle", dy, factor=factor),
     jvp="linear")  # fmt: skip
rule("pixel_unshuffle", lambda dy, y, x, factor: apply("pixel_shuffle", dy, factor=factor),
     jvp="linear")  # fmt: skip

# Patches ----------------------------------------------------------------------------------------


def unfold(x, kernel, dilation=1, padding=0, stride=1):
    """The patches of x (N, C, *spatial) as columns (N, C * prod(kernel), patches), as torch."""
    x = as_operand(x)
    windows = windows_of("unfold", x.shape[2:], kernel, stride, padding, dilation)
    return apply("unfold", x, windows=windows)


def fold(x, size, kernel, dilation=1, padding=0, stride=1):
    """Columns (N, C * prod(kernel), patches) added up as (N, C, *size): the adjoint of unfold."""
    x, size = as_operand(x), tuple(size)
    size = per_axis("fold", "size", size, len(size))
    windows = windows_of("fold", size, kernel, stride, padding, dilation)
    rows, patches = np.prod(windows.kernel), np.prod(windows.counts(size))
    if x.ndim != 3 or x.shape[1] % rows or x.shape[2] != patches:
        raise ShapeError(
            f"fold: got x of shape {x.shape}, wanted (batch, a multiple of {rows}, {patches})"
        )
    return apply("fold", x, windows=windows, size=size)


def _unfold(x, windows):
    padded, counts = surround(x, windows.padding), windows.counts(x.shape[2:])
    parts = [seen.copy() for _, seen in columns(padded, windows, counts)]
    rows = x.shape[1] * np.prod(windows.kernel)
    return np.concatenate(parts) if parts else np.zeros((0, rows, np.prod(counts)), x.dtype)


def _fold(x, windows, size):
    channels, counts = x.shape[1] // np.prod(windows.kernel), windows.counts(size)
    padded = np.zeros((len(x), channels, *windows.padded(size)), x.dtype)
    overlap(x.reshape(len(x), channels, *windows.kernel, *counts), padded, windows, counts)
    return crop(padded, windows.padding)


FORWARDS["unfold"] = _unfold
FORWARDS["fold"] = _fold
rule("unfold", lambda dy, y, x, windows: apply("fold", dy, windows=windows, size=x.shape[2:]),
     jvp="linear")  # fmt: skip
rule("fold", lambda dy, y, x, windows, size: apply("unfold", dy, windows=windows),
     jvp="linear")  # fmt: skip

# Padding ----------------------------------------------------------------------------------------


def pad(x, widths, mode="constant", value=0):
    """x with more elements around it, as NumPy's pad.

    widths: a pair (before, after) for every axis of x, from 0 up. mode: "constant" (the number
    `value`), "reflect" (without the edge), "edge" (replicates it) or "wrap".
    Raises OptionError, OperandError, ShapeError.
    """
    x = as_operand(x)
    if not isinstance(widths, tuple | list) or len(widths) != x.ndim:
        raise ShapeError(
            f"pad: got widths={describe(widths)} for x of shape {x.shape}, wanted a pair an axis"
        )
    widths = tuple(per_axis("pad", "widths", pair, 2, 0) for pair in widths)
    if mode == "constant":
        if not isinstance(value, bool | int | float | complex):
            raise OperandError(f"pad: got value={describe(value)}, wanted a Python number")
        return apply("pad_constant", x, widths=widths, value=value)
    if mode not in ("reflect", "edge", "wrap"):
        raise OptionError(f'pad: got mode={mode!r}, wanted "constant", "reflect", "edge" or "wrap"')
    for axis, (size, width) in enumerate(zip(x.shape, widths, strict=True)):
        if any(width):
            if not size or (mode == "reflect" and size == 1):
                raise ShapeError(
                    f"pad: got size {size} on axis {axis}, too few elements for mode={mode!r}"
                )
            x = _pick(x, np.pad(np.arange(size), width, mode), axis)
    return x


FORWARDS["pad_constant"] = lambda x, widths, value: surround(x, widths, value)
rule("pad_constant", lambda dy, y, x, widths, value: dy[inside(widths, x.shape)])
