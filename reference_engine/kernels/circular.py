"""sin(pi x) / (pi x) and its derivatives."""

import math

import numpy as np

from .blocks import cos_pi, kernel, piecewise, sin_pi

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_NODES, _WEIGHTS = 0.5 * (_NODES + 1), 0.5 * _WEIGHTS


@kernel
def sinc(x, order=0):
    """The derivative of `order` of sin(pi x) / (pi x).

    Near 0 as the integral of (pi t)**order cos(pi x t + order pi / 2) over 0 < t < 1, elsewhere by
    the recurrence that Leibniz's rule gives for the product of it with pi x.
    """
    if order == 0:
        masks = (x == 0, np.isfinite(x), np.isinf(x))
        return piecewise(masks, (np.ones_like, lambda x: sin_pi(x) / (np.pi * x), np.zeros_like), x)
    near = np.abs(x) < 1 + order / math.pi
    return piecewise(
        (near, np.isfinite(x), np.isinf(x)),
        (lambda x: _near(x, order), lambda x: _far(x, order), np.zeros_like),
        x,
    )


def _near(x, order):
    angle = np.pi * x[:, None] * _NODES
    wave = (np.cos, lambda t: -np.sin(t), lambda t: -np.cos(t), np.sin)[order % 4](angle)
    return wave @ (_WEIGHTS * (np.pi * _NODES) ** order)


def _far(x, order):
    sine, cosine = sin_pi(x), cos_pi(x)
    waves = (sine, cosine, -sine, -cosine)
    y = sine / (np.pi * x)
    for n in range(1, order + 1):
        y = (math.pi ** (n - 1) * waves[n % 4] - n * y) / x
    return y
