"""Reading and writing at computed places: gather, scatter, masks and embeddings.

Each public function turns its indices into `places`, positions in the flattened tensor, so that a
few operators serve them all. Indices are integers, arrays or Tensors; negative ones count from
the end. A place that is written twice: sums add up, and of values that replace, the last stays
and alone has a derivative, as NumPy does it.
"""

import numpy as np

from ..errors import OperandError, ShapeError, describe
from ..operators import apply, as_operand, values
from ..tensor import as_tensor, dtype_named, same_dtype
from .places import (
    checked_mask,
    counted_from_front,
    integers,
    one_axis,
    places_along,
    places_of_blocks,
)
from .shapes import broadcast_to, reshape

__all__ = [
    "embedding",
    "gather",
    "gather_nd",
    "index_add",
    "index_copy",
    "index_fill",
    "masked_fill",
    "masked_scatter",
    "masked_select",
    "one_hot",
    "put_along_axis",
    "scatter",
    "scatter_add",
    "scatter_max",
    "scatter_min",
    "scatter_nd",
    "scatter_prod",
    "take_along_axis",
    "tensor_scatter_nd_add",
    "tensor_scatter_nd_max",
    "tensor_scatter_nd_min",
    "tensor_scatter_nd_update",
]


def take_along_axis(x, indices, axis=-1):
    """x at `indices` along `axis`, each read at its own place on the other axes, which broadcast.

    Raises IndexingError for an index out of range, ShapeError, OperandError.
    """
    x = as_operand(x)
    return apply("gather_at", x, places=places_along("take_along_axis", x.shape, indices, axis))


def gather(x, indices, axis):
    """take_along_axis as torch's gather: on the other axes `indices` may be shorter than x."""
    x = as_operand(x)
    return apply(
        "gather_at", x, places=places_along("gather", x.shape, indices, axis, shorter=True)
    )


def put_along_axis(x, indices, updates, axis):
    """A copy of x with `updates`, of the shape of `indices`, at `indices` along `axis`.

    On the other axes `indices` may be shorter than x, as in torch's scatter. Raises IndexingError
    for an index out of range, ShapeError, OperandError, DtypeError.
    """
    return _written("put_along_axis", "put_at", x, indices, updates, axis)


def scatter(x, indices, updates, axis):
    """put_along_axis under torch's name."""
    return _written("scatter", "put_at", x, indices, updates, axis)


def scatter_add(x, indices, updates, axis):
    """x with `updates` added at `indices` along `axis`; otherwise as put_along_axis."""
    return _written("scatter_add", "accumulate_at", x, indices, updates, axis)


def scatter_max(x, indices, updates, axis):
    """The greatest of x and the `updates` at its place; otherwise as put_along_axis.

    Convention: all that tie for the greatest share the cotangent equally, as in torch.
    """
    return _written("scatter_max", "maximum_at", x, indices, updates, axis)


def scatter_min(x, indices, updates, axis):
    """The least of x and the `updates` at its place; see scatter_max."""
    return _written("scatter_min", "minimum_at", x, indices, updates, axis)


def scatter_prod(x, indices, updates, axis):
    """x times the `updates` at its place; otherwise as put_along_axis."""
    return _written("scatter_prod", "multiply_at", x, indices, updates, axis)


def gather_nd(x, indices):
    """The parts of x (*S) at the rows of `indices` (..., k), each an index into its first k axes.

    Gives (..., *S[k:]). Raises IndexingError, ShapeError, OperandError.
    """
    x = as_operand(x)
    return apply("gather_at", x, places=places_of_blocks("gather_nd", x.shape, indices))


def scatter_nd(indices, updates, shape):
    """Zeros of `shape` with `updates` (..., *shape[k:]) added at the rows of `indices` (..., k)."""
    updates, shape = as_tensor(updates), tuple(int(n) for n in shape)
    places = places_of_blocks("scatter_nd", shape, indices)
    return apply("add_at", _fitting("scatter_nd", updates, places), places=places, shape=shape)


def tensor_scatter_nd_update(x, indices, updates):
    """A copy of x with `updates` (..., *S[k:]) at the rows of `indices` (..., k); see gather_nd."""
    return _written_nd("tensor_scatter_nd_update", "put_at", x, indices, updates)


def tensor_scatter_nd_add(x, indices, updates):
    """x with `updates` (..., *S[k:]) added at the rows of `indices` (..., k); see gather_nd."""
    return _written_nd("tensor_scatter_nd_add", "accumulate_at", x, indices, updates)


def tensor_scatter_nd_max(x, indices, updates):
    """The greatest of x and the `updates` at its place, ties as in scatter_max; see gather_nd."""
    return _written_nd("tensor_scatter_nd_max", "maximum_at", x, indices, updates)


def tensor_scatter_nd_min(x, indices, updates):
    """The least of x and the `updates` at its place, ties as in scatter_max; see gather_nd."""
    return _written_nd("tensor_scatter_nd_min", "minimum_at", x, indices, updates)


def index_add(x, indices, updates, axis):
    """x with the slices of `updates` added at the 1-D `indices` along `axis`.

    Raises IndexingError for an index out of range, ShapeError, OperandError, DtypeError.
    """
    x, updates, indices, axis = _sliced("index_add", x, indices, updates, axis)
    return apply("index_add", x, updates, indices=indices, axis=axis)


def index_copy(x, indices, updates, axis):
    """x with its slices at the 1-D `indices` along `axis` replaced by those of `updates`."""
    x, updates, indices, axis = _sliced("index_copy", x, indices, updates, axis)
    places = np.take(np.arange(x.size).reshape(x.shape), indices, axis)
    return apply("put_at", x, updates, places=places)


def index_fill(x, indices, value, axis):
    """x with a number in its slices at the 1-D `indices` along `axis`."""
    x = as_operand(x)
    axis = one_axis("index_fill", axis, x.ndim)
    chosen = np.zeros(x.shape[axis], bool)
    chosen[counted_from_front("index_fill", integers("index_fill", indices), len(chosen))] = True
    return masked_fill(x, chosen.reshape((-1,) + (1,) * (x.ndim - axis - 1)), value)


def masked_fill(x, mask, value):
    """x with a number in the places of the bool `mask`, which broadcasts to the shape of x."""
    x = as_operand(x)
    mask = checked_mask("masked_fill", mask, x.shape)
    if not isinstance(value, bool | int | float | complex):
        raise OperandError(
            f"masked_fill: got value={describe(value)}, wanted a Python number: "
            "use engine.where(mask, value, x)"
        )
    return apply("masked_fill", x, mask=mask, value=value)


def masked_select(x, mask):
    """The elements of x at which the bool `mask` holds, as one axis; the two broadcast."""
    x, mask = as_operand(x), values(mask)
    try:
        shape = np.broadcast_shapes(x.shape, mask.shape)
    except ValueError as error:
        raise ShapeError(f"masked_select: got x {x.shape} and mask {mask.shape}: {error}") from None
    mask = checked_mask("masked_select", mask, shape)
    places = np.flatnonzero(np.broadcast_to(mask, shape))
    return apply("gather_at", x if x.shape == shape else broadcast_to(x, shape), places=places)


def masked_scatter(x, mask, source):
    """x with the first elements of `source`, in order, where the bool `mask` holds, as torch."""
    x, source = same_dtype("masked_scatter", x, source)
    mask = np.broadcast_to(checked_mask("masked_scatter", mask, x.shape), x.shape)
    places = np.flatnonzero(mask)
    if source.size < places.size:
        raise ShapeError(
            f"masked_scatter: got {source.size} elements of source, wanted at least "
            f"{places.size}, as many as the mask has"
        )
    return apply("put_at", x, reshape(source, (-1,))[: places.size], places=places)


def embedding(indices, weight, padding_idx=None):
    """The rows of weight (rows, ...) at integer `indices`, whose shape comes first.

    The row `padding_idx` gets no gradient, as in torch. Raises IndexingError, OperandError.
    """
    weight = as_tensor(weight)
    if not weight.ndim:
        raise ShapeError(f"embedding: got weight {describe(weight)}, wanted at least one axis")
    rows = weight.shape[0]
    indices = counted_from_front("embedding", integers("embedding", indices), rows)
    if padding_idx is not None:
        padding_idx = int(counted_from_front("embedding", np.asarray(padding_idx), rows))
    if padding_idx is None:
        return apply("take_rows", weight, indices=indices)
    return apply("embedding", weight, indices=indices, padding_idx=padding_idx)


def one_hot(indices, depth, on_value=1.0, off_value=0.0, axis=-1, dtype="float64"):
    """`on_value` at the index along a new axis of size `depth`, `off_value` elsewhere.

    An index out of range has no `on_value`, as in TensorFlow and JAX. No gradient.
    """
    indices = integers("one_hot", indices)
    axis = one_axis("one_hot", axis, indices.ndim + 1)
    hot = np.expand_dims(indices, axis) == np.arange(depth).reshape(
        (-1,) + (1,) * (indices.ndim - axis)
    )
    return as_tensor(np.where(hot, on_value, off_value).astype(dtype_named(dtype)))


def _fitting(name, updates, places):
    if updates.shape == places.shape:
        return updates
    if updates.ndim == 0:
        return broadcast_to(updates, places.shape)
    raise ShapeError(f"{name}: got updates of shape {updates.shape}, wanted {places.shape}")


def _written(name, operator, x, indices, updates, axis):
    x, updates = same_dtype(name, x, updates)
    places = places_along(name, x.shape, indices, axis, shorter=True)
    return apply(operator, x, _fitting(name, updates, places), places=places)


def _written_nd(name, operator, x, indices, updates):
    x, updates = same_dtype(name, x, updates)
    places = places_of_blocks(name, x.shape, indices)
    return apply(operator, x, _fitting(name, updates, places), places=places)


def _sliced(name, x, indices, updates, axis):
    """Operands and checked `indices` of a function that works on slices along an axis."""
    x, updates = same_dtype(name, x, updates)
    axis, indices = one_axis(name, axis, x.ndim), integers(name, indices)
    if indices.ndim != 1:
        raise ShapeError(f"{name}: got indices of shape {indices.shape}, wanted one axis")
    wanted = (*x.shape[:axis], len(indices), *x.shape[axis + 1 :])
    if updates.shape != wanted:
        raise ShapeError(f"{name}: got updates of shape {updates.shape}, wanted {wanted}")
    return x, updates, counted_from_front(name, indices, x.shape[axis]), axis
