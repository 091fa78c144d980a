"""Convolutions by their definition, in loops over every index; mpmath has none."""

from itertools import product

import mpmath
import numpy as np

from opinions import Line


def terms(x_shape, w_shape, large, small, stride, padding, dilation, groups):
    """(batch, group, place in o, place in c, t, s, k): window t of the small side reads s."""
    out, per_group = w_shape[0] // groups, w_shape[1]
    for n, g, o, c in product(range(x_shape[0]), range(groups), range(out), range(per_group)):
        for t in np.ndindex(*small):
            for k in np.ndindex(*w_shape[2:]):
                s = tuple(a * b - p + q * d for a, b, p, q, d in zip(
                    t, stride, padding, k, dilation, strict=True))
                if all(0 <= a < length for a, length in zip(s, large, strict=True)):
                    yield n, g * out + o, g * per_group + c, c, t, s, k


def convolution(stride, padding=(0, 0), dilation=(1, 1), groups=1):
    def meaning(x, w):
        small = tuple((n + 2 * p - d * (k - 1) - 1) // b + 1 for n, p, d, k, b in zip(
            x.shape[2:], padding, dilation, w.shape[2:], stride, strict=False))
        y = np.full((x.shape[0], w.shape[0], *small), mpmath.mpf(0))
        rank = len(small)
        for n, o, c, within, t, s, k in terms(x.shape, w.shape, x.shape[2:], small, stride[:rank],
                                              padding[:rank], dilation[:rank], groups):
            y[(n, o, *t)] += x[(n, c, *s)] * w[(o, within, *k)]
        return y

    return meaning


def transposed(stride, padding=(0, 0), dilation=(1, 1), groups=1, longer=(0, 0)):
    def meaning(x, w):
        large = tuple((n - 1) * b - 2 * p + d * (k - 1) + 1 + e for n, b, p, d, k, e in zip(
            x.shape[2:], stride, padding, dilation, w.shape[2:], longer, strict=False))
        y = np.full((x.shape[0], w.shape[1] * groups, *large), mpmath.mpf(0))
        rank = len(large)
        for n, o, c, within, t, s, k in terms(x.shape, w.shape, large, x.shape[2:], stride[:rank],
                                              padding[:rank], dilation[:rank], groups):
            y[(n, c, *s)] += x[(n, o, *t)] * w[(o, within, *k)]
        return y

    return meaning


def numbers(*shape):
    """Dyadic numbers without pattern."""
    count = int(np.prod(shape))
    return np.reshape([((k * 29 + 7) % 41 - 20.5) / 8 for k in range(count)], shape).tolist()


LINES: dict[str, list[Line]] = {
    "conv1d": [
        Line(convolution((1,)), (numbers(1, 2, 4), numbers(2, 2, 2))),
        Line(convolution((2,), (1,), (2,)), (numbers(2, 1, 5), numbers(2, 1, 2)),
             {"stride": 2, "padding": 1, "dilation": 2}),
        Line(convolution((1,), (2,), groups=2), (numbers(1, 4, 2), numbers(2, 2, 3)),
             {"padding": (2,), "groups": 2}),
    ],
    "conv2d": [
        Line(convolution((1, 1)), (numbers(1, 1, 3, 3), numbers(2, 1, 2, 2))),
        Line(convolution((2, 1), (1, 0), (1, 2)), (numbers(1, 2, 2, 3), numbers(1, 2, 2, 2)),
             {"stride": (2, 1), "padding": (1, 0), "dilation": (1, 2)}),
        Line(convolution((1, 1), (0, 1), groups=2), (numbers(1, 2, 2, 2), numbers(2, 1, 2, 1)),
             {"padding": (0, 1), "groups": 2}),
    ],
    "conv3d": [
        Line(convolution((1, 2, 1), (1, 0, 0), (1, 1, 1)),
             (numbers(1, 1, 2, 3, 2), numbers(1, 1, 2, 2, 1)),
             {"stride": (1, 2, 1), "padding": (1, 0, 0)}),
    ],
    "conv_transpose1d": [
        Line(transposed((1,)), (numbers(1, 2, 3), numbers(2, 1, 2))),
        Line(transposed((2,), (1,), (2,), longer=(1,)), (numbers(2, 1, 3), numbers(1, 2, 2)),
             {"stride": 2, "padding": 1, "dilation": 2, "output_padding": 1}),
        Line(transposed((2,), groups=2), (numbers(1, 2, 2), numbers(2, 2, 2)),
             {"stride": 2, "groups": 2}),
    ],
    "conv_transpose2d": [
        Line(transposed((2, 1), (0, 1), longer=(1, 0)), (numbers(1, 1, 2, 2), numbers(1, 2, 2, 2)),
             {"stride": (2, 1), "padding": (0, 1), "output_padding": (1, 0)}),
    ],
    "conv_transpose3d": [
        Line(transposed((1, 2, 1), (0, 0, 1), (1, 1, 1), longer=(0, 1, 0)),
             (numbers(1, 1, 1, 2, 2), numbers(1, 1, 2, 1, 2)),
             {"stride": (1, 2, 1), "padding": (0, 0, 1), "output_padding": (0, 1, 0)}),
    ],
}
