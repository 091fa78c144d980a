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


@family(
    zero={"x": [0.25, 0.75, 2.5, 9.5]},
    one={"x": [0.25, 0.75, 2.5, 9.5]},
    two={"x": [0.25, 0.75, 2.5, 9.5]},
    four={"x": [0.25, 0.75, 2.5, 9.5]},
)
def polygamma_functions(xp, name, x):
    """The slope of each polygamma function is the next."""
    n = {"zero": 0, "one": 1, "two": 2, "four": 4}[name]
    dy_dx = grad(xp.polygamma(x, n), x)
    return {"dy/dx": dy_dx == xp.polygamma(x, n + 1), "d2y/dx2": grad(dy_dx, x)}


@family(one={"x": [0.25, 0.75, 2.5, 9.5]}, three={"x": [1.25, 1.75, 2.5, 9.5]})
def logarithm_of_the_multivariate_gamma(xp, name, x):
    """The slope is a sum of digammas at distances of one half."""
    p = {"one": 1, "three": 3}[name]
    dy_dx = grad(xp.multigammaln(x, p), x)
    slope = xp.digamma(x) if p == 1 else xp.digamma(x) + xp.digamma(x - 0.5) + xp.digamma(x - 1)
    return {"dy/dx": dy_dx == slope, "d2y/dx2": grad(dy_dx, x)}


@family(
    betaln={"x": [0.5, 2.5, 1.25], "w": [0.75, 1.5, 4.0]},
    betaln_of_a_large_operand={"x": [0.5, 9.5], "w": [12.0, 1.5]},
)
def logarithm_of_beta(xp, name, x, w):
    """The slopes are differences of digammas, and the mixed partial is a trigamma."""
    y = xp.betaln(x, w)
    dy_dx, dy_dw = grad(y, x), grad(y, w)
    return {
        "dy/dx": dy_dx == xp.digamma(x) - xp.digamma(x + w),
        "dy/dw": dy_dw == xp.digamma(w) - xp.digamma(x + w),
        "d2y/dx2": grad(dy_dx, x),
        "d2y/dwdx": grad(dy_dw, x) == -xp.polygamma(x + w, 1),
    }


@case(x=[1.5, 3.0, 6.5], w=[0.25, 1.5, 9.0])
def hurwitz_zeta(xp, x, w):
    """The slope of Hurwitz's zeta function is the same function of the next exponent."""
    dy_dw = grad(xp.zeta(x, w), w)
    return {"dy/dw": dy_dw == -x * xp.zeta(x + 1, w), "d2y/dw2": grad(dy_dw, w)}


@family(
    gammainc={"x": [0.5, 2.0, 6.5, 1.5], "w": [0.25, 3.5, 5.0, 8.0]},
    gammaincc={"x": [0.5, 2.0, 6.5, 1.5], "w": [0.25, 3.5, 5.0, 8.0]},
)
def incomplete_gamma(xp, name, x, w):
    """The slope is the density of the gamma distribution, which is smooth in its shape."""
    dy_dw = grad(getattr(xp, name)(x, w), w)
    density = xp.exp((x - 1) * xp.log(w) - w - xp.lgamma(x))
    return {
        "dy/dw": dy_dw == (density if name == "gammainc" else -density),
        "d2y/dw2": grad(dy_dw, w),
    }


@family(
    gammainc={"x": [0.5, 2.0, 6.5, 1.5], "w": [0.25, 3.5, 5.0, 8.0]},
    gammaincc={"x": [0.5, 2.0, 6.5, 1.5], "w": [0.25, 3.5, 5.0, 8.0]},
)
def density_in_the_shape(xp, name, x, w):
    """The density of the gamma distribution has a slope in its shape."""
    return {"d2y/dwdx": grad(grad(getattr(xp, name)(x, w), w), x)}


@family(
    gammainc={"x": [0.5, 2.0, 6.5, 1.5], "w": [0.25, 3.5, 5.0, 8.0]},
    gammaincc={"x": [0.5, 2.0, 6.5, 1.5], "w": [0.25, 3.5, 5.0, 8.0]},
)
def shape_of_incomplete_gamma(xp, name, x, w):
    """The incomplete gamma function has a slope in its shape."""
    return {"dy/dx": grad(getattr(xp, name)(x, w), x)}


@family(
    gammainc={"x": [0.5, 2.0, 6.5, 1.5], "w": [0.25, 3.5, 5.0, 8.0]},
    gammaincc={"x": [0.5, 2.0, 6.5, 1.5], "w": [0.25, 3.5, 5.0, 8.0]},
)
def curvature_in_the_shape(xp, name, x, w):
    """The incomplete gamma function has a curvature in its shape."""
    dy_dx = grad(getattr(xp, name)(x, w), x)
    return {"d2y/dx2": grad(dy_dx, x), "d2y/dxdw": grad(dy_dx, w)}


@case(x=[0.140625, 0.859375, 0.15625])
def quantiles_beside_a_joint(xp, x):
    """Curvature is right where an approximation of quantiles changes over to another."""
    return {"d2y/dx2": grad(grad(xp.ndtri(x), x), x)}
