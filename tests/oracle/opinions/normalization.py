"""Normalisations by their definitions, over explicit lists of places; mpmath has none."""

import mpmath
import numpy as np

from opinions import X23, Line

EPSILON = 2.0**-6
# columns: near a common offset, far apart, nearly equal
FAR = ((100.5, 101.25, 99.75), (-3.0, 50.0, 0.5))
X224 = (((1.5, -0.25, 2.0, 0.5), (0.75, 3.0, -0.375, -1.0)),
        ((-2.0, 0.25, 1.25, 0.625), (5.0, 4.5, 4.75, 5.25)))
X241 = (((1.5,), (-0.25,), (2.0,), (0.5,)), ((-2.0,), (0.25,), (1.25,), (3.5,)))


def standardized(values, epsilon=EPSILON):
    centre = sum(values) / len(values)
    variance = sum((v - centre) ** 2 for v in values) / len(values)
    return [(v - centre) / mpmath.sqrt(variance + mpmath.mpf(epsilon)) for v in values]


def divided(values):
    size = mpmath.sqrt(sum(v * v for v in values) / len(values) + mpmath.mpf(EPSILON))
    return [v / size for v in values]


def shortened(epsilon):
    def function(values):
        length = mpmath.sqrt(sum(v * v for v in values))
        return [v / max(length, mpmath.mpf(epsilon)) for v in values]

    return function


def by_set(name_of, function=standardized):
    """The function of each set of elements; name_of(place) says which set a place is in."""
    def meaning(x):
        y = np.empty(x.shape, object)
        sets = {}
        for place in np.ndindex(*x.shape):
            sets.setdefault(name_of(place), []).append(place)
        for places in sets.values():
            for place, value in zip(places, function([x[p] for p in places]), strict=True):
                y[place] = value
        return y

    return meaning


def scaled(name_of, index, function=standardized):
    """The same, then times weight and plus bias; index(place) is where these are."""
    plain = by_set(name_of, function)

    def meaning(x, weight, bias=None):
        y = plain(x)
        for place in np.ndindex(*x.shape):
            y[place] = y[place] * weight[index(place)]
            if bias is not None:
                y[place] = y[place] + bias[index(place)]
        return y

    return meaning


PARAMETERS = {"epsilon": EPSILON}
WEIGHT, BIAS = (0.5, -1.5, 2.0), (1.0, 0.25, -3.0)
PAIR = ((0.5, -1.5), (1.0, 0.25))
FOUR = ((0.5, -1.5, 2.0, 0.75), (1.0, 0.25, -3.0, 0.5))

def inhibited(size, alpha, beta, k):
    """Indices of channels as in the paper, shifted so that an even size has one more before."""
    def meaning(x):
        y = np.empty(x.shape, object)
        for place in np.ndindex(*x.shape):
            n, c, *rest = place
            around = [x[(n, j, *rest)] ** 2 for j in range(x.shape[1])
                      if -(size // 2) <= j - c <= (size - 1) // 2]
            y[place] = x[place] / (k + mpmath.mpf(alpha) * sum(around) / size) ** mpmath.mpf(beta)
        return y

    return meaning


LINES: dict[str, list[Line]] = {
    "standardize": [
        Line(by_set(lambda p: p[0]), (FAR,), PARAMETERS),
        Line(by_set(lambda p: p[1]), (X23,), {"axis": 0, **PARAMETERS}),
        Line(by_set(lambda p: p[1]), (X224,), {"axis": (0, 2), **PARAMETERS}),
        Line(by_set(lambda p: 0), ((2.0, 2.0, 2.0),), PARAMETERS),
    ],
    "layer_norm": [
        Line(scaled(lambda p: p[0], lambda p: p[1]), (X23, WEIGHT, BIAS), PARAMETERS),
        Line(scaled(lambda p: 0, lambda p: p), (X23, X23[::-1], FAR),
             {"axis": (0, 1), **PARAMETERS}),
    ],
    "rms_norm": [
        Line(scaled(lambda p: p[0], lambda p: p[1], divided), (X23, WEIGHT), PARAMETERS),
        Line(scaled(lambda p: p[0], lambda p: p[1:], divided), (X224, X224[0]),
             {"axis": (1, 2), **PARAMETERS}),
    ],
    "batch_norm": [
        Line(scaled(lambda p: p[1], lambda p: p[1]), (X23, WEIGHT, BIAS), PARAMETERS),
        Line(scaled(lambda p: p[1], lambda p: p[1]), (X224, *PAIR), PARAMETERS),
    ],
    "instance_norm": [
        Line(scaled(lambda p: p[:2], lambda p: p[1]), (X224, *PAIR), PARAMETERS),
    ],
    "group_norm": [
        Line(scaled(lambda p: (p[0], p[1] // 2), lambda p: p[1]), (X241, *FOUR),
             {"groups": 2, **PARAMETERS}),
        Line(scaled(lambda p: p[0], lambda p: p[1]), (X23, WEIGHT, BIAS),
             {"groups": 1, **PARAMETERS}),
    ],
    "local_response_norm": [
        Line(inhibited(3, 0.5, 0.75, 2.0),
             ((((1.5, -0.25), (2.0, 0.5), (0.75, 3.0), (-1.0, 2.5)),),),
             {"size": 3, "alpha": 0.5, "k": 2.0}),
        Line(inhibited(2, 0.25, 1.5, 1.0), ((((1.5,), (2.0,), (0.75,)),),),
             {"size": 2, "alpha": 0.25, "beta": 1.5}),
    ],
    "normalize": [
        Line(by_set(lambda p: p[0], shortened(0.0)), (X23,)),
        Line(by_set(lambda p: p[1], shortened(0.5)), (((0.25, 3.0), (0.125, -4.0)),),
             {"axis": 0, "epsilon": 0.5}),
        Line(by_set(lambda p: 0, shortened(0.5)), ((0.0, 0.0),), {"epsilon": 0.5}),
    ],
}
