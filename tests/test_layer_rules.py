"""Shapes and refusals of normalisations, linear layers and attention."""

import pytest

from conformance import ops
from conformance.errors import ShapeError
from conformance.typing_rules import TensorType


def shape_of(name, *shapes, **parameters):
    op = ops.get(name)
    types = tuple(TensorType(shape, "float32") for shape in shapes)
    return op.infer(types, op.bind(parameters)).shape


@pytest.mark.parametrize(("name", "shapes", "parameters", "wanted"), [
    ("standardize", ((2, 3),), {"axis": 0}, (2, 3)),
    ("layer_norm", ((2, 3, 4), (3, 4), (3, 4)), {"axis": (-2, -1)}, (2, 3, 4)),
    ("rms_norm", ((0, 3), (3,)), {}, (0, 3)),
    ("batch_norm", ((4, 3), (3,), (3,)), {}, (4, 3)),
    ("group_norm", ((2, 4), (4,), (4,)), {"groups": 2}, (2, 4)),
    ("linear", ((2, 0, 3), (4, 3), (4,)), {}, (2, 0, 4)),
    ("linear", ((3,), (4, 3), (4,)), {}, (4,)),
    ("bilinear", ((5, 2), (5, 3), (4, 2, 3)), {}, (5, 4)),
    ("scaled_dot_product_attention", ((1, 2, 3, 4), (1, 2, 5, 4), (1, 2, 5, 4)), {},
     (1, 2, 3, 4)),
])
def test_shapes(name, shapes, parameters, wanted):
    assert shape_of(name, *shapes, **parameters) == wanted


@pytest.mark.parametrize(("name", "shapes", "parameters", "said"), [
    ("standardize", ((2, 0),), {}, "cannot normalise over an empty dimension"),
    ("standardize", ((2, 3),), {"epsilon": 0.0}, "wants a number above 0 as epsilon, got 0.0"),
    ("layer_norm", ((2, 3), (2,), (2,)), {"axis": 0}, "wants the last axes of"),
    ("layer_norm", ((2, 3), (3,), (2,)), {}, "wants weights of the shape (3,), got float32[2]"),
    ("batch_norm", ((4,), (4,), (4,)), {}, "wants at least 2 dimensions"),
    ("batch_norm", ((0, 3), (3,), (3,)), {}, "cannot normalise over an empty dimension"),
    ("instance_norm", ((2, 3), (3,), (3,)), {}, "wants at least 3 dimensions"),
    ("instance_norm", ((2, 3, 4), (4,), (4,)), {}, "a bias for each of the channels"),
    ("group_norm", ((2, 4), (4,), (4,)), {"groups": 3}, "wants groups that divide the channels"),
    ("linear", ((2, 3), (3, 4), (4,)), {}, "wants x (..., n) and weight (m, n)"),
    ("linear", ((2, 3), (4, 3), (3,)), {}, "wants a bias of the shape (4,)"),
    ("bilinear", ((5, 2), (4, 3), (4, 2, 3)), {}, "wants x (..., i), w (..., j)"),
    ("scaled_dot_product_attention", ((1, 3, 4), (1, 5, 4), (1, 5, 4)), {},
     "wants query (batch, heads, m, d)"),
    ("scaled_dot_product_attention", ((1, 2, 3, 4), (1, 2, 5, 3), (1, 2, 5, 3)), {},
     "wants the batch, heads and features of"),
    ("scaled_dot_product_attention", ((1, 2, 3, 4), (1, 2, 5, 4), (1, 2, 5, 4)),
     {"is_causal": 1}, "wants True or False as is_causal, got 1"),
    ("scaled_dot_product_attention", ((1, 2, 3, 4), (1, 2, 5, 4), (1, 2, 5, 4)),
     {"scale": -1.0}, "wants a number above 0 as scale, got -1.0"),
])
def test_refusals(name, shapes, parameters, said):
    with pytest.raises(ShapeError) as caught:
        shape_of(name, *shapes, **parameters)
    assert said in str(caught.value)
