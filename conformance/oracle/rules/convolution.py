"""Convolutions: sums of products of an element of x and one of the weight."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from conformance.graph import Node
from conformance.oracle.jets import ZERO, Arithmetic
from conformance.oracle.rules.linear_algebra import inner_product, product_of_jets
from conformance.oracle.walking import filled
from conformance.window_rules import pairs, products

# those that are products of a matrix of weights and one of what windows read
FORWARD = ("conv1d", "conv2d", "conv3d")
Shapes = tuple[tuple[int, ...], tuple[int, ...]]


def windows(node: Node, shapes: Shapes) -> np.ndarray:
    """Which element of x each tap of each window reads, or -1: (batch, groups, taps, windows).

    The result is weights (of a group, as rows of taps) times what is read.
    """
    output, x, weight = products(node, shapes)
    channels, taps = shapes[1][0], math.prod(shapes[1][1:])
    count = math.prod(node.type.shape[2:])
    groups = shapes[0][1] // shapes[1][1]
    batch, window = output // (channels * count), output % count
    group = weight // taps // (channels // groups)
    found = np.full((shapes[0][0], groups, taps, count), -1)
    found[batch, group, weight % taps, window] = x
    return found


def read(x: np.ndarray, places: np.ndarray, nothing: Any) -> np.ndarray:
    """The elements at these places, and `nothing` where a window reaches into the padding."""
    flat = [*x.flat, nothing]
    return filled([flat[k] for k in places.flat], places.shape)


def blocks(node: Node, x: np.ndarray, w: np.ndarray, nothing: Any,
           ) -> Iterator[tuple[int, int, slice, np.ndarray, np.ndarray, np.ndarray]]:
    """(batch, group, channels, rows of weights, what is read, where) of each matrix product."""
    places = windows(node, (x.shape, w.shape))
    each = w.shape[0] // places.shape[1]
    for n, g in np.ndindex(*places.shape[:2]):
        channels = slice(g * each, (g + 1) * each)
        rows = w[channels].reshape(each, -1)
        yield n, g, channels, rows, read(x, places[n, g], nothing), places[n, g]


def convolution(arithmetic: Arithmetic, node: Node, x: np.ndarray, w: np.ndarray) -> np.ndarray:
    large = _large(arithmetic, node, x, w)
    if large is not None:
        return large
    factors, weights = list(x.flat), list(w.flat)
    return filled([inner_product(arithmetic, [factors[i] for i in at], [weights[j] for j in with_])
                   for at, with_ in pairs(node, (x.shape, w.shape))], node.type.shape)


def _large(arithmetic: Arithmetic, node: Node, x: np.ndarray, w: np.ndarray) -> np.ndarray | None:
    if node.op not in FORWARD or not x.size or not w.size or node.type.is_complex:
        return None
    out = np.empty((*node.type.shape[:2], math.prod(node.type.shape[2:])), object)
    for n, _, channels, rows, columns, _ in blocks(node, x, w, {0: ZERO}):
        product = product_of_jets(arithmetic, rows, columns)
        if product is None:
            return None
        out[n, channels] = product
    return out.reshape(node.type.shape)


ARRAYS = {f"{name}{n}d": convolution for name in ("conv", "conv_transpose") for n in (1, 2, 3)}
