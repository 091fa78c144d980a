"""Losses of probabilities: each from the logits or logarithms that keep its digits."""

import math

import numpy as np

from ..creation import astype
from ..errors import (
    DtypeError,
    IndexingError,
    OperandError,
    OptionError,
    ShapeError,
    describe,
)
from ..operators import FORWARDS, apply, as_operand, quiet, rule, values
from ..tensor import Tensor, same_dtype
from .elementwise import exp, log, log1p, sigmoid, softplus
from .precision import same_precision
from .reductions import below_peak, log_softmax, mean, softmax, sum, total
from .selection import where
from .shapes import expand_dims, permute_dims

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "kl_div",
    "nll_loss",
    "sigmoid_focal_loss",
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
]

# What `reduction` means in every loss: its mean, its sum, or each element's own.
REDUCTIONS = {"mean": mean, "sum": sum, "none": lambda loss: loss}


def reduced(name, loss, reduction):
    """`loss` by one of REDUCTIONS, or OptionError."""
    if reduction not in REDUCTIONS:
        raise OptionError(f'{name}: got reduction={reduction!r}, wanted "mean", "sum" or "none"')
    return REDUCTIONS[reduction](loss)


def together(name, *tensors):
    """The tensors in one dtype; ShapeError unless their shapes broadcast."""
    tensors = same_dtype(name, *tensors)
    try:
        np.broadcast_shapes(*(x.shape for x in tensors))
    except ValueError as error:
        got = " and ".join(map(describe, tensors))
        raise ShapeError(f"{name}: got {got}, wanted shapes that broadcast") from error
    return tensors


def _times(weight, x):
    """weight x, but 0 where weight is 0 and x infinite."""
    product = weight * x
    return np.where(weight == 0, 0, product) if np.isnan(product).any() else product


# Two classes -----------------------------------------------------------------------------

_LEAST_LOG = -100.0
_LEAST = math.exp(_LEAST_LOG)


def binary_cross_entropy(probability, target, reduction="mean"):
    """-(target log(p) + (1 - target) log(1 - p)), each logarithm limited from below by -100.

    The limit is PyTorch's; the gradient is that of the limited function, where PyTorch's takes
    p (1 - p) to be at least 1e-12. Raises OptionError, ShapeError, DtypeError.
    """
    p, target = together("binary_cross_entropy", probability, target)
    loss = apply("binary_cross_entropy", p, target)
    return reduced("binary_cross_entropy", loss, reduction)


def _binary_cross_entropy(p, target):
    up, down = np.maximum(np.log(p), _LEAST_LOG), np.maximum(np.log1p(-p), _LEAST_LOG)
    return -target * up - (1 - target) * down


def _binary_cross_entropy_slope(p, t):
    """(p - t) / (p (1 - p)), less the term of a logarithm that is limited."""
    low, high = values(p) < _LEAST, values(1 - p) < _LEAST
    if not (low.any() or high.any()):
        return (p - t) / (p * (1 - p))
    top = where(low, 1 - t, where(high, -t, p - t))
    return top / where(low, 1 - p, where(high, p, p * (1 - p)))


def _log_odds(p):
    """log(p) - log(1 - p), each limited."""
    low, high = values(p) < _LEAST, values(1 - p) < _LEAST
    up = where(low, _LEAST_LOG, log(where(low, 1, p)))
    return up - where(high, _LEAST_LOG, log1p(-where(high, 0, p)))


FORWARDS["binary_cross_entropy"] = same_precision(_binary_cross_entropy)
rule("binary_cross_entropy",
     lambda dy, y, p, t: dy * _binary_cross_entropy_slope(p, t),
     lambda dy, y, p, t: -dy * _log_odds(p),
     jvp="elementwise")  # fmt: skip


def binary_cross_entropy_with_logits(logits, target, pos_weight=None, reduction="mean"):
    """binary_cross_entropy of sigmoid(logits), by its logarithms and without a limit.

    pos_weight: times the term of the positive class; broadcasts, has no gradient.
    Raises OptionError, ShapeError, DtypeError.
    """
    name = "binary_cross_entropy_with_logits"
    logits, target = together(name, logits, target)
    if pos_weight is None:
        loss = apply("logistic_loss", logits, target)
    else:
        weight = values(pos_weight).astype(logits.dtype)
        loss = apply("weighted_logistic_loss", logits, target, weight=weight)
    return reduced(name, loss, reduction)


def _logistic_loss(x, t, weight=1):
    near = np.log1p(np.exp(-np.abs(x)))
    return _times(1 - t, np.maximum(x, 0) + near) + _times(weight * t, np.maximum(-x, 0) + near)


FORWARDS["logistic_loss"] = FORWARDS["weighted_logistic_loss"] = same_precision(_logistic_loss)
# For a sure prediction sigmoid(x) - 1 would cancel.
rule("logistic_loss",
     lambda dy, y, x, t: dy * ((1 - t) * sigmoid(x) - t * sigmoid(-x)),
     lambda dy, y, x, t: -dy * x,
     jvp="elementwise")  # fmt: skip
rule("weighted_logistic_loss",
     lambda dy, y, x, t, weight: dy * ((1 - t) * sigmoid(x) - weight * t * sigmoid(-x)),
     lambda dy, y, x, t, weight: dy * ((weight - 1) * softplus(-x) - x),
     jvp="elementwise")  # fmt: skip


def sigmoid_focal_loss(logits, target, alpha=0.25, gamma=2.0, reduction="mean"):
    """binary_cross_entropy_with_logits times (1 - p)**gamma, p the probability of the target.

    Times alpha for the positive class, 1 - alpha for the other, unless alpha is None (Lin et al.
    2017). Raises OptionError, ShapeError, DtypeError.
    """
    logits, target = together("sigmoid_focal_loss", logits, target)
    loss = binary_cross_entropy_with_logits(logits, target, reduction="none")
    miss = target * sigmoid(-logits) + (1 - target) * sigmoid(logits)
    if gamma:
        sure = values(miss) == 0  # where it is too small to be told from 0, so are its slopes
        loss = loss * where(sure, 0, where(sure, 1, miss) ** gamma)
    loss = loss if alpha is None else loss * (alpha * target + (1 - alpha) * (1 - target))
    return reduced("sigmoid_focal_loss", loss, reduction)


# Many classes ----------------------------------------------------------------------------


def softmax_cross_entropy(logits, labels, axis=-1, reduction="mean"):
    """-sum(labels log_softmax(logits)) over `axis`: labels are one-hot rows or probabilities.

    A label of 0 takes no part, even with a logit of -inf. The shapes agree.
    Raises OptionError, ShapeError, DtypeError.
    """
    logits, labels = same_dtype("softmax_cross_entropy", logits, labels)
    if logits.shape != labels.shape or not -logits.ndim <= axis < logits.ndim:
        raise ShapeError(
            f"softmax_cross_entropy: got {describe(logits)}, {describe(labels)} and axis={axis}, "
            "wanted one shape with that axis"
        )
    loss = apply("softmax_cross_entropy", logits, labels, axis=axis)
    return reduced("softmax_cross_entropy", loss, reduction)


def _softmax_cross_entropy(x, labels, axis):
    logarithms = FORWARDS["log_softmax"](x, axis=axis)
    loss = -total(labels * logarithms, axis)
    if np.isnan(loss).any():
        loss = -total(_times(labels, logarithms), axis)
    return loss


def _softmax_cross_entropy_rule(dy, x, labels, axis):
    dx, dy = softmax(x, axis), expand_dims(dy, axis)
    if type(dx) is Tensor or type(dy) is Tensor or type(labels) is Tensor:
        return dy * (dx * sum(labels, axis, keepdims=True) - labels)
    dx *= total(labels, axis, True)  # in place: to fill another array takes as long
    dx -= labels
    dx *= dy
    return dx


FORWARDS["softmax_cross_entropy"] = same_precision(_softmax_cross_entropy)
rule("softmax_cross_entropy",
     lambda dy, y, x, labels, axis: _softmax_cross_entropy_rule(dy, x, labels, axis),
     lambda dy, y, x, labels, axis: -expand_dims(dy, axis) * log_softmax(x, axis))  # fmt: skip


def sparse_softmax_cross_entropy(logits, labels, axis=-1, reduction="mean"):
    """-log_softmax(logits) at the integer `labels`, which have the shape of logits without `axis`.

    Raises OperandError for labels that are not integers, IndexingError for one out of range,
    OptionError, ShapeError, DtypeError.
    """
    name = "sparse_softmax_cross_entropy"
    logits = as_operand(logits)
    if logits.dtype.kind in "biuc":
        raise DtypeError(f"{name}: got {describe(logits)}, wanted real floats as logits")
    labels = class_indices(name, logits, labels, axis)
    if axis not in (-1, logits.ndim - 1):
        axis %= logits.ndim
        others = tuple(a for a in range(logits.ndim) if a != axis)
        logits = permute_dims(logits, (*others, axis))
    powers, sums = apply("row_powers", logits)
    whole = reduction == "mean"
    loss = apply(name, logits, powers, sums, labels=labels, mean=whole)
    return loss if whole else reduced(name, loss, reduction)


@quiet
def _row_powers(x):
    """exp(x) and its sums along the last axis, both times a number that each row may choose.

    Only their quotients are of use, and for these the number is a constant. Half precision gives
    float32.
    """
    x = x.astype("float32") if x.dtype.itemsize < 4 else x
    powers = np.exp(x)
    sums = total(powers, -1, True)
    # From the sum alone: the greatest x of each row lies between -1 and 30.
    if sums.size and not (np.minimum.reduce(sums, axis=None) > 0.37 * x.shape[-1]
                          and np.maximum.reduce(sums, axis=None) < 1e13):  # fmt: skip
        powers = below_peak(lambda x, peak, axis: np.exp(x - peak), x, -1)
        sums = total(powers, -1, True)
    return powers, sums


FORWARDS["row_powers"] = _row_powers
rule("row_powers", lambda dy, y, x: astype((dy[0] + dy[1]) * y[0], x.dtype))


def _rows(x, labels):
    """x as a matrix, and the index of the element of each row that its label points at."""
    return x.reshape(-1, x.shape[-1]), (np.arange(labels.size), labels.reshape(-1))


@quiet
def _sparse_softmax_cross_entropy(x, powers, sums, labels, mean):
    rows, at = _rows(powers, labels)
    own = rows[at]
    if own.size and np.minimum.reduce(own) > 1e-30:
        loss = np.log(sums.reshape(-1) / own)
    else:  # it vanished: its logarithm is that of no power
        rows, at = _rows(FORWARDS["log_softmax"](x.astype(powers.dtype), axis=-1), labels)
        loss = -rows[at]
    if mean and loss.size:
        loss = np.add.reduce(loss) / loss.dtype.type(loss.size)
    else:
        loss = FORWARDS["mean"](loss) if mean else loss.reshape(labels.shape)[()]
    return loss if loss.dtype == x.dtype else loss.astype(x.dtype)


def _sparse_softmax_cross_entropy_rule(dy, powers, sums, labels, mean, dtype):
    dy = dy / labels.size if mean else dy
    if type(dy) is Tensor or type(powers) is Tensor:
        dx = powers / sums - one_hot(labels, powers.shape, powers.dtype, -1)
        dx = (dy if mean else expand_dims(dy, -1)) * dx
        return dx if dtype == dx.dtype else astype(dx, dtype)
    rows, at = _rows(powers, labels)
    sums = sums.reshape(-1)
    scale = (dy if mean else dy.reshape(-1)) / sums
    dx = rows * scale[:, None]
    dx[at] = (rows[at] - sums) * scale
    return dx.reshape(powers.shape).astype(dtype, copy=False)


FORWARDS["sparse_softmax_cross_entropy"] = _sparse_softmax_cross_entropy
# The gradient's own derivative goes through the powers, which are recorded. That of the loss goes
# through x alone: for it the powers are no more than a result that is kept.
rule("sparse_softmax_cross_entropy", lambda dy, y, x, powers, sums, labels, mean:
     _sparse_softmax_cross_entropy_rule(dy, powers, sums, labels, mean, x.dtype),
     None, None)  # fmt: skip


def class_indices(name, x, labels, axis, ignored=None):
    """`labels` as int64, one for each row of x along `axis`; those `ignored` are 0."""
    own = type(labels) is Tensor  # nobody will change them
    labels = labels._array if own else values(labels)
    if labels.dtype.kind not in "iu":
        raise OperandError(f"{name}: got labels of dtype {labels.dtype}, wanted integers")
    if not -x.ndim <= axis < x.ndim or labels.shape != _without(x.shape, axis):
        raise ShapeError(
            f"{name}: got labels of shape {labels.shape}, axis={axis} and a {describe(x)}, "
            "wanted labels of its shape without that axis"
        )
    labels = labels if ignored is None else np.where(labels == ignored, 0, labels)
    labels = labels.astype("int64", copy=not own)
    # as an unsigned number, one below 0 is large
    if labels.size and np.maximum.reduce(labels.view("uint64"), axis=None) >= x.shape[axis]:
        raise IndexingError(f"{name}: got a label outside 0 to {x.shape[axis] - 1}")
    return labels


def _without(shape, axis):
    axis %= len(shape)
    return (*shape[:axis], *shape[axis + 1 :])


def _at(x, labels, axis):
    """The element of each row of x that its label points at."""
    labels = np.expand_dims(labels, axis)
    return np.take_along_axis(x, labels, axis=axis).squeeze(axis)


def one_hot(labels, shape, dtype, axis):
    hot = np.zeros(shape, dtype)
    np.put_along_axis(hot, np.expand_dims(labels, axis), 1, axis=axis)
    return hot


def nll_loss(log_probabilities, target, weight=None, ignore_index=-100, reduction="mean"):
    """-log_probabilities at the integer `target`, times its class's weight, as PyTorch has it.

    log_probabilities: (C,) or (N, C, ...); target: that shape without C. Where target is
    ignore_index, 0. weight: (C,), no gradient. "mean" divides by the sum of the weights used, and
    is nan where all is ignored.
    Raises OperandError, IndexingError, OptionError, ShapeError.
    """
    x, target = as_operand(log_probabilities), values(target)
    axis = 1 if x.ndim > 1 else 0
    labels = class_indices("nll_loss", x, target, axis, ignore_index)
    weight = np.ones(x.shape[axis]) if weight is None else values(weight)
    if weight.shape != (x.shape[axis],):
        raise ShapeError(f"nll_loss: got weight of shape {weight.shape}, wanted {x.shape[axis]}")
    used = np.where(target == ignore_index, 0, weight[labels]).astype(x.dtype)
    loss = apply("nll_loss", x, labels=labels, weight=used, axis=axis)
    if reduction == "mean":
        return sum(loss) / (used.sum(dtype=x.dtype) or math.nan)
    return reduced("nll_loss", loss, reduction)


FORWARDS["nll_loss"] = same_precision(
    lambda x, labels, weight, axis: _times(weight, -_at(x, labels, axis))
)
rule("nll_loss", lambda dy, y, x, labels, weight, axis:
     expand_dims(-dy * weight, axis) * one_hot(labels, x.shape, x.dtype, axis),
     jvp="linear")  # fmt: skip


def kl_div(log_input, target, log_target=False, reduction="mean"):
    """target (log(target) - log_input), 0 where target is 0: the divergence's summands.

    log_target: whether `target` is given as its logarithm. reduction "batchmean" divides the sum by
    the size of the first axis, which gives the divergence. Raises OptionError, ShapeError,
    DtypeError.
    """
    log_input, target = together("kl_div", log_input, target)
    loss = apply("kl_div_from_log" if log_target else "kl_div", log_input, target)
    if reduction == "batchmean":
        return sum(loss) / loss.shape[0]
    return reduced("kl_div", loss, reduction)


FORWARDS["kl_div"] = same_precision(lambda x, t: _times(t, np.log(t) - x))
FORWARDS["kl_div_from_log"] = same_precision(lambda x, t: _times(np.exp(t), t - x))
rule("kl_div",
     lambda dy, y, x, t: -dy * t,
     lambda dy, y, x, t: dy * (log(t) + 1 - x),
     jvp="elementwise")  # fmt: skip
rule("kl_div_from_log",
     lambda dy, y, x, t: -dy * exp(t),
     lambda dy, y, x, t: dy * exp(t) * (t + 1 - x),
     jvp="elementwise")  # fmt: skip
