"""Normalisations, in the least favourable of the forms that frameworks compute them in.

In exact arithmetic all forms are one. With rounding, those of one pass lose what variance =
mean(x**2) - mean(x)**2 and x * slope - mean * slope cancel, mean**2 / variance; jax.nn.standardize
is written with the first, Keras and tf.nn.batch_normalization with the second. Two passes, and
Welford's one, lose less.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from conformance.graph import Node
from conformance.oracle.jets import ONE, Arithmetic, Jet, choose, sign
from conformance.oracle.rules.elementwise import literal
from conformance.oracle.rules.reductions import mean
from conformance.oracle.walking import fibers, filled
from conformance.typing_rules import normalize_axes

Rule = Callable[..., Any]
UNIT: Jet = {0: ONE}


def mean_square(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet]) -> Jet:
    return mean(arithmetic, node, [arithmetic.apply("square", x) for x in fiber])


def inverse_root(arithmetic: Arithmetic, node: Node, square: Jet) -> Jet:
    epsilon = literal(arithmetic, node["epsilon"], node.type.dtype)
    return arithmetic.apply("rsqrt", arithmetic.add((square, epsilon)))


def standardized(arithmetic: Arithmetic, node: Node, fiber: Sequence[Jet],
                 weights: Sequence[Jet] | None = None,
                 biases: Sequence[Jet] | None = None) -> list[Jet]:
    """(x - mean) / sqrt(variance + epsilon) * weight + bias of one fiber."""
    centre = mean(arithmetic, node, fiber)
    variance = arithmetic.subtract(mean_square(arithmetic, node, fiber),
                                   arithmetic.apply("square", centre))
    scale = inverse_root(arithmetic, node, variance)
    found = []
    for k, x in enumerate(fiber):
        slope = scale if weights is None else arithmetic.multiply(scale, weights[k])
        shift = arithmetic.negative(arithmetic.multiply(centre, slope))
        if biases is not None:
            shift = arithmetic.add((biases[k], shift))
        found.append(arithmetic.add((arithmetic.multiply(x, slope), shift)))
    return found


def over(rule: Rule, axes: tuple[int, ...], x: np.ndarray) -> np.ndarray:
    """Each fiber of x along `axes` in its place, as the rule makes it."""
    rows, rest, _ = fibers(x, axes)
    made = filled([jet for row in rows for jet in rule(row)],
                  (*rest, *(x.shape[a] for a in axes)))
    kept = [a for a in range(x.ndim) if a not in axes]
    return made.transpose(np.argsort([*kept, *axes]))


def standardize(arithmetic: Arithmetic, node: Node, x: np.ndarray) -> np.ndarray:
    return over(lambda fiber: standardized(arithmetic, node, fiber), _axes(node, x), x)


def layer_norm(arithmetic: Arithmetic, node: Node, x: np.ndarray, weight: np.ndarray,
               bias: np.ndarray) -> np.ndarray:
    weights, biases = list(weight.flat), list(bias.flat)
    return over(lambda fiber: standardized(arithmetic, node, fiber, weights, biases),
                _axes(node, x), x)


def rms_norm(arithmetic: Arithmetic, node: Node, x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    def rule(fiber: Sequence[Jet]) -> list[Jet]:
        scale = inverse_root(arithmetic, node, mean_square(arithmetic, node, fiber))
        return [arithmetic.multiply(arithmetic.multiply(x, scale), w)
                for x, w in zip(fiber, weight.flat, strict=True)]

    return over(rule, _axes(node, x), x)


def over_channels(*, batch: bool = False) -> Rule:
    """x (batch, channels, ...) standardised in groups of channels, of which each may be one.

    batch: the elements of a batch together, rather than each on its own.
    """
    def rule(arithmetic: Arithmetic, node: Node, x: np.ndarray, weight: np.ndarray,
             bias: np.ndarray) -> np.ndarray:
        groups = dict(node.parameters).get("groups", x.shape[1])
        split = (x.shape[0], groups, x.shape[1] // groups, *x.shape[2:])
        axes = (*((0,) if batch else ()), *range(2, len(split)))
        weights, biases = (iter(fibers(np.broadcast_to(p.reshape(
            1, *split[1:3], *(1,) * (x.ndim - 2)), split), axes)[0]) for p in (weight, bias))
        return over(lambda fiber: standardized(arithmetic, node, fiber, next(weights),
                                               next(biases)),
                    axes, x.reshape(split)).reshape(x.shape)

    return rule


def normalize(arithmetic: Arithmetic, node: Node, x: np.ndarray) -> np.ndarray:
    epsilon = literal(arithmetic, node["epsilon"], node.type.dtype)

    def rule(fiber: Sequence[Jet]) -> list[Jet]:
        square = arithmetic.add([arithmetic.apply("square", x) for x in fiber])
        inverse = choose(sign(square[0] - epsilon[0] ** 2),
                         arithmetic.apply("rsqrt", square) if square[0] > 0 else square,
                         arithmetic.divide(UNIT, epsilon))
        return [arithmetic.multiply(x, inverse) for x in fiber]

    return over(rule, _axes(node, x), x)


def local_response_norm(arithmetic: Arithmetic, node: Node, x: np.ndarray) -> np.ndarray:
    alpha, beta, k = (literal(arithmetic, node[name], node.type.dtype)
                      for name in ("alpha", "beta", "k"))
    size, exponent = node["size"], arithmetic.negative(beta)
    share = arithmetic.multiply(alpha, {0: ONE / size})

    def rule(fiber: Sequence[Jet]) -> list[Jet]:
        squares = [arithmetic.apply("square", x) for x in fiber]
        found = []
        for c, x in enumerate(fiber):
            around = squares[max(0, c - size // 2): c + (size + 1) // 2]
            base = arithmetic.add((k, arithmetic.multiply(arithmetic.add(around), share)))
            scale = arithmetic.apply("exp", arithmetic.multiply(
                exponent, arithmetic.apply("log", base)))
            found.append(arithmetic.multiply(x, scale))
        return found

    return over(rule, (1,), x)


def _axes(node: Node, x: np.ndarray) -> tuple[int, ...]:
    return tuple(sorted(normalize_axes(node["axis"], x.ndim)))


ARRAYS: dict[str, Rule] = {
    "standardize": standardize,
    "layer_norm": layer_norm,
    "rms_norm": rms_norm,
    "batch_norm": over_channels(batch=True),
    "instance_norm": over_channels(),
    "group_norm": over_channels(),
    "normalize": normalize,
    "local_response_norm": local_response_norm,
}
