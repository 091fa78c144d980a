"""Tensor, an immutable array, and how anything else becomes one."""

import numpy as np

from .errors import DtypeError, OperandError, ShapeError, describe
from .operand import Operand

FLOATS = ("float32", "float64")
DTYPES = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", *FLOATS)
_KNOWN = frozenset(np.dtype(name) for name in DTYPES)
_ARRAYS = (np.ndarray, np.generic)
_TYPED = (Operand, *_ARRAYS)
_KINDS = {
    "b": 0,
    "u": 1,
    "i": 1,
    "f": 2,
}  # a Python number may be raised to its partner's kind, never lowered


class Tensor(Operand):
    """An immutable array that tapes can follow. Make one with `constant`.

    Two Tensors are one source of gradients only if they are the same object.
    """

    __slots__ = ("_array",)

    def __init__(self, array):
        array = np.asarray(array)
        if array.dtype not in _KNOWN:
            raise DtypeError(
                f"a Tensor: got dtype {array.dtype}, wanted one of {', '.join(DTYPES)}"
            )
        if array.flags.writeable:
            array = array.view()
            array.flags.writeable = False
        self._array = array

    def numpy(self):
        """The values as a read-only ndarray, not copied: `.numpy().copy()` may be written to."""
        return self._array

    def as_tensor(self):
        """Itself."""
        return self

    def __repr__(self):
        values = np.array2string(self._array, separator=", ")
        return f"Tensor({values}, shape={self.shape}, dtype={self.dtype})"


def dtype_named(dtype):
    """The np.dtype that `dtype`, a name or a type, means; DtypeError if the engine has none."""
    try:
        known = np.dtype(dtype)
    except TypeError:
        known = None
    if dtype is None or known is None or known not in _KNOWN:
        raise DtypeError(f"got dtype {dtype!r}, wanted one of {', '.join(DTYPES)}")
    return known


def is_float(operand):
    """Whether derivatives of, or with respect to, `operand` can exist."""
    return operand.dtype.kind == "f"


def as_tensor(value, dtype=None):
    """`value` as a Tensor; an array keeps its dtype, Python numbers take `dtype` if given."""
    if isinstance(value, Operand):
        return value.as_tensor()
    if isinstance(value, _ARRAYS):
        return Tensor(np.array(value))
    array = _array_of_numbers(value)
    if dtype is None or array.dtype == dtype:
        return Tensor(array)
    if _KINDS[array.dtype.kind] > _KINDS[dtype.kind]:
        raise DtypeError(
            f"got {describe(value)} with a tensor of dtype {dtype}, which cannot hold it: "
            f"cast the tensor with engine.astype(x, {array.dtype.name!r})"
        )
    return Tensor(_cast(array, dtype))


def same_dtype(name, *values):
    """`values` as Tensors of one dtype, which the Tensors and arrays among them decide.

    Raises DtypeError where two of them differ, since promotion would hide in which precision a
    result was computed.
    """
    dtypes = [value.dtype for value in values if isinstance(value, _TYPED)]
    if not dtypes:
        dtypes = [np.result_type(*(_array_of_numbers(value) for value in values))]
    for dtype in dtypes:
        if dtype != dtypes[0]:
            raise DtypeError(
                f"{name}: got dtypes {dtypes[0]} and {dtype}, wanted one dtype: "
                f"cast one operand with engine.astype(x, {dtypes[0].name!r})"
            )
    return [as_tensor(value, dtypes[0]) for value in values]


def _array_of_numbers(value):
    """Python numbers, nested in lists or not, as an array of the dtype NumPy gives them."""
    if _holds_operands(value):
        raise OperandError(
            "got a list that holds Tensors, wanted numbers: join Tensors with engine.stack(list)"
        )
    try:
        array = np.array(value)
    except ValueError as error:
        raise ShapeError(
            f"got nested lists of unequal lengths, wanted a rectangular array: {error}"
        ) from error
    if array.dtype.kind in _KINDS:
        return array
    raise OperandError(
        f"got {describe(value)}, wanted a Tensor, a Variable, an array or real numbers"
    )


def _holds_operands(value):
    if isinstance(value, list | tuple):
        return any(_holds_operands(element) for element in value)
    return isinstance(value, Operand)


def _cast(array, dtype):
    with np.errstate(over="ignore"):  # 1e300 is inf in float32
        cast = array.astype(dtype)
    if dtype.kind in "ui" and (cast != array).any():
        raise DtypeError(
            f"got {describe(array.tolist())}, which {dtype} cannot hold: cast the tensor first"
        )
    return cast
