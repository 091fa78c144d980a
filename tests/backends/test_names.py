"""Names: the author's own, distinct, and never one that Python or the framework needs."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from conformance import grad, trace
from conformance.backends import BUILT_IN, get_backend
from conformance.backends.names import Names
from conformance.graph import Graph, Node, Output
from conformance.typing_rules import TensorType

SCALAR = TensorType((), "float64")


def traced(function: Callable[..., Any], *inputs: str) -> Graph:
    return trace(function, dict.fromkeys(inputs, (SCALAR, "constant")), dtype="float64")


def named(*names: str) -> Graph:
    """A graph with inputs of these names, which need not be identifiers."""
    nodes = [Node("input", (), (("kind", "constant"), ("name", name)), SCALAR) for name in names]
    total = 0
    for i in range(1, len(names)):
        nodes.append(Node("add", (total, i), (), SCALAR))
        total = len(nodes) - 1
    nodes += [Node("grad", (total, i), (), SCALAR) for i in range(len(names))]
    outputs = [Output(f"d{name}", len(nodes) - len(names) + i) for i, name in enumerate(names)]
    return Graph(tuple(nodes), tuple(outputs))


def test_the_author_s_names_stay() -> None:
    def function(xp: Any, x: Any) -> dict[str, Any]:
        hidden = xp.sin(x)
        loss = hidden**2
        return {"dloss/dx": grad(loss, x), "dloss/dh": grad(loss, hidden)}

    names = Names(traced(function, "x"), ())
    assert [names[i] for i in range(5) if i != 2] == ["x", "hidden", "loss", "dloss_dx"]


@pytest.mark.parametrize(("wanted", "given"), [
    ("x", "x"), ("lambda", "lambda_2"), ("print", "print_2"), ("derivatives", "derivatives_2"),
    ("__debug__", "__debug___2"), ("None", "None_2"), ("2nd", "v_2nd"), ("a b", "a_b"),
    ("dz/dx", "dz_dx"), ("", "result"), ("\n{}'\"", "result"), ("λ", "λ"), ("ﬁ", "fi"),
    ("x²", "x2"), ("_", "_"),
])
def test_identifiers(wanted: str, given: str) -> None:
    names = Names(named("other"), ())
    assert names.fresh(wanted) == given
    assert given.isidentifier()


def test_names_that_python_reads_alike_are_kept_apart() -> None:
    names = Names(named("fi", "ﬁ"), ())
    assert (names[0], names[1]) == ("fi", "fi_2")


@pytest.mark.parametrize(("call", "expected"), [
    (lambda y, x, w: {"dz/dx": grad(y * 2, x)}, ["z", "dz_dx"]),
    (lambda y, x, w: {"d2z/dx2": grad(grad(y * 2, x), x)}, ["z", "dz_dx", "d2z_dx2"]),
    (lambda y, x, w: {"mixed": grad(grad(y * 2, x), w)}, ["z", "dz_dx", "mixed"]),
    (lambda y, x, w: {"r": 2 * grad(grad(y * 2, x), w)}, ["z", "dz_dx", "d2z_dxdw"]),
    (lambda y, x, w: {"r": 2 * grad(grad(grad(y * 2, x), w), w)},
     ["z", "dz_dx", "d2z_dxdw", "d3z_dxdw2"]),
    (lambda y, x, w: {"dy/dx": grad(y * 2, x)}, ["z", "dy_dx"]),  # y is another value
])
def test_unnamed_targets_and_gradients(call: Callable[..., Any], expected: list[str]) -> None:
    def function(xp: Any, x: Any, w: Any) -> dict[str, Any]:
        y = x * w
        return call(y, x, w)

    graph = traced(function, "x", "w")
    names = Names(graph, ())
    grads = [i for i, node in enumerate(graph) if node.op == "grad"]
    assert [names[graph.nodes[grads[0]].inputs[0]], *(names[i] for i in grads)] == expected


HOSTILE = sorted({*keyword.kwlist, *keyword.softkwlist, "print", "sum", "__name__", "__debug__",
                  "name", "value", "derivatives", "shift", "t", "y", "torch", "tf", "tape",
                  "outer_tape", "tape_3", "engine", "jax", "jnp", "np", "grad", "special", "getval",
                  "y_of_x", "a b", 'quote"d', "it's", "new\nline", "{0}", "\\", "λ", "1"})


@pytest.mark.parametrize("backend", BUILT_IN, indirect=True)
def test_hostile_names_survive(backend: Any) -> None:
    graph = named(*HOSTILE)
    values = {name: np.float64(i) for i, name in enumerate(HOSTILE)}
    evaluation = backend.evaluate(graph, values)
    assert evaluation.error == ""
    assert list(evaluation.values) == [f"d{name}" for name in HOSTILE]
    assert all(value == 1 for value in evaluation.values.values())


@pytest.mark.parametrize("name", BUILT_IN)
def test_printed_inputs_shadow_nothing(name: str) -> None:
    backend = get_backend(name)
    program = backend.program(named(*HOSTILE), dict.fromkeys(HOSTILE, np.float64(1)))
    assert len(set(program.inputs)) == len(HOSTILE)
    taken = {*dir(builtins), *keyword.kwlist, *backend.reserved}
    assert not taken & set(program.inputs)
