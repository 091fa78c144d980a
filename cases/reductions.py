"""Sums, means, products, extremes, variances and normalisations along axes."""

from conformance import case, family, grad, uniform

AXES = {
    "all": {"axis": None},
    "middle": {"axis": 1},
    "outer": {"axis": (0, -1)},
    "kept": {"axis": (0, 1), "keepdims": True},
}
MEMBERS = {
    f"{name}_{over}": {"x": uniform(2, 3, 2, low=0.5, high=1.5)}
    for name in ("sum", "mean", "prod", "max", "min", "var", "std", "logsumexp")
    for over in AXES
}


@family(**MEMBERS)
def weighted_reduction(xp, member, x):
    """Elements of a reduction receive the weight of the result that they went into."""
    name, over = member.split("_")
    y = getattr(xp, name)(x, **AXES[over])
    weights = {
        "all": 1.5,
        "middle": [[0.5, -1.25], [2.0, 3.0]],
        "outer": [0.5, -1.25, 2.0],
        "kept": [[[-0.75, 2.5]]],
    }[over]
    return {"dy/dx": grad(y * xp.asarray(weights), x)}


@family(
    softmax_last={"x": uniform(2, 3, low=-2.0, high=2.0)},
    softmax_first={"x": uniform(2, 3, low=-2.0, high=2.0)},
    log_softmax_last={"x": uniform(2, 3, low=-2.0, high=2.0)},
    log_softmax_first={"x": uniform(2, 3, low=-2.0, high=2.0)},
    cumulative_sum_last={"x": uniform(2, 3, low=-2.0, high=2.0)},
    cumulative_sum_first={"x": uniform(2, 3, low=-2.0, high=2.0)},
)
def weighted_normalisation(xp, member, x):
    """Results that share a lane couple the gradients of its elements."""
    name, _, along = member.rpartition("_")
    axis = {"last": -1, "first": 0}[along]
    w = xp.asarray([[0.5, -1.25, 2.0], [3.0, 0.75, -0.5]])
    y = getattr(xp, name)(x, axis=axis)
    closed = {
        "softmax": lambda: y * (w - xp.sum(y * w, axis=axis, keepdims=True)),
        "log_softmax": lambda: w - xp.exp(y) * xp.sum(w, axis=axis, keepdims=True),
        "cumulative_sum": lambda: xp.flip(xp.cumulative_sum(xp.flip(w, axis=axis), axis=axis),
                                          axis=axis),
    }
    return {"dy/dx": grad(y * w, x) == closed[name]()}


@case(x=uniform(2, 3))
def mean_divides_by_the_count(xp, x):
    """A mean along an axis passes on its weight divided by the axis's length."""
    w = xp.asarray([1.5, -0.5])
    y = xp.mean(x**2, axis=1) * w
    return {"dy/dx": grad(y, x) == 2 * x * xp.expand_dims(w, axis=1) / 3}


@case(x=[1.5, -2.0, 0.75])
def product_of_the_others(xp, x):
    """Each factor's gradient is the product of the other factors."""
    others = xp.stack([x[1] * x[2], x[0] * x[2], x[0] * x[1]])
    return {"dy/dx": grad(xp.prod(x), x) == others}


@case(x=[1.5, 0.0, -2.0, 0.75])
def product_with_one_zero(xp, x):
    """Only the zero factor of a product has a gradient, which no division can find."""
    return {"dy/dx": grad(xp.prod(x), x) == xp.asarray([0.0, -2.25, 0.0, 0.0])}


@case(x=[0.0, 1.5, 0.0, -2.0])
def product_with_two_zeros(xp, x):
    """With two zero factors the gradient vanishes, but the mixed partial of the two does not."""
    dy_dx = grad(xp.prod(x), x)
    return {
        "dy/dx": dy_dx == 0,
        "d2y/dxdx0": grad(dy_dx[0], x) == xp.asarray([0.0, 0.0, -3.0, 0.0]),
    }


@case(x=[[1.5, 0.0, -2.0], [0.75, 0.5, 3.0]])
def zero_in_one_row_of_products(xp, x):
    """A zero factor changes the gradient of its own row alone."""
    y = xp.prod(x, axis=1) * xp.asarray([2.0, -0.5])
    return {"dy/dx": grad(y, x) == xp.asarray([[0.0, -6.0, 0.0], [-0.75, -1.125, -0.1875]])}


@family(
    population={"x": [1.0, -0.5, 2.5, 4.0]},
    sample={"x": [1.0, -0.5, 2.5, 4.0]},
    between={"x": [1.0, -0.5, 2.5, 4.0]},
)
def variance_correction(xp, name, x):
    """The correction is subtracted from the count that the squares are divided by."""
    correction = {"population": 0.0, "sample": 1.0, "between": 0.5}[name]
    y = xp.var(x, correction=correction)
    dy_dx = grad(y, x)
    return {
        "dy/dx": dy_dx == 2 * (x - xp.mean(x)) / (4 - correction),
        "d2y/dxdx0": grad(dy_dx[0], x)
        == xp.asarray([1.5, -0.5, -0.5, -0.5]) / (4 - correction),
    }


@case(x=uniform(2, 3))
def sample_variance_of_rows(xp, x):
    """The correction counts along the reduced axis and not over the whole array."""
    y = xp.var(x, axis=-1, correction=1.0, keepdims=True) * xp.asarray([[1.5], [-0.5]])
    return {"dy/dx": grad(y, x)}


@case(x=[[2.5], [-1.0]])
def variance_of_one_element(xp, x):
    """One element never varies, so its variance is flat."""
    y = xp.var(x, axis=1) * xp.asarray([1.5, -0.5])
    return {"dy/dx": grad(y + xp.sum(x**2, axis=1), x) == 2 * x}


@case(x=[0.5, -1.25, 2.0])
def logsumexp_has_slope_softmax(xp, x):
    """The gradient of a log-sum-exp is the softmax of its elements."""
    return {"dy/dx": grad(xp.logsumexp(x), x) == xp.exp(x) / xp.sum(xp.exp(x))}


@case(x=[100.5, 99.0, 101.25])
def logsumexp_of_large_elements(xp, x):
    """A common offset that would overflow the exponential leaves the gradient unchanged."""
    shifted = xp.exp(x - 100.0)
    return {"dy/dx": grad(xp.logsumexp(x), x) == shifted / xp.sum(shifted)}


@case(x=[-100.5, -99.0, -101.25])
def softmax_of_very_negative_elements(xp, x):
    """A common offset that would underflow the exponential leaves the gradient unchanged."""
    w = xp.asarray([0.5, -1.25, 2.0])
    shifted = xp.softmax(x + 100.0)
    y = xp.softmax(x) * w
    return {"dy/dx": grad(y, x) == shifted * (w - xp.sum(shifted * w))}


@case(x=[-1.5, 2.0])
def softmax_of_two_is_a_sigmoid(xp, x):
    """The first of two probabilities is the sigmoid of their difference."""
    s = xp.sigmoid(x[0] - x[1])
    slope = s * (1 - s)
    return {"dy/dx": grad(xp.softmax(x)[0], x) == xp.stack([slope, -slope])}


@case(x=[[-1.5], [2.0]])
def softmax_along_length_one(xp, x):
    """A lane of one element always has probability one and no slope."""
    y = xp.softmax(x, axis=1) * x
    return {"dy/dx": grad(y, x) == 1}


@case(x=[0.5, -1.25, 3.0, 2.0])
def largest_element_takes_all(xp, x):
    """The gradient of a maximum is one at the largest element and zero elsewhere."""
    y = xp.max(x) ** 2
    z = xp.min(x) ** 3
    return {
        "dy/dx": grad(y, x) == xp.asarray([0.0, 0.0, 6.0, 0.0]),
        "dz/dx": grad(z, x) == xp.asarray([0.0, 4.6875, 0.0, 0.0]),
    }


@case(x=[[0.5, -1.25, 3.0], [2.0, 0.75, -0.5]])
def range_of_each_row(xp, x):
    """The width of a row pulls its largest element up and its smallest down."""
    y = (xp.max(x, axis=1) - xp.min(x, axis=1)) * xp.asarray([1.5, -0.5])
    return {"dy/dx": grad(y, x) == xp.asarray([[0.0, -1.5, 1.5], [-0.5, 0.0, 0.5]])}


@case(x=2.5)
def reductions_of_a_scalar(xp, x):
    """Over no dimensions at all a reduction is the identity."""
    return {
        "sum": grad(xp.sum(x) * x, x) == 2 * x,
        "mean": grad(xp.mean(x) * x, x) == 2 * x,
        "prod": grad(xp.prod(x) * x, x) == 2 * x,
        "max": grad(xp.max(x) * x, x) == 2 * x,
        "logsumexp": grad(xp.logsumexp(x) * x, x) == 2 * x,
    }


@case(x=uniform(2, 3))
def no_axes_reduce_nothing(xp, x):
    """An empty tuple of axes leaves every element where it is."""
    y = xp.sum(x, axis=()) * xp.asarray([[0.5, -1.25, 2.0], [3.0, 0.75, -0.5]])
    return {"dy/dx": grad(y * x, x)}


@case(x=uniform(2, 3, low=0.5, high=1.5))
def reduction_within_a_reduction(xp, x):
    """A log of sums of products chains three axes of gradients."""
    y = xp.log(xp.sum(xp.prod(x, axis=1) ** 2, axis=0))
    p = xp.prod(x, axis=1, keepdims=True)
    return {"dy/dx": grad(y, x) == 2 * p**2 / (x * xp.sum(p**2))}


@case(x=[0.5, -1.25, 2.0])
def running_sums_weigh_early_elements_more(xp, x):
    """An early element enters every later running sum."""
    y = xp.cumulative_sum(x**2, axis=0) ** 2
    c = xp.cumulative_sum(x**2, axis=0)
    return {"dy/dx": grad(y, x) == 4 * x * xp.flip(xp.cumulative_sum(xp.flip(c), axis=0))}


NORMS = {"one": 1, "two": 2, "two_and_a_half": 2.5, "three": 3, "four": 4, "infinity": float("inf")}
OVER = {"all": {}, "rows": {"axis": 1}, "columns_kept": {"axis": 0, "keepdims": True}}


@family(**{f"{order}_{over}": {"x": uniform(2, 3)} for order in NORMS for over in OVER})
def norm_of_vectors(xp, member, x):
    """A norm has a slope of length one in its dual norm, and a curvature across it."""
    order, over = next((o, member.removeprefix(f"{o}_")) for o in NORMS
                       if member.removeprefix(f"{o}_") in OVER)
    y = xp.vector_norm(x, ord=NORMS[order], **OVER[over])
    weights = {"all": 1.5, "rows": [0.5, -1.25], "columns_kept": [[0.75, 2.5, -1.5]]}[over]
    dz_dx = grad(xp.asarray(weights) * y**2, x)
    v = xp.asarray([[0.5, -1.25, 2.0], [3.0, 0.75, -0.5]])
    return {"dz/dx": dz_dx, "d2z/dx2": grad(xp.sum(v * dz_dx), x)}


@case(x=[3.0, 0.0, -4.0])
def length_with_a_zero(xp, x):
    """Where some element is not zero the euclidean norm is smooth, also along those that are."""
    dy_dx = grad(xp.vector_norm(x), x)
    across = xp.asarray([0.0, 1.0, 0.0])
    return {"dy/dx": dy_dx == x / 5, "d2y/dxdx1": grad(dy_dx[1], x) == across / 5}


@family(half={"x": uniform(2, 3)}, one={"x": uniform(2, 3)})
def standard_deviation_correction(xp, name, x):
    """The corrected count changes the size of a standard deviation's gradient alone."""
    correction = {"half": 0.5, "one": 1}[name]
    y = xp.std(x, axis=1, correction=correction)
    dy_dx = grad(y * xp.asarray([1.5, -0.5]), x)
    return {"dy/dx": dy_dx, "d2y/dxdx0": grad(dy_dx[0, 0], x)}


@case(x=[0.5, -1.25, 2.0, 3.5], w=[1.0, -0.5, 0.25, 2.0])
def curvature_of_a_deviation(xp, x, w):
    """The slope of a standard deviation is the centred vector divided by it, and turns with it."""
    return {"H w": grad(grad(xp.std(x), x) * w, x)}
