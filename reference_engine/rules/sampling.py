"""Reading images at computed places: grids, and what they read. Compositions of other operators."""

import itertools
import math

import numpy as np

from ..errors import OptionError, ShapeError, describe
from ..operators import as_operand, values
from ..tensor import same_dtype
from .linear_algebra import matmul
from .places import gather_at
from .selection import clip, where
from .shapes import matrix_transpose, reshape

__all__ = ["affine_grid", "grid_sample"]


def affine_grid(theta, size, align_corners=False):
    """The grid (N, *spatial, d) that grid_sample needs to map an image by theta (N, d, d + 1).

    size: (N, C, *spatial) of the result, with d = 2 or 3 spatial axes. As in torch: coordinates
    run from -1 to 1 and the last axis of the image comes first. Raises ShapeError.
    """
    theta, size = as_operand(theta), tuple(size)
    count = len(size) - 2
    if theta.shape != (size[0], count, count + 1):
        raise ShapeError(
            f"affine_grid: got theta {describe(theta)} and size {size}, "
            "wanted theta (N, d, d + 1) and size (N, C) with d spatial axes"
        )
    lines = [_centres(n, align_corners) for n in reversed(size[2:])]
    mesh = np.meshgrid(*reversed(lines), indexing="ij")[::-1]
    points = np.stack([*mesh, np.ones(size[2:])], axis=-1).reshape(1, -1, count + 1)
    grid = matmul(as_operand(points.astype(theta.dtype)), matrix_transpose(theta))
    return reshape(grid, (size[0], *size[2:], count))


def _centres(size, align_corners):
    """The coordinates of the elements of an axis."""
    if align_corners:
        return np.linspace(-1, 1, size) if size > 1 else np.zeros(1)
    return (2 * np.arange(size) + 1) / size - 1


def grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False):
    """x (N, C, *spatial) at the points of grid (N, *new, d): gives (N, C, *new), as torch.

    A point has its coordinate on the last axis of x first; -1 and 1 are the outer edges of the
    outermost elements, or their centres with align_corners. mode: "bilinear" (or "linear") or
    "nearest", halves to even. padding_mode: "zeros" or "border", for what lies outside.
    At whole places the slope is that of the side that follows, as in torch.
    Raises ShapeError, OptionError, DtypeError.
    """
    x, grid = same_dtype("grid_sample", x, grid)
    count = x.ndim - 2
    if count < 1 or grid.ndim != x.ndim or grid.shape[::-1][0] != count:
        raise ShapeError(
            f"grid_sample: got x {x.shape} and grid {grid.shape}, "
            "wanted x (N, C) with d spatial axes and grid (N, ..., d) with as many axes"
        )
    if grid.shape[0] != x.shape[0]:
        raise ShapeError(f"grid_sample: got x {x.shape} and grid {grid.shape}, of two batch sizes")
    if mode not in ("linear", "bilinear", "nearest"):
        raise OptionError(f'grid_sample: got mode={mode!r}, wanted "bilinear" or "nearest"')
    if padding_mode not in ("zeros", "border"):
        raise OptionError(
            f'grid_sample: got padding_mode={padding_mode!r}, wanted "zeros" or "border"'
        )
    at = []  # in elements, the first spatial axis first
    for axis, size in enumerate(x.shape[2:]):
        place = grid[..., count - 1 - axis]
        place = (place + 1) * ((size - 1) / 2) if align_corners else (place + 1) * (size / 2) - 0.5
        at.append(clip(place, 0, float(size - 1)) if padding_mode == "border" else place)
    if mode == "nearest":
        return _read(
            x, [_near(np.rint(values(p)), n) for p, n in zip(at, x.shape[2:], strict=True)]
        )
    base = [_near(np.floor(values(p)), n) for p, n in zip(at, x.shape[2:], strict=True)]
    parts = [place - low.astype(place.dtype) for place, low in zip(at, base, strict=True)]
    total = 0
    for corner in itertools.product((0, 1), repeat=count):
        weights = [part if up else 1 - part for part, up in zip(parts, corner, strict=True)]
        weight = math.prod(weights[1:], start=weights[0])
        there = [low + up for low, up in zip(base, corner, strict=True)]
        weight = where(_inside(there, x.shape[2:]), weight, 0)
        total = total + _read(x, there) * reshape(weight, (x.shape[0], 1, *grid.shape[1:-1]))
    return total


def _near(whole, size):
    """Whole numbers as ints; those far outside of an axis, and nan, as near it but outside."""
    return np.clip(np.where(np.isnan(whole), -2, whole), -2, size + 1).astype(np.int64)


def _inside(places, sizes):
    return np.logical_and.reduce([(p >= 0) & (p < n) for p, n in zip(places, sizes, strict=True)])


def _read(x, places):
    """The elements of x (N, C, *sizes) at one int array (N, *new) an axis; 0 outside."""
    batch, channels, *sizes = x.shape
    flat = np.zeros(places[0].shape, np.int64)
    for place, size in zip(places, sizes, strict=True):
        flat = flat * size + np.clip(place, 0, size - 1)
    first = np.arange(batch * channels).reshape(batch, channels, *(1,) * (flat.ndim - 1))
    there = np.expand_dims(_inside(places, sizes), 1)
    return where(there, gather_at(x, first * math.prod(sizes) + np.expand_dims(flat, 1)), 0)
