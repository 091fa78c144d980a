"""Where gradients stop: constants, stopped branches, and inputs that are not connected."""

from conformance import case, family, grad, uniform, variable


@case(x=[0.5, -1.25])
def one_factor_stopped(xp, x):
    """A stopped factor keeps its value and gives up its gradient."""
    y = x * xp.stop_gradient(x)
    dy_dx = grad(y, x)
    return {"dy/dx": dy_dx == x, "d2y/dx2": grad(dy_dx * x, x) == x}


@case(x=[0.5, -1.25])
def branch_stopped(xp, x):
    """Only the branch that is not stopped carries a gradient."""
    y = xp.sin(x) + xp.stop_gradient(xp.exp(x))
    return {"dy/dx": grad(y, x) == xp.cos(x)}


@case(x=[0.5, -1.25], w=[2.0, 0.75])
def stopped_between_two_inputs(xp, x, w):
    """A stop above one input leaves the other input's gradient as it is."""
    h = xp.stop_gradient(xp.exp(x))
    y = h * w**2
    return {"dy/dw": grad(y, w) == 2 * w * xp.exp(x), "dy/dx": grad(y, x) == 0}


@case(x=[0.5, -1.25])
def stopped_value_is_a_source(xp, x):
    """A stopped value has a gradient of its own although nothing passes below it."""
    h = xp.stop_gradient(x**2)
    y = xp.sin(h) * x
    return {"dy/dh": grad(y, h) == x * xp.cos(x**2), "dy/dx": grad(y, x) == xp.sin(x**2)}


@case(x=[0.5, -1.25])
def stopped_after_an_intermediate(xp, x):
    """An intermediate below a stop has only the gradient of its other uses."""
    h = x**2
    y = xp.stop_gradient(h) * h
    return {"dy/dh": grad(y, h) == x**2, "dy/dx": grad(y, x) == 2 * x**3}


@case(x=[0.5, -1.25])
def stopped_twice(xp, x):
    """Stopping a second time changes nothing."""
    y = xp.stop_gradient(xp.stop_gradient(x)) * x**2
    return {"dy/dx": grad(y, x) == 2 * x**2}


@case(logits=[0.5, -1.25, 2.0], baseline=0.75)
def baseline_of_a_loss(xp, logits, baseline):
    """A stopped advantage scales a policy's gradient and only the value loss moves the baseline."""
    reward = xp.asarray([1.0, -0.5, 2.5])
    advantage = xp.stop_gradient(reward - baseline)
    loss = -xp.sum(advantage * xp.log_softmax(logits)) + xp.sum((reward - baseline) ** 2)
    a = reward - baseline
    return {
        "dloss/dlogits": grad(loss, logits) == xp.softmax(logits) * xp.sum(a) - a,
        "dloss/dbaseline": grad(loss, baseline) == -2 * xp.sum(a),
    }


@case(x=[-1.5, 0.25, 2.0], w=[0.5, -1.25, 3.0])
def straight_through(xp, x, w):
    """A straight-through estimator has the value of a step and the gradient of the identity."""
    y = x + xp.stop_gradient(xp.sign(x) - x)
    z = w * y**2
    return {"dz/dx": grad(z, x) == 2 * w * xp.sign(x), "dz/dw": grad(z, w) == 1}


@case(x=[100.5, 99.0, 101.25])
def stabilised_softmax(xp, x):
    """The stopped maximum of a stable softmax takes no part in its gradient."""
    w = xp.asarray([0.5, -1.25, 2.0])
    e = xp.exp(x - xp.stop_gradient(xp.max(x)))
    p = e / xp.sum(e)
    return {"dy/dx": grad(p * w, x) == p * (w - xp.sum(p * w))}


@case(w=[0.5, -1.25], now=[2.0, 0.75], later=[1.5, 0.25])
def bootstrapped_target(xp, w, now, later):
    """A stopped target makes half of a temporal difference constant."""
    target = xp.stop_gradient(1.0 + 0.5 * (w @ later))
    loss = (target - w @ now) ** 2
    error = 1.0 + 0.5 * (w @ later) - w @ now
    return {
        "dloss/dw": grad(loss, w) == -2 * error * now,
        "dloss/dlater": grad(loss, later) == 0,
        "dloss/dnow": grad(loss, now) == -2 * error * w,
    }


@case(x=[0.5, -1.25])
def stopped_gradient_of_a_gradient(xp, x):
    """A gradient that is stopped is a constant of the next gradient."""
    g = xp.stop_gradient(grad(x**3, x))
    y = g * x
    return {"dy/dx": grad(y, x) == 3 * x**2}


@case(x=[0.5, -1.25])
def stop_inside_the_inner_gradient(xp, x):
    """A stop within the inner program also stops the outer gradient of its value."""
    inner = grad(xp.stop_gradient(x**2) * x, x)
    y = inner * x
    return {"inner": inner == x**2, "dy/dx": grad(y, x) == x**2}


@case(x=[0.5, -1.25], w=[2.0, 0.75])
def unconnected_source(xp, x, w):
    """A source that the target does not depend on has the gradient zero."""
    y = xp.sin(w)
    return {"dy/dx": grad(y, x) == 0, "dy/dw": grad(y, w) == xp.cos(w)}


@case(x=variable([0.5, -1.25]), w=variable([2.0, 0.75]))
def unconnected_variable(xp, x, w):
    """A variable that was read for another target has the gradient zero for this one."""
    y, z = xp.sin(w), x * w
    return {"dy/dx": grad(y, x) == 0, "dz/dx": grad(z, x) == w, "dz/dw": grad(z, w) == x}


@case(x=[0.5, -1.25], w=[2.0, 0.75])
def unconnected_at_second_order(xp, x, w):
    """A sum of two separate functions has no mixed partial."""
    y = x**3 + w**4
    dy_dx, dy_dw = grad(y, x), grad(y, w)
    return {
        "d2y/dxdw": grad(dy_dx, w) == 0,
        "d2y/dwdx": grad(dy_dw, x) == 0,
        "d2y/dx2": grad(dy_dx, x) == 6 * x,
        "d2y/dw2": grad(dy_dw, w) == 12 * w**2,
    }


@case(x=[0.5, -1.25])
def connected_only_through_shape(xp, x):
    """Arrays that take a value's shape alone are constants."""
    y = xp.ones_like(x) * 3 + xp.zeros_like(x) + xp.sum(x**2)
    return {"dy/dx": grad(y, x) == 4 * x, "dz/dx": grad(xp.ones_like(x) * 3, x) == 0}


@case(x=[0.5, -1.25], a=[2.0, 0.75])
def connected_only_through_a_mask(xp, x, a):
    """A value that decides between branches without entering either has the gradient zero."""
    y = xp.where(x > 0, a**2, a**3)
    return {"dy/dx": grad(y, x) == 0, "dy/da": grad(y, a) == xp.where(x > 0, 2 * a, 3 * a**2)}


@case(x=[0.5, -1.25])
def multiplied_by_zero(xp, x):
    """A factor of zero is connected and has a gradient of exactly zero."""
    y = xp.exp(x) * 0.0
    return {"dy/dx": grad(y, x) == 0, "dz/dx": grad(y + x, x) == 1}


@case(x=[0.5, -1.25])
def literal_constants(xp, x):
    """Bare numbers take part in every operator on either side without a gradient."""
    y = 3 * x - 2 / x + (1.5 - x) ** 2 + 0.5
    return {"dy/dx": grad(y, x) == 3 + 2 / x**2 - 2 * (1.5 - x)}


@case(x=uniform(2, 3))
def array_constants(xp, x):
    """Constant arrays weigh, shift and multiply a value without a gradient of their own."""
    scale = xp.asarray([[1.5], [-0.5]])
    a = xp.asarray([[0.5, -1.25], [2.0, 3.0], [0.75, -0.5]])
    y = (x * scale + 2.0) @ a
    return {"dy/dx": grad(y, x) == scale * xp.sum(a, axis=1)}


@case(x=[0.5, -1.25])
def affine_function_has_no_curvature(xp, x):
    """The gradient of an affine function is a constant, which has the gradient zero."""
    y = 3 * x + 2
    dy_dx = grad(y, x)
    return {"dy/dx": dy_dx == 3, "d2y/dx2": grad(dy_dx, x) == 0, "dz/dx": grad(dy_dx * x, x) == 3}


@family(
    sign={"x": [0.5, -1.25]},
    greater={"x": [0.5, -1.25]},
    stopped={"x": [0.5, -1.25]},
)
def locally_constant(xp, name, x):
    """A locally constant factor scales a gradient and adds nothing to it."""
    step = {
        "sign": lambda: xp.sign(x),
        "greater": lambda: xp.where(x > 0, 1.0, -1.0),
        "stopped": lambda: xp.stop_gradient(xp.sign(x)),
    }[name]()
    return {"dy/dx": grad(step * x**2, x) == 2 * xp.abs(x), "dstep/dx": grad(step, x) == 0}
