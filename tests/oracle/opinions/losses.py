"""Losses, as PyTorch's documentation defines them."""

import mpmath
import numpy as np
from mpmath import mpf

from opinions import W34, X23, Y23, Line, each

P23 = ((0.5, 0.125, 0.9375), (0.75, 0.03125, 0.625))  # probabilities
Q23 = ((0.25, 0.875, 1.0), (0.0625, 0.5, 0.0))
S23 = ((1.0, -1.0, -1.0), (1.0, 1.0, -1.0))  # signs
T23 = ((1.75, 0.25, -2.5), (-0.625, 1.75, 0.5))  # no whole distance from X23
LOGITS = ((0.5, -20.0, 2.0), (25.0, 3.0, -0.375))
CLASSES = (2, 0, 3)


def mean(x):
    return np.sum(x) / x.size


REDUCTIONS = {"none": lambda x: x, "sum": np.sum, "mean": mean}


def lines(formula, *operands, **parameters):
    """A line a reduction."""
    def line(reduction, reduce):
        return Line(lambda *xs: np.asarray(reduce(formula(*xs))), operands,
                    {**parameters, "reduction": reduction})

    return [line(*pair) for pair in REDUCTIONS.items()]


def huber(x, t, delta=1):
    d = abs(x - t)
    return d * d / 2 if d <= delta else delta * (d - mpf(delta) / 2)


def smooth_l1(x, t, beta=1):
    d = abs(x - t)
    return d * d / (2 * beta) if d <= beta else d - mpf(beta) / 2


def cross_entropy_of_logits(x, t):
    return t * mpmath.log1p(mpmath.exp(-x)) + (1 - t) * mpmath.log1p(mpmath.exp(x))


def log_softmax(x):
    return x - each(mpmath.log)(np.sum(each(mpmath.exp)(x), axis=-1, keepdims=True))


def cross_entropy(smoothing):
    def formula(x):
        y = log_softmax(x)
        own = np.array([row[k] for row, k in zip(y, CLASSES, strict=True)])
        return -((1 - mpf(smoothing)) * own + mpf(smoothing) * np.sum(y, axis=-1) / 4)

    return formula


def cosine(axis):
    def formula(x, w):
        lengths = [each(mpmath.sqrt)(np.sum(v * v, axis=axis)) for v in (x, w)]
        return np.sum(x * w, axis=axis) / lengths[0] / lengths[1]

    return formula


LINES = {
    "mse_loss": lines(each(lambda x, t: (x - t) ** 2), X23, Y23),
    "l1_loss": lines(each(lambda x, t: abs(x - t)), X23, Y23),
    "huber_loss": lines(each(huber), X23, T23) + lines(
        each(lambda x, t: huber(x, t, 2.5)), X23, T23, delta=2.5),
    "smooth_l1_loss": lines(each(smooth_l1), X23, T23) + lines(
        each(lambda x, t: smooth_l1(x, t, 2.5)), X23, T23, beta=2.5),
    "binary_cross_entropy": lines(each(
        lambda x, t: -(t * mpmath.log(x) + (1 - t) * mpmath.log(1 - x))), P23, Q23),
    "binary_cross_entropy_with_logits": lines(each(cross_entropy_of_logits), LOGITS, Q23),
    "kl_div": [
        *lines(each(lambda x, t: t * (mpmath.log(t) - x)), X23, P23),
        *lines(each(lambda x, t: mpmath.exp(t) * (t - x)), X23, Y23, log_target=True),
        Line(lambda x, t: np.asarray(np.sum(t * (each(mpmath.log)(t) - x)) / 2), (X23, P23),
             {"reduction": "batchmean"})],
    "poisson_nll_loss": [
        *lines(each(lambda x, t: mpmath.exp(x) - t * x), X23, Y23),
        *lines(each(lambda x, t: x - t * mpmath.log(x + mpf(1e-8))), P23, Y23, log_input=False)],
    "gaussian_nll_loss": lines(each(lambda x, t, v: (mpmath.log(v) + (x - t) ** 2 / v) / 2),
                               X23, Y23, P23),
    "soft_margin_loss": lines(each(lambda x, t: mpmath.log1p(mpmath.exp(-t * x))), LOGITS, Y23),
    "margin_ranking_loss": lines(each(lambda x, w, t: max(mpf("0.75") - t * (x - w), mpf(0))),
                                 X23, Y23, S23, margin=0.75),
    "hinge_embedding_loss": lines(each(lambda x, t: x if t > 0 else max(mpf(1) - x, mpf(0))),
                                  X23, S23),
    "nll_loss": lines(lambda x: -np.array([row[k] for row, k in zip(x, CLASSES, strict=True)]),
                      W34, target=CLASSES),
    "cross_entropy": lines(cross_entropy(0), W34, target=CLASSES) + lines(
        cross_entropy(0.125), W34, target=CLASSES, label_smoothing=0.125),
    "softmax_cross_entropy": lines(lambda x, t: -np.sum(t * log_softmax(x), axis=-1), X23, P23),
    "cosine_similarity": [Line(cosine(-1), (X23, Y23)), Line(cosine(0), (X23, Y23), {"axis": 0})],
}
