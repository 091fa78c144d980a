"""Shapes of products are NumPy's, and what does not fit is refused by what is wrong."""

import numpy as np
import pytest

from conformance import ops
from conformance.errors import ShapeError
from conformance.product_rules import Summation
from conformance.typing_rules import TensorType


def inferred(name, *shapes, **parameters):
    op = ops.get(name)
    return op.infer(tuple(TensorType(shape, "float64") for shape in shapes), op.bind(parameters))


@pytest.mark.parametrize(("name", "a", "b", "parameters", "numpy"), [
    ("outer", (2,), (3,), {}, np.outer),
    ("outer", (0,), (3,), {}, np.outer),
    ("inner", (4, 2, 3), (5, 3), {}, np.inner),
    ("inner", (3,), (3,), {}, np.inner),
    ("kron", (2, 3), (4, 1), {}, np.kron),
    ("cross", (4, 3), (1, 3), {}, np.cross),
    ("tensordot", (2, 3, 4), (3, 4, 5), {}, np.tensordot),
    ("tensordot", (2, 3), (4,), {"axes": 0}, lambda a, b: np.tensordot(a, b, 0)),
    ("tensordot", (2, 3), (5, 2), {"axes": ((0,), (-1,))},
     lambda a, b: np.tensordot(a, b, ((0,), (-1,)))),
    ("einsum", (2, 3), (3, 4), {"equation": "ij,jk->ki"}, lambda a, b: (a @ b).T),
    ("einsum", (2, 2), (3,), {"equation": "ii,j->j"}, lambda a, b: b),
    ("vecdot", (4, 2, 3), (2, 3), {}, lambda a, b: (a * b).sum(-1)),
    ("vecdot", (4, 2, 3), (2, 3), {"axis": -2}, lambda a, b: (a * b).sum(-2)),
])
def test_shapes_are_those_of_numpy(name, a, b, parameters, numpy):
    assert inferred(name, a, b, **parameters).shape == numpy(np.zeros(a), np.zeros(b)).shape


@pytest.mark.parametrize(("name", "a", "b", "parameters", "said"), [
    ("outer", (2, 2), (3,), {}, "wants two vectors"),
    ("inner", (2,), (), {}, "wants at least 1 dimension"),
    ("inner", (2, 3), (2,), {}, "lengths differ: 3 and 2"),
    ("kron", (2,), (3,), {}, "wants two matrices"),
    ("cross", (2,), (2,), {}, "wants length 3"),
    ("cross", (3,), (3,), {"axis": 0}, "counts from the end"),
    ("vecdot", (2, 3), (2, 4), {}, "lengths along axis -1 differ"),
    ("tensordot", (2, 3), (3,), {}, "cannot sum over 2 axes"),
    ("tensordot", (2, 3), (4, 2), {"axes": 1}, "lengths differ: 3 and 4"),
    ("tensordot", (2, 3), (3, 2), {"axes": ((0, 1), (1,))}, "do not pair up"),
    ("tensordot", (2, 3), (3, 2), {"axes": (0, 1)}, "an int or a pair of tuples"),
    ("einsum", (2,), (2,), {"equation": "i->i"}, "an equation of two operands"),
    ("einsum", (2,), (2,), {"equation": "ij,j->i"}, "does not fit operands"),
    ("einsum", (2,), (2,), {"equation": "i,j->ii"}, "each once"),
    ("einsum", (2,), (3,), {"equation": "i,i->"}, "lengths differ: 2 and 3"),
])
def test_what_does_not_fit_is_refused(name, a, b, parameters, said):
    with pytest.raises(ShapeError, match=said):
        inferred(name, a, b, **parameters)


def test_products_are_counted():
    assert Summation("ij", "jk", "ik").size((2, 3), (3, 4)) == 24
    assert Summation("ii", "j", "j").size((2, 2), (3,)) == 6
