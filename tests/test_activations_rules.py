"""Activations have the types that they should, and say what is wrong with what they are given."""

import pytest

from conformance.errors import ShapeError
from conformance.ops import get
from conformance.typing_rules import TensorType


def infer(name, *shapes, dtype="float32", **parameters):
    op = get(name)
    return op.infer(tuple(TensorType(s, dtype) for s in shapes), op.bind(parameters)).shape


def test_shapes():
    assert infer("gelu", (2, 3)) == (2, 3)
    assert infer("glu", (2, 6)) == (2, 3)
    assert infer("glu", (2, 6), axis=0) == (1, 6)
    assert infer("prelu", (2, 3, 4), (3,)) == (2, 3, 4)
    assert infer("prelu", (2, 3), ()) == (2, 3)
    assert infer("prelu", (3,), (1,)) == (3,)


@pytest.mark.parametrize(("name", "shapes", "parameters", "said"), [
    ("gelu", [(2,)], {"approximate": True}, 'wants "none" or "tanh" as approximate, got True'),
    ("elu", [(2,)], {"alpha": 0.0}, "wants a positive alpha, got 0.0"),
    ("celu", [(2,)], {"alpha": "1"}, "wants a Python number as alpha, got '1'"),
    ("softshrink", [(2,)], {"lambd": -0.5}, "wants a positive lambd, got -0.5"),
    ("leaky_relu", [(2,)], {"negative_slope": None},
     "wants a Python number as negative_slope, got None"),
    ("hardtanh", [(2,)], {"min_val": 1.0}, "its min_val 1.0 is not below its max_val 1.0"),
    ("glu", [(2, 3)], {}, "wants an axis of even length, got axis -1 of float32[2, 3]"),
    ("glu", [()], {}, "axis -1 is out of range for 0 dimension(s)"),
    ("prelu", [(2, 3), (2,)], {},
     "wants one weight, or one for each of 3 channels, got float32[2]"),
    ("prelu", [(2, 3), (1, 3)], {},
     "wants one weight, or one for each of 3 channels, got float32[1, 3]"),
    ("threshold", [(2,)], {"threshold": 1.0}, "needs the parameter 'value'"),
])
def test_complaints(name, shapes, parameters, said):
    with pytest.raises(ShapeError) as caught:
        infer(name, *shapes, **parameters)
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["silu", "gelu", "elu", "glu", "hardtanh"])
def test_only_floats(name):
    with pytest.raises(ShapeError, match="wants floating-point operands"):
        infer(name, (2,), dtype="int64")
