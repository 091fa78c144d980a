"""Rounding, remainders and other arithmetic, with what their slopes multiply."""

from conformance import family, grad

STEPS = {"ceil": 0.0, "floor": 0.0, "round": 0.0, "trunc": 0.0, "frac": 1.0}


@family(**{name: {"x": [-24.25, -0.0625, 0.375, 3.75]} for name in STEPS})
def between_jumps(xp, name, x):
    """Between its jumps a step is constant, and what it leaves grows as x does."""
    y = getattr(xp, name)(x)
    z = y * x  # the product keeps each derivative connected to x
    dz_dx = grad(z, x)
    return {
        "dy/dx": grad(y, x) == STEPS[name],
        "dz/dx": dz_dx == y + x * STEPS[name],
        "d2z/dx2": grad(dz_dx, x) == 2 * STEPS[name],
    }


@family(
    deg2rad={"x": [-24.0, 0.5, 3.0]},
    rad2deg={"x": [-24.0, 0.5, 3.0]},
    frac={"x": [-24.75, 0.5, 3.25]},
)
def inside_a_cube(xp, name, x):
    """A constant slope is squared in the curvature of a cube."""
    cotangent = xp.asarray([1.0, -0.5, 2.0])
    y = getattr(xp, name)(x)
    return {"dy/dx": grad(cotangent * y, x),
            "d2z/dx2": grad(cotangent * grad(y**3, x), x)}


PAIRS = ("remainder", "fmod", "logaddexp2", "squared_difference")


@family(**{name: {"x": [-2.0, 0.5, 3.25], "w": [0.75, -1.5, 1.25]} for name in PAIRS})
def partials_of_a_pair(xp, name, x, w):
    """Two operands have a slope each, and a mixed partial inside a cube."""
    cotangent = xp.asarray([1.0, -0.5, 2.0])
    y = getattr(xp, name)(x, w)
    dz_dx, dz_dw = grad(cotangent * y**3, x), grad(cotangent * y**3, w)
    return {
        "dy/dx": grad(cotangent * y, x), "dy/dw": grad(cotangent * y, w),
        "d2z/dx2": grad(dz_dx, x), "d2z/dwdx": grad(dz_dw, x), "d2z/dw2": grad(dz_dw, w),
    }


@family(
    lerp={"x": [-2.0, 0.5, 3.25], "w": [0.75, -1.5, 1.25], "t": [0.25, 0.75, 1.5]},
    lerp_by_one_weight={"x": [-2.0, 0.5, 3.25], "w": [0.75, -1.5, 1.25], "t": 0.375},
)
def between_two_ends(xp, name, x, w, t):
    """The ends share the cotangent as the weight says, and the weight gets their distance."""
    cotangent = xp.asarray([1.0, -0.5, 2.0])
    y = xp.lerp(x, w, t)
    dz_dx, dz_dw = grad(cotangent * y**3, x), grad(cotangent * y**3, w)
    dz_dt = grad(cotangent * y**3, t)
    return {
        "dy/dx": grad(cotangent * y, x), "dy/dw": grad(cotangent * y, w),
        "dy/dt": grad(cotangent * y, t), "d2z/dx2": grad(dz_dx, x), "d2z/dxdt": grad(dz_dx, t),
        "d2z/dwdt": grad(dz_dw, t), "d2z/dw2": grad(dz_dw, w),
        "d2z/dtdx": grad(dz_dt, x), "d2z/dt2": grad(dz_dt, t),
    }
