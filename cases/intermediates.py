"""Gradients with respect to values on the way from the inputs to the result."""

from conformance import case, grad, uniform, variable


@case(x=[0.5, -1.25])
def intermediate_alone(xp, x):
    """The gradient for an intermediate value stops there and never asks for the input."""
    y = x**2
    z = xp.sin(y)
    return {"dz/dy": grad(z, y) == xp.cos(x**2)}


@case(x=[0.5, -1.25])
def intermediate_and_input(xp, x):
    """The input's gradient is the intermediate's times the slope in between."""
    y = x**2
    z = xp.sin(y)
    return {"dz/dy": grad(z, y) == xp.cos(x**2), "dz/dx": grad(z, x) == 2 * x * xp.cos(x**2)}


@case(x=variable([0.5, -1.25]))
def direct_path_around_an_intermediate(xp, x):
    """A path around the intermediate counts for the input and not for the intermediate."""
    y = x**2
    z = y * x
    return {"dz/dy": grad(z, y) == x, "dz/dx": grad(z, x) == 3 * x**2}


@case(x=0.5)
def every_link_of_a_chain(xp, x):
    """Each link of a chain has the product of the slopes that follow it."""
    a = xp.exp(x)
    b = xp.sin(a)
    c = b**2
    return {
        "dc/dc": grad(c, c) == 1,
        "dc/db": grad(c, b) == 2 * b,
        "dc/da": grad(c, a) == 2 * b * xp.cos(a),
        "dc/dx": grad(c, x) == 2 * b * xp.cos(a) * a,
    }


@case(x=[0.5, -1.25])
def a_value_by_itself(xp, x):
    """Any value has the gradient one with respect to itself."""
    y = x * 2
    return {"dx/dx": grad(x, x) == 1, "dy/dy": grad(y, y) == 1, "dy/dx": grad(y, x) == 2}


@case(x=[0.5, -1.25])
def value_is_also_asked_for(xp, x):
    """A value may be a result, a source and a target at once."""
    y = xp.exp(x)
    z = y**2
    return {
        "y": y == 1 / xp.exp(-x),
        "z": z == xp.exp(2 * x),
        "dz/dy": grad(z, y) == 2 * xp.exp(x),
        "dy/dx": grad(y, x) == xp.exp(x),
    }


@case(x=uniform(2, 3), w=uniform(3, 2))
def activations_of_a_layer(xp, x, w):
    """The gradient of a loss at the activations is what a layer hands to the one below."""
    a = x @ w
    h = xp.tanh(a)
    loss = xp.sum(h**2)
    return {
        "dloss/dh": grad(loss, h) == 2 * h,
        "dloss/da": grad(loss, a) == 2 * h * (1 - h**2),
        "dloss/dw": grad(loss, w) == x.T @ (2 * h * (1 - h**2)),
    }


@case(x=[0.5, -1.25, 2.0])
def intermediate_is_a_slice(xp, x):
    """A slice as a source sees only what is computed from the slice itself."""
    head = x[:2]
    y = xp.prod(head) * x[0]
    return {
        "dy/dhead": grad(y, head) == xp.flip(head) * x[0],
        "dy/dx": grad(y, x) == xp.stack([2 * x[0] * x[1], x[0] ** 2, 0 * x[2]]),
    }


@case(x=[0.5, -1.25])
def two_intermediates_side_by_side(xp, x):
    """Neither of two parallel values sees what goes through the other."""
    a, b = xp.sin(x), xp.exp(x)
    y = a * b
    return {
        "dy/da": grad(y, a) == b,
        "dy/db": grad(y, b) == a,
        "dy/dx": grad(y, x) == b * (xp.cos(x) + a),
    }


@case(x=[0.5, -1.25])
def one_intermediate_below_another(xp, x):
    """The lower of two sources includes the path through the upper one."""
    a = xp.exp(x)
    b = xp.sin(a)
    y = a * b
    return {"dy/da": grad(y, a) == b + a * xp.cos(a), "dy/db": grad(y, b) == a}


@case(x=[0.5, -1.25])
def curvature_at_an_intermediate(xp, x):
    """Second derivatives at an intermediate value hold that value independent."""
    y = x**2
    z = y**3
    dz_dy = grad(z, y)
    return {
        "dz/dy": dz_dy == 3 * x**4,
        "d2z/dy2": grad(dz_dy, y) == 6 * x**2,
        "d2z/dydx": grad(dz_dy, x) == 12 * x**3,
    }


@case(x=[0.5, -1.25])
def gradient_as_a_source(xp, x):
    """A gradient is an intermediate value too and can itself be a source."""
    g = grad(x**4, x)
    y = g**2
    return {"dy/dg": grad(y, g) == 8 * x**3, "dy/dx": grad(y, x) == 96 * x**5}


@case(x=0.5)
def gradient_after_the_target(xp, x):
    """A value that was computed from the target has no influence on the target."""
    y = xp.sin(x)
    z = y**2
    return {"dy/dz": grad(y, z) == 0, "dy/dx": grad(y, x) == xp.cos(x), "dz/dy": grad(z, y)}


@case(x=uniform(2, 1), w=uniform(3))
def intermediate_before_broadcasting(xp, x, w):
    """A source that is broadcast later has a gradient of its own shape."""
    y = xp.exp(x)
    z = y * w
    return {"dz/dy": grad(z, y) == xp.sum(w) + 0 * x, "dz/dx": grad(z, x) == xp.sum(w) * y}


@case(x=[0.5, -1.25])
def same_value_under_two_names(xp, x):
    """Adding zero makes a new value, which sees only its own consumers."""
    y = x + 0.0
    z = x * y
    return {"dz/dy": grad(z, y) == x, "dz/dx": grad(z, x) == 2 * x}
