"""Reductions of rows by the segment that each belongs to.

Segment ids are integers, an array or Tensor whose shape is the front of that of x; the result has
`num_segments` in the place of these axes. The functions called segment_* want sorted ids, and
num_segments=None stands for one more than the last; unsorted_segment_* take any order and drop
rows with a negative id, as in TensorFlow. Raised: IndexingError for an id out of range, ShapeError,
OperandError. An empty segment has the sum and mean 0, the product 1, and the greatest -inf (the
least number of an integer dtype), as in JAX. Convention: all that tie for an extreme share equally.
"""

import math

import numpy as np

from ..errors import IndexingError, OperandError, ShapeError, describe
from ..operators import FORWARDS, apply, as_operand, quiet, rule, values
from .accumulation import sum_rows
from .places import add_rows_of, integers, products_at
from .selection import where
from .shapes import reshape

__all__ = [
    "segment_logsumexp",
    "segment_max",
    "segment_mean",
    "segment_min",
    "segment_prod",
    "segment_softmax",
    "segment_sum",
    "unsorted_segment_max",
    "unsorted_segment_mean",
    "unsorted_segment_min",
    "unsorted_segment_prod",
    "unsorted_segment_sqrt_n",
    "unsorted_segment_sum",
]


def segment_sum(x, segment_ids, num_segments=None):
    """The sum of the rows of each segment, whose ids are sorted."""
    x, ids, size = _sorted("segment_sum", x, segment_ids, num_segments)
    return add_rows_of(x, ids, size)


def segment_mean(x, segment_ids, num_segments=None):
    """The mean of the rows of each segment, whose ids are sorted."""
    x, ids, size = _sorted("segment_mean", x, segment_ids, num_segments)
    return apply("segment_mean", x, ids=ids, size=size)


def segment_max(x, segment_ids, num_segments=None):
    """The greatest in the rows of each segment, whose ids are sorted."""
    x, ids, size = _sorted("segment_max", x, segment_ids, num_segments)
    return apply("segment_max", x, ids=ids, size=size)


def segment_min(x, segment_ids, num_segments=None):
    """The least in the rows of each segment, whose ids are sorted."""
    x, ids, size = _sorted("segment_min", x, segment_ids, num_segments)
    return apply("segment_min", x, ids=ids, size=size)


def segment_prod(x, segment_ids, num_segments=None):
    """The product of the rows of each segment, whose ids are sorted."""
    return _products(*_sorted("segment_prod", x, segment_ids, num_segments))


def unsorted_segment_sum(x, segment_ids, num_segments):
    """The sum of the rows of each segment."""
    x, ids, size = _any_order("unsorted_segment_sum", x, segment_ids, num_segments)
    return add_rows_of(x, ids, size)


def unsorted_segment_mean(x, segment_ids, num_segments):
    """The mean of the rows of each segment."""
    x, ids, size = _any_order("unsorted_segment_mean", x, segment_ids, num_segments)
    return apply("segment_mean", x, ids=ids, size=size)


def unsorted_segment_max(x, segment_ids, num_segments):
    """The greatest in the rows of each segment."""
    x, ids, size = _any_order("unsorted_segment_max", x, segment_ids, num_segments)
    return apply("segment_max", x, ids=ids, size=size)


def unsorted_segment_min(x, segment_ids, num_segments):
    """The least in the rows of each segment."""
    x, ids, size = _any_order("unsorted_segment_min", x, segment_ids, num_segments)
    return apply("segment_min", x, ids=ids, size=size)


def unsorted_segment_prod(x, segment_ids, num_segments):
    """The product of the rows of each segment."""
    return _products(*_any_order("unsorted_segment_prod", x, segment_ids, num_segments))


def unsorted_segment_sqrt_n(x, segment_ids, num_segments):
    """The sum of the rows of each segment, divided by the square root of how many there are."""
    x, ids, size = _any_order("unsorted_segment_sqrt_n", x, segment_ids, num_segments)
    total = add_rows_of(x, ids, size)
    return total / np.sqrt(_counts(ids, size, total))


def segment_softmax(x, segment_ids, num_segments=None):
    """exp(x) divided by its sum over the rows of the segment, in any order; of the shape of x."""
    x, ids, size = _any_order("segment_softmax", x, segment_ids, num_segments, drop=False)
    return apply("segment_softmax", x, ids=ids, size=size)


def segment_logsumexp(x, segment_ids, num_segments=None):
    """log(sum(exp(x))) over the rows of each segment, in any order; -inf for an empty one."""
    x, ids, size = _any_order("segment_logsumexp", x, segment_ids, num_segments)
    return apply("segment_logsumexp", x, ids=ids, size=size)


def _sorted(name, x, ids, size):
    x, ids, size = _checked(name, x, ids, size)
    flat = ids.reshape(-1)
    if (flat[1:] < flat[:-1]).any():
        raise IndexingError(f"{name}: got ids that are not sorted: use unsorted_{name}")
    if flat.size and flat[0] < 0:
        raise IndexingError(f"{name}: got the segment id {flat[0]}, wanted 0 to {size - 1}")
    return x, ids, size


def _any_order(name, x, ids, size, drop=True):
    x, ids, size = _checked(name, x, ids, size)
    if not (ids < 0).any():
        return x, ids, size
    if not drop:
        raise IndexingError(f"{name}: got the segment id {ids.min()}, wanted 0 to {size - 1}")
    kept = np.flatnonzero(ids >= 0)
    rows = reshape(x, (ids.size, *x.shape[ids.ndim :]))
    return apply("take_rows", rows, indices=kept), ids.reshape(-1)[kept], size


def _checked(name, x, ids, size):
    x, ids = as_operand(x), integers(name, ids)
    if not ids.ndim or ids.shape != x.shape[: ids.ndim]:
        raise ShapeError(
            f"{name}: got segment_ids of shape {ids.shape}, wanted the front of x's, {x.shape}"
        )
    largest = int(ids.max(initial=-1))
    size = largest + 1 if size is None else size
    if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 0:
        raise OperandError(f"{name}: got num_segments={describe(size)}, wanted an int from 0 up")
    if largest >= size:
        raise IndexingError(f"{name}: got the segment id {largest}, wanted 0 to {size - 1}")
    return x, ids, int(size)


def _products(x, ids, size):
    rest = x.shape[ids.ndim :]
    block = np.arange(math.prod(rest)).reshape(rest)
    places = ids.reshape(ids.shape + (1,) * len(rest)) * block.size + block
    return products_at(x, places, (size, *rest))


# Operators --------------------------------------------------------------------------------------


def _counts(ids, size, y):
    """How many rows each segment has, at least 1, to divide y by."""
    counts = np.maximum(np.bincount(ids.reshape(-1), minlength=size), 1).astype(y.dtype)
    return counts.reshape((size,) + (1,) * (y.ndim - 1))


def _mean(x, ids, size):
    total = sum_rows(x, ids, size)
    return total / _counts(ids, size, total)


def _extreme(combine, lowest):
    def forward(x, ids, size):
        rest = x.shape[ids.ndim :]
        start = getattr(np.iinfo(x.dtype), lowest) if x.dtype.kind in "iu" else None
        start = {"min": -math.inf, "max": math.inf}[lowest] if start is None else start
        y = np.full((size, math.prod(rest)), start, x.dtype)
        places = ids.reshape(-1, 1) * y.shape[1] + np.arange(y.shape[1])
        combine.at(y.reshape(-1), places.reshape(-1), x.reshape(-1))
        return y.reshape(size, *rest)

    return forward


_greatest = _extreme(np.maximum, "min")


def _finite_peak(x, ids, size):
    """The greatest of each segment; 0 if infinite, since inf - inf would be nan."""
    peak = _greatest(x, ids, size)
    return np.where(np.isfinite(peak), peak, x.dtype.type(0))


@quiet
def _softmax(x, ids, size):
    powers = np.exp(x - _finite_peak(x, ids, size)[ids])
    return powers / sum_rows(powers, ids, size)[ids]


@quiet
def _logsumexp(x, ids, size):
    peak = _finite_peak(x, ids, size)
    return np.log(sum_rows(np.exp(x - peak[ids]), ids, size)) + peak


def _spread(dy, ids):
    return apply("take_rows", dy, indices=ids)


def _share(dy, y, x, ids):
    """dy of each segment, in equal parts for the elements that reach its extreme."""
    at_extreme = values(x) == values(y)[ids]
    ties = np.maximum(sum_rows(at_extreme.astype(x.dtype), ids, y.shape[0]), 1).astype(x.dtype)
    return where(at_extreme, _spread(dy / ties, ids), 0)


FORWARDS["segment_mean"] = _mean
FORWARDS["segment_max"] = _greatest
FORWARDS["segment_min"] = _extreme(np.minimum, "max")
FORWARDS["segment_softmax"] = _softmax
FORWARDS["segment_logsumexp"] = _logsumexp

rule("segment_mean", lambda dy, y, x, ids, size: _spread(dy / _counts(ids, size, dy), ids),
     jvp="linear")  # fmt: skip
rule("segment_max", lambda dy, y, x, ids, size: _share(dy, y, x, ids))
rule("segment_min", lambda dy, y, x, ids, size: _share(dy, y, x, ids))
rule("segment_softmax", lambda dy, y, x, ids, size:
     y * (dy - _spread(add_rows_of(dy * y, ids, size), ids)))  # fmt: skip
rule("segment_logsumexp", lambda dy, y, x, ids, size:
     _spread(dy, ids) * apply("segment_softmax", x, ids=ids, size=size))  # fmt: skip
