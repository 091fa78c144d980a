"""Where pieces of an activation join: what has a derivative there, and what is refused."""

import numpy as np
import pytest

from conformance.errors import CannotCertify
from conformance.oracle import Truth, derivatives
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


@pytest.mark.parametrize(("name", "at", "parameters", "slope"), [
    ("elu", 0.0, {}, 1), ("celu", 0.0, {"alpha": 0.5}, 1), ("softsign", 0.0, {}, 1),
    ("sparse_plus", -1.0, {}, 0), ("sparse_plus", 1.0, {}, 1),
])
def test_a_smooth_join_has_a_slope_and_no_curvature(name, at, parameters, slope):
    found = answers(first_and_second(name, **parameters), at)
    assert found["first"].hi == slope
    assert found["first"].allowed < 1e-14
    assert isinstance(found["second"], CannotCertify)
    assert "branches have different derivatives" in str(found["second"])


@pytest.mark.parametrize(("name", "at", "parameters"), [
    ("elu", 0.0, {"alpha": 2.0}), ("selu", 0.0, {}), ("leaky_relu", 0.0, {}),
    ("relu6", 0.0, {}), ("relu6", 6.0, {}), ("hardtanh", 1.0, {}), ("hardsigmoid", -3.0, {}),
    ("hardswish", 3.0, {}), ("softshrink", 0.5, {}), ("hardshrink", -0.5, {}),
    ("sparse_sigmoid", 1.0, {}), ("threshold", 0.5, {"threshold": 0.5, "value": 0.25}),
])
def test_a_corner_and_a_jump_have_no_slope(name, at, parameters):
    found = answers(first_and_second(name, **parameters), at)
    assert isinstance(found["first"], CannotCertify)
    assert "kink" in str(found["first"])


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
