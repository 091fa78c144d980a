"""Oracles with a wrong formula, and cases with a wrong closed form: each is contradicted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from conformance import runner
from conformance.declaration import Case
from conformance.errors import ClosedFormError
from conformance.graph import Graph, Node, Output
from conformance.oracle import Kink, check_closed_forms, derivatives
from conformance.oracle import evaluate as oracle
from conformance.oracle.walking import filled
from conformance.typing_rules import TensorType

# --- wrong formulas -------------------------------------------------------------------------------

# Values that carry no derivative, so that a wrong slope of theirs is never there.
WITHOUT_SLOPES = {"ceil", "constant", "floor", "literal", "ones_like", "round", "sign",
                  "stop_gradient", "trunc"}
# A truth value and a zero are what they are however they are scaled.
UNSCALED = {"less", "less_equal", "greater", "greater_equal", "equal", "not_equal", "zeros_like"}
FORMULAS = sorted(set(oracle.RULES) - UNSCALED - {"input"})


def scaled(right, factor, wanted):
    """The rule with the coefficients of `wanted` masks scaled, and all others as they should be."""
    def scale(jet):
        if not isinstance(jet, dict):
            return jet
        return {mask: factor * x if wanted(mask) else x for mask, x in jet.items()}

    def rule(step, *operands):
        value = right(step, *operands)
        return filled([scale(jet) for jet in value.flat], value.shape)

    return rule


WRONG = {
    "off by a thousandth": (1.001, lambda mask: True),
    "slopes off by a thousandth": (1.001, lambda mask: mask),
    "slopes negated": (-1, lambda mask: mask),
}


@pytest.mark.parametrize(("name", "kind"), [
    (name, kind) for name in FORMULAS for kind in WRONG
    if not (name in WITHOUT_SLOPES and "slopes" in kind)])
def test_wrong_formula_is_contradicted(suite, record_property, name, kind) -> None:
    """The oracle then calls a correct engine wrong, and most often a closed form as well."""
    factor, wanted = WRONG[kind]
    wrong = scaled(oracle.Step.gradient if name == "grad" else oracle.RULES[name], factor, wanted)
    cases = suite.using(name)
    by_form = any(contradicted(case, name, wrong) for case in cases)
    by_engine = any(accused(suite, case, name, wrong) for case in cases)
    record_property("saboteur", ["oracle, by closed forms", by_form, None])
    record_property("saboteur", ["oracle, by an engine", by_engine, None])
    assert by_engine, f"{name} {kind} passes {len(cases)} cases"


def plant(patch, name, wrong) -> None:
    if name == "grad":
        patch.setattr(oracle.Step, "gradient", wrong)
    else:
        patch.setitem(oracle.RULES, name, wrong)


def contradicted(case, name, wrong) -> bool:
    """Whether a closed form says something else than the oracle, which it did not before."""
    graph = case.graph("float64")
    with pytest.MonkeyPatch.context() as patch:
        plant(patch, name, wrong)
        found = refused(case, graph)
    assert not refused(case, graph)
    return found


def refused(case, graph) -> bool:
    try:
        check_closed_forms(graph, case.values("float64"))
    except ClosedFormError:
        return True
    return False


def accused(suite, case, name, wrong) -> bool:
    """Whether a derivative of the engine that agreed is now said to differ."""
    healthy = suite.healthy(case, "float64")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "truths", lambda case, dtype: derivatives(
            case.graph(dtype), case.values(dtype)))
        plant(patch, name, wrong)
        verdicts = suite.ask(case, "float64")
    return any(v.verdict == "differs" and v.derivative in healthy for v in verdicts)


# --- wrong closed forms ---------------------------------------------------------------------------

TURNED = {"add": "subtract", "subtract": "add"}


def extended(graph: Graph, output: Output, operator: str, *numbers: float) -> Graph:
    """The graph with this output alone, and `operator` of its closed form and numbers in its place.
    """
    nodes = list(graph.nodes)
    closed = nodes[output.closed_form]
    operands = [output.closed_form]
    for number in numbers:
        operands.append(len(nodes))
        nodes.append(Node("literal", (), (("value", number),), TensorType((), closed.type.dtype)))
    nodes.append(Node(operator, tuple(operands), (), closed.type, where=closed.where))
    return Graph(tuple(nodes), (replace(output, closed_form=len(nodes) - 1),))


def negated(graph: Graph, output: Output) -> Iterator[Graph]:
    yield extended(graph, output, "negative")


def thousandth_off(graph: Graph, output: Output) -> Iterator[Graph]:
    yield extended(graph, output, "multiply", 1.001)


def without_a_term(graph: Graph, output: Output) -> Iterator[Graph]:
    """One of the two terms of a closed form that is a sum or a difference."""
    closed = graph.nodes[output.closed_form]
    if closed.op in TURNED:
        for term in closed.inputs:
            yield Graph(graph.nodes, (replace(output, closed_form=term),))


def with_a_sign_turned(graph: Graph, output: Output) -> Iterator[Graph]:
    """Each plus and minus sign that stands in the closed form alone, turned."""
    for position in sorted(graph.ancestors[output.closed_form] - graph.program()):
        node = graph.nodes[position]
        if node.op in TURNED and node.type.is_float:
            turned = Node(TURNED[node.op], node.inputs, node.parameters, node.type,
                          where=node.where)
            yield Graph((*graph.nodes[:position], turned, *graph.nodes[position + 1:]), (output,))


SABOTAGES = {
    "closed form negated": negated,
    "closed form off by 1.001": thousandth_off,
    "closed form without a term": without_a_term,
    "closed form, a sign turned": with_a_sign_turned,
}


@pytest.mark.parametrize("kind", SABOTAGES)
def test_wrong_closed_form_is_an_error(suite, record_property, kind) -> None:
    """Every closed form of every case, made wrong in its turn, is found out."""
    planted = 0
    for case, output in closed_forms(suite):
        for graph in SABOTAGES[kind](case.graph("float64"), output):
            if refused(case, graph):
                record_property("saboteur", [kind, True, None])
                planted += 1
            else:
                assert equivalent(case, graph), f"{case.id} {output.name}: {kind} passes"
    assert planted > 50


def closed_forms(suite) -> Iterator[tuple[Case, Output]]:
    for case in suite.cases:
        for output in case.graph("float64").outputs:
            if output.closed_form is not None:
                yield case, output


def equivalent(case, graph) -> bool:
    """Whether the closed form is right in spite of all: what was changed is zero there."""
    (output,) = graph.outputs
    both = Graph(graph.nodes, (Output("truth", output.node), Output("claim", output.closed_form)))
    found = derivatives(both, case.values("float64"))
    if any(isinstance(truth, Kink) for truth in found.values()):
        return True  # a closed form of a set is not checked
    return bool((found["truth"].hi == found["claim"].hi).all())
