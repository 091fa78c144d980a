"""Linear layers and attention: sums of products, and a softmax between two of them."""

from __future__ import annotations

import math

import numpy as np
from flint import arb

from conformance.graph import Node
from conformance.oracle.jets import ONE, Arithmetic, Jet
from conformance.oracle.rules.elementwise import literal
from conformance.oracle.rules.linear_algebra import inner_product
from conformance.oracle.rules.reductions import softmax
from conformance.oracle.walking import filled


def linear(arithmetic: Arithmetic, node: Node, x: np.ndarray, weight: np.ndarray,
           bias: np.ndarray) -> np.ndarray:
    return filled([arithmetic.add((inner_product(arithmetic, list(row), list(w)), b))
                   for row in x.reshape(-1, x.shape[-1])
                   for w, b in zip(weight, bias, strict=True)], node.type.shape)


def bilinear(arithmetic: Arithmetic, node: Node, x: np.ndarray, w: np.ndarray,
             weight: np.ndarray) -> np.ndarray:
    elements = []
    for row, column in zip(x.reshape(-1, x.shape[-1]), w.reshape(-1, w.shape[-1]), strict=True):
        for matrix in weight:
            sides = [inner_product(arithmetic, list(line), list(column)) for line in matrix]
            elements.append(inner_product(arithmetic, list(row), sides))
    return filled(elements, node.type.shape)


def attention(arithmetic: Arithmetic, node: Node, query: np.ndarray, key: np.ndarray,
              value: np.ndarray) -> np.ndarray:
    factor = _scale(arithmetic, node, query.shape[-1])
    elements: list[Jet] = []
    for place in np.ndindex(*query.shape[:3]):
        keys, values = key[place[:2]], value[place[:2]]
        if node["is_causal"]:
            keys, values = keys[: place[2] + 1], values[: place[2] + 1]
        row = list(query[place])
        scores = [arithmetic.multiply(inner_product(arithmetic, row, list(k)), factor)
                  for k in keys]
        shares = softmax(arithmetic, node, scores)
        elements += [inner_product(arithmetic, shares, list(column)) for column in values.T]
    return filled(elements, node.type.shape)


def _scale(arithmetic: Arithmetic, node: Node, features: int) -> Jet:
    """Kernels compute 1 / sqrt(features) themselves, and round it unless it is a power of 2."""
    if node["scale"] is not None:
        return literal(arithmetic, node["scale"], node.type.dtype)
    exact = math.log2(features) % 2 == 0
    return arithmetic.literal(ONE / arb(features).sqrt(), representable=exact)


ARRAYS = {"linear": linear, "bilinear": bilinear, "scaled_dot_product_attention": attention}
