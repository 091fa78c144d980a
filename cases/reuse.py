"""Values that are used more than once: the gradients of all uses add up."""

from conformance import case, family, grad, uniform, variable


@family(
    add={"x": [0.75, -1.5]},
    multiply={"x": [0.75, -1.5]},
    divide={"x": [0.75, -1.5]},
    subtract={"x": [0.75, -1.5]},
    hypot={"x": [0.75, -1.5]},
    atan2={"x": [0.75, -1.5]},
    logaddexp={"x": [0.75, -1.5]},
)
def both_operands_are_one(xp, name, x):
    """A function of one value in both places adds the two partial gradients."""
    y = getattr(xp, name)(x, x)
    closed = {
        "add": 2, "multiply": 2 * x, "divide": 0, "subtract": 0,
        "hypot": xp.sign(x) * xp.sqrt(2.0), "atan2": 0, "logaddexp": 1,
    }[name]
    return {"dz/dx": grad(y * x, x) == y + x * closed}


@case(x=[0.5, 1.5, 2.0])
def power_of_itself(xp, x):
    """A value raised to itself has a gradient as base and as exponent."""
    y = x**x
    return {"dy/dx": grad(y, x) == (1 + xp.log(x)) * xp.exp(x * xp.log(x))}


@case(x=[0.5, -1.25, 2.0])
def dot_product_with_itself(xp, x):
    """The squared length of a vector has twice the vector as its gradient."""
    return {"dy/dx": grad(x @ x, x) == 2 * x}


@case(x=variable([0.5, -1.25, 2.0]), w=[0.5, -1.25, 2.0])
def equal_values_are_not_one(xp, x, w):
    """Two inputs with equal values each have a gradient of their own."""
    y = x * w + xp.sin(x)
    return {"dy/dx": grad(y, x) == w + xp.cos(x), "dy/dw": grad(y, w) == x}


@case(x=0.75)
def fan_out_into_branches(xp, x):
    """Each branch that leaves a value brings its own gradient back."""
    y = xp.sin(x) + xp.exp(x) * 2 + xp.sqrt(x) - x * 3 + xp.square(x)
    slope = xp.cos(x) + 2 * xp.exp(x) + 1 / (2 * xp.sqrt(x)) - 3 + 2 * x
    return {"dy/dx": grad(y, x) == slope}


@case(x=[0.75, -0.5])
def diamond(xp, x):
    """Two branches that part and meet again add up below the point where they parted."""
    a = xp.sin(x)
    left, right = xp.exp(a), a**2
    y = left * right
    return {
        "dy/dx": grad(y, x) == xp.cos(x) * xp.exp(a) * (a**2 + 2 * a),
        "dy/da": grad(y, a) == xp.exp(a) * (a**2 + 2 * a),
        "dy/dleft": grad(y, left) == a**2,
    }


@case(x=1.125)
def diamonds_in_a_row(xp, x):
    """Four diamonds double the number of paths four times."""
    y = x
    for _ in range(4):
        y = y * y
    return {"dy/dx": grad(y, x) == 16 * x**15}


@case(x=[0.25, -0.75])
def long_chain(xp, x):
    """A chain of twelve links multiplies twelve slopes."""
    y, slope = x, 1.0
    for _ in range(12):
        slope = slope * xp.cos(y)
        y = xp.sin(y)
    return {"dy/dx": grad(y, x) == slope}


@case(x=1.5)
def sum_of_many_uses(xp, x):
    """A value that is added ten times has the gradient ten."""
    y = x
    for _ in range(9):
        y = y + x
    return {"dy/dx": grad(y * x, x) == 20 * x}


@case(x=[0.5, -1.25])
def two_consumers_and_a_source(xp, x):
    """A value with two consumers that is also a source collects both gradients."""
    h = xp.exp(x)
    a, b = xp.sin(h), h**3
    y = xp.sum(a) * 2 + xp.sum(b)
    return {
        "dy/dh": grad(y, h) == 2 * xp.cos(h) + 3 * h**2,
        "dy/dx": grad(y, x) == (2 * xp.cos(h) + 3 * h**2) * h,
    }


@case(x=[0.5, -1.25])
def same_expression_written_twice(xp, x):
    """Two copies of one expression count twice whether or not an engine merges them."""
    y = xp.exp(xp.sin(x)) * xp.exp(xp.sin(x))
    return {"dy/dx": grad(y, x) == 2 * xp.cos(x) * xp.exp(2 * xp.sin(x))}


@case(x=[0.5, -1.25], w=[2.0, 0.75])
def several_targets_share_a_recording(xp, x, w):
    """Each target has its own gradients although all share one computation."""
    h = xp.tanh(x * w)
    a, b = xp.sum(h), xp.prod(h)
    return {
        "da/dx": grad(a, x) == w * (1 - h**2),
        "da/dw": grad(a, w) == x * (1 - h**2),
        "db/dx": grad(b, x) == w * (1 - h**2) * xp.flip(h),
        "db/dw": grad(b, w) == x * (1 - h**2) * xp.flip(h),
    }


@case(x=[0.5, -1.25])
def asked_twice(xp, x):
    """Asking a second time gives the same gradient and not twice as much."""
    y = x**3
    return {"first": grad(y, x) == 3 * x**2, "second": grad(y, x) == 3 * x**2}


@case(x=[0.5, -1.25])
def target_adds_its_elements(xp, x):
    """The gradient of a vector is the gradient of the sum of its elements."""
    y = xp.exp(x) * x[0]
    return {"dy/dx": grad(y, x), "dsum/dx": grad(xp.sum(y), x)}


@case(x=uniform(2, 2), w=uniform(2, 2))
def shared_weights(xp, x, w):
    """Weights that two layers share collect the gradients of both layers."""
    h = xp.tanh(x @ w)
    y = xp.tanh(h @ w)
    outer = 1 - y**2
    inner = (outer @ w.T) * (1 - h**2)
    return {"dy/dw": grad(y, w) == h.T @ outer + x.T @ inner, "dy/dx": grad(y, x) == inner @ w.T}
