"""At kinks: the limits of a derivative, and what rules make of them."""

import numpy as np
import pytest

from conformance.errors import CannotCertify
from conformance.oracle import Kink, derivatives
from conformance.oracle.jets import Arithmetic
from conformance.tracing import grad, trace
from conformance.typing_rules import TensorType


def answers(function, dtype="float32", **values):
    arrays = {name: np.asarray(value, dtype) for name, value in values.items()}
    types = {name: (TensorType(array.shape, dtype), "constant") for name, array in arrays.items()}
    return derivatives(trace(function, types, dtype=dtype), arrays)


def slope(program, **values):
    return answers(lambda xp, **xs: {"g": grad(program(xp, **xs), next(iter(xs.values())))},
                   **values)["g"]


def limits(kink):
    assert isinstance(kink, Kink), kink
    return sorted(truth.hi.tolist() for truth in kink.limits)


@pytest.mark.parametrize(("program", "wanted"), [
    (lambda xp, x: xp.abs(x), [-1, 1]),
    (lambda xp, x: xp.relu(x), [0, 1]),
    (lambda xp, x: xp.maximum(x, 0), [0, 1]),
    (lambda xp, x: xp.minimum(2 * x, x), [1, 2]),
    (lambda xp, x: xp.clip(x, 0.0, 1.0), [0, 1]),
    (lambda xp, x: xp.clip(x, -1.0, 0.0), [0, 1]),
    (lambda xp, x: xp.hypot(x, x), [-(2**0.5), 2**0.5]),
    (lambda xp, x: xp.sqrt(x**2), [-1, 1]),
    (lambda xp, x: xp.max(xp.stack([x, -x, x - 1])), [-1, 1]),
    (lambda xp, x: xp.min(xp.stack([x, 3 * x])), [1, 3]),
    (lambda xp, x: xp.abs(x) * xp.exp(x) + xp.sin(x), [0, 2]),
    (lambda xp, x: xp.abs(xp.abs(x)), [-1, 1]),
    (lambda xp, x: xp.sign(x), [0]),
    (lambda xp, x: xp.atan2(x, -1.0), [-1]),
    (lambda xp, x: xp.relu(x) - xp.relu(-x), [1]),
])
def test_the_limits_of_a_slope(program, wanted):
    np.testing.assert_allclose(limits(slope(program, x=0.0)), wanted, rtol=1e-15)


def test_a_value_at_a_kink_is_certain():
    got = answers(lambda xp, x: {"y": xp.maximum(x, 0), "g": grad(xp.maximum(x, 0), x)}, x=0.0)
    assert got["y"].hi == 0
    assert isinstance(got["g"], Kink)


def test_limits_beside_elements_that_are_at_no_kink():
    kink = slope(lambda xp, x: xp.abs(x) * xp.exp(x), x=[0.0, 1.0])
    assert {truth.hi[0] for truth in kink.limits} == {-1.0, 1.0}
    assert {truth.hi[1] for truth in kink.limits} == {2 * np.e}
    assert all(0 < truth.allowed[1] < 1e-5 for truth in kink.limits)


def test_every_element_of_a_tie_may_be_the_largest():
    kink = slope(lambda xp, x: xp.max(x), x=[1.0, 3.0, 3.0, 3.0])
    assert limits(kink) == [[0, 0, 0, 1], [0, 0, 1, 0], [0, 1, 0, 0]]
    mean = kink.conventions["max: mean"]
    np.testing.assert_array_equal(mean.hi, [0, *[1 / 3] * 3])


def test_windows_that_overlap_have_ties_of_their_own():
    kink = slope(lambda xp, x: xp.max_pool1d(x, kernel=2, stride=1),
                 x=[[[1.0, 1.0, 0.0, 2.0, 2.0]]])
    assert limits(kink) == [[[[0, 2, 0, 1, 1]]], [[[0, 2, 0, 2, 0]]], [[[1, 1, 0, 1, 1]]],
                            [[[1, 1, 0, 2, 0]]]]
    assert all(np.isfinite(truth.allowed).all() for truth in kink.limits)
    np.testing.assert_array_equal(kink.conventions["max_pool1d: mean"].hi,
                                  [[[0.5, 1.5, 0, 1.5, 0.5]]])


def test_a_tie_below_the_largest_is_no_kink():
    assert slope(lambda xp, x: xp.max(x), x=[1.0, 1.0, 2.0]).hi.tolist() == [0, 0, 1]


def test_second_derivatives_have_limits_too():
    kink = answers(lambda xp, x: {"h": grad(grad(xp.abs(x) * x, x), x)}, x=0.0)["h"]
    assert limits(kink) == [-2, 2]


def test_a_source_may_be_an_intermediate_that_no_input_moves():
    def program(xp, x):
        flat = xp.relu(x)
        return {"g": grad(xp.abs(flat), flat)}

    assert limits(answers(program, x=-1.0)["g"]) == [-1, 1]


def test_conventions_are_named_by_operator():
    kink = slope(lambda xp, x: xp.relu(x) - xp.relu(-x), x=0.0)
    assert {name: float(truth.hi) for name, truth in kink.conventions.items()} == {
        "relu: first": 2.0, "relu: second": 0.0, "relu: mean": 1.0}
    both = slope(lambda xp, x: xp.abs(x) + xp.relu(x), x=0.0)
    assert float(both.conventions["abs: mean, relu: second"].hi) == 0.0
    assert len(both.conventions) == 9


def test_rounding_near_a_kink_is_allowed_for_but_not_its_tie():
    kink = slope(lambda xp, x: xp.abs(xp.exp(x) - 1), x=0.0)
    assert all(truth.allowed < 1e-5 for truth in kink.limits)


@pytest.mark.parametrize("program", [
    lambda xp, x: xp.sqrt(x),  # grows without bound
    lambda xp, x: xp.log(x),
    lambda xp, x: 1 / x,
])
def test_what_has_no_limit_is_refused(program):
    got = slope(program, x=0.0)
    assert isinstance(got, CannotCertify)
    assert got.kind == "domain"


def test_a_derivative_at_a_kink_costs_a_bounded_number_of_evaluations(monkeypatch):
    made = []
    monkeypatch.setattr(Arithmetic, "negative", lambda self, a, negative=Arithmetic.negative:
                        made.append(1) or negative(self, a))
    kink = slope(lambda xp, x: xp.sum(xp.abs(x)), x=[0.0] * 12)
    assert 2 < len(kink.limits) <= 18
    assert len(made) < 12 * 200
