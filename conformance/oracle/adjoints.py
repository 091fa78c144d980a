"""Reverse sweeps hold adjoints, whose range the slopes of a forward evaluation do not show."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.oracle.evaluate import Evaluation, Shift, Step
from conformance.oracle.jets import Missing

# Only here do ordinary programs leave the range, and looking costs a gradient for every node.
NARROW = ("float16",)


def overflow(evaluation: Evaluation, output: int) -> str:
    """A note if an adjoint on the way to an output may overflow its narrow dtype, or ''."""
    graph = evaluation.graph
    for position in sorted(graph.ancestors[output]):
        if graph.nodes[position].op != "grad":
            continue
        for node in _between(evaluation, *graph.nodes[position].inputs):
            if _overflows(evaluation, graph.nodes[position].inputs[0], node):
                found = graph.nodes[node]
                return f"the adjoint of {found.where} {found.op} may overflow {found.type.dtype}"
    return ""


def _between(evaluation: Evaluation, target: int, source: int) -> Iterator[int]:
    graph = evaluation.graph
    for node in sorted(graph.ancestors[target]):
        if source in graph.ancestors[node] and graph.nodes[node].type.dtype in NARROW:
            yield node


def _overflows(evaluation: Evaluation, target: int, node: int) -> bool:
    """Whether the gradient of the target for this intermediate may be too large."""
    step = Step(evaluation, node, evaluation.graph.nodes[node])
    value = evaluation.shifted(evaluation.key(target, (Shift(0, node),)))
    for adjoint in step.gradient(0, step.node.type.size, value, None):
        if type(adjoint) is Missing:
            if adjoint.kind == "overflow":
                return True
        elif not abs(adjoint[0]) <= step.arithmetic.largest:
            return True
    return False
