"""Reading parts of a tensor, and the adjoints that put them back."""

import numpy as np

from ..errors import IndexingError, OperandError, describe
from ..operators import FORWARDS, apply, operator, rule
from ..tensor import as_tensor


def getitem(x, key):
    """x[key] for ints, slices, None and Ellipsis, as in NumPy.

    Raises IndexingError for anything else.
    """
    for part in key if isinstance(key, tuple) else (key,):
        if isinstance(part, bool | np.bool_) or not isinstance(
            part, int | np.integer | slice | None | type(...)
        ):
            raise IndexingError(
                f"x[...]: got {describe(part)}, wanted ints, slices, None or Ellipsis: "
                "use engine.take(x, indices, axis) or engine.where(condition, x, y)"
            )
    return apply("getitem", as_tensor(x), key=key)


FORWARDS["getitem"] = lambda x, key: x[key]


@operator
def put(dy, key, shape):
    """Zeros of `shape` with dy at `key`, a basic index: the adjoint of getitem."""
    x = np.zeros(shape, dy.dtype)
    x[key] = dy
    return x


rule("getitem", lambda dy, y, x, key: put(dy, key, x.shape))
rule("put", lambda dy, y, x, key, shape: dy[key])


def take(x, indices, axis=None):
    """The elements of x at integer `indices` along `axis`, which only a 1-D x may leave out.

    The shape of `indices` replaces that axis. Negative indices count from the end.
    Raises OperandError for indices that are not integers, IndexingError for ones out of range,
    ShapeError.
    """
    x, indices = as_tensor(x), _integers(indices)
    if axis is None and x.ndim != 1:
        raise OperandError(f"take: got axis=None with a {describe(x)}, wanted an int axis")
    axis = 0 if axis is None else axis
    return apply("take", x, indices=indices, axis=axis + x.ndim if axis < 0 else axis)


def _integers(indices):
    indices = as_tensor(indices).numpy()
    if indices.size and indices.dtype.kind not in "iu":
        raise OperandError(f"take: got indices of dtype {indices.dtype}, wanted integers")
    return indices.astype("int64")


FORWARDS["take"] = lambda x, indices, axis: np.take(x, indices, axis=axis)


@operator
def scatter_add(dy, indices, axis, size):
    """Zeros, `size` of them along `axis`, with dy added at `indices`: the adjoint of take.

    An index that occurs twice adds twice.
    """
    front = np.moveaxis(dy, range(axis, axis + indices.ndim), range(indices.ndim))
    x = np.zeros((size, *front.shape[indices.ndim :]), dy.dtype)
    np.add.at(x, indices, front)
    return np.moveaxis(x, 0, axis)


rule("take", lambda dy, y, x, indices, axis: scatter_add(dy, indices, axis, x.shape[axis]))
rule("scatter_add", lambda dy, y, x, indices, axis, size: take(dy, indices, axis))
