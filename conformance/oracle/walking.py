"""How the numbers of object arrays are walked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from conformance.typing_rules import normalize_axes


def boxed(values: Any, shape: tuple[int, ...]) -> np.ndarray:
    """An object array; NumPy hands out a bare element where an array would be 0-d."""
    out = np.empty(shape, object)
    if isinstance(values, np.ndarray):
        out[...] = values
    else:
        out[()] = values
    return out


def filled(elements: Sequence[Any], shape: tuple[int, ...]) -> np.ndarray:
    """An object array of these elements, in row-major order."""
    out = np.empty(len(elements), object)
    for k, element in enumerate(elements):
        out[k] = element
    return out.reshape(shape)


def fibers(x: np.ndarray, axis: Any) -> tuple[list[list[Any]], tuple[int, ...], tuple[int, ...]]:
    """Lists of the elements that are reduced together, the remaining shape, and the axes."""
    axes = normalize_axes(axis, x.ndim)
    kept = [a for a in range(x.ndim) if a not in axes]
    rest = tuple(x.shape[a] for a in kept)
    length = int(np.prod([x.shape[a] for a in axes], dtype=int))
    count = int(np.prod(rest, dtype=int))
    rows = x.transpose(*kept, *axes).reshape(count, length) if x.ndim else x.reshape(1, 1)
    return [list(row) for row in rows], rest, axes
