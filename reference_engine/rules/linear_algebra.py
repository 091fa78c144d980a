"""Products of matrices and vectors."""

import numpy as np

from ..errors import ShapeError
from ..operators import FORWARDS, apply_to_two, pair, rule
from ..tensor import Tensor
from .shapes import expand_dims, squeeze

__all__ = ["matmul"]


def matmul(x, w):
    """The product of x (..., m, k) and w (..., k, n), or of vectors (k,) in their place.

    Leading axes broadcast. Raises ShapeError where inner sizes differ or an operand is 0-d,
    DtypeError where the dtypes differ.
    """
    if type(x) is np.ndarray and type(w) is np.ndarray:
        return FORWARDS["matmul"](x, w)
    x, w = pair("matmul", x, w)
    a, b = x.shape, w.shape
    if len(a) > 1 and len(b) > 1 and a[-1] == b[-2]:  # the usual case
        return apply_to_two("matmul", x, w)
    if not (x.ndim and w.ndim and x.shape[-1] == w.shape[-2:][0]):
        raise ShapeError(
            f"matmul: got shapes {x.shape} and {w.shape}, "
            "wanted (..., m, k) and (..., k, n), or (k,) for either"
        )
    if x.ndim == 1:
        return squeeze(matmul(expand_dims(x, 0), w), -2 if w.ndim > 1 else 0)
    if w.ndim == 1:
        return squeeze(matmul(x, expand_dims(w, 1)), -1)


def _matmul(x, w):
    if x.ndim == 2 == w.ndim and x.dtype.char in "fd" and x.dtype is w.dtype:
        return x.dot(w)  # the same product, for less around it
    y = np.matmul(x, w)
    return y if y.dtype is x.dtype else y.astype(x.dtype)  # bfloat16 comes back as float32


def _transposed(x):
    if type(x) is Tensor:
        return x.mT
    return x.T if x.ndim == 2 else x.swapaxes(-1, -2)


FORWARDS["matmul"] = _matmul
rule("matmul",
     lambda dy, y, x, w: matmul(dy, _transposed(w)),
     lambda dy, y, x, w: matmul(_transposed(x), dy),
     jvp="bilinear")  # fmt: skip
