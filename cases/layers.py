"""Linear layers and attention, each by all of its operands."""

from conformance import case, family, grad, uniform


@family(
    matrix={"x": uniform(2, 3), "w": uniform(4, 3), "b": uniform(4)},
    vector={"x": uniform(3), "w": uniform(2, 3), "b": uniform(2)},
    batch={"x": uniform(2, 2, 3), "w": uniform(2, 3), "b": uniform(2)},
)
def affine_layer(xp, name, x, w, b):
    """Weights and biases sum their gradients over every row that they meet."""
    y = xp.sin(xp.linear(x, w, b))
    dy_dx, dy_dw = grad(y, x), grad(y, w)
    return {
        "dy/dx": dy_dx,
        "dy/dw": dy_dw,
        "dy/db": grad(y, b),
        "d2y/dx2": grad(dy_dx**2, x),
        "d2y/dxdb": grad(dy_dx**2, b),
        "d2y/dw2": grad(dy_dw**2, w),
    }


@case(x=uniform(2, 3), w=uniform(2, 2), a=uniform(2, 3, 2))
def form_of_two_vectors(xp, x, w, a):
    """Each of three factors gets the product of the other two."""
    y = xp.sin(xp.bilinear(x, w, a))
    dy_da = grad(y, a)
    return {
        "dy/dx": grad(y, x),
        "dy/dw": grad(y, w),
        "dy/da": dy_da,
        "d2y/dadx": grad(dy_da**2, x),
        "d2y/dadw": grad(dy_da**2, w),
    }


HEADS = {
    "plain": {},
    "scaled": {"scale": 0.75},
    "causal": {"is_causal": True},
}


@family(**{member: {"q": uniform(1, 2, 2, 4), "k": uniform(1, 2, 3, 4), "v": uniform(1, 2, 3, 4)}
           for member in HEADS})
def attention_of(xp, member, q, k, v):
    """Queries and keys get their gradients through the shares, and values through the sums."""
    y = xp.sin(xp.scaled_dot_product_attention(q, k, v, **HEADS[member]))
    return {"dy/dq": grad(y, q), "dy/dk": grad(y, k), "dy/dv": grad(y, v)}


@family(**{member: {"q": uniform(1, 1, 2, 4), "k": uniform(1, 1, 3, 4), "v": uniform(1, 1, 3, 4)}
           for member in HEADS})
def curvature_of_attention(xp, member, q, k, v):
    """Second derivatives couple queries with keys, and both with values."""
    y = xp.sin(xp.scaled_dot_product_attention(q, k, v, **HEADS[member]))
    dy_dq, dy_dv = grad(y, q), grad(y, v)
    return {
        "d2y/dq2": grad(dy_dq**2, q),
        "d2y/dqdk": grad(dy_dq**2, k),
        "d2y/dqdv": grad(dy_dq**2, v),
        "d2y/dvdk": grad(dy_dv**2, k),
    }


@case(q=uniform(1, 1, 2, 2), k=uniform(1, 1, 2, 2), v=uniform(1, 1, 2, 2))
def first_of_a_causal_sequence(xp, q, k, v):
    """A query that sees one key only takes its value as it is."""
    y = xp.scaled_dot_product_attention(q, k, v, is_causal=True)
    w = xp.asarray([0.5, -1.25])
    return {
        "dy/dq": grad(w * y[0, 0, 0] ** 2, q) == 0,
        "dy/dv": grad(w * y[0, 0, 0], v) == xp.asarray([[[[0.5, -1.25], [0.0, 0.0]]]]),
    }
