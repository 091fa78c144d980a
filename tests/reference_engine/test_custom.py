"""Gradients of the user's own, and functions that are computed twice."""

import numpy as np
import pytest

import reference_engine as engine


@engine.custom_gradient
def log1pexp(x):
    e = engine.exp(x)
    return engine.log(1 + e), lambda upstream: upstream * (1 - 1 / (1 + e))


def test_a_custom_gradient_is_used_and_differentiated():
    x = engine.constant(0.7)
    s = 1 / (1 + np.exp(-0.7))
    wanted = [s, s * (1 - s), s * (1 - s) * (1 - 2 * s)]
    f = log1pexp
    for order in range(3):
        f = engine.grad(f)
        assert float(f(x)) == pytest.approx(wanted[order], rel=1e-14)


def test_it_is_used_where_it_is_wrong_forward_and_backward():
    @engine.custom_gradient
    def tenfold(x):
        return x * x, lambda dy: dy * 100

    x = engine.constant(3.0)
    assert float(tenfold(x)) == 9
    assert float(engine.grad(tenfold)(x)) == 100
    assert float(engine.jvp(tenfold, (x,), (engine.constant(2.0),))[1]) == 200


def test_several_arguments_and_results_in_their_structure():
    @engine.custom_gradient
    def both(x, w, *, scale):
        def gradient(of_sum, of_product):
            return [scale * of_sum + 10 * of_product, None]

        return {"sum": x + w, "product": x * w}, gradient

    x, w = engine.constant(2.0), engine.constant(5.0)
    with engine.GradientTape(persistent=True) as tape:
        tape.watch([x, w])
        y = both(x, w, scale=3.0)
    assert float(y["product"]) == 10
    assert [g and float(g) for g in tape.gradient(y, [x, w])] == [13.0, None]
    assert float(tape.gradient(y["sum"], x)) == 3  # the other result's cotangent is zero


def test_variables_that_are_read_are_handed_to_the_gradient():
    v = engine.Variable(4.0)

    @engine.custom_gradient
    def scaled(x):
        def gradient(dy, variables=None):
            assert variables == [v] or variables[0] is v
            return dy * 7, [dy * 11]

        return x * v, gradient

    x = engine.constant(2.0)
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = scaled(x)
    assert [float(g) for g in tape.gradient(y, [x, v])] == [7, 11]


def test_a_complex_cotangent_is_given_in_the_convention_of_gradients():
    @engine.custom_gradient
    def squared(z):
        return z * z, lambda dy: dy * engine.conj(2 * z)

    z = engine.constant(1 + 2j)
    with engine.GradientTape(persistent=True) as tape:
        tape.watch(z)
        ours, engines = squared(z), z * z
    seed = engine.constant(0.5 - 3j)
    assert complex(tape.gradient(ours, z, seed)) == complex(tape.gradient(engines, z, seed))


@pytest.mark.parametrize(
    ("function", "kind", "message"),
    [
        (lambda x: x, TypeError, r"wanted a pair \(result, grad\)"),
        (lambda x: (x * 1, lambda dy: [dy, dy]), RuntimeError, "gave 2 gradients, wanted .* 1 arg"),
        (lambda x: (x * engine.Variable(2.0), lambda dy: dy), TypeError, "takes none: define it"),
    ],
)
def test_refusals(function, kind, message):
    with pytest.raises(kind, match=message) as caught:
        engine.grad(engine.custom_gradient(function))(1.0)
    assert isinstance(caught.value, engine.EngineError)


def test_recomputing_calls_twice_and_keeps_nothing():
    calls = []
    v = engine.Variable(2.0)

    @engine.recompute_grad
    def block(x, power):
        calls.append(1)
        return {"y": engine.sin(x) ** power * v}

    x = engine.constant(0.4)
    with engine.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = block(x, 3)["y"]
        assert len(tape._records) == 1
    dx, dv = tape.gradient(y, [x, v])
    assert len(calls) == 2
    assert float(dx) == pytest.approx(6 * np.sin(0.4) ** 2 * np.cos(0.4), rel=1e-14)
    assert float(dv) == pytest.approx(np.sin(0.4) ** 3, rel=1e-14)


def test_recomputing_to_second_order():
    f = engine.recompute_grad(lambda x: engine.sin(x) * x)
    second = engine.grad(engine.grad(f))(engine.constant(0.4))
    assert float(second) == pytest.approx(2 * np.cos(0.4) - 0.4 * np.sin(0.4), rel=1e-14)
