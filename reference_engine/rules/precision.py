"""Forwards in half precision, for which NumPy has no fast kernels and too few digits to add up."""

import functools

from ..operators import quiet


def widened(forward):
    """A forward that computes 16-bit floats in float32 and rounds its answer once."""

    @functools.wraps(forward)
    def wide(*arrays, **parameters):
        half = arrays[0].dtype
        if half.itemsize != 2 or half.kind not in "fV":  # V: bfloat16
            return forward(*arrays, **parameters)
        y = forward(*(x.astype("float32") for x in arrays), **parameters)
        return tuple(part.astype(half) for part in y) if isinstance(y, tuple) else y.astype(half)

    return wide


def same_precision(forward):
    """A quiet forward in the dtype of its first array; half precision is computed in float32."""

    @functools.wraps(forward)
    def kept(*arrays, **parameters):
        dtype = arrays[0].dtype
        if dtype.kind == "c":
            raise TypeError("wanted a real dtype")
        if dtype.kind in "iub":  # the core says what it thinks of integers
            return forward(*arrays, **parameters)
        if dtype.itemsize < 4:
            arrays = [array.astype("float32") for array in arrays]
        return forward(*arrays, **parameters).astype(dtype, copy=False)[()]  # 0-d as a scalar

    return quiet(kept)
