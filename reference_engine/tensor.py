"""Tensor, an immutable array, and how anything else becomes one."""

import numpy as np

from .errors import DtypeError, OperandError, ShapeError, describe
from .operand import Operand

DTYPES = (
    "bool",
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
    *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
)
ARRAYS = (np.ndarray, np.generic)
_KNOWN = frozenset(np.dtype(name) for name in DTYPES if name != "bfloat16")
# A Python number may be raised to its partner's kind, never lowered.
_KINDS = {"b": 0, "u": 1, "i": 1, "f": 2, "V": 2, "c": 3}  # V: NumPy's kind of bfloat16


class Tensor(Operand):
    """An immutable array that tapes can follow. Make one with `constant`.

    Two Tensors are one source of gradients only if they are the same object.
    """

    # _array is an ndarray, or for 0-d a NumPy scalar, whose arithmetic is six times as fast;
    # key is what tapes know the Tensor by, None until one follows it.
    __slots__ = ("__weakref__", "_array", "key")

    def __init__(self, array):
        self._array = array
        self.key = None

    def numpy(self):
        """The values as a read-only ndarray, not copied: `.numpy().copy()` may be written to."""
        array = np.asarray(self._array)
        if array.flags.writeable:
            array = array.view()
            array.flags.writeable = False
        return array

    def as_tensor(self):
        """Itself."""
        return self

    def __reduce__(self):
        return as_tensor, (np.asarray(self._array),)  # a copy is followed by nobody

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __repr__(self):
        values = np.array2string(np.asarray(self._array), separator=", ")
        return f"Tensor({values}, shape={self.shape}, dtype={self.dtype})"


def dtype_named(dtype):
    """The np.dtype that `dtype`, a name or a type, means; DtypeError if the engine has none."""
    if isinstance(dtype, int):
        raise DtypeError(f"got dtype {dtype!r}: a shape is one tuple, as in ones((2, 3))")
    if isinstance(dtype, str) and dtype == "bfloat16":
        return _bfloat16()
    try:
        known = np.dtype(dtype)
    except TypeError:
        known = None
    if dtype is None or known is None or not is_known(known):
        raise DtypeError(f"got dtype {dtype!r}, wanted one of {', '.join(DTYPES)}")
    return known


def _bfloat16():
    try:
        import ml_dtypes  # late: only bfloat16 needs it
    except ImportError:
        raise DtypeError(
            "got dtype 'bfloat16', which NumPy lacks: pip install ml_dtypes"
        ) from None
    return np.dtype(ml_dtypes.bfloat16)


def is_known(dtype):
    """Whether the engine computes in `dtype`."""
    return dtype in _KNOWN or (dtype.kind == "V" and dtype.name == "bfloat16")


def is_float(operand):
    """Whether derivatives of, or with respect to, `operand` can exist."""
    dtype = operand.dtype
    # the kind first: to ask for a name takes several microseconds
    return dtype.kind in "fc" or (dtype.kind == "V" and dtype.name == "bfloat16")


def known_array(array):
    """An ndarray or NumPy scalar, as it is; DtypeError if the engine does not have its dtype."""
    if is_known(array.dtype):
        return array
    raise DtypeError(f"a Tensor: got dtype {array.dtype}, wanted one of {', '.join(DTYPES)}")


def as_tensor(value, dtype=None):
    """`value` as a Tensor; an array keeps its dtype, Python numbers take `dtype` if given."""
    if isinstance(value, Operand):
        return value.as_tensor()
    if isinstance(value, np.generic):
        return Tensor(known_array(value))
    if isinstance(value, np.ndarray):
        return Tensor(known_array(np.array(value))[()])  # [()]: a 0-d array as a NumPy scalar
    if dtype is not None and type(value) is float and dtype.kind == "f":
        return Tensor(_number(value, dtype))
    array = _array_of_numbers(value)
    if dtype is None or array.dtype == dtype:
        return Tensor(array[()])
    if _KINDS[array.dtype.kind] > _KINDS[dtype.kind]:
        raise DtypeError(
            f"got {describe(value)} with a tensor of dtype {dtype}, which cannot hold it: "
            f"cast the tensor with engine.astype(x, {array.dtype.name!r})"
        )
    return Tensor(_cast(array, dtype)[()])


def same_dtype(name, *values):
    """`values` as Tensors of one dtype, promoted as the array API standard does.

    Python numbers take the dtype of the others. Plain arrays alone stay as they are: a rule is
    working on them. Raises DtypeError where the kinds of two dtypes differ (int64 and float32),
    since the standard leaves open what comes of them.
    """
    first = values[0]
    if type(first) is Tensor:
        dtype = first._array.dtype
        if all(type(x) is Tensor and x._array.dtype is dtype for x in values):
            return values
    dtypes = {value.dtype for value in values if isinstance(value, (Operand, *ARRAYS))}
    if not any(isinstance(value, Operand) for value in values):
        return list(values)
    dtype = dtypes.pop() if len(dtypes) == 1 else _promoted(name, values, dtypes)
    try:
        tensors = [as_tensor(value, dtype) for value in values]
    except (DtypeError, OperandError, ShapeError) as error:
        raise type(error)(f"{name}: {error.message}") from None
    return [x if x.dtype == dtype else x.astype(dtype) for x in tensors]


def as_operand(value):
    """A Tensor or a plain array as it is, anything else as a Tensor."""
    return value if type(value) is Tensor or isinstance(value, ARRAYS) else as_tensor(value)


def _promoted(name, values, dtypes):
    """The one dtype of the array API's promotion tables."""
    kinds = {_kind(dtype) for dtype in dtypes}
    if len(kinds) == 1:
        dtype = _common(dtypes)
        if _kind(dtype) in kinds:  # uint64 and int64 would become float64
            return dtype
    first, second = [v.dtype for v in values if hasattr(v, "dtype")][:2]
    raise DtypeError(
        f"{name}: got dtypes {first} and {second}, wanted dtypes of one kind: "
        f"cast one operand with engine.astype(x, {_most_general(dtypes).name!r})"
    )


def _most_general(dtypes):
    return max(dtypes, key=lambda dtype: (_KINDS[dtype.kind], dtype.itemsize))


def _kind(dtype):
    return {"b": "bool", "u": "integer", "i": "integer"}.get(dtype.kind, "float")


def _common(dtypes):
    if any(dtype.name == "bfloat16" for dtype in dtypes):
        # as in torch and JAX, the two halves, neither of which holds the other, meet in float32
        others = (d for d in dtypes if d.name not in ("bfloat16", "float16"))
        dtypes = [np.dtype("float32"), *others]
    return np.result_type(*dtypes)


def _number(value, dtype):
    """A Python float in a real floating dtype; 1e300 is inf in float32."""
    if dtype.itemsize < 8 and abs(value) > 6e4:
        with np.errstate(over="ignore"):
            return dtype.type(value)
    return dtype.type(value)


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
        return known_array(array)
    raise OperandError(
        f"got {describe(value)}, wanted a Tensor, a Variable, an array or numbers"
    )


def _holds_operands(value):
    if isinstance(value, list | tuple):
        return any(_holds_operands(element) for element in value)
    return isinstance(value, Operand)


def _cast(array, dtype):
    with np.errstate(over="ignore", invalid="ignore"):  # 1e300 is inf in float32
        cast = array.astype(dtype)
    if dtype.kind in "ui" and (cast != array).any():
        raise DtypeError(
            f"got {describe(array.tolist())}, which {dtype} cannot hold: cast the tensor first"
        )
    return cast
