"""Windows that slide over spatial axes: their geometry, what they read, and the types of results.

Arrays are (batch, channels, *spatial), as in torch; a parameter is an int for every spatial axis or
a tuple of one for each.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from conformance.errors import ShapeError
from conformance.typing_rules import (
    Parameters,
    TensorType,
    Types,
    float_operands,
    is_int,
    one_dtype,
)

Lengths = tuple[int, ...]


class Windows(NamedTuple):
    """Where windows lie: window t reads t * stride - padding + k * dilation, for k below kernel."""

    kernel: Lengths
    stride: Lengths
    padding: Lengths
    dilation: Lengths

    def reach(self) -> Lengths:
        """How far each window reaches, gaps included."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation, strict=True))

    def counts(self, sizes: Lengths) -> Lengths:
        """How many windows lie along each axis; raises ShapeError where there is no room for one.

        An axis of length 0 has none.
        """
        found = []
        for n, reach, step, pad in zip(sizes, self.reach(), self.stride, self.padding, strict=True):
            if n + 2 * pad < reach:
                raise ShapeError(f"its windows reach over {self.reach()}, which is more than the "
                                 f"lengths {sizes} with the padding {self.padding}")
            found.append((n + 2 * pad - reach) // step + 1)
        return tuple(found)

    def reads(self, axis: int, length: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """For windows t and taps k of one axis, (count, kernel), the place and if it is inside."""
        t, k = np.arange(count)[:, None], np.arange(self.kernel[axis])
        place = t * self.stride[axis] - self.padding[axis] + k * self.dilation[axis]
        return place, (place >= 0) & (place < length)


def per_axis(parameters: Parameters, name: str, count: int, least: int) -> Lengths:
    """A parameter as one int an axis."""
    value = parameters[name]
    found = (value,) * count if is_int(value) else value
    if not isinstance(found, tuple) or len(found) != count or not all(map(is_int, found)):
        raise ShapeError(f"wants an int as {name}, or one for each of {count} spatial axes, "
                         f"got {value!r}")
    if min(found) < least:
        raise ShapeError(f"wants a {name} of at least {least}, got {value!r}")
    return found


def spatial(x: TensorType, count: int) -> Lengths:
    """The lengths of the spatial axes."""
    if len(x.shape) != count + 2:
        raise ShapeError(f"wants {count + 2} dimensions (batch, channels, *spatial), got {x}")
    return x.shape[2:]


# --- convolution -------------------------------------------------------------------------------

def convolution_windows(parameters: Parameters, kernel: Lengths) -> Windows:
    count = len(kernel)
    return Windows(kernel, per_axis(parameters, "stride", count, 1),
                   per_axis(parameters, "padding", count, 0),
                   per_axis(parameters, "dilation", count, 1))


def convolution(count: int) -> Callable[[Types, Parameters], TensorType]:
    """x (batch, in, *spatial) with weight (out, in / groups, *kernel)."""
    def infer(types: Types, parameters: Parameters) -> TensorType:
        x, weight, groups = _operands(types, parameters, count)
        if weight.shape[1] * groups != x.shape[1]:
            raise ShapeError(f"its {x} has not the {weight.shape[1] * groups} channels that "
                             f"{weight} with groups={groups} wants")
        windows = convolution_windows(parameters, weight.shape[2:])
        counts = windows.counts(spatial(x, count))
        return TensorType((x.shape[0], weight.shape[0], *counts), x.dtype)

    return infer


def transposed_convolution(count: int) -> Callable[[Types, Parameters], TensorType]:
    """x (batch, in, *spatial) with weight (in, out / groups, *kernel): the adjoint in its input."""
    def infer(types: Types, parameters: Parameters) -> TensorType:
        x, weight, groups = _operands(types, parameters, count)
        if weight.shape[0] != x.shape[1]:
            raise ShapeError(f"its {x} has not the {weight.shape[0]} channels that {weight} wants")
        windows = convolution_windows(parameters, weight.shape[2:])
        extra = per_axis(parameters, "output_padding", count, 0)
        if any(e >= step for e, step in zip(extra, windows.stride, strict=True)):
            raise ShapeError(f"wants an output_padding below the stride {windows.stride}, "
                             f"got {extra}")
        sizes = tuple((n - 1) * step - 2 * pad + reach + e for n, step, pad, reach, e in zip(
            spatial(x, count), windows.stride, windows.padding, windows.reach(), extra,
            strict=True))
        if min(sizes) < 1:
            raise ShapeError(f"leaves nothing of {x}: the spatial lengths {sizes}")
        return TensorType((x.shape[0], weight.shape[1] * groups, *sizes), x.dtype)

    return infer


def _operands(types: Types, parameters: Parameters,
              count: int) -> tuple[TensorType, TensorType, int]:
    float_operands(types)
    one_dtype(types)
    x, weight = types
    groups = parameters["groups"]
    if len(weight.shape) != count + 2 or 0 in weight.shape[2:]:
        raise ShapeError(f"wants a weight of {count + 2} dimensions whose kernel is not empty, "
                         f"got {weight}")
    if not is_int(groups) or groups < 1 or weight.shape[0] % groups:
        raise ShapeError(f"wants groups that divide the first dimension of {weight}, "
                         f"got {groups!r}")
    spatial(x, count)
    return x, weight, groups


def products(node: Any, shapes: tuple[Lengths, Lengths]) -> tuple[np.ndarray, ...]:
    """Every product of a (transposed) convolution, as flat places: output, x and weight.

    Both are sums of weight[o, c, k] times an element of a large side (batch, groups * c, *sizes)
    times one of a small side (batch, o, *counts), where window t of the small side reads the large.
    """
    (x, weight), transposed = shapes, node.op.startswith("conv_transpose")
    small, large = (x, node.type.shape) if transposed else (node.type.shape, x)
    windows, groups = convolution_windows(node, weight[2:]), node["groups"]
    reads = [windows.reads(axis, n, t)
             for axis, (n, t) in enumerate(zip(large[2:], small[2:], strict=True))]
    # axes of the table: batch, group, o, c, then t and k of each spatial axis
    o, c = weight[0] // groups, weight[1]
    table = (small[0], groups, o, c, *(n for place, _ in reads for n in place.shape))
    batch, group, o_at, c_at, *rest = np.meshgrid(*map(np.arange, table), indexing="ij",
                                                  sparse=True)
    ts, ks = rest[::2], rest[1::2]
    places = [place[t, k] for (place, _), t, k in zip(reads, ts, ks, strict=True)]
    inside = np.ones(table, bool)
    for (_, ok), t, k in zip(reads, ts, ks, strict=True):
        inside &= ok[t, k]
    at_small = _flat((batch, group * o + o_at, *ts), small)
    at_large = _flat((batch, group * c + c_at, *places), large)
    at_weight = _flat((group * o + o_at, c_at, *ks), weight)
    found = [np.broadcast_to(at, table)[inside] for at in (at_small, at_large, at_weight)]
    return (found[1], found[0], found[2]) if transposed else tuple(found)


def _flat(places: tuple[np.ndarray, ...], shape: Lengths) -> np.ndarray:
    """Row-major positions in an array of this shape; places outside of it give nonsense."""
    total = np.zeros((), np.int64)
    for place, length in zip(places, shape, strict=True):
        total = total * length + place
    return total


def pairs(node: Any, shapes: tuple[Lengths, Lengths]) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each element of a (transposed) convolution, the places in x and weight that it sums."""
    output, x, weight = products(node, shapes)
    order = np.argsort(output, kind="stable")
    ends = np.cumsum(np.bincount(output, minlength=node.type.size))[:-1]
    return list(zip(np.split(x[order], ends), np.split(weight[order], ends), strict=True))


# --- pooling -----------------------------------------------------------------------------------

def pooling_windows(parameters: Parameters, count: int) -> Windows:
    """A stride of None is the kernel."""
    kernel = per_axis(parameters, "kernel", count, 1)
    stride = kernel if parameters["stride"] is None else per_axis(parameters, "stride", count, 1)
    padding = per_axis(parameters, "padding", count, 0)
    if any(2 * pad > k for pad, k in zip(padding, kernel, strict=True)):
        raise ShapeError(f"wants a padding of at most half the kernel {kernel}, got {padding}")
    return Windows(kernel, stride, padding, (1,) * count)


def pooling(count: int) -> Callable[[Types, Parameters], TensorType]:
    """One result a window."""
    def infer(types: Types, parameters: Parameters) -> TensorType:
        float_operands(types)
        (x,) = types
        counts = pooling_windows(parameters, count).counts(spatial(x, count))
        return TensorType((*x.shape[:2], *counts), x.dtype)

    return infer


def adaptive_pooling(count: int) -> Callable[[Types, Parameters], TensorType]:
    """One result a region, of which there are `size` along each spatial axis."""
    def infer(types: Types, parameters: Parameters) -> TensorType:
        float_operands(types)
        (x,) = types
        if 0 in spatial(x, count):
            raise ShapeError(f"wants spatial dimensions that are not empty, got {x}")
        return TensorType((*x.shape[:2], *per_axis(parameters, "size", count, 1)), x.dtype)

    return infer


def pooled_places(node: Any, shape: Lengths) -> list[np.ndarray]:
    """For each result of a pooling of x, the flat places of x that it is made of, in order."""
    sizes, counts = shape[2:], node.type.shape[2:]
    if "size" in dict(node.parameters):
        along = [[range(i * n // m, -(-(i + 1) * n // m)) for i in range(m)]
                 for n, m in zip(sizes, counts, strict=True)]
    else:
        windows = pooling_windows(node, len(sizes))
        along = [[place[ok] for place, ok in zip(*windows.reads(axis, n, m), strict=True)]
                 for axis, (n, m) in enumerate(zip(sizes, counts, strict=True))]
    planes = np.arange(math.prod(shape)).reshape(shape[0] * shape[1], *sizes)
    return [plane[np.ix_(*window)].ravel() for plane in planes
            for window in itertools.product(*along)]
