"""Products of vectors and tensors: each operand's gradient is a product with the other."""

from conformance import case, family, grad, uniform

PRODUCTS = {
    "outer": ((2,), (3,), lambda xp, a, b: xp.outer(a, b)),
    "inner": ((3,), (3,), lambda xp, a, b: xp.inner(a, b)),
    "inner_of_matrices": ((2, 3), (2, 3), lambda xp, a, b: xp.inner(a, b)),
    "vecdot": ((2, 3), (2, 3), lambda xp, a, b: xp.vecdot(a, b)),
    "vecdot_broadcast": ((2, 3), (3,), lambda xp, a, b: xp.vecdot(a, b)),
    "vecdot_down": ((2, 3), (2, 3), lambda xp, a, b: xp.vecdot(a, b, axis=-2)),
    "cross": ((3,), (3,), lambda xp, a, b: xp.cross(a, b)),
    "cross_of_rows": ((2, 3), (2, 3), lambda xp, a, b: xp.cross(a, b)),
    "cross_broadcast": ((2, 3), (1, 3), lambda xp, a, b: xp.cross(a, b)),
    "cross_of_columns": ((3, 2), (3, 2), lambda xp, a, b: xp.cross(a, b, axis=-2)),
    "kron": ((2, 2), (1, 3), lambda xp, a, b: xp.kron(a, b)),
    "tensordot": ((2, 3), (3, 2), lambda xp, a, b: xp.tensordot(a, b, axes=1)),
    "tensordot_of_all": ((2, 3), (2, 3), lambda xp, a, b: xp.tensordot(a, b)),
    "tensordot_of_none": ((2,), (1, 2), lambda xp, a, b: xp.tensordot(a, b, axes=0)),
    "tensordot_of_pairs": ((2, 1, 3), (3, 2),
                           lambda xp, a, b: xp.tensordot(a, b, axes=((2, 0), (0, 1)))),
    "einsum_of_matrices": ((2, 3), (3, 2), lambda xp, a, b: xp.einsum(a, b, "ij,jk->ki")),
    "einsum_of_a_batch": ((2, 2, 2), (2, 2), lambda xp, a, b: xp.einsum(a, b, "bij,bj->bi")),
    "einsum_without_sum": ((2, 3), (3,), lambda xp, a, b: xp.einsum(a, b, "ij,j->ji")),
    "einsum_of_one_alone": ((2, 3), (2,), lambda xp, a, b: xp.einsum(a, b, "ij,i->i")),
}
DIAGONALS = {
    "summed": "ii,j->j",
    "kept": "ii,i->i",
    "inside": "iij,j->i",
}


def weighted(xp, y):
    """The sum of squares, each element with a weight of its own."""
    weights = [((29 * k + 7) % 32 - 15.5) / 8 for k in range(y.size)]
    return xp.sum(xp.reshape(xp.asarray(weights), y.shape) * y**2)


@family(**{name: {"a": uniform(*a), "b": uniform(*b)} for name, (a, b, _) in PRODUCTS.items()})
def product(xp, name, a, b):
    """Each factor's gradient carries the other, and the second derivative joins both."""
    z = weighted(xp, PRODUCTS[name][2](xp, a, b))
    dz_da, dz_db = grad(z, a), grad(z, b)
    return {
        "dz/da": dz_da,
        "dz/db": dz_db,
        "d2z/da2": grad(weighted(xp, dz_da), a),
        "d2z/dadb": grad(weighted(xp, dz_da), b),
        "d2z/db2": grad(weighted(xp, dz_db), b),
    }


@family(
    summed={"a": uniform(2, 2), "b": uniform(3)},
    kept={"a": uniform(2, 2), "b": uniform(2)},
    inside={"a": uniform(2, 2, 3), "b": uniform(3)},
)
def diagonal_in_a_sum_of_products(xp, name, a, b):
    """A label that stands twice in one operand takes its diagonal, and only that has a gradient."""
    z = weighted(xp, xp.einsum(a, b, DIAGONALS[name]))
    return {"dz/da": grad(z, a), "dz/db": grad(z, b)}


@case(a=[0.5, -1.25, 2.0], b=[1.5, 0.25, -0.75], c=[-2.0, 0.375, 1.0])
def volume_of_three_vectors(xp, a, b, c):
    """The triple product's gradient for each vector is the cross product of the others."""
    volume = xp.vecdot(a, xp.cross(b, c))
    return {
        "dvolume/da": grad(volume, a) == xp.cross(b, c),
        "dvolume/db": grad(volume, b) == xp.cross(c, a),
        "dvolume/dc": grad(volume, c) == xp.cross(a, b),
    }
