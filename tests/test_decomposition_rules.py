"""Shapes of systems, determinants and spectra are NumPy's, and what does not fit is refused."""

import math

import numpy as np
import pytest

from conformance import ops
from conformance.errors import ShapeError
from conformance.typing_rules import TensorType


def inferred(name, *shapes, **parameters):
    op = ops.get(name)
    return op.infer(tuple(TensorType(shape, "float64") for shape in shapes), op.bind(parameters))


def regular(shape):
    """Matrices of full rank."""
    return np.broadcast_to(np.eye(*shape[-2:]) + 0.25, shape)


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (2, 3, 3), (0, 2, 2)])
@pytest.mark.parametrize(("name", "numpy"), [
    ("inv", np.linalg.inv), ("det", np.linalg.det), ("cholesky", np.linalg.cholesky),
    ("logabsdet", lambda x: np.linalg.slogdet(x)[1]), ("eigvalsh", np.linalg.eigvalsh),
    ("matrix_exp", lambda x: x),
])
def test_shapes_of_square_matrices(name, numpy, shape):
    assert inferred(name, shape).shape == np.shape(numpy(regular(shape)))


@pytest.mark.parametrize("shape", [(2, 3), (3, 2), (4, 2, 3)])
def test_shapes_of_matrices_of_any_shape(shape):
    x = regular(shape)
    assert inferred("svdvals", shape).shape == np.linalg.svd(x, compute_uv=False).shape
    assert inferred("pinv", shape).shape == np.linalg.pinv(x).shape
    for keepdims in (False, True):
        assert inferred("matrix_norm", shape, keepdims=keepdims).shape == np.linalg.norm(
            x, axis=(-2, -1), keepdims=keepdims).shape


@pytest.mark.parametrize("name", ["solve", "solve_triangular", "cholesky_solve"])
@pytest.mark.parametrize(("a", "b"), [((3, 3), (3, 2)), ((3, 3), (3,)), ((4, 2, 2), (4, 2, 1))])
def test_a_solution_has_the_shape_of_the_right_side(name, a, b):
    operands = (b, a) if name == "cholesky_solve" else (a, b)
    assert inferred(name, *operands).shape == b


@pytest.mark.parametrize(("name", "shapes", "parameters", "said"), [
    ("inv", ((3,),), {}, "wants matrices"),
    ("det", ((0, 0),), {}, "at least one row"),
    ("cholesky", ((2, 3),), {}, "wants square matrices"),
    ("solve", ((2, 3), (2,)), {}, "wants square matrices"),
    ("solve", ((3, 3), (2, 3)), {}, r"matrices of the same batch, \[3, 'k'\], or as one vector"),
    ("solve", ((4, 3, 3), (3,)), {}, "matrices of the same batch"),
    ("solve", ((4, 3, 3), (3, 1)), {}, "matrices of the same batch"),
    ("solve_triangular", ((3, 3), (3,)), {"lower": 1}, "wants True or False as lower"),
    ("cholesky_solve", ((2,), (3, 3)), {}, "got float64"),
    ("matrix_power", ((2, 2),), {"n": 0}, "an int other than 0"),
    ("matrix_power", ((2, 2),), {"n": 2.0}, "an int other than 0"),
    ("matrix_norm", ((2, 2),), {"ord": 3}, "as ord, got 3"),
    ("matrix_norm", ((2, 2),), {"ord": True}, "as ord, got True"),
])
def test_what_does_not_fit_is_refused(name, shapes, parameters, said):
    with pytest.raises(ShapeError, match=said):
        inferred(name, *shapes, **parameters)


def test_norms_of_any_sign():
    for ord in ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf):
        assert inferred("matrix_norm", (2, 3), ord=ord).shape == ()
