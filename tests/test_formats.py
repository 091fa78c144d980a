"""Rounding to each format against NumPy and ml_dtypes."""

import math
import random

import ml_dtypes
import numpy as np
import pytest

from conformance.formats import FORMATS

TYPES = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16, "float32": np.float32,
         "float64": np.float64}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.filterwarnings("ignore:overflow")
def test_rounds_as_the_library_does(name):
    format, kind = FORMATS[name], TYPES[name]
    draw = random.Random(1)
    numbers = [0.0, 0.1, 1.0, -2.5, format.largest, format.smallest_normal, 1e300, -1e300,
               format.smallest_normal / 3, 5e-324, math.inf, -math.inf]
    numbers += [math.ldexp(draw.uniform(-1, 1), draw.randint(format.min_exponent - 12,
                                                             min(format.max_exponent + 2, 1023)))
                for _ in range(500)]
    # ml_dtypes rounds by way of float32, so bfloat16 is asked for float32 numbers
    if name == "bfloat16":
        numbers = [float(np.float32(n)) for n in numbers]
    for number in numbers:
        assert format.round(number) == float(kind(number)), number


@pytest.mark.parametrize("name", FORMATS)
def test_limits(name):
    limits = ml_dtypes.finfo(TYPES[name])
    assert FORMATS[name].largest == float(limits.max)
    assert FORMATS[name].smallest_normal == float(limits.smallest_normal)
    assert FORMATS[name].unit_roundoff == float(limits.eps) / 2
