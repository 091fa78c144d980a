"""Gradients of operands that were broadcast: each sums over what it was repeated along."""

from conformance import case, family, grad, uniform


@case(x=0.75, w=uniform(2, 3))
def scalar_meets_matrix(xp, x, w):
    """A scalar that scales a matrix collects the gradient of every element."""
    y = xp.sin(x * w)
    return {"dy/dx": grad(y, x) == xp.sum(w * xp.cos(x * w)), "dy/dw": grad(y, w)}


@case(row=uniform(3), column=uniform(2, 1), w=uniform(2, 3))
def row_meets_column(xp, row, column, w):
    """In an outer sum a row collects over rows and a column over columns."""
    y = w * xp.exp(row + column)
    return {
        "dy/drow": grad(y, row) == xp.sum(y, axis=0),
        "dy/dcolumn": grad(y, column) == xp.sum(y, axis=1, keepdims=True),
    }


@case(x=uniform(2, 1, 2), w=uniform(3, 1))
def both_operands_are_stretched(xp, x, w):
    """Dimensions of size one on either side each sum to size one again."""
    y = xp.tanh(x * w)
    return {"dy/dx": grad(y, x), "dy/dw": grad(y, w)}


@case(x=uniform(2), w=uniform(2, 3, 2))
def leading_dimensions_are_summed(xp, x, w):
    """A vector that meets a stack of matrices sums over the dimensions that it lacked."""
    y = x**2 * w
    return {
        "dy/dx": grad(y, x) == 2 * x * xp.sum(w, axis=(0, 1)),
        "dy/dw": grad(y, w) == xp.broadcast_to(x**2, (2, 3, 2)),
    }


@case(x=uniform(1), w=uniform(3))
def length_one_keeps_its_dimension(xp, x, w):
    """A vector of length one has a gradient of length one, not a scalar."""
    y = xp.exp(x) * w
    return {
        "dy/dx": grad(y, x) == xp.reshape(xp.sum(w), (1,)) * xp.exp(x),
        "dy/dw": grad(y, w) == xp.exp(x) + 0 * w,
    }


@case(x=uniform(1, 1), w=2.5)
def size_one_matrix_meets_scalar(xp, x, w):
    """Broadcasting that repeats nothing still gives each operand a gradient of its own shape."""
    y = xp.square(x) * w
    return {
        "dy/dx": grad(y, x) == 2 * x * w,
        "dy/dw": grad(y, w) == xp.sum(xp.square(x)),
    }


@family(
    scalar={"x": 0.75},
    row={"x": uniform(3)},
    column={"x": uniform(2, 1)},
    same={"x": uniform(2, 3)},
)
def explicit_broadcast(xp, shape, x):
    """An explicit broadcast gathers the weights of all copies of an element."""
    w = xp.asarray([[0.5, -1.25, 2.0], [3.0, 0.75, -0.5]])
    y = xp.sin(xp.broadcast_to(x, (2, 3))) * w
    return {"dy/dx": grad(y, x)}


@case(x=uniform(3), w=uniform(2, 3))
def repeated_row_sums_its_weights(xp, x, w):
    """The gradient of a repeated row is the sum of the weights down each column."""
    y = xp.broadcast_to(x, (2, 3)) * w
    return {"dy/dx": grad(y, x) == xp.sum(w, axis=0), "dy/dw": grad(y, w)}


@case(x=uniform(2, 1, low=0.5, high=2.0), w=uniform(3, low=0.5, high=2.0))
def quotient_of_column_and_row(xp, x, w):
    """A broadcast quotient sums a different expression for each operand."""
    y = x / w
    return {
        "dy/dx": grad(y, x) == xp.sum(1 / w) + 0 * x,
        "dy/dw": grad(y, w) == -xp.sum(x) / w**2,
    }


@case(x=uniform(2, 1, low=0.5, high=2.0), w=[-1.5, 0.5, 2.0])
def power_of_column_and_row(xp, x, w):
    """A broadcast power sums its base's gradient over exponents and the other way about."""
    y = x**w
    return {
        "dy/dx": grad(y, x) == xp.sum(w * y / x, axis=1, keepdims=True),
        "dy/dw": grad(y, w) == xp.sum(xp.log(x) * y, axis=0),
    }


@case(x=[[-2.0], [0.5]], w=[-1.0, 0.25, 3.0])
def larger_of_column_and_row(xp, x, w):
    """Each operand of a broadcast maximum counts the places where it is the larger."""
    weights = xp.asarray([[0.5, -1.25, 2.0], [3.0, 0.75, -0.5]])
    y = xp.maximum(x, w) * weights
    return {
        "dy/dx": grad(y, x) == xp.sum(xp.where(x > w, weights, 0.0), axis=1, keepdims=True),
        "dy/dw": grad(y, w) == xp.sum(xp.where(x > w, 0.0, weights), axis=0),
    }


@case(x=[-1.5, 0.5, 2.0], a=0.75, b=uniform(2, 1))
def three_shapes_in_one_choice(xp, x, a, b):
    """A choice between a scalar and a column gives each the sum over its own places."""
    y = xp.where(x > 0, xp.exp(a), b**2) * xp.asarray([1.0, -0.5, 3.0])
    return {"dy/da": grad(y, a) == 5 * xp.exp(a), "dy/db": grad(y, b) == 2 * b}


@case(x=uniform(2, 3))
def matrix_meets_itself_broadcast(xp, x):
    """A matrix that is scaled by one of its own rows has gradients of both kinds added."""
    y = xp.exp(x * x[0])
    return {"dy/dx": grad(y, x)}


@case(x=uniform(2, 1), w=uniform(1, 2))
def curvature_of_a_broadcast_product(xp, x, w):
    """The sums over copies are themselves differentiated the second time."""
    y = xp.sin(x * w)
    dy_dx = grad(y, x)
    return {
        "d2y/dx2": grad(dy_dx, x) == -xp.sum(w**2 * y, axis=1, keepdims=True),
        "d2y/dxdw": grad(dy_dx, w),
    }
