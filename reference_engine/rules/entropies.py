"""Products of numbers and logarithms, of which entropies are made, and the logit."""

import numpy as np

from ..kernels.blocks import kernel
from ..operators import elementwise, rule, values
from .arithmetic import both_zero
from .elementwise import log, log1p
from .public_forms import documented
from .selection import where

__all__ = ["entr", "logit", "rel_entr", "xlog1py", "xlogy"]


@kernel
def _logit(x):
    middle = np.abs(x - 0.5) < 0.25
    near = 2 * np.arctanh(np.where(middle, 2 * x - 1, 0))
    return np.where(middle, near, np.log(x) - np.log1p(-x))


@kernel
def _xlogy(x, w):
    return np.where((x == 0) & ~np.isnan(w), 0.0, x * np.log(w))


@kernel
def _xlog1py(x, w):
    return np.where((x == 0) & ~np.isnan(w), 0.0, x * np.log1p(w))


@kernel
def _entr(x):
    return np.where(x == 0, 0.0, np.where(x < 0, -np.inf, -x * np.log(x)))


@kernel
def _rel_entr(x, w):
    distance = (x - w) / w
    near = np.abs(distance) < 0.5
    logarithm = np.where(near, np.log1p(distance), np.log(x) - np.log(w))
    y = np.where((x == 0) & (w >= 0), 0.0, x * logarithm)
    return np.where((x < 0) | (w < 0) | ((w == 0) & (x > 0)), np.inf, y)


logit = documented(
    elementwise("logit", _logit), "log(x / (1 - x)), elementwise: the inverse of sigmoid."
)
xlogy = documented(
    elementwise("xlogy", _xlogy, 2),
    "x log(w), elementwise; 0 where x is 0.\n\n"
    "    Where x = 0 and w <= 0 the slope in x is 0, as in PyTorch; where both are 0 that in w is\n"
    "    too, as in TensorFlow. Raises ShapeError, DtypeError.",
)
xlog1py = documented(
    elementwise("xlog1py", _xlog1py, 2),
    "x log1p(w), elementwise; 0 where x is 0, with the slopes of xlogy(x, 1 + w).",
)
entr = documented(
    elementwise("entr", _entr), "-x log(x), elementwise: 0 at 0 and -inf for x < 0."
)
rel_entr = documented(
    elementwise("rel_entr", _rel_entr, 2),
    "x log(x / w), elementwise: 0 where x is 0 and w >= 0, inf outside x, w >= 0.\n\n"
    "    Where both are 0 the slope in x is 1 and that in w 0. Raises ShapeError, DtypeError.",
)


def _inside(x, w, end, inside):
    """w; but `inside` where x = 0 and w <= `end`, where the logarithm ends."""
    return where((values(x) == 0) & (values(w) <= end), inside, w)


def _ratio(dy, x, w):
    zeros = both_zero(x, w)
    return where(zeros, 0, dy * (x / where(zeros, 1, w)))


def _log_of_quotient(x, w):
    """log(x / w), 0 where both are 0; by the quotient, which may overflow, only where near 1."""
    zeros, quotient = both_zero(x, w), values(x) / values(w)
    near = (quotient > 0.5) & (quotient < 2)
    far = log(where(zeros, 1, x)) - log(where(zeros, 1, w))
    return where(near, log(where(near, x, 1) / where(near, w, 1)), far)


rule("logit", lambda dy, y, x: dy / (x * (1 - x)))
rule("xlogy",
     lambda dy, y, x, w: dy * log(_inside(x, w, 0, 1)),
     lambda dy, y, x, w: _ratio(dy, x, w))  # fmt: skip
rule("xlog1py",
     lambda dy, y, x, w: dy * log1p(_inside(x, w, -1, 0)),
     lambda dy, y, x, w: _ratio(dy, x, 1 + w))  # fmt: skip
rule("entr", lambda dy, y, x: -dy * (log(x) + 1))
rule("rel_entr",
     lambda dy, y, x, w: dy * (_log_of_quotient(x, w) + 1),
     lambda dy, y, x, w: -_ratio(dy, x, w))  # fmt: skip
