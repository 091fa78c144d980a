"""Expressions: parentheses only where Python needs them, and the same value with them."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from conformance import grad, trace
from conformance.backends import get_backend
from conformance.backends.printing import index_text
from conformance.errors import Unsupported
from conformance.typing_rules import TensorType


def printed(expression: Callable[..., Any], backend: str = "reference", shape: tuple = (3,),
            dtype: str = "float64") -> str:
    """The right-hand side of `y = …`, in one line."""
    def function(xp: Any, x: Any, w: Any) -> dict[str, Any]:
        y = expression(xp, x, w)
        return {"dy/dx": grad(y, x)}

    types = {name: (TensorType(shape, dtype), "constant") for name in "xw"}
    values = {name: np.full(shape, 0.5, dtype) for name in "xw"}
    source = get_backend(backend).program(trace(function, types, dtype=dtype), values).source
    values = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Assign)
              and ast.unparse(node.targets[0]) == "y"]
    segment = " ".join(ast.get_source_segment(source, values[0]).split())
    return re.sub(r"([(\[]) ", r"\1", re.sub(r",? ([)\]])", r"\1", segment))


@pytest.mark.parametrize(("expression", "text"), [
    (lambda xp, x, w: x + w + x, "x + w + x"),
    (lambda xp, x, w: x + (w + x), "x + (w + x)"),
    (lambda xp, x, w: x - (w - x), "x - (w - x)"),
    (lambda xp, x, w: x - w - x, "x - w - x"),
    (lambda xp, x, w: x * w + x / w, "x * w + x / w"),
    (lambda xp, x, w: (x + w) * x, "(x + w) * x"),
    (lambda xp, x, w: x / (w * x), "x / (w * x)"),
    (lambda xp, x, w: x / w * x, "x / w * x"),
    (lambda xp, x, w: -x * w, "-x * w"),
    (lambda xp, x, w: -(x * w), "-(x * w)"),
    (lambda xp, x, w: xp.negative(-x), "-(-x)"),
    (lambda xp, x, w: x - -w, "x - -w"),
    (lambda xp, x, w: -(x**2), "-x**2"),
    (lambda xp, x, w: (-x) ** 2, "(-x) ** 2"),
    (lambda xp, x, w: x**-2, "x**-2"),
    (lambda xp, x, w: x**-w, "x**-w"),
    (lambda xp, x, w: x**0.5, "x**0.5"),
    (lambda xp, x, w: (x**2) ** 3, "(x**2) ** 3"),
    (lambda xp, x, w: x ** (w**2), "x ** w**2"),
    (lambda xp, x, w: 2**x, "2**x"),
    (lambda xp, x, w: xp.pow(xp.exp(x), 2), "engine.exp(x) ** 2"),
    (lambda xp, x, w: xp.pow(-0.5, x), "(-0.5) ** x"),
    (lambda xp, x, w: x[0] ** 2 * w, "x[0] ** 2 * w"),
    (lambda xp, x, w: (x + w)[1:], "(x + w)[1:]"),
    (lambda xp, x, w: x - -2.0, "x - -2.0"),
    (lambda xp, x, w: -3 * x, "-3 * x"),
    (lambda xp, x, w: x @ w @ x * x, "x @ w @ x * x"),
    (lambda xp, x, w: xp.exp(x + w), "engine.exp(x + w)"),
    (lambda xp, x, w: xp.where(x > w, x, w), "engine.where(x > w, x, w)"),
    (lambda xp, x, w: xp.where(x + 1 <= -w, x, 2), "engine.where(x + 1 <= -w, x, 2)"),
    (lambda xp, x, w: xp.where(xp.equal(x > 0, w > 0), x, w),
     "engine.where((x > 0) == (w > 0), x, w)"),
    (lambda xp, x, w: xp.where(xp.not_equal(x, 0.5), x, w), "engine.where(x != 0.5, x, w)"),
    (lambda xp, x, w: xp.maximum(x, 0.0), "engine.maximum(x, 0.0)"),
    (lambda xp, x, w: xp.concat([x, w]), "engine.concat([x, w])"),
    (lambda xp, x, w: xp.take(x, [2, 0], axis=0), "engine.take(x, [2, 0], axis=0)"),
    (lambda xp, x, w: xp.sum(x, axis=(0,), keepdims=True),
     "engine.sum(x, axis=(0,), keepdims=True)"),
    (lambda xp, x, w: xp.clip(x, max=float("inf")), 'engine.clip(x, max=float("inf"))'),
])
def test_expressions(expression: Callable[..., Any], text: str) -> None:
    if "@" in text:
        assert printed(expression, shape=(2, 2)) == text
    else:
        assert printed(expression) == text


SPELLINGS = [
    ("torch", lambda xp, x, w: xp.sum(x, axis=0, keepdims=True),
     "torch.sum(x, dim=0, keepdim=True)"),
    ("torch", lambda xp, x, w: xp.logsumexp(x), "torch.logsumexp(x, dim=(0,))"),
    ("torch", lambda xp, x, w: xp.sum(x, axis=()), "torch.sum(x.unsqueeze(-1), dim=-1)"),
    ("torch", lambda xp, x, w: xp.var(x, correction=1), "torch.var(x, dim=(0,), correction=1)"),
    ("torch", lambda xp, x, w: xp.max(x), "torch.amax(x)"),
    ("torch", lambda xp, x, w: xp.maximum(x, 0.0),
     "torch.maximum(x, torch.tensor(0.0, dtype=torch.float64))"),
    ("torch", lambda xp, x, w: xp.where(x > 0, x, 0.0), "torch.where(x > 0, x, 0.0)"),
    ("torch", lambda xp, x, w: xp.clip(x, -1, max=2.5), "torch.clamp(x, min=-1, max=2.5)"),
    ("torch", lambda xp, x, w: x[::-1], "torch.flip(x, dims=(0,))"),
    ("torch", lambda xp, x, w: x[1::-1], "torch.flip(x[:2], dims=(0,))"),
    ("torch", lambda xp, x, w: x[::-2], "torch.flip(x[::2], dims=(0,))"),
    ("torch", lambda xp, x, w: xp.stop_gradient(x + w), "(x + w).detach()"),
    ("tensorflow", lambda xp, x, w: xp.sum(x, axis=(0,)), "tf.reduce_sum(x, axis=[0])"),
    ("tensorflow", lambda xp, x, w: xp.maximum(0.0, x), "tf.maximum(0.0, x)"),
    ("tensorflow", lambda xp, x, w: xp.clip(x, min=0.5), "tf.maximum(x, 0.5)"),
    ("tensorflow", lambda xp, x, w: xp.var(x, correction=1),
     "tf.math.reduce_variance(x) * 3 / 2"),
    ("tensorflow", lambda xp, x, w: xp.hypot(x, 0.5),
     "tf.experimental.numpy.hypot(x, tf.constant(0.5, dtype=tf.float64))"),
    ("tensorflow", lambda xp, x, w: x @ w, "tf.tensordot(x, w, 1)"),
    ("tensorflow", lambda xp, x, w: xp.roll(x, 1), "tf.reshape(tf.roll(tf.reshape(x, [-1]), 1, "
                                                   "axis=0), [3])"),
    ("tensorflow", lambda xp, x, w: xp.take(x, [], axis=0),
     "tf.gather(x, tf.constant([], tf.int64), axis=0)"),
]


@pytest.mark.parametrize(("backend", "expression", "text"), SPELLINGS)
def test_spellings(backend: str, expression: Callable[..., Any], text: str) -> None:
    assert printed(expression, backend) == text


def test_a_literal_meets_an_array_where_every_operand_is_one() -> None:
    assert printed(lambda xp, x, w: xp.where(x > 0, 1.0, -1.0) * x, "torch") == (
        "torch.where(x > 0, torch.tensor(1.0, dtype=torch.float64), "
        "torch.tensor(-1.0, dtype=torch.float64)) * x")


def test_an_operand_that_is_written_twice_has_a_name() -> None:
    def function(xp: Any, x: Any) -> dict[str, Any]:
        return {"dy/dx": grad(xp.softmax(xp.sin(x)), x)}

    graph = trace(function, {"x": (TensorType((3,), "float64"), "constant")}, dtype="float64")
    source = get_backend("autograd").program(graph, {"x": np.ones(3)}).source
    assert "t = np.sin(x)" in source
    assert source.count("np.sin") == 1


def test_a_missing_operator_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = get_backend("reference")
    monkeypatch.setattr(type(backend), "spellings", {"sin": None})
    with pytest.raises(Unsupported, match=r"reference has no sin \(.*test_printing"):
        printed(lambda xp, x, w: xp.sin(x))


@pytest.mark.parametrize(("part", "text"), [
    (slice(None), ":"), (slice(1, None), "1:"), (slice(None, -1), ":-1"),
    (slice(None, None, -2), "::-2"), (slice(1, 5, 2), "1:5:2"), (None, "None"), (..., "..."),
    (-1, "-1"),
])
def test_indices(part: object, text: str) -> None:
    assert index_text(part) == text
