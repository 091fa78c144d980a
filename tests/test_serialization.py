"""A graph's JSON form loses nothing, and a document that is not one is refused."""

import copy
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from conformance import load_cases, ops
from conformance.errors import GraphError, Location
from conformance.graph import Graph, Node, Output
from conformance.serialization import schema, validate
from conformance.typing_rules import FLOATS, TensorType

names = st.none() | st.text(min_size=1, max_size=5)
places = st.none() | st.builds(Location, st.text(), st.integers(0, 99))
floats = st.floats(allow_nan=True) | st.sampled_from([-0.0, 0.0, 1.0, math.inf, -math.inf, 5e-324])
complexes = st.complex_numbers(allow_nan=False, allow_infinity=False)
ints = st.integers(-2**63, 2**63 - 1)


@st.composite
def leaves(draw, dtype, name):
    """An input, a literal and constants, of every dtype and kind of number."""
    def made(op, type_, **parameters):
        return Node(op, (), tuple(sorted(parameters.items())), type_, draw(names), draw(places))

    shape = draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
    size = math.prod(shape)
    numbers = draw(st.lists(floats | ints, min_size=size, max_size=size))
    bools = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    whole = draw(st.lists(ints, min_size=size, max_size=size))
    return [
        made("input", TensorType(shape, dtype), name=name,
             kind=draw(st.sampled_from(["constant", "variable"]))),
        made("constant", TensorType(shape, dtype), value=tuple(numbers)),
        made("literal", TensorType((), dtype), value=draw(floats | ints)),
        made("literal", TensorType((), "complex64"), value=draw(complexes)),
        made("constant", TensorType((2,), "complex128"), value=(draw(complexes), draw(ints))),
        made("literal", TensorType((), "bool"), value=draw(st.booleans())),
        made("constant", TensorType(shape, "bool"), value=tuple(bools)),
        made("constant", TensorType(shape, "int64"), value=tuple(whole)),
    ]


def parameters_of(name, shape):
    """Parameters that an operator accepts for an operand of this shape."""
    axis = st.integers(-len(shape), len(shape) - 1) if shape else st.nothing()
    bound = st.none() | st.integers(-5, 5)
    parts = [st.builds(slice, bound, bound, st.none() | st.sampled_from([-2, -1, 1, 2])) |
             (st.integers(-n, n - 1) if n else st.nothing()) for n in shape]
    reducible = all(shape)
    if name == "getitem":
        return st.tuples(*parts).flatmap(lambda t: st.sampled_from(
            [t, (..., *t), (None, *t, ...), ()])).map(lambda index: {"index": index})
    if name == "clip":
        low, high = st.sampled_from([None, 0, 0.0, -0.0]), st.sampled_from([1, 1.0, math.inf])
        return st.fixed_dictionaries({"min": low, "max": high})
    if name == "take" and shape and shape[-1]:
        return st.lists(st.integers(0, shape[-1] - 1), max_size=3).map(
            lambda indices: {"indices": tuple(indices), "axis": -1})
    if name == "reshape":
        return st.just({"shape": (math.prod(shape), 1)})
    if name in ("sum", "var") and reducible:
        extra = {"correction": st.sampled_from([0, 0.0, 1, 1.0])} if name == "var" else {}
        return st.fixed_dictionaries({"axis": st.none() | axis | st.just(()) | axis.map(
            lambda a: (a,)), "keepdims": st.booleans(), **extra})
    return st.nothing()


@st.composite
def graphs(draw):
    dtype = draw(st.sampled_from(FLOATS))
    nodes = [*draw(leaves(dtype, "x")), *draw(leaves(dtype, "w"))]
    for _ in range(draw(st.integers(0, 4))):
        position = draw(st.sampled_from([i for i, n in enumerate(nodes) if n.type.is_float]))
        operand = nodes[position].type
        name = draw(st.sampled_from(["getitem", "clip", "take", "reshape", "sum", "var"]))
        possible = parameters_of(name, operand.shape)
        if possible.is_empty:
            continue
        given_ = ops.get(name).bind(draw(possible))
        nodes.append(Node(name, (position,), tuple(sorted(given_.items())),
                          ops.get(name).infer((operand,), given_), draw(names), draw(places)))
        nodes.append(Node("grad", (len(nodes) - 1, position), (), operand, draw(names)))
    float_nodes = [i for i, n in enumerate(nodes) if n.type.is_float]
    labels = draw(st.lists(st.text(min_size=1), min_size=1, max_size=3, unique=True))
    outputs = tuple(Output(label, draw(st.sampled_from(float_nodes)),
                           draw(st.none() | st.sampled_from(float_nodes))) for label in labels)
    return Graph(tuple(nodes), outputs)


@settings(max_examples=60)
@given(graph=graphs())
def test_the_round_trip_is_lossless(graph):
    text = json.dumps(graph.to_json(), allow_nan=False)
    again = Graph.from_json(json.loads(text))
    assert again == graph
    assert hash(again) == hash(graph)
    assert [repr(n.parameters) for n in again] == [repr(n.parameters) for n in graph]
    assert [(n.name, n.where) for n in again] == [(n.name, n.where) for n in graph]
    assert json.dumps(again.to_json()) == text


def test_every_case_of_the_suite_survives():
    for case in load_cases().cases:
        graph = case.graph()
        again = Graph.from_json(json.loads(json.dumps(graph.to_json(), allow_nan=False)))
        assert again == graph, case.id
        assert [(n.name, n.where) for n in again] == [(n.name, n.where) for n in graph]


def small():
    x = TensorType((2,), "float32")
    place = Location("cases/a.py", 3)
    return Graph((
        Node("input", (), (("kind", "variable"), ("name", "x")), x, "x", place),
        Node("literal", (), (("value", -0.0),), TensorType((), "float32")),
        Node("getitem", (0,), (("index", (slice(None, None, -1), ...)),), x, "y"),
        Node("grad", (2, 0), (), x),
    ), (Output("dy/dx", 3, 0),))


def test_the_document_is_what_the_schema_describes():
    assert small().to_json() == {
        "format": "conformance-graph", "version": 1,
        "nodes": [
            {"op": "input", "inputs": [], "parameters": {"kind": "variable", "name": "x"},
             "shape": [2], "dtype": "float32", "name": "x",
             "where": {"file": "cases/a.py", "line": 3}},
            {"op": "literal", "inputs": [], "parameters": {"value": {"float": "-0x0.0p+0"}},
             "shape": [], "dtype": "float32"},
            {"op": "getitem", "inputs": [0], "name": "y", "shape": [2], "dtype": "float32",
             "parameters": {"index": [{"slice": [None, None, -1]}, {"ellipsis": True}]}},
            {"op": "grad", "inputs": [2, 0], "parameters": {}, "shape": [2], "dtype": "float32"}],
        "outputs": [{"name": "dy/dx", "node": 3, "closed_form": 0}]}


def changed(path, value):
    document = copy.deepcopy(small().to_json())
    *above, last = path
    place = document
    for key in above:
        place = place[key]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return document


@pytest.mark.parametrize(("path", "value", "said"), [
    (("extra",), 1, "at $: Additional properties are not allowed ('extra' was unexpected)"),
    (("nodes", 0, "extra"), 1, "at $.nodes[0]: Additional properties are not allowed"),
    (("nodes", 0, "where", "extra"), 1, "at $.nodes[0].where: Additional properties"),
    (("outputs", 0, "extra"), 1, "at $.outputs[0]: Additional properties"),
    (("nodes", 1, "parameters", "value", "extra"), 1, "at $.nodes[1].parameters.value"),
    (("nodes", 2, "parameters", "index", 0, "extra"), 1, "at $.nodes[2].parameters.index[0]"),
    (("nodes", 2, "parameters", "index", 1, "extra"), 1, "at $.nodes[2].parameters.index[1]"),
    (("format",), "onnx", "at $.format: 'conformance-graph' was expected"),
    (("version",), 2, "at $.version: 1 was expected"),
    (("version",), True, "at $.version: 1 was expected"),
    (("version",), ..., "at $: 'version' is a required property"),
    (("nodes", 0, "op"), ..., "at $.nodes[0]: 'op' is a required property"),
    (("nodes", 3, "inputs"), [2, 0.0], "at $.nodes[3].inputs[1]: 0.0 is not of type 'integer'"),
    (("nodes", 3, "inputs"), [2, -1], "at $.nodes[3].inputs[1]: -1 is less than the minimum"),
    (("nodes", 0, "shape"), [2.0], "at $.nodes[0].shape[0]: 2.0 is not of type 'integer'"),
    (("nodes", 0, "dtype"), "float128", "at $.nodes[0].dtype: 'float128' is not one of"),
    (("nodes", 1, "parameters", "value"), 0.5, "at $.nodes[1].parameters.value: 0.5 is not"),
    (("nodes", 1, "parameters", "value", "float"), "0.5", "at $.nodes[1].parameters.value.float"),
    (("nodes", 1, "parameters", "value", "float"), "0x1.0p+9999", "node 1, literal: "),
    (("outputs",), [], "at $.outputs: [] should be non-empty"),
    (("outputs", 0, "name"), "", "at $.outputs[0].name: '' should be non-empty"),
    (("outputs", 0, "node"), 9, "output 'dy/dx' names node 9, but there are 4"),
    (("nodes", 3, "shape"), [3], "node 3, grad(float32[2], float32[2]): is declared float32[3], "
                                 "but its operands give float32[2]"),
    (("nodes", 0, "dtype"), "bool", "node 2, getitem(bool[2]): is declared float32[2], but its "
                                    "operands give bool[2]"),
    (("nodes", 0, "op"), "inputt", "node 0, inputt() (cases/a.py:3): there is no operator"),
    (("nodes", 3, "inputs"), [3, 0], "node 3, grad(float32[2]): its inputs (3, 0) must be pos"),
])
def test_what_is_wrong_with_a_document_is_named(path, value, said):
    with pytest.raises(GraphError) as caught:
        Graph.from_json(changed(path, value))
    assert said in str(caught.value)


@pytest.mark.parametrize("document", [None, [], "graph", 1, {}])
def test_other_documents_are_refused(document):
    with pytest.raises(GraphError, match="not a valid graph document at "):
        Graph.from_json(document)


def test_the_schema_is_closed_at_every_level():
    def objects(value):
        if isinstance(value, dict):
            if value.get("type") == "object":
                yield value
            for part in value.values():
                yield from objects(part)
        elif isinstance(value, list):
            for part in value:
                yield from objects(part)

    found = list(objects(schema("graph")))
    assert len(found) == 9
    for part in found:
        assert "additionalProperties" in part


def test_the_schema_knows_every_dtype():
    from conformance.typing_rules import DTYPES

    assert schema("graph")["$defs"]["node"]["properties"]["dtype"]["enum"] == list(DTYPES)


def test_validate_accepts_what_it_should():
    validate(small().to_json(), "graph")
