"""Exact, reproducible inputs of a case; random ones are keyed on the case's name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from conformance.errors import CaseError

SIGNIFICANT_BITS = 8


@dataclass(frozen=True)
class Input:
    """A named leaf of a case: how to make its values, and whether it is a Variable.

    make: a random generator -> values, float64, int64 or bool, of the leaf's shape.
    """

    make: Callable[[np.random.Generator], np.ndarray]
    kind: str = "constant"

    def values(self, key: str, dtype: str) -> np.ndarray:
        """The values, floats rounded to `dtype`; the same `key` gives the same values everywhere."""
        seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "little")
        values = self.make(np.random.Generator(np.random.PCG64(seed)))
        return values.astype(dtype) if values.dtype.kind == "f" else values


def array(values: Any) -> Input:
    """An input with these values: a number, nested lists or a NumPy array."""
    try:
        exact = np.asarray(values)
    except ValueError as error:
        raise CaseError(f"an input's nested lists must form a rectangle: {error}") from None
    if exact.dtype.kind not in "fib":
        raise CaseError(f"an input holds real numbers or booleans, got {values!r}")
    wide = exact.astype({"f": "float64", "i": "int64", "b": "bool"}[exact.dtype.kind])
    return Input(lambda generator: wide.copy())


def ones(*shape: int) -> Input:
    """An input of ones, as in `ones(2, 2)`."""
    return array(np.ones(shape))


def zeros(*shape: int) -> Input:
    """An input of zeros; `zeros(0, 3)` is empty."""
    return array(np.zeros(shape))


def uniform(*shape: int, low: float = -1.0, high: float = 1.0) -> Input:
    """Generic values in (low, high), each with at most 8 significant bits.

    So short a number is exact in every floating-point format from bfloat16 on, which makes the
    truth the same for all of them.
    """
    def make(generator: np.random.Generator) -> np.ndarray:
        drawn = generator.uniform(low, high, shape)
        mantissa, exponent = np.frexp(drawn)
        short = np.ldexp(np.trunc(mantissa * 2.0**SIGNIFICANT_BITS), exponent - SIGNIFICANT_BITS)
        return np.asarray(short)

    return Input(make)


def variable(values: Any) -> Input:
    """An input that tape frameworks hold in a Variable, which they watch by themselves."""
    return replace(as_input(values), kind="variable")


def as_input(values: Any) -> Input:
    """An Input as it is; anything else through `array`."""
    return values if isinstance(values, Input) else array(values)
