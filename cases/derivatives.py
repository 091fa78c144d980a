"""Products with Jacobians, whole Jacobians and Hessians, nested in one another."""

from conformance import case, family, grad, hessian, jacobian, jvp, uniform, vjp

X, V = uniform(3, low=0.25, high=1.5), uniform(3)


def coupled(xp, x):
    """Each element of the result depends on every element of x."""
    return xp.sin(x) * xp.sum(x**2)


@case(x=X, v=V)
def cotangent_pulled_back(xp, x, v):
    """A VJP weighs the rows of the Jacobian, and is linear in its cotangent."""
    y = coupled(xp, x)
    pulled = vjp(y, x, v)
    return {
        "vjp": pulled == v * xp.cos(x) * xp.sum(x**2) + 2 * x * xp.sum(v * xp.sin(x)),
        "dvjp/dv": grad(xp.sum(pulled**2), v),
        "dvjp/dx": grad(xp.sum(pulled**2), x),
    }


@case(x=X, v=V)
def tangent_pushed_forward(xp, x, v):
    """A JVP is the derivative along a line, and is linear in its tangent."""
    y = coupled(xp, x)
    pushed = jvp(y, x, v)
    return {
        "jvp": pushed == v * xp.cos(x) * xp.sum(x**2) + 2 * xp.sin(x) * xp.sum(v * x),
        "djvp/dv": grad(xp.sum(pushed**2), v),
        "djvp/dx": grad(xp.sum(pushed**2), x),
    }


@case(x=X)
def factors_that_follow_the_source(xp, x):
    """A cotangent and a tangent are held, whatever they were computed from."""
    y = coupled(xp, x)
    return {"J^T y": vjp(y, x, y) == grad(0.5 * xp.sum(y**2), x), "J x": jvp(y, x, x)}


@case(x=X, w=uniform(2, 3))
def jacobian_of_a_layer(xp, x, w):
    """The Jacobian of a layer scales the rows of its matrix; that is a penalty with a gradient."""
    y = xp.tanh(w @ x)
    matrix = jacobian(y, x)
    return {
        "dy/dx": matrix == xp.expand_dims(1 - y**2, axis=1) * w,
        "d2y/dx2": jacobian(matrix, x),
        "d penalty/dw": grad(xp.sum(matrix**2), w),
    }


@case(x=X)
def jacobian_of_softmax(xp, x):
    """The Jacobian of softmax is diag(p) less the outer product of p with itself."""
    p = xp.softmax(x)
    return {"dp/dx": jacobian(p, x) == xp.asarray([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]]) * p
            - xp.expand_dims(p, axis=1) * p}


@case(x=X)
def hessian_is_its_transpose(xp, x):
    """A Hessian equals its transpose."""
    y = xp.sum(xp.exp(x) * xp.sin(x)) * xp.prod(x)
    h = hessian(y, x)
    return {"H": h, "H - H^T": h - xp.matrix_transpose(h) == 0 * h}


@case(x=X, v=V)
def hessian_vector_product_four_ways(xp, x, v):
    """Forward over reverse, reverse over reverse, forward over forward, and the whole Hessian."""
    y = xp.sum(xp.tanh(x)) * xp.sum(x**3)
    slope = grad(y, x)
    return {
        "forward over reverse": jvp(slope, x, v),
        "reverse over reverse": grad(xp.sum(slope * v), x),
        "reverse over forward": grad(jvp(y, x, v), x),
        "H @ v": hessian(y, x) @ v,
    }


@family(
    third={"x": uniform(2, low=0.5, high=1.5)},
    fourth={"x": uniform(2, low=0.5, high=1.5)},
)
def high_order_arrays(xp, name, x):
    """Jacobians of Hessians hold every partial of the third and of the fourth order."""
    y = xp.exp(xp.prod(x)) * xp.sum(x)
    if name == "third":
        return {"d3y/dx3": jacobian(hessian(y, x), x)}
    return {"d4y/dx4": hessian(xp.sum(jvp(grad(y, x), x, x)), x)}


@case(x=X)
def newton_step_by_curvature(xp, x):
    """The slope of a step that divides the gradient by the Hessian's diagonal."""
    y = xp.sum(x**4 / 4 + xp.exp(x))
    curvature = jvp(grad(y, x), x, xp.ones(3))
    return {"step": grad(xp.sum(x - grad(y, x) / curvature), x)}
