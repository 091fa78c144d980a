"""Curvature of an operator inside another: the cotangent depends on the input as the slope does."""

from conformance import case, family, grad, uniform

UNARY = {
    "acos": [-0.75, 0.5], "acosh": [1.25, 3.5], "asin": [-0.75, 0.5], "asinh": [-0.5, 3.0],
    "atan": [-0.5, 3.0], "atanh": [-0.75, 0.5], "cos": [-0.75, 2.5], "cosh": [-0.5, 1.25],
    "erf": [-0.5, 1.25], "exp": [-0.5, 1.25], "expm1": [-0.5, 1.25], "log": [0.75, 3.0],
    "log10": [0.75, 3.0], "log1p": [-0.5, 3.0], "log2": [0.75, 3.0], "reciprocal": [-0.5, 3.0],
    "rsqrt": [0.75, 3.0], "sigmoid": [-1.5, 0.75], "sin": [-0.75, 2.5], "sinh": [-0.5, 1.25],
    "softplus": [-1.5, 0.75], "sqrt": [0.75, 3.0], "square": [-0.5, 3.0], "tan": [-0.5, 1.25],
    "tanh": [-0.25, 1.0], "abs": [-0.5, 3.0], "relu": [0.5, 3.0], "negative": [-0.5, 3.0],
}


@family(**{name: {"x": x} for name, x in UNARY.items()})
def curvature_inside_a_cube(xp, name, x):
    """The outer function's curvature meets the square of the inner function's slope."""
    return {"d2z/dx2": grad(grad(getattr(xp, name)(x) ** 3, x), x)}


@family(**{name: {"x": UNARY[name]} for name in ("acos", "asin", "atanh")})
def third_derivative_inside_a_cube(xp, name, x):
    """Third order differentiates what the rules themselves are made of."""
    return {"d3z/dx3": grad(grad(grad(getattr(xp, name)(x) ** 3, x), x), x)}


@case(x=uniform(3, 3, low=-2.0, high=2.0))
def third_derivative_through_take(xp, x):
    """Third order differentiates the scatter that the rule of take is made of."""
    w = xp.asarray([[0.5, -1.25, 2.0], [3.0, 0.75, -0.5], [1.5, -2.5, 0.25]])
    dz_dx = grad(xp.sum(xp.take(x, [2, 0, 2], axis=1) ** 4), x)
    d2z = grad(xp.sum(w * dz_dx**2), x)
    return {"d3z": grad(xp.sum(w * d2z), x)}


@family(**{name: {"x": [2.0, 0.5, 3.0], "w": [0.75, 1.5, 1.25]} for name in (
    "add", "subtract", "multiply", "divide", "pow", "maximum", "minimum", "atan2", "hypot",
    "logaddexp")})
def partials_inside_a_cube(xp, name, x, w):
    """The outer function's curvature meets every product of two inner slopes."""
    z = getattr(xp, name)(x, w) ** 3
    dz_dx, dz_dw = grad(z, x), grad(z, w)
    return {"d2z/dx2": grad(dz_dx, x), "d2z/dwdx": grad(dz_dw, x), "d2z/dw2": grad(dz_dw, w)}


THROUGH = {
    "sum": lambda xp, x: xp.sum(x, axis=0),
    "mean": lambda xp, x: xp.mean(x, axis=0),
    "prod": lambda xp, x: xp.prod(x, axis=0),
    "max": lambda xp, x: xp.max(x, axis=0),
    "min": lambda xp, x: xp.min(x, axis=0),
    "var": lambda xp, x: xp.var(x, axis=0),
    "logsumexp": lambda xp, x: xp.logsumexp(x, axis=0),
    "softmax": lambda xp, x: xp.softmax(x, axis=0),
    "log_softmax": lambda xp, x: xp.log_softmax(x, axis=0),
    "cumulative_sum": lambda xp, x: xp.cumulative_sum(x, axis=0),
    "reshape": lambda xp, x: xp.reshape(x, (9,)),
    "permute_dims": lambda xp, x: xp.permute_dims(x, (1, 0)),
    "expand_dims": lambda xp, x: xp.expand_dims(x, axis=1),
    "squeeze": lambda xp, x: xp.squeeze(x[:1], axis=0),
    "broadcast_to": lambda xp, x: xp.broadcast_to(x, (2, 3, 3)),
    "flip": lambda xp, x: xp.flip(x, axis=1),
    "roll": lambda xp, x: xp.roll(x, 1, axis=1),
    "matrix_transpose": lambda xp, x: xp.matrix_transpose(x),
    "concat": lambda xp, x: xp.concat([x[:2] ** 2, x[:2], 2 * x[:2]]),
    "stack": lambda xp, x: xp.stack([x[:2] ** 2, x[:2], 2 * x[:2]]),
    "getitem": lambda xp, x: x[:, 1:],
    "take": lambda xp, x: xp.take(x, [2, 0, 2], axis=1),
    "where": lambda xp, x: xp.where(x > 0, x, 2 * x),
    "clip": lambda xp, x: xp.clip(x, min=-1.0, max=1.5),
    "matmul": lambda xp, x: x @ x,
}


@family(**{name: {"x": uniform(3, 3, low=-2.0, high=2.0)} for name in THROUGH})
def curvature_through(xp, name, x):
    """What is linear has no curvature of its own and passes on that of what follows it."""
    y = THROUGH[name](xp, x)
    dz_dx = grad(xp.sum(y**3), x)
    w = xp.asarray([[0.5, -1.25, 2.0], [3.0, 0.75, -0.5], [1.5, -2.5, 0.25]])
    return {"d2z/dxdx": grad(xp.sum(w * dz_dx), x)}


@case(x=uniform(3, 3))
def rows_and_columns_of_a_square(xp, x):
    """Sums over the rows and the columns of a square matrix are told apart by their weights."""
    w = xp.asarray([0.5, -1.25, 2.0])
    return {
        "drows/dx": grad(xp.sum(x, axis=1) * w, x) == xp.expand_dims(w, axis=1) + 0 * x,
        "dcolumns/dx": grad(xp.sum(x, axis=0) * w, x) == w + 0 * x,
    }


@case(x=uniform(2), v=uniform(2), w=uniform(2))
def three_joined(xp, x, v, w):
    """Three vectors of one length each get back their own weights."""
    y = xp.concat([x, v, w]) * xp.asarray([0.5, -1.25, 2.0, 3.0, 0.75, -0.5])
    return {"dy/dx": grad(y, x), "dy/dv": grad(y, v), "dy/dw": grad(y, w)}


@family(
    maximum={"x": [3.0, 0.5, -2.0, 1.5], "w": [0.75, 1.5, 1.0, -1.5]},
    minimum={"x": [3.0, 0.5, -2.0, 1.5], "w": [0.75, 1.5, 1.0, -1.5]},
)
def each_wins_at_an_end(xp, name, x, w):
    """The first and the last element of either operand count."""
    y = getattr(xp, name)(x, w)
    z = getattr(xp, name)(w, x)
    return {"dy/dx": grad(y, x), "dy/dw": grad(y, w), "dz/dx": grad(z, x), "dz/dw": grad(z, w)}


@case(x=[0.5, -0.25, 3.0])
def relu_passes_its_ends(xp, x):
    """The first and the last element pass."""
    return {"dy/dx": grad(xp.relu(x) * x, x)}
