"""Shapes of what is read and written at indices, and what is refused."""

import pytest

from conformance import ops
from conformance.errors import ShapeError
from conformance.typing_rules import TensorType


def inferred(name, *shapes, **parameters):
    op = ops.get(name)
    types = tuple(TensorType(shape, "float64") for shape in shapes)
    return op.infer(types, op.bind(parameters)).shape


@pytest.mark.parametrize(("name", "shapes", "parameters", "shape"), [
    ("take_along_axis", ((2, 3),), {"indices": ((0,), (2,)), "axis": 1}, (2, 1)),
    ("take_along_axis", ((2, 3),), {"indices": ((1, 0, 1),), "axis": -2}, (1, 3)),
    ("take_along_axis", ((3,),), {"indices": (), "axis": 0}, (0,)),
    ("put_along_axis", ((2, 3), (1, 3)), {"indices": ((1, 0, 1),), "axis": 0}, (2, 3)),
    ("scatter_add", ((3,), (2,)), {"indices": (1, 1), "axis": 0}, (3,)),
    ("index_add", ((2, 3), (2, 1)), {"indices": (2,), "axis": 1}, (2, 3)),
    ("segment_sum", ((3, 2),), {"segment_ids": (0, 4, 0), "num_segments": 5}, (5, 2)),
    ("segment_max", ((3,),), {"segment_ids": (1, 0, 1), "num_segments": 2}, (2,)),
])
def test_shapes(name, shapes, parameters, shape):
    assert inferred(name, *shapes, **parameters) == shape


@pytest.mark.parametrize(("name", "shapes", "parameters", "said"), [
    ("take_along_axis", ((2, 3),), {"indices": (0, 1), "axis": 1}, "wants indices of the shape"),
    ("take_along_axis", ((2, 3),), {"indices": ((0,),), "axis": 1}, "wants indices of the shape"),
    ("take_along_axis", ((3,),), {"indices": (3,), "axis": 0}, "index 3 is out of range"),
    ("take_along_axis", ((3,),), {"indices": (-1,), "axis": 0}, "are not negative"),
    ("take_along_axis", ((3,),), {"indices": (0.5,), "axis": 0}, "wants ints as indices"),
    ("take_along_axis", ((3,),), {"indices": ((0, 1), (0,)), "axis": 0}, "form a rectangle"),
    ("put_along_axis", ((3,), (2,)), {"indices": (1, 1), "axis": 0}, "one place twice"),
    ("scatter_add", ((3,), (3,)), {"indices": (1, 1), "axis": 0}, "updates of the shape"),
    ("index_add", ((2, 3), (2, 2)), {"indices": (2,), "axis": 1}, "updates of shape"),
    ("index_add", ((2, 3), (2, 1)), {"indices": ((2,),), "axis": 1}, "wants a list of indices"),
    ("segment_sum", ((3,),), {"segment_ids": (0, 1), "num_segments": 2}, "an id from 0 to 1"),
    ("segment_sum", ((2,),), {"segment_ids": (0, 2), "num_segments": 2}, "an id from 0 to 1"),
    ("segment_min", ((2,),), {"segment_ids": (0, 2), "num_segments": 3}, "has an empty segment"),
])
def test_what_does_not_fit_is_refused(name, shapes, parameters, said):
    with pytest.raises(ShapeError, match=said):
        inferred(name, *shapes, **parameters)
