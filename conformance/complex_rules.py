"""From operand types and parameters to the type of a result: complex numbers and Fourier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conformance.errors import ShapeError
from conformance.typing_rules import (
    Parameters,
    TensorType,
    Types,
    broadcasting,
    complex_of,
    holomorphic,
    inexact_operands,
    is_int,
    normalize_axes,
    normalize_axis,
    real_of,
)

NORMS = ("backward", "ortho", "forward")

# --- complex numbers ---------------------------------------------------------------------------

def part(types: Types, parameters: Parameters) -> TensorType:
    """Real numbers of complex ones: parts and angles."""
    (x,) = complex_operands(types)
    return x.real


def conj(types: Types, parameters: Parameters) -> TensorType:
    complex_operands(types)
    return holomorphic(types, parameters)


def from_parts(types: Types, parameters: Parameters) -> TensorType:
    """Complex numbers of two real ones."""
    both = broadcasting(types, parameters)
    return TensorType(both.shape, complex_of(both.dtype))


def complex_operands(types: Types) -> Types:
    """The operands as they are; raises ShapeError unless each is complex."""
    for t in types:
        if not t.is_complex:
            raise ShapeError(f"wants complex numbers, got {t}; xp.complex(x, 0.0) makes them")
    return types


# --- Fourier -----------------------------------------------------------------------------------

def fft(types: Types, parameters: Parameters) -> TensorType:
    """Complex to complex along one axis; a real operand is promoted."""
    axis, n = _one_axis(types, parameters, lambda length: length)
    return _resized(types, {axis: n}, to_complex=True)


def rfft(types: Types, parameters: Parameters) -> TensorType:
    """Real to the half of the spectrum that tells the other."""
    _real(types, "xp.fft")
    axis, n = _one_axis(types, parameters, lambda length: length)
    return _resized(types, {axis: n // 2 + 1}, to_complex=True)


def irfft(types: Types, parameters: Parameters) -> TensorType:
    """Half of a spectrum to real numbers."""
    complex_operands(types)
    axis, n = _one_axis(types, parameters, lambda length: 2 * (length - 1))
    return _resized(types, {axis: n}, to_complex=False)


def fftn(types: Types, parameters: Parameters) -> TensorType:
    """Complex to complex along several axes; a real operand is promoted."""
    axes = _several_axes(types, parameters)
    return _resized(types, {axis: types[0].shape[axis] for axis in axes}, to_complex=True)


def rfftn(types: Types, parameters: Parameters) -> TensorType:
    """Real to complex along the last of the axes, complex to complex along the others."""
    _real(types, "xp.fftn")
    axes = _several_axes(types, parameters)
    return _resized(types, {axes[-1]: types[0].shape[axes[-1]] // 2 + 1}, to_complex=True)


def shifted(types: Types, parameters: Parameters) -> TensorType:
    _axes(types, parameters)
    return types[0]


def _one_axis(types: Types, parameters: Parameters, length: Any) -> tuple[int, int]:
    inexact_operands(types)
    _norm(parameters)
    axis, n = normalize_axis(parameters["axis"], len(types[0].shape)), parameters["n"]
    n = length(types[0].shape[axis]) if n is None else n
    if not is_int(n) or n < 1:
        raise ShapeError(f"wants a length n of at least 1, got {n!r}")
    return axis, n


def _several_axes(types: Types, parameters: Parameters) -> Sequence[int]:
    inexact_operands(types)
    _norm(parameters)
    axes = _axes(types, parameters)
    if not axes or 0 in (types[0].shape[axis] for axis in axes):
        raise ShapeError(f"wants an axis that is not empty, got {types[0]}")
    return axes


def _axes(types: Types, parameters: Parameters) -> tuple[int, ...]:
    axes = parameters["axes"]
    if axes is not None and not isinstance(axes, tuple):
        raise ShapeError(f"wants axes as a tuple such as (0, 1), got {axes!r}")
    return normalize_axes(axes, len(types[0].shape))


def _norm(parameters: Parameters) -> None:
    if parameters["norm"] not in NORMS:
        raise ShapeError(f"wants a norm, one of {', '.join(NORMS)}, got {parameters['norm']!r}")


def _real(types: Types, other: str) -> None:
    if types[0].is_complex:
        raise ShapeError(f"wants real numbers, got {types[0]}; {other} takes complex ones")


def _resized(types: Types, lengths: dict[int, int], *, to_complex: bool) -> TensorType:
    (x,) = types
    shape = tuple(lengths.get(axis, n) for axis, n in enumerate(x.shape))
    part = real_of(x.dtype)
    return TensorType(shape, complex_of(part) if to_complex else part)
