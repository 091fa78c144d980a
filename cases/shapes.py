"""Rearrangements: what moves an element forward must move its gradient back."""

from conformance import case, family, grad, ones, uniform, zeros

REARRANGEMENTS = {
    "reshape": lambda xp, x: xp.reshape(x, (3, 2)),
    "reshape_flat": lambda xp, x: xp.reshape(x, (6,)),
    "permute_dims": lambda xp, x: xp.permute_dims(xp.reshape(x, (1, 2, 3)), (2, 0, 1)),
    "expand_dims_first": lambda xp, x: xp.expand_dims(x, axis=0),
    "expand_dims_last": lambda xp, x: xp.expand_dims(x, axis=-1),
    "squeeze": lambda xp, x: xp.squeeze(xp.reshape(x, (2, 1, 3, 1)), axis=(1, -1)),
    "flip_all": lambda xp, x: xp.flip(x),
    "flip_rows": lambda xp, x: xp.flip(x, axis=0),
    "flip_columns": lambda xp, x: xp.flip(x, axis=-1),
    "roll_all": lambda xp, x: xp.roll(x, 2),
    "roll_rows": lambda xp, x: xp.roll(x, 1, axis=0),
    "roll_columns_backwards": lambda xp, x: xp.roll(x, -1, axis=1),
    "roll_more_than_once_round": lambda xp, x: xp.roll(x, 7, axis=-1),
    "matrix_transpose": lambda xp, x: xp.matrix_transpose(x),
}


@family(**{name: {"x": uniform(2, 3)} for name in REARRANGEMENTS})
def rearranged(xp, name, x):
    """Weights on the rearranged elements return to the places that the elements came from."""
    y = REARRANGEMENTS[name](xp, x)
    w = xp.reshape(xp.asarray([0.5, -1.25, 2.0, 3.0, 0.75, -0.5]), y.shape)
    dy_dx = grad(y**3 * w, x)
    return {"dy/dx": dy_dx, "d2y/dx2": grad(dy_dx, x) == 2 * dy_dx / x}


@case(x=uniform(2, 2, 3))
def cycle_of_three_dimensions(xp, x):
    """A cyclic permutation is undone by the inverse cycle, which is not the cycle itself."""
    w = xp.asarray([[[0.5, -1.25], [2.0, 3.0]], [[0.75, -0.5], [1.5, -2.5]],
                    [[0.25, 1.75], [-3.0, 1.0]]])
    y = xp.permute_dims(x, (2, 0, 1)) * w
    return {"dy/dx": grad(y, x) == xp.permute_dims(w, (1, 2, 0))}


@case(x=uniform(3))
def joined_with_itself(xp, x):
    """A vector that is joined with itself collects the weights of both halves."""
    w = xp.asarray([0.5, -1.25, 2.0, 3.0, 0.75, -0.5])
    y = xp.concat([x, x]) * w
    return {"dy/dx": grad(y, x) == w[:3] + w[3:]}


@case(x=uniform(2, 1), w=uniform(2, 2))
def joined_columns_of_unequal_width(xp, x, w):
    """Joined arrays of unequal width each get back their own columns."""
    weights = xp.asarray([[0.5, -1.25, 2.0, 1.5], [3.0, 0.75, -0.5, -2.0]])
    y = xp.exp(xp.concat([w, x, x**2], axis=1)) * weights
    return {"dy/dx": grad(y, x), "dy/dw": grad(y, w) == xp.exp(w) * weights[:, :2]}


@case(x=uniform(2), w=uniform(2))
def stacked_along_each_axis(xp, x, w):
    """Stacked along either axis each vector gets the weights of its own row or column."""
    weights = xp.asarray([[0.5, -1.25], [2.0, 3.0]])
    rows, columns = xp.stack([x, w]) * weights, xp.stack([x, w], axis=-1) * weights
    return {
        "drows/dx": grad(rows, x) == weights[0],
        "drows/dw": grad(rows, w) == weights[1],
        "dcolumns/dx": grad(columns, x) == weights[:, 0],
        "dcolumns/dw": grad(columns, w) == weights[:, 1],
    }


@case(x=0.75)
def vector_of_powers(xp, x):
    """A vector that is stacked from powers of a scalar sums their gradients."""
    y = xp.stack([x, x**2, x**3]) * xp.asarray([0.5, -1.25, 2.0])
    return {"dy/dx": grad(y, x) == 0.5 - 2.5 * x + 6 * x**2}


@case(x=1.5)
def scalar_through_shapes(xp, x):
    """A scalar that takes on dimensions and sheds them again keeps a scalar gradient."""
    y = xp.squeeze(xp.expand_dims(xp.reshape(x, (1,)) ** 2, axis=0), axis=(0, 1))
    return {"dy/dx": grad(y, x) == 2 * x}


@case(x=uniform(1, 1, 1))
def one_element_of_three_dimensions(xp, x):
    """A single element keeps all its dimensions in its gradient."""
    y = xp.exp(xp.squeeze(x, axis=1))
    return {"dy/dx": grad(y, x) == xp.exp(x)}


@case(x=zeros(0))
def empty_vector(xp, x):
    """A sum over nothing is constant and its gradient is empty."""
    y = xp.sum(xp.exp(x))
    return {"dy/dx": grad(y, x) == 1, "d2y/dx2": grad(grad(y, x), x)}


@case(x=zeros(0, 3), w=uniform(3))
def empty_batch(xp, x, w):
    """An empty batch gives its weights a gradient of zeros and itself an empty one."""
    y = xp.sum(x @ w) + xp.sum(w**2)
    return {"dy/dx": grad(y, x), "dy/dw": grad(y, w) == 2 * w}


@case(x=zeros(0, 3))
def empty_rows_along_an_axis(xp, x):
    """A sum down empty columns is zero and has an empty gradient."""
    y = xp.exp(xp.sum(x, axis=0))
    return {"dy/dx": grad(y, x), "y": y == 1}


@case(x=zeros(0), w=uniform(2))
def joined_with_nothing(xp, x, w):
    """An empty vector adds nothing to a joined one and has an empty gradient."""
    y = xp.concat([x, w, x]) ** 2
    return {"dy/dx": grad(y, x), "dy/dw": grad(y, w) == 2 * w}


@case(x=zeros(0), w=0.75)
def product_over_nothing(xp, x, w):
    """An empty product is one and still multiplies."""
    y = xp.prod(x) * w**2
    return {"dy/dx": grad(y, x), "dy/dw": grad(y, w) == 2 * w}


@case(x=zeros(2, 0), w=uniform(2, 1))
def broadcast_to_emptiness(xp, x, w):
    """A column that is repeated zero times has a gradient of zeros."""
    y = xp.sum(w * x) + xp.sum(w**3)
    return {"dy/dx": grad(y, x), "dy/dw": grad(y, w) == 3 * w**2}


@case(x=uniform(2, 3))
def there_and_back_again(xp, x):
    """Rearrangements that undo each other leave the gradient where it was."""
    y = xp.roll(xp.flip(xp.flip(xp.roll(x, 2, axis=1), axis=(0, 1)), axis=(1, 0)), -2, axis=1)
    z = xp.matrix_transpose(xp.matrix_transpose(y))
    return {"dz/dx": grad(z**2, x) == 2 * x}


@case(x=uniform(2, 3), w=ones(3))
def shape_of_a_gradient(xp, x, w):
    """A gradient is a value like any other and can be reshaped and joined."""
    y = xp.sum(xp.exp(x) @ w)
    g = xp.concat([xp.reshape(grad(y, x), (6,)), grad(y, w)])
    return {"g": g, "dg/dw": grad(g**2, w)}
