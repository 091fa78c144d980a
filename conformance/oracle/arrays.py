"""Operators on whole arrays: reductions along fibers, shapes, indexing and matmul."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from flint import arb

from conformance.graph import Node
from conformance.oracle import allowances
from conformance.oracle.functions import NoValue
from conformance.oracle.jets import ONE, ZERO, Arithmetic, Jet, choose, midpoint, sign
from conformance.typing_rules import normalize_axes

Rule = Callable[..., Any]


# --- reductions: (arithmetic, node, fiber) -> jet, or one jet for each place of the fiber ---------

def total(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> Jet:
    return arithmetic.add(fiber)


def mean(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> Jet:
    if not fiber:
        raise NoValue("domain", "has nothing to average", final=True)
    return arithmetic.multiply(arithmetic.add(fiber), {0: ONE / len(fiber)})


def prod(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> Jet:
    return arithmetic.prod(fiber)


def extremum(direction: int) -> Rule:
    def extreme(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> Jet:
        sizes = [direction * jet[0] for jet in fiber]
        candidates = [jet for jet, size in zip(fiber, sizes, strict=True)
                      if not any(size < other for other in sizes)]
        best = candidates[0]
        for jet in candidates[1:]:
            best = best if jet is best else choose(sign(direction * (best[0] - jet[0])), best, jet)
        return best

    return extreme


def var(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> Jet:
    """Two passes: the mean, then squares around it (Welford's one pass loses no more)."""
    divisor = arb(len(fiber)) - arb(node["correction"])
    if not divisor > 0:
        raise NoValue("domain", "has no degrees of freedom left", final=True)
    centre = mean(arithmetic, node, fiber)
    squares = [arithmetic.apply("square", arithmetic.subtract(x, centre)) for x in fiber]
    return arithmetic.multiply(arithmetic.add(squares), {0: ONE / divisor})


def _shifted(arithmetic: Arithmetic, fiber: Sequence[Jet]) -> tuple[arb, list[Jet]]:
    """The largest value (a bare number: any would do, this one cannot overflow) and x - it."""
    shift = midpoint(fiber[0][0])
    for x in fiber[1:]:
        centre = midpoint(x[0])
        shift = centre if centre > shift else shift
    return shift, [arithmetic.subtract(x, {0: shift}) for x in fiber]


def _exponentials(arithmetic: Arithmetic, shifted: Sequence[Jet], roundings: arb) -> list[Jet]:
    """exp of each, whose slopes rules spell exp(x - y) from a rounded y."""
    return [arithmetic.widen_slopes(arithmetic.apply("exp", x),
                                    abs(x[0]) + roundings + allowances.SOFTMAX) for x in shifted]


def logsumexp(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> Jet:
    shift, shifted = _shifted(arithmetic, fiber)
    terms = _exponentials(arithmetic, shifted, abs(shift))
    return arithmetic.add((arithmetic.apply("log", arithmetic.add(terms)), {0: shift}))


def softmax(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> list[Jet]:
    """Shifted exponentials divided by their sum."""
    terms = _exponentials(arithmetic, _shifted(arithmetic, fiber)[1], ZERO)
    scale = arithmetic.apply("reciprocal", arithmetic.add(terms))
    return [arithmetic.multiply(x, scale) for x in terms]


def log_softmax(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> list[Jet]:
    """The shifted values less the logarithm of the sum of their exponentials."""
    shifted = _shifted(arithmetic, fiber)[1]
    terms = _exponentials(arithmetic, shifted, ZERO)
    size = arithmetic.apply("log", arithmetic.add(terms))
    return [arithmetic.subtract(x, size) for x in shifted]


def cumulative_sum(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> list[Jet]:
    return [arithmetic.add(fiber[: k + 1]) for k in range(len(fiber))]


REDUCTIONS: dict[str, Rule] = {
    "sum": total,
    "mean": mean,
    "prod": prod,
    "max": extremum(1),
    "min": extremum(-1),
    "var": var,
    "logsumexp": logsumexp,
}

ALONG_AXIS: dict[str, Rule] = {
    "softmax": softmax,
    "log_softmax": log_softmax,
    "cumulative_sum": cumulative_sum,
}


# --- shapes and indexing: (node, *arrays) -> array; numbers move and are not touched --------------

SHAPES: dict[str, Rule] = {
    "reshape": lambda node, x: x.reshape(node["shape"]),
    "permute_dims": lambda node, x: x.transpose(node["axes"]) if x.ndim else x,
    "expand_dims": lambda node, x: x.reshape(node.type.shape),
    "squeeze": lambda node, x: x.reshape(node.type.shape),
    "broadcast_to": lambda node, x: np.broadcast_to(x, node["shape"]),
    "flip": lambda node, x: np.flip(x, node["axis"]),
    "roll": lambda node, x: np.roll(x, node["shift"], node["axis"]),
    "matrix_transpose": lambda node, x: np.swapaxes(x, -1, -2),
    "concat": lambda node, *xs: np.concatenate(xs, axis=node["axis"]),
    "stack": lambda node, *xs: np.stack(xs, axis=node["axis"]),
    "getitem": lambda node, x: x[node["index"]],
    "take": lambda node, x: np.take(x, np.asarray(node["indices"], np.intp), axis=node["axis"]),
}


# --- how numbers are walked -----------------------------------------------------------------------

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


def inner_products(a: np.ndarray, b: np.ndarray) -> list[tuple[list[Any], list[Any]]]:
    """For every element of a @ b, the row and the column that make it, in row-major order."""
    rows = a[None, :] if a.ndim == 1 else a
    columns = b[:, None] if b.ndim == 1 else b
    batch = np.broadcast_shapes(rows.shape[:-2], columns.shape[:-2])
    rows = np.broadcast_to(rows, batch + rows.shape[-2:])
    columns = np.broadcast_to(columns, batch + columns.shape[-2:])
    pairs = []
    for place in np.ndindex(*batch):
        for i in range(rows.shape[-2]):
            pairs += [(list(rows[place][i]), list(columns[place][:, j]))
                      for j in range(columns.shape[-1])]
    return pairs


def inner_product(arithmetic: Arithmetic, row: Sequence[Jet], column: Sequence[Jet]) -> Jet:
    return arithmetic.add([arithmetic.multiply(x, y)
                           for x, y in zip(row, column, strict=True)])
