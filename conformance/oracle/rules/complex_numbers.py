"""Complex numbers in parts, and what of the elementwise operators is its own for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flint import acb

from conformance.graph import Node
from conformance.oracle.functions import check_cut
from conformance.oracle.jets import Arithmetic, Jet, imaginary_part, real_part
from conformance.oracle.rules import elementwise

Rule = Callable[..., Any]


def is_complex(x: Jet) -> bool:
    return isinstance(x[0], acb)


def real(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    return {monomial: real_part(c) for monomial, c in x.items()}


def imag(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    return {monomial: imaginary_part(c) for monomial, c in x.items()}


def conj(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    return {monomial: acb(real_part(c), -imaginary_part(c)) for monomial, c in x.items()}


def from_parts(arithmetic: Arithmetic, node: Node, x: Jet, w: Jet) -> Jet:
    return {monomial: acb(x.get(monomial, 0), w.get(monomial, 0))
            for monomial in dict.fromkeys((*x, *w))}


def angle(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    check_cut(acb(x[0]))
    return elementwise.atan2(arithmetic.real, node, imag(arithmetic, node, x),
                             real(arithmetic, node, x))


def absolute(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    if not is_complex(x):
        return elementwise.absolute(arithmetic, node, x)
    return elementwise.hypot(arithmetic.real, node, real(arithmetic, node, x),
                             imag(arithmetic, node, x))


def log(arithmetic: Arithmetic, node: Node, x: Jet) -> Jet:
    """The value by its parts, as kernels do: near 1 it is small, and their errors are not."""
    if not is_complex(x):
        return arithmetic.apply("log", x)
    result, here = arithmetic.apply("log", x), {0: x[0]}
    size = arithmetic.real.apply("log", absolute(arithmetic, node, here))
    return {**result, 0: acb(size[0], angle(arithmetic, node, here)[0])}


def power(arithmetic: Arithmetic, node: Node, base: Jet, exponent: Jet) -> Jet:
    """An exact integer exponent without slope is right at every base; others are exp(w log(z))."""
    if not is_complex(base) and not is_complex(exponent):
        return elementwise.power(arithmetic, node, base, exponent)
    n = exponent[0]
    if len(exponent) == 1 and n.is_exact() and imaginary_part(n).is_zero():
        whole = real_part(n).unique_fmpz()
        if whole is not None:
            return arithmetic.compose(elementwise.integer_power(int(whole)), base)
    logarithm = log(arithmetic, node, {monomial: acb(c) for monomial, c in base.items()})
    return arithmetic.apply("exp", arithmetic.multiply(exponent, logarithm))


ELEMENTWISE: dict[str, Rule] = {
    "real": real,
    "imag": imag,
    "conj": conj,
    "complex": from_parts,
    "angle": angle,
    # in place of elementwise's, which these call for real numbers
    "abs": absolute,
    "log": log,
    "pow": power,
}
