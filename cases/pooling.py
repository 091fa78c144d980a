"""Pooling: the greatest and the mean of windows that lie apart, overlap, or reach over the edge."""

from conformance import case, family, grad, uniform

WINDOWS = {
    "max_pool1d_apart": {"kernel": 2},
    "max_pool1d_overlapping": {"kernel": 3, "stride": 1},
    "max_pool1d_padded": {"kernel": 3, "stride": 2, "padding": 1},
    "max_pool2d_apart": {"kernel": 2},
    "max_pool2d_overlapping": {"kernel": (2, 3), "stride": (1, 1)},
    "max_pool2d_padded": {"kernel": 2, "stride": (1, 2), "padding": (1, 0)},
    "max_pool3d_overlapping": {"kernel": (1, 2, 2), "stride": 1},
    "avg_pool1d_apart": {"kernel": 2},
    "avg_pool1d_overlapping": {"kernel": 3, "stride": 1},
    "avg_pool1d_padded": {"kernel": 3, "stride": 2, "padding": 1},
    "avg_pool2d_apart": {"kernel": 2},
    "avg_pool2d_overlapping": {"kernel": (2, 3), "stride": (1, 1)},
    "avg_pool2d_padded": {"kernel": 2, "stride": (1, 2), "padding": (1, 0)},
    "avg_pool3d_padded": {"kernel": (2, 1, 2), "stride": (1, 1, 2), "padding": (1, 0, 0)},
    "adaptive_avg_pool1d_even": {"size": 2},
    "adaptive_avg_pool1d_overlapping": {"size": 3},
    "adaptive_avg_pool2d_even": {"size": (1, 2)},
    "adaptive_avg_pool2d_overlapping": {"size": (2, 3)},
    "adaptive_avg_pool3d_overlapping": {"size": (1, 2, 2)},
}


def operand(member):
    """The input of a member of the families below."""
    shapes = {"1d": (2, 2, 4), "2d": (1, 2, 3, 4), "3d": (1, 1, 2, 3, 4)}
    return {"x": uniform(*shapes[member.partition("pool")[2][:2]])}


@family(**{member: operand(member) for member in WINDOWS})
def pooled_by(xp, member, x):
    """An element gets its share of the cotangent of every window that it is in."""
    y = xp.exp(getattr(xp, member.rpartition("_")[0])(x, **WINDOWS[member]))
    return {"dy/dx": grad(y, x)}


@family(**{member: operand(member) for member in WINDOWS})
def curvature_behind_a_pooling(xp, member, x):
    """Second derivatives couple the elements of one window."""
    y = xp.exp(getattr(xp, member.rpartition("_")[0])(x, **WINDOWS[member]))
    return {"d2y/dx2": grad(grad(y, x) ** 2, x)}


@case(x=[[[0.5, 3.0, -1.25, 2.0]]])
def greatest_of_overlapping_windows(xp, x):
    """An element that is the greatest of two windows gets the cotangents of both."""
    y = xp.max_pool1d(x, 2, stride=1) * xp.asarray([[[1.5, -0.25, 2.0]]])
    return {"dy/dx": grad(y, x) == xp.asarray([[[0.0, 1.25, 0.0, 2.0]]])}


@case(x=[[[-0.5, -3.0, -1.25]]])
def padding_is_never_the_greatest(xp, x):
    """What pads a maximum is below every number, so that negative ones win at the edge."""
    y = xp.max_pool1d(x, 2, padding=1) * xp.asarray([[[1.5, -0.25]]])
    return {"dy/dx": grad(y, x) == xp.asarray([[[1.5, 0.0, -0.25]]])}


@case(x=[[[0.5, 3.0, -1.25]]])
def padding_counts_in_a_mean(xp, x):
    """Zeros that pad are counted, so that elements at the edge weigh no more than others."""
    y = xp.avg_pool1d(x, 2, padding=1) * xp.asarray([[[1.5, -0.5]]])
    return {"dy/dx": grad(y, x) == xp.asarray([[[0.75, -0.25, -0.25]]])}
