"""Every rule of the core, one line each, against the certified oracle, to third order."""

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from certified import check

import reference_engine as engine
from conformance.inputs import uniform
from reference_engine import operators
from reference_engine.rules import (
    elementwise,
    indexing,
    linear_algebra,
    reductions,
    selection,
    shapes,
)


class Line(NamedTuple):
    """One operator and its inputs, each a (shape, low, high) of fixed points in its domain.

    call: (xp, *inputs) -> value, where xp is the engine; in the formula it is the oracle's.
    """

    name: str
    call: Callable
    inputs: tuple
    formula: Callable
    make: Callable
    dtypes: tuple = ("float64", "float32")


def line(name, call, *inputs, formula=None, make=engine.constant):
    return Line(name, call, inputs, formula or call, make)


def lines(names, *inputs, **parameters):
    """The same line for several operators, by their names."""
    for name in names.split():
        yield line(name, functools.partial(_named, name, parameters), *inputs)


def far_out(names, *inputs):
    """Lines at points where float32 loses too many digits to tell anything."""
    return (case._replace(dtypes=("float64",)) for case in lines(names, *inputs))


def _named(name, parameters, xp, *x):
    return getattr(xp, name)(*x, **parameters)


def between(low, high, *shape):
    return shape, low, high


def any_of(*shape):
    return shape, -2.0, 2.0


def positive(*shape):
    return shape, 0.3, 2.0


def inside_one(*shape):
    return shape, -0.9, 0.9


LEFT = np.array([[True], [False]])

TABLE = [
    # elementwise, one input
    *lines("abs asinh atan cos cosh erf exp expm1 negative relu", any_of(2, 3)),
    *lines("sigmoid sign sin sinh softplus square", any_of(2, 3)),
    *lines("log log1p log2 log10 reciprocal rsqrt sqrt", positive(2, 3)),
    *lines("acos asin atanh tan tanh", inside_one(2, 3)),
    *lines("tanh relu square", any_of()),
    *lines("exp sqrt abs", any_of(0)),
    *lines("acosh", between(1.3, 3, 2, 3)),
    line("one_minus_square", lambda xp, x: elementwise.one_minus_square(x), any_of(3),
         formula=lambda xp, x: (1 - x) * (1 + x)),
    line("clip", lambda xp, x: xp.clip(x, min=-1, max=0.5), any_of(9)),
    line("clip", lambda xp, x: xp.clip(x, max=0.5), any_of(9)),
    line("identity", lambda xp, x: engine.identity(x), any_of(3), formula=lambda xp, x: x),
    line("astype", lambda xp, x: engine.astype(x, x.dtype), any_of(3), formula=lambda xp, x: x),
    # far out, and close to where digits are lost
    *far_out("sigmoid softplus", between(-30, 30, 6)),
    *lines("asinh atan", between(-3000, 3000, 6)),
    *lines("sin cos tan", between(-40, 40, 6)),
    *lines("exp expm1 sinh cosh", between(-30, 30, 6)),
    *lines("erf", between(-4, 4, 6)),
    *far_out("tanh", between(-4, 4, 6)),
    *lines("log log2 log10 log1p acosh reciprocal rsqrt sqrt", between(2, 60000, 6)),
    *lines("log log2 log10 reciprocal rsqrt sqrt", between(0.0001, 0.001, 6)),
    *lines("expm1 log1p sin atan tan sinh asinh erf", between(-0.001, 0.001, 6)),
    *far_out("asin atanh tanh", between(-0.001, 0.001, 6)),
    *lines("asin acos atanh", between(0.98, 1, 4)),
    *lines("log", between(0.98, 1.02, 4)),
    # elementwise, two inputs, which broadcast
    *lines("add subtract multiply atan2 hypot logaddexp maximum minimum", any_of(3), any_of(3)),
    *lines("add subtract multiply maximum minimum", any_of(2, 1), any_of(3)),
    *lines("atan2 hypot logaddexp", any_of(1, 3), any_of(4, 2, 1)),
    *lines("add subtract multiply maximum minimum", any_of(), any_of(2)),
    *lines("add multiply maximum atan2", any_of(0, 3), any_of(3)),
    *lines("divide pow", positive(3), positive(2, 1)),
    *lines("divide", any_of(2, 1), positive()),
    *lines("pow", positive(3), any_of(2, 1)),
    *lines("pow", between(20, 30, 3), between(-8, 8, 3)),
    *far_out("logaddexp", any_of(3), between(-14, 14, 3)),
    *far_out("atan2 hypot", any_of(3), between(-3000, 3000, 3)),
    line("pow", lambda xp, x: x**3, any_of(3)),
    line("pow", lambda xp, x: x**2, any_of(3)),
    line("pow", lambda xp, x: x**-2, any_of(3)),
    line("pow", lambda xp, x: x**0.5, positive(3)),
    line("pow", lambda xp, x: 2.5**x, any_of(3)),
    line("multiply", lambda xp, x: x * x, any_of(3)),
    line("where", lambda xp, x, w: xp.where(LEFT, x, w), any_of(3), any_of(2, 1)),
    line("where", lambda xp, x, w: xp.where(LEFT[:, 0], xp.exp(x), w), any_of(), any_of(2)),
    # reductions
    *lines("sum mean prod max min var logsumexp", any_of(2, 3)),
    *lines("sum mean prod max min var logsumexp", any_of(2, 3, 2), axis=1),
    *lines("sum mean prod max min var logsumexp", any_of(2, 3, 2), axis=(0, -1), keepdims=True),
    *lines("sum mean prod max min var logsumexp", any_of()),
    *lines("sum prod", any_of(0)),
    *lines("sum mean prod max var logsumexp", any_of(0, 3), axis=1),
    *lines("softmax log_softmax cumulative_sum", any_of(0, 3), axis=1),
    *lines("softmax log_softmax", any_of(2, 4)),
    *lines("softmax log_softmax cumulative_sum", any_of(3, 2), axis=-2),
    *far_out("softmax log_softmax logsumexp", between(-10, 10, 4)),
    *lines("prod", any_of(7, 2), axis=0),
    *lines("prod", any_of(2, 3, 2), axis=(2, 0)),
    *lines("var", any_of(4, 2), axis=0, correction=1.0),
    *far_out("var", between(100, 110, 4)),
    line("cumulative_sum", lambda xp, x: xp.cumulative_sum(x, axis=0), any_of(4)),
    # shapes
    *lines("reshape", any_of(2, 3), shape=(3, -1)),
    *lines("permute_dims", any_of(2, 3, 2), axes=(2, 0, 1)),
    *lines("permute_dims", any_of(2, 3, 2), axes=(-1, 0, 1)),
    *lines("matrix_transpose", any_of(2, 3, 2)),
    *lines("expand_dims", any_of(2, 3), axis=-1),
    *lines("squeeze", any_of(2, 1, 3), axis=1),
    *lines("broadcast_to", any_of(3, 1), shape=(2, 3, 4)),
    *lines("broadcast_to", any_of(1, 2), shape=(0, 2)),
    *lines("flip", any_of(2, 3)),
    *lines("flip", any_of(2, 3), axis=-1),
    *lines("roll", any_of(2, 3), shift=2),
    line("roll", lambda xp, x: engine.roll(x, [1, -2], axis=[0, 1]), any_of(2, 3),
         formula=lambda xp, x: xp.roll(xp.roll(x, 1, axis=0), -2, axis=1)),
    line("concat", lambda xp, *x: xp.concat(x, axis=-1), any_of(2, 1), any_of(2, 3), any_of(2, 0)),
    line("concat", lambda xp, x, w: engine.concat([x, w, x], axis=None), any_of(2, 2), any_of(3),
         formula=lambda xp, x, w: xp.concat([xp.reshape(x, (4,)), w, xp.reshape(x, (4,))])),
    line("stack", lambda xp, x, w: xp.stack([x, w, x], axis=-1), any_of(2, 3), any_of(2, 3)),
    line("stack", lambda xp, *x: xp.stack(x), any_of(), any_of()),
    # indexing
    line("getitem", lambda xp, x: x[1], any_of(3)),
    line("getitem", lambda xp, x: x[..., None, ::-2, 1], any_of(2, 3, 2)),
    line("getitem", lambda xp, x: x[2:2], any_of(3)),
    line("put", lambda xp, x: indexing.put(x, (slice(1, None), 0), (3, 2)), any_of(2),
         formula=lambda xp, x: xp.stack([xp.concat([xp.zeros(1), x]), xp.zeros(3)], axis=1)),
    line("take", lambda xp, x: engine.take(x, [2, 0, 2, -1]), any_of(3),
         formula=lambda xp, x: xp.take(x, [2, 0, 2, 2], axis=0)),
    line("take", lambda xp, x: xp.take(x, [2, 0, 2], axis=-1), any_of(2, 3)),
    line("take", lambda xp, x: engine.take(x, [[0, 1], [1, 1]], axis=1), any_of(2, 3, 2),
         formula=lambda xp, x: xp.reshape(xp.take(x, [0, 1, 1, 1], axis=1), (2, 2, 2, 2))),
    line("take", lambda xp, x: xp.take(x, [], axis=0), any_of(3)),
    line("scatter_add", lambda xp, x: indexing.scatter_add(x, np.array([1, 1, 0]), 1, 4),
         any_of(2, 3), formula=lambda xp, x: xp.stack(
             [x[:, 2], x[:, 0] + x[:, 1], xp.zeros(2), xp.zeros(2)], axis=1)),
    # linear algebra
    *lines("matmul", any_of(3), any_of(3)),
    *lines("matmul", any_of(2, 3), any_of(3)),
    *lines("matmul", any_of(3), any_of(2, 3, 4)),
    *lines("matmul", any_of(2, 3), any_of(3, 4)),
    *lines("matmul", any_of(2, 1, 2, 3), any_of(2, 3, 2)),
    *lines("matmul", any_of(2, 0), any_of(0, 3)),
    # variables
    line("variable", lambda xp, x: x * x, any_of(3), make=engine.Variable),
]


def points(case):
    return [uniform(*shape, low=low, high=high).exact(f"{case.name}/{position}")
            for position, (shape, low, high) in enumerate(case.inputs)]


def check_line(case, dtype="float64", order=2, **options):
    return check(functools.partial(case.call, engine), case.formula, *points(case), dtype=dtype,
                 order=order, name=case.name, make=case.make, **options)


def case_of(name):
    return next(case for case in TABLE if case.name == name)


@pytest.mark.parametrize(("case", "dtype"), [
    pytest.param(case, dtype, id=f"{case.name}-{dtype}-{position}")
    for position, case in enumerate(TABLE) for dtype in case.dtypes])
def test_value_and_derivatives(case, dtype):
    check_line(case, dtype, order=3 if dtype == "float64" else 2)


TAME = {case.name: case for case in reversed(TABLE)}  # the first line of each


@pytest.mark.parametrize("name", TAME)
def test_half_precision(name):
    # so few digits tell little of small elements beside large ones
    check_line(TAME[name], "float16", order=1, normwise=True)
    check_line(TAME[name], "bfloat16", order=1, normwise=True)


def test_every_differentiable_operator_has_a_line():
    modules = elementwise, indexing, linear_algebra, reductions, selection, shapes
    names = {"one_minus_square", "put", "scatter_add", "astype"}.union(
        *(module.__all__ for module in modules))
    differentiable = {name for name in names if operators.is_differentiable(name)}
    assert differentiable <= {case.name for case in TABLE}


def test_every_operator_has_a_forward_and_a_rule():
    assert operators.FORWARDS.keys() == operators.RULES.keys()


WRONG_RULES = {
    "tanh": (lambda dy, y, x: dy * (1 - y),),
    "multiply": (lambda dy, y, x, w: dy * w, lambda dy, y, x, w: dy * w),
    "flip": (lambda dy, y, x, axis: dy,),
    "where": (None, lambda dy, y, c, x, w: dy, lambda dy, y, c, x, w: engine.where(c, 0, dy)),
    "take": (lambda dy, y, x, indices, axis: engine.zeros_like(x),),
    "matmul": (lambda dy, y, x, w: dy @ engine.matrix_transpose(w), None),
}


@pytest.mark.parametrize("name", WRONG_RULES)
def test_a_wrong_rule_is_noticed(name, monkeypatch):
    monkeypatch.setitem(operators.RULES, name, WRONG_RULES[name])
    with pytest.raises(AssertionError, match=f"{name}: gradient"):
        check_line(case_of(name), order=1)


def test_a_rule_wrong_in_its_derivative_alone_is_noticed(monkeypatch):
    monkeypatch.setitem(operators.RULES, "exp", (lambda dy, y, x: dy * np.array(y),))
    check_line(case_of("exp"), order=1)
    with pytest.raises(AssertionError, match="exp: second"):
        check_line(case_of("exp"))


def test_a_wrong_unbroadcast_is_noticed(monkeypatch):
    wrong = "reference_engine.backward.unbroadcast"
    monkeypatch.setattr(wrong, lambda dx, shape: np.zeros(shape))
    with pytest.raises(AssertionError, match="add: gradient"):
        check_line(next(lines("add", any_of(2, 1), any_of(3))), order=1)


def test_a_wrong_accumulation_is_noticed(monkeypatch):
    monkeypatch.setattr("reference_engine.backward.accumulate", lambda dx, more: more)
    with pytest.raises(AssertionError, match="multiply: gradient"):
        check_line(line("multiply", lambda xp, x: x * x, any_of(3)), order=1)
