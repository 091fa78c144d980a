"""Shapes of what is tiled, padded or cut out are NumPy's, and what does not fit is refused."""

import numpy as np
import pytest

from conformance import ops
from conformance.errors import ShapeError
from conformance.typing_rules import TensorType


def inferred(name, shape, **parameters):
    op = ops.get(name)
    return op.infer((TensorType(shape, "float64"),), op.bind(parameters))


@pytest.mark.parametrize(("name", "shape", "parameters", "numpy"), [
    ("pad", (2, 3), {"widths": ((1, 0), (0, 2))}, lambda x: np.pad(x, ((1, 0), (0, 2)))),
    ("pad", (0,), {"widths": ((1, 2),)}, lambda x: np.pad(x, ((1, 2),))),
    ("pad", (3,), {"widths": ((5, 5),), "mode": "edge"}, lambda x: np.pad(x, 5)),
    ("pad", (3,), {"widths": ((2, 2),), "mode": "reflect"}, lambda x: np.pad(x, 2)),
    ("tile", (2, 3), {"repetitions": (2, 0)}, lambda x: np.tile(x, (2, 0))),
    ("repeat", (2, 3), {"repeats": 2}, lambda x: np.repeat(x, 2)),
    ("repeat", (2, 3), {"repeats": (1, 4), "axis": 0}, lambda x: np.repeat(x, (1, 4), 0)),
    ("moveaxis", (2, 3, 4), {"source": 0, "destination": -1}, lambda x: np.moveaxis(x, 0, -1)),
    ("tril", (2, 3, 4), {}, np.tril),
    ("diagonal", (2, 3, 4), {"offset": 2}, lambda x: np.diagonal(x, 2, -2, -1)),
    ("diagonal", (2, 3), {"offset": 5}, lambda x: np.diagonal(x, 5)),
    ("diag", (3,), {"offset": -2}, lambda x: np.diag(x, -2)),
    ("trace", (2, 3, 4), {}, lambda x: np.trace(x, 0, -2, -1)),
    ("rot90", (2, 3), {}, np.rot90),
    ("rot90", (2, 3, 4), {"k": 3, "axes": (0, 2)}, lambda x: np.rot90(x, 3, (0, 2))),
])
def test_shapes_are_those_of_numpy(name, shape, parameters, numpy):
    assert inferred(name, shape, **parameters).shape == numpy(np.zeros(shape)).shape


@pytest.mark.parametrize(("name", "shape", "parameters", "said"), [
    ("pad", (2, 3), {"widths": ((1, 0),)}, "a pair .* for each axis"),
    ("pad", (2,), {"widths": ((1, -1),)}, "a pair .* for each axis"),
    ("pad", (2,), {"widths": ((1, 1),), "mode": "mirror"}, "wants a mode of"),
    ("pad", (2,), {"widths": ((1, 1),), "value": None}, "wants a Python number as value"),
    ("pad", (2,), {"widths": ((0, 2),), "mode": "reflect"}, "cannot pad an axis of length 2"),
    ("pad", (2,), {"widths": ((0, 3),), "mode": "wrap"}, "cannot pad an axis of length 2"),
    ("pad", (0,), {"widths": ((0, 1),), "mode": "edge"}, "cannot pad an axis of length 0"),
    ("tile", (2, 3), {"repetitions": (2,)}, "a count for each axis"),
    ("repeat", (2, 3), {"repeats": (1, 2)}, "one for each of 6 elements"),
    ("repeat", (2, 3), {"repeats": -1}, "wants repeats"),
    ("moveaxis", (2, 3), {"source": (0, 1), "destination": 0}, "moves 2 axes to 1 places"),
    ("moveaxis", (2, 3), {"source": None, "destination": 0}, "as source and destination"),
    ("tril", (3,), {}, "at least 2 dimensions"),
    ("triu", (3, 3), {"k": 0.5}, "wants an int as k"),
    ("diag", (3, 3), {}, "wants a vector"),
    ("trace", (3,), {}, "at least 2 dimensions"),
    ("rot90", (3, 3), {"axes": (0,)}, "wants two axes"),
])
def test_what_does_not_fit_is_refused(name, shape, parameters, said):
    with pytest.raises(ShapeError, match=said):
        inferred(name, shape, **parameters)
