"""Standard deviations and norms by their definitions at 60 digits."""

import math

import mpmath
import numpy as np

from opinions import W34, X23, Line, along


def std(correction):
    def function(x):
        centre = sum(x) / len(x)
        return mpmath.sqrt(sum((v - centre) ** 2 for v in x) / (len(x) - mpmath.mpf(correction)))

    return function


def norm(order):
    if math.isinf(order):
        return lambda x: max(abs(v) for v in x)
    return lambda x: sum(abs(v) ** mpmath.mpf(order) for v in x) ** (1 / mpmath.mpf(order))


LINES: dict[str, list[Line]] = {
    "std": [Line(along(std(0), 1), (X23,), {"axis": 1}),
            Line(along(std(1), 0, keepdims=True), (W34,),
                 {"axis": 0, "correction": 1.0, "keepdims": True}),
            Line(lambda x: np.array(std(0.5)(x.ravel())), (X23,), {"correction": 0.5})],
    "vector_norm": [Line(along(norm(2), 1), (W34,), {"axis": 1}),
                    Line(lambda x: np.array(norm(2)(x.ravel())), (X23,)),
                    *(Line(along(norm(order), 0, keepdims=True), (X23,),
                           {"axis": 0, "keepdims": True, "ord": order})
                      for order in (1, 2.5, 3, 4, math.inf))],
}
