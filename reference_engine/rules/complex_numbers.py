"""Complex conjugates and parts, the operators through which complex values meet real ones."""

import numpy as np

from ..operators import apply, elementwise, rule
from ..tensor import as_operand

__all__ = ["conj", "imag", "real"]

conj = elementwise("conj", np.conj, jvp="linear")
real = elementwise("real", lambda x: x.real, jvp="linear")
imag = elementwise("imag", lambda x: x.imag, jvp="linear")

# A cotangent of z = u + iv is dL/du - i dL/dv here; the tape conjugates it for the user.
rule("conj", lambda dy, y, x: conj(dy))
rule("real", lambda dy, y, x: _as(dy, x.dtype))
rule("imag", lambda dy, y, x: _as(dy, x.dtype) * (-1j if x.dtype.kind == "c" else 0))


def _as(dy, dtype):
    return apply("astype", as_operand(dy), dtype=dtype)
