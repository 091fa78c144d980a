"""Linear layers and attention as sums over every index; mpmath has none."""

import mpmath
import numpy as np

from opinions import W34, X23, Line
from opinions.convolution import numbers


def linear(x, weight, bias):
    return np.einsum("...n,mn->...m", x, weight) + bias


def bilinear(x, w, weight):
    return np.einsum("...i,mij,...j->...m", x, weight, w)


def attention(scale, causal=False):
    def meaning(query, key, value):
        scores = np.einsum("...md,...nd->...mn", query, key) * scale
        seen = np.tri(*scores.shape[-2:], dtype=bool) if causal else np.ones(
            scores.shape[-2:], bool)
        powers = np.vectorize(mpmath.exp, otypes=[object])(scores) * seen
        return np.einsum("...mn,...nd->...md", powers, value) / np.sum(
            powers, axis=-1, keepdims=True)

    return meaning


LINES: dict[str, list[Line]] = {
    "linear": [
        Line(linear, (X23, tuple(zip(*W34, strict=True)), (0.5, -1.0, 2.0, 0.25))),
        Line(linear, (X23[0], X23, (0.5, -1.0))),
    ],
    "bilinear": [
        Line(bilinear, (X23, ((0.5, -1.0), (2.0, 0.25)), numbers(2, 3, 2))),
        Line(bilinear, (X23[0], X23[1], numbers(1, 3, 3))),
    ],
    "scaled_dot_product_attention": [
        Line(attention(0.5), (numbers(1, 1, 2, 4), numbers(1, 1, 3, 4), numbers(1, 1, 3, 4))),
        Line(attention(mpmath.mpf("0.25"), causal=True),
             (numbers(1, 2, 2, 2), numbers(1, 2, 2, 2), numbers(1, 2, 2, 2)),
             {"scale": 0.25, "is_causal": True}),
    ],
}
