"""Normalisations: values brought to mean 0 and variance 1, or divided by what is around them.

Two operators depend on each other's results only, and so are exact at every order: the standardised
y = r (x - mean(x)) and the inverse deviation r = 1 / sqrt(var(x) + epsilon), over n elements:

    dx of y: r (dy - mean(dy) - y mean(dy y))      dx of r: -dr r**2 y / n
"""

import math

import numpy as np

from ..errors import OperandError, ShapeError, describe
from ..operators import FORWARDS, apply, as_operand, operator, rule
from ..tensor import same_dtype
from .elementwise import rsqrt, square
from .precision import same_precision
from .reductions import mean
from .shapes import reshape

__all__ = [
    "batch_norm",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "local_response_norm",
    "rms_norm",
    "standardize",
]


def axes_of(name, x, axis):
    """`axis`, an int, a tuple of ints or None, as axes counted from the front; or ShapeError."""
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple | list) else (axis,)
    if not all(-x.ndim <= a < x.ndim for a in axes) or len({a % x.ndim for a in axes}) < len(axes):
        raise ShapeError(f"{name}: got a {describe(x)} and axis={axis}, wanted axes that it has")
    return tuple(a % x.ndim for a in axes)


def count(shape, axes):
    return math.prod(shape[a] for a in axes)


# Standardising ---------------------------------------------------------------------------


def _mean(x, axis):
    return np.sum(x, axis=axis, keepdims=True) / x.dtype.type(count(x.shape, axis))


def scaled(x, axis, epsilon, centered):
    """x - mean(x), and sqrt(mean of squares + epsilon), both over one power of two; and that.

    The power is 1 but where squares would overflow, or lose digits below the normal numbers.
    Where the root is 0, it is given as inf: a constant row stays 0 and passes nothing on.
    """
    if centered:
        x = x - _mean(x, axis)
        x = x - _mean(x, axis)  # what rounding left of a mean far from 0
    variance = _mean(np.square(x), axis) + epsilon
    limits = np.finfo(x.dtype)
    extreme = ~((variance > limits.tiny / limits.eps) & (variance < limits.max))
    scale = x.dtype.type(1)
    if extreme.any():
        exponent = np.frexp(np.max(np.abs(x), axis=axis, keepdims=True, initial=0))[1]
        scale = np.where(extreme, np.ldexp(scale, exponent - 1), scale)
        x = x / scale
        variance = _mean(np.square(x), axis) + epsilon / scale / scale
    return x, np.where(variance == 0, math.inf, np.sqrt(variance)), scale


@same_precision
def _standardize(x, axis, epsilon, centered):
    x, root, _ = scaled(x, axis, epsilon, centered)
    return x / root


@operator
@same_precision
def inverse_deviation(x, axis, epsilon, centered):
    _, root, scale = scaled(x, axis, epsilon, centered)
    return 1 / root / scale


def _standardize_backward(dy, y, x, axis, epsilon, centered):
    along = y * mean(dy * y, axis, keepdims=True)
    dy = dy - mean(dy, axis, keepdims=True) - along if centered else dy - along
    return dy * inverse_deviation(x, axis, epsilon, centered)


def _inverse_deviation_backward(dy, y, x, axis, epsilon, centered):
    y_of_x = standardized(x, axis, epsilon, centered)
    return y_of_x * (-dy * y * y / count(x.shape, axis))


def standardized(x, axis, epsilon, centered):
    return apply("standardize", x, axis=axis, epsilon=epsilon, centered=centered)


FORWARDS["standardize"] = _standardize
# The Jacobian is symmetric, so that a tangent goes forward as a cotangent goes backward.
rule("standardize", _standardize_backward, jvp="elementwise")
rule("inverse_deviation", _inverse_deviation_backward)


def standardize(x, axis=-1, epsilon=0.0):
    """(x - mean) / sqrt(variance + epsilon) over `axis`, an int, a tuple of ints or None for all.

    The variance is the mean squared distance from the mean. Convention: equal elements give 0 and
    pass no gradient where epsilon is 0, which is 0 / 0. Raises ShapeError.
    """
    x = as_operand(x)
    return standardized(x, axes_of("standardize", x, axis), epsilon, True)


def layer_norm(x, axis=-1, weight=None, bias=None, epsilon=1e-5):
    """x standardised over `axis` (Ba et al. 2016), times weight, plus bias, of those axes' shape.

    axis: an int or a tuple of ints. Raises ShapeError, DtypeError.
    """
    x = as_operand(x)
    axes = axes_of("layer_norm", x, axis)
    y = standardized(x, axes, epsilon, True)
    return _affine("layer_norm", y, axes, weight, bias)


def rms_norm(x, axis=-1, weight=None, epsilon=None):
    """x over the root of its mean square over `axis`, plus epsilon (Zhang and Sennrich 2019).

    Times weight, of those axes' shape. epsilon: None for that of the dtype.
    Raises ShapeError, DtypeError.
    """
    x = as_operand(x)
    axes = axes_of("rms_norm", x, axis)
    epsilon = float(np.finfo(x.dtype).eps) if epsilon is None else epsilon
    return _affine("rms_norm", standardized(x, axes, epsilon, False), axes, weight, None)


def group_norm(x, groups, weight=None, bias=None, epsilon=1e-5):
    """x (N, C, ...) standardised over each of `groups` of channels (Wu and He 2018).

    Then times weight, plus bias, of shape (C,). Raises ShapeError unless groups divides C.
    """
    x = as_operand(x)
    if x.ndim < 2 or groups < 1 or x.shape[1] % groups:
        raise ShapeError(
            f"group_norm: got a {describe(x)} and groups={groups}, "
            "wanted (N, C, ...) with a C that the groups divide"
        )
    size = math.prod(x.shape[1:]) // groups
    grouped = standardized(reshape(x, (x.shape[0], groups, size)), (2,), epsilon, True)
    return _affine("group_norm", reshape(grouped, x.shape), (1,), weight, bias)


def instance_norm(x, weight=None, bias=None, epsilon=1e-5):
    """x (N, C, ...) standardised over all axes past the second (Ulyanov et al. 2016).

    Then times weight, plus bias, of shape (C,). Raises ShapeError.
    """
    x = as_operand(x)
    if x.ndim < 3:
        raise ShapeError(f"instance_norm: got a {describe(x)}, wanted (N, C, ...) of three or more")
    y = standardized(x, tuple(range(2, x.ndim)), epsilon, True)
    return _affine("instance_norm", y, (1,), weight, bias)


def _affine(name, y, axes, weight, bias):
    """y times weight, plus bias, each of the shape of y's `axes` or None."""
    if weight is not None:
        y, weight = same_dtype(name, y, weight)
        y = y * _along(name, weight, y, axes)
    if bias is not None:
        y, bias = same_dtype(name, y, bias)
        y = y + _along(name, bias, y, axes)
    return y


def _along(name, weight, y, axes):
    """`weight`, of the shape of y's `axes`, shaped so that it broadcasts with y."""
    order = sorted(axes)
    if weight.shape != tuple(y.shape[a] for a in order):
        raise ShapeError(
            f"{name}: got a {describe(weight)} as weight or bias with a {describe(y)}, "
            f"wanted the shape of its axes {tuple(order)}"
        )
    return reshape(weight, tuple(size if a in axes else 1 for a, size in enumerate(y.shape)))


# Batches ---------------------------------------------------------------------------------


def batch_norm(x, mean=None, variance=None, weight=None, bias=None, training=False, epsilon=1e-5,
               axis=1):  # fmt: skip
    """(x - mean) / sqrt(variance + epsilon) times weight, plus bias, all of the shape of `axis`.

    training=True takes the mean and variance of x itself over all other axes (Ioffe and Szegedy
    2015); running averages are the caller's. Raises OperandError where they lack, ShapeError.
    """
    x = as_operand(x)
    axes = axes_of("batch_norm", x, axis)
    if training:
        others = tuple(a for a in range(x.ndim) if a not in axes)
        y = standardized(x, others, epsilon, True)
    elif mean is None or variance is None:
        raise OperandError("batch_norm: got no mean or no variance, wanted both or training=True")
    else:
        x, mean, variance = same_dtype("batch_norm", x, mean, variance)
        y = apply(
            "normalize_by",
            x,
            _along("batch_norm", mean, x, axes),
            _along("batch_norm", variance, x, axes),
            epsilon=epsilon,
        )
    return _affine("batch_norm", y, axes, weight, bias)


FORWARDS["normalize_by"] = same_precision(
    lambda x, mean, variance, epsilon: (x - mean) / np.sqrt(variance + epsilon)
)
rule("normalize_by",
     lambda dy, y, x, mean, variance, epsilon: dy * rsqrt(variance + epsilon),
     lambda dy, y, x, mean, variance, epsilon: -dy * rsqrt(variance + epsilon),
     lambda dy, y, x, mean, variance, epsilon: -0.5 * dy * y / (variance + epsilon),
     jvp="elementwise")  # fmt: skip


def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    """x (N, C, ...) over (k + alpha m)**beta, m the mean of the squares of `size` channels around.

    Channels past the ends count as 0 (Krizhevsky et al. 2012, with alpha divided by size as in
    PyTorch). Raises ShapeError.
    """
    x = as_operand(x)
    if x.ndim < 2 or size < 1:
        raise ShapeError(f"local_response_norm: got a {describe(x)} and size={size}, "
                         "wanted (N, C, ...) and a positive size")  # fmt: skip
    before = size // 2
    around = neighbour_sum(square(x), axis=1, before=before, after=size - 1 - before)
    return x * (k + (alpha / size) * around) ** -beta


@operator
def neighbour_sum(x, axis, before, after):
    """Along `axis`, each element with the `before` before it and the `after` after it, added."""
    x = np.moveaxis(x, axis, 0)
    y = x.copy()
    for step in range(1, min(before, len(x) - 1) + 1):
        y[step:] += x[:-step]
    for step in range(1, min(after, len(x) - 1) + 1):
        y[:-step] += x[step:]
    return np.moveaxis(y, 0, axis)


rule("neighbour_sum", lambda dy, y, x, axis, before, after: neighbour_sum(dy, axis, after, before),
     jvp="linear")  # fmt: skip
