"""Rounding, remainders and other arithmetic."""

import mpmath

from opinions import X23, Line, binary, each, unary

DIVISORS = ((1.5, 0.375, -2.625), (-0.625, 1.75, 0.15625))  # of no whole quotient with X23
POINTS = (-2.75, -0.25, 0.125, 0.75, 3.375, 1e10 + 0.25)


def truncated(x):
    return mpmath.sign(x) * mpmath.floor(abs(x))


LINES = {
    "ceil": [unary(mpmath.ceil, *POINTS)],
    "floor": [unary(mpmath.floor, *POINTS)],
    "round": [unary(mpmath.nint, *POINTS)],
    "trunc": [unary(truncated, *POINTS)],
    "frac": [unary(lambda x: x - truncated(x), *POINTS)],
    "deg2rad": [unary(lambda x: x * mpmath.pi / 180, *POINTS)],
    "rad2deg": [unary(lambda x: x * 180 / mpmath.pi, *POINTS)],
    "remainder": [binary(lambda x, w: x - w * mpmath.floor(x / w), X23, DIVISORS)],
    "fmod": [binary(lambda x, w: x - w * truncated(x / w), X23, DIVISORS)],
    "logaddexp2": [binary(lambda x, w: mpmath.log(2**x + 2**w) / mpmath.log(2),
                          (1.0, -20.0, 0.5), (2.0, 15.0, 0.5))],
    "squared_difference": [binary(lambda x, w: (x - w) ** 2, X23, (1.0, 2.0, 3.0))],
    "lerp": [Line(each(lambda x, w, t: x + t * (w - x)), (X23, DIVISORS, (0.25, 0.75, 2.0)))],
}
