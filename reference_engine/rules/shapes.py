"""Operators that move elements and change none."""

import math

import numpy as np

from ..errors import OperandError, describe
from ..operators import FORWARDS, apply, operator, rule, variadic_rule
from ..tensor import Tensor, same_dtype

__all__ = [
    "broadcast_to",
    "concat",
    "expand_dims",
    "flip",
    "identity",
    "matrix_transpose",
    "permute_dims",
    "reshape",
    "roll",
    "squeeze",
    "stack",
]


@operator
def identity(x):
    """x itself, as another Tensor."""
    return x


@operator
def reshape(x, shape):
    """x with the same elements in another shape, of which one size may be -1. Raises ShapeError."""
    return x.reshape(shape)


@operator
def permute_dims(x, axes):
    """x with axis axes[i] moved to place i. Raises ShapeError."""
    return x.transpose(axes)


@operator
def matrix_transpose(x):
    """x with its last two axes exchanged. Raises ShapeError for fewer than two."""
    return x.swapaxes(-1, -2)


@operator
def expand_dims(x, axis=0):
    """x with a new axis of size 1 at `axis`. Raises ShapeError."""
    ndim, shape = x.ndim, x.shape
    if type(axis) is not int or not -ndim - 1 <= axis <= ndim:
        return np.expand_dims(x, axis)
    axis %= ndim + 1
    return x.reshape((*shape[:axis], 1, *shape[axis:]))  # for less work


@operator
def squeeze(x, axis):
    """x without `axis` (int or tuple), of size 1. Raises ShapeError for another size."""
    return x.squeeze(axis)


@operator
def broadcast_to(x, shape):
    """x repeated to `shape` by the rules of broadcasting. Raises ShapeError."""
    return broadcast(x, shape)


def broadcast(x, shape):
    """A plain array repeated to `shape`: a view, if that costs less than to fill an array."""
    if math.prod(shape) > 4096 or x.ndim > len(shape):
        return np.broadcast_to(x, shape)
    repeated = np.empty(shape, x.dtype)
    repeated[...] = x
    return repeated


@operator
def flip(x, axis=None):
    """x with the elements along `axis` (int, tuple, None for all) in reverse order.

    Raises ShapeError.
    """
    return np.flip(x, axis)


@operator
def roll(x, shift, axis=None):
    """x with its elements moved on by `shift` along `axis`, round the end; None rolls it flat."""
    return np.roll(x, shift, axis)


def _restored(dy, shape):
    return reshape(dy, shape) if type(dy) is Tensor else dy.reshape(shape)


def _opposite(shift):
    return tuple(-s for s in shift) if isinstance(shift, tuple) else -shift


def _inverse(axes):
    return tuple(np.argsort(np.mod(axes, len(axes))).tolist()) if axes else ()


rule("identity", lambda dy, y, x: dy, jvp="linear")
rule("reshape", lambda dy, y, x, shape: _restored(dy, x.shape), jvp="linear")
rule("permute_dims", lambda dy, y, x, axes: permute_dims(dy, _inverse(axes)), jvp="linear")
rule("matrix_transpose", lambda dy, y, x: matrix_transpose(dy), jvp="linear")
rule("expand_dims", lambda dy, y, x, axis: _restored(dy, x.shape), jvp="linear")
rule("squeeze", lambda dy, y, x, axis: _restored(dy, x.shape), jvp="linear")
rule("broadcast_to", lambda dy, y, x, shape: dy, jvp="linear")  # the tape sums what was repeated
rule("flip", lambda dy, y, x, axis: flip(dy, axis), jvp="linear")
rule("roll", lambda dy, y, x, shift, axis: roll(dy, _opposite(shift), axis), jvp="linear")


def concat(tensors, axis=0):
    """The `tensors` one after another along `axis`; None joins them flattened.

    Raises ShapeError, DtypeError.
    """
    tensors = same_dtype("concat", *_several("concat", tensors))
    if axis is None:
        return concat([reshape(x, -1) for x in tensors])
    return apply("concat", *tensors, axis=axis)


def stack(tensors, axis=0):
    """The `tensors`, all of one shape, side by side along a new axis.

    Raises ShapeError, DtypeError.
    """
    return apply("stack", *same_dtype("stack", *_several("stack", tensors)), axis=axis)


def _several(name, tensors):
    if not isinstance(tensors, list | tuple) or not tensors:
        got = "nothing" if isinstance(tensors, list | tuple) else describe(tensors)
        raise OperandError(f"{name}: got {got}, wanted a list or tuple of at least one Tensor")
    return tensors


def _along(axis, ndim, part):
    """The basic index that takes `part` of `axis` and everything of the other axes."""
    return (slice(None),) * (axis % ndim) + (part,)


def _piece(position, dy, axis, tensors):
    start = sum(x.shape[axis] for x in tensors[:position])
    return dy[_along(axis, dy.ndim, slice(start, start + tensors[position].shape[axis]))]


FORWARDS["concat"] = lambda *x, axis: np.concatenate(x, axis)
FORWARDS["stack"] = lambda *x, axis: np.stack(x, axis)
variadic_rule("concat", lambda position, dy, y, *x, axis: _piece(position, dy, axis, x),
              jvp="linear", shapes_only=True)  # fmt: skip
variadic_rule("stack", lambda position, dy, y, *x, axis: dy[_along(axis, dy.ndim, position)],
              jvp="linear", shapes_only=True)  # fmt: skip
