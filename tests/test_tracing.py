"""A case function becomes a graph that knows the author's names and lines, or one clear error."""

import functools
import inspect
import math
import operator
import statistics
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import case, grad, trace
from conformance.errors import CaseError
from conformance.graph import Graph
from conformance.paths import display_path
from conformance.typing_rules import TensorType

HERE = display_path(__file__)
SCALAR, PAIR = TensorType((), "float32"), TensorType((2,), "float32")
MATRIX, COUNT = TensorType((2, 3), "float32"), TensorType((), "int64")
KINDS = {"x": PAIR, "w": PAIR, "s": SCALAR, "m": MATRIX, "i": COUNT, "cube": TensorType(
    (2, 3, 4), "float32")}


def traced(function, dtype="float32", **types):
    """Trace a function whose parameters' names say their types."""
    wanted = list(inspect.signature(function).parameters)[1:]
    types = {name: (types.get(name, KINDS[name]), "constant") for name in wanted}
    return trace(function, types, dtype=dtype)


def program(graph: Graph):
    """Nodes as text: `multiply(0, 1)`, with parameters where there are any."""
    return [f"{n.op}{n.inputs}" + "".join(f" {k}={v!r}" for k, v in n.parameters if n.op != "input")
            for n in graph]


def only(graph: Graph, op: str):
    (node,) = (n for n in graph if n.op == op)
    return node


# --- what is recorded --------------------------------------------------------------------------

def test_a_small_case():
    def function(xp, s):
        y = s**2
        return {"dy/ds": grad(y, s) == 2 * s}

    graph = traced(function)
    assert program(graph) == ["input()", "literal() value=2", "pow(0, 1)", "grad(2, 0)",
                              "literal() value=2", "multiply(4, 0)"]
    (output,) = graph.outputs
    assert (output.name, output.node, output.closed_form) == ("dy/ds", 3, 5)
    assert [n.name for n in graph] == ["s", None, "y", None, None, None]


def test_numbers_take_the_dtype_of_what_they_meet():
    def function(xp, x, i):
        kept = xp.where(xp.equal(i, 3), x, 1)
        return {"dy/dx": grad(xp.where(True, kept, 0.0), x)}

    graph = traced(function, dtype="float64", x=TensorType((2,), "float64"))
    assert [(n["value"], n.type.dtype) for n in graph if n.op == "literal"] == [
        (3, "int64"), (1, "float64"), (True, "bool"), (0.0, "float64")]


def test_two_numbers_are_floats_of_the_run():
    def function(xp, x):
        return {"dy/dx": grad(x * xp.add(1, 2), x)}

    assert only(traced(function), "add").type == SCALAR


def test_a_number_takes_the_dtype_of_an_array_that_it_meets():
    def function(xp, x):
        return {"dy/dx": grad(xp.where(xp.less(np.array([1, 5]), 3), x, 0.0), x)}

    assert [n.type.dtype for n in traced(function) if n.op == "literal"] == ["int64", "float32"]


@given(value=st.floats() | st.integers(-2**63, 2**63 - 1))
def test_numbers_stay_exactly_what_they_are(value):
    def function(xp, x):
        return {"dy/dx": grad(x * value, x)}

    assert repr(only(traced(function), "literal")["value"]) == repr(value)


def test_constants_keep_every_bit():
    values = np.array([[-0.0, np.nan], [np.inf, 0.1]])

    def function(xp, x):
        return {"dy/dx": grad(xp.sum(x) * xp.asarray(values), x)}

    node = only(traced(function), "constant")
    assert repr(node["value"]) == repr((-0.0, math.nan, math.inf, 0.1))
    assert node.type == TensorType((2, 2), "float32")


def test_parameters_are_plain():
    def function(xp, m):
        y = m[np.int64(0), slice(np.int64(0), None)]
        z = xp.take(xp.reshape(m, [np.int64(3), -1]), np.array([2, 0]), 0)
        return {"d": grad(y, m), "e": grad(z, m), "f": grad(xp.sum(m, [0, 1]), m)}

    graph = traced(function)
    assert repr(only(graph, "getitem")["index"]) == "(0, slice(0, None, None))"
    assert repr(only(graph, "reshape")["shape"]) == "(3, 2)"
    assert repr(only(graph, "take")["indices"]) == "(2, 0)"
    assert only(graph, "sum")["axis"] == (0, 1)


def test_creation():
    def function(xp, x):
        return {"d": grad(x * xp.zeros(2) + xp.ones((3, 1)) * xp.full((2,), 2), x)}

    assert [n["value"] for n in traced(function) if n.op == "constant"] == [
        (0.0, 0.0), (1.0, 1.0, 1.0), (2.0, 2.0)]


def test_dead_code_is_pruned_and_inputs_are_kept():
    def function(xp, x, w):
        xp.exp(xp.sin(w))
        y = x * x
        xp.cos(y)
        return {"dy/dx": grad(y, x)}

    assert program(traced(function)) == ["input()", "input()", "multiply(0, 0)", "grad(2, 0)"]


def test_a_closed_form_may_be_a_number_an_array_or_a_value_that_broadcasts():
    def function(xp, x, s):
        y = 3 * x
        return {"a": grad(y, x) == 3, "b": 3.0 == grad(y, x), "c": grad(y, x) == s,  # noqa: SIM300
                "d": grad(y, x) == np.array([3.0, 3.0]), "e": np.array([3.0]) == grad(y, x)}

    graph = traced(function)
    closed = [graph.nodes[o.closed_form].op for o in graph.outputs]
    assert closed == ["literal", "literal", "input", "constant", "constant"]
    assert all(n.where.file == HERE for n in graph)


def test_results_may_be_values_too():
    def function(xp, x):
        y = x * x
        return {"y": y, "dy/dx": grad(y, x)}

    assert [o.node for o in traced(function).outputs] == [1, 2]


# --- names -------------------------------------------------------------------------------------

def names(function):
    return {n.op: n.name for n in traced(function)}


def test_names_of_variables_tuples_loops_and_closures():
    def function(xp, x):
        a, (b, c) = xp.sin(x), (xp.cos(x), xp.tan(x))
        for layer in (xp.exp, xp.tanh):
            c = layer(c)

        def inner():
            return xp.square(b * c)

        y = inner()
        dy_dx = grad(y + a, x) == x
        return {"dy/dx": dy_dx}

    assert names(function) == {
        "input": "x", "sin": "a", "cos": "b", "tan": None, "exp": None, "tanh": "c",
        "multiply": None, "square": "y", "add": None, "grad": "dy_dx"}


def test_the_earliest_name_counts_and_underscores_do_not():
    def function(xp, x):
        y = xp.sin(x)
        z = y
        _ = xp.cos(z)
        return {"d": grad(_ * z, x)}

    assert names(function) == {"input": "x", "sin": "y", "cos": None, "multiply": None,
                               "grad": None}


def test_a_profiler_is_left_alone():
    calls = []

    def profiler(frame, event, argument):
        calls.append(event)

    def good(xp, x):
        return {"d": grad(x * x, x)}

    def bad(xp, x):
        raise ValueError("no")

    before = sys.getprofile()
    sys.setprofile(profiler)
    try:
        traced(good)
        assert sys.getprofile() is profiler
        with pytest.raises(ValueError, match="no"):
            traced(bad)
        assert sys.getprofile() is profiler
    finally:
        sys.setprofile(before)
    assert "call" in calls


# --- places ------------------------------------------------------------------------------------

def marked(function, mark="# <-"):
    """The line of a function that carries the mark."""
    lines, first = inspect.getsourcelines(function)
    (line,) = (first + i for i, text in enumerate(lines) if text.rstrip().endswith(mark))
    return line


def helper(xp, x):
    return xp.exp(x)  # <-


def test_nodes_know_the_authors_lines():
    def function(xp, x):
        y = xp.sin(x)  # <- 1
        rows = [
            row * row  # <- 2
            for row in y]
        for _ in range(1):
            rows[0] = xp.cos(rows[0])  # <- 3
        z = (rows[0]
             + helper(xp, rows[1])  # <- 4
             )
        return {"d": grad(z, x)}  # <- 5

    graph = traced(function)
    assert {n.where.file for n in graph} == {HERE}
    lines = {n.op: n.where.line for n in graph}
    assert lines["input"] == inspect.getsourcelines(function)[1]
    assert lines["sin"] == marked(function, "# <- 1")
    assert lines["multiply"] == marked(function, "# <- 2")
    assert lines["cos"] == marked(function, "# <- 3")
    assert lines["exp"] == marked(helper)
    assert lines["add"] in range(marked(function, "# <- 4") - 1, marked(function, "# <- 4") + 1)
    assert lines["grad"] == marked(function, "# <- 5")


def test_other_peoples_code_is_not_the_authors():
    def function(xp, x):
        y = functools.reduce(operator.mul, [x, x])
        z = statistics.mean([y])  # <-
        return {"d": grad(z, x)}

    with pytest.raises(CaseError) as caught:
        traced(function)
    assert str(caught.value.where) == f"{HERE}:{marked(function)}"


def test_cases_inside_the_installed_package_are_the_authors(tmp_path, monkeypatch):
    from conformance import callers

    file = tmp_path / "conformance" / "cases" / "mine.py"
    monkeypatch.setattr(callers, "_PACKAGE", f"{tmp_path / 'conformance'}/")
    monkeypatch.setattr(callers, "_SUITE", f"{file.parent}/")
    space = {"grad": grad}
    source = "def function(xp, x):\n    y = x * x\n    return {'d': grad(y, x)}\n"
    exec(compile(source, str(file), "exec"), space)
    monkeypatch.chdir(tmp_path)
    assert [str(n.where) for n in traced(space["function"])] == [
        f"conformance/cases/mine.py:{line}" for line in (1, 2, 3)]


# --- errors ------------------------------------------------------------------------------------

ELSEWHERE = []


def leak(xp, x):
    ELSEWHERE.append(x)
    return {"d": grad(x * x, x)}


@case(x=3.0)
def declared(xp, x):
    """Is a Case, not a value."""
    return {"d": grad(x * x, x)}


RETURNED = {
    "nothing": (lambda xp, x: None, "a case returns a dict of named derivatives, "
                '{"dy/dx": grad(y, x)}; got None; is `return` missing?'),
    "empty": (lambda xp, x: {}, "a dict of named derivatives, ", "got {}"),
    "bare": (lambda xp, x: grad(x * x, x), "a dict of named", "got <traced float32[2]>"),
    "list": (lambda xp, x: [grad(x * x, x)], "got [<traced float32[2]>]"),
    "number": (lambda xp, x: {"d": 3.0}, "the result 'd' must be a traced value of the case, got "
               "3.0; write grad(y, x)"),
    "case": (lambda xp, x: {"d": declared}, "the result 'd' must be a traced value of the case"),
    "nameless": (lambda xp, x: {"": grad(x * x, x)}, 'a result has a name such as "dy/dx", got'),
    "numbered": (lambda xp, x: {1: grad(x * x, x)}, 'a name such as "dy/dx", got 1'),
    "condition": (lambda xp, x: {"d": x > 0}, "the result 'd' is bool[2]; results are floating"),
    "no derivative": (lambda xp, x: {"y": x * x}, "a case with no derivative; return at least one "
                      "grad(target, source)"),
    "swapped": (lambda xp, x: {"d": 2 * x == grad(x * x, x)}, "a case with no derivative; write "
                "the derivative on the left of its closed form: grad(y, x) == 2 * x"),
    "closed shape": (lambda xp, x: {"d": grad(x * x, x) == np.ones(3)}, "the closed form of 'd' is "
                     "float32[3], which does not fit its derivative, float32[2]"),
    "closed wider": (lambda xp, s: {"d": grad(s * s, s) == np.ones(2)}, "is float32[2], which does "
                     "not fit its derivative, float32[]"),
    "closed integers": (lambda xp, x: {"d": grad(x * x, x) == np.array([1, 2])}, "the closed form "
                        "of 'd' is int64[2], which does not fit its derivative, float32[2]; write "
                        "floats (3.0 rather than 3)"),
    "closed bool": (lambda xp, x: {"d": grad(x * x, x) == True}, "is bool[]"),  # noqa: E712
    "closed list": (lambda xp, x: {"d": grad(x * x, x) == [2.0, 2.0]}, "got [2.0, 2.0] (list); "
                    "wrap a list in xp.asarray(...)"),
    "another case": (lambda xp, x: traced(leak) and {"d": grad(x * x, x), "e": ELSEWHERE[-1]},
                     "a traced value of another case was used here"),
}


@pytest.mark.parametrize("name", RETURNED)
def test_what_a_case_cannot_return(name):
    function, *said = RETURNED[name]
    with pytest.raises(CaseError) as caught:
        traced(function)
    for part in said:
        assert part in str(caught.value)
    place = caught.value.where
    assert place.file == HERE
    assert 0 <= place.line - function.__code__.co_firstlineno <= 1


def test_runs_are_in_floats():
    with pytest.raises(CaseError, match=r"cases run in float16, .*, not 'int64'"):
        traced(leak, dtype="int64")


def test_grad_outside_of_a_case_says_where():
    with pytest.raises(CaseError, match=r"test_tracing\.py:\d+: grad's target must be one traced"):
        grad(1.0, 2.0)
