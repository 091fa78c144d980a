"""Copies, borders, triangles and diagonals: gradients go back to where elements came from."""

from conformance import case, family, grad, uniform

MOVES = {
    "pad_zeros": lambda xp, x: xp.pad(x, ((1, 0), (0, 2))),
    "pad_number": lambda xp, x: xp.pad(x, ((0, 1), (1, 1)), value=1.5),
    "pad_reflect": lambda xp, x: xp.pad(x, ((0, 0), (2, 1)), mode="reflect"),
    "pad_reflect_both": lambda xp, x: xp.pad(x, ((1, 1), (1, 2)), mode="reflect"),
    "pad_edge": lambda xp, x: xp.pad(x, ((0, 1), (2, 1)), mode="edge"),
    "pad_wrap": lambda xp, x: xp.pad(x, ((0, 0), (1, 3)), mode="wrap"),
    "tile": lambda xp, x: xp.tile(x, (2, 1)),
    "tile_both": lambda xp, x: xp.tile(x, (2, 2)),
    "repeat_all": lambda xp, x: xp.repeat(x, 2),
    "repeat_rows": lambda xp, x: xp.repeat(x, 3, axis=0),
    "repeat_each_apart": lambda xp, x: xp.repeat(x, (2, 0, 3), axis=1),
    "moveaxis": lambda xp, x: xp.moveaxis(x, 0, -1),
    "tril": lambda xp, x: xp.tril(x),
    "tril_shifted": lambda xp, x: xp.tril(x, k=1),
    "triu": lambda xp, x: xp.triu(x),
    "triu_shifted": lambda xp, x: xp.triu(x, k=-1),
    "diagonal": lambda xp, x: xp.diagonal(x),
    "diagonal_shifted": lambda xp, x: xp.diagonal(x, offset=1),
    "diagonal_of_diag": lambda xp, x: xp.diag(xp.diagonal(x), offset=-1),
    "rot90": lambda xp, x: xp.rot90(x),
    "rot90_backwards": lambda xp, x: xp.rot90(x, k=-1),
    "trace": lambda xp, x: xp.trace(x),
    "trace_shifted": lambda xp, x: xp.trace(x, offset=1),
}
STACKED = {
    "moveaxis_of_two": lambda xp, x: xp.moveaxis(x, (0, 1), (2, 0)),
    "tril": lambda xp, x: xp.tril(x, k=-1),
    "diagonal": lambda xp, x: xp.diagonal(x, offset=-1),
    "trace": lambda xp, x: xp.trace(x),
    "rot90_of_the_last": lambda xp, x: xp.rot90(x, k=1, axes=(1, 2)),
    "pad_edge": lambda xp, x: xp.pad(x, ((0, 0), (1, 0), (0, 1)), mode="edge"),
}


def weighted(xp, y):
    """The sum of squares, each element with a weight of its own."""
    weights = [((29 * k + 7) % 32 - 15.5) / 8 for k in range(y.size)]
    return xp.sum(xp.reshape(xp.asarray(weights), y.shape) * y**2)


@family(**{name: {"x": uniform(2, 3)} for name in MOVES})
def moved(xp, name, x):
    """An element gathers the gradients of all places that it was copied to."""
    z = weighted(xp, MOVES[name](xp, x))
    dz_dx = grad(z, x)
    return {"dz/dx": dz_dx, "d2z/dx2": grad(weighted(xp, dz_dx), x)}


@family(**{name: {"x": uniform(2, 2, 3)} for name in STACKED})
def moved_in_a_stack(xp, name, x):
    """Matrices of a stack are rearranged each by itself."""
    z = weighted(xp, STACKED[name](xp, x))
    dz_dx = grad(z, x)
    return {"dz/dx": dz_dx, "d2z/dx2": grad(weighted(xp, dz_dx), x)}


@case(x=[0.5, -1.25, 2.0])
def mirrored_elements_count_again(xp, x):
    """A mirrored border doubles the weight of what it mirrors and spares the edge."""
    y = xp.pad(x, ((1, 1),), mode="reflect") ** 2
    return {"dy/dx": grad(y, x) == 2 * x * xp.asarray([1.0, 3.0, 1.0])}


@case(x=[0.5, -1.25, 2.0])
def the_edge_again_and_again(xp, x):
    """A border of copies of the edge adds its length to the weight of the edge."""
    y = xp.pad(x, ((2, 1),), mode="edge") ** 2
    return {"dy/dx": grad(y, x) == 2 * x * xp.asarray([3.0, 1.0, 2.0])}


@case(x=uniform(2, 2))
def trace_of_a_square(xp, x):
    """The trace of a matrix times itself has the transposed matrix, doubled, for its gradient."""
    return {"dy/dx": grad(xp.trace(x @ x), x) == 2 * xp.matrix_transpose(x)}
