"""Matrix products in every mix of dimensions, and what is built from them."""

from conformance import case, family, grad, uniform


@family(
    vector_vector={"x": uniform(3), "w": uniform(3)},
    matrix_vector={"x": uniform(2, 3), "w": uniform(3)},
    vector_matrix={"x": uniform(2), "w": uniform(2, 3)},
    matrix_matrix={"x": uniform(2, 3), "w": uniform(3, 2)},
    batch_batch={"x": uniform(2, 2, 3), "w": uniform(2, 3, 2)},
    batch_matrix={"x": uniform(3, 2, 2), "w": uniform(2, 3)},
    matrix_batch={"x": uniform(2, 2), "w": uniform(3, 2, 2)},
    batch_vector={"x": uniform(2, 2, 3), "w": uniform(3)},
    vector_batch={"x": uniform(2), "w": uniform(3, 2, 2)},
    stretched_batches={"x": uniform(2, 1, 2, 2), "w": uniform(3, 2, 1)},
    row_column={"x": uniform(1, 3), "w": uniform(3, 1)},
    column_row={"x": uniform(3, 1), "w": uniform(1, 2)},
)
def product_of(xp, shapes, x, w):
    """Each factor's gradient has the factor's own shape, whatever the other's dimensions."""
    y = xp.sin(x @ w)
    return {"dy/dx": grad(y, x), "dy/dw": grad(y, w)}


@case(x=uniform(2, 3), w=uniform(3, 2))
def each_factor_takes_the_other_transposed(xp, x, w):
    """A weighted matrix product gives each factor the weights times the other one transposed."""
    weights = xp.asarray([[0.5, -1.25], [2.0, 3.0]])
    y = weights * (x @ w)
    return {"dy/dx": grad(y, x) == weights @ w.T, "dy/dw": grad(y, w) == x.T @ weights}


@case(x=uniform(2, 2, 3), w=uniform(3))
def shared_vector_sums_over_the_batch(xp, x, w):
    """A vector that multiplies a whole batch sums its gradient over the batch."""
    y = xp.exp(xp.matmul(x, w))
    return {
        "dy/dx": grad(y, x) == xp.expand_dims(y, axis=-1) * w,
        "dy/dw": grad(y, w) == xp.sum(xp.expand_dims(y, axis=-1) * x, axis=(0, 1)),
    }


@case(x=[0.5, -1.25, 2.0], a=[[1.0, 0.5, -0.75], [2.0, -1.5, 0.25], [0.0, 3.0, 1.25]])
def quadratic_form(xp, x, a):
    """A quadratic form sees its matrix from both sides."""
    y = x @ a @ x
    dy_dx = grad(y, x)
    return {
        "dy/dx": dy_dx == (a + a.T) @ x,
        "dy/da": grad(y, a) == xp.expand_dims(x, axis=1) * x,
        "d2y/dxdx0": grad(dy_dx[0], x) == (a + a.T)[0],
    }


@case(x=[[0.5, -1.25], [2.0, 0.75]])
def matrix_times_itself(xp, x):
    """The square of a matrix has a gradient from each of its two factors."""
    w = xp.asarray([[1.5, -0.5], [0.25, 3.0]])
    y = w * (x @ x)
    return {"dy/dx": grad(y, x) == w @ x.T + x.T @ w}


@case(x=[[0.5, -1.25], [2.0, 0.75]])
def cube_of_a_matrix(xp, x):
    """A power of a matrix differentiates one factor at a time, in order."""
    w = xp.asarray([[1.5, -0.5], [0.25, 3.0]])
    t = x.T
    return {"dy/dx": grad(w * (x @ x @ x), x) == w @ t @ t + t @ w @ t + t @ t @ w}


@case(x=uniform(3, 2))
def matrix_times_its_transpose(xp, x):
    """A Gram matrix with weights has the symmetric part of the weights in its gradient."""
    w = xp.asarray([[1.5, -0.5], [0.25, 3.0]])
    y = w * (x.T @ x)
    return {"dy/dx": grad(y, x) == x @ (w + w.T)}


@case(x=uniform(2, 3))
def transposed_weights(xp, x):
    """The gradient of a transpose is the transpose of the gradient."""
    w = xp.asarray([[1.5, -0.5], [0.25, 3.0], [-2.0, 0.75]])
    y = xp.matrix_transpose(x) ** 2 * w
    return {"dy/dx": grad(y, x) == 2 * x * w.T}


@case(x=uniform(2, 3, 2))
def transposed_batch(xp, x):
    """A transpose of a batch of matrices leaves the batch dimension where it is."""
    w = xp.asarray([[[1.5, -0.5, 0.25]], [[3.0, -2.0, 0.75]]])
    y = xp.exp(xp.matrix_transpose(x)) * w
    return {"dy/dx": grad(y, x) == xp.exp(x) * xp.matrix_transpose(w)}


@case(x=uniform(2, 3), w1=uniform(3, 4), w2=uniform(4, 1))
def two_layers(xp, x, w1, w2):
    """The inner layer's gradient passes through the outer layer's weights."""
    h = xp.tanh(x @ w1)
    y = h @ w2
    return {
        "dy/dw2": grad(y, w2) == xp.expand_dims(xp.sum(h, axis=0), axis=1),
        "dy/dw1": grad(y, w1) == x.T @ ((1 - h**2) * w2.T),
        "dy/dx": grad(y, x) == ((1 - h**2) * w2.T) @ w1.T,
    }


@case(a=[[2.0, 0.5], [-0.75, 1.5]])
def determinant_by_hand(xp, a):
    """The gradient of a determinant is the matrix of cofactors."""
    y = a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]
    cofactors = xp.stack([xp.stack([a[1, 1], -a[1, 0]]), xp.stack([-a[0, 1], a[0, 0]])])
    return {"dy/da": grad(y, a) == cofactors}


@case(x=[0.5, -1.25, 2.0], w=[1.5, 0.25, -0.75])
def cosine_similarity(xp, x, w):
    """The gradient of the cosine between two vectors is orthogonal to the vector itself."""
    y = (x @ w) / xp.sqrt((x @ x) * (w @ w))
    lengths = xp.sqrt((x @ x) * (w @ w))
    return {
        "dy/dx": grad(y, x) == w / lengths - y * x / (x @ x),
        "dy/dw": grad(y, w) == x / lengths - y * w / (w @ w),
    }


@case(x=uniform(2, 0), w=uniform(0, 3))
def empty_inner_dimension(xp, x, w):
    """A product over an empty dimension is zero, and its factors have empty gradients."""
    y = x @ w
    return {"dy/dx": grad(y, x), "dy/dw": grad(y, w), "dz/dy": grad(y**2 + y, y) == 1}
