"""Discrete Fourier transforms, by their definition, with exact roots of unity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log2, prod
from typing import Any

import numpy as np
from flint import acb, arb, fmpq

from conformance.graph import Node
from conformance.oracle import allowances
from conformance.oracle.jets import ZERO, Arithmetic, Jet, real_part
from conformance.oracle.walking import filled
from conformance.typing_rules import normalize_axes, normalize_axis

Rule = Callable[..., Any]
# the elements of a fiber, the length and the sign of the exponent -> the result's elements
Transform = Callable[[Sequence[Any], int, int], list[Any]]
Column = Sequence[arb | acb]


def root(power: int, length: int) -> acb:
    """exp(2 pi i power / length)."""
    sine, cosine = arb.sin_cos_pi_fmpq(fmpq(2 * power, length))
    return acb(cosine, sine)


def full(x: Column, n: int, sign: int) -> list[acb]:
    return [sum((root(sign * j * k % n, n) * x[j] for j in range(n)), acb(0)) for k in range(n)]


def half(x: Column, n: int, sign: int) -> list[acb]:
    """Of a real column, the first half of the result, which tells the other."""
    return full(x, n, sign)[: n // 2 + 1]


def from_half(x: Column, n: int, sign: int) -> list[arb]:
    """A real column, of which x is the first half of the spectrum.

    The imaginary parts of the elements that are their own mirror images are not read.
    """
    spectrum = [acb(real_part(x[0]))]
    spectrum += [acb(c) for c in x[1: (n + 1) // 2]]
    if n % 2 == 0:
        spectrum.append(acb(real_part(x[n // 2])))
    spectrum += [spectrum[n - k].conjugate() for k in range(len(spectrum), n)]
    return [value.real for value in full(spectrum, n, sign)]


def scale(norm: str, n: int, *, inverse: bool) -> arb:
    if norm == "ortho":
        return arb(n).rsqrt()
    return arb(1) / n if (norm == "backward") == inverse else arb(1)


def along(arithmetic: Arithmetic, x: np.ndarray, axis: int, n: int, transform: Transform,
          sign: int) -> np.ndarray:
    """The transform of every fiber, cut or filled with zeros to the length that it reads."""
    rows = np.moveaxis(x, axis, -1)
    reads = n // 2 + 1 if transform is from_half else n
    fibers = [one(arithmetic, [*row[:reads], *[{0: ZERO}] * (reads - len(row))], n, transform, sign)
              for row in rows.reshape(-1, rows.shape[-1])]
    length = len(fibers[0]) if fibers else reads
    flat = [jet for fiber in fibers for jet in fiber]
    return np.moveaxis(filled(flat, (*rows.shape[:-1], length)), -1, axis)


def one(arithmetic: Arithmetic, row: Sequence[Jet], n: int, transform: Transform,
        sign: int) -> list[Jet]:
    """The transform of one fiber: that of the coefficients of each monomial."""
    results: list[Jet] = []
    for monomial in dict.fromkeys(m for jet in row for m in jet):
        column = [jet.get(monomial, ZERO) for jet in row]
        moved = transform(column, n, sign)
        if not all(c.is_zero() for c in column):
            moved = rounded(arithmetic, column, moved, n, transform)
        results = results or [{} for _ in moved]
        for jet, c in zip(results, moved, strict=True):
            jet[monomial] = c
    return results


def rounded(arithmetic: Arithmetic, column: Column, moved: Column, n: int,
            transform: Transform) -> list[Any]:
    """Every element off by a part of the 2-norm of all: that is how an FFT rounds."""
    if not arithmetic.noisy:
        return list(moved)
    both = 2 if transform is from_half else 1  # a half stands for the whole
    norm = (n * both * sum((abs(c) ** 2 for c in column), ZERO)).sqrt()
    error = arithmetic.unit * (allowances.FOURIER * max(1.0, log2(n))) * norm
    return [c + error for c in moved]


def one_axis(transform: Transform, sign: int, *, inverse: bool) -> Rule:
    def rule(arithmetic: Arithmetic, node: Node, x: np.ndarray) -> np.ndarray:
        axis = normalize_axis(node["axis"], x.ndim)
        n = node["n"] or (2 * (x.shape[axis] - 1) if transform is from_half else x.shape[axis])
        return scaled(along(arithmetic, x, axis, n, transform, sign),
                      scale(node["norm"], n, inverse=inverse))

    return rule


def several_axes(last: Transform, sign: int, *, inverse: bool) -> Rule:
    """`last` along the last axis, then whole transforms along the others."""
    def rule(arithmetic: Arithmetic, node: Node, x: np.ndarray) -> np.ndarray:
        axes = normalize_axes(node["axes"], x.ndim)
        lengths = [x.shape[axis] for axis in axes]
        for axis, n in zip(reversed(axes), reversed(lengths), strict=True):
            x = along(arithmetic, x, axis, n, last if axis == axes[-1] else full, sign)
        return scaled(x, scale(node["norm"], prod(lengths), inverse=inverse))

    return rule


def scaled(x: np.ndarray, factor: arb) -> np.ndarray:
    """The rounding of the factor is in the transform's own."""
    return filled([{monomial: c * factor for monomial, c in jet.items()} for jet in x.flat],
                  x.shape)


ARRAYS: dict[str, Rule] = {
    "fft": one_axis(full, -1, inverse=False),
    "ifft": one_axis(full, 1, inverse=True),
    "rfft": one_axis(half, -1, inverse=False),
    "irfft": one_axis(from_half, 1, inverse=True),
    "hfft": one_axis(from_half, -1, inverse=False),
    "ihfft": one_axis(half, 1, inverse=True),
    "fftn": several_axes(full, -1, inverse=False),
    "ifftn": several_axes(full, 1, inverse=True),
    "rfftn": several_axes(half, -1, inverse=False),
}

SHAPES: dict[str, Rule] = {
    "fftshift": lambda node, x: np.fft.fftshift(x, node["axes"]),
    "ifftshift": lambda node, x: np.fft.ifftshift(x, node["axes"]),
}
