"""Every elementwise operator at ordinary points, by its slope and its curvature."""

from conformance import case, family, grad, variable

# name: slope, curvature, as in a table of derivatives
CALCULUS = {
    "acos": (lambda xp, x: -1 / xp.sqrt(1 - x * x), lambda xp, x: -x / xp.sqrt(1 - x * x) ** 3),
    "acosh": (lambda xp, x: 1 / xp.sqrt(x * x - 1), lambda xp, x: -x / xp.sqrt(x * x - 1) ** 3),
    "asin": (lambda xp, x: 1 / xp.sqrt(1 - x * x), lambda xp, x: x / xp.sqrt(1 - x * x) ** 3),
    "asinh": (lambda xp, x: 1 / xp.sqrt(x * x + 1), lambda xp, x: -x / xp.sqrt(x * x + 1) ** 3),
    "atan": (lambda xp, x: 1 / (1 + x * x), lambda xp, x: -2 * x / (1 + x * x) ** 2),
    "atanh": (lambda xp, x: 1 / (1 - x * x), lambda xp, x: 2 * x / (1 - x * x) ** 2),
    "cos": (lambda xp, x: -xp.sin(x), lambda xp, x: -xp.cos(x)),
    "cosh": (lambda xp, x: (xp.exp(x) - xp.exp(-x)) / 2,
             lambda xp, x: (xp.exp(x) + xp.exp(-x)) / 2),
    # pi is four times the arc tangent of 1: a literal would be a rounded pi
    "erf": (lambda xp, x: xp.exp(-x * x) / xp.sqrt(xp.atan(1.0)),
            lambda xp, x: -2 * x * xp.exp(-x * x) / xp.sqrt(xp.atan(1.0))),
    "exp": (lambda xp, x: 1 / xp.exp(-x), lambda xp, x: 1 / xp.exp(-x)),
    "expm1": (lambda xp, x: xp.exp(x), lambda xp, x: xp.exp(x)),
    "log": (lambda xp, x: 1 / x, lambda xp, x: -1 / x**2),
    "log10": (lambda xp, x: 1 / (x * xp.log(10.0)), lambda xp, x: -1 / (x**2 * xp.log(10.0))),
    "log1p": (lambda xp, x: 1 / (1 + x), lambda xp, x: -1 / (1 + x) ** 2),
    "log2": (lambda xp, x: 1 / (x * xp.log(2.0)), lambda xp, x: -1 / (x**2 * xp.log(2.0))),
    "reciprocal": (lambda xp, x: -1 / x**2, lambda xp, x: 2 / x**3),
    "rsqrt": (lambda xp, x: -1 / (2 * x * xp.sqrt(x)), lambda xp, x: 3 / (4 * x**2 * xp.sqrt(x))),
    "sigmoid": (lambda xp, x: 1 / (2 * xp.cosh(x / 2)) ** 2,
                lambda xp, x: -xp.tanh(x / 2) / (2 * xp.cosh(x / 2)) ** 2),
    "sin": (lambda xp, x: xp.cos(x), lambda xp, x: -xp.sin(x)),
    "sinh": (lambda xp, x: (xp.exp(x) + xp.exp(-x)) / 2,
             lambda xp, x: (xp.exp(x) - xp.exp(-x)) / 2),
    "softplus": (lambda xp, x: 1 / (1 + xp.exp(-x)), lambda xp, x: 1 / (2 * xp.cosh(x / 2)) ** 2),
    "sqrt": (lambda xp, x: 1 / (2 * xp.sqrt(x)), lambda xp, x: -1 / (4 * x * xp.sqrt(x))),
    "square": (lambda xp, x: 2 * x, lambda xp, x: 2),
    "tan": (lambda xp, x: 1 / xp.cos(x) ** 2, lambda xp, x: 2 * xp.sin(x) / xp.cos(x) ** 3),
    "tanh": (lambda xp, x: 1 / xp.cosh(x) ** 2, lambda xp, x: -2 * xp.sinh(x) / xp.cosh(x) ** 3),
}


@family(
    acos={"x": [-0.75, -0.125, 0.5, 0.875]},
    acosh={"x": [1.25, 2.0, 3.5, 24.0]},
    asin={"x": [-0.75, -0.125, 0.5, 0.875]},
    asinh={"x": [-24.0, -0.5, 0.015625, 3.0]},
    atan={"x": [-16.0, -0.5, 0.015625, 3.0]},
    atanh={"x": [-0.75, -0.125, 0.015625, 0.5]},
    cos={"x": [-20.0, -0.75, 0.015625, 2.5]},
    cosh={"x": [-3.0, -0.5, 0.25, 4.0]},
    erf={"x": [-1.75, -0.5, 0.015625, 1.25]},
    exp={"x": [-6.0, -0.5, 0.015625, 8.0]},
    expm1={"x": [-2.0, -0.5, 0.015625, 8.0]},
    log={"x": [0.015625, 0.75, 3.0, 96.0]},
    log10={"x": [0.015625, 0.75, 3.0, 96.0]},
    log1p={"x": [-0.75, -0.015625, 0.5, 31.0]},
    log2={"x": [0.015625, 0.75, 3.0, 96.0]},
    reciprocal={"x": [-12.0, -0.5, 0.0625, 3.0]},
    rsqrt={"x": [0.015625, 0.75, 3.0, 24.0]},
    sigmoid={"x": [-6.0, -1.5, 0.75, 2.0]},
    sin={"x": [-20.0, -0.75, 0.015625, 2.5]},
    sinh={"x": [-3.0, -0.5, 0.015625, 4.0]},
    softplus={"x": [-6.0, -1.5, 0.015625, 2.0]},
    sqrt={"x": [0.015625, 0.75, 3.0, 24.0]},
    square={"x": [-24.0, -0.5, 0.015625, 3.0]},
    tan={"x": [-1.25, -0.5, 0.015625, 2.5]},
    tanh={"x": [-1.5, -0.25, 0.015625, 1.0]},
)
def slope_and_curvature(xp, name, x):
    """A smooth function has the slope and the curvature that the table of derivatives gives."""
    y = getattr(xp, name)(x)
    slope, curvature = CALCULUS[name]
    dy_dx = grad(y, x)
    return {"dy/dx": dy_dx == slope(xp, x), "d2y/dx2": grad(dy_dx, x) == curvature(xp, x)}


@family(
    abs={"x": [-24.0, -0.0625, 0.5, 3.0], "slope": [-1.0, -1.0, 1.0, 1.0]},
    relu={"x": [-24.0, -0.0625, 0.5, 3.0], "slope": [0.0, 0.0, 1.0, 1.0]},
    sign={"x": [-24.0, -0.0625, 0.5, 3.0], "slope": [0.0, 0.0, 0.0, 0.0]},
    negative={"x": [-24.0, -0.0625, 0.5, 3.0], "slope": [-1.0, -1.0, -1.0, -1.0]},
)
def straight_pieces(xp, name, x, slope):
    """Away from its kink a piecewise linear function has a constant slope and no curvature."""
    y = getattr(xp, name)(x)
    z = y * x  # the product keeps each derivative connected to x
    dz_dx = grad(z, x)
    return {
        "dy/dx": grad(y, x) == slope,
        "dz/dx": dz_dx == y + x * slope,
        "d2z/dx2": grad(dz_dx, x) == 2 * slope,
    }


@family(
    both={"x": [-3.0, -0.5, 0.25, 2.0], "inside": [0.0, 1.0, 1.0, 0.0]},
    lower={"x": [-3.0, -0.5, 0.25, 2.0], "inside": [0.0, 1.0, 1.0, 1.0]},
    upper={"x": [-3.0, -0.5, 0.25, 2.0], "inside": [1.0, 1.0, 1.0, 0.0]},
)
def clipping_stops_the_outside(xp, bounds, x, inside):
    """A clipped element passes its gradient on between the bounds and stops it outside."""
    low = None if bounds == "upper" else -1.0
    high = None if bounds == "lower" else 0.75
    y = xp.sin(xp.clip(x, min=low, max=high))
    dy_dx = grad(y, x)
    return {
        "dy/dx": dy_dx == inside * xp.cos(x),
        "d2y/dx2": grad(dy_dx, x) == -inside * xp.sin(x),
    }


@family(
    add={"x": [-2.0, 0.5, 3.0], "w": [0.75, -1.5, 24.0]},
    subtract={"x": [-2.0, 0.5, 3.0], "w": [0.75, -1.5, 24.0]},
    multiply={"x": [-2.0, 0.5, 24.0], "w": [0.75, -0.015625, 3.0]},
    divide={"x": [-2.0, 0.5, 24.0], "w": [0.75, -0.25, 3.0]},
    pow={"x": [0.25, 1.5, 3.0], "w": [-1.5, 0.5, 2.25]},
    maximum={"x": [-2.0, 0.5, 3.0], "w": [0.75, -1.5, 24.0]},
    minimum={"x": [-2.0, 0.5, 3.0], "w": [0.75, -1.5, 24.0]},
    atan2={"x": [-2.0, 0.5, 3.0, -0.75], "w": [0.75, -1.5, 12.0, -1.25]},
    hypot={"x": [-2.0, 0.5, 3.0, -0.75], "w": [0.75, -1.5, 12.0, -1.25]},
    logaddexp={"x": [-2.0, 0.5, 3.0, -0.75], "w": [-0.5, -1.5, 4.25, -1.25]},
)
def all_partials(xp, name, x, w):
    """A function of two operands has two slopes, two curvatures and one mixed partial."""
    y = getattr(xp, name)(x, w)
    dy_dx, dy_dw = grad(y, x), grad(y, w)
    return {
        "dy/dx": dy_dx,
        "dy/dw": dy_dw,
        "d2y/dx2": grad(dy_dx, x),
        "d2y/dxdw": grad(dy_dx, w),
        "d2y/dwdx": grad(dy_dw, x),
        "d2y/dw2": grad(dy_dw, w),
    }


@case(x=[-2.0, 0.5, 3.0], w=[0.75, -0.25, 2.5])
def quotient_rule(xp, x, w):
    """The divisor's gradient is the quotient divided again, with its sign turned."""
    y = x / w
    return {"dy/dx": grad(y, x) == 1 / w, "dy/dw": grad(y, w) == -x / w**2}


@case(x=[0.25, 1.5, 3.0], w=[-1.5, 0.5, 2.25])
def base_and_exponent(xp, x, w):
    """The exponent's gradient is the power times the logarithm of the base."""
    y = x**w
    return {
        "dy/dx": grad(y, x) == w * xp.exp((w - 1) * xp.log(x)),
        "dy/dw": grad(y, w) == xp.log(x) * xp.exp(w * xp.log(x)),
    }


@case(x=[-1.5, 0.5, 3.0])
def exponent_of_a_plain_number(xp, x):
    """A number raised to a variable power grows by the logarithm of the number."""
    y = 2.0**x
    dy_dx = grad(y, x)
    return {"dy/dx": dy_dx == xp.log(2.0) * 2.0**x, "d2y/dx2": grad(dy_dx, x)}


@family(
    zero={"x": [-1.5, 0.5, 3.0]},
    one={"x": [-1.5, 0.5, 3.0]},
    two={"x": [-1.5, 0.5, 3.0]},
    five={"x": [-1.5, 0.5, 3.0]},
    minus_three={"x": [-1.5, 0.5, 3.0]},
)
def whole_powers_of_either_sign(xp, name, x):
    """A whole power has its derivatives at negative bases too, down to the zeroth power."""
    n = {"zero": 0, "one": 1, "two": 2, "five": 5, "minus_three": -3}[name]
    y = x**n
    dy_dx = grad(y, x)
    return {
        "dy/dx": dy_dx == n * (x ** (n - 1)),
        "d2y/dx2": grad(dy_dx, x) == n * (n - 1) * (x ** (n - 2)),
    }


@case(x=[-3.0, -0.5, 0.25, 2.0], a=[1.5, -2.0, 0.75, 3.0], b=[0.5, 4.0, -1.25, -3.0])
def choice_routes_each_element(xp, x, a, b):
    """Each element's gradient goes to the branch that was chosen and to no other."""
    y = xp.square(xp.where(x > 0, a, b))
    return {
        "dy/da": grad(y, a) == xp.where(x > 0, 2 * a, 0.0),
        "dy/db": grad(y, b) == xp.where(x > 0, 0.0, 2 * b),
    }


@family(
    less={"x": [-3.0, 1.0, 2.0]},
    less_equal={"x": [-3.0, 1.0, 2.0]},
    greater={"x": [-3.0, 1.0, 2.0]},
    greater_equal={"x": [-3.0, 1.0, 2.0]},
    equal={"x": [-3.0, 1.0, 2.0]},
    not_equal={"x": [-3.0, 1.0, 2.0]},
)
def mask_has_no_slope(xp, name, x):
    """A comparison chooses between branches and contributes no gradient of its own."""
    label = xp.asarray([0.0, 1.5, 0.0])
    mask = getattr(xp, name)(label, xp.asarray([0.5, 0.5, 0.0]))
    y = xp.where(mask, x**2, xp.exp(x))
    return {"dy/dx": grad(y, x) == xp.where(mask, 2 * x, xp.exp(x))}


@case(x=variable([-0.75, 0.5, 1.25]))
def inverse_functions_cancel(xp, x):
    """A function followed by its inverse has slope one everywhere."""
    return {
        "sinh": grad(xp.asinh(xp.sinh(x)), x) == 1,
        "exp": grad(xp.log(xp.exp(x)), x) == 1,
        "tan": grad(xp.atan(xp.tan(x)), x) == 1,
        "expm1": grad(xp.log1p(xp.expm1(x)), x) == 1,
    }


@case(x=[-0.75, 0.5, 1.25])
def derivatives_return_in_cycles(xp, x):
    """Four derivatives bring a sine back and two a hyperbolic sine."""
    sine, hyperbolic = xp.sin(x), xp.sinh(x)
    for _ in range(4):
        sine = grad(sine, x)
    for _ in range(2):
        hyperbolic = grad(hyperbolic, x)
    return {"d4sin/dx4": sine == xp.sin(x), "d2sinh/dx2": hyperbolic == xp.sinh(x)}
