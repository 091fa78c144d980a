"""Reading parts of a tensor, and the adjoints that put them back."""

import math

import numpy as np

from ..errors import IndexingError, OperandError, describe
from ..operators import FORWARDS, OPS, apply, operator, rule, values
from ..operators import _applied_to_one as applied_to_one
from ..tensor import Tensor, as_operand, as_tensor
from .accumulation import sum_rows
from .precision import widened

__all__ = ["getitem", "take"]


def getitem(x, key):
    """x[key] for ints, slices, None, Ellipsis, and integer or bool arrays, as in NumPy.

    Raises IndexingError for anything else.
    """
    if type(key) not in (int, slice):
        key = tuple(map(_index, key)) if isinstance(key, tuple) else _index(key)
    if type(x) is Tensor:
        return applied_to_one(OPS["getitem"], x, {"key": key})
    return apply("getitem", as_operand(x), key=key)


def _index(part):
    if isinstance(part, int | np.integer | slice | None | type(...)) and not isinstance(part, bool):
        return part
    if isinstance(part, list) or hasattr(part, "dtype"):
        array = values(as_tensor(part))
        if array.dtype.kind in "iub" or not array.size:
            return array if array.size else array.astype("int64")
    raise IndexingError(
        f"x[...]: got {describe(part)}, wanted ints, slices, None, Ellipsis or integer or bool "
        "arrays: use engine.where(condition, x, y) to choose by a float"
    )


FORWARDS["getitem"] = lambda x, key: x[key]


def _is_advanced(key):
    return any(isinstance(part, np.ndarray) for part in (key if isinstance(key, tuple) else (key,)))


@operator
@widened
def put(dy, key, shape):
    """Zeros of `shape` with dy added at `key`: the adjoint of getitem."""
    rows = _rows_of(key, shape) if dy.size > 1000 else None  # for less it is as quick below
    if rows is not None:
        return sum_rows(dy, rows, math.prod(shape[: _count(key)])).reshape(shape)
    x = np.zeros(shape, dy.dtype)
    if _is_advanced(key):
        np.add.at(x, key, dy)  # an index that occurs twice adds twice
    else:
        x[key] = dy
    return x


def _count(key):
    return len(key) if isinstance(key, tuple) else 1


def _rows_of(key, shape):
    """Where x[key] reads rows of x, its first axes taken for one; None if not by integer arrays."""
    parts = key if isinstance(key, tuple) else (key,)
    if not parts or 0 in shape or not all(
            isinstance(part, np.ndarray) and part.dtype.kind in "iu" for part in parts):
        return None
    rows = 0
    for part, size in zip(parts, shape, strict=False):
        rows = rows * size + part.astype(np.int64) % size  # from the front
    return rows


rule("getitem", lambda dy, y, x, key: put(dy, key, x.shape), jvp="linear")
rule("put", lambda dy, y, x, key, shape: dy[key], jvp="linear")


def take(x, indices, axis=None):
    """The elements of x at integer `indices` along `axis`, which only a 1-D x may leave out.

    The shape of `indices` replaces that axis. Negative indices count from the end.
    Raises OperandError for indices that are not integers, IndexingError for ones out of range,
    ShapeError.
    """
    x, indices = as_operand(x), _integers(indices)
    if axis is None and x.ndim != 1:
        raise OperandError(f"take: got axis=None with a {describe(x)}, wanted an int axis")
    axis = 0 if axis is None else axis
    return apply("take", x, indices=indices, axis=axis + x.ndim if axis < 0 else axis)


def _integers(indices):
    indices = values(as_tensor(indices))
    if indices.size and indices.dtype.kind not in "iu":
        raise OperandError(f"take: got indices of dtype {indices.dtype}, wanted integers")
    return indices.astype("int64")


FORWARDS["take"] = lambda x, indices, axis: x.take(indices, axis=axis)


@operator
@widened
def scatter_add(dy, indices, axis, size):
    """Zeros, `size` of them along `axis`, with dy added at `indices`: the adjoint of take.

    An index that occurs twice adds twice.
    """
    indices = indices % size if size else indices  # from the front
    if not axis:
        return sum_rows(dy, indices, size)
    front = np.moveaxis(dy, range(axis, axis + indices.ndim), range(indices.ndim))
    return np.moveaxis(sum_rows(front, indices, size), 0, axis)


rule("take", lambda dy, y, x, indices, axis: scatter_add(dy, indices, axis, x.shape[axis]),
     jvp="linear")  # fmt: skip
rule("scatter_add", lambda dy, y, x, indices, axis, size: take(dy, indices, axis), jvp="linear")
