"""Fourier transforms, as the array API's fft extension has them.

They are linear, so that their transposes are their gradients: that of fft is fft itself, since its
matrix is symmetric, and those between real and complex values come in two pairs, rfft with hfft and
irfft with ihfft, but for the elements that stand for two of the full transform.

Half and single precision give complex64, and float32 where the result is real.
"""

import functools

import numpy as np

from ..creation import astype, constant
from ..errors import DtypeError, OperandError, OptionError, ShapeError, describe
from ..operators import FORWARDS, apply, as_operand, operator, quiet, rule, values

__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "ifft", "ifft2", "ifftn", "ifftshift",
    "ihfft", "irfft", "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq", "rfftn",
]  # fmt: skip

_LENGTHS = """

    {size} The transform is scaled by 1/size on the way back (norm "backward"), on the way there
    ("forward"), or by 1/sqrt(size) on both ("ortho").
    Raises ShapeError, OptionError, DtypeError.
    """
_OF_INPUT = "x is cut or filled with zeros at its end to size {n}, which None takes from x."
_OF_OUTPUT = "The result has size {n}, or 2 * (size of x - 1) for None: only that tells odd sizes."


def _documented(function, summary, lengths):
    function.__doc__ = summary + _LENGTHS.format(size=lengths)
    return function


# Transforms of one axis ---------------------------------------------------------------


def _one_axis(name, summary, real_input=False, real_output=False):
    """Defines the public function of a transform along one axis, and its forward."""

    def call(x, n=None, axis=-1, norm="backward"):
        x = _checked(name, x, norm, real_input)
        (axis,) = _axes(name, x, (axis,))
        if n is None:
            n = 2 * (x.shape[axis] - 1) if real_output else x.shape[axis]
        return apply(name, x, n=_size(name, n), axis=axis, norm=norm)

    transform = getattr(np.fft, name)
    FORWARDS[name] = _single(lambda x, n, axis, norm: transform(x, n, axis, norm))
    call.__name__ = call.__qualname__ = name
    return _documented(call, summary, (_OF_OUTPUT if real_output else _OF_INPUT).format(n="`n`"))


def _single(transform):
    """NumPy 1.26 computes in double precision only, NumPy 2 in half precision's place in single."""

    @quiet
    @functools.wraps(transform)
    def single(x, **parameters):
        small = x.dtype.itemsize <= (8 if x.dtype.kind == "c" else 4)
        if x.dtype.itemsize == 2:
            x = x.astype("float32")
        y = transform(x, **parameters)
        if not small:
            return y
        return y.astype("complex64" if y.dtype.kind == "c" else "float32", copy=False)

    return single


def _checked(name, x, norm, real_input):
    x = as_operand(x)
    if norm not in ("backward", "ortho", "forward"):
        raise OptionError(
            f'{name}: got norm={norm!r}, wanted "backward", "ortho" or "forward"'
        )
    if real_input and x.dtype.kind == "c":
        raise DtypeError(f"{name}: got a {describe(x)}, wanted real numbers")
    return x


def _axes(name, x, axes):
    """`axes` counted from the front."""
    if not all(isinstance(a, int | np.integer) for a in axes):
        raise OperandError(f"{name}: got axes {axes!r}, wanted ints")
    found = tuple(int(a) + x.ndim if a < 0 else int(a) for a in axes)
    if not all(0 <= a < x.ndim for a in found) or len(set(found)) < len(found):
        raise ShapeError(f"{name}: got axes {axes!r} with a {describe(x)}")
    return found


def _size(name, n):
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise ShapeError(f"{name}: got size {n!r}, wanted an int of at least 1")
    return int(n)


fft = _one_axis("fft", "The discrete Fourier transform of x along `axis`.")
ifft = _one_axis("ifft", "The inverse of `fft`.")
rfft = _one_axis("rfft", "The first n // 2 + 1 elements of `fft` of a real x: the others are "
                 "conjugates of these.", real_input=True)  # fmt: skip
irfft = _one_axis("irfft", "The inverse of `rfft`, which is real.", real_output=True)
hfft = _one_axis("hfft", "`fft`, which is real, of the x that `ihfft` gives.", real_output=True)
ihfft = _one_axis("ihfft", "The first n // 2 + 1 elements of `ifft` of a real x.", real_input=True)


@operator
def resize(x, shape):
    """x with every axis cut, or filled with zeros, at its end to the sizes of `shape`."""
    common = tuple(slice(min(a, b)) for a, b in zip(x.shape, shape, strict=True))
    if all(a >= b for a, b in zip(x.shape, shape, strict=True)):
        return x[common]
    y = np.zeros(shape, x.dtype)
    y[common] = x[common]
    return y


rule("resize", lambda dy, y, x, shape: resize(dy, x.shape), jvp="linear")


def _fitted(dx, x_shape, x_dtype):
    """The cotangent of x, which was resized and, if real, made complex."""
    dx = dx if dx.shape == x_shape else resize(dx, x_shape)
    return dx if x_dtype == dx.dtype else astype(dx, x_dtype)


def _counts(n, axis, dy):
    """How many elements of a transform of size n each of its first n // 2 + 1 stands for."""
    counts = np.full(n // 2 + 1, 2, dy.dtype)
    counts[0] = 1
    if n % 2 == 0:
        counts[-1] = 1
    return counts.reshape((-1,) + (1,) * (dy.ndim - 1 - axis))


def _halved(dy, n, axis):
    return dy / _counts(n, axis, dy)


def _doubled(dy, n, axis):
    return dy * _counts(n, axis, dy)


for _name in ("fft", "ifft"):
    rule(_name, lambda dy, y, x, n, axis, norm, _name=_name: _fitted(
        apply(_name, dy, n=n, axis=axis, norm=norm), x.shape, x.dtype), jvp="linear")  # fmt: skip
rule("rfft", lambda dy, y, x, n, axis, norm: _fitted(
    apply("hfft", _halved(dy, n, axis), n=n, axis=axis, norm=norm), x.shape, x.dtype),
    jvp="linear")  # fmt: skip
rule("hfft", lambda dy, y, x, n, axis, norm: _fitted(
    _doubled(apply("rfft", dy, n=n, axis=axis, norm=norm), n, axis), x.shape, x.dtype),
    jvp="linear")  # fmt: skip
rule("irfft", lambda dy, y, x, n, axis, norm: _fitted(
    _doubled(apply("ihfft", dy, n=n, axis=axis, norm=norm), n, axis), x.shape, x.dtype),
    jvp="linear")  # fmt: skip
rule("ihfft", lambda dy, y, x, n, axis, norm: _fitted(
    apply("irfft", _halved(dy, n, axis), n=n, axis=axis, norm=norm), x.shape, x.dtype),
    jvp="linear")  # fmt: skip

# Transforms of several axes -----------------------------------------------------------


def _several_axes(name, summary, default=None, real_input=False, real_output=False):
    """Defines the public function of a transform along several axes, and its forward."""
    operator_name = name.replace("2", "n")

    def call(x, s=None, axes=default, norm="backward"):
        x = _checked(name, x, norm, real_input)
        if axes is None:
            axes = tuple(range(-len(s), 0)) if s is not None else tuple(range(x.ndim))
        axes = _axes(name, x, tuple(axes))
        sizes = (None,) * len(axes) if s is None else tuple(s)
        if len(sizes) != len(axes) or not axes:
            raise ShapeError(f"{name}: got s={s!r} and axes {axes}, wanted a size for each axis")
        whole = [x.shape[a] for a in axes]
        if real_output:
            whole[-1] = 2 * (whole[-1] - 1)
        sizes = tuple(_size(name, w if n is None else n) for n, w in zip(sizes, whole, strict=True))
        return apply(operator_name, x, s=sizes, axes=axes, norm=norm)

    transform = getattr(np.fft, operator_name)
    FORWARDS[operator_name] = _single(lambda x, s, axes, norm: transform(x, s, axes, norm))
    call.__name__ = call.__qualname__ = name
    lengths = _OF_OUTPUT.replace("size of x", "size of its last axis") if real_output else _OF_INPUT
    return _documented(call, summary, lengths.format(n="`s`, one for each of the `axes`,"))


fftn = _several_axes("fftn", "The discrete Fourier transform of x along `axes`, or all of them.")
ifftn = _several_axes("ifftn", "The inverse of `fftn`.")
rfftn = _several_axes("rfftn", "`rfft` along the last of the `axes`, and then `fft` along the "
                      "others.", real_input=True)  # fmt: skip
irfftn = _several_axes("irfftn", "The inverse of `rfftn`, which is real.", real_output=True)
fft2 = _several_axes("fft2", "`fftn` along the last two axes.", (-2, -1))
ifft2 = _several_axes("ifft2", "`ifftn` along the last two axes.", (-2, -1))
rfft2 = _several_axes("rfft2", "`rfftn` along the last two axes.", (-2, -1), real_input=True)
irfft2 = _several_axes("irfft2", "`irfftn` along the last two axes.", (-2, -1), real_output=True)


def _other_axes(name, dy, s, axes, norm):
    """A transform along all axes but the last."""
    return apply(name, dy, s=s[:-1], axes=axes[:-1], norm=norm) if len(axes) > 1 else dy


def _undo_rfftn(dy, s, axes, norm):
    dy = _halved(_other_axes("fftn", dy, s, axes, norm), s[-1], axes[-1])
    return apply("hfft", dy, n=s[-1], axis=axes[-1], norm=norm)


def _undo_irfftn(dy, s, axes, norm):
    dy = apply("ihfft", dy, n=s[-1], axis=axes[-1], norm=norm)
    return _other_axes("ifftn", _doubled(dy, s[-1], axes[-1]), s, axes, norm)


for _name in ("fftn", "ifftn"):
    rule(_name, lambda dy, y, x, s, axes, norm, _name=_name: _fitted(
        apply(_name, dy, s=s, axes=axes, norm=norm), x.shape, x.dtype), jvp="linear")  # fmt: skip
rule("rfftn", lambda dy, y, x, s, axes, norm:
     _fitted(_undo_rfftn(dy, s, axes, norm), x.shape, x.dtype), jvp="linear")  # fmt: skip
rule("irfftn", lambda dy, y, x, s, axes, norm:
     _fitted(_undo_irfftn(dy, s, axes, norm), x.shape, x.dtype), jvp="linear")  # fmt: skip

# Frequencies --------------------------------------------------------------------------


@operator
def fftshift(x, axes=None):
    """x with the element of frequency 0 brought from the front of `axes` (None: all) to the middle.

    Raises ShapeError.
    """
    return np.fft.fftshift(x, axes)


@operator
def ifftshift(x, axes=None):
    """The inverse of `fftshift`. Raises ShapeError."""
    return np.fft.ifftshift(x, axes)


rule("fftshift", lambda dy, y, x, axes: ifftshift(dy, axes), jvp="linear")
rule("ifftshift", lambda dy, y, x, axes: fftshift(dy, axes), jvp="linear")


def fftfreq(n, d=1.0, dtype="float64"):
    """The frequencies of the elements of `fft` of n samples at distance d, a constant."""
    return constant(np.fft.fftfreq(int(values(n)), d), dtype)


def rfftfreq(n, d=1.0, dtype="float64"):
    """The frequencies of the elements of `rfft` of n samples at distance d, a constant."""
    return constant(np.fft.rfftfreq(int(values(n)), d), dtype)
