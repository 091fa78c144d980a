"""Numbers and arrays as Python source: short, and exact once the framework has read them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from conformance.formats import numpy_dtype
from conformance.typing_rules import real_of


def number(value: complex | bool) -> str:
    """A number as Python source, NaN and infinities included."""
    if isinstance(value, complex):
        return complex_number(number(value.real), number(value.imag))
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return repr(value)


def complex_number(real: str, imaginary: str) -> str:
    """`0.5 - 2.0j`, of two parts as source; `-2.0j` where there is no real part."""
    if "float" in real + imaginary:  # NaN and infinities
        return f"complex({real}, {imaginary})"
    if real == "0.0":
        return f"{imaginary}j"
    sign, size = ("-", imaginary[1:]) if imaginary.startswith("-") else ("+", imaginary)
    return f"{real} {sign} {size}j"


def whole(value: float) -> float | int:
    """A count without its decimal point, if it is a whole number."""
    return int(value) if float(value).is_integer() else value


def quoted(text: str) -> str:
    """A string as Python source, between double quotes."""
    source = repr(text)
    if source.startswith('"'):
        return source
    body = source[1:-1].replace("\\'", "'").replace('"', '\\"')
    return f'"{body}"'


def plain(value: Any) -> str:
    """A parameter as Python source."""
    if isinstance(value, float):
        return number(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(plain, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(map(plain, value))}]"
    return quoted(value) if isinstance(value, str) else repr(value)


def shortest(value: Any, dtype: str) -> str:
    """The shortest decimal that becomes exactly this value of `dtype`.

    Frameworks read a Python float, which is a double, and round it to `dtype`; where rounding
    twice would miss, the double itself is written out.
    """
    if dtype in ("bool", "int64"):
        return repr(value.item() if isinstance(value, np.generic) else value)
    if real_of(dtype) != dtype:
        return complex_number(*(shortest(part, real_of(dtype))
                                for part in (value.real, value.imag)))
    kind = numpy_dtype(dtype).type
    exact = kind(value)
    if not np.isfinite(exact):
        return number(float(exact))
    short = float(str(exact))
    return number(short if kind(short) == exact else float(exact))


def nested(values: np.ndarray, dtype: str) -> str:
    """An array as nested lists of numbers."""
    if values.ndim == 0:
        return shortest(values[()], dtype)
    return f"[{', '.join(nested(row, dtype) for row in values)}]"
