"""Reading and writing at indices: gradients travel the same way back, and duplicates add up."""

from conformance import case, family, grad, uniform

WRITES = {
    "put_along_axis": ((2, 2), [[2, 0], [1, 0]], 1),
    "put_along_columns": ((1, 3), [[1, 0, 1]], 0),
    "scatter_add": ((2, 2), [[2, 0], [1, 1]], -1),
    "scatter_add_columns": ((3, 3), [[1, 0, 1], [1, 1, 0], [0, 1, 1]], 0),
    "index_add": ((3, 3), [1, 0, 1], 0),
    "index_add_columns": ((2, 2), [2, 2], 1),
}
SEGMENTS = {
    "in_order": ([0, 0, 1, 1, 1], 2),
    "in_no_order": ([2, 0, 1, 0, 2], 3),
}


def weighted(xp, y):
    """The sum of squares, each element with a weight of its own."""
    weights = [((29 * k + 7) % 32 - 15.5) / 8 for k in range(y.size)]
    return xp.sum(xp.reshape(xp.asarray(weights), y.shape) * y**2)


@family(
    along_rows={"x": uniform(2, 3)},
    along_columns={"x": uniform(2, 3)},
    in_a_cube={"x": uniform(2, 1, 3)},
    of_a_vector={"x": uniform(4)},
)
def gathered_along(xp, name, x):
    """An element that is read twice collects both weights, each row by its own indices."""
    indices, axis = {
        "along_rows": ([[2, 2, 0, 2], [1, 0, 0, 2]], 1),
        "along_columns": ([[1, 0, 0], [1, 1, 0], [0, 1, 1]], 0),
        "in_a_cube": ([[[0, 2]], [[1, 1]]], -1),
        "of_a_vector": ([3, 0, 3], 0),
    }[name]
    z = weighted(xp, xp.take_along_axis(x, indices, axis))
    dz_dx = grad(z, x)
    return {"dz/dx": dz_dx, "d2z/dx2": grad(weighted(xp, dz_dx), x)}


@family(**{name: {"x": uniform(2, 3), "u": uniform(*shape)}
           for name, (shape, _, _) in WRITES.items()})
def written_at(xp, name, x, u):
    """What is written over has no gradient, what is added to keeps its own."""
    _, indices, axis = WRITES[name]
    y = getattr(xp, name.replace("columns", "axis").replace("add_axis", "add"))(x, u, indices, axis)
    z = weighted(xp, y)
    dz_dx, dz_du = grad(z, x), grad(z, u)
    return {
        "dz/dx": dz_dx,
        "dz/du": dz_du,
        "d2z/dx2": grad(weighted(xp, dz_dx), x),
        "d2z/dxdu": grad(weighted(xp, dz_dx), u),
        "d2z/du2": grad(weighted(xp, dz_du), u),
    }


@family(**{f"{name}_{order}": {"x": uniform(5, 2)}
           for name in ("sum", "mean", "prod", "max", "min") for order in SEGMENTS})
def reduced_by_segment(xp, member, x):
    """A row receives the weights of its own segment and of no other."""
    name, _, order = member.partition("_")
    z = weighted(xp, getattr(xp, f"segment_{name}")(x, *SEGMENTS[order]))
    dz_dx = grad(z, x)
    return {"dz/dx": dz_dx, "d2z/dx2": grad(weighted(xp, dz_dx), x)}


@case(x=[0.5, 0.0, 2.0, -1.25, 0.0, 0.0, 1.5])
def zeros_in_products_of_segments(xp, x):
    """In a segment with one zero only that has a gradient, in one with two zeros none has."""
    y = xp.segment_prod(x, [0, 0, 0, 1, 1, 1, 1], 2) * xp.asarray([1.5, -0.5])
    return {"dy/dx": grad(y, x) == xp.asarray([0.0, 1.5, 0.0, 0.0, 0.0, 0.0, 0.0])}


@family(
    max={"x": [0.5, -1.25, 2.0, 3.0], "chosen": [1.5, 0.0, 0.0, -0.5]},
    min={"x": [0.5, -1.25, 2.0, -3.0], "chosen": [0.0, 1.5, 0.0, -0.5]},
)
def extreme_of_each_segment(xp, name, x, chosen):
    """The extreme of a segment takes all of its gradient."""
    y = getattr(xp, f"segment_{name}")(x**2 * x, [0, 0, 1, 1], 2) * xp.asarray([1.5, -0.5])
    return {"dy/dx": grad(y, x) == 3 * x**2 * chosen}


@case(x=[0.5, -1.25, 2.0], u=[1.5, 0.25])
def added_twice_to_one_place(xp, x, u):
    """Updates that fall on one place have one gradient."""
    y = xp.scatter_add(x, u, [2, 2], 0) ** 2
    end = 2 * (x[2] + u[0] + u[1])
    return {"dy/dx": grad(y, x) == xp.stack([2 * x[0], 2 * x[1], end]), "dy/du": grad(y, u) == end}


@case(x=[0.5, -1.25, 2.0])
def an_empty_segment(xp, x):
    """A segment without rows sums to zero and disturbs no other."""
    y = xp.exp(xp.segment_sum(x, [2, 0, 2], 3)) * xp.asarray([1.5, -0.5, 0.25])
    ends = 0.25 * xp.exp(x[0] + x[2])
    return {"dy/dx": grad(y, x) == xp.stack([ends, 1.5 * xp.exp(x[1]), ends])}
