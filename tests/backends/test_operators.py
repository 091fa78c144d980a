"""Operators in all their forms, as each backend spells them, agree to second order."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from conformance import grad, trace
from conformance.backends import BUILT_IN, Backend, get_backend
from conformance.graph import Graph
from conformance.typing_rules import TensorType

# operator -> calls, each a function of (xp, x) or (xp, x, w) and the operands' shapes
Spell = Callable[..., Any]
Call = tuple[Spell, tuple[tuple[int, ...], ...], tuple[str, ...]]
TABLE: dict[str, list[Call]] = {}


def row(op: str, *calls: Spell, shapes: tuple[Any, ...] = ((3,),),
        wrong_on: tuple[str, ...] = ()) -> None:
    """wrong_on: frameworks that get it wrong, as a test of its own holds."""
    TABLE.setdefault(op, []).extend((call, shapes, wrong_on) for call in calls)


def unary(name: str, scale: float = 1.0, shift: float = 0.0) -> None:
    row(name, lambda xp, x: getattr(xp, name)(scale * x + shift))
    row(name, lambda xp, x: getattr(xp, name)(scale * x + shift), shapes=((),))
    row(name, lambda xp, x: getattr(xp, name)(x), shapes=((0, 2),))


for _name in ("abs", "asinh", "atan", "cos", "cosh", "erf", "exp", "expm1", "negative", "relu",
              "sigmoid", "sin", "sinh", "softplus", "square", "tan", "tanh", "acos", "asin",
              "atanh"):
    unary(_name)
for _name in ("log", "log10", "log1p", "log2", "reciprocal", "rsqrt", "sqrt"):
    unary(_name, 0.5, 1.0)
unary("acosh", 0.5, 2.0)
row("sign", lambda xp, x: xp.sign(x) * x**2)
row("stop_gradient", lambda xp, x: xp.stop_gradient(x**2) * x,
    lambda xp, x: x - xp.stop_gradient(x))
row("zeros_like", lambda xp, x: xp.zeros_like(x) + x**2)
row("ones_like", lambda xp, x: xp.ones_like(x) / x)

for _name in ("add", "subtract", "multiply", "divide", "maximum", "minimum", "atan2", "hypot",
              "logaddexp"):
    def _both(xp: Any, x: Any, w: Any, name: str = _name) -> Any:
        return getattr(xp, name)(x, w)

    for _shapes in (((3,), (3,)), ((2, 1), (3,)), ((), (2, 2)), ((1,), (3,)), ((0, 2), (2,))):
        row(_name, _both, shapes=_shapes)
    row(_name,
        lambda xp, x, name=_name: getattr(xp, name)(x, 0.25),
        lambda xp, x, name=_name: getattr(xp, name)(0.25, x),
        lambda xp, x, name=_name: getattr(xp, name)(-2, x),
        lambda xp, x, name=_name: getattr(xp, name)(x**2, -0.5) - getattr(xp, name)(x, 2))
row("add", lambda xp, x, w: x - (w - x) - (w + x), lambda xp, x, w: -(x + w) * (x - w),
    shapes=((3,), (3,)))
row("divide", lambda xp, x, w: x / (w / x) / (w * x), lambda xp, x, w: (x + 1) / -w,
    shapes=((3,), (3,)))
row("pow", lambda xp, x: x**3, lambda xp, x: x**2.0, lambda xp, x: 2**x, lambda xp, x: 1.5**x,
    lambda xp, x: x**-2, lambda xp, x: (-x) ** 2, lambda xp, x: -(x**2), lambda xp, x: (2 * x) ** 3,
    lambda xp, x: xp.exp(x) ** -0.5, lambda xp, x: (x**2) ** 2, lambda xp, x: 0.5 ** (x**3),
    lambda xp, x: xp.pow(xp.exp(x), -x))
row("pow", lambda xp, x: x**3, lambda xp, x: 2**x, lambda xp, x: x**1, shapes=((),))
row("pow", lambda xp, x, w: xp.exp(x) ** w, shapes=((2, 1), (3,)))
row("clip", lambda xp, x: xp.clip(x, -0.25, 0.5), lambda xp, x: xp.clip(x, min=0.25),
    lambda xp, x: xp.clip(x, max=0.25), lambda xp, x: xp.clip(x, 0, 1),
    lambda xp, x: xp.clip(x, -math.inf, 0.25))
for _name in ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal"):
    row(_name, lambda xp, x, w, name=_name: xp.where(getattr(xp, name)(x, w), x**2, w**3),
        shapes=((3,), (3,)))
    row(_name, lambda xp, x, name=_name: xp.where(getattr(xp, name)(x, 0), x**2, x**3),
        lambda xp, x, name=_name: xp.where(getattr(xp, name)(0.25, x), x**2, x**3),
        lambda xp, x, name=_name: xp.where(getattr(xp, name)(x + 1, -x), x**2, x**3))
row("equal", lambda xp, x: xp.where(xp.equal(x > 0, x < 0.5), x, x**2))
row("where", lambda xp, x: xp.where(x > 0, x, 0.5), lambda xp, x: xp.where(x > 0, 1, x),
    lambda xp, x: xp.where(x > 0, 1.0, -1.0) * x, lambda xp, x: xp.where(True, x, 2 * x),
    lambda xp, x: xp.where(xp.asarray([True, False, True]), x, -x))
row("where", lambda xp, x, w: xp.where(x > w, x * w, w), shapes=((2, 3), (2, 3)))

for _name in ("sum", "mean", "prod", "max", "min", "var", "logsumexp"):
    def _reduce(xp: Any, x: Any, name: str = _name, **keywords: Any) -> Any:
        return getattr(xp, name)(x, **keywords) + xp.sum(x**2)

    for _keywords in ({}, {"axis": 0}, {"axis": -1}, {"axis": (0, 2)}, {"axis": (-1, 0)},
                      {"axis": (0, 1, 2)}, {"axis": ()}, {"keepdims": True},
                      {"axis": 1, "keepdims": True}, {"axis": (0, -1), "keepdims": True},
                      {"axis": (), "keepdims": True}):
        row(_name, lambda xp, x, keywords=_keywords, reduce=_reduce: reduce(xp, x, **keywords),
            shapes=((2, 3, 2),))
    row(_name, _reduce, lambda xp, x, reduce=_reduce: reduce(xp, x, axis=()),
        lambda xp, x, reduce=_reduce: reduce(xp, x, keepdims=True), shapes=((),))
    row(_name, _reduce, lambda xp, x, reduce=_reduce: reduce(xp, x, axis=0), shapes=((1,),))
for _name in ("sum", "prod"):
    row(_name, lambda xp, x, name=_name: getattr(xp, name)(x),
        lambda xp, x, name=_name: getattr(xp, name)(x, axis=0),
        lambda xp, x, name=_name: getattr(xp, name)(x, axis=1), shapes=((0, 2),))
row("var", lambda xp, x: xp.var(x, correction=1), lambda xp, x: xp.var(x, correction=1.0, axis=1),
    lambda xp, x: xp.var(x, correction=0.5, axis=0, keepdims=True),
    lambda xp, x: 2 / xp.var(x, axis=(0, 1), correction=1), shapes=((2, 3),))
for _name in ("softmax", "log_softmax", "cumulative_sum"):
    for _axis in (0, 1, -1):
        row(_name, lambda xp, x, name=_name, axis=_axis: getattr(xp, name)(x * 2, axis=axis),
            shapes=((2, 3),))
    row(_name, lambda xp, x, name=_name: getattr(xp, name)(xp.sin(x), axis=0), shapes=((3,),))

row("reshape", lambda xp, x: xp.reshape(x, (3, 2)), lambda xp, x: xp.reshape(x, (6,)),
    lambda xp, x: xp.reshape(x, (1, 6, 1)), shapes=((2, 3),))
row("reshape", lambda xp, x: xp.reshape(x, ()), lambda xp, x: xp.reshape(x, (1, 1)),
    shapes=((1,),))
row("reshape", lambda xp, x: xp.reshape(x, (3, 0)), shapes=((0, 2),))
row("permute_dims", lambda xp, x: xp.permute_dims(x, (2, 0, 1)), shapes=((2, 3, 1),))
# both forget in the gradient that an axis may be negative
row("permute_dims", lambda xp, x: xp.permute_dims(x, (0, -1, 1)), shapes=((2, 3, 1),),
    wrong_on=("tensorflow", "autograd"))
row("permute_dims", lambda xp, x: xp.permute_dims(x, ()), shapes=((),))
for _axis in (0, 1, -1):
    row("expand_dims", lambda xp, x, axis=_axis: xp.expand_dims(x, axis=axis), shapes=((2, 3),))
row("expand_dims", lambda xp, x: xp.expand_dims(x, axis=0), shapes=((),))
row("squeeze", lambda xp, x: xp.squeeze(x, axis=0), lambda xp, x: xp.squeeze(x, axis=(0, -1)),
    lambda xp, x: xp.squeeze(x, axis=-1), lambda xp, x: xp.squeeze(x, axis=()), shapes=((1, 2, 1),))
row("broadcast_to", lambda xp, x: xp.broadcast_to(x, (2, 3)),
    lambda xp, x: xp.broadcast_to(x, (2, 1, 3)), lambda xp, x: xp.broadcast_to(x, (3,)),
    lambda xp, x: xp.broadcast_to(xp.sin(x) + x, (2, 3)), shapes=((3,),))
row("broadcast_to", lambda xp, x: xp.broadcast_to(x, (2, 3)), lambda xp, x: xp.broadcast_to(x, ()),
    shapes=((),))
row("broadcast_to", lambda xp, x: xp.broadcast_to(x, (2, 3)), shapes=((2, 1),))
# autograd's gradient does not sum over an axis that was stretched to nothing
row("broadcast_to", lambda xp, x: xp.broadcast_to(x, (0, 2, 3)), shapes=((2, 1),),
    wrong_on=("autograd",))
for _axis in (None, 0, -1, (0, 1), (-1, 0), ()):
    row("flip", lambda xp, x, axis=_axis: xp.flip(x, axis=axis), shapes=((2, 3),))
row("flip", lambda xp, x: xp.flip(x), shapes=((),))
row("flip", lambda xp, x: xp.flip(x + x), shapes=((3,),))
row("roll", lambda xp, x: xp.roll(x, 2), lambda xp, x: xp.roll(x, -1, axis=0),
    lambda xp, x: xp.roll(x, 7, axis=-1), lambda xp, x: xp.roll(x, 0, axis=1), shapes=((2, 3),))
row("roll", lambda xp, x: xp.roll(x, 1), shapes=((),))
row("roll", lambda xp, x: xp.roll(x, 1), lambda xp, x: xp.roll(x, 1, axis=1), shapes=((0, 2),))
row("matrix_transpose", lambda xp, x: xp.matrix_transpose(x), lambda xp, x: (x + x).T,
    shapes=((2, 3),))
row("matrix_transpose", lambda xp, x: xp.matrix_transpose(x), shapes=((2, 3, 1),))
row("concat", lambda xp, x, w: xp.concat([x, w, x]), lambda xp, x, w: xp.concat([x, w], axis=-2),
    lambda xp, x, w: xp.concat([x]), shapes=((2, 2), (1, 2)))
row("concat", lambda xp, x, w: xp.concat([x, w], axis=-1),
    lambda xp, x, w: xp.concat([w, x], axis=1), shapes=((2, 0), (2, 2)))
row("stack", lambda xp, x, w: xp.stack([x, w]), lambda xp, x, w: xp.stack([x, w, x], axis=-1),
    lambda xp, x, w: xp.stack([x, w * x], axis=1), shapes=((2, 3), (2, 3)))
row("stack", lambda xp, x: xp.stack([x, x**2]), lambda xp, x: xp.stack([x]), shapes=((),))

for _shapes in (((3,), (3,)), ((2, 3), (3,)), ((2,), (2, 3)), ((2, 3), (3, 2)),
                ((2, 2, 3), (2, 3, 2)), ((3, 2, 2), (2, 3)), ((2, 2), (3, 2, 2)),
                ((2, 2, 3), (3,)), ((2,), (3, 2, 2)), ((2, 1, 2, 2), (3, 2, 1)), ((2, 0), (0, 3)),
                ((0,), (0,)), ((1, 1), (1,))):
    row("matmul", lambda xp, x, w: x @ w, shapes=_shapes)
row("matmul", lambda xp, x, w: (x @ w) @ x.T - x @ (w @ x.T), lambda xp, x, w: 2 * x @ (w + w),
    shapes=((2, 2), (2, 2)))

for _index in (0, -1, slice(1, None), slice(None, None, 2), slice(None, None, -1),
               slice(-1, None, -2), slice(2, 0, -1), slice(1, 1), slice(0, 3, -1), None, ...,
               (1, 2), (slice(None), -1), (..., 0), (None, 1), (..., None), (0, ..., None),
               (slice(1), None, slice(None, None, -1)), (..., slice(None, None, -1)), (),
               (slice(None, None, -1), slice(None, None, -2)), (slice(5, None), slice(-9, 9))):
    row("getitem", lambda xp, x, index=_index: x[index], shapes=((3, 3),))
row("getitem", lambda xp, x: x[None], lambda xp, x: x[...], lambda xp, x: x[()], shapes=((),))
row("getitem", lambda xp, x: x[1, ..., ::-1, 0], lambda xp, x: x[::-1, None, ..., 0],
    lambda xp, x: (x + 1)[0][::-1], shapes=((2, 3, 2),))
for _indices, _axis in (([2, 0, 2], 0), ([1, 1], -1), ([], 0), ([0], 1), ([], -1)):
    row("take", lambda xp, x, indices=_indices, axis=_axis: xp.take(x, indices, axis=axis),
        shapes=((3, 2),))
row("take", lambda xp, x: xp.take(x * 2, [2, 2], axis=-1), shapes=((3,),))


def numbers(shape: tuple[int, ...], start: int) -> np.ndarray:
    """Distinct numbers in (-0.9, 0.9), none of them near zero."""
    places = np.arange(start, start + math.prod(shape), dtype=np.float64)
    fractions = 0.1 + 0.8 * np.modf(places * 0.6180339887498949 + 0.37)[0]
    return (fractions * np.where(places % 3 == 1, -1, 1)).reshape(shape)


@cache
def program(op: str, dtype: str, backend: str,
            only: int | None = None) -> tuple[Graph, dict[str, np.ndarray]]:
    """One graph for all calls of an operator: values, gradients, and gradients of gradients.

    only: the one call that is wanted, rather than all that the backend gets right.
    """
    calls = [(k, call, shapes) for k, (call, shapes, wrong_on) in enumerate(TABLE[op])
             if (backend not in wrong_on if only is None else k == only)]
    values = {f"{'xw'[i]}{k}": numbers(shape, 7 * k + 3 * i).astype(dtype)
              for k, _, shapes in calls for i, shape in enumerate(shapes)}

    def function(xp: Any, **inputs: Any) -> dict[str, Any]:
        outputs = {}
        for k, call, shapes in calls:
            sources = [inputs[f"{'xw'[i]}{k}"] for i in range(len(shapes))]
            y = outputs[f"y{k}"] = call(xp, *sources)
            # the square keeps second derivatives of linear operators from being nothing
            z = y**2 * xp.asarray(1.5 + numbers(y.shape, 11 + k))
            for name, source in zip("xw", sources, strict=False):
                slope = outputs[f"dz/d{name}{k}"] = grad(z, source)
                bent = slope * xp.asarray(0.5 + numbers(source.shape, 5 + k))
                if backend != "jax" or k == 0:  # it takes its time to compile
                    outputs[f"d2z/dx{k}d{name}"] = grad(bent, sources[0])
        return outputs

    types = {name: (TensorType(v.shape, dtype), "constant") for name, v in values.items()}
    return trace(function, types, dtype=dtype), values


@cache
def answers(backend: str, op: str, dtype: str) -> dict[str, np.ndarray]:
    found, (graph, values) = get_backend(backend), program(op, dtype, backend)
    if backend != "jax":
        evaluation = found.evaluate(graph, values, title=op)
        assert not evaluation.error, evaluation.error
        return evaluation.values
    import jax  # compiles each operation that it meets, and faster all of them at once

    derivatives, inputs = found.load(found.program(graph, values, title=op))
    return {name: np.asarray(v) for name, v in jax.jit(derivatives)(*inputs).items()}


@pytest.mark.parametrize("op", TABLE)
@pytest.mark.parametrize("backend", [name for name in BUILT_IN if name != "reference"],
                         indirect=True)
def test_values_and_gradients_agree(backend: Backend, op: str) -> None:
    got, wanted = answers(backend.name, op, "float64"), answers("reference", op, "float64")
    assert got.keys() <= wanted.keys()
    for name, value in got.items():
        np.testing.assert_allclose(value, wanted[name], rtol=1e-9, atol=1e-9, err_msg=name)
        assert value.shape == wanted[name].shape, name
        assert value.dtype == np.float64, name


@pytest.mark.parametrize(("backend", "op", "only"), [
    (backend, op, k) for op, calls in TABLE.items() for k, (_, _, wrong_on) in enumerate(calls)
    for backend in wrong_on], indirect=["backend"])
def test_what_is_called_wrong_still_is(backend: Backend, op: str, only: int) -> None:
    graph, values = program(op, "float64", backend.name, only)
    got = backend.evaluate(graph, values)
    wanted = get_backend("reference").evaluate(graph, values)
    right = not got.error and all(
        got.values[name].shape == value.shape
        and np.allclose(got.values[name], value, rtol=1e-9, atol=1e-9)
        for name, value in wanted.values.items())
    assert not right, f"{backend.name} {backend.version()} is not wrong on this {op} any more"


@pytest.mark.parametrize("op", TABLE)
@pytest.mark.parametrize("backend", ["reference", "torch", "tensorflow"], indirect=True)
def test_float32_stays_float32(backend: Backend, op: str) -> None:
    for name, value in answers(backend.name, op, "float32").items():
        assert value.dtype == np.float32, name
