"""Tensors out of numbers, and casts."""

import functools

import numpy as np

from .errors import OptionError, ShapeError
from .operators import FORWARDS, apply, quiet, rule
from .tensor import ARRAYS, Tensor, as_operand, as_tensor, dtype_named

__all__ = [
    "arange",
    "asarray",
    "astype",
    "constant",
    "empty",
    "empty_like",
    "eye",
    "from_dlpack",
    "full",
    "full_like",
    "linspace",
    "ones",
    "ones_like",
    "zeros",
    "zeros_like",
]


@quiet  # overflow to inf, and complex to real, are what was asked for
def _cast(x, dtype):
    if x.dtype.kind == "c" and dtype.kind != "c":
        x = x.real
    return x.astype(dtype)


FORWARDS["astype"] = _cast
rule("astype", lambda dy, y, x, dtype: astype(dy, x.dtype), jvp="linear")


def astype(x, dtype):
    """`x` in another dtype, its real part if that is not complex; its gradient comes back in x's.

    Raises DtypeError if `dtype` is unknown.
    """
    return apply("astype", as_operand(x), dtype=dtype_named(dtype))


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


def on_cpu(function):
    """Gives a function the array API's `device`, of which there is one, "cpu"."""

    @functools.wraps(function)
    def call(*arguments, device=None, **keywords):
        if device not in (None, "cpu"):
            raise OptionError(f'{function.__name__}: got device={device!r}, wanted "cpu"')
        return function(*arguments, **keywords)

    return call


@on_cpu
def asarray(value, dtype=None, copy=None):
    """What `constant` gives; Tensors do not change, so that `copy` makes no difference."""
    return constant(value, dtype)


@on_cpu
def from_dlpack(array, copy=None):
    """A Tensor of the values of any array that speaks DLPack, copied."""
    return constant(np.from_dlpack(array))


@on_cpu
def full(shape, fill_value, dtype=None):
    """A Tensor of `shape` filled with one Python number. Raises ShapeError, DtypeError."""
    return _filled("full", shape, fill_value, dtype)


def _filled(name, shape, value, dtype):
    dtype = as_tensor(value).dtype if dtype is None else dtype_named(dtype)
    try:
        return Tensor(np.full(shape, value, dtype)[()])
    except (ValueError, TypeError) as error:
        raise ShapeError(f"{name}: got shape {shape!r} and value {value!r}: {error}") from error


@on_cpu
def zeros(shape, dtype=None):
    """A Tensor of `shape` filled with 0, float64 by default. Raises ShapeError, DtypeError."""
    return _filled("zeros", shape, 0.0, dtype)


@on_cpu
def ones(shape, dtype=None):
    """A Tensor of `shape` filled with 1, float64 by default. Raises ShapeError, DtypeError."""
    return _filled("ones", shape, 1.0, dtype)


empty = zeros


@on_cpu
def full_like(x, fill_value, dtype=None):
    """Filled with one Python number, in x's shape, and its dtype unless another is given."""
    dtype = x.dtype if dtype is None else dtype_named(dtype)
    if not isinstance(x, ARRAYS) and not hasattr(x, "as_tensor") and hasattr(x, "shape"):
        return np.full(x.shape, fill_value, dtype)[()]  # what a tape keeps in place of an array
    filled = np.full(x.shape, fill_value, dtype)[()]
    return filled if isinstance(x, ARRAYS) else Tensor(filled)


@on_cpu
def zeros_like(x, dtype=None):
    """Filled with 0, in x's shape and dtype."""
    return full_like(x, 0, dtype)


@on_cpu
def ones_like(x, dtype=None):
    """Filled with 1, in x's shape and dtype."""
    return full_like(x, 1, dtype)


empty_like = zeros_like


@on_cpu
def arange(start, /, stop=None, step=1, dtype=None):
    """The Tensor [start, start + step, ...] below `stop`; one number alone counts from 0 to it."""
    return constant(np.arange(0, start, step) if stop is None else np.arange(start, stop, step),
                    dtype)  # fmt: skip


@on_cpu
def linspace(start, stop, /, num, dtype=None, endpoint=True):
    """A Tensor of `num` evenly spaced numbers from `start` to `stop`, numbers or 0-d Tensors."""
    if hasattr(start, "as_tensor") or hasattr(stop, "as_tensor"):
        part = np.linspace(0.0, 1.0, num, endpoint=endpoint)
        points = start * (1 - part) + stop * part
        return points if dtype is None else astype(points, dtype)
    return constant(np.linspace(start, stop, num, endpoint=endpoint), dtype)


@on_cpu
def eye(rows, columns=None, /, k=0, dtype=None):
    """A Tensor (rows, columns) with 1 on diagonal k and 0 elsewhere, float64 by default."""
    return Tensor(np.eye(rows, columns, k, dtype_named(dtype or "float64")))
