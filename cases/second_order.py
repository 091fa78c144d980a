"""Derivatives of derivatives: curvature, mixed partials, products with Hessians, inner steps."""

from conformance import case, family, grad, uniform, variable


@case(x=0.75, w=1.5)
def mixed_partials_agree(xp, x, w):
    """The order of two different derivatives does not matter."""
    y = xp.exp(x * w) + x**2 * w**3
    mixed = (1 + x * w) * xp.exp(x * w) + 6 * x * w**2
    return {
        "d2y/dxdw": grad(grad(y, x), w) == mixed,
        "d2y/dwdx": grad(grad(y, w), x) == mixed,
    }


@case(x=[0.5, 0.75], w=[[2.0, 0.75], [-0.5, 1.5]])
def mixed_partials_of_unlike_shapes(xp, x, w):
    """Vector and matrix have mixed partials in the shape of the second source."""
    y = xp.sum(xp.tanh(w @ x))
    dy_dx, dy_dw = grad(y, x), grad(y, w)
    v = xp.asarray([1.5, -0.5])
    return {
        "d(v.dy/dx)/dw": grad(dy_dx @ v, w),
        "d(v.dy/dw)/dx": grad(v @ dy_dw, x),
    }


@case(x=uniform(3))
def third_derivative(xp, x):
    """Three gradients inside one another give the third derivative."""
    y = xp.exp(2 * x)
    for _ in range(3):
        y = grad(y, x)
    return {"d3y/dx3": y == 8 * xp.exp(2 * x)}


@case(x=variable(0.75))
def fourth_derivative_of_a_power(xp, x):
    """Each derivative takes one from the exponent and multiplies by it."""
    d1 = grad(x**5, x)
    d2 = grad(d1, x)
    d3 = grad(d2, x)
    return {
        "d3y/dx3": d3 == 60 * x**2,
        "d4y/dx4": grad(d3, x) == 120 * x,
        "d5y/dx5": grad(grad(d3, x), x) == 120,
    }


@case(x=0.5, w=1.25)
def third_mixed_partial(xp, x, w):
    """Three gradients by two sources agree in every order."""
    y = xp.sin(x) * xp.exp(2 * w)
    return {
        "xxw": grad(grad(grad(y, x), x), w) == -2 * y,
        "xwx": grad(grad(grad(y, x), w), x) == -2 * y,
        "wxx": grad(grad(grad(y, w), x), x) == -2 * y,
    }


FUNCTIONS = {
    "cubic": lambda xp, x: xp.sum(x**3) + x[0] * x[1] * x[2],
    "product": lambda xp, x: xp.prod(x),
    "length": lambda xp, x: xp.sqrt(x @ x),
    "logsumexp": lambda xp, x: xp.logsumexp(x),
    "softmax": lambda xp, x: xp.softmax(x)[0],
    "log_softmax": lambda xp, x: xp.log_softmax(x)[1] * x[2],
    "variance": lambda xp, x: xp.var(x) * x[0],
    "quadratic_form": lambda xp, x: xp.exp(
        x @ xp.asarray([[0.5, 0.25, 0.0], [-0.5, 1.0, 0.75], [0.25, 0.0, -0.5]]) @ x),
    "layer": lambda xp, x: xp.sum(
        xp.tanh(xp.asarray([[0.5, 0.25, 1.0], [-0.5, 0.75, 1.0]]) @ x) ** 2),
    "choice": lambda xp, x: xp.sum(xp.where(x > 0, x**3, xp.exp(x) * x[0])),
    "running_sum": lambda xp, x: xp.sum(xp.cumulative_sum(x, axis=0) ** 3),
    "maximum": lambda xp, x: xp.max(x) ** 3 + xp.min(x) * x[0],
    "rearranged": lambda xp, x: xp.sum(xp.roll(x, 1) ** 2 * xp.flip(x)),
    "sliced": lambda xp, x: xp.sum(x[1:] ** 2 * x[:-1]),
    "taken": lambda xp, x: xp.prod(xp.take(x, [0, 0, 2, 1], axis=0)),
}


@family(**{name: {"x": [0.5, -1.25, 2.0]} for name in FUNCTIONS})
def hessian_times_one_hot(xp, name, x):
    """The product of a Hessian and a one-hot vector is a single column of it."""
    dy_dx = grad(FUNCTIONS[name](xp, x), x)
    first, last = xp.asarray([1.0, 0.0, 0.0]), xp.asarray([0.0, 0.0, 1.0])
    return {
        "column 0": grad(xp.sum(dy_dx * first), x),
        "column 2": grad(xp.sum(dy_dx * last), x),
    }


@family(**{name: {"x": [0.5, -1.25, 2.0], "v": [1.5, 0.25, -0.75]}
           for name in ("cubic", "product", "softmax", "layer", "quadratic_form")})
def hessian_times_vector(xp, name, x, v):
    """A Hessian times a vector is linear in the vector and has the gradient as its slope."""
    dy_dx = grad(FUNCTIONS[name](xp, x), x)
    product = grad(dy_dx @ v, x)
    return {"Hv": product, "d(v.Hv)/dv": grad(product @ v, v) == 2 * product}


@case(x=[0.5, -1.25, 2.0], v=[1.5, 0.25, -0.75])
def hessian_of_a_cubic(xp, x, v):
    """A sum of cubes has a diagonal Hessian."""
    product = grad(grad(xp.sum(x**3), x) @ v, x)
    return {"Hv": product == 6 * x * v, "d(v.Hv)/dx": grad(product @ v, x) == 6 * v**2}


@case(x=[0.5, -1.25, 2.0], v=[1.5, 0.25, -0.75])
def hessian_of_logsumexp(xp, x, v):
    """The Hessian of a log-sum-exp is the covariance of its softmax."""
    product = grad(grad(xp.logsumexp(x), x) @ v, x)
    p = xp.exp(x) / xp.sum(xp.exp(x))
    return {"Hv": product == p * v - p * xp.sum(p * v)}


@case(x=[0.5, -1.25, 2.0], v=[1.5, 0.25, -0.75])
def whole_hessian_row_by_row(xp, x, v):
    """Rows of a Hessian, each the gradient of one element, stack up to the matrix."""
    dy_dx = grad(xp.exp(x @ v), x)
    rows = xp.stack([grad(dy_dx[i], x) for i in range(3)])
    return {"hessian @ v": rows @ v == xp.exp(x @ v) * v * (v @ v)}


@case(x=[1.5, 0.0, -2.0])
def curvature_of_a_product_with_a_zero(xp, x):
    """At a zero factor a product still has curvature between that factor and each other one."""
    dy_dx = grad(xp.prod(x), x)
    return {
        "dy/dx": dy_dx == xp.asarray([0.0, -3.0, 0.0]),
        "d2y/dxdx0": grad(dy_dx[0], x) == xp.asarray([0.0, -2.0, 0.0]),
        "d2y/dxdx1": grad(dy_dx[1], x) == xp.asarray([-2.0, 0.0, 1.5]),
    }


@case(w=[[0.5, -1.25], [2.0, 0.75]], v=[1.5, -0.5], x=[0.25, 0.5])
def gradient_penalty(xp, w, v, x):
    """The squared slope of a network with respect to its data is a loss on its weights."""
    score = v @ xp.tanh(w @ x)
    slope = grad(score, x)
    loss = score + 0.5 * xp.sum(slope**2)
    return {"dloss/dw": grad(loss, w), "dloss/dv": grad(loss, v), "dloss/dx": grad(loss, x)}


@case(w=[0.5, -1.25], x=[[2.0, 0.75], [-0.5, 1.5]])
def penalty_of_a_linear_model(xp, w, x):
    """The slope of a linear score is its weights, whatever the data."""
    slope = grad(xp.sum(x @ w), x)
    loss = xp.sum(slope**2)
    return {"dloss/dw": grad(loss, w) == 4 * w, "dloss/dx": grad(loss, x) == 0}


@case(w=[0.5, -1.25], rate=0.25, target=[1.5, 2.0])
def inner_step_of_meta_learning(xp, w, rate, target):
    """A loss after one descent step reaches back through the gradient of that step."""
    inner = xp.sum((w - target) ** 2)
    stepped = w - rate * grad(inner, w)
    outer = xp.sum(stepped**3)
    closed = w - 2 * rate * (w - target)
    return {
        "douter/dw": grad(outer, w) == 3 * closed**2 * (1 - 2 * rate),
        "douter/drate": grad(outer, rate) == xp.sum(-6 * closed**2 * (w - target)),
        "douter/dtarget": grad(outer, target) == 6 * closed**2 * rate,
    }


@case(w=[0.5, -1.25], x=[[2.0, 0.75], [-0.5, 1.5]])
def first_order_meta_learning(xp, w, x):
    """With the inner gradient stopped a descent step only shifts the weights."""
    inner = xp.sum(xp.exp(x @ w))
    stepped = w - 0.125 * xp.stop_gradient(grad(inner, w))
    outer = xp.sum(stepped**3)
    return {"douter/dw": grad(outer, w) == 3 * (w - 0.125 * (x.T @ xp.exp(x @ w))) ** 2}


@case(w=[0.5, -0.25])
def two_descent_steps(xp, w):
    """The second step's gradient is taken where the first step ended."""
    first = w - 0.25 * grad(xp.sum(xp.cos(w)), w)
    second = first - 0.25 * grad(xp.sum(xp.cos(first)), first)
    slope = (1 + 0.25 * xp.cos(first)) * (1 + 0.25 * xp.cos(w))
    return {"dsecond/dw": grad(second, w) == slope}


@case(x=1.5)
def newton_step(xp, x):
    """The slope of Newton's map is the function times its curvature over the squared slope."""
    y = x**3 - 2.0
    step = x - y / grad(y, x)
    return {"dstep/dx": grad(step, x) == (x**3 - 2) * 6 * x / (3 * x**2) ** 2}


@case(x=0.75)
def newton_step_of_a_minimiser(xp, x):
    """A step that divides slope by curvature has third derivatives in its own slope."""
    y = xp.exp(x) + x**4
    slope = grad(y, x)
    curvature = grad(slope, x)
    step = x - slope / curvature
    closed = (xp.exp(x) + 4 * x**3) * (xp.exp(x) + 24 * x) / (xp.exp(x) + 12 * x**2) ** 2
    return {"dstep/dx": grad(step, x) == closed}


@case(x=0.75, w=1.5)
def laplacian(xp, x, w):
    """The sum of the two unmixed second derivatives is the Laplacian."""
    y = x**4 * w + w**3 * x
    d2y = grad(grad(y, x), x) + grad(grad(y, w), w)
    return {"laplacian": d2y == 12 * x**2 * w + 6 * w * x, "slope": grad(d2y, x)}


@case(x=[0.5, -1.25, 2.0])
def laplacian_of_a_gaussian(xp, x):
    """Diagonal elements of a Hessian, picked one by one, sum to the Laplacian."""
    y = xp.exp(-(x @ x) / 4)
    dy_dx = grad(y, x)
    trace = sum(grad(dy_dx[i], x)[i] for i in range(3))
    return {"laplacian": trace == (x @ x / 4 - 1.5) * xp.exp(-(x @ x) / 4)}


@case(x=0.5, t=0.25)
def residual_of_the_heat_equation(xp, x, t):
    """A physics loss squares a mix of first and second derivatives and is differentiated again."""
    a = 2.0
    u = xp.exp(-t) * xp.sin(a * x)
    residual = grad(u, t) - grad(grad(u, x), x)
    loss = residual**2
    return {
        "dloss/dx": grad(loss, x) == 36 * xp.exp(-2 * t) * xp.sin(a * x) * xp.cos(a * x),
        "dloss/dt": grad(loss, t) == -18 * xp.exp(-2 * t) * xp.sin(a * x) ** 2,
    }


@case(x=[0.5, -1.25])
def gradient_used_beside_its_target(xp, x):
    """A value and its own gradient multiply and are differentiated together."""
    y = xp.sin(x)
    z = y * grad(y, x)
    return {"dz/dx": grad(z, x) == xp.cos(2 * x)}


@case(x=[0.5, -1.25])
def gradients_of_two_functions_meet(xp, x):
    """Two gradients that multiply share one outer recording."""
    z = grad(xp.exp(x), x) * grad(x**3, x)
    return {"dz/dx": grad(z, x) == xp.exp(x) * (3 * x**2 + 6 * x)}


@case(x=1.0, w=1.0)
def two_levels_are_not_confused(xp, x, w):
    """The inner gradient holds the outer source still, also where both have one value."""
    inner = grad(x + w, w)
    return {"inner": inner == 1, "dy/dx": grad(x * inner, x) == 1}


@case(x=[0.5, -1.25], w=[0.5, -1.25])
def outer_source_inside_the_inner_gradient(xp, x, w):
    """An inner gradient depends on what the inner program holds constant."""
    inner = grad(x * w + w**2 * x**2, x)
    return {
        "dinner/dw": grad(inner, w) == 1 + 4 * w * x,
        "d(x*inner)/dx": grad(x * inner, x) == w + 4 * w**2 * x,
    }


@case(x=[0.5, -1.25])
def curvature_through_an_intermediate(xp, x):
    """An inner gradient for an intermediate value depends on the input once more."""
    y = xp.exp(x)
    dz_dy = grad(xp.sin(y) * x, y)
    return {"d2z/dydx": grad(dz_dy, x) == xp.cos(y) - x * y * xp.sin(y)}


@case(x=[0.5, -1.25, 2.0])
def curvature_of_safe_logarithm(xp, x):
    """A guarded logarithm has the curvature of the branch that was taken."""
    y = xp.where(x > 0, xp.log(xp.where(x > 0, x, 1.0)), x**2)
    return {"d2y/dx2": grad(grad(y, x), x) == xp.where(x > 0, -1 / x**2, 2.0)}
