"""Losses of predicted values, margins and similarities, in PyTorch's definitions.

At the end of a margin, where the loss becomes 0, the slope is that inside the margin.
"""

import math

import numpy as np

from ..errors import OptionError
from ..operators import as_operand, elementwise, operator, rule, values
from .activations import unary
from .cross_entropies import (
    binary_cross_entropy_with_logits,
    class_indices,
    one_hot,
    reduced,
    together,
)
from .distances import cosine_similarity, pairwise_distance
from .elementwise import abs, exp, log, minimum, sign, softplus, square, tanh
from .precision import same_precision
from .reductions import mean, sum
from .selection import clip, where

__all__ = [
    "cosine_embedding_loss",
    "gaussian_nll_loss",
    "hinge_embedding_loss",
    "huber_loss",
    "l1_loss",
    "log_cosh_loss",
    "margin_ranking_loss",
    "mse_loss",
    "multi_margin_loss",
    "multilabel_soft_margin_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
    "soft_margin_loss",
    "squared_difference",
    "triplet_margin_loss",
]

# Every loss below raises OptionError for an unknown reduction, ShapeError for shapes that do not
# broadcast and DtypeError for mixed dtypes. reduction: "mean", "sum" or "none".


def _positive(name, option, value, zero_too=False):
    if not (value > 0 or (zero_too and value == 0)):
        wanted = "0 or a positive number" if zero_too else "a positive number"
        raise OptionError(f"{name}: got {option}={value!r}, wanted {wanted}")


# Distances of values ---------------------------------------------------------------------


def _squared_difference(x, w):
    difference = x - w
    return difference * difference


squared_difference = elementwise("squared_difference", _squared_difference, inputs=2)
rule("squared_difference",
     lambda dy, y, x, w: 2 * dy * (x - w),
     lambda dy, y, x, w: 2 * dy * (w - x))  # fmt: skip


def mse_loss(input, target, reduction="mean"):
    """(input - target)**2."""
    return reduced(
        "mse_loss", squared_difference(*together("mse_loss", input, target)), reduction
    )


def l1_loss(input, target, reduction="mean"):
    """|input - target|, whose slope at 0 is 0."""
    input, target = together("l1_loss", input, target)
    return reduced("l1_loss", abs(input - target), reduction)


def huber_loss(input, target, delta=1.0, reduction="mean"):
    """d**2 / 2 of d = input - target where |d| <= delta, else delta (|d| - delta / 2).

    Huber 1964. The second derivative at |d| = delta is 1. Raises OptionError unless delta > 0.
    """
    _positive("huber_loss", "delta", delta)
    input, target = together("huber_loss", input, target)
    return reduced("huber_loss", huber(input - target, delta), reduction)


@operator
@same_precision
def huber(x, delta=1.0):
    """x**2 / 2 where |x| <= delta, else delta (|x| - delta / 2), elementwise."""
    near = np.minimum(np.abs(x), delta)
    return near * (np.abs(x) - near / 2)


def smooth_l1_loss(input, target, beta=1.0, reduction="mean"):
    """d**2 / (2 beta) of d = input - target where |d| < beta, else |d| - beta / 2.

    Girshick 2015. The second derivative at |d| = beta is 0. beta = 0 gives l1_loss; raises
    OptionError for a negative one.
    """
    _positive("smooth_l1_loss", "beta", beta, zero_too=True)
    input, target = together("smooth_l1_loss", input, target)
    difference = input - target
    loss = smooth_l1(difference, beta) if beta else abs(difference)
    return reduced("smooth_l1_loss", loss, reduction)


@operator
@same_precision
def smooth_l1(x, beta=1.0):
    """x**2 / (2 beta) where |x| < beta, else |x| - beta / 2, elementwise."""
    near = np.minimum(np.abs(x), beta)
    return near * (np.abs(x) - near / 2) / beta


rule("huber", lambda dy, y, x, delta: dy * clip(x, -delta, delta), jvp="elementwise")
rule("smooth_l1", lambda dy, y, x, beta: dy * where(abs(x) < beta, x / beta, sign(x)),
     jvp="elementwise")  # fmt: skip


def log_cosh_loss(input, target, reduction="mean"):
    """log(cosh(input - target)), without overflow."""
    input, target = together("log_cosh_loss", input, target)
    return reduced("log_cosh_loss", log_cosh(input - target), reduction)


@unary
def log_cosh(x):
    """log(cosh(x)), elementwise, without overflow and without cancellation near 0."""
    size = np.abs(x)
    growth = np.expm1(np.minimum(size, 1))
    sinh = (growth + growth / (1 + growth)) / 2
    far = size + np.log1p(np.exp(-2 * size)) - math.log(2)
    return np.where(size < 1, np.log1p(sinh * sinh) / 2, far)


rule("log_cosh", lambda dy, y, x: dy * tanh(x))

# Likelihoods -----------------------------------------------------------------------------


def poisson_nll_loss(input, target, log_input=True, full=False, epsilon=1e-8, reduction="mean"):
    """exp(input) - target input, or input - target log(input + epsilon) without log_input.

    full: adds Stirling's target log(target) - target + log(2 pi target) / 2 where target > 1.
    """
    input, target = together("poisson_nll_loss", input, target)
    loss = poisson_nll(input, target) if log_input else input - target * log(input + epsilon)
    if full:
        large = where(target > 1, target, 1)
        stirling = large * log(large) - large + 0.5 * log(2 * math.pi * large)
        loss = loss + where(target > 1, stirling, 0)
    return reduced("poisson_nll_loss", loss, reduction)


poisson_nll = elementwise("poisson_nll", same_precision(lambda x, t: np.exp(x) - t * x), inputs=2)
rule("poisson_nll", lambda dy, y, x, t: dy * (exp(x) - t), lambda dy, y, x, t: -dy * x)


def gaussian_nll_loss(input, target, variance, full=False, epsilon=1e-6, reduction="mean"):
    """(log(v) + (input - target)**2 / v) / 2 with v = max(variance, epsilon); full adds
    log(2 pi) / 2.

    The slope in a variance below epsilon is 0; PyTorch lets it pass as if unlimited.
    """
    input, target, variance = together("gaussian_nll_loss", input, target, variance)
    loss = gaussian_nll(input - target, clip(variance, epsilon))
    loss = loss + 0.5 * math.log(2 * math.pi) if full else loss
    return reduced("gaussian_nll_loss", loss, reduction)


gaussian_nll = elementwise(
    "gaussian_nll", same_precision(lambda x, v: (np.log(v) + x / v * x) / 2), inputs=2
)
rule("gaussian_nll",
     lambda dy, y, x, v: dy * x / v,
     lambda dy, y, x, v: 0.5 * dy * (1 - x / v * x) / v)  # fmt: skip

# Margins ---------------------------------------------------------------------------------


def soft_margin_loss(input, target, reduction="mean"):
    """log(1 + exp(-target input)), without overflow: target is 1 or -1."""
    input, target = together("soft_margin_loss", input, target)
    return reduced("soft_margin_loss", softplus(-target * input), reduction)


def _signs(name, target):
    """Whether each of `target`, of 1 and -1, is 1."""
    target = values(target)
    if not (np.abs(target) == 1).all():
        raise OptionError(f"{name}: got a target that is neither 1 nor -1")
    return target > 0


def hinge_embedding_loss(input, target, margin=1.0, reduction="mean"):
    """input where target is 1, max(margin - input, 0) where it is -1. Raises OptionError."""
    input = as_operand(input)
    similar = _signs("hinge_embedding_loss", target)
    loss = where(similar, input, clip(margin - input, min=0))
    return reduced("hinge_embedding_loss", loss, reduction)


def margin_ranking_loss(first, second, target, margin=0.0, reduction="mean"):
    """max(margin - target (first - second), 0): target is 1 where first should be the greater."""
    first, second, target = together("margin_ranking_loss", first, second, target)
    loss = clip(margin - target * (first - second), min=0)
    return reduced("margin_ranking_loss", loss, reduction)


def multi_margin_loss(input, target, p=1, margin=1.0, weight=None, reduction="mean"):
    """The mean over classes j of max(margin - input[target] + input[j], 0)**p, 0 at the target.

    input: (C,) or (N, C); target: integers, () or (N,); weight: (C,), of the target's class, no
    gradient; p: 1 or 2.
    Raises OperandError, IndexingError.
    """
    input = as_operand(input)
    if p not in (1, 2):
        raise OptionError(f"multi_margin_loss: got p={p!r}, wanted 1 or 2")
    labels = class_indices("multi_margin_loss", input, target, -1)
    own = one_hot(labels, input.shape, bool, -1)
    excess = clip(margin - sum(where(own, input, 0), -1, keepdims=True) + input, min=0)
    excess = where(own, 0, excess if p == 1 else square(excess))
    if weight is not None:
        excess = excess * np.expand_dims(values(weight)[labels].astype(input.dtype), -1)
    return reduced("multi_margin_loss", mean(excess, -1), reduction)


def multilabel_soft_margin_loss(input, target, reduction="mean"):
    """The mean over the last axis of binary_cross_entropy_with_logits: target is of 0 and 1."""
    loss = binary_cross_entropy_with_logits(input, target, reduction="none")
    return reduced("multilabel_soft_margin_loss", mean(loss, -1), reduction)


# Similarities ----------------------------------------------------------------------------


def cosine_embedding_loss(first, second, target, margin=0.0, reduction="mean"):
    """1 - c where target is 1, max(c - margin, 0) where it is -1, c the cosine_similarity."""
    first, second = together("cosine_embedding_loss", first, second)
    similar = _signs("cosine_embedding_loss", target)
    cosine = cosine_similarity(first, second)
    loss = where(similar, 1 - cosine, clip(cosine - margin, min=0))
    return reduced("cosine_embedding_loss", loss, reduction)


def triplet_margin_loss(anchor, positive, negative, margin=1.0, p=2, epsilon=1e-6, swap=False,
                        reduction="mean"):  # fmt: skip
    """max(margin + d(anchor, positive) - d(anchor, negative), 0), d the pairwise_distance.

    swap: takes d(positive, negative) for the last where it is the smaller (Balntas et al. 2016).
    """
    anchor, positive, negative = together("triplet_margin_loss", anchor, positive, negative)
    near = pairwise_distance(anchor, positive, p, epsilon)
    far = pairwise_distance(anchor, negative, p, epsilon)
    if swap:
        far = minimum(far, pairwise_distance(positive, negative, p, epsilon))
    return reduced("triplet_margin_loss", clip(margin + near - far, min=0), reduction)
