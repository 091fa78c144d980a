"""At kinks and ties, where a derivative is a set and each framework answers by its convention."""

from conformance import case, family, grad


@family(
    abs={"x": [0.0, -0.0, 2.0]},
    relu={"x": [0.0, -0.0, 2.0]},
)
def corner_at_zero(xp, name, x):
    """The slope at a corner may be anything between the slopes on its two sides."""
    return {"dy/dx": grad(xp.sin(x) + getattr(xp, name)(x), x)}


@family(
    lower={"x": [-1.0, 0.25]},
    upper={"x": [0.75, 0.25]},
    both={"x": [-1.0, 0.75]},
)
def on_the_bound_of_clip(xp, name, x):
    """An element on a bound is inside and outside at once."""
    low = None if name == "upper" else -1.0
    high = None if name == "lower" else 0.75
    return {"dy/dx": grad(xp.clip(x, min=low, max=high) ** 2, x)}


@family(
    maximum={"x": [2.0, -1.0], "w": [2.0, 3.0]},
    minimum={"x": [2.0, -1.0], "w": [2.0, 3.0]},
)
def tie_of_two_operands(xp, name, x, w):
    """Equal operands share their slope in a way that no mathematics decides."""
    y = getattr(xp, name)(x, w)
    return {"dy/dx": grad(y, x), "dy/dw": grad(y, w)}


@family(
    max={"x": [1.0, 3.0, 3.0]},
    min={"x": [1.0, 1.0, 3.0]},
    max_of_three={"x": [3.0, 3.0, 3.0]},
)
def tie_in_a_reduction(xp, name, x):
    """The slopes of tied elements sum to one, however they are shared out."""
    reduce = xp.min if name == "min" else xp.max
    return {"dy/dx": grad(reduce(x), x)}


@case(x=[0.0, 0.5])
def curvature_beside_a_corner(xp, x):
    """Where the slope jumps, the second derivative is that of either side."""
    return {"d2y/dx2": grad(grad(xp.abs(x) * x, x), x)}


@case(x=0.0)
def corners_that_cancel(xp, x):
    """The identity, written so that two corners meet: its slope is 1, whatever rules answer."""
    return {"dy/dx": grad(xp.relu(x) - xp.relu(-x), x)}


@case(x=0.0)
def corner_that_is_smoothed(xp, x):
    """A square makes a corner smooth: the slope is 0 on both sides."""
    return {"dy/dx": grad(xp.square(xp.abs(x)), x) == 0 * x}


@case(x=0.0, w=0.0)
def no_legs(xp, x, w):
    """At the tip of a cone every slope of length at most one is right."""
    return {"dy/dx": grad(xp.hypot(x, w), x)}


@case(x=[0.0, 0.0])
def length_of_nothing(xp, x):
    """The square root of a sum of squares has no slope at 0; the chain rule finds 0 times inf."""
    return {"dy/dx": grad(xp.sqrt(xp.sum(x**2)), x)}


@family(
    max_pool1d={"x": [[[1.0, 3.0, 3.0, 2.0]]]},
    max_pool2d={"x": [[[[1.0, 3.0], [3.0, 2.0]]]]},
)
def tie_in_a_window(xp, name, x):
    """Which of the greatest elements of a window has its slope is a matter of order."""
    y = getattr(xp, name)(x, 2, stride=1)
    return {"dy/dx": grad(y**2, x)}


@family(
    sort={"x": [3.0, 1.0, 3.0]},
    topk={"x": [1.0, 3.0, 1.0]},
    median={"x": [1.0, 3.0, 3.0]},
    cumulative_max={"x": [1.0, 3.0, 3.0]},
    segment_max={"x": [3.0, 3.0, 1.0]},
)
def tie_in_an_order(xp, name, x):
    """Which of two equal elements comes first decides which weight each of them gets."""
    statistic = {
        "sort": lambda: xp.sort(x),
        "topk": lambda: xp.topk(x, 2),
        "median": lambda: xp.reshape(xp.median(x), (1,)),
        "cumulative_max": lambda: xp.cumulative_max(x, axis=0),
        "segment_max": lambda: xp.segment_max(x, [0, 0, 1], 2),
    }[name]
    y = statistic()
    return {"dy/dx": grad(y * xp.asarray([1.5, -0.5, 0.25])[: y.size], x)}


@case(x=[0.0, 0.0])
def norm_of_nothing(xp, x):
    """At 0 any slope of length at most one is a slope of the norm."""
    return {"dy/dx": grad(xp.vector_norm(x), x)}


@case(x=[2.0, 2.0, 2.0, 2.0])
def deviation_of_equals(xp, x):
    """Where all elements are equal the standard deviation has a tip, and slopes all around it."""
    return {"dy/dx": grad(xp.std(x), x)}


@family(
    relu6={"x": [0.0, 6.0, 2.0]},
    leaky_relu={"x": [0.0, -1.0, 2.0]},
    hardtanh={"x": [-1.0, 1.0, 0.5]},
    hardsigmoid={"x": [-3.0, 3.0, 0.5]},
    hardswish={"x": [-3.0, 3.0, 0.5]},
    softshrink={"x": [-0.5, 0.5, 2.0]},
    selu={"x": [0.0, -1.0, 2.0]},
)
def corner_of_an_activation(xp, name, x):
    """Where two pieces of an activation meet."""
    return {"dy/dx": grad(xp.sin(x) + getattr(xp, name)(x), x)}


@family(
    l1_loss={"x": [0.5, 2.0], "t": [0.5, 1.0]},
    smooth_l1_loss={"x": [1.5, 2.0], "t": [0.5, 1.5]},
    huber_loss={"x": [1.5, 2.0], "t": [0.5, 1.5]},
)
def loss_at_its_corner(xp, name, x, t):
    """An absolute error has a corner where it is 0; what smooths it has none at its joins."""
    return {"dy/dx": grad(getattr(xp, name)(x, t), x)}


@family(
    sum_of_sizes={"x": [0.0, 2.0]},
    largest_size={"x": [2.0, -2.0]},
)
def norm_at_a_corner(xp, name, x):
    """A sum of sizes has a corner where an element is 0, the largest one where two are equal."""
    ord = 1 if name == "sum_of_sizes" else float("inf")
    return {"dy/dx": grad(xp.vector_norm(x, ord=ord), x)}
