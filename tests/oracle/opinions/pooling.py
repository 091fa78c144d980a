"""Pooling by its definition, in slices of one window each; mpmath has none."""

from itertools import product

import numpy as np

from opinions import Line
from opinions.convolution import numbers


def pooled(reduced, *bounds):
    """bounds: for each spatial axis, the (start, end) of every window in x."""
    def meaning(x):
        y = [reduced(list(plane[tuple(slice(max(a, 0), b) for a, b in window)].flat))
             for batch in x for plane in batch for window in product(*bounds)]
        return np.array(y, dtype=object).reshape(*x.shape[:2], *map(len, bounds))

    return meaning


def mean(window):
    return sum(window) / len(window)


LINES: dict[str, list[Line]] = {
    "max_pool1d": [
        Line(pooled(max, [(0, 2), (2, 4)]), (numbers(2, 1, 5),), {"kernel": 2}),
        Line(pooled(max, [(-1, 2), (0, 3), (1, 4), (2, 5)]), (numbers(1, 2, 4),),
             {"kernel": 3, "stride": 1, "padding": 1}),
    ],
    "max_pool2d": [
        Line(pooled(max, [(0, 2), (1, 3)], [(0, 3)]), (numbers(1, 2, 3, 4),),
             {"kernel": (2, 3), "stride": (1, 2)}),
    ],
    "max_pool3d": [
        Line(pooled(max, [(0, 1), (1, 2)], [(0, 2), (1, 3)], [(0, 2)]), (numbers(1, 1, 2, 3, 2),),
             {"kernel": (1, 2, 2), "stride": 1}),
    ],
    "avg_pool1d": [
        Line(pooled(mean, [(0, 2), (2, 4)]), (numbers(2, 1, 5),), {"kernel": 2}),
        Line(pooled(lambda window: sum(window) / 3, [(-1, 2), (1, 4)]), (numbers(1, 2, 3),),
             {"kernel": 3, "stride": 2, "padding": 1}),
    ],
    "avg_pool2d": [
        Line(pooled(lambda window: sum(window) / 6, [(0, 2), (1, 3)], [(-1, 2), (1, 4)]),
             (numbers(1, 1, 3, 4),), {"kernel": (2, 3), "stride": (1, 2), "padding": (0, 1)}),
    ],
    "avg_pool3d": [
        Line(pooled(lambda window: sum(window) / 4, [(-1, 1), (0, 2), (1, 3)], [(0, 1)],
                    [(0, 2)]), (numbers(1, 1, 2, 1, 3),),
             {"kernel": (2, 1, 2), "stride": (1, 1, 2), "padding": (1, 0, 0)}),
    ],
    "adaptive_avg_pool1d": [
        Line(pooled(mean, [(0, 2), (1, 4), (3, 5)]), (numbers(1, 2, 5),), {"size": 3}),
    ],
    "adaptive_avg_pool2d": [
        Line(pooled(mean, [(0, 2), (1, 3)], [(0, 2), (2, 4)]), (numbers(1, 1, 3, 4),),
             {"size": (2, 2)}),
    ],
    "adaptive_avg_pool3d": [
        Line(pooled(mean, [(0, 2)], [(0, 2), (1, 3)], [(0, 1), (1, 2)]), (numbers(1, 1, 2, 3, 2),),
             {"size": (1, 2, 2)}),
    ],
}
