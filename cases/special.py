"""Special functions by their slopes and curvatures, at ordinary points and in their tails."""

from conformance import case, family, grad

# name: slope, curvature, as in a table of derivatives; pi is four times the arc tangent of 1
CALCULUS = {
    "cbrt": (lambda xp, x: 1 / (3 * xp.cbrt(x * x)), lambda xp, x: -2 / (9 * x * xp.cbrt(x * x))),
    "entr": (lambda xp, x: -xp.log(x) - 1, lambda xp, x: -1 / x),
    "erfc": (lambda xp, x: -xp.exp(-x * x) / xp.sqrt(xp.atan(1.0)),
             lambda xp, x: 2 * x * xp.exp(-x * x) / xp.sqrt(xp.atan(1.0))),
    "exp2": (lambda xp, x: xp.log(2.0) * 2.0**x, lambda xp, x: xp.log(2.0) ** 2 * 2.0**x),
    "i0": (lambda xp, x: xp.i1(x), lambda xp, x: xp.i0(x) - xp.i1(x) / x),
    "logit": (lambda xp, x: 1 / (x * (1 - x)), lambda xp, x: (2 * x - 1) / (x * (1 - x)) ** 2),
    "ndtr": (lambda xp, x: xp.exp(-x * x / 2) / xp.sqrt(8 * xp.atan(1.0)),
             lambda xp, x: -x * xp.exp(-x * x / 2) / xp.sqrt(8 * xp.atan(1.0))),
}


@family(
    cbrt={"x": [-24.0, -0.5, 0.25, 3.0]},
    entr={"x": [0.03125, 0.25, 1.5, 6.0]},
    erfc={"x": [-1.5, -0.25, 0.75, 2.5]},
    exp2={"x": [-6.5, -0.5, 0.25, 3.75]},
    i0={"x": [-4.5, -0.75, 0.5, 2.5]},
    logit={"x": [0.125, 0.4375, 0.625, 0.875]},
    ndtr={"x": [-2.25, -0.5, 0.75, 1.5]},
)
def special_function_by_its_calculus(xp, name, x):
    """The slope and the curvature are those of a table of derivatives."""
    y = getattr(xp, name)(x)
    slope, curvature = CALCULUS[name]
    dy_dx = grad(y, x)
    return {"dy/dx": dy_dx == slope(xp, x), "d2y/dx2": grad(dy_dx, x) == curvature(xp, x)}


@family(
    digamma={"x": [0.25, 0.75, 2.5, 9.5]},
    erfcx={"x": [-1.25, -0.5, 0.75, 2.5]},
    erfinv={"x": [-0.875, -0.25, 0.125, 0.75]},
    i0e={"x": [-4.5, -0.75, 0.5, 2.5]},
    i1={"x": [-4.5, -0.75, 0.5, 2.5]},
    i1e={"x": [-4.5, -0.75, 0.5, 2.5]},
    lgamma={"x": [0.25, 0.75, 2.5, 9.5]},
    log_ndtr={"x": [-3.5, -0.75, 0.5, 1.75]},
    ndtri={"x": [0.25, 0.375, 0.625, 0.8125]},
    sinc={"x": [-2.75, -0.625, 0.375, 1.25]},
)
def special_function(xp, name, x):
    """A special function has a slope and a curvature at ordinary points."""
    y = getattr(xp, name)(x)
    dy_dx = grad(y, x)
    return {"dy/dx": dy_dx, "d2y/dx2": grad(dy_dx, x)}


@family(
    xlogy={"x": [-2.0, 0.5, 3.0], "w": [0.75, 0.125, 24.0]},
    xlog1py={"x": [-2.0, 0.5, 3.0], "w": [-0.75, 0.125, 24.0]},
)
def number_times_a_logarithm(xp, name, x, w):
    """The slopes are the logarithm itself and the quotient of the factor and its argument."""
    y = getattr(xp, name)(x, w)
    inside = w if name == "xlogy" else 1 + w
    dy_dw = grad(y, w)
    return {
        "dy/dx": grad(y, x) == xp.log(inside),
        "dy/dw": dy_dw == x / inside,
        "d2y/dwdx": grad(dy_dw, x) == 1 / inside,
        "d2y/dw2": grad(dy_dw, w) == -x / inside**2,
    }


@family(
    digamma={"x": [-0.375, -1.25, -2.75, -5.625]},
    lgamma={"x": [-0.375, -1.25, -2.75, -5.625]},
)
def between_poles(xp, name, x):
    """The gamma function's logarithm is smooth between its poles on the negative axis."""
    y = getattr(xp, name)(x)
    dy_dx = grad(y, x)
    return {"dy/dx": dy_dx, "d2y/dx2": grad(dy_dx, x)}


@family(
    erfc={"x": [0.0, 2**-10, -(2**-10)]},
    erfcx={"x": [0.0, 2**-10, -(2**-10)]},
    exp2={"x": [0.0, 2**-10, -(2**-10)]},
    i0={"x": [0.0, 0.125, -0.125]},
    i1={"x": [0.0, 0.125, -0.125]},
    log_ndtr={"x": [0.0, 2**-10, -(2**-10)]},
    ndtr={"x": [0.0, 2**-10, -(2**-10)]},
    sinc={"x": [0.0, 0.125, -0.125]},
)
def special_function_around_zero(xp, name, x):
    """Slope and curvature at 0, where a rule may divide by it, and beside it."""
    y = getattr(xp, name)(x)
    dy_dx = grad(y, x)
    return {"dy/dx": dy_dx, "d2y/dx2": grad(dy_dx, x)}


@family(
    erfc={"x": [2.5, 3.75, 5.0], "w": [1.0, -2.0, 0.5]},
    log_ndtr={"x": [-12.0, 2.5, 3.75], "w": [1.0, -2.0, 0.5]},
    ndtr={"x": [-2.5, -3.75, -5.0], "w": [1.0, -2.0, 0.5]},
)
def tail_keeps_its_digits(xp, name, x, w):
    """A value near 0 is no difference of larger ones."""
    y = getattr(xp, name)(x)
    return {"d(wy)/dw": grad(w * y, w) == y}


@case(x=[0.25, 0.625, 0.9375])
def normal_quantiles_and_their_function_cancel(xp, x):
    """The normal distribution function of a quantile has slope one."""
    return {"ndtr": grad(xp.ndtr(xp.ndtri(x)), x) == 1}
