"""The catalogue is consistent, and a name from another library leads to the one to write."""

import sys

import pytest

from conformance import aliases, ops
from conformance.errors import ShapeError, UnknownOperator

LINEARITIES = {"linear", "bilinear", "piecewise", "quotient", "nonlinear", "constant"}


@pytest.mark.parametrize("op", ops.CATALOGUE.values(), ids=lambda op: op.name)
def test_every_entry_is_well_formed(op):
    assert op.name.isidentifier()
    assert op in sys.modules[f"conformance.catalogue.{op.group}"].OPERATORS
    assert op.linearity in LINEARITIES
    assert op.arity is None or 0 <= op.arity <= 3
    assert op.linearity not in ("bilinear", "quotient") or op.arity == 2
    assert op.linearity != "piecewise" or op.kinks
    assert "|" not in op.domain + op.kinks


def test_rows_of_elementwise_operators_are_read():
    assert ops.get("acos").domain == "abs(x) < 1"
    assert (ops.get("abs").domain, ops.get("abs").kinks) == ("all reals", "0")
    assert (ops.get("sign").kinks, ops.get("sign").linearity) == ("0", "constant")
    assert ops.get("tanh").domain == "all reals"


def test_bind_fills_in_defaults():
    assert ops.get("sum").bind({"keepdims": True}) == {"axis": None, "keepdims": True}
    assert ops.get("exp").bind({}) == {}


@pytest.mark.parametrize(("name", "keywords", "said"), [
    ("sum", {"dim": 0}, "has no parameter 'dim'; did you mean 'axis'?"),
    ("sum", {"keepdim": True}, "has no parameter 'keepdim'; did you mean 'keepdims'?"),
    ("sum", {"axes": 0}, "has no parameter 'axes'; did you mean 'axis'?"),
    ("sum", {"dtype": "float32"}, "has no parameter 'dtype'; floats take the dtype of the run"),
    ("sum", {"where": 0}, "has no parameter 'where'; it takes 'axis', 'keepdims'"),
    ("exp", {"out": 0}, "has no parameter 'out'; it takes operands only"),
    ("var", {"ddof": 1}, "has no parameter 'ddof'; did you mean 'correction'?"),
    ("clip", {"a_min": 0}, "has no parameter 'a_min'; did you mean 'min'?"),
    ("permute_dims", {"perm": (0, 1)}, "has no parameter 'perm'; did you mean 'axes'?"),
    ("roll", {"shifts": 1}, "has no parameter 'shifts'; did you mean 'shift'?"),
    ("reshape", {}, "needs the parameter 'shape'"),
    ("take", {"indices": (0,)}, "needs the parameter 'axis'"),
])
def test_parameters_that_are_unknown_or_missing(name, keywords, said):
    with pytest.raises(ShapeError) as caught:
        ops.get(name).bind(keywords)
    assert said in str(caught.value)


@pytest.mark.parametrize(("name", "remedy"), [
    ("tanhh", "did you mean xp.tanh"),
    ("matmull", "did you mean xp.matmul"),
    ("power", "write xp.pow"),
    ("transpose", "write xp.permute_dims(x, axes), or xp.matrix_transpose(x)"),
    ("concatenate", "write xp.concat"),
    ("cat", "write xp.concat"),
    ("arcsin", "write xp.asin"),
    ("mul", "write xp.multiply"),
    ("clamp", "write xp.clip"),
    ("reduce_sum", "write xp.sum"),
    ("unsqueeze", "write xp.expand_dims"),
    ("cumsum", "write xp.cumulative_sum"),
    ("dot", "write xp.matmul"),
    ("gather", "write xp.take"),
    ("detach", "write xp.stop_gradient"),
    ("array", "write xp.asarray"),
    ("norm", "write xp.vector_norm"),
    ("arange", "write the numbers, as in xp.asarray([0.0, 1.0, 2.0])"),
    ("newaxis", "write None, as in x[None, :]"),
    ("astype", "floats take the dtype of the run"),
    ("float32", "floats take the dtype of the run"),
    ("linalg", "write xp.matmul"),
    ("logical_and", "write xp.where inside xp.where"),
    ("qqqq", "conformance/catalogue lists those that there are"),
])
def test_unknown_operators_lead_to_known_ones(name, remedy):
    with pytest.raises(UnknownOperator) as caught:
        ops.get(name)
    assert str(caught.value).startswith(f"there is no operator {name!r}; ")
    assert remedy in str(caught.value)


def test_suggestions_name_what_exists():
    for ours in aliases.OPERATORS.values():
        assert ours in ops.CATALOGUE or ours == "asarray"
    parameters = {name for op in ops.CATALOGUE.values() for name in op.parameters}
    assert {ours for names in aliases.PARAMETERS.values() for ours in names} <= parameters


def test_no_operator_is_taken_for_another_librarys():
    authored = {name for name, op in ops.CATALOGUE.items() if op.group != "core"} - {"getitem"}
    assert {name for name in authored if aliases.hint(name)} == set()
