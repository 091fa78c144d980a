"""Order statistics, by Python's sort and NumPy's definition of a quantile."""

import mpmath
import numpy as np

from opinions import W34, X23, Line, along


def quantile(q):
    def function(x):
        place = mpmath.mpf(q) * (len(x) - 1)
        below = int(mpmath.floor(place))
        weight, ascending = place - below, sorted(x)
        return ascending[below] + weight * (ascending[min(below + 1, len(x) - 1)]
                                            - ascending[below])

    return function


def median(x):
    ascending, half = sorted(x), len(x) // 2
    return ascending[half] if len(x) % 2 else (ascending[half - 1] + ascending[half]) / 2


def ascending(x):
    return np.array(sorted(x), object)


LINES: dict[str, list[Line]] = {
    "sort": [Line(along(ascending, 1), (X23,)),
             Line(along(lambda x: ascending(x)[::-1], 0), (W34,), {"axis": 0, "descending": True})],
    "topk": [Line(along(lambda x: ascending(x)[:1:-1], 1), (W34,), {"k": 2})],
    "kthvalue": [Line(along(lambda x: sorted(x)[1], 1), (W34,), {"k": 2}),
                 Line(along(max, 0, keepdims=True), (W34,), {"k": 3, "axis": 0, "keepdims": True})],
    "median": [Line(along(median, 1), (W34,), {"axis": 1}), Line(along(median, 0), (W34,),
                                                                {"axis": 0}),
               Line(lambda x: np.array(median(x.ravel())), (X23,))],
    "quantile": [Line(along(quantile(0.375), 1), (W34,), {"q": 0.375, "axis": 1}),
                 Line(along(quantile(1.0), 1, keepdims=True), (W34,),
                      {"q": 1.0, "axis": 1, "keepdims": True}),
                 Line(lambda x: np.array(quantile(0.1)(x.ravel())), (X23,), {"q": 0.1})],
}
