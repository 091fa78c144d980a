"""Second opinions on operators: what each means in mpmath, and at which points to ask.

One module a family, each with its LINES: operator -> list of Line.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Line:
    """What an operator means on object arrays of mpf, and points of its domain."""

    meaning: Any
    operands: tuple[Any, ...]
    parameters: dict[str, Any] = field(default_factory=dict)


def each(function):
    return np.vectorize(function, otypes=[object])


def unary(function, *points):
    return Line(each(function), (points,))


def binary(function, a, b):
    return Line(each(function), (a, b))


def along(function, axis, keepdims=False):
    def meaning(x):
        out = np.apply_along_axis(function, axis, x)
        return np.expand_dims(out, axis) if keepdims else out

    return meaning


X23 = ((0.5, -1.25, 2.0), (0.75, 3.0, -0.375))
Y23 = ((1.5, 0.25, -2.5), (-0.625, 1.75, 0.125))
W34 = ((0.5, -1.0, 2.0, 0.25), (1.5, 0.75, -0.5, 1.0), (-2.0, 0.375, 0.625, -1.5))
