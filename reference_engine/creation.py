"""Tensors out of numbers, and casts."""

import numpy as np

from .errors import ShapeError
from .operators import FORWARDS, apply, rule
from .tensor import Tensor, as_tensor, dtype_named

FORWARDS["astype"] = lambda x, dtype: x.astype(dtype)
rule("astype", lambda dy, y, x, dtype: astype(dy, x.dtype))


def astype(x, dtype):
    """`x` in another dtype; its gradient comes back in x's.

    Raises DtypeError if `dtype` is unknown.
    """
    return apply("astype", as_tensor(x), dtype=dtype_named(dtype))


def constant(value, dtype=None):
    """A Tensor of `value`: a number, nested lists of numbers, or an array, which is copied.

    Python floats become float64, ints int64 and bools bool, as in NumPy, unless `dtype` says
    otherwise. A Tensor is returned as it is, so that gradients keep flowing, or cast.
    Raises DtypeError for an unknown dtype, ShapeError for ragged lists, OperandError for what is
    not a number.
    """
    tensor = as_tensor(value)
    if dtype is None or tensor.dtype == dtype_named(dtype):
        return tensor
    return astype(tensor, dtype)


asarray = constant


def full(shape, value, dtype=None):
    """A Tensor of `shape` filled with one Python number. Raises ShapeError, DtypeError."""
    dtype = as_tensor(value).dtype if dtype is None else dtype_named(dtype)
    try:
        return Tensor(np.full(shape, value, dtype))
    except (ValueError, TypeError) as error:
        raise ShapeError(f"full: got shape {shape!r} and value {value!r}: {error}") from error


def zeros(shape, dtype="float64"):
    """A Tensor of `shape` filled with 0. Raises ShapeError, DtypeError."""
    return full(shape, 0, dtype)


def ones(shape, dtype="float64"):
    """A Tensor of `shape` filled with 1. Raises ShapeError, DtypeError."""
    return full(shape, 1, dtype)


def full_like(x, value):
    """A Tensor of x's shape and dtype filled with one Python number."""
    return full(x.shape, value, x.dtype)


def zeros_like(x):
    """A Tensor of x's shape and dtype filled with 0."""
    return full_like(x, 0)


def ones_like(x):
    """A Tensor of x's shape and dtype filled with 1."""
    return full_like(x, 1)
