"""Operators on places, positions in a flattened tensor, and how indices become places."""

import math

import numpy as np

from ..errors import IndexingError, OperandError, ShapeError, describe
from ..operators import FORWARDS, apply, as_operand, rule, values
from .accumulation import add_at, add_rows, sum_rows
from .indexing import take
from .selection import where
from .shapes import concat, flip

# Reading and adding -----------------------------------------------------------------------------


def _add_at(dy, places, shape):
    total = np.zeros(shape, dy.dtype)
    add_at(total, places, dy)
    return total[()]


def _accumulate_at(x, updates, places):
    total = np.array(x, order="C")
    add_at(total, places, updates)
    return total[()]


def _index_add(x, updates, indices, axis):
    total = np.array(np.moveaxis(x, axis, 0), order="C")
    if updates.size:
        add_rows(total, indices, np.moveaxis(updates, axis, 0))
    return np.moveaxis(total, 0, axis)


def gather_at(x, places):
    """The elements of x at `places`, in their shape."""
    return apply("gather_at", x, places=places)


def add_rows_of(dy, indices, size):
    """Zeros, `size` of them on the first axis, with dy added at `indices`, on the first axes."""
    return apply("add_rows", dy, indices=indices, size=size)


def _without(dy, indices, row):
    """dy with zeros where `indices`, the first axes, are `row`."""
    return where((indices == row).reshape(indices.shape + (1,) * (dy.ndim - indices.ndim)), 0, dy)


FORWARDS["gather_at"] = lambda x, places: x.reshape(-1)[places]
FORWARDS["add_at"] = _add_at
FORWARDS["accumulate_at"] = _accumulate_at
FORWARDS["index_add"] = _index_add
FORWARDS["take_rows"] = lambda x, indices: np.take(x, indices, axis=0)
FORWARDS["add_rows"] = sum_rows
FORWARDS["embedding"] = lambda x, indices, padding_idx: np.take(x, indices, axis=0)

rule("gather_at",
     lambda dy, y, x, places: apply("add_at", dy, places=places, shape=x.shape),
     jvp="linear")  # fmt: skip
rule("add_at", lambda dy, y, x, places, shape: gather_at(dy, places), jvp="linear")
rule("accumulate_at",
     lambda dy, y, x, u, places: dy,
     lambda dy, y, x, u, places: gather_at(dy, places),
     jvp="linear")  # fmt: skip
rule("index_add",
     lambda dy, y, x, u, indices, axis: dy,
     lambda dy, y, x, u, indices, axis: take(dy, indices, axis),
     jvp="linear")  # fmt: skip
rule("take_rows",
     lambda dy, y, x, indices: add_rows_of(dy, indices, x.shape[0]),
     jvp="linear")  # fmt: skip
rule("add_rows", lambda dy, y, x, indices, size: apply("take_rows", dy, indices=indices),
     jvp="linear")  # fmt: skip
rule("embedding", lambda dy, y, x, indices, padding_idx:
     add_rows_of(_without(dy, indices, padding_idx), indices, x.shape[0]))  # fmt: skip

# Replacing --------------------------------------------------------------------------------------


def _put_at(x, updates, places):
    whole = np.array(x, order="C")
    whole.reshape(-1)[places] = updates
    return whole[()]


def _unwritten(dy, places):
    written = np.zeros(dy.shape, bool)
    written.reshape(-1)[places] = True
    return where(written, 0, dy)


def _of_the_last(dy, places):
    """dy at `places`, but 0 for a value that another one replaced."""
    order = np.arange(places.size).reshape(places.shape)
    last = np.zeros(dy.size, np.int64)
    last[places] = order
    return where(last[places] == order, gather_at(dy, places), 0)


FORWARDS["put_at"] = _put_at
FORWARDS["masked_fill"] = lambda x, mask, value: np.where(mask, x.dtype.type(value), x)
rule("put_at",
     lambda dy, y, x, u, places: _unwritten(dy, places),
     lambda dy, y, x, u, places: _of_the_last(dy, places),
     jvp="linear")  # fmt: skip
rule("masked_fill", lambda dy, y, x, mask, value: where(mask, 0, dy))

# Extremes ---------------------------------------------------------------------------------------


def _by(combine):
    def forward(x, updates, places):
        whole = np.array(x, order="C")
        combine.at(whole.reshape(-1), places.reshape(-1), updates.reshape(-1))
        return whole[()]

    return forward


def _shared(dy, y, x, u, places):
    """dy divided by how many of x and u reach each extreme: a constant, but for dy."""
    y = values(y)
    ties = (values(x) == y).astype(y.dtype)
    add_at(ties, places, (values(u) == y.reshape(-1)[places]).astype(y.dtype))
    return dy / np.maximum(ties, 1).astype(y.dtype)  # 0 where y is nan, which nothing equals


def _share_of_update(dy, y, x, u, places):
    at_extreme = values(u) == values(y).reshape(-1)[places]
    return where(at_extreme, gather_at(_shared(dy, y, x, u, places), places), 0)


FORWARDS["maximum_at"] = _by(np.maximum)
FORWARDS["minimum_at"] = _by(np.minimum)
for _name in ("maximum_at", "minimum_at"):
    rule(_name,
         lambda dy, y, x, u, places: where(x == y, _shared(dy, y, x, u, places), 0),
         lambda dy, y, x, u, places: _share_of_update(dy, y, x, u, places))  # fmt: skip

# Products ---------------------------------------------------------------------------------------


def _products_before(row, keys):
    """For each element, the product of those before it with its key, in log2(n) steps."""
    one = as_operand(np.ones(min(1, len(keys)), row.dtype))
    product, reach = concat([one, where(keys[1:] == keys[:-1], row[:-1], 1)]), 1
    while (same := keys[reach:] == keys[:-reach]).any():
        further = where(same, product[reach:] * product[:-reach], product[reach:])
        product, reach = concat([product[:reach], further]), 2 * reach
    return product


def products_of_others(u, places):
    """For each element of u, the product of the others at its place: no division, for zeros."""
    order = np.argsort(places, axis=None, kind="stable")
    row, keys = gather_at(u, order), places.reshape(-1)[order]
    before = _products_before(row, keys)
    after = flip(_products_before(flip(row, 0), keys[::-1]), 0)
    return gather_at(before * after, np.argsort(order).reshape(places.shape))


def products_at(u, places, shape):
    """Ones of `shape`, multiplied by u at `places`."""
    return apply("multiply_at", as_operand(np.ones(shape, u.dtype)), u, places=places)


FORWARDS["multiply_at"] = _by(np.multiply)
rule("multiply_at",
     lambda dy, y, x, u, places: dy * products_at(u, places, dy.shape),
     lambda dy, y, x, u, places:
     gather_at(dy * x, places) * products_of_others(u, places))  # fmt: skip

# Indices ----------------------------------------------------------------------------------------


def integers(name, indices):
    """`indices` as an int64 array; OperandError for what are not integers."""
    indices = values(indices)
    if indices.size and indices.dtype.kind not in "iu":
        raise OperandError(f"{name}: got indices of dtype {indices.dtype}, wanted integers")
    return indices.astype(np.int64)


def counted_from_front(name, indices, size):
    """`indices` counted from the front; IndexingError for one out of range."""
    if indices.size and not (-size <= indices.min() and indices.max() < size):
        wrong = indices[(indices < -size) | (indices >= size)].flat[0]
        raise IndexingError(f"{name}: got index {wrong}, out of range for an axis of size {size}")
    return np.where(indices < 0, indices + size, indices)


def one_axis(name, axis, ndim):
    """`axis` counted from the front."""
    if isinstance(axis, bool) or not isinstance(axis, int | np.integer):
        raise OperandError(f"{name}: got axis={describe(axis)}, wanted an int")
    if not -ndim <= axis < ndim:
        raise ShapeError(f"{name}: got axis={axis}, wanted one of {ndim} axes")
    return int(axis) % ndim


def _steps(shape):
    """How far apart neighbours along each axis lie in the flattened tensor."""
    return [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]


def places_along(name, shape, indices, axis, shorter=False):
    """Places in a tensor of `shape`: `indices` along `axis`, and each its own on other axes."""
    indices, axis = integers(name, indices), one_axis(name, axis, len(shape))
    if indices.ndim != len(shape):
        raise ShapeError(
            f"{name}: got indices of shape {indices.shape} for shape {shape}, wanted as many axes"
        )
    steps = _steps(shape)
    places = counted_from_front(name, indices, shape[axis]) * steps[axis]
    for other, (size, step) in enumerate(zip(shape, steps, strict=True)):
        if other == axis:
            continue
        count = indices.shape[other]
        if count > size if shorter else count != size and 1 not in (count, size):
            raise ShapeError(
                f"{name}: got indices of shape {indices.shape} for shape {shape}, which differ "
                f"on axis {other}"
            )
        reach = np.arange(count if shorter else size) * step
        places = places + reach.reshape((-1,) + (1,) * (len(shape) - other - 1))
    return places


def places_of_blocks(name, shape, indices):
    """Places of the blocks at the rows of `indices` (..., k), indices into the first k axes."""
    indices = integers(name, indices)
    depth = indices.shape[-1] if indices.ndim else 0
    if not indices.ndim or depth > len(shape):
        raise ShapeError(
            f"{name}: got indices of shape {indices.shape} for shape {shape}, "
            f"wanted a last axis of at most {len(shape)}"
        )
    places = np.zeros(indices.shape[:-1], np.int64)
    for axis, step in enumerate(_steps(shape)[:depth]):
        places = places + counted_from_front(name, indices[..., axis], shape[axis]) * step
    rest = shape[depth:]
    block = np.arange(math.prod(rest)).reshape(rest)
    return places.reshape(places.shape + (1,) * len(rest)) + block


def checked_mask(name, mask, shape):
    """A bool array that broadcasts to `shape`."""
    mask = values(mask)
    if mask.dtype != bool:
        raise OperandError(f"{name}: got a mask of dtype {mask.dtype}, wanted bool")
    try:
        np.broadcast_to(mask, shape)
    except ValueError as error:
        raise ShapeError(f"{name}: got mask {mask.shape}, wanted {shape}: {error}") from None
    return mask
