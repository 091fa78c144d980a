"""A graph as JSON and back, without loss: floats are hexadecimal, keys are closed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from operator import itemgetter
from typing import Any

from conformance.errors import GraphError, Location
from conformance.graph import Graph, Node, Output
from conformance.typing_rules import TensorType

FORMAT = "conformance-graph"
VERSION = 1


def graph_to_json(graph: Graph) -> dict[str, Any]:
    """The document that docs and other languages read; `schemas/graph.schema.json` describes it."""
    return {"format": FORMAT, "version": VERSION,
            "nodes": [_node_to_json(node) for node in graph.nodes],
            "outputs": [_output_to_json(output) for output in graph.outputs]}


def graph_from_json(document: Mapping[str, Any]) -> Graph:
    """The graph of a document; raises GraphError with the JSON path of what is wrong."""
    validate(document, "graph")
    return Graph(tuple(_node_from_json(i, node) for i, node in enumerate(document["nodes"])),
                 tuple(Output(o["name"], o["node"], o.get("closed_form"))
                       for o in document["outputs"]))


@cache
def schema(name: str) -> dict[str, Any]:
    """The JSON Schema `graph`, `results`, `vector` or `vectors`."""
    text = resources.files("conformance").joinpath(f"schemas/{name}.schema.json").read_text("utf-8")
    return json.loads(text)


def validate(document: Any, name: str) -> None:
    """Raise GraphError where `document` breaks the schema `name`."""
    from jsonschema.exceptions import best_match

    error = best_match(_checker(name).iter_errors(document))
    if error:
        raise GraphError(f"not a valid {name} document at {error.json_path}: {error.message}")


@cache
def _checker(name: str) -> Any:
    import jsonschema
    import referencing

    # JSON Schema takes 1.0 for an integer; a position or a shape in a document of ours is not one
    strict = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: type(value) is int)
    extended = jsonschema.validators.extend(jsonschema.Draft202012Validator, type_checker=strict)
    graph = referencing.Resource.from_contents(schema("graph"))  # a vector holds one
    return extended(schema(name),
                    registry=referencing.Registry().with_resource("graph.schema.json", graph))


def _node_to_json(node: Node) -> dict[str, Any]:
    document: dict[str, Any] = {
        "op": node.op, "inputs": list(node.inputs),
        "parameters": {name: _encode(value) for name, value in node.parameters},
        "shape": list(node.type.shape), "dtype": node.type.dtype}
    if node.name:
        document["name"] = node.name
    if node.where:
        document["where"] = {"file": node.where.file, "line": node.where.line}
    return document


def _node_from_json(position: int, document: Mapping[str, Any]) -> Node:
    where = document.get("where")
    try:
        parameters = [(name, _decode(value)) for name, value in document["parameters"].items()]
    except OverflowError as error:
        raise GraphError(f"node {position}, {document['op']}: {error}") from None
    return Node(document["op"], tuple(document["inputs"]),
                tuple(sorted(parameters, key=itemgetter(0))),
                TensorType(tuple(document["shape"]), document["dtype"]), document.get("name"),
                Location(where["file"], where["line"]) if where else None)


def _output_to_json(output: Output) -> dict[str, Any]:
    document: dict[str, Any] = {"name": output.name, "node": output.node}
    if output.closed_form is not None:
        document["closed_form"] = output.closed_form
    return document


def _encode(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return {"float": value.hex()}
    if isinstance(value, complex):
        return {"complex": [value.real.hex(), value.imag.hex()]}
    if isinstance(value, tuple):
        return [_encode(v) for v in value]
    if isinstance(value, slice):
        return {"slice": [value.start, value.stop, value.step]}
    if value is Ellipsis:
        return {"ellipsis": True}
    raise GraphError(f"no JSON form for the parameter {value!r}")


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_decode(v) for v in value)
    if not isinstance(value, Mapping):
        return value
    if "float" in value:
        return float.fromhex(value["float"])
    if "complex" in value:
        return complex(*map(float.fromhex, value["complex"]))
    return Ellipsis if "ellipsis" in value else slice(*value["slice"])
