"""Complex numbers out of real ones, and their angle.

A cotangent of z = u + iv is dL/du - i dL/dv here; the tape conjugates it for the user.
"""

import numpy as np

from ..creation import zeros_like
from ..errors import DtypeError
from ..operators import FORWARDS, apply, as_operand, elementwise, rule, values
from ..tensor import same_dtype
from .complex_numbers import imag, real
from .elementwise import cos, sin
from .public_forms import documented, operands
from .selection import where

__all__ = ["angle", "complex", "polar"]

_COMPLEX = {"float32": "complex64", "float64": "complex128"}


@operands(2)
def complex(x, w):
    """x + i w, elementwise: complex64 of float32 and complex128 of float64.

    Raises DtypeError for other dtypes, ShapeError.
    """
    return apply("complex", *same_dtype("complex", x, w))


@operands(2)
def polar(x, w):
    """The complex number of size x and angle w, in radians, elementwise.

    Raises DtypeError for dtypes other than float32 and float64, ShapeError.
    """
    return apply("polar", *same_dtype("polar", x, w))


def _complex_of(name, real, imaginary):
    if real.dtype.name not in _COMPLEX:
        raise DtypeError(f"{name}: got {real.dtype}, wanted float32 or float64: cast the operands")
    z = np.empty(np.broadcast_shapes(real.shape, imaginary.shape), _COMPLEX[real.dtype.name])
    z.real, z.imag = real, imaginary
    return z[()]


FORWARDS["complex"] = lambda x, w: _complex_of("complex", x, w)
FORWARDS["polar"] = lambda x, w: _complex_of("polar", x * np.cos(w), x * np.sin(w))

rule("complex",
     lambda dy, y, x, w: real(dy),
     lambda dy, y, x, w: -imag(dy), jvp="linear")  # fmt: skip
rule("polar",
     lambda dy, y, x, w: real(dy * complex(cos(w), sin(w))),
     lambda dy, y, x, w: -imag(dy * y))  # fmt: skip

angle = documented(
    elementwise("angle", lambda x: np.angle(x).astype(x.real.dtype), jvp=None),
    "The angle of x in radians, elementwise: 0 or pi for a real one.\n\n"
    "    Its gradient at 0, where it jumps, is 0. Raises DtypeError.",
)


def _angle_rule(dy, y, x):
    if x.dtype.kind != "c":
        return zeros_like(dy)
    zero = values(x) == 0
    cotangent = apply("astype", as_operand(dy), dtype=x.dtype)
    return where(zero, 0, -1j * cotangent / where(zero, 1, x))


rule("angle", _angle_rule)
