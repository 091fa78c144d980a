"""Normalisations: statistics of a set of elements couple the gradients of all of them."""

from conformance import case, family, grad, uniform

# epsilons are powers of two, which every dtype holds
EPSILON = {"epsilon": 2.0**-6}
OVER = {
    "standardize_last": ("standardize", {"axis": -1, **EPSILON}),
    "standardize_last_two": ("standardize", {"axis": (1, 2), **EPSILON}),
    "normalize_last": ("normalize", {"axis": -1}),
    "normalize_channels": ("normalize", {"axis": 1}),
    "normalize_short": ("normalize", {"axis": -1, "epsilon": 8.0}),
}
WEIGHTED = {
    "layer_norm_last": ("layer_norm", {"axis": -1, **EPSILON}, (3,)),
    "layer_norm_last_two": ("layer_norm", {"axis": (1, 2), **EPSILON}, (2, 3)),
    "batch_norm_plane": ("batch_norm", EPSILON, (2,)),
    "instance_norm_plane": ("instance_norm", EPSILON, (2,)),
    "group_norm_one": ("group_norm", {"groups": 1, **EPSILON}, (2,)),
    "group_norm_each": ("group_norm", {"groups": 2, **EPSILON}, (2,)),
}


# A direction whose elements do not sum to zero over any set. The gradients of what feels no common
# shift do: along them a second derivative does not show whether a mean was differentiated.
TURNED = [[[0.5, -1.25, 2.0], [1.5, 0.75, -0.25]], [[3.0, 0.25, -0.75], [1.0, -2.0, 2.5]]]


@family(**{member: {"x": uniform(2, 2, 3)} for member in OVER})
def normalised_over(xp, member, x):
    """A common scale takes from each gradient what lies along the elements themselves."""
    name, parameters = OVER[member]
    y = xp.sin(getattr(xp, name)(x, **parameters))
    dy_dx = grad(y, x)
    return {"dy/dx": dy_dx, "d2y/dx2": grad(dy_dx * xp.asarray(TURNED), x)}


@family(**{member: {"x": uniform(2, 2, 3), "w": uniform(*shape), "b": uniform(*shape)}
           for member, (_, _, shape) in WEIGHTED.items()})
def normalised_and_weighed(xp, member, x, w, b):
    """A weight and a bias sum the cotangents of all elements that share them."""
    name, parameters, _ = WEIGHTED[member]
    y = xp.sin(getattr(xp, name)(x, w, b, **parameters))
    return {"dy/dx": grad(y, x), "dy/dw": grad(y, w), "dy/db": grad(y, b)}


@family(**{member: {"x": uniform(2, 2, 3), "w": uniform(*shape), "b": uniform(*shape)}
           for member, (_, _, shape) in WEIGHTED.items()})
def curvature_of_normalised(xp, member, x, w, b):
    """Second derivatives go through the mean, the variance and the weights once more."""
    name, parameters, _ = WEIGHTED[member]
    y = xp.sin(getattr(xp, name)(x, w, b, **parameters))
    dy_dx, dy_dw = grad(y, x), grad(y, w)
    return {
        "d2y/dx2": grad(dy_dx * xp.asarray(TURNED), x),
        "d2y/dxdw": grad(dy_dx**2, w),
        "d2y/dxdb": grad(dy_dx**2, b),
        "d2y/dwdx": grad(dy_dw**2, x),
    }


@family(last={"x": uniform(2, 2, 3), "w": uniform(3)},
        last_two={"x": uniform(2, 2, 3), "w": uniform(2, 3)})
def divided_by_the_root_of_squares(xp, name, x, w):
    """Without a mean, each element still feels all others through the size of the row."""
    axis = {"last": -1, "last_two": (1, 2)}[name]
    y = xp.sin(xp.rms_norm(x, w, axis=axis, **EPSILON))
    dy_dx = grad(y, x)
    return {
        "dy/dx": dy_dx,
        "dy/dw": grad(y, w),
        "d2y/dx2": grad(dy_dx**2, x),
        "d2y/dxdw": grad(dy_dx**2, w),
    }


@family(
    three={"x": uniform(1, 4, 1, 3)},
    even={"x": uniform(1, 4, 3)},
)
def inhibited_by_neighbours(xp, name, x):
    """Each channel is divided by a power of what lies around it, and so feels its neighbours."""
    y = xp.local_response_norm(x, {"three": 3, "even": 2}[name], alpha=0.75, beta=0.5, k=2.0)
    return {"dy/dx": grad(xp.sin(y), x)}


@case(x=uniform(1, 4, 1, 3))
def curvature_of_inhibition(xp, x):
    """Second derivatives reach the neighbours of neighbours."""
    y = xp.local_response_norm(x, 3, alpha=0.75, beta=0.75, k=2.0)
    return {"d2y/dx2": grad(grad(xp.sin(y), x) ** 2, x)}


@case(x=[[0.5, -1.25, 2.0], [3.0, 0.75, -0.5]], w=[1.5, -0.5, 2.0], b=[0.25, 1.0, -0.75])
def layer_norm_in_steps(xp, x, w, b):
    """The fused operator has the gradients of its formula."""
    v = xp.asarray([[0.5, -1.5, 2.0], [1.0, 0.75, -0.25]])
    y = xp.layer_norm(x, w, b, epsilon=0.03125)
    centred = x - xp.mean(x, axis=-1, keepdims=True)
    scale = xp.rsqrt(xp.mean(centred**2, axis=-1, keepdims=True) + 0.03125)
    z, vw = centred * scale, v * w
    along = z * xp.mean(vw * z, axis=-1, keepdims=True)
    return {
        "dy/dx": grad(v * y, x) == scale * (vw - xp.mean(vw, axis=-1, keepdims=True) - along),
        "dy/dw": grad(v * y, w) == xp.sum(v * z, axis=0),
        "dy/db": grad(v * y, b) == xp.sum(v, axis=0),
    }


@case(x=[[3.5, 2.0], [5.25, 0.5], [3.0, 3.5], [1.75, 4.25]])
def batch_off_zero(xp, x):
    """An offset that all elements share leaves the gradients of a normalisation unchanged."""
    v = xp.asarray([[0.5, -1.5], [2.0, 1.0], [0.75, -0.25], [-1.25, 3.0]])
    w, b = xp.asarray([1.5, -0.5]), xp.asarray([0.0, 0.25])
    y = xp.batch_norm(x, w, b, **EPSILON)
    z = xp.batch_norm(x - 3.0, w, b, **EPSILON)
    return {"dy/dx": grad(v * y, x) == grad(v * z, x)}


@case(x=[3.0, 4.0])
def direction_of_a_vector(xp, x):
    """The gradient of a direction is at right angles to it, and falls with the length."""
    y = xp.normalize(x) * xp.asarray([1.0, 2.0])
    return {"dy/dx": grad(y, x) == xp.asarray([-8.0, 6.0]) / 125.0}
