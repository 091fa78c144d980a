"""Smooth functions of one variable, as power series over balls; no derivative is written here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from flint import acb, acb_series, arb, arb_series, ctx

from conformance.oracle import allowances
from conformance.oracle.allowances import EXACT, Allowance


class NoValue(Exception):
    """A number cannot be had here; `final` when more precision would not help."""

    def __init__(self, kind: str, detail: str, final: bool) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.final = final


@dataclass(frozen=True)
class Function:
    """A function of one variable, real or complex as the balls that it is given.

    series: the function of a power series with any constant term.
    value: its value on a ball, where the series' constant term is missing or loses digits.
    low, high: the ends of its open domain; closed: it still has a value (no slope) at an end.
    pole: it has a pole at 0. cut: it has a branch cut along the negative real axis and 0.
    allowance: the rounding of its kernel and of its rule.
    """

    series: Callable[[arb_series], arb_series]
    value: Callable[[arb], arb] | None = None
    low: int | None = None
    high: int | None = None
    closed: bool = False
    pole: bool = False
    cut: bool = False
    allowance: Allowance = EXACT

    def taylor(self, at: arb, order: int) -> list[arb]:
        """Coefficients 0..order at a ball; raises NoValue outside the domain."""
        self.check_domain(at, order)
        if order == 0 and self.value is not None:
            coefficients = [self.value(at)]
        else:
            ctx.cap = order + 1
            try:
                kind = acb_series if isinstance(at, acb) else arb_series
                series = self.series(kind([at, 1], order + 1))
            except (ValueError, ZeroDivisionError):  # a ball around a pole
                raise NoValue("range", "cannot be bounded here", final=False) from None
            coefficients = [series[k] for k in range(order + 1)]
            if self.value is not None:
                coefficients[0] = self.value(at)
        for c in coefficients:
            if not c.is_finite():
                raise NoValue("range", "cannot be bounded here", final=False)
        return coefficients

    def check_domain(self, at: arb, order: int) -> None:
        if self.pole and at.is_zero():
            raise NoValue("domain", "has a pole at 0", final=True)
        if self.cut:
            check_cut(at)
        for end, outside in ((self.low, arb.__lt__), (self.high, arb.__gt__)):
            if end is None:
                continue
            if outside(at, end):
                raise NoValue("domain", "is outside its domain", final=True)
            if at == end and not (self.closed and order == 0):
                raise NoValue("domain", "is at the end of its domain", final=True)


def check_cut(at: acb) -> None:
    """Raise NoValue on the negative real axis and at 0, where log jumps."""
    if not at.real > 0 and at.imag.contains(0):
        if at.imag.is_zero() and at.real <= 0:
            raise NoValue("cut", "is on its branch cut", final=True)
        raise NoValue("branch", "may be on its branch cut", final=False)


def sigmoid_series(t: arb_series) -> arb_series:
    """Two spellings of one function; that with the small exponential keeps wide balls narrow."""
    if t[0].mid() > 0:
        return (1 + (-t).exp()).inv()
    small = t.exp()
    return small * (1 + small).inv()


def tanh_series(t: arb_series) -> arb_series:
    if t[0].mid() > 0:
        return 2 * (1 + (-2 * t).exp()).inv() - 1
    return 1 - 2 * (1 + (2 * t).exp()).inv()


def by_squaring(t: Any, exponent: int) -> Any:
    """A ball or a series to an integer power, by products alone.

    python-flint's own power of a ball takes a logarithm, which no ball around 0 has.
    """
    result, square, n = t * 0 + 1, t, abs(exponent)
    while n:
        if n & 1:
            result = result * square
        n >>= 1
        square = square * square if n else square
    return 1 / result if exponent < 0 else result


def power(exponent: int) -> Function:
    """x to an integer power, right for bases of every sign and for balls around 0."""
    return Function(lambda t: by_squaring(t, exponent), lambda a: by_squaring(a, exponent),
                    pole=exponent < 0, allowance=allowances.power(exponent))


# One line a function. Where a line gives a primitive, `integral` restores the series but for its
# constant term, which `value` supplies.
_LINES: dict[str, Function] = {
    "acos": Function(lambda t: t.acos(), arb.acos, -1, 1, closed=True),
    "acosh": Function(lambda t: ((t - 1) * (t + 1)).rsqrt().integral(), arb.acosh, 1, closed=True),
    "asin": Function(lambda t: t.asin(), arb.asin, -1, 1, closed=True),
    "asinh": Function(lambda t: (t * t + 1).rsqrt().integral(), arb.asinh),
    "atan": Function(lambda t: t.atan(), arb.atan),
    "atanh": Function(lambda t: ((1 - t) * (1 + t)).inv().integral(), arb.atanh, -1, 1),
    "cos": Function(lambda t: t.cos(), arb.cos),
    "cosh": Function(lambda t: (t.exp() + (-t).exp()) / 2, arb.cosh),
    "erf": Function(lambda t: t.erf(), arb.erf),
    "exp": Function(lambda t: t.exp(), arb.exp),
    "expm1": Function(lambda t: t.exp() - 1, arb.expm1),
    "log": Function(lambda t: t.log(), arb.log, 0),
    "log10": Function(lambda t: t.log() / arb.const_log10(), None, 0),
    "log1p": Function(lambda t: (1 + t).log(), arb.log1p, -1),
    "log2": Function(lambda t: t.log() / arb.const_log2(), None, 0),
    "reciprocal": Function(lambda t: t.inv(), lambda a: 1 / a, pole=True),
    "rsqrt": Function(lambda t: t.rsqrt(), arb.rsqrt, 0),
    "sigmoid": Function(sigmoid_series),
    "sin": Function(lambda t: t.sin(), arb.sin),
    "sinh": Function(lambda t: (t.exp() - (-t).exp()) / 2, arb.sinh),
    "softplus": Function(lambda t: sigmoid_series(t).integral(), lambda a: a.exp().log1p()),
    "sqrt": Function(lambda t: t.sqrt(), arb.sqrt, 0, closed=True),
    "square": Function(lambda t: t * t, lambda a: a * a),
    "tan": Function(lambda t: t.tan(), arb.tan),
    "tanh": Function(tanh_series, arb.tanh),
}

FUNCTIONS = {name: replace(function, allowance=allowances.FUNCTIONS[name])
             for name, function in _LINES.items()}
