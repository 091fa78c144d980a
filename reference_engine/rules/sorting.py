"""Sorting and choosing by order: constant permutations, found from the values."""

import numpy as np

from ..errors import OptionError
from ..operators import as_operand, operator, rule, values
from ..tensor import as_tensor
from .arrangement import ravel
from .axes import along, place
from .shapes import squeeze

__all__ = ["argsort", "kthvalue", "max_with_indices", "min_with_indices", "msort", "sort", "topk",
           "unique_values"]  # fmt: skip

# Elements that are equal keep their order, and nan counts as greater than all, as in torch. The
# cotangent of a sorted element goes to the one element that was put there.


@operator
def permute_along(x, order, axis):
    """x with its elements along `axis` in the `order` of integers of x's shape, each once."""
    return np.take_along_axis(x, order, axis)


@operator
def pick_along(x, indices, axis):
    """The elements of x along `axis` at `indices`, which are distinct along it."""
    return np.take_along_axis(x, indices, axis)


@operator
def place_along(dy, indices, axis, size):
    """Zeros, `size` of them along `axis`, with dy at distinct `indices`: pick_along's adjoint."""
    x = np.zeros((*dy.shape[:axis], size, *dy.shape[axis + 1 :]), dy.dtype)
    np.put_along_axis(x, indices, dy, axis)
    return x


def _inverse(order, axis):
    numbers = np.arange(order.shape[axis]).reshape((-1,) + (1,) * (order.ndim - 1 - axis))
    inverse = np.empty_like(order)
    np.put_along_axis(inverse, order, np.broadcast_to(numbers, order.shape), axis)
    return inverse


rule("permute_along", lambda dy, y, x, order, axis: permute_along(dy, _inverse(order, axis), axis),
     jvp="linear")  # fmt: skip
rule("pick_along", lambda dy, y, x, indices, axis: place_along(dy, indices, axis, x.shape[axis]),
     jvp="linear")  # fmt: skip
rule("place_along", lambda dy, y, x, indices, axis, size: pick_along(dy, indices, axis),
     jvp="linear")  # fmt: skip


def _order(x, axis, descending=False, stable=True):
    kind = "stable" if stable else None
    if not descending:
        return np.argsort(x, axis=axis, kind=kind)
    backwards = np.argsort(np.flip(x, axis), axis=axis, kind=kind)
    return np.flip(x.shape[axis] - 1 - backwards, axis)


def _first_of_order(x, k, axis, descending):
    """The first k indices of `_order`, without sorting the rest."""
    x = np.moveaxis(x, axis, -1)
    last = x.shape[-1] - k if descending else k - 1
    limit = np.partition(x, last, axis=-1)[..., last : last + 1]
    missing, unlimited = np.isnan(x), np.isnan(limit)  # nan is greater than all, equal to itself
    if descending:
        before = (x > limit) | (missing & ~unlimited)
    else:
        before = (x < limit) | (unlimited & ~missing)
    equal = (x == limit) | (missing & unlimited)
    still_wanted = k - np.sum(before, axis=-1, keepdims=True)
    chosen = before | (equal & (np.cumsum(equal, axis=-1) <= still_wanted))
    indices = np.nonzero(chosen)[-1].reshape((*x.shape[:-1], k))
    order = _order(np.take_along_axis(x, indices, -1), indices.ndim - 1, descending)
    return np.moveaxis(np.take_along_axis(indices, order, -1), -1, axis)


@operator
def argsort(x, axis=-1, descending=False, stable=True):
    """The indices that sort x along `axis`, as int64. Raises ShapeError."""
    return _order(x, place("argsort", axis, x.ndim), descending, stable)


rule("argsort", None)


def sort(x, axis=-1, descending=False, stable=True):
    """x sorted along `axis`. Raises ShapeError."""
    x = as_operand(x)
    axis = place("sort", axis, x.ndim)
    return permute_along(x, _order(values(x), axis, descending, stable), axis)


def msort(x):
    """x sorted along its first axis. Raises ShapeError."""
    return sort(x, 0)


def topk(x, k, axis=-1, largest=True):
    """The `k` largest elements along `axis`, or the smallest, in order, and their indices.

    Of equal elements the first come first. Raises OptionError for a k that is not from 0 to the
    size, ShapeError.
    """
    x = as_operand(x)
    axis = place("topk", axis, x.ndim)
    _check_count("topk", k, 0, x.shape[axis])
    array = values(x)
    if 8 * k < x.shape[axis] and k and array.dtype.kind in "iuf":
        indices = _first_of_order(array, k, axis, largest)
    else:
        indices = _order(array, axis, largest)[along(axis, slice(0, k))]
    return pick_along(x, indices, axis), as_tensor(indices)


def kthvalue(x, k, axis=-1, keepdims=False):
    """The `k`-th smallest element along `axis`, counted from 1, and its index.

    Raises OptionError for a k that is not from 1 to the size, ShapeError.
    """
    x = as_operand(x)
    axis = place("kthvalue", axis, x.ndim)
    _check_count("kthvalue", k, 1, x.shape[axis])
    return _one(x, _order(values(x), axis)[along(axis, slice(k - 1, k))], axis, keepdims)


def max_with_indices(x, axis=-1, keepdims=False):
    """The greatest element along `axis` and its index: the first nan, else the first greatest.

    The gradient goes to that element alone; in `max`, ties share. Raises ShapeError.
    """
    return _extreme("max_with_indices", np.argmax, x, axis, keepdims)


def min_with_indices(x, axis=-1, keepdims=False):
    """The least element along `axis` and its index; otherwise like `max_with_indices`."""
    return _extreme("min_with_indices", np.argmin, x, axis, keepdims)


def _extreme(name, search, x, axis, keepdims):
    x = as_operand(x)
    axis = place(name, axis, x.ndim)
    _check_count(name, 1, 1, x.shape[axis])
    return _one(x, np.expand_dims(search(values(x), axis=axis), axis), axis, keepdims)


def _one(x, indices, axis, keepdims):
    found = pick_along(x, indices, axis)
    if keepdims:
        return found, as_tensor(indices)
    return squeeze(found, axis), as_tensor(np.squeeze(indices, axis))


def _check_count(name, k, least, most):
    if isinstance(k, bool) or not isinstance(k, int) or not least <= k <= most:
        raise OptionError(f"{name}: got k={k!r}, wanted a whole number from {least} to {most}")


def unique_values(x):
    """The distinct elements of x, sorted, along one axis; each nan is distinct.

    The cotangent of each goes to its first occurrence in x.
    """
    x = ravel(x)
    first = np.unique(values(x), return_index=True, equal_nan=False)[1]
    return pick_along(x, first, 0)
