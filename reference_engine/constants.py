"""The array API's constants and dtypes."""

import math

import numpy as np

from .tensor import Tensor, same_dtype

__all__ = [
    "bool",
    "can_cast",
    "complex64",
    "complex128",
    "e",
    "finfo",
    "float16",
    "float32",
    "float64",
    "iinfo",
    "inf",
    "int8",
    "int16",
    "int32",
    "int64",
    "isdtype",
    "nan",
    "newaxis",
    "pi",
    "result_type",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
]

e, pi, inf, nan, newaxis = math.e, math.pi, math.inf, math.nan, None
bool = np.dtype("bool")
int8, int16, int32, int64 = map(np.dtype, ("int8", "int16", "int32", "int64"))
uint8, uint16, uint32, uint64 = map(np.dtype, ("uint8", "uint16", "uint32", "uint64"))
float16, float32, float64 = map(np.dtype, ("float16", "float32", "float64"))
complex64, complex128 = map(np.dtype, ("complex64", "complex128"))
finfo, iinfo, can_cast = np.finfo, np.iinfo, np.can_cast

_KINDS = {
    "bool": "b",
    "signed integer": "i",
    "unsigned integer": "u",
    "integral": "iu",
    "real floating": "f",
    "complex floating": "c",
    "numeric": "iufc",
}


def isdtype(dtype, kind):
    """Whether `dtype` is of a kind (the array API's names, or a dtype, or a tuple of them)."""
    if isinstance(kind, tuple):
        return any(isdtype(dtype, one) for one in kind)
    return np.dtype(dtype).kind in _KINDS[kind] if kind in _KINDS else np.dtype(dtype) == kind


def result_type(*operands):
    """The dtype that operands (Tensors, arrays, dtypes) are promoted to.

    Raises DtypeError where the array API leaves it open.
    """
    dtypes = [np.dtype(getattr(operand, "dtype", operand)) for operand in operands]
    return same_dtype("result_type", *[Tensor(np.zeros((), dtype)) for dtype in dtypes])[0].dtype
