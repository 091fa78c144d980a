"""The three examples that every tutorial on automatic differentiation begins with."""

from conformance import case, grad, ones, variable


@case(x=ones(2, 2))
def sum_square(xp, x):
    """The chain rule through a reduction gives every element the same gradient."""
    y = xp.sum(x)
    z = xp.square(y)
    return {
        "dz/dx": grad(z, x) == 2 * xp.sum(x) * xp.ones_like(x),  # 8 everywhere
        "dy/dx": grad(y, x) == 1,
    }


@case(x=3.0)
def chained_powers(xp, x):
    """One persistent recording answers for the result and for an intermediate value."""
    y = x**2
    z = y**2
    return {
        "dz/dx": grad(z, x) == 4 * x**3,  # 108
        "dy/dx": grad(y, x) == 2 * x,  # 6
    }


@case(x=variable(1.0))
def second_derivative(xp, x):
    """A tape inside a tape answers for the derivative of a derivative."""
    y = x**3
    dy_dx = grad(y, x)
    return {
        "dy/dx": dy_dx == 3 * x**2,  # 3
        "d2y/dx2": grad(dy_dx, x) == 6 * x,  # 6
    }
