"""Losses at their joins, outside their domains, and of nothing."""

import numpy as np
import pytest

from conformance.errors import CannotCertify
from conformance.oracle import Kink, Truth, derivatives
from conformance.tracing import grad, trace
from conformance.typing_rules import TensorType


def answers(program, **inputs):
    arrays = {name: np.asarray(x, "float64") for name, x in inputs.items()}
    types = {name: (TensorType(x.shape, "float64"), "constant") for name, x in arrays.items()}
    return derivatives(trace(program, types, dtype="float64"), arrays)


@pytest.mark.parametrize(("name", "parameters", "slope", "curvature"), [
    ("huber_loss", {"delta": 2.0}, 2.0, 1.0), ("smooth_l1_loss", {"beta": 2.0}, 1.0, 0.5)])
def test_where_the_parabola_becomes_a_line_there_is_one_slope(name, parameters, slope, curvature):
    def program(xp, x, t):
        first = grad(getattr(xp, name)(x, t, **parameters), x)
        return {"first": first, "second": grad(first, x)}

    found = answers(program, x=3.0, t=1.0)
    assert isinstance(found["first"], Truth)
    assert found["first"].hi == slope
    assert found["first"].allowed < 1e-14
    assert sorted(float(limit.hi) for limit in found["second"].limits) == [0.0, curvature]


def slope(name, **inputs):
    return answers(lambda xp, x, t: {"slope": grad(getattr(xp, name)(x, t), x)}, **inputs)["slope"]


def test_a_corner_has_a_slope_on_each_side():
    found = slope("l1_loss", x=1.0, t=1.0)
    assert isinstance(found, Kink)
    assert sorted(float(limit.hi) for limit in found.limits) == [-1, 1]


@pytest.mark.parametrize(("name", "inputs", "said"), [
    ("hinge_embedding_loss", {"x": 0.5, "t": 0.5}, "neither 1 nor -1"),
    ("cosine_similarity", {"x": [0.0, 0.0], "t": [1.0, 0.5]}, "domain"),
    ("kl_div", {"x": 1.0, "t": -0.5}, "domain"),
    ("binary_cross_entropy", {"x": 1.5, "t": 0.5}, "domain"),
])
def test_outside_the_domain_there_is_no_truth(name, inputs, said):
    found = slope(name, **inputs)
    assert isinstance(found, CannotCertify)
    assert said in str(found)


def test_a_variance_has_to_be_above_eps():
    found = answers(lambda xp, x, t, v: {"slope": grad(xp.gaussian_nll_loss(x, t, v), x)},
                    x=1.0, t=0.0, v=1e-7)["slope"]
    assert "not above eps" in str(found)


def test_a_loss_of_nothing_has_a_gradient_of_nothing():
    found = slope("mse_loss", x=np.zeros((0, 2)), t=np.zeros((0, 2)))
    assert found.hi.shape == (0, 2)
