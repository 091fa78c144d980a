"""Losses on jets: what each element or row contributes, and their sum or mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from conformance.graph import Node
from conformance.oracle.functions import NoValue
from conformance.oracle.jets import ONE, ZERO, Arithmetic, Jet, sign
from conformance.oracle.rules.activations import pieces
from conformance.oracle.rules.elementwise import absolute, literal
from conformance.oracle.rules.linear_algebra import inner_product
from conformance.oracle.rules.reductions import log_softmax
from conformance.oracle.walking import fibers, filled

Rule = Callable[..., Any]
HALF = {0: ONE / 2}


def reduced(arithmetic: Arithmetic, node: Node, losses: Sequence[Jet], batch: int) -> np.ndarray:
    """The losses, their sum, or their mean; "batchmean" divides the sum by the batch."""
    if node["reduction"] == "none":
        return filled(losses, node.type.shape)
    total = arithmetic.add(losses)
    if node["reduction"] != "sum":
        count = len(losses) if node["reduction"] == "mean" else batch
        if not count:
            raise NoValue("domain", "has nothing to average", final=True)
        total = arithmetic.multiply(total, {0: ONE / count})
    return filled([total], ())


def parameter(arithmetic: Arithmetic, node: Node, name: str) -> Jet:
    return literal(arithmetic, node[name], node.type.dtype)


# Of differences --------------------------------------------------------------------------


def mse_loss(arithmetic: Arithmetic, node: Node, x: Jet, t: Jet) -> Jet:
    return arithmetic.apply("square", arithmetic.subtract(x, t))


def l1_loss(arithmetic: Arithmetic, node: Node, x: Jet, t: Jet) -> Jet:
    return absolute(arithmetic, node, arithmetic.subtract(x, t))


def huber_loss(arithmetic: Arithmetic, node: Node, x: Jet, t: Jet) -> Jet:
    difference, delta = arithmetic.subtract(x, t), parameter(arithmetic, node, "delta")

    def line() -> Jet:
        size = absolute(arithmetic, node, difference)
        return arithmetic.multiply(
            delta, arithmetic.subtract(size, arithmetic.multiply(delta, HALF)))

    return pieces(arithmetic, sign(delta[0] - abs(difference[0])), lambda: arithmetic.multiply(
        arithmetic.apply("square", difference), HALF), line)


def smooth_l1_loss(arithmetic: Arithmetic, node: Node, x: Jet, t: Jet) -> Jet:
    difference, beta = arithmetic.subtract(x, t), parameter(arithmetic, node, "beta")

    def line() -> Jet:
        size = absolute(arithmetic, node, difference)
        return arithmetic.subtract(size, arithmetic.multiply(beta, HALF))

    return pieces(arithmetic, sign(beta[0] - abs(difference[0])), lambda: arithmetic.divide(
        arithmetic.multiply(arithmetic.apply("square", difference), HALF), beta), line)


# Of distributions ------------------------------------------------------------------------


def mixed(arithmetic: Arithmetic, t: Jet, one: Jet, zero: Jet) -> Jet:
    """t of the one and 1 - t of the other."""
    t = arithmetic.settle(t, 2)
    rest = arithmetic.subtract({0: ONE}, t)
    return arithmetic.add((arithmetic.multiply(t, one), arithmetic.multiply(rest, zero)))


def binary_cross_entropy(arithmetic: Arithmetic, node: Node, x: Jet, t: Jet) -> Jet:
    x = arithmetic.settle(x, 2)
    one = arithmetic.apply("log", x)
    zero = arithmetic.apply("log1p", arithmetic.negative(x))
    return arithmetic.negative(mixed(arithmetic, t, one, zero))


def binary_cross_entropy_with_logits(arithmetic: Arithmetic, node: Node, x: Jet, t: Jet) -> Jet:
    x = arithmetic.settle(x, 2)
    one = arithmetic.apply("softplus", arithmetic.negative(x))
    return mixed(arithmetic, t, one, arithmetic.apply("softplus", x))


def kl_div(arithmetic: Arithmetic, node: Node, x: Jet, t: Jet) -> Jet:
    t = arithmetic.settle(t, 2)
    factor, logarithm = ((arithmetic.apply("exp", t), t) if node["log_target"]
                         else (t, arithmetic.apply("log", t)))
    return arithmetic.multiply(factor, arithmetic.subtract(logarithm, x))


def poisson_nll_loss(arithmetic: Arithmetic, node: Node, x: Jet, t: Jet) -> Jet:
    x = arithmetic.settle(x, 2)
    if node["log_input"]:
        rate, logarithm = arithmetic.apply("exp", x), x
    else:
        shifted = arithmetic.add((x, parameter(arithmetic, node, "eps")))
        rate, logarithm = x, arithmetic.apply("log", shifted)
    return arithmetic.subtract(rate, arithmetic.multiply(t, logarithm))


def gaussian_nll_loss(arithmetic: Arithmetic, node: Node, x: Jet, t: Jet, v: Jet) -> Jet:
    least = parameter(arithmetic, node, "eps")
    if not v[0] > least[0]:
        raise NoValue("domain", "has a variance that is not above eps", final=v[0] <= least[0])
    v = arithmetic.settle(v, 2)
    square = arithmetic.apply("square", arithmetic.subtract(x, t))
    terms = (arithmetic.apply("log", v), arithmetic.divide(square, v))
    return arithmetic.multiply(arithmetic.add(terms), HALF)


# Of margins ------------------------------------------------------------------------------


def positive_part(arithmetic: Arithmetic, x: Jet) -> Jet:
    return arithmetic.choose(sign(x[0]), x, dict.fromkeys(x, ZERO))


def soft_margin_loss(arithmetic: Arithmetic, node: Node, x: Jet, t: Jet) -> Jet:
    return arithmetic.apply("softplus", arithmetic.negative(arithmetic.multiply(t, x)))


def hinge_embedding_loss(arithmetic: Arithmetic, node: Node, x: Jet, t: Jet) -> Jet:
    if abs(t[0]) != 1:
        raise NoValue("domain", "has a target that is neither 1 nor -1", final=True)
    if t[0] == 1:
        return x
    margin = parameter(arithmetic, node, "margin")
    return positive_part(arithmetic, arithmetic.subtract(margin, x))


def margin_ranking_loss(arithmetic: Arithmetic, node: Node, x: Jet, w: Jet, t: Jet) -> Jet:
    lead = arithmetic.multiply(t, arithmetic.subtract(x, w))
    return positive_part(arithmetic, arithmetic.subtract(parameter(arithmetic, node, "margin"),
                                                         lead))


# Of rows ---------------------------------------------------------------------------------


def nll_loss(arithmetic: Arithmetic, node: Node, x: np.ndarray) -> np.ndarray:
    losses = [arithmetic.negative(row[k]) for row, k in zip(x, node["target"], strict=True)]
    return reduced(arithmetic, node, losses, len(losses))


def cross_entropy(arithmetic: Arithmetic, node: Node, x: np.ndarray) -> np.ndarray:
    classes, smoothing = x.shape[1], parameter(arithmetic, node, "label_smoothing")[0]
    losses = []
    for row, k in zip(x, node["target"], strict=True):
        logarithms = log_softmax(arithmetic, node, row)
        own = arithmetic.multiply(logarithms[k], {0: 1 - smoothing})
        if node["label_smoothing"]:
            share = arithmetic.multiply(arithmetic.add(logarithms), {0: smoothing / classes})
            own = arithmetic.add((own, share))
        losses.append(arithmetic.negative(own))
    return reduced(arithmetic, node, losses, len(losses))


def softmax_cross_entropy(arithmetic: Arithmetic, node: Node, x: np.ndarray,
                          t: np.ndarray) -> np.ndarray:
    rows, labels = (array.reshape(-1, array.shape[-1]) for array in (x, t))
    losses = [arithmetic.negative(inner_product(
        arithmetic, label, log_softmax(arithmetic, node, row)))
        for row, label in zip(rows, labels, strict=True)]
    return reduced(arithmetic, node, losses, len(losses))


def cosine_similarity(arithmetic: Arithmetic, node: Node, x: np.ndarray,
                      w: np.ndarray) -> np.ndarray:
    pairs = zip(*(fibers(array, node["axis"])[0] for array in (x, w)), strict=True)
    return filled([cosine(arithmetic, node, a, b) for a, b in pairs], node.type.shape)


def cosine(arithmetic: Arithmetic, node: Node, a: Sequence[Jet], b: Sequence[Jet]) -> Jet:
    """The vectors' inner product over both lengths."""
    a, b = ([arithmetic.settle(x, 3) for x in vector] for vector in (a, b))
    product = inner_product(arithmetic, a, b)
    for vector in (a, b):
        square = arithmetic.add([arithmetic.apply("square", x) for x in vector])
        product = arithmetic.multiply(product, arithmetic.apply("rsqrt", square))
    return product


def of_elements(rule: Rule) -> Rule:
    """A rule of whole arrays from one of elements."""
    def loss(arithmetic: Arithmetic, node: Node, *operands: np.ndarray) -> np.ndarray:
        columns = zip(*(x.flat for x in operands), strict=True)
        losses = [rule(arithmetic, node, *jets) for jets in columns]
        return reduced(arithmetic, node, losses, (*operands[0].shape, 1)[0])

    return loss


ARRAYS: dict[str, Rule] = {
    **{rule.__name__: of_elements(rule) for rule in (
        mse_loss, l1_loss, huber_loss, smooth_l1_loss, binary_cross_entropy,
        binary_cross_entropy_with_logits, kl_div, poisson_nll_loss, gaussian_nll_loss,
        soft_margin_loss, hinge_embedding_loss, margin_ranking_loss)},
    **{rule.__name__: rule for rule in (
        nll_loss, cross_entropy, softmax_cross_entropy, cosine_similarity)},
}
