"""Convolutions and their transposes, in any number of spatial axes."""

import math

import numpy as np

from ..errors import ShapeError
from ..operators import FORWARDS, apply, rule
from ..tensor import same_dtype
from .precision import widened
from .shapes import reshape
from .windows import columns, crop, overlap, per_axis, spatial, surround, windows_of

__all__ = [
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
]


def conv1d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """The cross-correlation of x (N, C, L) with weight (O, C / groups, K), plus bias (O,).

    Gives (N, O, (L + padding - dilation * (K - 1) - 1) // stride + 1), as torch and JAX do.
    padding: an int, a pair (before, after) a spatial axis, "same" or "valid".
    Raises ShapeError, OperandError, OptionError for what does not fit, DtypeError.
    """
    return _convolution("conv1d", 1, x, weight, bias, stride, padding, dilation, groups)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """The cross-correlation of x (N, C, H, W) with weight (O, C / groups, K, K'); see conv1d."""
    return _convolution("conv2d", 2, x, weight, bias, stride, padding, dilation, groups)


def conv3d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """The cross-correlation of x (N, C, D, H, W) with weight (O, C / groups, ...); see conv1d."""
    return _convolution("conv3d", 3, x, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """The adjoint of conv1d in x: x (N, C, L) with weight (C, O / groups, K), plus bias (O,).

    Gives (N, O, (L - 1) * stride - padding + dilation * (K - 1) + 1 + output_padding), as torch
    does, whose order of arguments this is. output_padding is less than stride.
    Raises ShapeError, OperandError, DtypeError.
    """
    return _transposed(
        "conv_transpose1d", 1, x, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose2d(
    x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """The adjoint of conv2d in x (N, C, H, W), weight (C, O / groups, K, K'); conv_transpose1d."""
    return _transposed(
        "conv_transpose2d", 2, x, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose3d(
    x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """The adjoint of conv3d in x (N, C, D, H, W); see conv_transpose1d."""
    return _transposed(
        "conv_transpose3d", 3, x, weight, bias, stride, padding, output_padding, groups, dilation
    )


def _convolution(name, count, x, weight, bias, stride, padding, dilation, groups):
    x, weight, *bias = same_dtype(name, x, weight, *([] if bias is None else [bias]))
    sizes = spatial(name, x, count)
    _check_weight(name, weight, count, groups)
    if weight.shape[1] * groups != x.shape[1]:
        raise ShapeError(
            f"{name}: got x of shape {x.shape}, weight of shape {weight.shape} and "
            f"groups={groups}, wanted {weight.shape[1] * groups} channels in x"
        )
    windows = windows_of(name, sizes, weight.shape[2:], stride, padding, dilation)
    y = apply("convolution", x, weight, windows=windows, groups=groups)
    return _with_bias(name, y, bias, count)


def _transposed(name, count, x, weight, bias, stride, padding, output_padding, groups, dilation):
    x, weight, *bias = same_dtype(name, x, weight, *([] if bias is None else [bias]))
    counts = spatial(name, x, count)
    _check_weight(name, weight, count, groups)
    if weight.shape[0] != x.shape[1]:
        raise ShapeError(
            f"{name}: got x of shape {x.shape} and weight of shape {weight.shape}, "
            "wanted weight (channels of x, channels of the result / groups, *kernel)"
        )
    if isinstance(padding, str):
        raise ShapeError(f"{name}: got padding={padding!r}, wanted ints or pairs")
    extra = per_axis(name, "output_padding", output_padding, count, 0)
    anywhere = (1 << 62,) * count  # the sizes are not known yet, and every window fits
    windows = windows_of(name, anywhere, weight.shape[2:], stride, padding, dilation)
    if any(e >= step for e, step in zip(extra, windows.stride, strict=True)):
        raise ShapeError(
            f"{name}: got output_padding={output_padding!r}, wanted less than the stride "
            f"{windows.stride}"
        )
    lengths = zip(counts, windows.stride, windows.padding, windows.reach(), extra, strict=True)
    sizes = tuple((n - 1) * step - sum(p) + reach + e for n, step, p, reach, e in lengths)
    if min(sizes) < 1:
        raise ShapeError(f"{name}: got x of shape {x.shape}, which leaves sizes {sizes}")
    y = apply("convolution_input_adjoint", x, weight, windows=windows, groups=groups, sizes=sizes)
    return _with_bias(name, y, bias, count)


def _check_weight(name, weight, count, groups):
    if weight.ndim != count + 2 or 0 in weight.shape[2:]:
        raise ShapeError(
            f"{name}: got weight of shape {weight.shape}, wanted {count + 2} axes: "
            "channels, channels and a kernel that is not empty"
        )
    if isinstance(groups, bool) or not isinstance(groups, int) or groups < 1:
        raise ShapeError(f"{name}: got groups={groups!r}, wanted an int of at least 1")
    if weight.shape[0] % groups:
        raise ShapeError(
            f"{name}: got weight of shape {weight.shape} and groups={groups}, "
            "wanted a first axis that the groups divide"
        )


def _with_bias(name, y, bias, count):
    if not bias:
        return y
    if bias[0].shape != y.shape[1:2]:
        raise ShapeError(f"{name}: got bias of shape {bias[0].shape}, wanted {y.shape[1:2]}")
    return y + reshape(bias[0], (-1,) + (1,) * count)


# One trilinear form of x, weight and dy, linear in each; the operators are its three derivatives.


@widened
def _convolve(x, w, windows, groups):
    batch, counts = x.shape[0], windows.counts(x.shape[2:])
    per_group = w.shape[0] // groups
    y = np.empty((batch, groups, per_group, math.prod(counts)), x.dtype)
    kernels = w.reshape(groups, per_group, math.prod(w.shape[1:]))
    for part, seen in columns(surround(x, windows.padding), windows, counts):
        seen = seen.reshape(len(seen), groups, kernels.shape[2], y.shape[3])
        np.matmul(kernels, seen, out=y[part])
    return y.reshape(batch, w.shape[0], *counts)


@widened
def _input_adjoint(dy, w, windows, groups, sizes):
    rest = zip(windows.reach(), windows.padding, strict=True)
    rest = tuple((reach - 1 - before, reach - 1 - after) for reach, (before, after) in rest)
    dense = set(windows.stride) == {1} and min(map(min, rest)) >= 0
    if dense and w.shape[0] <= w.shape[1] * groups:  # then the quicker way, by measurement
        return _convolve(dy, _mirrored(w, groups), windows._replace(padding=rest), groups)
    batch, counts = dy.shape[0], dy.shape[2:]
    channels = w.shape[1] * groups
    padded = np.zeros((batch, channels, *windows.padded(sizes)), dy.dtype)
    kernels = np.swapaxes(w.reshape(groups, w.shape[0] // groups, math.prod(w.shape[1:])), 1, 2)
    dy = dy.reshape(batch, groups, kernels.shape[2], math.prod(counts))
    at_once = max(1, (1 << 20) // max(1, kernels.shape[1] * groups * dy.shape[3]))
    for start in range(0, batch, at_once):
        parts = np.matmul(kernels, dy[start : start + at_once])
        parts = parts.reshape(len(parts), channels, *windows.kernel, *counts)
        overlap(parts, padded[start : start + at_once], windows, counts)
    return crop(padded, windows.padding)


def _mirrored(w, groups):
    """The weight whose convolution is the adjoint of that of w, for strides of 1."""
    grouped = w.reshape(groups, w.shape[0] // groups, *w.shape[1:])
    # copied, since BLAS takes no negative strides
    mirrored = np.flip(np.swapaxes(grouped, 1, 2), tuple(range(3, grouped.ndim))).copy()
    return mirrored.reshape(groups * w.shape[1], w.shape[0] // groups, *w.shape[2:])


@widened
def _weight_adjoint(x, dy, windows, groups):
    counts, per_group = dy.shape[2:], dy.shape[1] // groups
    dy = dy.reshape(len(dy), groups, per_group, math.prod(counts))
    total = np.zeros((groups, per_group, x.shape[1] // groups * math.prod(windows.kernel)), x.dtype)
    for part, seen in columns(surround(x, windows.padding), windows, counts):
        seen = seen.reshape(len(seen), groups, total.shape[2], dy.shape[3])
        total += np.matmul(dy[part], np.swapaxes(seen, 2, 3)).sum(axis=0)
    return total.reshape(groups * per_group, x.shape[1] // groups, *windows.kernel)


def _weight_slope(x, dy, windows, groups):
    return apply("convolution_weight_adjoint", x, dy, windows=windows, groups=groups)


def _input_slope(dy, w, windows, groups, sizes):
    return apply("convolution_input_adjoint", dy, w, windows=windows, groups=groups, sizes=sizes)


def _plain(x, w, windows, groups):
    return apply("convolution", x, w, windows=windows, groups=groups)


FORWARDS["convolution"] = _convolve
FORWARDS["convolution_input_adjoint"] = _input_adjoint
FORWARDS["convolution_weight_adjoint"] = _weight_adjoint
rule("convolution",
     lambda dy, y, x, w, windows, groups: _input_slope(dy, w, windows, groups, x.shape[2:]),
     lambda dy, y, x, w, windows, groups: _weight_slope(x, dy, windows, groups),
     jvp="bilinear")  # fmt: skip
rule("convolution_input_adjoint",
     lambda dx, y, dy, w, windows, groups, sizes: _plain(dx, w, windows, groups),
     lambda dx, y, dy, w, windows, groups, sizes: _weight_slope(dx, dy, windows, groups),
     jvp="bilinear")  # fmt: skip
rule("convolution_weight_adjoint",
     lambda dw, y, x, dy, windows, groups: _input_slope(dy, dw, windows, groups, x.shape[2:]),
     lambda dw, y, x, dy, windows, groups: _plain(x, dw, windows, groups),
     jvp="bilinear")  # fmt: skip
