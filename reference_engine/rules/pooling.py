"""Pooling over windows: greatest, mean, p-norm, and the adaptive kinds of torch."""

import math

import numpy as np

from ..errors import DtypeError, ShapeError, describe
from ..operators import FORWARDS, apply, as_operand, rule, values
from .elementwise import abs
from .places import gather_at
from .precision import widened
from .resampling import sparse_map
from .selection import where
from .windows import crop, per_axis, spatial, surround, windows_of

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
]


def max_pool1d(x, kernel, stride=None, padding=0, dilation=1):
    """The greatest in each window of x (N, C, L); `stride` None means the kernel.

    What pads is never the greatest. Convention: of elements that tie, the first has the gradient,
    as in torch. Raises ShapeError, OperandError, OptionError.
    """
    return _greatest_in("max_pool1d", 1, x, kernel, stride, padding, dilation)


def max_pool2d(x, kernel, stride=None, padding=0, dilation=1):
    """The greatest in each window of x (N, C, H, W); see max_pool1d."""
    return _greatest_in("max_pool2d", 2, x, kernel, stride, padding, dilation)


def max_pool3d(x, kernel, stride=None, padding=0, dilation=1):
    """The greatest in each window of x (N, C, D, H, W); see max_pool1d."""
    return _greatest_in("max_pool3d", 3, x, kernel, stride, padding, dilation)


def avg_pool1d(x, kernel, stride=None, padding=0, count_include_pad=True):
    """The mean of each window of x (N, C, L); `stride` None means the kernel.

    Zeros that pad are counted, unless count_include_pad is False.
    Raises ShapeError, OperandError, OptionError, DtypeError.
    """
    return _mean_of("avg_pool1d", 1, x, kernel, stride, padding, count_include_pad)


def avg_pool2d(x, kernel, stride=None, padding=0, count_include_pad=True):
    """The mean of each window of x (N, C, H, W); see avg_pool1d."""
    return _mean_of("avg_pool2d", 2, x, kernel, stride, padding, count_include_pad)


def avg_pool3d(x, kernel, stride=None, padding=0, count_include_pad=True):
    """The mean of each window of x (N, C, D, H, W); see avg_pool1d."""
    return _mean_of("avg_pool3d", 3, x, kernel, stride, padding, count_include_pad)


def lp_pool1d(x, norm, kernel, stride=None):
    """The p-norm sum(abs(x)**norm) ** (1 / norm) of each window of x (N, C, L).

    Convention: derivative 0 where a window is all zeros. Raises ShapeError, OperandError.
    """
    return _norm_of("lp_pool1d", 1, x, norm, kernel, stride)


def lp_pool2d(x, norm, kernel, stride=None):
    """The p-norm of each window of x (N, C, H, W); see lp_pool1d."""
    return _norm_of("lp_pool2d", 2, x, norm, kernel, stride)


def lp_pool3d(x, norm, kernel, stride=None):
    """The p-norm of each window of x (N, C, D, H, W); see lp_pool1d."""
    return _norm_of("lp_pool3d", 3, x, norm, kernel, stride)


def adaptive_avg_pool1d(x, size):
    """The mean of each of `size` regions of x (N, C, L), which may overlap, as in torch.

    Region i goes from floor(i * L / size) up to ceil((i + 1) * L / size).
    """
    return _adaptive_mean("adaptive_avg_pool1d", 1, x, size)


def adaptive_avg_pool2d(x, size):
    """The mean of each of `size` (int or two) regions of x (N, C, H, W); adaptive_avg_pool1d."""
    return _adaptive_mean("adaptive_avg_pool2d", 2, x, size)


def adaptive_avg_pool3d(x, size):
    """The mean of each of `size` regions of x (N, C, D, H, W); see adaptive_avg_pool1d."""
    return _adaptive_mean("adaptive_avg_pool3d", 3, x, size)


def adaptive_max_pool1d(x, size):
    """The greatest in each region of adaptive_avg_pool1d, ties as in max_pool1d."""
    return _adaptive_greatest("adaptive_max_pool1d", 1, x, size)


def adaptive_max_pool2d(x, size):
    """The greatest in each region of adaptive_avg_pool2d, ties as in max_pool1d."""
    return _adaptive_greatest("adaptive_max_pool2d", 2, x, size)


def adaptive_max_pool3d(x, size):
    """The greatest in each region of adaptive_avg_pool3d, ties as in max_pool1d."""
    return _adaptive_greatest("adaptive_max_pool3d", 3, x, size)


def _pooled(name, count, x, kernel, stride, padding, dilation=1):
    x = as_operand(x)
    sizes = spatial(name, x, count)
    stride = kernel if stride is None else stride
    windows = windows_of(name, sizes, kernel, stride, padding, dilation)
    for reach, pair in zip(windows.reach(), windows.padding, strict=True):
        if 2 * max(pair) > reach and not isinstance(padding, str):
            raise ShapeError(
                f"{name}: got padding={padding!r} and windows that reach over "
                f"{windows.reach()}, wanted at most half of that"
            )
    return x, windows


def _greatest_in(name, count, x, kernel, stride, padding, dilation):
    x, windows = _pooled(name, count, x, kernel, stride, padding, dilation)
    return apply("max_pool", x, windows=windows)


def _mean_of(name, count, x, kernel, stride, padding, count_include_pad):
    x, windows = _pooled(name, count, x, kernel, stride, padding)
    _check_float(name, x)
    return apply("avg_pool", x, windows=windows, count_include_pad=bool(count_include_pad))


def _norm_of(name, count, x, norm, kernel, stride):
    x, windows = _pooled(name, count, x, kernel, stride, 0)
    _check_float(name, x)
    powers = apply("window_sum", abs(x) ** norm, windows=windows)
    nonzero = powers != 0  # a root has no slope at 0
    return where(nonzero, where(nonzero, powers, 1) ** (1 / norm), 0)


def _check_float(name, x):
    if x.dtype.kind in "iub":
        raise DtypeError(f"{name}: got {describe(x)}, wanted floats: cast it with engine.astype")


# Windows ----------------------------------------------------------------------------------------


def _lowest(dtype):
    return np.iinfo(dtype).min if dtype.kind in "iu" else -math.inf


@widened
def _max_pool(x, windows):
    padded, y = surround(x, windows.padding, _lowest(x.dtype)), None
    for _, place in windows.taps(windows.counts(x.shape[2:])):
        part = padded[(..., *place)]
        y = part.copy() if y is None else np.maximum(y, part, out=y)
    return y


def _first_greatest(x, y, windows):
    """The place in the padded x of the first element of each window that is its greatest."""
    x, y = values(x), values(y)
    padded = surround(x, windows.padding, _lowest(x.dtype))
    sizes, counts = padded.shape[2:], y.shape[2:]
    steps = [math.prod(sizes[axis + 1 :]) for axis in range(len(sizes))]
    places, nans = np.zeros(y.shape, np.int64), bool((y != y).any())
    for position, place in reversed(list(windows.taps(counts))):  # the first is written last
        part = padded[(..., *place)]
        here = (part == y) | (part != part) if nans else part == y
        offsets = zip(position, windows.dilation, steps, strict=True)
        np.copyto(places, sum(k * d * step for k, d, step in offsets), where=here)
    batch = np.arange(math.prod(y.shape[:2])).reshape(*y.shape[:2], *(1,) * len(sizes))
    places += batch * math.prod(sizes)
    for axis, (count, stride, step) in enumerate(zip(counts, windows.stride, steps, strict=True)):
        start = np.arange(count) * (stride * step)
        places += start.reshape((-1,) + (1,) * (len(counts) - axis - 1))
    return places, padded.shape


def _to_first_greatest(dy, y, x, windows):
    places, shape = _first_greatest(x, y, windows)
    return crop(apply("add_at", dy, places=places, shape=shape), windows.padding)


@widened
def _window_sum(x, windows):
    """The sum of each window, an axis at a time."""
    y = surround(x, windows.padding)
    for axis, count in enumerate(windows.counts(x.shape[2:]), 2):
        total = 0
        for place in _along(windows, axis, count):
            total = total + y[place]
        y = total
    return y


@widened
def _window_spread(dy, windows, sizes):
    """The adjoint of _window_sum: each window's number added to all that it reaches."""
    for axis, size in enumerate(windows.padded(sizes), 2):
        spread = np.zeros((*dy.shape[:axis], size, *dy.shape[axis + 1 :]), dy.dtype)
        for place in _along(windows, axis, dy.shape[axis]):
            spread[place] += dy
        dy = spread
    return crop(dy, windows.padding)


def _along(windows, axis, count):
    """The slices along one axis that each kernel position reads."""
    step, dilation = windows.stride[axis - 2], windows.dilation[axis - 2]
    for position in range(windows.kernel[axis - 2]):
        start = position * dilation
        part = slice(start, start + step * (count - 1) + 1, step)
        yield (slice(None),) * axis + (part,)


def _divisor(windows, sizes, count_include_pad, dtype):
    if count_include_pad:
        return dtype.type(math.prod(windows.kernel))
    ones = np.ones((1, 1, *sizes))
    return _window_sum(ones, windows).astype(dtype)


@widened
def _avg_pool(x, windows, count_include_pad):
    total = _window_sum(x, windows)
    return total / _divisor(windows, x.shape[2:], count_include_pad, x.dtype)


def _spread(dy, windows, sizes):
    return apply("window_spread", dy, windows=windows, sizes=sizes)


FORWARDS["max_pool"] = _max_pool
FORWARDS["window_sum"] = _window_sum
FORWARDS["window_spread"] = _window_spread
FORWARDS["avg_pool"] = _avg_pool
rule("max_pool", lambda dy, y, x, windows: _to_first_greatest(dy, y, x, windows))
rule("window_sum", lambda dy, y, x, windows: _spread(dy, windows, x.shape[2:]), jvp="linear")
rule("window_spread", lambda dx, y, dy, windows, sizes: apply("window_sum", dx, windows=windows),
     jvp="linear")  # fmt: skip
rule("avg_pool", lambda dy, y, x, windows, count_include_pad:
     _spread(dy / _divisor(windows, x.shape[2:], count_include_pad, dy.dtype),
             windows, x.shape[2:]),
     jvp="linear")  # fmt: skip

# Regions ----------------------------------------------------------------------------------------


def _regions(length, count):
    """(start, end) of each region."""
    return [(i * length // count, -(-(i + 1) * length // count)) for i in range(count)]


def _adaptive(name, count, x, size):
    x = as_operand(x)
    sizes = spatial(name, x, count)
    if 0 in sizes:
        raise ShapeError(f"{name}: got x of shape {x.shape}, wanted spatial axes of at least 1")
    return x, per_axis(name, "size", size, count)


def _adaptive_mean(name, count, x, size):
    x, size = _adaptive(name, count, x, size)
    _check_float(name, x)
    if not any(n % m for n, m in zip(x.shape[2:], size, strict=True)):
        return _mean_of(name, count, x, _quotients(x, size), None, 0, True)
    for axis, wanted in enumerate(size, 2):
        regions = _regions(x.shape[axis], wanted)
        lengths = np.array([end - start for start, end in regions])
        targets = np.repeat(np.arange(wanted), lengths)
        sources = np.concatenate([np.arange(start, end) for start, end in regions])
        x = sparse_map(x, targets, sources, (1 / lengths)[targets], axis, wanted)
    return x


def _adaptive_greatest(name, count, x, size):
    x, size = _adaptive(name, count, x, size)
    if not any(n % m for n, m in zip(x.shape[2:], size, strict=True)):
        return _greatest_in(name, count, x, _quotients(x, size), None, 0, 1)
    return gather_at(x, _greatest_of_regions(values(x), size))


def _quotients(x, size):
    return tuple(n // m for n, m in zip(x.shape[2:], size, strict=True))


def _greatest_of_regions(x, size):
    """The place in x of the first element of each region that is its greatest."""
    places = np.arange(x.size).reshape(x.shape)
    for axis, count in reversed(list(enumerate(size, 2))):  # the last first: rows go before columns
        best = []
        for start, end in _regions(x.shape[axis], count):
            part = (slice(None),) * axis + (slice(start, end),)
            first = np.expand_dims(np.argmax(x.reshape(-1)[places[part]], axis), axis)
            best.append(np.take_along_axis(places[part], first, axis))
        places = np.concatenate(best, axis)
    return places
