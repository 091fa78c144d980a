"""Running reductions: an early element has a share in everything after it."""

from conformance import case, family, grad, uniform

RUNNING = {
    "cumulative_prod": lambda xp, x: xp.cumulative_prod(x, axis=1),
    "cumulative_prod_down": lambda xp, x: xp.cumulative_prod(x, axis=0),
    "cumulative_logsumexp": lambda xp, x: xp.cumulative_logsumexp(x, axis=-1),
    "cumulative_logsumexp_down": lambda xp, x: xp.cumulative_logsumexp(x, axis=0),
    "cumulative_max": lambda xp, x: xp.cumulative_max(x, axis=1),
    "cumulative_max_down": lambda xp, x: xp.cumulative_max(x, axis=0),
    "cumulative_min": lambda xp, x: xp.cumulative_min(x, axis=1),
    "cumulative_min_down": lambda xp, x: xp.cumulative_min(x, axis=-2),
    "trapezoid": lambda xp, x: xp.trapezoid(x),
    "trapezoid_down": lambda xp, x: xp.trapezoid(x, dx=0.25, axis=0),
}


def weighted(xp, y):
    """The sum of squares, each element with a weight of its own."""
    weights = [((29 * k + 7) % 32 - 15.5) / 8 for k in range(y.size)]
    return xp.sum(xp.reshape(xp.asarray(weights), y.shape) * y**2)


@family(**{name: {"x": uniform(3, 4)} for name in RUNNING})
def running_reduction(xp, name, x):
    """An element collects the weights of all places that it has a share in."""
    z = weighted(xp, RUNNING[name](xp, x))
    dz_dx = grad(z, x)
    return {"dz/dx": dz_dx, "d2z/dx2": grad(weighted(xp, dz_dx), x)}


@family(
    first={"x": [0.0, 1.5, -0.5, 2.0]},
    middle={"x": [1.5, 0.0, -0.5, 2.0]},
    last={"x": [1.5, -0.5, 2.0, 0.0]},
    two={"x": [1.5, 0.0, 2.0, 0.0]},
)
def running_product_over_a_zero(xp, zero, x):
    """A zero in a running product has a gradient itself, and stops those of its neighbours."""
    y = xp.cumulative_prod(x, axis=0)
    dy_dx = grad(y * xp.asarray([1.5, -0.5, 0.25, 3.0]), x)
    return {"dy/dx": dy_dx, "d2y/dx2": grad(weighted(xp, dy_dx), x)}


@case(x=[0.5, -1.25, 2.0])
def last_of_the_running_logsumexp(xp, x):
    """The last running logsumexp is that of all, with the softmax for a gradient."""
    return {"dy/dx": grad(xp.cumulative_logsumexp(x, axis=0)[-1], x) == xp.softmax(x, axis=0)}


@family(
    far_apart={"x": [-30.0, 20.0, 19.0, -4.0]},
    falling={"x": [20.0, 3.0, -2.5, -30.0]},
    large={"x": [300.0, 301.0, 299.5, 300.25]},
)
def running_logsumexp_of_large_numbers(xp, kind, x):
    """Shifted by what is large, a running logsumexp neither overflows nor loses its gradient."""
    y = xp.cumulative_logsumexp(x, axis=0)
    return {"dy/dx": grad(y * xp.asarray([1.5, -0.5, 0.25, 3.0]), x)}


@family(
    max={"x": [0.5, -1.25, 2.0, 0.75, 3.0], "times": [2.0, 0.0, 2.0, 0.0, 1.0]},
    min={"x": [0.5, 1.25, -0.25, -1.5, -2.0], "times": [2.0, 0.0, 1.0, 1.0, 1.0]},
)
def records(xp, name, x, times):
    """Only elements that are a record when they come have a gradient in the running extreme."""
    y = getattr(xp, f"cumulative_{name}")(x, axis=0) ** 2
    return {"dy/dx": grad(y, x) == 2 * x * times}
