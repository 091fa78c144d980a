"""Order statistics: the gradient goes to the element that was selected, wherever it stood."""

from conformance import case, family, grad, uniform

STATISTICS = {
    "sort": lambda xp, x: xp.sort(x),
    "sort_descending": lambda xp, x: xp.sort(x, descending=True),
    "sort_columns": lambda xp, x: xp.sort(x, axis=0),
    "topk": lambda xp, x: xp.topk(x, 2),
    "kthvalue": lambda xp, x: xp.kthvalue(x, 3),
    "kthvalue_of_columns": lambda xp, x: xp.kthvalue(x, 1, axis=0, keepdims=True),
    "median_of_all": lambda xp, x: xp.median(x),
    "median_of_rows": lambda xp, x: xp.median(x, axis=1),
    "median_of_columns": lambda xp, x: xp.median(x, axis=0, keepdims=True),
    "quantile_of_all": lambda xp, x: xp.quantile(x, 0.375),
    "quantile_of_rows": lambda xp, x: xp.quantile(x, 0.8125, axis=1),
    "quantile_of_columns": lambda xp, x: xp.quantile(x, 0.25, axis=0, keepdims=True),
    "quantile_at_an_element": lambda xp, x: xp.quantile(x, 0.75, axis=1),
}


def weighted(xp, y):
    """The sum of squares, each element with a weight of its own."""
    weights = [((29 * k + 7) % 32 - 15.5) / 8 for k in range(y.size)]
    return xp.sum(xp.reshape(xp.asarray(weights), y.shape) * y**2)


@family(**{name: {"x": uniform(3, 5)} for name in STATISTICS})
def order_statistic(xp, name, x):
    """An element that was selected by its value receives the weight of its new place."""
    z = weighted(xp, STATISTICS[name](xp, xp.exp(x)))
    dz_dx = grad(z, x)
    return {"dz/dx": dz_dx, "d2z/dx2": grad(weighted(xp, dz_dx), x)}


@case(x=[0.5, -1.25, 2.0, 0.75])
def sorting_hands_weights_back(xp, x):
    """Weights of sorted places return to the places from which the elements came."""
    y = xp.sort(x**3) * xp.asarray([1.5, -0.5, 0.25, 3.0])
    return {"dy/dx": grad(y, x) == 3 * x**2 * xp.asarray([-0.5, 1.5, 3.0, 0.25])}


@case(x=[0.5, -1.25, 2.0, 0.75])
def middle_of_an_even_number(xp, x):
    """The median of an even number of elements is the mean of two, which share its gradient."""
    y = xp.median(x) ** 2
    return {"dy/dx": grad(y, x) == xp.median(x) * xp.asarray([1.0, 0.0, 0.0, 1.0])}


@case(x=[0.5, -1.25, 2.0, 0.75])
def between_two_elements(xp, x):
    """A quantile between two elements divides its gradient by how near it is to each."""
    return {"dy/dx": grad(xp.quantile(x, 0.5625), x) == xp.asarray([0.3125, 0.0, 0.0, 0.6875])}


@case(x=[0.5, -1.25, 2.0, 3.0])
def greatest_two(xp, x):
    """The greatest elements receive weights in the order of their size."""
    y = xp.topk(x**3, 2) * xp.asarray([1.5, -0.5])
    return {"dy/dx": grad(y, x) == 3 * x**2 * xp.asarray([0.0, 0.0, -0.5, 1.5])}


@case(x=[0.5, 2.0, -1.25])
def equal_by_construction(xp, x):
    """Copies of one element may be sorted in any order."""
    y = xp.sort(xp.concat([x, x])) * xp.asarray([1.5, -0.5, 0.25, 3.0, 2.0, -1.0])
    return {"dy/dx": grad(xp.sum(y) ** 2, x)}
