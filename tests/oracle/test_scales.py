"""The sizes of terms that cancel, against sums that can be done by hand."""

import numpy as np
import pytest

from conformance.oracle.scales import scales
from conformance.tracing import grad, trace
from conformance.typing_rules import TensorType


def scale(program, **inputs):
    arrays = {name: np.asarray(value, "float64") for name, value in inputs.items()}
    types = {name: (TensorType(array.shape, "float64"), "constant")
             for name, array in arrays.items()}

    def derivative(xp, **values):
        return {"g": grad(program(xp, **values), values["x"])}

    return scales(trace(derivative, types, dtype="float64"), arrays)["g"]


@pytest.mark.parametrize(("program", "inputs", "wanted"), [
    # one path of slope w, of two leaves (the seed and w)
    (lambda xp, x, w: w * x, {"x": 3.0, "w": -5.0}, 10),
    # the terms of a difference, not what is left of them
    (lambda xp, x, w: w * x - w * x, {"x": 3.0, "w": 1e6}, 4e6),
    # 2 s c twice, and what a change of x by itself would do to both
    (lambda xp, x: xp.sin(x) ** 2 + xp.cos(x) ** 2, {"x": 0.5},
     2 * np.sin(1) + 2 * 0.5 * 2),
    # an exponent that is an integer stays one
    (lambda xp, x: x**3 - x**3, {"x": -2.0}, 2 * 12 + 2 * 2 * 12),
    # a factor that is 0 because its terms cancel
    (lambda xp, x, w: x * (w - w), {"x": 3.0, "w": 1e6}, 2e6),
    (lambda xp, x: xp.sum(x) - xp.sum(x), {"x": [1.0, 2.0]}, [2, 2]),
    # nothing leads there
    (lambda xp, x: 0 * xp.stop_gradient(x), {"x": 3.0}, 0),
])
def test_terms_count_with_their_absolute_values(program, inputs, wanted):
    found = scale(program, **inputs)
    np.testing.assert_allclose(found, wanted, rtol=0.02)  # balls are a little generous


def test_a_scale_grows_with_what_it_measures():
    def program(xp, x):
        return 1e8 * (xp.sin(x) ** 2 + xp.cos(x) ** 2)

    def smaller(xp, x):
        return xp.sin(x) ** 2 + xp.cos(x) ** 2

    ratio = scale(program, x=0.5) / scale(smaller, x=0.5)
    assert 1e8 <= ratio < 2.1e8


def test_second_derivatives_have_terms_too():
    def program(xp, x):
        return grad(x * x * x - x * x * x, x)

    assert 12 < scale(program, x=1.0) < 60
