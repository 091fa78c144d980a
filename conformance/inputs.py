"""Exact, reproducible inputs of a case; random ones are keyed on the case's name."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from conformance.errors import CaseError
from conformance.formats import numpy_dtype
from conformance.typing_rules import complex_of

SIGNIFICANT_BITS = 8
# float16's narrow range: what is exact there is exact in every format
SMALLEST, LARGEST = 2.0**-14, 65280.0


@dataclass(frozen=True)
class Input:
    """A named leaf of a case: how to make its values, and whether it is a Variable.

    make: a random generator -> values, float64, complex128, int64 or bool, of the leaf's shape.
    """

    make: Callable[[np.random.Generator], np.ndarray]
    kind: str = "constant"

    def exact(self, key: str) -> np.ndarray:
        """The values before rounding; the same `key` gives the same values everywhere."""
        seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "little")
        return self.make(np.random.Generator(np.random.PCG64(seed)))

    def values(self, key: str, dtype: str) -> np.ndarray:
        """The values, floats rounded to `dtype` (to infinity where they are beyond its range).

        Complex ones have parts of that dtype.
        """
        values = self.exact(key)
        if values.dtype.kind not in "fc":
            return values
        with np.errstate(over="ignore", under="ignore"):
            return values.astype(numpy_dtype(dtype) if values.dtype.kind == "f"
                                 else complex_of(dtype))


def array(values: Any) -> Input:
    """An input with these values: a number, nested lists or a NumPy array."""
    try:
        given = np.asarray(values)
    except ValueError as error:
        raise CaseError(f"an input's nested lists must form a rectangle: {error}") from None
    dtype = {"f": "float64", "c": "complex128", "i": "int64", "u": "int64",
             "b": "bool"}.get(given.dtype.kind)
    if dtype is None:
        raise CaseError(f"an input holds numbers or booleans, got {values!r}; write a "
                        "number, nested lists of numbers, or uniform(2, 3)")
    exact = given.astype(dtype)
    return Input(lambda generator: exact.copy())


def ones(*shape: int) -> Input:
    """An input of ones, as in `ones(2, 2)`."""
    return array(np.ones(_shape("ones", shape)))


def zeros(*shape: int) -> Input:
    """An input of zeros; `zeros(0, 3)` is empty."""
    return array(np.zeros(_shape("zeros", shape)))


def uniform(*shape: int, low: float = -1.0, high: float = 1.0) -> Input:
    """Generic values in (low, high), each with at most 8 significant bits, none of them 0.

    So short a number is exact in every floating-point format, bfloat16 and float16 included,
    which makes the truth the same for all of them.
    """
    shape = _shape("uniform", shape)
    return Input(_uniform(shape, low, high))


def complex_uniform(*shape: int, low: float = -1.0, high: float = 1.0) -> Input:
    """Complex values, each part as `uniform` draws it."""
    shape = _shape("complex_uniform", shape)
    make = _uniform((*shape, 2), low, high)
    return Input(lambda generator: make(generator).view("complex128")[..., 0])


def _uniform(shape: tuple[int, ...], low: float,
             high: float) -> Callable[[np.random.Generator], np.ndarray]:
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise CaseError(f"uniform wants finite bounds, low < high, got low={low!r}, high={high!r}")

    def make(generator: np.random.Generator) -> np.ndarray:
        drawn = np.empty(math.prod(shape))
        wrong = np.ones(drawn.shape, bool)
        for _ in range(100):
            drawn[wrong] = _short(generator, int(wrong.sum()), low, high)
            size = np.abs(drawn)
            wrong = ~((low < drawn) & (drawn < high) & (size >= SMALLEST) & (size <= LARGEST))
            if not wrong.any():
                return drawn.reshape(shape)
        raise CaseError(f"uniform finds too few numbers of {SIGNIFICANT_BITS} significant bits "
                        f"that float16 can hold in ({low!r}, {high!r}); widen the interval")

    make(np.random.Generator(np.random.PCG64(0)))  # the author, not the run, learns of it
    return make


def _short(generator: np.random.Generator, count: int, low: float, high: float) -> np.ndarray:
    # raw bits: NumPy promises them for all its versions, but not what Generator makes of them
    raw = generator.bit_generator.random_raw(count) >> np.uint64(11)
    mantissa, exponent = np.frexp(low + (high - low) * (raw * 2.0**-53))
    return np.ldexp(np.trunc(mantissa * 2.0**SIGNIFICANT_BITS), exponent - SIGNIFICANT_BITS)


def variable(values: Any) -> Input:
    """An input that tape frameworks hold in a Variable, which they watch by themselves."""
    return replace(as_input(values), kind="variable")


def as_input(values: Any) -> Input:
    """An Input as it is; anything else through `array`."""
    return values if isinstance(values, Input) else array(values)


def _shape(name: str, shape: tuple[Any, ...]) -> tuple[int, ...]:
    if not all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in shape):
        raise CaseError(f"{name} wants lengths, as in {name}(2, 3), got "
                        f"{name}({', '.join(map(repr, shape))})")
    return shape
