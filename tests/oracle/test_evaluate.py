"""Nested gradients, intermediates, kinks, branches, and expressions that are equal by structure."""

import math

import numpy as np
import pytest

from conformance.errors import CannotCertify
from conformance.oracle import derivatives
from conformance.tracing import grad, trace
from conformance.typing_rules import TensorType

X = 0.71875


def answers(program, dtype="float64", **inputs):
    arrays = {name: np.asarray(value, dtype) for name, value in inputs.items()}
    types = {name: (TensorType(array.shape, dtype), "constant") for name, array in arrays.items()}
    return derivatives(trace(program, types, dtype=dtype), arrays)


def assert_truth(answer, wanted):
    if isinstance(answer, CannotCertify):
        raise answer
    np.testing.assert_allclose(answer.hi, wanted, rtol=1e-13, atol=1e-300)


def nested(xp, function, x, order):
    y = function(xp, x)
    out = {}
    for k in range(1, order + 1):
        y = grad(y, x)
        out[f"{k}"] = y
    return out


@pytest.mark.parametrize(("function", "wanted"), [
    (lambda xp, x: xp.exp(2 * x), [2**k * math.exp(2 * X) for k in (1, 2, 3, 4)]),
    (lambda xp, x: x**4, [4 * X**3, 12 * X**2, 24 * X, 24]),
    (lambda xp, x: xp.sin(x) * x, [math.sin(X) + X * math.cos(X), 2 * math.cos(X) - X * math.sin(X),
                                   -3 * math.sin(X) - X * math.cos(X),
                                   -4 * math.cos(X) + X * math.sin(X)]),
    (lambda xp, x: 1 / x, [-(X**-2), 2 * X**-3, -6 * X**-4, 24 * X**-5]),
    (lambda xp, x: xp.log(x) * x, [math.log(X) + 1, 1 / X, -(X**-2), 2 * X**-3]),
])
def test_four_nested_gradients(function, wanted):
    got = answers(lambda xp, x: nested(xp, function, x, 4), x=X)
    for k, value in enumerate(wanted, 1):
        assert_truth(got[f"{k}"], value)


def test_gradients_for_an_intermediate():
    def program(xp, x):
        y = x**2
        z = y**2
        return {"dz/dy": grad(z, y), "dz/dx": grad(z, x), "both": grad(y * x, y)}

    got = answers(program, x=3.0)
    assert_truth(got["dz/dy"], 18)
    assert_truth(got["dz/dx"], 108)
    assert_truth(got["both"], 3)


def test_an_outer_gradient_for_an_intermediate_of_an_inner_one():
    """y = x^2, z = y^3 x: the inner gradient for x depends on y by z and by dy/dx."""
    def program(xp, x):
        y = x**2
        dz_dx = grad(y**3 * x, x)
        return {"d/dy": grad(dz_dx, y), "d/dx": grad(dz_dx, x)}

    got = answers(program, x=1.5)
    # z(x, s) = (x^2 + s)^3 x;  d/ds d/dx at s = 0 = 3 y^2 + 12 x^2 y
    x, y = 1.5, 2.25
    assert_truth(got["d/dy"], 3 * y**2 + 12 * x**2 * y)
    assert_truth(got["d/dx"], 42 * x**5)


def test_an_inner_gradient_for_an_intermediate_of_an_outer_one():
    def program(xp, x):
        y = xp.sin(x)
        dz_dy = grad(y**3, y)
        return {"d/dx": grad(dz_dy, x), "d/dy": grad(dz_dy, y)}

    got = answers(program, x=X)
    assert_truth(got["d/dx"], 6 * math.sin(X) * math.cos(X))
    assert_truth(got["d/dy"], 6 * math.sin(X))


def test_a_gradient_as_a_source():
    def program(xp, x):
        slope = grad(x**3, x)
        return {"g": grad(slope**2 * x, slope), "x": grad(slope**2 * x, x)}

    got = answers(program, x=2.0)
    assert_truth(got["g"], 2 * 12 * 2)
    assert_truth(got["x"], 9 * 5 * 2.0**4)


def test_the_same_value_as_target_and_source():
    def program(xp, x):
        y = x * x
        return {"dy/dy": grad(y, y), "dx/dx": grad(x, x)}

    got = answers(program, x=[2.0, 3.0])
    assert_truth(got["dy/dy"], [1, 1])
    assert_truth(got["dx/dx"], [1, 1])


def test_equal_intermediates_stay_apart_where_one_is_a_source():
    def program(xp, x):
        y, twin = x * x, x * x
        return {"dy": grad(y + 3 * twin, y), "dx": grad(y + 3 * twin, x)}

    got = answers(program, x=2.0)
    assert_truth(got["dy"], 1)
    assert_truth(got["dx"], 16)


def test_gradient_penalty():
    def program(xp, x, w):
        slope = grad(xp.sum(xp.sin(w * x)), x)
        return {"dw": grad(xp.sum(slope**2), w)}

    x, w = np.array([0.5, -1.25]), np.array([2.0, 0.75])
    got = answers(program, x=x, w=w)
    c, s = np.cos(w * x), np.sin(w * x)
    assert_truth(got["dw"], 2 * w * c * (c - w * x * s))


def test_hessian_vector_product():
    def program(xp, x, v):
        slope = grad(xp.prod(x), x)
        return {"hvp": grad(xp.sum(slope * v), x)}

    got = answers(program, x=[2.0, 3.0, 5.0], v=[1.0, -1.0, 0.5])
    hessian = np.array([[0, 5, 3], [5, 0, 2], [3, 2, 0.0]])
    assert_truth(got["hvp"], hessian @ [1.0, -1.0, 0.5])


def test_a_target_that_is_no_scalar_is_summed():
    got = answers(lambda xp, x: {"g": grad(x * xp.asarray([1.0, 2.0, 3.0]), x)}, x=4.0)
    assert_truth(got["g"], 6)


def test_stop_gradient():
    def program(xp, x):
        held = xp.stop_gradient(x**2)
        return {"g": grad(held * x, x), "none": grad(held, x), "held": grad(held * x, held),
                "second": grad(grad(held * x**2, x), x)}

    got = answers(program, x=3.0)
    for name, value in {"g": 9, "none": 0, "held": 3, "second": 18}.items():
        assert_truth(got[name], value)


def test_unconnected_and_empty():
    def program(xp, x, e):
        return {"unconnected": grad(xp.sum(e), x), "empty": grad(xp.sum(e) + x, e),
                "constant": grad(xp.ones_like(x), x), "sum of nothing": xp.sum(e)}

    got = answers(program, x=1.0, e=np.zeros((0, 3)))
    assert got["unconnected"].hi == got["constant"].hi == got["sum of nothing"].hi == 0
    assert got["unconnected"].allowed == 0
    assert got["empty"].hi.shape == (0, 3)


def test_ties_that_do_not_matter():
    def program(xp, x):
        return {"same": grad(xp.maximum(x, x), x),
                "below": grad(xp.max(xp.stack([0 * x, 0 * x, x])), x),
                "structural": grad(xp.maximum(xp.tanh(x), xp.tanh(x)), x)}

    got = answers(program, x=2.0)
    assert got["same"].hi == 1
    assert_truth(got["below"], 1)
    assert_truth(got["structural"], 1 / math.cosh(2.0) ** 2)


def test_the_branch_not_taken_cannot_poison():
    def program(xp, x):
        safe = xp.where(x > 0, xp.log(x), -x)
        pole = xp.where(xp.equal(x, 0), 1 + x, xp.sin(x) / x)
        root = xp.where(x < 0, x**2, xp.sqrt(xp.abs(x)))
        return {"safe": grad(safe, x), "second": grad(grad(pole, x), x), "root": grad(root, x)}

    got = answers(program, x=[-2.0, 0.5])
    assert_truth(got["safe"], [-1, 2])
    assert_truth(got["root"], [-4, 0.5**0.5])
    assert answers(program, x=[0.0])["second"].hi == 0


def test_a_tie_of_a_condition_is_no_kink():
    got = answers(lambda xp, x: {"g": grad(xp.where(x >= 0, 2 * x, 3 * x), x),
                                 "h": grad(xp.where(x > 0, 2 * x, 3 * x), x)}, x=0.0)
    assert got["g"].hi == 2
    assert got["h"].hi == 3


@pytest.mark.parametrize(("compare", "wanted"), [
    ("less", [1, 0, 0]), ("less_equal", [1, 1, 0]), ("greater", [0, 0, 1]),
    ("greater_equal", [0, 1, 1]), ("equal", [0, 1, 0]), ("not_equal", [1, 0, 1])])
def test_comparisons(compare, wanted):
    got = answers(lambda xp, x: {"g": grad(xp.where(getattr(xp, compare)(x, 1.0), x, 0), x)},
                  x=[0.5, 1.0, 1.5])
    assert got["g"].hi.tolist() == wanted


@pytest.mark.parametrize(("program", "x", "operator"), [
    (lambda xp, x: xp.log(x), -1.0, "log"),
    (lambda xp, x: xp.log(x), 0.0, "log"),
    (lambda xp, x: xp.sqrt(x), 0.0, "sqrt"),
    (lambda xp, x: 1 / x, 0.0, "divide"),
    (lambda xp, x: xp.acos(x), 1.0, "acos"),
    (lambda xp, x: x**0.5, 0.0, "pow"),
    (lambda xp, x: x ** (0 * x + 2), -1.0, "pow"),
    (lambda xp, x: xp.var(xp.stack([x]), correction=1.0), 2.0, "var"),
    (lambda xp, x: x * 2, math.inf, "input"),
])
def test_outside_the_domain_is_refused(program, x, operator):
    refusal = answers(lambda xp, x: {"g": grad(program(xp, x), x)}, x=x)["g"]
    assert isinstance(refusal, CannotCertify)
    assert str(refusal).startswith("domain:")
    assert f" {operator} " in str(refusal)


def test_equal_subexpressions_are_seen_to_be_equal():
    def program(xp, x):
        zero = xp.tanh(x) - xp.tanh(x)
        return {"zero": zero, "g": grad(zero, x), "one": grad(xp.exp(x * zero) * x, x),
                "relu": xp.relu(xp.exp(x) * x - x * xp.exp(x))}

    got = answers(program, x=0.75)
    assert got["zero"].hi == got["g"].hi == got["relu"].hi == 0
    assert got["zero"].radius == got["g"].radius == 0
    assert got["one"].hi == 1


def test_cancellation_raises_the_precision():
    got = answers(lambda xp, x: {"g": grad(xp.log(xp.exp(x)) - x + x * 1e-200, x)}, x=0.75)
    assert_truth(got["g"], 1e-200)


def test_literals_are_rounded_to_the_dtype_first():
    got = answers(lambda xp, x: {"g": grad(x * 0.1, x)}, dtype="float32", x=1.0)
    assert got["g"].hi == float(np.float32(0.1))


def test_programs_deeper_than_the_recursion_limit():
    def program(xp, x):
        y = x
        for _ in range(1500):
            y = -y
        return {"g": grad(y, x)}

    assert answers(program, x=1.0)["g"].hi == 1


def test_parameters_of_shapes_reach_the_gradient():
    """Duplicate indices, broadcasting and slices: where an element went to, comes back."""
    def program(xp, x):
        y = xp.take(x, (0, 0, 1), axis=0) * xp.asarray([1.0, 2.0, 4.0])
        z = xp.broadcast_to(x[::-1], (3, 2)) * xp.asarray([[1.0, 10.0]])
        return {"take": grad(y, x), "broadcast": grad(z, x)}

    got = answers(program, x=[1.0, 1.0])
    assert got["take"].hi.tolist() == [3, 4]
    assert got["broadcast"].hi.tolist() == [30, 3]
