"""Smooth functions at 0, just beside it, and far out, where a rule may be right everywhere else."""

from conformance import case, family, grad

AT_ZERO = ("acos", "asin", "asinh", "atan", "atanh", "cos", "cosh", "erf", "exp", "expm1", "log1p",
           "negative", "sigmoid", "sin", "sinh", "softplus", "square", "tan", "tanh")


@family(**{name: {"x": [0.0, 2**-10, -(2**-10)]} for name in AT_ZERO})
def at_and_beside_zero(xp, name, x):
    """Slope and curvature at 0 and at the points around it."""
    y = getattr(xp, name)(x)
    dy_dx = grad(y, x)
    return {"dy/dx": dy_dx, "d2y/dx2": grad(dy_dx, x)}


FAR = {
    "asinh": [100.0, -1e4], "atan": [100.0, -1e4], "cos": [100.0, -40.0], "cosh": [8.5, -9.0],
    "exp": [9.0, -12.5], "expm1": [9.0, 12.5], "log": [1e4, 2**-10], "log10": [1e4, 2**-10],
    "log1p": [1e4, 100.0], "log2": [1e4, 2**-10], "reciprocal": [1e4, -(2**-10)],
    "rsqrt": [1e4, 2**-10], "sin": [100.0, -40.0], "sinh": [8.5, -9.0], "sqrt": [1e4, 2**-10],
    "square": [1e4, -100.0], "tan": [100.0, -40.0],
}


@family(**{name: {"x": x} for name, x in FAR.items()})
def far_out(xp, name, x):
    """Slope and curvature at arguments of large or small magnitude."""
    y = getattr(xp, name)(x)
    dy_dx = grad(y, x)
    return {"dy/dx": dy_dx, "d2y/dx2": grad(dy_dx, x)}


@case(x=[21.25, 25.0, 30.0])
def softplus_far_to_the_right(xp, x):
    """Softplus never becomes the identity, nor its slope exactly 1."""
    return {"dy/dx": grad(xp.softplus(x), x) == xp.sigmoid(x)}


@case(x=[3.0, -2.0], w=[3.0, 2.0])
def legs_of_one_length(xp, x, w):
    """The hypotenuse is smooth where its legs are equal in size."""
    y = xp.hypot(x, w)
    dy_dx = grad(y, x)
    return {"dy/dx": dy_dx == x / xp.hypot(x, w), "d2y/dx2": grad(dy_dx, x),
            "d2y/dxdw": grad(dy_dx, w)}


@case(x=[0.5, -3.0], w=[0.5, -3.0])
def equal_terms_of_a_logarithm(xp, x, w):
    """The logarithm of a sum of exponentials is smooth where they are equal."""
    y = xp.logaddexp(x, w)
    dy_dx = grad(y, x)
    return {"dy/dx": dy_dx == 0.5, "dy/dw": grad(y, w) == 0.5, "d2y/dx2": grad(dy_dx, x) == 0.25}
