"""The floating-point formats: how each rounds, and where it underflows and overflows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from conformance.errors import UsageError


@dataclass(frozen=True)
class Format:
    """A binary format: bits of precision (the leading one included) and exponent range."""

    precision: int
    min_exponent: int
    max_exponent: int

    @property
    def unit_roundoff(self) -> float:
        return 2.0**-self.precision

    @property
    def smallest_normal(self) -> float:
        return 2.0**self.min_exponent

    @property
    def largest(self) -> float:
        return math.ldexp(2.0 - 2.0 ** (1 - self.precision), self.max_exponent)

    def round(self, number: float | int) -> float:
        """The nearest number of the format, ties to even, subnormals kept."""
        if not math.isfinite(number) or not number:
            return float(number)
        exact = Fraction(number)
        magnitude = abs(exact)
        exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
        exponent -= magnitude < Fraction(2) ** exponent
        last = max(exponent, self.min_exponent) - self.precision + 1
        digits = round(exact / Fraction(2) ** last)
        if abs(digits) * Fraction(2) ** last > Fraction(self.largest):
            return math.copysign(math.inf, number)
        return math.ldexp(digits, last)


FORMATS = {
    "float16": Format(11, -14, 15),
    "bfloat16": Format(8, -126, 127),
    "float32": Format(24, -126, 127),
    "float64": Format(53, -1022, 1023),
}


def numpy_dtype(name: str) -> np.dtype:
    """NumPy's dtype of a catalogue dtype; raises UsageError where bfloat16 is not there."""
    if name != "bfloat16":
        return np.dtype(name)
    try:
        import ml_dtypes
    except ImportError:
        raise UsageError("bfloat16 values need a package that teaches them to NumPy: "
                         "pip install ml_dtypes") from None
    return np.dtype(ml_dtypes.bfloat16)
