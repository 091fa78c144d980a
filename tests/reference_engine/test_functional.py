"""Transformations of functions, and how they nest."""

import numpy as np
import pytest

import reference_engine as engine

X = engine.constant([0.5, -1.2, 2.0])


def cubes(x):
    return engine.sum(x**3)


def test_gradient_value_and_both():
    assert engine.grad(cubes)(X).tolist() == pytest.approx((3 * X.numpy() ** 2).tolist())
    value, gradient = engine.value_and_grad(cubes)(X)
    assert float(value) == pytest.approx(float(np.sum(X.numpy() ** 3)))
    assert gradient.shape == X.shape


def test_arguments_are_chosen_by_position():
    def f(x, w, *, power):
        return engine.sum(x * w**power)

    x, w = engine.constant([1.0, 2.0]), engine.constant([3.0, 5.0])
    assert engine.grad(f, 1)(x, w, power=2).tolist() == [6.0, 20.0]
    dx, dw = engine.grad(f, (0, 1))(x, w, power=2)
    assert (dx.tolist(), dw.tolist()) == ([9.0, 25.0], [6.0, 20.0])


def test_structures_of_parameters():
    def loss(parameters):
        return engine.sum(parameters["w"] * parameters["b"][0])

    parameters = {"w": engine.constant([1.0, 2.0]), "b": [engine.constant(3.0)]}
    gradients = engine.grad(loss)(parameters)
    assert gradients["w"].tolist() == [3.0, 3.0]
    assert float(gradients["b"][0]) == 3.0


def test_numbers_and_arrays_are_arguments_too():
    assert float(engine.grad(lambda x: x**2)(3.0)) == 6.0
    assert engine.grad(cubes)(np.array([1.0, 2.0])).tolist() == [3.0, 12.0]


def test_what_a_function_closes_over_is_a_constant():
    x = engine.constant(3.0)
    assert float(engine.grad(lambda y: x * y)(x)) == 3.0


def test_derivatives_of_derivatives_do_not_confuse_their_perturbations():
    """d/dx x (d/dy (x + y)) at y = 1 is 1, not 2 (Siskind and Pearlmutter 2005)."""
    for outer in (engine.grad, forward):
        for inner in (engine.grad, forward):
            f = outer(lambda x, inner=inner: x * inner(lambda y: x + y)(1.0))
            assert float(f(engine.constant(1.0))) == 1.0


def forward(function):
    return lambda x: engine.jvp(function, (x,), (engine.constant(1.0),))[1]


def test_any_order():
    f = engine.sin
    for order in range(1, 7):
        f = engine.grad(f) if order % 2 else forward(f)
        assert float(f(engine.constant(0.3))) == pytest.approx(
            np.sin(0.3 + order * np.pi / 2), rel=1e-14
        )


def test_vjp_pulls_back_as_often_as_asked():
    y, pullback = engine.vjp(lambda x, w: (x * w, x + w), X, X * 2)
    assert [part.shape for part in y] == [(3,), (3,)]
    dx, dw = pullback((engine.ones(3), engine.zeros(3)))
    assert (dx.tolist(), dw.tolist()) == ((2 * X).tolist(), X.tolist())
    dx, dw = pullback((engine.zeros(3), engine.ones(3)))
    assert (dx.tolist(), dw.tolist()) == ([1.0] * 3, [1.0] * 3)


def test_jvp_pushes_forward():
    y, t = engine.jvp(lambda x, w: x * w, (X, X), (engine.ones(3), engine.zeros(3)))
    assert y.tolist() == (X * X).tolist()
    assert t.tolist() == X.tolist()
    _, zero = engine.jvp(lambda x: engine.constant([1.0]), (X,), (X,))
    assert zero.tolist() == [0.0]


def test_jacobian_and_hessian_and_products_with_it():
    def f(x):
        return engine.logsumexp(x * x)

    jacobian = engine.jacobian(engine.softmax)(X).numpy()
    p = engine.softmax(X).numpy()
    np.testing.assert_allclose(jacobian, np.diag(p) - np.outer(p, p), rtol=1e-14, atol=1e-17)
    hessian = engine.hessian(f)(X).numpy()
    np.testing.assert_allclose(hessian, engine.jacobian(engine.grad(f))(X).numpy(), rtol=1e-13)
    (product,) = engine.hvp(f, (X,), (engine.ones(3),))
    np.testing.assert_allclose(product.numpy(), hessian.sum(1), rtol=1e-13)
    assert engine.hessian(f)(engine.zeros(0)).shape == (0, 0)
    assert engine.jacobian(lambda x: x * x)(engine.zeros(0)).shape == (0, 0)


def test_transformations_are_seen_by_tapes_around_them():
    x = engine.constant(2.0)
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = engine.grad(lambda x: x**3)(x)
    assert float(tape.gradient(y, x)) == 12.0


def test_an_unconnected_argument_has_gradient_zero():
    assert engine.grad(lambda x: engine.constant(1.0))(X).tolist() == [0.0] * 3


@pytest.mark.parametrize(
    ("request_", "kind", "message"),
    [
        (lambda: engine.grad(lambda x: x)(X), ValueError, "one element: sum it, or use engine.jac"),
        (lambda: engine.grad(lambda x: 1.0)(X), TypeError, "gave float .*, wanted a Tensor"),
        (lambda: engine.grad(cubes, 1)(X), TypeError, "argnums=1 with 1 positional arguments"),
        (lambda: engine.grad(cubes)(3), TypeError, "int64 Tensor .* to differentiate, wanted"),
        (lambda: engine.jvp(cubes, X, X), TypeError, "as primals, wanted a tuple"),
        (lambda: engine.jvp(cubes, (X,), (1.0,)), ValueError, "tangent of shape"),
    ],
)
def test_refusals(request_, kind, message):
    with pytest.raises(kind, match=message) as caught:
        request_()
    assert isinstance(caught.value, engine.EngineError)
