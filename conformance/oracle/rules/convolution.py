"""Convolutions: sums of products of an element of x and one of the weight."""

from __future__ import annotations

import numpy as np

from conformance.graph import Node
from conformance.oracle.jets import Arithmetic
from conformance.oracle.rules.linear_algebra import inner_product
from conformance.oracle.walking import filled
from conformance.window_rules import pairs


def convolution(arithmetic: Arithmetic, node: Node, x: np.ndarray, w: np.ndarray) -> np.ndarray:
    factors, weights = list(x.flat), list(w.flat)
    return filled([inner_product(arithmetic, [factors[i] for i in at], [weights[j] for j in with_])
                   for at, with_ in pairs(node, (x.shape, w.shape))], node.type.shape)


ARRAYS = {f"{name}{n}d": convolution for name in ("conv", "conv_transpose") for n in (1, 2, 3)}
