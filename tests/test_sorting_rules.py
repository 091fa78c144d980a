"""Shapes of order statistics, and what is refused."""

import pytest

from conformance import ops
from conformance.errors import ShapeError
from conformance.typing_rules import TensorType


def inferred(name, shape, **parameters):
    op = ops.get(name)
    return op.infer((TensorType(shape, "float64"),), op.bind(parameters)).shape


@pytest.mark.parametrize(("name", "parameters", "shape"), [
    ("sort", {"axis": 0}, (2, 3)),
    ("topk", {"k": 2}, (2, 2)),
    ("kthvalue", {"k": 3}, (2,)),
    ("kthvalue", {"k": 2, "axis": 0, "keepdims": True}, (1, 3)),
    ("median", {}, ()),
    ("median", {"axis": 1, "keepdims": True}, (2, 1)),
    ("quantile", {"q": 1, "axis": -2}, (3,)),
    ("trapezoid", {}, (2,)),
    ("trapezoid", {"axis": 0, "dx": 2}, (3,)),
    ("cumulative_max", {"axis": -1}, (2, 3)),
])
def test_shapes(name, parameters, shape):
    assert inferred(name, (2, 3), **parameters) == shape


@pytest.mark.parametrize(("name", "shape", "parameters", "said"), [
    ("sort", (2, 3), {"axis": 2}, "axis 2 is out of range"),
    ("sort", (2, 3), {"descending": 1}, "wants True or False as descending"),
    ("topk", (2, 3), {"k": 4}, "wants k from 1 to 3"),
    ("topk", (), {"k": 1}, "out of range"),
    ("kthvalue", (2, 3), {"k": 0}, "wants k from 1 to 3"),
    ("kthvalue", (2, 3), {"k": 3, "axis": 0}, "wants k from 1 to 2"),
    ("median", (2, 3), {"axis": (0, 1)}, "wants one axis or None"),
    ("median", (2, 0), {}, "empty dimension"),
    ("quantile", (2, 3), {"q": 1.5}, "wants q from 0 to 1"),
    ("quantile", (2, 3), {"q": (0.5,)}, "wants a Python number as q"),
    ("trapezoid", (2, 3), {"dx": None}, "wants a Python number as dx"),
])
def test_what_does_not_fit_is_refused(name, shape, parameters, said):
    with pytest.raises(ShapeError, match=said):
        inferred(name, shape, **parameters)
