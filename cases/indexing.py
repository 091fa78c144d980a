"""Parts of an array: a part's gradient goes back to its own places and nowhere else."""

from conformance import case, family, grad, uniform

INDICES = {
    "integer": (1,),
    "negative_integer": (-2,),
    "two_integers": (2, -1),
    "slice": (slice(1, 3),),
    "open_slice": (slice(1, None), slice(None, -1)),
    "stride": (slice(None, None, 2), slice(1, None, 2)),
    "negative_stride": (slice(None, None, -1), slice(-1, None, -2)),
    "negative_stride_between_bounds": (slice(3, 1, -1), slice(3, 0, -2)),
    "column": (slice(None), 2),
    "ellipsis_before": (..., 2),
    "ellipsis_after": (1, ...),
    "new_axis_first": (None, 1),
    "new_axis_last": (..., slice(1, 3), None),
    "new_axis_between": (slice(0, 2), None, -1),
    "slice_past_the_end": (slice(2, 100), slice(-100, 2)),
    "single_element_kept": (slice(1, 2), slice(2, 3)),
}


@family(**{name: {"x": uniform(4, 4)} for name in INDICES})
def part(xp, name, x):
    """Elements that an index leaves out have gradient zero and the others keep their place."""
    places = xp.asarray([[0.5, -1.25, 2.0, 3.0], [0.75, -0.5, 1.5, -2.5],
                         [0.25, 1.75, -3.0, 1.0], [-1.0, 2.25, -0.75, 1.25]])
    y = xp.exp(x)[INDICES[name]] * places[INDICES[name]]
    return {"dy/dx": grad(y, x)}


@case(x=[0.5, -1.25, 2.0, 0.75])
def one_element(xp, x):
    """A single element's gradient is one-hot."""
    return {"dy/dx": grad(x[2] ** 2, x) == xp.asarray([0.0, 0.0, 4.0, 0.0])}


@case(x=[0.5, -1.25, 2.0, 0.75])
def reversed_vector(xp, x):
    """A reversed vector hands its weights back in reverse."""
    w = xp.asarray([1.5, -0.5, 0.25, 3.0])
    return {"dy/dx": grad(x[::-1] * w, x) == w[::-1]}


@case(x=[0.5, -1.25, 2.0, 0.75])
def negative_stride_with_weights(xp, x):
    """A backward stride of two skips every second element, counted from the end."""
    y = x[::-2] ** 2 * xp.asarray([1.5, -0.5])
    return {"dy/dx": grad(y, x) == xp.asarray([0.0, 1.25, 0.0, 2.25])}


@case(x=[0.5, -1.25, 2.0, 0.75, 3.0])
def overlapping_slices(xp, x):
    """Elements inside two slices collect the gradients of both."""
    y = x[1:] * x[:-1]
    neighbours = xp.concat([x[1:2], x[2:] + x[:-2], x[-2:-1]])
    return {"dy/dx": grad(y, x) == neighbours}


@case(x=[0.5, -1.25, 2.0, 0.75, 3.0])
def second_difference(xp, x):
    """A stencil of three overlapping slices spreads each weight over three neighbours."""
    d = x[2:] - 2 * x[1:-1] + x[:-2]
    y = d * xp.asarray([1.5, -0.5, 0.25])
    return {"dy/dx": grad(y, x) == xp.asarray([1.5, -3.5, 2.75, -1.0, 0.25])}


@case(x=[0.5, -1.25, 2.0, 0.75])
def part_of_a_part(xp, x):
    """A slice of a slice counts its places from the first slice's start."""
    y = x[1:][1:][0] ** 3
    return {"dy/dx": grad(y, x) == xp.asarray([0.0, 0.0, 12.0, 0.0])}


@case(x=uniform(3, 2))
def rows_of_a_loop(xp, x):
    """Rows that a loop takes out one by one put their gradients back row by row."""
    total = 0.0
    for weight, row in zip([1.5, -0.5, 2.0], x, strict=True):
        total = total + weight * xp.prod(row)
    w = xp.asarray([[1.5], [-0.5], [2.0]])
    return {"dtotal/dx": grad(total, x) == w * xp.flip(x, axis=1)}


@case(x=[0.5, -1.25, 2.0])
def duplicate_indices_add_up(xp, x):
    """An element that is taken three times collects three weights."""
    y = xp.take(x, [2, 0, 2, 2], axis=0) * xp.asarray([1.5, -0.5, 0.25, 3.0])
    return {"dy/dx": grad(y, x) == xp.asarray([-0.5, 0.0, 4.75])}


@family(
    rows={"x": uniform(3, 2)},
    columns={"x": uniform(2, 3)},
    last_of_three={"x": uniform(2, 2, 3)},
    nothing={"x": uniform(3, 2)},
)
def taken_along(xp, name, x):
    """Entries taken along an axis scatter their gradients back along that axis."""
    axis = {"rows": 0, "columns": 1, "last_of_three": -1, "nothing": 0}[name]
    indices = [] if name == "nothing" else [2, 0, 2]
    y = xp.take(x, indices, axis=axis)
    weights = xp.cumulative_sum(xp.ones_like(y), axis=axis)
    return {"dz/dx": grad(xp.sum(weights * xp.exp(y)) + xp.sum(x**2), x)}


@case(table=uniform(4, 2), w=uniform(2, 2))
def embedding_lookup(xp, table, w):
    """Rows of a table that are never looked up have gradient zero."""
    y = xp.take(table, [3, 1, 3], axis=0) @ w
    counts = xp.asarray([[0.0], [1.0], [0.0], [2.0]])
    return {
        "dy/dtable": grad(y, table) == counts * xp.sum(w, axis=1),
        "dy/dw": grad(y, w) == xp.expand_dims(xp.sum(counts * table, axis=0), axis=1),
    }


@case(x=[0.5, -1.25, 2.0])
def curvature_between_elements(xp, x):
    """A product of two elements has its only curvature between the two."""
    dy_dx = grad(x[0] ** 2 * x[2], x)
    return {
        "dy/dx": dy_dx == xp.asarray([2.0, 0.0, 0.25]),
        "d2y/dxdx0": grad(dy_dx[0], x) == xp.asarray([4.0, 0.0, 1.0]),
        "d2y/dxdx2": grad(dy_dx[2], x) == xp.asarray([1.0, 0.0, 0.0]),
    }


@case(x=[0.5, -1.25, 2.0])
def element_times_the_whole(xp, x):
    """An element that scales its own vector has a gradient from every element."""
    y = x[0] * x
    return {"dy/dx": grad(y, x) == x[0] + xp.asarray([1.25, 0.0, 0.0])}
