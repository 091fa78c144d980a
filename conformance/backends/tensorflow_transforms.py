"""Fourier transforms as TensorFlow has them on a CPU: along the last one or two axes, unscaled."""

from __future__ import annotations

import math
from collections.abc import Mapping

from conformance.backends.printing import PRODUCT, Call, Expr, Spelling, plain
from conformance.errors import Unsupported
from conformance.typing_rules import complex_of, normalize_axes, normalize_axis


def _lacks(call: Call, what: str) -> Unsupported:
    return Unsupported(f"tensorflow has no {call.node.op} {what} ({call.node.where})")


def _complex(call: Call) -> str:
    """The operand, which tf.signal.fft wants complex."""
    if call.types[0].is_complex:
        return call.text
    return f"tf.cast({call.text}, tf.{complex_of(call.types[0].dtype)})"


def _scaled(text: str, norm: str, n: int, *, inverse: bool) -> Expr:
    """TensorFlow scales as norm="backward" does."""
    if norm == "backward":
        return Expr(text)
    if norm == "ortho":
        symbol = "*" if inverse else "/"
        return Expr(f"{text} {symbol} {plain(math.sqrt(n))}", PRODUCT)
    return Expr(f"{text} {'*' if inverse else '/'} {float(n)}", PRODUCT)


def _one_axis(name: str) -> Spelling:
    inverse, from_half, half = name.startswith("i"), name == "irfft", name == "rfft"

    def spell(call: Call) -> Expr:
        axis, last = normalize_axis(call["axis"], len(call.shape)), len(call.shape) - 1
        length = 2 * (call.shape[axis] - 1) if from_half else call.shape[axis]
        n = call["n"] or length
        text = call.text if half or from_half else _complex(call)
        if axis != last:
            text = f"tf.experimental.numpy.swapaxes({text}, {axis}, {last})"
        if n != length and not (half or from_half):
            raise _lacks(call, f"to a length of {n} rather than {length}")
        arguments = f"{text}, fft_length=[{n}]" if n != length else text
        result = f"tf.signal.{name}({arguments})"
        if axis != last:
            result = f"tf.experimental.numpy.swapaxes({result}, {axis}, {last})"
        return _scaled(result, call["norm"], n, inverse=inverse)

    return spell


def _two_axes(name: str, *, half: bool = False) -> Spelling:
    def spell(call: Call) -> Expr:
        ndim = len(call.shape)
        axes = normalize_axes(call["axes"], ndim)
        if axes != (ndim - 2, ndim - 1):
            raise _lacks(call, f"along the axes {axes}")
        n = call.shape[-2] * call.shape[-1]
        text = call.text if half else _complex(call)
        return _scaled(f"tf.signal.{name}({text})", call["norm"], n, inverse=name.startswith("i"))

    return spell


def _shift(name: str) -> Spelling:
    def spell(call: Call) -> Expr:
        axes = "" if call["axes"] is None else f", axes={plain(list(call['axes']))}"
        return Expr(f"tf.signal.{name}({call.text}{axes})")

    return spell


TRANSFORMS: Mapping[str, Spelling | None] = {
    **{name: _one_axis(name) for name in ("fft", "ifft", "rfft", "irfft")},
    "hfft": None, "ihfft": None,
    "fftn": _two_axes("fft2d"), "ifftn": _two_axes("ifft2d"),
    "rfftn": _two_axes("rfft2d", half=True),
    "fftshift": _shift("fftshift"), "ifftshift": _shift("ifftshift"),
}
