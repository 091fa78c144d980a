"""Equal subexpressions become one node, so that what is equal by structure is seen to be equal."""

from __future__ import annotations

import math

import numpy as np

from conformance.gathering_rules import places_along
from conformance.graph import DERIVATIVES, Graph, Node, Output
from conformance.product_rules import summation
from conformance.typing_rules import broadcast_shapes
from conformance.window_rules import pooled_places, products

COMMUTATIVE = frozenset({"add", "multiply", "maximum", "minimum", "hypot", "logaddexp", "equal",
                         "not_equal"})


def merge(graph: Graph, outputs: tuple[Output, ...]) -> Graph:
    """The part of a graph that `outputs` need, with structurally equal nodes merged.

    A node that is the source of a gradient stays apart from its equals: the gradient is with
    respect to it, and its equals do not follow it.
    """
    roots = [i for o in outputs for i in (o.node, o.closed_form) if i is not None]
    needed = sorted(frozenset().union(*(graph.ancestors[i] for i in roots)))
    sources = {graph.nodes[i].inputs[1] for i in needed
               if graph.nodes[i].op in DERIVATIVES}
    place: dict[int, int] = {}
    seen: dict[object, int] = {}
    nodes: list[Node] = []
    for position in needed:
        node = graph.nodes[position]
        operands = tuple(place[i] for i in node.inputs)
        order = tuple(sorted(operands)) if node.op in COMMUTATIVE else operands
        key = (node.op, order, repr(node.parameters), node.type,
               position if position in sources else None)
        if key not in seen:
            seen[key] = len(nodes)
            nodes.append(Node(node.op, operands, node.parameters, node.type, node.name, node.where))
        place[position] = seen[key]
    return Graph(tuple(nodes), tuple(
        Output(o.name, place[o.node], None if o.closed_form is None else place[o.closed_form])
        for o in outputs))


def uses(graph: Graph) -> list[int]:
    """For each node, in how many places one of its elements is consumed, at most."""
    count = [0] * len(graph.nodes)
    for node in graph.nodes:
        for operand in (i for k, i in enumerate(node.inputs)
                        if k != 1 or node.op not in DERIVATIVES):
            count[operand] += _uses(graph, node, operand)
    return count


def _uses(graph: Graph, node: Node, operand: int) -> int:
    size = max(1, graph.nodes[operand].type.size)
    match node.op:
        case "grad" | "jvp" | "vjp" | "jacobian" | "concat" | "stack":
            return 1
        case "matmul":
            # every element meets each row or column of the other side
            inner = graph.nodes[node.inputs[0]].type.shape[-1]
            return max(1, node.type.size * inner // size)
        case "outer" | "inner" | "tensordot" | "einsum":
            a, b = (graph.nodes[i].type.shape for i in node.inputs)
            return max(1, summation(node.op, dict(node.parameters), a, b).size(a, b) // size)
        case "vecdot":
            a, b = (graph.nodes[i].type.shape for i in node.inputs)
            return max(1, math.prod(broadcast_shapes(a, b)) // size)
        case "cross":
            return 2 * max(1, node.type.size // size)
        case "pad" if node["mode"] != "constant":
            # what lies at an edge, or is mirrored, is copied along each axis
            return math.prod(1 + (sum(pair) if node["mode"] == "edge" else 2 * bool(any(pair)))
                             for pair in node["widths"])
        case "repeat" if isinstance(node["repeats"], tuple):
            return max((1, *node["repeats"]))
        case "take_along_axis":
            places = places_along(graph.nodes[operand].type.shape, node["indices"], node["axis"])
            return max(1, int(np.bincount(places.ravel()).max(initial=1)))
        case "put_along_axis" | "scatter_add" | "index_add":
            return 1
        case "take":
            return max((node["indices"].count(i) for i in node["indices"]), default=1)
        case "cumulative_sum" | "cumulative_prod" | "cumulative_max" | "cumulative_min":
            return graph.nodes[operand].type.shape[node["axis"]] or 1
        case "cumulative_logsumexp":  # as logsumexp, at each place
            return 3 * (graph.nodes[operand].type.shape[node["axis"]] or 1)
        case "trapezoid":
            return 2
        case "var" | "std" | "softmax" | "log_softmax" | "logsumexp":
            return 3  # the numbers themselves, their centre or largest, and their sum
        case "conv1d" | "conv2d" | "conv3d" \
                | "conv_transpose1d" | "conv_transpose2d" | "conv_transpose3d":
            shapes = tuple(graph.nodes[i].type.shape for i in node.inputs)
            places = products(node, shapes)[1:]  # of x and the weight, which may be one node
            return max(_most(at) for i, at in zip(node.inputs, places, strict=True)
                       if i == operand)
        case "max_pool1d" | "max_pool2d" | "max_pool3d" | "avg_pool1d" | "avg_pool2d" \
                | "avg_pool3d" | "adaptive_avg_pool1d" | "adaptive_avg_pool2d" \
                | "adaptive_avg_pool3d":
            windows = pooled_places(node, graph.nodes[operand].type.shape)
            return _most(np.concatenate(windows)) if windows else 1
        case "standardize" | "layer_norm" | "rms_norm" | "batch_norm" | "instance_norm" \
                | "group_norm" | "normalize" if operand == node.inputs[0]:
            return 3  # the numbers themselves, their mean, and that of their squares
        case "local_response_norm":
            return 1 + node["size"]
        case "linear" if operand != node.inputs[2]:
            return max(1, node.type.size * graph.nodes[node.inputs[1]].type.shape[1] // size)
        case "bilinear":
            pairs = math.prod(graph.nodes[node.inputs[2]].type.shape[1:])
            return max(1, node.type.size * pairs // size)
        case "scaled_dot_product_attention":
            lengths = [graph.nodes[i].type.shape[2] for i in node.inputs[:2]]
            return 2 + max(lengths)  # every other place, and two sums of the softmax
    return max(1, node.type.size // size)


def _most(places: np.ndarray) -> int:
    """How often the place is there that is there most often."""
    return max(1, int(np.bincount(places).max(initial=0)))
