"""Graphs are frozen, equal by structure, and checked when they are built."""

import math
import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from conformance.errors import GraphError, Location
from conformance.graph import Graph, Node, Output
from conformance.typing_rules import TensorType

SCALAR = TensorType((), "float32")
PAIR = TensorType((2,), "float32")
HERE = Location("cases/a.py", 3)


def leaf(name="x", kind="constant", type_=PAIR, **said):
    return Node("input", (), (("kind", kind), ("name", name)), type_, **said)


def node(op, *inputs, type_=PAIR, where=None, **parameters):
    return Node(op, inputs, tuple(sorted(parameters.items())), type_, where=where)


def literal(value, type_=SCALAR):
    return node("literal", type_=type_, value=value)


def graph(*nodes, outputs=None):
    return Graph(nodes, outputs or (Output("dy/dx", len(nodes) - 1),))


def cube():
    """y = x * x * x, dy/dx, d2y/dx2."""
    return graph(leaf(), node("multiply", 0, 0), node("multiply", 1, 0), node("grad", 2, 0),
                 node("grad", 3, 0), node("add", 3, 4), node("sin", 0),
                 outputs=(Output("dy/dx", 3, 6), Output("d2y/dx2", 4)))


def test_ancestors_levels_and_program():
    g = cube()
    assert [sorted(a) for a in g.ancestors] == [
        [0], [0, 1], [0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5], [0, 6]]
    assert g.levels == (0, 0, 0, 1, 2, 2, 0)
    assert g.program() == {0, 1, 2, 3, 4}
    assert g.inputs == (0,)
    assert list(g) == list(g.nodes)
    assert g.nodes[0]["name"] == "x"


def test_everything_is_frozen():
    g = cube()
    for target, name in ((g, "nodes"), (g.nodes[0], "op"), (g.outputs[0], "node"),
                         (g.nodes[0].type, "shape")):
        with pytest.raises(FrozenInstanceError):
            setattr(target, name, ())


def test_names_and_places_do_not_count():
    plain, named = graph(leaf(), node("sin", 0)), graph(
        leaf(name="x", where=HERE), Node("sin", (0,), (), PAIR, "y", HERE))
    assert plain == named
    assert hash(plain) == hash(named)
    assert len({plain, named}) == 1


@pytest.mark.parametrize("other", [
    graph(leaf("w"), node("sin", 0)),
    graph(leaf(kind="variable"), node("sin", 0)),
    graph(leaf(type_=SCALAR), node("sin", 0, type_=SCALAR)),
    graph(leaf(), node("cos", 0)),
    graph(leaf(), node("sin", 0), outputs=(Output("dz/dx", 1),)),
    graph(leaf(), node("sin", 0), outputs=(Output("dy/dx", 1, 0),)),
])
def test_structure_counts(other):
    assert graph(leaf(), node("sin", 0)) != other


@pytest.mark.parametrize(("a", "b"), [(1, 1.0), (0.0, -0.0), (0.0, 0), (math.nan, math.inf)])
def test_literals_that_python_finds_equal_are_not(a, b):
    assert literal(a) != literal(b)


def test_parameters_that_python_finds_unequal_are_equal():
    assert literal(math.nan) == literal(float("nan"))
    first, second = (node("getitem", 0, index=(slice(0, 2), ...)) for _ in range(2))
    assert first == second
    assert hash(first) == hash(second)
    assert first != node("getitem", 0, index=(slice(0, 2, 1), ...))


def test_true_and_one_are_not_equal():
    one = node("getitem", 0, index=(1,))
    assert one != node("getitem", 0, index=(True,))
    assert one != "getitem"


def test_pickle_keeps_what_explains_a_node():
    g = graph(leaf(where=HERE), Node("getitem", (0,), (("index", (slice(None, 1), ...)),),
                                     TensorType((1,), "float32"), "y", HERE))
    g.ancestors, g.levels, hash(g)
    again = pickle.loads(pickle.dumps(g))
    assert again == g
    assert hash(again) == hash(g)
    assert [(n.name, n.where) for n in again] == [(n.name, n.where) for n in g]


@pytest.mark.parametrize(("build", "said"), [
    (lambda: graph(leaf(), node("sin", 1)),
     "node 1, sin(): its inputs (1,) must be positions of earlier nodes"),
    (lambda: graph(leaf(), node("sin", -1)), "must be positions of earlier nodes"),
    (lambda: graph(leaf(), node("sin", 0.0)), "its inputs (0.0,) must be positions"),
    (lambda: graph(leaf(), node("sin", False)), "its inputs (False,) must be positions"),
    (lambda: graph(leaf(), node("add", 0)), "node 1, add(float32[2]): takes 2 operand(s), got 1"),
    (lambda: graph(leaf(), node("sinn", 0)), "there is no operator 'sinn'; did you mean xp.sin"),
    (lambda: graph(leaf(), node("sum", 0)), "has parameters [], wants ['axis', 'keepdims']"),
    (lambda: graph(leaf(), node("sin", 0, axis=0)), "has parameters ['axis'], wants []"),
    (lambda: graph(leaf(), Node("sum", (0,), (("keepdims", False), ("axis", None)), SCALAR)),
     "has parameters ['axis', 'keepdims'], wants"),
    (lambda: graph(leaf(), node("sin", 0, type_=SCALAR, where=HERE)),
     "node 1, sin(float32[2]) (cases/a.py:3): is declared float32[], but its operands give "
     "float32[2]"),
    (lambda: graph(leaf(), leaf("w", type_=TensorType((3,), "float32")), node("add", 0, 1)),
     "node 2, add(float32[2], float32[3]): shapes (2,) and (3,) do not broadcast"),
    (lambda: graph(leaf(), node("getitem", 0, index=(np.int64(1),), type_=SCALAR)),
     "its parameter 'index' has no JSON form: "),
    (lambda: graph(literal(np.float64(1.0))), "its parameter 'value' has no JSON form"),
    (lambda: graph(node("constant", value=[1.0, 2.0])), "has no JSON form: [1.0, 2.0]"),
    (lambda: graph(leaf(""), node("sin", 0)), "an input has a name, got ''"),
    (lambda: graph(leaf(kind="tensor")), "an input is a constant or a variable, got 'tensor'"),
    (lambda: graph(leaf(), leaf()), "two inputs are called 'x'"),
    (lambda: graph(literal(1.0, PAIR)), "a literal is 0-d, got float32[2]"),
    (lambda: graph(literal(True)), "float32[] cannot hold True"),
    (lambda: graph(literal("1")), "float32[] cannot hold '1'"),
    (lambda: graph(literal(2**63)), "cannot hold 9223372036854775808"),
    (lambda: graph(literal(0.5, TensorType((), "int64"))), "int64[] cannot hold 0.5"),
    (lambda: graph(literal(1, TensorType((), "bool"))), "bool[] cannot hold 1"),
    (lambda: graph(node("constant", value=(1.0,))), "holds (1.0,), but float32[2] has 2 elem"),
    (lambda: graph(node("constant", value=1.0)), "holds 1.0, but float32[2] has 2 element(s)"),
    (lambda: graph(node("constant", value=(1.0, None))), "float32[2] cannot hold None"),
    (lambda: Graph((leaf(),), ()), "a graph has at least one output"),
    (lambda: graph(leaf(), outputs=(Output("y", 1),)), "output 'y' names node 1, but there are 1"),
    (lambda: graph(leaf(), outputs=(Output("y", 0, -1),)), "output 'y' names node -1"),
    (lambda: graph(leaf(), outputs=(Output("y", True),)), "output 'y' names node True"),
    (lambda: graph(leaf(), outputs=(Output("", 0),)), "an output has a name, got ''"),
    (lambda: graph(leaf(), outputs=(Output("y", 0),) * 2), "two outputs are called 'y'"),
    (lambda: graph(leaf(type_=TensorType((), "int64"))), "output 'dy/dx' is int64[]; outputs"),
])
def test_what_is_malformed_is_refused_with_the_node_and_the_reason(build, said):
    with pytest.raises(GraphError) as caught:
        build()
    assert said in str(caught.value)
