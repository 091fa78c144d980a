"""Where an operator is measured: its whole domain, and closer where something happens."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import count as counter
from itertools import islice, pairwise, product

import numpy as np

from conformance.accuracy.lines import ORDERS, Line
from conformance.accuracy.truths import truth_at
from conformance.comparison import ulp
from conformance.formats import FORMATS, numpy_dtype

# numbers at which formulas change: poles of the gamma function, ends of series, table entries
COMMON = (*(sign * half / 2 for half in (1, 3, 4, 5, 6, 7, 8, 10, 16, 20) for sign in (1, -1)),
          *(sign * k * math.pi / 2 for k in (1, 2, 3, 4) for sign in (1, -1)))
COARSE = 12  # octaves around 1 in which changes of sign are looked for
PER_OCTAVE = 5
MOST_ZEROS = 6  # of each order, those nearest to 0
BISECTIONS = 30
TRIES = 40  # candidates for each point that is wanted
# how many candidates of each kind are taken in turn: near special points, two of ordinary size
# (by magnitude; evenly as far as exp does not overflow), and of any magnitude that there is
TURNS = (4, 2, 1, 3)


def points(line: Line, dtype: str, count: int) -> np.ndarray:
    """`count` different numbers of `dtype` in the line's interval, ascending, as float64.

    The same in every process. Fewer where there are no more to be found.
    """
    kind, (low, high) = numpy_dtype(dtype), line.interval
    chosen: dict[float, None] = {}
    for candidate in islice(candidates(line, dtype), TRIES * count):
        with np.errstate(over="ignore"):
            x = float(np.float64(candidate).astype(kind))
        if math.isfinite(x) and low <= x <= high:
            chosen[x + 0.0] = None  # one zero
        if len(chosen) == count:
            break
    return np.array(sorted(chosen))


def candidates(line: Line, dtype: str) -> Iterator[float]:
    """First where every format is special, then of all kinds in turn, without end."""
    format = FORMATS[dtype]
    tiny = math.ldexp(1.0, format.min_exponent - format.precision + 1)
    for magnitude in (0.0, 1.0, format.largest, tiny, format.smallest_normal):
        yield from (magnitude, -magnitude)
    kinds = (near_special(line, dtype), by_magnitude(-10.0, 10.0, 2),
             evenly(line, 1.2 * math.log(format.largest)),
             by_magnitude(math.log2(tiny), math.log2(format.largest), 3))
    while True:
        for kind, turns in zip(kinds, TURNS, strict=True):
            yield from islice(kind, turns)


def near_special(line: Line, dtype: str) -> Iterator[float]:
    """Special points, and on both sides of them, from the next number to a quarter away."""
    strong, precision = special_points(line), FORMATS[dtype].precision
    further = [2.0**k for k in (precision // 4, precision // 2, 3 * precision // 4, 1, 2,
                                precision // 3, 2 * precision // 3, precision - 2)]
    yield from strong
    # below a power of 2 the next number is half a unit away
    yield from _beside(strong, (0.5, 1.0), dtype)
    yield from COMMON
    for step in further:
        yield from _beside((*strong, *COMMON), (step,), dtype)


def _beside(points: Iterable[float], steps: Iterable[float], dtype: str) -> Iterator[float]:
    """So many units in the last place from each point, on both sides."""
    for point, step in product(points, steps):
        if point:  # around 0 are the smallest numbers, which come anyway
            unit = float(ulp(np.array(point), dtype))
            yield from (point + step * unit, point - step * unit)


def by_magnitude(low: float, high: float, base: int) -> Iterator[float]:
    """Both signs of 2**t, t spread evenly between the bounds."""
    for t in _spread(base):
        magnitude = 2.0 ** min(low + (high - low) * t, 1023.999)
        yield from (magnitude, -magnitude)


def evenly(line: Line, reach: float) -> Iterator[float]:
    """Numbers spread evenly over the interval, as far as `reach` from 0."""
    low, high = (min(max(end, -reach), reach) for end in line.interval)
    for t in _spread(5):
        yield low + (high - low) * t


def _spread(base: int) -> Iterator[float]:
    """Van der Corput's sequence, which at any length is nearly even in (0, 1)."""
    for n in counter(1):
        t, scale = 0.0, 1.0
        while n:
            n, digit = divmod(n, base)
            scale /= base
            t += digit * scale
        yield t


@cache
def special_points(line: Line) -> tuple[float, ...]:
    """Ends of the interval, ±1, and where the value or a derivative changes sign (poles too)."""
    ends = [end for end in line.interval if math.isfinite(end)]
    found = [*ends, 1.0, -1.0]
    for order in ORDERS:
        found += sign_changes(line, order)
    return tuple(dict.fromkeys(found))


def sign_changes(line: Line, order: int) -> list[float]:
    """Where the true value or derivative changes sign nearest to 0, to about nine digits."""
    low, high = line.interval
    magnitudes = [2.0 ** (k / PER_OCTAVE + 0.01) for k in range(
        -COARSE * PER_OCTAVE // 2, COARSE * PER_OCTAVE // 2)]
    grid = [x for x in (*(-m for m in reversed(magnitudes)), *magnitudes) if low < x < high]
    signs = [_sign(line, order, x) for x in grid]
    known = [(x, s) for x, s in zip(grid, signs, strict=True) if s is not None]
    changes = [(a, b, side) for (a, side), (b, other) in pairwise(known) if side * other < 0]
    changes.sort(key=lambda change: min(abs(change[0]), abs(change[1])))
    return [_bisected(line, order, *change) for change in changes[:MOST_ZEROS]]


def _bisected(line: Line, order: int, a: float, b: float, side: float) -> float:
    for _ in range(BISECTIONS):
        middle = (a + b) / 2
        sign = _sign(line, order, middle)
        if not sign:  # a zero, a pole or a kink
            return middle
        a, b = (middle, b) if sign == side else (a, middle)
    return (a + b) / 2


def _sign(line: Line, order: int, x: float) -> float | None:
    truth = truth_at(line, "float64", x, (order,))[order]
    return None if isinstance(truth, str) else float(np.sign(truth.hi))


