"""Noisy arithmetic: after every primitive the balls grow by what its rounding may have done."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from flint import acb, arb

from conformance.formats import Format
from conformance.oracle import allowances
from conformance.oracle.allowances import Allowance
from conformance.oracle.functions import Function, NoValue
from conformance.oracle.jets import ONE, ZERO, Arithmetic, Jet, order
from conformance.typing_rules import real_of


def parts(ball: arb | acb) -> tuple[arb, ...]:
    return (ball.real, ball.imag) if isinstance(ball, acb) else (ball,)


class Noisy(Arithmetic):
    """Jets whose balls contain every result of a correct implementation, forward or reverse.

    To first order a reverse sweep loses what a forward one loses: both multiply the same partials
    along the same paths, and each rounding is a relative error of one partial or one partial sum.
    The balls forget all correlation, so a path sum that cancels keeps the size of its terms.
    """

    noisy = True

    def __init__(self, dtype: str, format: Format) -> None:
        self.dtype = dtype
        self.format = format
        self.u = format.unit_roundoff
        self.unit: arb | acb = arb(0, self.u)
        self.flush: arb | acb = arb(0, format.smallest_normal)
        self.error = self.unit
        if real_of(dtype) != dtype:  # a square around the circle of complex numbers that are so off
            self.unit, self.flush = acb(self.unit, self.unit), acb(self.flush, self.flush)
            self.error = self.unit * allowances.COMPLEX
        self.product = self.slack(allowances.PRODUCT)
        self.smallest = arb(format.smallest_normal)
        self.largest = arb(format.largest)
        self.rounding: dict[Allowance, tuple[arb, arb, arb]] = {}

    def slack(self, roundings: float | arb) -> arb:
        """The ball 1 ± roundings * u: multiplying by it is a relative error of that size."""
        return 1 + self.error * roundings

    @cached_property
    def real(self) -> Noisy:
        return Noisy(real_of(self.dtype), self.format)

    @cached_property
    def addition(self) -> list[arb]:
        return [1 + self.unit * (allowances.ADDITION * n) for n in range(16)]

    def additions(self, count: int) -> arb:
        return self.addition[count] if count < 16 else 1 + self.unit * (allowances.ADDITION * count)

    def term(self, x: arb, y: arb) -> arb:
        return x * y * self.product

    def inner_product_roundings(self, count: int) -> float:
        """What a sum of `count` products may be off by, relative to that of their sizes."""
        return self.u * (allowances.PRODUCT + allowances.ADDITION * (count - 1)) * (1 + 2.0**-30)

    def add(self, jets: Sequence[Jet]) -> Jet:
        """One addition is off by u times its result; several, in any order, by u a term each."""
        terms: dict[int, list[arb]] = {}
        for jet in jets:
            for mask, x in jet.items():
                if not x.is_zero() or not mask:
                    terms.setdefault(mask, []).append(x)
        total: Jet = {0: ZERO}
        for jet in jets:
            total.update(dict.fromkeys(jet, ZERO))
        for mask, balls in terms.items():
            slack = self.additions(len(balls) - 1)
            if len(balls) <= 2:
                total[mask] = sum(balls[1:], balls[0]) * slack
            else:
                total[mask] = sum((x * slack for x in balls[1:]), balls[0] * slack)
        return total

    def subtract(self, a: Jet, b: Jet) -> Jet:
        return self.add((a, self.negative(b)))

    def literal(self, ball: arb, representable: bool) -> Jet:
        return {0: ball if representable else ball * (1 + self.unit * allowances.LITERAL)}

    def widen_slopes(self, jet: Jet, amount: arb) -> Jet:
        slack = self.slack(amount)
        return {mask: x * slack if mask else x for mask, x in jet.items()}

    def widen_value(self, jet: Jet, amount: arb) -> Jet:
        return {**jet, 0: jet[0] * self.slack(amount)}

    def taylor(self, function: Function, at: arb, order: int) -> list[arb]:
        """Coefficients with the rounding of the kernel, of the rule, and of the rule's operands."""
        allowance = function.allowance
        _, rule, shift = self._rounding(allowance)
        if order == 0:
            (c,) = function.taylor(at, 0)
            return [c + self.loss(allowance, at, c)]
        exact = function.taylor(at, order + 1)
        loss = self.loss(allowance, at, exact[0])
        moved = at * shift  # by how far the point may be off at which a rule takes its slope
        if allowance.from_output:
            # an output off by dy is the output of a point off by dy / f'
            moved = moved + loss / exact[1]
        noisy = [exact[0] + loss, *(exact[k] * rule + moved * ((k + 1) * exact[k + 1])
                                    for k in range(1, order + 1))]
        first = 2  # the derivative in which the factors of a rule are added
        if allowance.slope:
            # likewise a slope off by ds is the slope of a point off by ds / f''
            off = (self.slack(allowance.slope(exact[0])) - 1) * exact[1]
            noisy[1] = exact[1] + off + moved * (2 * exact[2])
            for k in range(2, order + 1):
                noisy[k] += off / (2 * exact[2]) * ((k + 1) * exact[k + 1])
            first = 3
        if allowance.factors:
            terms = (rule - 1) * allowance.factors(at)  # each rounds on its own
            for k in range(first, order + 1):
                noisy[k] += exact[k - 1] * terms
        if allowance.terms:
            for k in range(1, order + 1):
                noisy[k] += (rule - 1) * allowance.terms(at, k)
        if not noisy[1].is_finite():
            raise NoValue("range", "cannot be bounded here", final=False)
        return noisy

    def partials(self, function: Any, at: tuple[arb, ...],
                 order: int) -> dict[tuple[int, ...], arb]:
        """Likewise for a function of several variables."""
        return function.noisy(at, order, arb(0, self.u))

    def loss(self, allowance: Allowance, at: arb, y: arb) -> arb:
        """By how much a kernel's value may be off: a ball around 0."""
        size = abs(y) + allowance.terms(at, 0) if allowance.terms else y
        return (self._rounding(allowance)[0] - 1) * size

    def _rounding(self, allowance: Allowance) -> tuple[arb, arb, arb]:
        """The slack of the value and of a rule, and the relative shift of a rule's operand."""
        if allowance not in self.rounding:
            self.rounding[allowance] = (self.slack(allowance.value), self.slack(allowance.rule + 1),
                                        self.unit * allowances.OPERAND)
        return self.rounding[allowance]

    def prod(self, jets: Sequence[Jet]) -> Jet:
        """A product, whose rules divide it by its factors: slopes then round like p / x_i / x_j.

        So coefficients that are 0 in truth (the second derivative for one factor) get a share of
        the majorant |p| (1 + L + L^2 + ...), with L the sum of |slopes of x_i| / |x_i|.
        """
        product = super().prod(jets)
        masks = {mask for jet in jets for mask in jet if mask}
        if not any(order(mask) == 1 for mask in masks) or any(j[0].contains(0) for j in jets):
            return product
        relative: Jet = {}
        for jet in jets:
            for mask, x in jet.items():
                if mask:
                    relative[mask] = relative.get(mask, ZERO) + abs(x) / abs(jet[0])
        majorant: Jet = {0: ONE}
        power: Jet = {0: ONE}
        while True:
            power = Arithmetic.multiply(self, power, relative)
            if not power:
                break
            for mask, x in power.items():
                majorant[mask] = majorant.get(mask, ZERO) + x
        share = abs(product[0]) * self.error * (allowances.PROD * len(jets))
        for mask, x in majorant.items():
            if mask:
                product[mask] = product.get(mask, ZERO) + x * share
        return product

    def choose(self, sign_: int | None, positive: Jet, negative: Jet) -> Jet:
        """Where rounding may take either branch and hardly any coefficient differs: both."""
        try:
            return super().choose(sign_, positive, negative)
        except NoValue:
            joined = positive.keys() == negative.keys() and all(
                x.overlaps(negative[mask]) for mask, x in positive.items())
            if not joined:
                raise
            return {mask: x.union(negative[mask]) for mask, x in positive.items()}

    def settle(self, jet: Jet, uses: int) -> Jet:
        """A finished value: its adjoints are accumulated over its uses; it may leave the range."""
        settled = jet
        for mask, x in jet.items():
            y = x
            if mask and not y.is_zero():
                nested = order(mask) - 1
                count = uses - 1 + nested * (allowances.REUSE_FACTOR * uses
                                             + allowances.REUSE_CONSTANT)
                if count > 0:
                    y = y * self.additions(count)
            if any(not abs(p) >= self.smallest and not p.is_zero() for p in parts(y)):
                y = y + self.flush
            if y is not x:
                if settled is jet:
                    settled = dict(jet)
                settled[mask] = y
        for mask in sorted(settled):
            if not all(abs(p) <= self.largest for p in parts(settled[mask])):
                what = "has a derivative that may" if mask else "may"
                raise NoValue("overflow", f"{what} overflow {self.dtype}", final=True)
        return settled
