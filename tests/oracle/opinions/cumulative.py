"""Running reductions, and integrals of samples, at 60 digits."""

from itertools import pairwise

import mpmath
import numpy as np

from opinions import W34, X23, Line, along


def running(function):
    return lambda x: np.array([function(x[: k + 1]) for k in range(len(x))], object)


def logsumexp(x):
    return mpmath.log(sum(mpmath.exp(v) for v in x))


def trapezoid(dx):
    return lambda x: sum((a + b) / 2 * mpmath.mpf(dx) for a, b in pairwise(x))


LINES: dict[str, list[Line]] = {
    "cumulative_prod": [Line(along(running(np.prod), 1), (X23,), {"axis": 1}),
                        Line(running(np.prod), ((2.0, 0.0, -1.5, 0.5),), {"axis": 0})],
    "cumulative_logsumexp": [Line(along(running(logsumexp), 1), (X23,), {"axis": 1}),
                             Line(running(logsumexp), ((-30.0, 20.0, 19.0),), {"axis": 0})],
    "cumulative_max": [Line(along(running(max), 1), (W34,), {"axis": 1})],
    "cumulative_min": [Line(along(running(min), 0), (W34,), {"axis": -2})],
    "trapezoid": [Line(along(trapezoid(1), 1), (X23,)),
                  Line(along(trapezoid(0.1), 0), (W34,), {"dx": 0.1, "axis": 0}),
                  Line(lambda x: 0 * x[0], ((1.5,),))],
}
