"""Derivatives of other kinds, in terms of gradients: the oracle finds both forms equal."""

import numpy as np
import pytest

from conformance import grad, hessian, jacobian, jvp, trace, vjp
from conformance.errors import CaseError, ShapeError
from conformance.lowering import lowered
from conformance.oracle import derivatives
from conformance.typing_rules import TensorType

X, V = np.array([0.5, -1.25, 2.0]), np.array([2.0, 0.75, -0.5])


def program(function, **values):
    values = {name: np.asarray(value) for name, value in values.items()}
    types = {name: (TensorType(value.shape, "float64"), "constant")
             for name, value in values.items()}
    return trace(function, types, dtype="float64"), values


@pytest.mark.parametrize("function", [
    lambda xp, x, v: {"d": vjp(xp.sin(x) * xp.sum(x), x, v)},
    lambda xp, x, v: {"d": vjp(xp.sin(x) * xp.sum(x), x, xp.exp(x))},
    lambda xp, x, v: {"d": grad(vjp(xp.sin(x) * xp.sum(x), x, xp.exp(x)) * v, x)},
    lambda xp, x, v: {"d": jvp(xp.sin(x) * xp.sum(x), x, v)},
    lambda xp, x, v: {"d": jvp(xp.sum(x**3), x, xp.exp(x))},
    lambda xp, x, v: {"d": jvp(jvp(jvp(xp.sum(x**5), x, v), x, x), x, v)},
    lambda xp, x, v: {"d": jacobian(xp.sin(x) * v * xp.sum(x), x)},
    lambda xp, x, v: {"d": jacobian(v, x)},
    lambda xp, x, v: {"d": hessian(xp.prod(x), x)},
    lambda xp, x, v: {"d": jacobian(hessian(xp.prod(x) ** 2, x), x)},
    lambda xp, x, v: {"d": grad(jvp(grad(vjp(xp.exp(x * v), x, v), x), v, x), x)},
    lambda xp, x, v: {"d": jvp(vjp(x**4, x, v), v, x) + jvp(x**2 * v, v, x)},
])
def test_both_forms_are_one_derivative(function):
    graph, values = program(function, x=X, v=V)
    simple = lowered(graph)
    assert {node.op for node in simple} & {"vjp", "jvp", "jacobian"} == set()
    native, plain = derivatives(graph, values)["d"], derivatives(simple, values)["d"]
    np.testing.assert_array_equal(native.hi, plain.hi)
    np.testing.assert_allclose(native.lo, plain.lo, atol=1e-30)


def test_a_program_of_gradients_is_left_alone():
    graph, _ = program(lambda xp, x: {"d": grad(grad(x**3, x), x)}, x=X)
    assert lowered(graph) is graph


def test_names_and_lines_survive():
    def function(xp, x, v):
        pushed = jvp(x**2, x, v)
        return {"d": grad(pushed * x, x)}

    simple = lowered(program(function, x=X, v=V)[0])
    (named,) = (node for node in simple if node.name == "pushed")
    assert named.op == "grad"
    assert named.where.file.endswith("test_lowering.py")


def test_an_empty_target_has_an_empty_jacobian():
    graph, values = program(lambda xp, x: {"d": jacobian(x[3:], x)}, x=X)
    assert derivatives(graph, values)["d"].hi.shape == (0, 3)
    assert lowered(graph).nodes[-1].type.shape == (0, 3)


@pytest.mark.parametrize(("function", "said"), [
    (lambda xp, x: {"d": vjp(x, x, 1.0)},
     "vjp(float64[3], float64[3], float64[]): its cotangent is float64[], but its target is"),
    (lambda xp, x: {"d": jvp(xp.sum(x), x, xp.ones(2))},
     "its tangent is float64[2], but its source is float64[3]"),
])
def test_factors_of_another_shape_are_refused(function, said):
    with pytest.raises(ShapeError) as caught:
        program(function, x=X)
    assert said in str(caught.value)


@pytest.mark.parametrize("function", [
    lambda z: vjp(z, z, z), lambda z: jvp(z, z, z), lambda z: jacobian(z, z)])
def test_complex_values_are_refused(function):
    with pytest.raises(ShapeError, match="wants real values; of complex ones take grad"):
        trace(lambda xp, z: {"d": function(z)}, {"z": (TensorType((2,), "complex128"), "constant")},
              dtype="float64")


@pytest.mark.parametrize("function", [vjp, jvp])
def test_a_target_that_is_no_value_is_told(function):
    name = function.__name__
    with pytest.raises(CaseError, match=rf"{name}'s target must be one traced value of the case, "
                                        rf"got 1.0; write {name}\(y, x, v\)"):
        program(lambda xp, x: {"d": function(1.0, x, x)}, x=X)
