"""Tangents that go along with the computation: alone, nested, and beside tapes."""

import numpy as np
import pytest

import reference_engine as engine
from reference_engine import operators


def along(function, x, tangent):
    with engine.ForwardAccumulator(x, tangent) as accumulator:
        y = function(x)
    return accumulator.jvp(y)


X = engine.constant([0.5, -1.2, 2.0])
T = engine.constant([1.0, 2.0, -0.5])


@pytest.mark.parametrize(
    ("how", "function"),
    [
        ("elementwise", engine.sin),
        ("elementwise", lambda x: x * engine.exp(x)),
        ("elementwise", lambda x: engine.where(x > 0, x * x, 3 * x)),
        ("elementwise", lambda x: x[:1] * x),  # which broadcasts a tangent
        ("linear", lambda x: engine.concat([x, engine.constant([7.0]), engine.flip(x)])),
        ("linear", lambda x: engine.sum(x) - x),
        ("bilinear", lambda x: engine.matmul(x, x * x)),
        ("transposed", engine.softmax),
        ("transposed", engine.prod),
        ("transposed", lambda x: engine.max(x) * engine.logsumexp(x)),
    ],
)
def test_the_tangent_is_the_jacobian_times_the_tangent(how, function):
    with engine.GradientTape() as tape:
        tape.watch(X)
        y = function(X)
    jacobian = tape.jacobian(y, X).numpy()
    np.testing.assert_allclose(along(function, X, T).numpy(), jacobian @ T.numpy(), rtol=1e-14)


@pytest.mark.parametrize("name", ["sin", "matmul", "concat", "softmax", "where", "sum"])
def test_a_way_for_tangents_that_is_declared_is_the_transpose(name, monkeypatch):
    """Whatever `jvp` says of an operator, transposing its rules gives the same."""
    calls = {
        "sin": engine.sin,
        "matmul": lambda x: engine.matmul(x, x),
        "concat": lambda x: engine.concat([x, x * x]),
        "softmax": engine.softmax,
        "where": lambda x: engine.where(x > 0, x, 2 * x),
        "sum": engine.sum,
    }
    declared = along(calls[name], X, T).numpy()
    monkeypatch.setattr(operators.OPS[name], "jvp", None)
    np.testing.assert_allclose(along(calls[name], X, T).numpy(), declared, rtol=1e-15)


def test_forward_over_forward_over_forward():
    x = engine.constant(2.0)
    one = engine.constant(1.0)
    with engine.ForwardAccumulator(x, one) as outer:
        with engine.ForwardAccumulator(x, one) as middle:
            with engine.ForwardAccumulator(x, one) as inner:
                y = engine.exp(x) * x
            first = inner.jvp(y)
        second = middle.jvp(first)
    third = outer.jvp(second)
    wanted = [np.exp(2.0) * (2.0 + order) for order in (1, 2, 3)]
    assert [float(t) for t in (first, second, third)] == pytest.approx(wanted, rel=1e-14)


def hessian_times(function, x, tangent):
    """Forward over reverse, and reverse over forward."""
    with engine.ForwardAccumulator(x, tangent) as accumulator:
        with engine.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        gradient = tape.gradient(y, x)
    with engine.GradientTape() as tape:
        tape.watch(x)
        directional = along(function, x, tangent)
    return accumulator.jvp(gradient), tape.gradient(directional, x)


@pytest.mark.parametrize(
    "function",
    [lambda x: engine.sum(x**3), lambda x: engine.logsumexp(x * x), lambda x: engine.prod(x)],
)
def test_both_mixed_orders_give_the_hessian_times_the_tangent(function):
    hessian = engine.hessian(function)(X).numpy()
    for answer in hessian_times(function, X, T):
        np.testing.assert_allclose(answer.numpy(), hessian @ T.numpy(), rtol=1e-13)


def test_structures_variables_and_what_is_unconnected():
    v = engine.Variable([1.0, 2.0])
    x = engine.constant(3.0)
    tangents = {"v": [1.0, 0.0], "x": [2.0]}
    with engine.ForwardAccumulator({"v": v, "x": [x]}, tangents) as accumulator:
        y = v * x
    assert accumulator.jvp(y).tolist() == [5.0, 4.0]
    assert accumulator.jvp({"a": x, "b": [v]})["b"][0].tolist() == [1.0, 0.0]
    assert accumulator.jvp(y * x) is None  # computed after the block
    zeros = accumulator.jvp(engine.constant([1, 2]), unconnected_gradients="zero")
    assert zeros.tolist() == [0, 0]
    with pytest.raises(engine.OptionError, match="wanted \"none\" or \"zero\""):
        accumulator.jvp(y, unconnected_gradients="nothing")


def test_holomorphic_and_other_functions_of_complex_numbers():
    z, t = engine.constant([1 + 2j, -0.5 + 1j]), engine.constant([0.3 - 1j, 2 + 0j])
    a, b = z.numpy(), t.numpy()
    np.testing.assert_allclose(along(lambda z: z * z, z, t).numpy(), 2 * a * b, rtol=1e-15)
    np.testing.assert_allclose(along(engine.conj, z, t).numpy(), b.conj())
    np.testing.assert_allclose(
        along(engine.abs, z, t).numpy(), (a.conj() * b).real / abs(a), rtol=1e-15
    )


def test_refusals():
    x = engine.constant([1.0, 2.0])
    for primals, tangents, kind, message in [
        ([x, x], [x], ValueError, "different structures .list of 2 and list of 1."),
        (x, engine.constant(1.0), ValueError, r"tangent of shape \(\), wanted .* \(2,\)"),
        (x, x.astype("float32"), TypeError, "tangent of dtype float32, wanted .* float64"),
        (x, None, TypeError, "got None as tangent"),
        ([x, x], [x, x], ValueError, "same primal twice"),
        (engine.constant([1, 2]), [1, 2], TypeError, "wanted a Tensor or Variable of floats"),
        (3.0, 1.0, TypeError, r"got float \(3.0\) as primal"),
    ]:
        with pytest.raises(kind, match=message):
            engine.ForwardAccumulator(primals, tangents)
    accumulator = engine.ForwardAccumulator(x, x)
    with accumulator, pytest.raises(engine.TapeError, match="already recording"), accumulator:
        pass
