"""Every rule, one line each, against central differences of first and second order."""

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest

import reference_engine as engine
from reference_engine import operators
from reference_engine.rules import elementwise, indexing, reductions, selection, shapes


class Line(NamedTuple):
    """One operator and its inputs, each a (shape, low, high) of random points in its domain."""

    name: str
    function: Callable
    inputs: tuple


def line(name, function, *inputs):
    return Line(name, function, inputs)


def any_of(*shape):
    return shape, -2.0, 2.0


def positive(*shape):
    return shape, 0.3, 2.0


def inside_one(*shape):
    return shape, -0.9, 0.9


DUPLICATES = [2, 0, 2, -1]


def lines(names, *inputs, **parameters):
    """The same line for several operators, by their names."""
    for name in names.split():
        function = functools.partial(getattr(engine, name), **parameters)
        yield Line(name, function, inputs)


TABLE = [
    # elementwise, one input
    *lines("abs asinh atan cos cosh erf exp expm1 negative relu", any_of(2, 3)),
    *lines("sigmoid sign sin sinh softplus square", any_of(2, 3)),
    *lines("log log1p log2 log10 reciprocal rsqrt sqrt", positive(2, 3)),
    *lines("acos asin atanh tan tanh", inside_one(2, 3)),
    *lines("tanh relu square", any_of()),
    *lines("exp sqrt abs", any_of(0)),
    line("acosh", engine.acosh, ((2, 3), 1.3, 3.0)),
    line("one_minus_square", elementwise.one_minus_square, any_of(3)),
    line("sigmoid", engine.sigmoid, ((4,), -30.0, 30.0)),
    line("clip", lambda x: engine.clip(x, -1, 0.5), any_of(9)),
    line("clip", lambda x: engine.clip(x, max=0.5), any_of(9)),
    line("astype", lambda x: engine.astype(x, x.dtype), any_of(3)),
    # elementwise, two inputs, which broadcast
    *lines("add subtract multiply atan2 hypot logaddexp maximum minimum", any_of(3), any_of(3)),
    *lines("add subtract multiply maximum minimum", any_of(2, 1), any_of(3)),
    *lines("atan2 hypot logaddexp", any_of(1, 3), any_of(4, 2, 1)),
    *lines("add subtract multiply maximum minimum", any_of(), any_of(2)),
    *lines("add multiply maximum atan2", any_of(0, 3), any_of(3)),
    *lines("divide pow", positive(3), positive(2, 1)),
    line("divide", engine.divide, any_of(2, 1), positive()),
    line("pow", engine.pow, positive(3), any_of(2, 1)),
    line("pow", lambda x: x**3, any_of(3)),
    line("pow", lambda x: 2.5**x, any_of(3)),
    line("multiply", lambda x: x * x, any_of(3)),
    line("where", lambda x, w: engine.where([[True], [False]], x, w), any_of(3), any_of(2, 1)),
    line("where", lambda x, w: engine.where([True, False], engine.exp(x), w), any_of(), any_of(2)),
    # reductions
    *lines("sum mean prod max min var logsumexp", any_of(2, 3)),
    *lines("sum mean prod max min var logsumexp", any_of(2, 3, 2), axis=1),
    *lines("sum mean prod max min var logsumexp", any_of(2, 3, 2), axis=(0, -1), keepdims=True),
    *lines("sum mean prod max min var logsumexp", any_of()),
    *lines("sum prod cumulative_sum", any_of(0)),
    *lines("sum mean prod max var logsumexp", any_of(0, 3), axis=1),
    *lines("softmax log_softmax cumulative_sum", any_of(0, 3), axis=1),
    *lines("softmax log_softmax", any_of(2, 4)),
    *lines("softmax log_softmax cumulative_sum", any_of(3, 2), axis=-2),
    line("prod", lambda x: engine.prod(x, axis=0), any_of(7, 2)),
    line("prod", lambda x: engine.prod(x, axis=(2, 0)), any_of(2, 3, 4)),
    line("var", lambda x: engine.var(x, axis=0, correction=1), any_of(4, 2)),
    line("cumulative_sum", engine.cumulative_sum, any_of(4)),
    # shapes
    line("identity", engine.identity, any_of(2, 3)),
    line("reshape", lambda x: engine.reshape(x, (3, -1)), any_of(2, 3)),
    line("permute_dims", lambda x: engine.permute_dims(x, (2, 0, 1)), any_of(2, 3, 4)),
    line("permute_dims", lambda x: engine.permute_dims(x, [-1, 0, 1]), any_of(2, 3, 4)),
    line("matrix_transpose", engine.matrix_transpose, any_of(2, 3, 4)),
    line("expand_dims", lambda x: engine.expand_dims(x, -1), any_of(2, 3)),
    line("squeeze", lambda x: engine.squeeze(x, 1), any_of(2, 1, 3)),
    line("broadcast_to", lambda x: engine.broadcast_to(x, (2, 3, 4)), any_of(3, 1)),
    line("broadcast_to", lambda x: engine.broadcast_to(x, (0, 2)), any_of(1, 2)),
    line("flip", engine.flip, any_of(2, 3)),
    line("flip", lambda x: engine.flip(x, axis=-1), any_of(2, 3)),
    line("roll", lambda x: engine.roll(x, 2), any_of(2, 3)),
    line("roll", lambda x: engine.roll(x, [1, -2], axis=[0, 1]), any_of(2, 3)),
    line("concat", lambda *x: engine.concat(x, axis=-1), any_of(2, 1), any_of(2, 3), any_of(2, 0)),
    line("concat", lambda x, w: engine.concat([x, w, x], axis=None), any_of(2, 2), any_of(3)),
    line("stack", lambda x, w: engine.stack([x, w, x], axis=-1), any_of(2, 3), any_of(2, 3)),
    line("stack", lambda *x: engine.stack(x), any_of(), any_of()),
    # indexing
    line("getitem", lambda x: x[1], any_of(3)),
    line("getitem", lambda x: x[..., None, ::-2, 1], any_of(2, 3, 2)),
    line("getitem", lambda x: x[2:2], any_of(3)),
    line("put", lambda x: indexing.put(x, (slice(1, None), 0), (3, 2)), any_of(2)),
    line("take", lambda x: engine.take(x, DUPLICATES), any_of(3)),
    line("take", lambda x: engine.take(x, DUPLICATES, axis=-1), any_of(2, 3)),
    line("take", lambda x: engine.take(x, [[0, 1], [1, 1]], axis=1), any_of(2, 3, 2)),
    line("take", lambda x: engine.take(x, []), any_of(3)),
    line("scatter_add", lambda x: indexing.scatter_add(x, np.array([1, 1, 0]), 1, 4), any_of(2, 3)),
    # linear algebra
    line("matmul", engine.matmul, any_of(3), any_of(3)),
    line("matmul", engine.matmul, any_of(2, 3), any_of(3)),
    line("matmul", engine.matmul, any_of(3), any_of(2, 3, 4)),
    line("matmul", engine.matmul, any_of(2, 3), any_of(3, 4)),
    line("matmul", engine.matmul, any_of(5, 1, 2, 3), any_of(4, 3, 2)),
    line("matmul", engine.matmul, any_of(2, 0), any_of(0, 3)),
    # variables
    line("variable", lambda x: x * x, any_of(3)),
]  # fmt: skip


def operands(case, generator, dtype="float64"):
    make = engine.Variable if case.name == "variable" else engine.constant
    return [make(generator.uniform(low, high, shape), dtype) for shape, low, high in case.inputs]


def first_gradients(function, inputs, cotangent):
    with engine.GradientTape() as tape:
        tape.watch(inputs)
        y = function(*inputs)
    return tape.gradient(y, inputs, output_gradients=cotangent, unconnected_gradients="zero")


def second_gradients(function, inputs, cotangent, seeds):
    """Gradients of <first gradients, seeds> with respect to the inputs and the cotangent."""
    with engine.GradientTape() as tape:
        tape.watch([*inputs, cotangent])
        gradients = first_gradients(function, inputs, cotangent)
    return tape.gradient(
        gradients, [*inputs, cotangent], output_gradients=seeds, unconnected_gradients="zero"
    )


def dot(left, right):
    return float(
        np.sum([np.sum(np.asarray(a) * np.asarray(b)) for a, b in zip(left, right, strict=True)])
    )


def slope(f, points, directions, step=1e-3):
    """The derivative of f along `directions`, by central differences of sixth order."""

    def at(distance):
        return f(
            [
                engine.constant(p.numpy() + distance * d)
                for p, d in zip(points, directions, strict=True)
            ]
        )

    weights = {1: 45, 2: -9, 3: 1}
    return sum(w * (at(k * step) - at(-k * step)) for k, w in weights.items()) / (60 * step)


def normals(generator, points):
    return [np.asarray(generator.normal(size=p.shape)) for p in points]


def check_first_order(case, generator):
    inputs = operands(case, generator)
    cotangent = engine.constant(np.asarray(generator.normal(size=case.function(*inputs).shape)))
    directions = normals(generator, inputs)
    gradients = first_gradients(case.function, inputs, cotangent)
    truth = slope(lambda x: dot([case.function(*x)], [cotangent]), inputs, directions)
    assert [g.shape for g in gradients] == [x.shape for x in inputs]
    assert dot(gradients, directions) == pytest.approx(truth, rel=1e-9, abs=1e-10)


def check_second_order(case, generator):
    inputs = operands(case, generator)
    cotangent = engine.constant(np.asarray(generator.normal(size=case.function(*inputs).shape)))
    seeds, points = normals(generator, inputs), [*inputs, cotangent]
    directions = normals(generator, points)
    gradients = second_gradients(case.function, inputs, cotangent, seeds)
    truth = slope(
        lambda x: dot(first_gradients(case.function, x[:-1], x[-1]), seeds), points, directions
    )
    assert dot(gradients, directions) == pytest.approx(truth, rel=1e-9, abs=1e-10)


each_line = pytest.mark.parametrize(
    "case", TABLE, ids=[f"{case.name}-{i}" for i, case in enumerate(TABLE)]
)


@each_line
def test_first_derivative(case):
    check_first_order(case, np.random.default_rng(1))


@each_line
def test_second_derivative(case):
    check_second_order(case, np.random.default_rng(2))


@each_line
def test_float32_stays_float32(case):
    doubles, singles = (
        operands(case, np.random.default_rng(3), dtype) for dtype in ("float64", "float32")
    )
    assert case.function(*singles).dtype == "float32"
    exact, rounded = (first_gradients(case.function, inputs, None) for inputs in (doubles, singles))
    for double, single in zip(exact, rounded, strict=True):
        assert single.dtype == "float32"
        np.testing.assert_allclose(single.numpy(), double.numpy(), rtol=1e-4, atol=1e-5)


def test_every_differentiable_operator_has_a_line():
    modules = elementwise, indexing, reductions, selection, shapes
    names = {"one_minus_square", "put", "scatter_add", "astype", "matmul"}.union(
        *(module.__all__ for module in modules)
    )
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
    case = next(case for case in TABLE if case.name == name)
    monkeypatch.setitem(operators.RULES, name, WRONG_RULES[name])
    with pytest.raises(AssertionError):
        check_first_order(case, np.random.default_rng(1))


def test_a_rule_wrong_in_its_derivative_alone_is_noticed(monkeypatch):
    case = next(case for case in TABLE if case.name == "exp")
    detached = (lambda dy, y, x: dy * operators.values(y),)
    monkeypatch.setitem(operators.RULES, "exp", detached)
    check_first_order(case, np.random.default_rng(1))
    with pytest.raises(AssertionError):
        check_second_order(case, np.random.default_rng(2))


def test_a_wrong_unbroadcast_is_noticed(monkeypatch):
    wrong = "reference_engine.backward.unbroadcast"
    monkeypatch.setattr(wrong, lambda dx, shape: engine.zeros(shape))
    with pytest.raises(AssertionError):
        check_first_order(
            line("add", engine.add, any_of(2, 1), any_of(3)), np.random.default_rng(1)
        )


def test_a_wrong_accumulation_is_noticed(monkeypatch):
    monkeypatch.setattr("reference_engine.backward.accumulate", lambda dx, more: more)
    with pytest.raises(AssertionError):
        check_first_order(line("multiply", lambda x: x * x, any_of(3)), np.random.default_rng(1))
