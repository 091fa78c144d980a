"""Lines: every operator of single numbers is swept, and no other can be."""

import pytest

from conformance import ops
from conformance.accuracy.lines import FIXED, Line, select
from conformance.catalogue.operator import Op
from conformance.errors import UnknownOperator, UsageError
from conformance.typing_rules import TensorType, elementwise


def test_every_elementwise_operator_of_floats_is_swept():
    swept = {line.op for line in select()}
    for name, op in ops.CATALOGUE.items():
        if op.infer is elementwise and not op.parameters:
            assert name in swept
    assert {"pow", "hypot", "clip"} <= swept
    assert not {"matmul", "sum", "less", "where", "grad"} & swept


def test_a_binary_operator_varies_each_operand_beside_each_fixed_value():
    labels = [line.label for line in select(["atan2"])]
    assert labels == ["atan2(x, 0.5)", "atan2(x, 3)", "atan2(x, -2)",
                      "atan2(0.5, x)", "atan2(3, x)", "atan2(-2, x)"]
    assert len(labels) == 2 * len(FIXED)
    assert [line.label for line in select(["multiply"])] == ["multiply(x, 0.5)", "multiply(0.5, x)"]


def test_parameters_without_usable_defaults_are_those_of_the_cases():
    lines = select(["clip"])
    assert lines
    assert all(dict(line.parameters) != {"min": None, "max": None} for line in lines)
    assert all("min=" in line.label or "max=" in line.label for line in lines)


def test_an_operator_is_named_once():
    assert select(["exp", "exp"]) == [Line("exp")]


def test_an_unknown_operator_gets_the_nearest():
    with pytest.raises(UnknownOperator, match=r"there is no operator 'expp'; did you mean xp\.exp"):
        select(["expp"])


def test_an_operator_of_arrays_is_refused():
    with pytest.raises(UsageError, match="'matmul' cannot be swept: it does not make one number"):
        select(["exp", "matmul"])


def test_the_graph_has_as_many_derivatives_as_asked_for():
    graph = Line("pow", 1, (3.0,)).graph((4,), "float32", (0, 2))
    assert [output.name for output in graph.outputs] == ["value", "second"]
    assert [node.op for node in graph] == ["input", "literal", "pow", "grad", "grad"]
    assert graph.nodes[2].inputs == (1, 0)
    assert graph.nodes[4].type == TensorType((4,), "float32")


@pytest.mark.parametrize(("domain", "interval"), [
    ("all reals", (float("-inf"), float("inf"))), ("x > 0", (0.0, float("inf"))),
    ("x > 0, or complex off the cut", (0.0, float("inf"))),
    ("x >= -1.5", (-1.5, float("inf"))), ("x < 1", (float("-inf"), 1.0)),
    ("abs(x) < 1", (-1.0, 1.0)), ("0 < x < 1", (0.0, 1.0)), ("x != 0", None)])
def test_a_domain_that_is_an_interval_is_read(domain, interval):
    assert Op("f", 1, elementwise, domain=domain).interval == interval


def test_an_interval_is_of_one_operand():
    assert Op("f", 2, elementwise).interval is None
    assert Line("divide", 0, (3.0,)).interval == (float("-inf"), float("inf"))
