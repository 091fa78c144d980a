"""Cases and families are declared with everything that they need, or not at all."""

import functools
import inspect
from pathlib import Path

import numpy as np
import pytest

from conformance import CaseError, case, declaration, family, grad, ones, uniform, variable
from conformance.paths import display_path

HERE = display_path(__file__)


@case(x=3.0, w=variable(uniform(2)))
def product(xp, x, w):
    """Each factor's gradient carries
    the other factor.

    More about it.
    """
    return {"dy/dx": grad(x * w, x)}


@family(exp={"x": 0.5}, log={"x": uniform(3, low=0.5, high=2.0)})
def elementwise(xp, name, x):
    """Each function has its derivative."""
    return {"dy/dx": grad(getattr(xp, name)(x), x)}


def test_a_case_knows_itself():
    assert (product.name, product.member) == ("product", None)
    assert product.summary == "Each factor's gradient carries the other factor."
    assert product.id == f"{HERE}::product"
    assert product.path == Path(__file__)
    assert product.where.line == inspect.getsourcelines(product.function)[1]
    assert [(name, spec.kind) for name, spec in product.inputs.items()] == [
        ("x", "constant"), ("w", "variable")]


def test_a_family_is_a_case_for_each_member():
    assert [(c.name, c.member) for c in elementwise] == [
        ("elementwise.exp", "exp"), ("elementwise.log", "log")]
    assert [c.graph().nodes[1].op for c in elementwise] == ["exp", "log"]
    assert elementwise[1].values("float64")["x"].shape == (3,)


def test_inputs_are_passed_by_name_and_in_the_functions_order():
    @case(w=[1.0, 2.0], x=3.0)
    def swapped(xp, x, w):
        """The order of the declaration does not matter."""
        return {"dy/dx": grad(x * w, x)}

    assert [swapped.graph().nodes[i]["name"] for i in swapped.graph().inputs] == ["x", "w"]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_graphs_have_the_dtype_of_the_run(dtype):
    assert {n.type.dtype for n in product.graph(dtype)} == {dtype}


def test_integers_and_conditions_keep_their_dtype():
    @case(x=1.0, n=3, mask=[True, False])
    def mixed(xp, x, n, mask):
        """Only floats follow the run."""
        return {"dy/dx": grad(xp.where(mask, x, 0.0), x)}

    graph = mixed.graph("float64")
    assert [graph.nodes[i].type.dtype for i in graph.inputs] == ["float64", "int64", "bool"]
    assert {k: str(v.dtype) for k, v in mixed.values("float16").items()} == {
        "x": "float16", "n": "int64", "mask": "bool"}


def test_a_case_is_traced_once_for_each_dtype():
    calls = []

    @case(x=1.0)
    def counted(xp, x):
        """Counts."""
        calls.append(x)
        return {"dy/dx": grad(x * x, x)}

    assert counted.graph() is counted.graph("float32") is counted.graph(dtype="float32")
    counted.graph("float64")
    assert len(calls) == 2


def test_values_are_keyed_on_the_case_and_the_input():
    assert np.array_equal(product.values("float64")["w"],
                          uniform(2).values("product/w", "float64"))


def test_a_decorated_function_keeps_its_own_place_and_names():
    def twice(function):
        @functools.wraps(function)
        def wrapper(xp, **inputs):
            return function(xp, **inputs)

        return wrapper

    @case(x=1.0)
    @twice
    def wrapped(xp, x):
        """Through another function."""
        y = x * x
        return {"dy/dx": grad(y, x)}

    assert (wrapped.where.file, wrapped.path) == (HERE, Path(__file__))
    assert [n.name for n in wrapped.graph()][:2] == ["x", "y"]


def fine(xp, x):
    """Fine."""
    return {"dy/dx": grad(x * x, x)}


def silent(xp, x):
    return {"dy/dx": grad(x * x, x)}


def without_xp(x):
    """Forgets xp."""


def with_any(xp, *arguments):
    """Takes anything."""


def member_function(xp, name, x):
    """Fine."""


HERE_ = r"test_declaration\.py:\d+: "


@pytest.mark.parametrize(("declare", "said"), [
    (lambda: case()(fine), "fine is written (xp, x), but with these inputs it must be (xp); name "
     "each input once, as in @case(x=3.0) and def name(xp, x)"),
    (lambda: case(y=1.0)(fine), "but with these inputs it must be (xp, y)"),
    (lambda: case(x=1.0, y=1.0)(fine), "must be (xp, x, y)"),
    (lambda: case(x=1.0)(without_xp), "without_xp is written (x), but with these inputs it must be "
     "(xp, x)"),
    (lambda: case(x=1.0)(with_any), "with_any is written (xp, arguments), but"),
    (lambda: case(x=1.0)(silent), "silent has no docstring; say in one sentence what it shows"),
    (lambda: case(x=[[1.0], [1.0, 2.0]])(fine), "fine: an input's nested lists must form a"),
    (lambda: case(x="1")(fine), "fine: an input holds numbers or booleans, got '1'; write a "),
    (lambda: case(fine), "case takes each input by its name, as in @case(x=3.0), got <function fi"),
    (lambda: case(3.0), "case takes each input by its name, as in @case(x=3.0), got 3.0"),
    (lambda: case(x=1.0)(3.0), "a case is a function, def name(xp, x), got 3.0"),
    (lambda: case(x=1.0)(lambda xp, x: {}), "a case needs a name that says what it shows: write "
     "def name(xp, x) rather than <lambda>"),
    (lambda: case(x=1.0)(product), "a case is a function, def name(xp, x), got Case("),
    (lambda: family()(member_function), 'family takes members by name, as in @family(exp={"x": '
     "0.5}), got none"),
    (lambda: family(member_function), "family takes members by name, as in @family(exp={"),
    (lambda: family({"x": 1.0}), "got {'x': 1.0}"),
    (lambda: family(exp=0.5)(member_function), "member_function.exp: a member is a dict of inputs, "
     '{"x": 0.5}, got 0.5'),
    (lambda: family(exp={"w": 0.5})(member_function), "member_function.exp is written (xp, name, x)"
     ", but with these inputs it must be (xp, name, w)"),
    (lambda: family(exp={"x": 0.5})(fine), "fine.exp is written (xp, x), but with these inputs it "
     "must be (xp, name, x)"),
    (lambda: family(exp={"x": "1"})(member_function), "member_function.exp: an input holds num"),
])
def test_what_is_refused_and_why(declare, said):
    with pytest.raises(CaseError) as caught:
        declare()
    assert said in str(caught.value)
    assert str(caught.value.where).startswith(f"{HERE}:")


def test_two_cases_of_one_file_have_two_names():
    def again():
        def fine(xp, x):
            """Another one."""
            return {"dy/dx": grad(x * x, x)}

        return fine

    with declaration.collecting() as found:
        first = case(x=1.0)(fine)
        with pytest.raises(CaseError) as caught:
            case(x=1.0)(again())
    assert found == [first]
    assert f"two cases are called 'fine', the other is at {first.where}; rename one" in str(
        caught.value)


def test_collecting_nests_and_ends():
    with declaration.collecting() as outer:
        with declaration.collecting() as inner:
            first = case(x=1.0)(fine)
        second = case(x=ones(2))(fine)
    case(x=1.0)(fine)
    assert (inner, outer) == ([first], [second])
