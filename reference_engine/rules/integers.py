"""Operators on bits, and what else the array API asks of values without a derivative."""

import operator
from typing import Any, NamedTuple

import numpy as np

from ..operators import elementwise, rule, values
from ..tensor import Tensor, as_tensor

__all__ = [
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "isin",
    "unique_all",
    "unique_counts",
    "unique_inverse",
]

bitwise_and = elementwise("bitwise_and", operator.and_, 2)
bitwise_or = elementwise("bitwise_or", operator.or_, 2)
bitwise_xor = elementwise("bitwise_xor", operator.xor, 2)
bitwise_left_shift = elementwise("bitwise_left_shift", operator.lshift, 2)
bitwise_right_shift = elementwise("bitwise_right_shift", operator.rshift, 2)
bitwise_invert = elementwise("bitwise_invert", operator.invert)

for _name in ("and", "or", "xor", "left_shift", "right_shift"):
    rule(f"bitwise_{_name}", None, None)
rule("bitwise_invert", None)


def isin(x, w, invert=False):
    """For each element of x, whether it is (or, if `invert`, is not) among those of w."""
    return Tensor(np.isin(values(as_tensor(x)), values(as_tensor(w)), invert=invert)[()])


class UniqueAll(NamedTuple):
    """What `unique_all` gives."""

    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class UniqueCounts(NamedTuple):
    """What `unique_counts` gives."""

    values: Any
    counts: Any


class UniqueInverse(NamedTuple):
    """What `unique_inverse` gives."""

    values: Any
    inverse_indices: Any


def unique_all(x):
    """(values, indices, inverse_indices, counts) of the sorted distinct elements; no gradient."""
    array = values(as_tensor(x))
    found = np.unique(array, return_index=True, return_inverse=True, return_counts=True)
    distinct, first, inverse, counts = found
    return UniqueAll(*map(Tensor, (distinct, first, inverse.reshape(array.shape), counts)))


def unique_counts(x):
    """(values, counts) of the sorted distinct elements; no gradient."""
    found = unique_all(x)
    return UniqueCounts(found.values, found.counts)


def unique_inverse(x):
    """(values, inverse_indices) of the sorted distinct elements; no gradient."""
    found = unique_all(x)
    return UniqueInverse(found.values, found.inverse_indices)
