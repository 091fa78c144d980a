"""Sliding windows over the spatial axes: their geometry, checked once, and how to read them."""

import itertools
import math
from typing import NamedTuple

import numpy as np

from ..errors import OperandError, OptionError, ShapeError, describe


class Windows(NamedTuple):
    """Where windows lie, one entry a spatial axis; a parameter of the operators that slide."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]

    def reach(self):
        """How far each window reaches, gaps included."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation, strict=True))

    def padded(self, sizes):
        """The `sizes` of the spatial axes with their padding."""
        return tuple(n + sum(p) for n, p in zip(sizes, self.padding, strict=True))

    def counts(self, sizes):
        """How many windows fit along each axis of `sizes`."""
        fits = zip(self.padded(sizes), self.reach(), self.stride, strict=True)
        return tuple((n - reach) // step + 1 for n, reach, step in fits)

    def taps(self, counts):
        """Each kernel position, with the slices of a padded array that it reads in all windows."""
        for position in itertools.product(*map(range, self.kernel)):
            starts = (d * k for d, k in zip(self.dilation, position, strict=True))
            yield (
                position,
                tuple(
                    slice(start, start + step * (count - 1) + 1, step)
                    for start, step, count in zip(starts, self.stride, counts, strict=True)
                ),
            )


def windows_of(name, sizes, kernel, stride, padding, dilation):
    """Checked Windows over spatial axes of `sizes`.

    Each of kernel, stride and dilation is an int for all axes or one for each. So is padding, in
    which an entry may also be a pair (before, after); "valid" means none, and "same" as much as
    gives ceil(size / stride) windows, the odd one after, as in TensorFlow and JAX.
    """
    count = len(sizes)
    kernel = per_axis(name, "kernel", kernel, count)
    stride = per_axis(name, "stride", stride, count)
    dilation = per_axis(name, "dilation", dilation, count)
    windows = Windows(kernel, stride, ((0, 0),) * count, dilation)
    if isinstance(padding, str):
        windows = windows._replace(padding=_named_padding(name, padding, windows, sizes))
    else:
        windows = windows._replace(padding=_pairs(name, padding, count))
    if any(n < reach for n, reach in zip(windows.padded(sizes), windows.reach(), strict=True)):
        raise ShapeError(
            f"{name}: got windows that reach over {windows.reach()} and sizes "
            f"{windows.padded(sizes)} with padding, wanted windows that fit: "
            "take a smaller kernel or more padding"
        )
    return windows


def per_axis(name, option, value, count, least=1):
    """`value`, an int or one for each of `count` axes, as a tuple of ints from `least` up."""
    entries = (value,) * count if _is_int(value) else value
    if not isinstance(entries, tuple | list) or not all(map(_is_int, entries)):
        raise OperandError(f"{name}: got {option}={describe(value)}, wanted an int or a tuple")
    if len(entries) != count or any(entry < least for entry in entries):
        raise ShapeError(
            f"{name}: got {option}={value!r}, wanted {count} entries, one a spatial axis, "
            f"each at least {least}"
        )
    return tuple(map(int, entries))


def _is_int(value):
    return isinstance(value, int | np.integer) and not isinstance(value, bool | np.bool_)


def _pairs(name, padding, count):
    if isinstance(padding, tuple | list):
        padding = [(p, p) if _is_int(p) else p for p in padding]
        if len(padding) == count and all(isinstance(p, tuple | list) for p in padding):
            return tuple(per_axis(name, "padding", pair, 2, 0) for pair in padding)
        raise ShapeError(
            f"{name}: got padding={padding!r}, wanted {count} ints or pairs, one a spatial axis"
        )
    return tuple((p, p) for p in per_axis(name, "padding", padding, count, 0))


def _named_padding(name, padding, windows, sizes):
    if padding == "valid":
        return windows.padding
    if padding != "same":
        raise OptionError(f'{name}: got padding={padding!r}, wanted ints, pairs, "same" or "valid"')
    fits = zip(sizes, windows.reach(), windows.stride, strict=True)
    totals = [max((-(-n // step) - 1) * step + reach - n, 0) for n, reach, step in fits]
    return tuple((total // 2, total - total // 2) for total in totals)


def spatial(name, x, count):
    """The sizes of the last `count` axes of x (N, C, ...); ShapeError for another rank."""
    if x.ndim != count + 2:
        raise ShapeError(
            f"{name}: got x of shape {x.shape}, wanted (batch, channels) and "
            f"{count} spatial axes: reshape it first"
        )
    return x.shape[2:]


# Arrays ---------------------------------------------------------------------------------------


def surround(x, padding, value=0):
    """x with `value` around its last axes."""
    if not any(map(any, padding)):
        return x
    lead = x.shape[: x.ndim - len(padding)]
    sizes = zip(x.shape[len(lead) :], padding, strict=True)
    whole = np.full((*lead, *(n + sum(p) for n, p in sizes)), value, x.dtype)
    crop(whole, padding)[...] = x
    return whole


def inside(padding, sizes):
    """The slices that take away `padding` around `sizes`, after an Ellipsis."""
    parts = zip(padding, sizes, strict=True)
    return (..., *(slice(before, before + n) for (before, _), n in parts))


def crop(x, padding):
    """The part of x, or of a Tensor, within `padding` on its last axes."""
    if not any(map(any, padding)):
        return x
    sizes = zip(x.shape[x.ndim - len(padding) :], padding, strict=True)
    return x[inside(padding, [n - sum(p) for n, p in sizes])]


def view(padded, windows, counts):
    """The windows of a padded array (..., *sizes) as a read-only view (..., *kernel, *counts)."""
    padded = np.ascontiguousarray(padded)
    lead = padded.ndim - len(counts)
    steps = padded.strides[lead:]
    return np.lib.stride_tricks.as_strided(
        padded,
        (*padded.shape[:lead], *windows.kernel, *counts),
        (
            *padded.strides[:lead],
            *(d * s for d, s in zip(windows.dilation, steps, strict=True)),
            *(d * s for d, s in zip(windows.stride, steps, strict=True)),
        ),
        writeable=False,
    )


def columns(padded, windows, counts, limit=1 << 20):
    """Slices of the batch with its windows as matrices (batch, channels * kernel, windows).

    Copies at most about `limit` elements at a time, into one buffer: what is yielded is
    overwritten by the next.
    """
    batch, channels = padded.shape[:2]
    rows, places = channels * math.prod(windows.kernel), math.prod(counts)
    if rows == channels and set(windows.stride) == {1}:  # kernels of size 1 read x as it is
        yield slice(0, batch), padded.reshape(batch, rows, places)
        return
    seen = view(padded, windows, counts)
    at_once = max(1, min(batch, limit // max(1, rows * places)))
    buffer = np.empty((at_once, *seen.shape[1:]), padded.dtype)
    for start in range(0, batch, at_once):
        part = seen[start : start + at_once]
        np.copyto(buffer[: len(part)], part)
        yield slice(start, start + len(part)), buffer[: len(part)].reshape(len(part), rows, places)


def overlap(parts, padded, windows, counts):
    """Adds parts (..., *kernel, *counts) to where their windows lie in `padded`."""
    axes = (slice(None),) * len(counts)
    for position, place in windows.taps(counts):
        padded[(..., *place)] += parts[(..., *position, *axes)]
