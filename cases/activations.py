"""Activations of neural networks: at ordinary points, far out, and where pieces join smoothly."""

from conformance import case, family, grad

# member: operator, parameters
SMOOTH = {
    "silu": ("silu", {}), "mish": ("mish", {}), "log_sigmoid": ("log_sigmoid", {}),
    "tanhshrink": ("tanhshrink", {}), "softsign": ("softsign", {}), "selu": ("selu", {}),
    "gelu": ("gelu", {}), "gelu_by_tanh": ("gelu", {"approximate": "tanh"}),
    "squareplus": ("squareplus", {}), "sharp_squareplus": ("squareplus", {"b": 0.25}),
    "elu": ("elu", {}), "steep_elu": ("elu", {"alpha": 1.75}),
    "celu": ("celu", {}), "steep_celu": ("celu", {"alpha": 0.75}),
    "hardswish": ("hardswish", {}), "sparse_plus": ("sparse_plus", {}),
}
POINTS = {"hardswish": [-2.5, -0.25, 3.5, 2.0], "sparse_plus": [-0.75, 0.25, 1.5, -0.5]}


@family(**{name: {"x": POINTS.get(name, [-1.0, -0.25, 0.5, 2.0])} for name in SMOOTH})
def activation_and_its_curvature(xp, name, x):
    """Slope and curvature of an activation, alone and inside a cube."""
    operator, parameters = SMOOTH[name]
    cotangent = xp.asarray([1.0, -0.5, 2.0, 0.75])
    y = getattr(xp, operator)(x, **parameters)
    dy_dx = grad(cotangent * y, x)
    return {
        "dy/dx": dy_dx,
        "d2y/dx2": grad(cotangent * dy_dx, x),
        "d2z/dx2": grad(grad(cotangent * y**3, x), x),
    }


PIECES = {
    "relu6": ("relu6", {}, [0.5, -1.25, 6.5, 3.0], [1.0, 0.0, 0.0, 1.0]),
    "hardtanh": ("hardtanh", {}, [0.5, -1.25, 6.5, -0.75], [1.0, 0.0, 0.0, 1.0]),
    "lopsided_hardtanh": ("hardtanh", {"min_val": -0.5, "max_val": 4.0}, [0.5, -1.25, 6.5, 3.0],
                          [1.0, 0.0, 0.0, 1.0]),
    "hardsigmoid": ("hardsigmoid", {}, [0.5, -3.25, 6.5, -1.5], [1 / 6, 0.0, 0.0, 1 / 6]),
    "sparse_sigmoid": ("sparse_sigmoid", {}, [0.5, -1.25, 6.5, -0.75], [0.5, 0.0, 0.0, 0.5]),
    "leaky_relu": ("leaky_relu", {"negative_slope": 0.25}, [0.5, -1.25, 6.5, -3.0],
                   [1.0, 0.25, 1.0, 0.25]),
    "softshrink": ("softshrink", {}, [0.75, -0.25, 0.25, -3.0], [1.0, 0.0, 0.0, 1.0]),
    "wide_softshrink": ("softshrink", {"lambd": 1.5}, [1.75, -0.75, 1.25, -3.0],
                        [1.0, 0.0, 0.0, 1.0]),
    "hardshrink": ("hardshrink", {}, [0.75, -0.25, 0.25, -3.0], [1.0, 0.0, 0.0, 1.0]),
    "wide_hardshrink": ("hardshrink", {"lambd": 1.5}, [1.75, -0.75, 1.25, -3.0],
                        [1.0, 0.0, 0.0, 1.0]),
    "threshold": ("threshold", {"threshold": 0.5, "value": -2.0}, [0.75, -0.25, 0.25, 3.0],
                  [1.0, 0.0, 0.0, 1.0]),
}


@family(**{name: {"x": x, "w": [1.5, -0.75, 2.0, 3.0]} for name, (_, _, x, _) in PIECES.items()})
def activation_of_pieces(xp, name, x, w):
    """Away from its joins an activation of lines has the slope of the line that x is on."""
    operator, parameters, _, slopes = PIECES[name]
    slope = xp.asarray([6 * s for s in slopes]) / 6
    y = getattr(xp, operator)(x, **parameters)
    z = y * w * x  # the product keeps each derivative connected to x
    dz_dx = grad(z, x)
    return {
        "dy/dx": grad(w * y, x) == slope * w,
        "dz/dx": dz_dx == w * (y + x * slope),
        "d2z/dx2": grad(w * dz_dx, x) == 2 * slope * w**2,
        "d2z2/dx2": grad(grad(z**2, x), x),
    }


@family(**{name: {"x": [-1.5, -0.25, 0.5, 2.0]} for name in (
    "leaky_relu", "hardsigmoid", "softsign", "gelu")})
def activation_slope(xp, name, x):
    """The slope alone, which some engines have without a curvature."""
    return {"dy/dx": grad(xp.asarray([1.0, -0.5, 2.0, 0.75]) * getattr(xp, name)(x), x)}


FAR = {
    **{name: [-14.0, -6.5, 9.0, 14.0] for name in (
        "silu", "mish", "log_sigmoid", "softsign", "hardswish")},
    # rules add 1 to expm1
    **{name: [-4.5, -3.0, 9.0, 14.0] for name in ("elu", "celu", "selu")},
}


@family(**{name: {"x": x} for name, x in FAR.items()})
def activation_far_out(xp, name, x):
    """Far out an activation is all but straight, and its slope all but constant."""
    y = getattr(xp, name)(x)
    return {"dy/dx": grad(y, x), "dz/dx": grad(xp.asarray([1.0, -0.5, 2.0, 0.75]) * y * x, x)}


@case(x=[-5.0, -4.0, -3.0])
def gelu_to_the_left(xp, x):
    """The left tail of gelu is that of the normal distribution, which 1 + erf loses."""
    return {"dy/dx": grad(xp.gelu(x), x)}


@case(x=[-8.0, -7.5, -6.0])
def gelu_far_to_the_left(xp, x):
    """In the far left tail of gelu nothing is left of 1 + erf."""
    return {"dy/dx": grad(xp.gelu(x), x)}


JOINS = {"elu": [0.0, -0.5], "celu": [0.0, 0.5], "softsign": [0.0, -0.5],
         "sparse_plus": [-1.0, 1.0]}


@family(**{name: {"x": x} for name, x in JOINS.items()})
def activation_at_a_smooth_join(xp, name, x):
    """Where two pieces meet with one slope there is a first derivative, and it is that slope."""
    return {"dy/dx": grad(getattr(xp, name)(x), x)}


@family(
    last={"x": [[0.5, -1.25, 2.0, 0.75], [1.5, 0.25, -2.5, -0.5]]},
    first={"x": [[0.5, -1.25, 2.0, 0.75], [1.5, 0.25, -2.5, -0.5]]},
)
def gated_linear_unit(xp, name, x):
    """A gate passes the gradient of the gated half, and gets one of its own."""
    y = xp.glu(x, axis={"last": -1, "first": 0}[name])
    cotangent = xp.asarray([[1.0, -0.5], [2.0, 0.75]] if name == "last" else
                           [[1.0, -0.5, 2.0, 0.75]])
    dy_dx = grad(cotangent * y, x)
    return {
        "dy/dx": dy_dx,
        "d2y/dx2": grad(dy_dx**2, x),
        "d2z/dx2": grad(grad(cotangent * y**3, x) ** 2, x),
    }


@family(
    one={"x": [-0.5, 1.25, 2.0, -0.75], "weight": [0.25]},
    channels={"x": [[-0.5, -1.25, -2.0], [-1.5, 0.25, 2.5]], "weight": [0.25, -0.5, 1.5]},
    images={"x": [[[-0.5, 1.25], [-2.0, 0.75]]], "weight": [0.25, -0.5]},
)
def learned_slope_below_zero(xp, name, x, weight):
    """A weight gets the sum of what is negative in its channel, times the cotangents."""
    y = xp.prelu(x, weight)
    z = y**2 * x
    dz_dx, dz_dw = grad(z, x), grad(z, weight)
    return {
        "dy/dx": grad(y, x), "dy/dw": grad(y, weight), "dz/dx": dz_dx, "dz/dw": dz_dw,
        "d2z/dx2": grad(dz_dx * x, x), "d2z/dxdw": grad(dz_dx * x, weight),
        "d2z/dwdx": grad(dz_dw * weight, x), "d2z/dw2": grad(dz_dw * weight, weight),
    }
