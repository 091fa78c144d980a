"""Reading parts of a tensor, and the adjoints that put them back."""

import numpy as np

from ..errors import IndexingError, OperandError, describe
from ..operators import FORWARDS, apply, operator, rule, values
from ..tensor import as_operand, as_tensor
from .windows import widened

__all__ = ["getitem", "take"]


def getitem(x, key):
    """x[key] for ints, slices, None, Ellipsis, and integer or bool arrays, as in NumPy.

    Raises IndexingError for anything else.
    """
    if type(key) not in (int, slice):
        key = tuple(map(_index, key)) if isinstance(key, tuple) else _index(key)
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
    x = np.zeros(shape, dy.dtype)
    if _is_advanced(key):
        np.add.at(x, key, dy)  # an index that occurs twice adds twice
    else:
        x[key] = dy
    return x


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


FORWARDS["take"] = lambda x, indices, axis: np.take(x, indices, axis=axis)


@operator
@widened
def scatter_add(dy, indices, axis, size):
    """Zeros, `size` of them along `axis`, with dy added at `indices`: the adjoint of take.

    An index that occurs twice adds twice.
    """
    front = np.moveaxis(dy, range(axis, axis + indices.ndim), range(indices.ndim))
    x = np.zeros((size, *front.shape[indices.ndim :]), dy.dtype)
    np.add.at(x, indices, front)
    return np.moveaxis(x, 0, axis)


rule("take", lambda dy, y, x, indices, axis: scatter_add(dy, indices, axis, x.shape[axis]),
     jvp="linear")  # fmt: skip
rule("scatter_add", lambda dy, y, x, indices, axis, size: take(dy, indices, axis), jvp="linear")
