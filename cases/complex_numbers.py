"""Gradients of and through complex numbers, which are of the real part of a complex target."""

from conformance import case, complex_uniform, family, grad, uniform

# name: slope, curvature
HOLOMORPHIC = {
    "cos": (lambda xp, z: -xp.sin(z), lambda xp, z: -xp.cos(z)),
    "cosh": (lambda xp, z: xp.sinh(z), lambda xp, z: xp.cosh(z)),
    "exp": (lambda xp, z: xp.exp(z), lambda xp, z: xp.exp(z)),
    "log": (lambda xp, z: 1 / z, lambda xp, z: -1 / z**2),
    "negative": (lambda xp, z: -1 + 0 * z, lambda xp, z: 0 * z),
    "reciprocal": (lambda xp, z: -1 / z**2, lambda xp, z: 2 / z**3),
    "sin": (lambda xp, z: xp.cos(z), lambda xp, z: -xp.sin(z)),
    "sinh": (lambda xp, z: xp.cosh(z), lambda xp, z: xp.sinh(z)),
    "sqrt": (lambda xp, z: 1 / (2 * xp.sqrt(z)), lambda xp, z: -1 / (4 * z * xp.sqrt(z))),
    "square": (lambda xp, z: 2 * z, lambda xp, z: 2 + 0 * z),
    "tan": (lambda xp, z: 1 / xp.cos(z) ** 2, lambda xp, z: 2 * xp.sin(z) / xp.cos(z) ** 3),
    "tanh": (lambda xp, z: 1 / xp.cosh(z) ** 2, lambda xp, z: -2 * xp.sinh(z) / xp.cosh(z) ** 3),
}
QUADRANTS = [1.25 + 0.5j, -0.75 + 1.5j, -0.5 - 0.625j, 1.5 - 0.25j]


@family(**{name: {"z": QUADRANTS, "w": complex_uniform(4), "v": complex_uniform(4)}
           for name in HOLOMORPHIC})
def holomorphic_function(xp, name, z, w, v):
    """The gradient of a holomorphic function is the conjugate of its slope."""
    slope, curvature = HOLOMORPHIC[name]
    loss = xp.sum(xp.real(w * getattr(xp, name)(z) * z))
    y = getattr(xp, name)(z)
    dloss_dz = grad(loss, z)
    along = xp.sum(xp.real(v * dloss_dz))
    first = y + z * slope(xp, z)
    second = 2 * slope(xp, z) + z * curvature(xp, z)
    return {
        "dloss/dz": dloss_dz == xp.conj(w * first),
        "dalong/dz": grad(along, z) == v * xp.conj(w * second),
    }


@case(z=QUADRANTS)
def target_that_is_complex(xp, z):
    """The gradient of a complex target is that of its real part."""
    y = z**2 * xp.asarray([1.0, 2.0, -3.0, 0.5])
    return {"dy/dz": grad(y, z) == xp.conj(2 * z) * xp.asarray([1.0, 2.0, -3.0, 0.5])}


@case(x=[0.5, -1.25, 2.0])
def complex_target_of_a_real_source(xp, x):
    """A real source has the real part of the slope for its gradient."""
    y = (x + 0.5j) ** 3
    return {"dy/dx": grad(y, x) == 3 * (x**2 - 0.25)}


@case(z=1.5 - 2.0j)
def slope_of_a_slope_of_one_number(xp, z):
    """The real part of a gradient is a target like any other."""
    y = z**3
    dy_dz = grad(y, z)
    return {"dy/dz": dy_dz == xp.conj(3 * z**2), "d2y/dz2": grad(dy_dz, z) == xp.conj(6 * z)}


@case(z=QUADRANTS, w=complex_uniform(4))
def product_with_a_conjugate(xp, z, w):
    """In z conj(w) each factor has the other for its gradient, not the other's conjugate."""
    loss = xp.sum(xp.real(z * xp.conj(w)))
    bent = xp.sum(xp.real(z * xp.conj(w)) ** 2)
    inner = xp.real(z * xp.conj(w))
    return {
        "dloss/dz": grad(loss, z) == w,
        "dloss/dw": grad(loss, w) == z,
        "dbent/dz": grad(bent, z) == 2 * inner * w,
        "dbent/dw": grad(bent, w) == 2 * inner * z,
    }


@case(z=QUADRANTS, v=complex_uniform(4))
def squared_modulus(xp, z, v):
    """The gradient of z conj(z) is 2 z, as that of the square of a vector."""
    y = xp.real(z * xp.conj(z)) * xp.asarray([1.0, -2.0, 3.0, 0.5])
    dy_dz = grad(y, z)
    along = xp.sum(xp.real(v * dy_dz))
    return {
        "dy/dz": dy_dz == 2 * z * xp.asarray([1.0, -2.0, 3.0, 0.5]),
        "dalong/dz": grad(along, z) == 2 * xp.conj(v) * xp.asarray([1.0, -2.0, 3.0, 0.5]),
    }


@case(z=QUADRANTS, v=complex_uniform(4))
def modulus(xp, z, v):
    """The modulus grows along the number itself, and turns with its angle."""
    r = xp.abs(z)
    y = r * xp.asarray([1.0, -2.0, 3.0, 0.5])
    dy_dz = grad(y, z)
    along = xp.sum(xp.real(v * dy_dz))
    weight = xp.asarray([1.0, -2.0, 3.0, 0.5])
    return {
        "dy/dz": dy_dz == weight * z / r,
        "dalong/dz": grad(along, z) == weight * (xp.conj(v) - z * xp.real(v * z) / r**2) / r,
    }


@case(z=QUADRANTS, v=complex_uniform(4))
def angle_of_a_number(xp, z, v):
    """The angle grows across the number, the faster the smaller it is."""
    y = xp.angle(z) * xp.asarray([1.0, -2.0, 3.0, 0.5])
    dy_dz = grad(y, z)
    along = xp.sum(xp.real(v * dy_dz))
    weight = xp.asarray([1.0, -2.0, 3.0, 0.5])
    return {
        "dy/dz": dy_dz == 1j * weight * z / xp.abs(z) ** 2,
        "dalong/dz": grad(along, z) == -1j * weight * v / xp.conj(z) ** 2,
    }


@case(x=uniform(3), w=uniform(3))
def number_from_its_parts(xp, x, w):
    """A complex number hands its gradient to its two parts."""
    z = xp.complex(x, w)
    y = xp.real(z**3) * xp.asarray([1.0, -2.0, 0.5]) + xp.imag(z**2)
    dy_dx = grad(y, x)
    return {
        "dy/dx": dy_dx == 3 * (x**2 - w**2) * xp.asarray([1.0, -2.0, 0.5]) + 2 * w,
        "dy/dw": grad(y, w) == -6 * x * w * xp.asarray([1.0, -2.0, 0.5]) + 2 * x,
        "d2y/dxdw": grad(dy_dx, w) == -6 * w * xp.asarray([1.0, -2.0, 0.5]) + 2,
    }


@case(z=QUADRANTS)
def parts_of_a_number(xp, z):
    """The real part has the gradient 1, the imaginary part the gradient i."""
    x, y = xp.real(z), xp.imag(z)
    loss = xp.sum(xp.sin(x) * xp.exp(y))
    dloss_dz = grad(loss, z)
    return {
        "dx/dz": grad(x, z) == 1,
        "dy/dz": grad(y, z) == 1j,
        "dloss/dz": dloss_dz == xp.complex(xp.cos(x), xp.sin(x)) * xp.exp(y),
        "d2loss/dz2": grad(dloss_dz, z) == xp.complex(-xp.sin(x), xp.cos(x)) * xp.exp(y),
    }


@family(
    add={"x": [0.5, -1.25, 2.0], "z": complex_uniform(3)},
    subtract={"x": [0.5, -1.25, 2.0], "z": complex_uniform(3)},
    multiply={"x": [0.5, -1.25, 2.0], "z": complex_uniform(3)},
    divide={"x": [0.5, -1.25, 2.0], "z": [1.25 + 0.5j, -0.75 + 1.5j, -0.5 - 0.625j]},
    pow={"x": [0.5, 1.25, 2.0], "z": complex_uniform(3)},
)
def real_beside_complex(xp, name, x, z):
    """A real operand that is promoted has a real gradient, of either place."""
    op = getattr(xp, name)
    weight = xp.asarray([1.0 + 0.5j, -2.0j, 0.25 - 1.0j])
    y = op(x, z) * weight
    w = op(z, x) * weight if name != "pow" else y * x
    return {
        "dy/dx": grad(y, x),
        "dy/dz": grad(y, z),
        "dw/dx": grad(w, x),
        "dw/dz": grad(w, z),
        "d2y/dx2": grad(grad(y * x, x), x),
        "d2y/dzdx": grad(xp.real(grad(y * z, z)), x),
    }


@family(
    add={"z": QUADRANTS, "w": complex_uniform(4)},
    subtract={"z": QUADRANTS, "w": complex_uniform(4)},
    multiply={"z": QUADRANTS, "w": complex_uniform(4)},
    divide={"z": QUADRANTS, "w": [0.5 - 0.75j, 1.25 + 0.5j, -2.0 + 0.25j, -0.75j]},
    pow={"z": QUADRANTS, "w": [0.5 - 0.75j, 1.25 + 0.5j, -1.0 + 0.25j, -0.75j]},
)
def two_complex_operands(xp, name, z, w):
    """Both operands of an operator have the gradients of complex numbers, to second order."""
    y = getattr(xp, name)(z, w) * xp.asarray([1.0 + 0.5j, -2.0j, 0.25 - 1.0j, 1.0])
    dy_dz, dy_dw = grad(y * z, z), grad(y * w, w)
    return {
        "dy/dz": grad(y, z),
        "dy/dw": grad(y, w),
        "d2yz/dzdw": grad(dy_dz * xp.asarray([1.0, -1.0j, 0.5 + 0.25j, 2.0]), w),
        "d2yw/dw2": grad(dy_dw * xp.asarray([1.0, -1.0j, 0.5 + 0.25j, 2.0]), w),
    }


@family(second={"z": QUADRANTS}, third={"z": QUADRANTS}, inverse={"z": QUADRANTS})
def whole_powers_of_complex_numbers(xp, name, z):
    """A whole power has a gradient wherever its base lies."""
    n = {"second": 2, "third": 3, "inverse": -1}[name]
    y = z**n * xp.asarray([1.0 + 0.5j, -2.0j, 0.25 - 1.0j, 1.0])
    weight = xp.asarray([1.0 + 0.5j, -2.0j, 0.25 - 1.0j, 1.0])
    dy_dz = grad(y, z)
    return {
        "dy/dz": dy_dz == xp.conj(weight * n * z ** (n - 1)),
        "d2y/dz2": grad(dy_dz, z) == xp.conj(weight * n * (n - 1) * z ** (n - 2)),
    }


@case(a=complex_uniform(2, 3), b=complex_uniform(3, 2))
def complex_product_of_matrices(xp, a, b):
    """Each factor's gradient carries the conjugate transpose of the other."""
    weight = xp.asarray([[1.0 + 0.5j, -2.0j], [0.25 - 1.0j, 1.0]])
    loss = xp.sum(xp.real(weight * (a @ b)))
    bent = xp.sum(xp.abs(a @ b) ** 2)
    return {
        "dloss/da": grad(loss, a) == xp.conj(weight @ b.mT),
        "dloss/db": grad(loss, b) == xp.conj(a.mT @ weight),
        "dbent/da": grad(bent, a) == 2 * (a @ b) @ xp.conj(b.mT),
    }


@case(a=uniform(2, 3), b=complex_uniform(3, 2))
def real_matrix_times_a_complex_one(xp, a, b):
    """The real factor's gradient is real."""
    weight = xp.asarray([[1.0 + 0.5j, -2.0j], [0.25 - 1.0j, 1.0]])
    loss = xp.sum(xp.real(weight * (a @ b)))
    return {
        "dloss/da": grad(loss, a) == xp.real(weight @ b.mT),
        "dloss/db": grad(loss, b) == xp.conj(a.mT @ weight),
    }


@case(theta=[-2.0, 0.25, 1.5])
def point_on_the_unit_circle(xp, theta):
    """The derivatives of exp(i theta) turn by a right angle each."""
    y = xp.exp(1j * theta) * xp.asarray([1.0 + 0.5j, -2.0j, 0.25 - 1.0j])
    dy_dtheta = grad(y, theta)
    return {
        "dy/dtheta": dy_dtheta == xp.real(1j * y),
        "d2y/dtheta2": grad(dy_dtheta, theta) == xp.real(-y),
    }


@family(sum={"z": complex_uniform(2, 3)}, mean={"z": complex_uniform(2, 3)},
        prod={"z": complex_uniform(2, 3, low=0.5, high=1.5)})
def reduced_complex_numbers(xp, name, z):
    """A reduction of complex numbers has the slopes that it has for real ones, conjugated."""
    reduced = getattr(xp, name)(z, axis=1) * xp.asarray([1.0 + 0.5j, -2.0j])
    y = getattr(xp, name)(z) + xp.sum(reduced**2)
    dy_dz = grad(y, z)
    weight = xp.asarray([[1.0, -1.0j, 0.5 + 0.25j], [2.0, 0.75j, -1.5]])
    return {"dy/dz": dy_dz, "d2y/dz2": grad(xp.sum(xp.real(weight * dy_dz)), z)}


@family(**{name: {"z": complex_uniform(2, 3), "w": complex_uniform(2, 3)} for name in (
    "reshape", "permute_dims", "matrix_transpose", "expand_dims", "squeeze", "broadcast_to",
    "flip", "roll", "concat", "stack", "getitem", "take", "where")})
def moved_complex_numbers(xp, name, z, w):
    """What moves elements moves the gradients of complex ones, imaginary parts and all."""
    moved = {
        "reshape": lambda: xp.reshape(z, (3, 2)),
        "permute_dims": lambda: xp.permute_dims(z, (1, 0)),
        "matrix_transpose": lambda: z.mT,
        "expand_dims": lambda: xp.expand_dims(z, axis=1),
        "squeeze": lambda: xp.squeeze(z[:1], axis=0),
        "broadcast_to": lambda: xp.broadcast_to(z, (2, 2, 3)),
        "flip": lambda: xp.flip(z, axis=1),
        "roll": lambda: xp.roll(z, 1, axis=1),
        "concat": lambda: xp.concat([z, w], axis=1),
        "stack": lambda: xp.stack([z, w], axis=1),
        "getitem": lambda: z[:, ::2],
        "take": lambda: xp.take(z, [2, 0, 2], axis=1),
        "where": lambda: xp.where(xp.real(z) > 0, z, w),
    }[name]()
    weight = xp.reshape(xp.asarray([1.0 + 0.25j * k - 0.5 * (k % 3) for k in range(moved.size)]),
                        moved.shape)
    y = weight * moved**2
    dy_dz = grad(y, z)
    return {"dy/dz": dy_dz, "d2y/dz2": grad(xp.sum(xp.real(dy_dz * (0.5 - 1.0j))), z)}
