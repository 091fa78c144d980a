"""Which derivatives can be anything but zero, told from the structure alone."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from conformance import grad, load_cases, trace
from conformance.analysis import Flow, uses
from conformance.backends import get_backend
from conformance.graph import Graph
from conformance.typing_rules import TensorType


def traced(function: Callable[..., Any]) -> Graph:
    types = dict.fromkeys("xw", (TensorType((2,), "float64"), "constant"))
    return trace(lambda xp, x, w: {"d": function(xp, x, w)}, types, dtype="float64")


@pytest.mark.parametrize(("function", "connected"), [
    (lambda xp, x, w: grad(x, x), True),
    (lambda xp, x, w: grad(x + w, x), True),
    (lambda xp, x, w: grad(w, x), False),
    (lambda xp, x, w: grad(xp.stop_gradient(x) + w, x), False),
    (lambda xp, x, w: grad(xp.sign(x) * w, x), False),
    (lambda xp, x, w: grad(xp.ones_like(x) * w, x), False),
    (lambda xp, x, w: grad(xp.where(x > w, w, 1.0), x), False),
    (lambda xp, x, w: grad(xp.where(x > w, x, w), x), True),
    (lambda xp, x, w: grad(0 * x, x), True),  # a zero that is computed
    (lambda xp, x, w: grad(x**0, x), False),
    # second order
    (lambda xp, x, w: grad(grad(2 * x + w, x), x), False),
    (lambda xp, x, w: grad(grad(x**2, x), x), True),
    (lambda xp, x, w: grad(grad(x**1, x), x), False),
    (lambda xp, x, w: grad(grad(x * w, x), x), False),
    (lambda xp, x, w: grad(grad(x * w, x), w), True),
    (lambda xp, x, w: grad(grad(x * x, x), x), True),
    (lambda xp, x, w: grad(grad(x @ w, w), x), True),
    (lambda xp, x, w: grad(grad(x / w, x), x), False),
    (lambda xp, x, w: grad(grad(x / w, w), w), True),
    (lambda xp, x, w: grad(grad(xp.sin(x) + w**2, x), w), False),
    (lambda xp, x, w: grad(grad(xp.abs(x) * w, x), x), False),
    (lambda xp, x, w: grad(grad(xp.maximum(x, w), x), x), False),
    (lambda xp, x, w: grad(grad(xp.max(x) ** 2, x), x), True),
    (lambda xp, x, w: grad(grad(xp.sum(x[::-1]), x), x), False),
    (lambda xp, x, w: grad(grad(x * w, x) * x, x), True),
    (lambda xp, x, w: grad(xp.stop_gradient(grad(x**2, x)), x), False),
    # third order
    (lambda xp, x, w: grad(grad(grad(x * w, x), w), x), False),
    (lambda xp, x, w: grad(grad(grad(x * w * w, w), w), x), True),
    (lambda xp, x, w: grad(grad(grad(x * w * w, x), w), x), False),
    (lambda xp, x, w: grad(grad(grad(xp.exp(x), x), x), x), True),
])
def test_connected(function: Callable[..., Any], connected: bool) -> None:
    graph = traced(function)
    last = graph.nodes[graph.outputs[0].node]
    assert Flow(graph).connected(*last.inputs) == connected


def test_intermediates_are_sources() -> None:
    graph = traced(lambda xp, x, w: grad(xp.sin(xp.exp(x)) * w, w))
    exp = next(i for i, node in enumerate(graph) if node.op == "exp")
    product = next(i for i, node in enumerate(graph) if node.op == "multiply")
    flow = Flow(graph)
    assert flow.connected(product, exp)
    assert flow.connected(exp, 0)
    assert not flow.connected(exp, product)


def test_what_is_called_unconnected_is_zero_in_every_case() -> None:
    reference, found = get_backend("reference"), 0
    for case in load_cases().cases:
        graph = case.graph("float64")
        flow = Flow(graph)
        apart = [o.name for o in graph.outputs if graph.nodes[o.node].op == "grad"
                 and not flow.connected(*graph.nodes[o.node].inputs)]
        if apart:
            values = reference.evaluate(graph, case.values("float64")).values
            assert all(not np.any(values[name]) for name in apart), case.id
        found += len(apart)
    assert found > 10


def test_gradients_of_one_call_share_their_way_back() -> None:
    def function(xp: Any, x: Any, w: Any) -> Any:
        y = xp.exp(x + w)
        dy_dx, dy_dw = grad(y, x), grad(y, w)
        return grad(2 * dy_dx, x) + grad(2 * dy_dw, w)

    flow = Flow(graph := traced(function))
    dx, dw, dxx, dww = (flow.seen[i] for i, node in enumerate(graph) if node.op == "grad")
    assert sorted(map(flow.operator, dx & dw)) == ["add", "exp"]
    assert "exp" in map(flow.operator, dxx & dww)


def test_what_leads_to_a_source_by_other_ways() -> None:
    def function(xp: Any, x: Any, w: Any) -> Any:
        g = grad(x**3, x)
        return grad(xp.sum(g * g) + xp.sum(xp.sign(w)), w)

    flow = Flow(graph := traced(function))
    at = {node.op: i for i, node in enumerate(graph)}  # the last of each
    x, w = graph.inputs
    g = next(i for i, node in enumerate(graph) if node.op == "grad")
    every = {x, at["pow"], g, at["multiply"], at["add"]}
    assert every < flow.leading_to([x], ())
    assert {x, at["pow"]} == flow.leading_to([x], [g])
    assert {g, at["multiply"], at["add"]} < flow.leading_to([g], [g])
    assert {w} == flow.leading_to([w], ())


def test_a_long_chain_is_no_burden() -> None:
    def function(xp: Any, x: Any, w: Any) -> Any:
        y = x
        for _ in range(1000):
            y = xp.sin(y) * w
        return grad(grad(y, x), x)

    graph = traced(function)
    tracemalloc.start()
    try:
        assert Flow(graph).connected(*graph.nodes[graph.outputs[0].node].inputs)
        assert len(graph.ancestors[-1]) == len(graph.nodes)
        assert tracemalloc.get_traced_memory()[1] < 100e6  # sets of positions take gigabytes
    finally:
        tracemalloc.stop()


def test_uses_counts_operands_and_outputs() -> None:
    def function(xp: Any, x: Any, w: Any) -> dict[str, Any]:
        y = x * x
        return {"y": y, "dy/dx": grad(y, x) == 2 * w}

    graph = trace(function, dict.fromkeys("xw", (TensorType((), "float64"), "constant")),
                  dtype="float64")
    count = {graph.nodes[i].op: n for i, n in uses(graph).items()}
    assert count == {"input": 3, "multiply": 2, "grad": 1}
