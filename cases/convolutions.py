"""Convolutions and their transposes: strides, padding, gaps, groups, and both factors."""

from conformance import case, family, grad, uniform

WINDOWS = {
    "conv1d_plain": {},
    "conv1d_strided": {"stride": 2},
    "conv1d_padded": {"padding": 1},
    "conv1d_dilated": {"dilation": 2},
    "conv1d_grouped": {"groups": 2},
    "conv2d_plain": {},
    "conv2d_strided": {"stride": (2, 1), "padding": (0, 1)},
    "conv2d_dilated": {"dilation": (1, 2), "padding": (0, 1)},
    "conv2d_grouped": {"groups": 2, "padding": (1, 0)},
    "conv3d_plain": {},
    "conv3d_strided": {"stride": (1, 2, 1), "padding": (1, 0, 0)},
    "conv_transpose1d_plain": {},
    "conv_transpose1d_strided": {"stride": 2, "padding": 1, "output_padding": 1},
    "conv_transpose1d_dilated": {"dilation": 2, "padding": 1},
    "conv_transpose1d_grouped": {"stride": 2, "groups": 2},
    "conv_transpose2d_plain": {"padding": (0, 1)},
    "conv_transpose2d_strided": {"stride": (1, 2), "padding": (1, 0), "output_padding": (0, 1)},
    "conv_transpose3d_strided": {"stride": (1, 2, 1), "padding": (0, 0, 1)},
}
SHAPES = {
    "conv1d": ((2, 2, 4), (2, 2, 2)), "conv1d_grouped": ((1, 4, 3), (2, 2, 2)),
    "conv2d": ((1, 2, 3, 4), (2, 2, 2, 2)), "conv2d_grouped": ((1, 4, 2, 3), (2, 2, 2, 2)),
    "conv3d": ((1, 2, 2, 3, 2), (1, 2, 2, 2, 1)),
    "conv_transpose1d": ((1, 2, 3), (2, 2, 2)), "conv_transpose1d_grouped": ((1, 4, 2), (4, 1, 2)),
    "conv_transpose2d": ((1, 2, 2, 2), (2, 1, 2, 3)),
    "conv_transpose3d": ((1, 2, 1, 2, 2), (2, 1, 2, 1, 2)),
}


def operands(member):
    """Inputs for a member of the families below."""
    x, w = SHAPES.get(member) or SHAPES[member.rpartition("_")[0]]
    return {"x": uniform(*x), "w": uniform(*w)}


@family(**{member: operands(member) for member in WINDOWS})
def sliding_product_of(xp, member, x, w):
    """An element of either factor collects the cotangents of all windows that it is in."""
    y = xp.sin(getattr(xp, member.rpartition("_")[0])(x, w, **WINDOWS[member]))
    return {"dy/dx": grad(y, x), "dy/dw": grad(y, w)}


@family(**{member: operands(member) for member in WINDOWS})
def curvature_of_sliding_product(xp, member, x, w):
    """Second derivatives slide the first ones over the other factor again."""
    y = xp.sin(getattr(xp, member.rpartition("_")[0])(x, w, **WINDOWS[member]))
    dy_dx, dy_dw = grad(y, x), grad(y, w)
    return {
        "d2y/dx2": grad(dy_dx**2, x),
        "d2y/dxdw": grad(dy_dx**2, w),
        "d2y/dw2": grad(dy_dw**2, w),
    }


@case(x=[[[0.5, -1.25, 2.0, 0.75]]], w=[[[1.5, -0.5, 0.25]]])
def two_windows_in_full(xp, x, w):
    """A convolution does not flip its weight, and its gradient in x does."""
    y = xp.conv1d(x, w) * xp.asarray([[[2.0, -3.0]]])
    return {
        "dy/dx": grad(y, x) == xp.asarray([[[3.0, -5.5, 2.0, -0.75]]]),
        "dy/dw": grad(y, w) == xp.asarray([[[4.75, -8.5, 1.75]]]),
    }


@case(x=uniform(1, 2, 4))
def convolution_with_itself(xp, x):
    """An array that is slid over itself gets a gradient from each of its two places."""
    return {"dy/dx": grad(xp.sin(xp.conv1d(x, x, padding=1)), x)}


@case(x=uniform(1, 2, 3), w=uniform(2, 1, 2))
def transpose_is_the_adjoint(xp, x, w):
    """Along a fixed direction the gradient of a convolution is its transpose."""
    v = xp.asarray([[[0.5, -1.25], [2.0, 0.75]]])
    y = v * xp.conv1d(x, w, groups=2)
    return {"dy/dx": grad(y, x) == xp.conv_transpose1d(v, w, groups=2)}


@case(x=uniform(1, 1, 4, 4), w=uniform(2, 1, 2, 2), b=[0.5, -0.25])
def convolutional_network(xp, x, w, b):
    """A bias sums the cotangents of all places that it is added to, behind a pooling as well."""
    h = xp.tanh(xp.conv2d(x, w, padding=0) + xp.reshape(b, (1, 2, 1, 1)))
    y = xp.avg_pool2d(h, 2, stride=1) * xp.asarray([[[[0.5]], [[-1.25]]]])
    return {"dy/dx": grad(y, x), "dy/dw": grad(y, w), "dy/db": grad(y, b)}
