"""Losses have the types that they should, and say what is wrong with what they are given."""

import pytest

from conformance.errors import ShapeError
from conformance.ops import get
from conformance.typing_rules import TensorType


def infer(name, *shapes, dtype="float32", **parameters):
    op = get(name)
    return op.infer(tuple(TensorType(s, dtype) for s in shapes), op.bind(parameters)).shape


def test_shapes():
    assert infer("mse_loss", (2, 3), (2, 3)) == ()
    assert infer("mse_loss", (2, 3), (2, 3), reduction="sum") == ()
    assert infer("mse_loss", (2, 3), (2, 3), reduction="none") == (2, 3)
    assert infer("kl_div", (2, 3), (2, 3), reduction="batchmean") == ()
    assert infer("cross_entropy", (2, 3), target=(0, 2)) == ()
    assert infer("nll_loss", (2, 3), target=(0, 2), reduction="none") == (2,)
    assert infer("softmax_cross_entropy", (2, 3), (2, 3), reduction="none") == (2,)
    assert infer("softmax_cross_entropy", (3,), (3,), reduction="none") == ()
    assert infer("cosine_similarity", (2, 3), (2, 3)) == (2,)
    assert infer("cosine_similarity", (2, 3), (2, 3), axis=0) == (3,)


@pytest.mark.parametrize(("name", "shapes", "parameters", "said"), [
    ("mse_loss", [(2,), (2, 2)], {},
     "wants operands of one shape, got float32[2] and float32[2, 2]"),
    ("mse_loss", [(2,), (2,)], {"reduction": "batchmean"},
     "wants none, mean, sum as reduction, got 'batchmean'"),
    ("kl_div", [(), ()], {"reduction": "batchmean"}, "wants an axis to divide by the length of"),
    ("kl_div", [(2,), (2,)], {"log_target": 1}, "wants True or False as log_target, got 1"),
    ("huber_loss", [(2,), (2,)], {"delta": 0.0}, "wants a positive delta, got 0.0"),
    ("hinge_embedding_loss", [(2,), (2,)], {"margin": None},
     "wants a Python number as margin, got None"),
    ("cross_entropy", [(2, 3)], {"target": (0, 3)},
     "wants a class from 0 to 2 for each of 2 rows as target, got (0, 3)"),
    ("nll_loss", [(2, 3)], {"target": (0,)},
     "wants a class from 0 to 2 for each of 2 rows as target, got (0,)"),
    ("nll_loss", [(3,)], {"target": (0,)}, "wants rows of classes, got float32[3]"),
    ("cross_entropy", [(1, 3)], {"target": (0,), "label_smoothing": 1.5},
     "wants a label_smoothing between 0 and 1, got 1.5"),
    ("softmax_cross_entropy", [(1, 2, 3), (1, 2, 3)], {},
     "wants classes in one row or in rows, got float32[1, 2, 3]"),
    ("cosine_similarity", [(2,), (2,)], {"axis": 1}, "axis 1 is out of range for 1 dimension(s)"),
])
def test_complaints(name, shapes, parameters, said):
    with pytest.raises(ShapeError) as caught:
        infer(name, *shapes, **parameters)
    assert said in str(caught.value)
