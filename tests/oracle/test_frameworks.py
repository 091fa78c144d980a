"""Allowances against the frameworks: no smooth operator's rule is off by more than is allowed.

Every operator is differentiated up to three times, at points of all magnitudes of its domain.
"""

from __future__ import annotations

import operator
from functools import cache
from typing import Any

import numpy as np
import pytest

from conformance import ops
from conformance.backends import BUILT_IN, get_backend
from conformance.graph import Graph
from conformance.oracle import Truth, derivatives
from conformance.oracle.functions import FUNCTIONS
from conformance.tracing import grad, trace
from conformance.typing_rules import TensorType


def positive(low: float, high: float) -> np.ndarray:
    return np.geomspace(low, high, 12)


def signed(low: float, high: float) -> np.ndarray:
    sizes = np.geomspace(low, high, 6)
    return np.concatenate([sizes, -sizes])


def beside_one(nearest: float) -> np.ndarray:
    """In (-1, 1), towards 0 and towards both ends."""
    return np.concatenate([signed(1e-3, 0.7)[::2], 1 - signed(nearest, 0.2)[:3],
                           signed(nearest, 0.2)[:3] - 1])


UNARY = {
    "acos": beside_one(1e-4),
    "acosh": np.concatenate([1 + np.geomspace(1e-3, 1, 5), np.geomspace(3, 1e6, 6), [1e15]]),
    "asin": beside_one(1e-4),
    "asinh": np.concatenate([signed(1e-2, 1e4)[:11], [1e15]]),
    "atan": signed(1e-2, 1e4),
    "atanh": beside_one(1e-4),
    "cos": signed(1e-2, 1e4),
    "cosh": signed(1e-2, 80),
    "erf": signed(1e-2, 6),
    "exp": signed(1e-4, 40),
    "expm1": signed(1e-4, 40),
    "log": positive(1e-6, 1e6),
    "log10": positive(1e-6, 1e6),
    "log1p": np.concatenate([np.geomspace(1e-4, 1e6, 6), -np.geomspace(1e-4, 0.99, 6)]),
    "log2": positive(1e-6, 1e6),
    "reciprocal": signed(1e-4, 1e4),
    "rsqrt": positive(1e-6, 1e5),
    "sigmoid": signed(2e-2, 14),
    "sin": signed(1e-2, 1e4),
    "sinh": signed(1e-2, 80),
    # torch takes the identity beyond 20, which in float64 is off by more than rounding
    "softplus": np.array([-40, -12, -5, -1.5, -0.25, -1e-2, 0.25, 1.5, 4.82, 7.4437, 12, 19.5]),
    "sqrt": positive(1e-6, 1e6),
    "square": signed(1e-4, 1e6),
    "tan": signed(1e-2, 1e3),
    "tanh": signed(2e-2, 8),
}
POWERS = {"x**4": 4, "x**-2": -2, "x**1.5": 1.5}
# the sources of the first derivative, of its derivative, and so on
BINARY = {
    "add": ("x", "w"), "subtract": ("x", "w"), "multiply": ("x", "w", "xw"),
    "divide": ("x", "www", "wxw"), **dict.fromkeys(("pow", "hypot", "atan2", "logaddexp"),
                                                   ("xxx", "www", "xwx")),
}
SIGNS = {"add": operator.add, "subtract": operator.sub, "multiply": operator.mul,
         "divide": operator.truediv, "pow": operator.pow}
PAIRS = (signed(0.1, 30), np.roll(signed(0.15, 20), 1))  # of both signs, with no tie
PAIRS_OF = {"pow": (positive(0.05, 20), signed(0.1, 6)),
            # where exp(x - w) is no smaller than float32's rounding
            "logaddexp": (signed(0.03, 5), np.roll(signed(0.05, 6), 2))}
CHAINS = [*((name, "xx" if name == "square" else "xxx") for name in UNARY),
          *((name, "xxx") for name in ("x**4", "x**-2", "x**1.5")),
          *((name, chain) for name, chains in BINARY.items() for chain in chains)]
# JAX compiles every step anew, which takes a minute; its rules are the same in both dtypes
RUNS = [(name, dtype) for name in BUILT_IN for dtype in ("float32", "float64")
        if (name, dtype) != ("jax", "float32")]
# below this a rule's own intermediates, such as (1 + x*x)**3, may leave float32's range
SMALL = 1e-20


def points(name: str) -> tuple[np.ndarray, ...]:
    """Exact in float32."""
    if name in BINARY:
        given = PAIRS_OF.get(name, PAIRS)
    else:
        given = (UNARY.get(name, signed(1e-2, 1e2) if name in ("x**4", "x**-2")
                           else positive(1e-2, 1e4)),)
    return tuple(x.astype("float32") for x in given)


def graph(name: str, chain: str, shape: tuple[int, ...], dtype: str) -> Graph:
    def program(xp: Any, x: Any, w: Any = None) -> dict[str, Any]:
        if name in BINARY:
            y = SIGNS[name](x, w) if name in SIGNS else getattr(xp, name)(x, w)
        else:
            y = x**POWERS[name] if name in POWERS else getattr(xp, name)(x)
        found = {}
        for order in range(len(chain)):
            y = grad(y, x if chain[order] == "x" else w)
            found[chain[:order + 1]] = y
        return found

    def unary(xp: Any, x: Any) -> dict[str, Any]:
        return program(xp, x)

    inputs = "xw" if name in BINARY else "x"
    types = dict.fromkeys(inputs, (TensorType(shape, dtype), "constant"))
    return trace(program if name in BINARY else unary, types, dtype=dtype)


@cache
def truths(name: str, chain: str, dtype: str) -> dict[str, tuple[np.ndarray, ...]]:
    """hi, lo and allowed of each derivative at all points; one point at a time is much faster."""
    scalar = graph(name, chain, (), dtype)
    at = [derivatives(scalar, {k: v.astype(dtype) for k, v in zip("xw", place, strict=False)})
          for place in zip(*points(name), strict=True)]
    assert all(isinstance(truth, Truth) for found in at for truth in found.values())
    return {key: tuple(np.array([float(getattr(found[key], part)) for found in at])
                       for part in ("hi", "lo", "allowed")) for key in at[0]}


def test_every_smooth_operator_is_here():
    assert set(UNARY) == set(FUNCTIONS)
    assert set(BINARY) == {name for name, op in ops.CATALOGUE.items()
                           if op.arity == 2 and op.group == "elementwise"
                           and op.linearity not in ("piecewise", "constant")}


@pytest.mark.parametrize(("backend", "dtype"), RUNS)
@pytest.mark.parametrize(("name", "chain"), CHAINS)
def test_no_framework_is_off_by_more_than_is_allowed(name, chain, backend, dtype):
    backend = get_backend(backend)
    if not backend.installed():
        pytest.skip(backend.missing())
    values = {k: v.astype(dtype) for k, v in zip("xw", points(name), strict=False)}
    answer = backend.evaluate(graph(name, chain, (12,), dtype), values)
    assert not answer.error
    judged = []
    for key, (hi, lo, allowed) in truths(name, chain, dtype).items():
        got = answer.values[key].astype("float64")
        useful = np.isfinite(allowed) & ((hi == 0) | (allowed <= 0.05 * np.abs(hi)))
        useful &= (hi == 0) | (np.abs(hi) > SMALL)
        error = np.where(got == hi.astype(dtype), 0.0, np.abs(got - hi - lo))
        wrong = useful & ~(error <= allowed)
        assert not wrong.any(), (key, *(a[wrong].tolist() for a in (*values.values(), got, hi)),
                                 (error[wrong] / allowed[wrong]).tolist())
        judged += useful.tolist()
    assert np.mean(judged) > 0.8
