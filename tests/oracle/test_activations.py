"""Where pieces of an activation join: what has a derivative there, and what has several."""

import numpy as np
import pytest

from conformance.oracle import Kink, Truth, derivatives
from conformance.tracing import grad, trace
from conformance.typing_rules import TensorType


def answers(program, x, dtype="float64"):
    types = {"x": (TensorType((), dtype), "constant")}
    return derivatives(trace(program, types, dtype=dtype), {"x": np.asarray(x, dtype)})


def first_and_second(name, **parameters):
    def program(xp, x):
        slope = grad(getattr(xp, name)(x, **parameters), x)
        return {"first": slope, "second": grad(slope, x)}

    return program


def limits(found):
    assert isinstance(found, Kink)
    return sorted(float(limit.hi) for limit in found.limits)


@pytest.mark.parametrize(("name", "at", "parameters", "slope", "curvatures"), [
    ("elu", 0.0, {}, 1, [0, 1]), ("celu", 0.0, {"alpha": 0.5}, 1, [0, 2]),
    ("softsign", 0.0, {}, 1, [-2, 2]), ("sparse_plus", -1.0, {}, 0, [0, 0.5]),
    ("sparse_plus", 1.0, {}, 1, [0, 0.5]),
])
def test_a_smooth_join_has_one_slope_and_two_curvatures(name, at, parameters, slope, curvatures):
    found = answers(first_and_second(name, **parameters), at)
    assert isinstance(found["first"], Truth)
    assert found["first"].hi == slope
    assert found["first"].allowed < 1e-14
    assert limits(found["second"]) == curvatures


@pytest.mark.parametrize(("name", "at", "parameters", "slopes"), [
    ("elu", 0.0, {"alpha": 2.0}, [1, 2]),
    ("selu", 0.0, {}, [1.0507009873554805, 1.7580993408473768]),
    ("leaky_relu", 0.0, {"negative_slope": 0.25}, [0.25, 1]), ("relu6", 0.0, {}, [0, 1]),
    ("relu6", 6.0, {}, [0, 1]), ("hardtanh", 1.0, {}, [0, 1]),
    ("hardsigmoid", -3.0, {}, [0, 1 / 6]),
    ("hardswish", 3.0, {}, [1, 1.5]), ("hardswish", -3.0, {}, [-0.5, 0]),
    ("softshrink", 0.5, {}, [0, 1]), ("softshrink", -0.5, {}, [0, 1]),
    ("hardshrink", -0.5, {}, [0, 1]), ("sparse_sigmoid", 1.0, {}, [0, 0.5]),
    ("threshold", 0.5, {"threshold": 0.5, "value": 0.25}, [0, 1]),
])
def test_a_corner_and_a_jump_have_a_slope_on_each_side(name, at, parameters, slopes):
    found = answers(first_and_second(name, **parameters), at)
    assert limits(found["first"]) == slopes


def test_rounding_beside_a_smooth_join_is_told_from_rounding_beside_a_corner():
    def program(xp, x):
        near = 3 * x - 1  # within rounding of 0
        return {"smooth": grad(xp.elu(near), x), "corner": grad(xp.relu(near), x)}

    found = answers(program, 1 / 3)
    assert isinstance(found["smooth"], Truth)
    assert found["smooth"].allowed < 1e-14
    assert found["corner"].allowed == np.inf
    assert "within rounding of its tie" in found["corner"].note


@pytest.mark.parametrize(("x", "value"), [(0.5, -2.0), (0.75, 0.75)])
def test_a_jump_has_a_value(x, value):
    found = answers(lambda xp, x: {"y": xp.threshold(x, 0.5, -2.0), "slope": grad(x, x)}, x)
    assert found["y"].hi == value
