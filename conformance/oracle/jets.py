"""Jets: numbers with infinitesimals, and the reasons why one may be missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flint import acb, arb, ctx

from conformance.formats import FORMATS
from conformance.oracle import decisions
from conformance.oracle.complex_functions import COMPLEX_FUNCTIONS
from conformance.oracle.functions import FUNCTIONS, Function, NoValue
from conformance.typing_rules import real_of

# A polynomial in infinitesimals, by monomial. Infinitesimals come in levels, one level for each
# gradient that is nested around, one infinitesimal of it for each element that is shifted; products
# of two of one level vanish. A monomial is an int with a field of LEVEL_BITS for each level: the
# infinitesimal's number, counted from 1, or 0. The monomial 0 is always there. One that is absent
# stands for no dependence at all; a present coefficient of exactly 0 for a dependence with slope 0
# (at a kink that is a difference).
# The coefficients of a complex number are complex balls; infinitesimals are real in any case.
Jet = dict[int, arb]
LEVEL_BITS = 24
LEVEL_FIELD = (1 << LEVEL_BITS) - 1


def real_part(ball: arb | acb) -> arb:
    return ball.real if isinstance(ball, acb) else ball


def imaginary_part(ball: arb | acb) -> arb:
    return ball.imag if isinstance(ball, acb) else ZERO


def levels(monomial: int) -> int:
    """The levels that a monomial has an infinitesimal of, as a bitmask."""
    if monomial <= LEVEL_FIELD:
        return int(monomial > 0)
    found, bit = 0, 1
    while monomial:
        if monomial & LEVEL_FIELD:
            found |= bit
        monomial >>= LEVEL_BITS
        bit <<= 1
    return found


def order(monomial: int) -> int:
    """How many infinitesimals a monomial multiplies."""
    return levels(monomial).bit_count()


def by_levels(jet: Jet) -> dict[int, list[tuple[int, arb]]]:
    """The terms of a jet, those of the same levels together."""
    found: dict[int, list[tuple[int, arb]]] = {}
    for term in jet.items():
        found.setdefault(levels(term[0]), []).append(term)
    return found

ZERO = arb(0)
ONE = arb(1)


@dataclass(frozen=True)
class Missing:
    """The place of a number that could not be had; it spreads quietly through what uses it.

    kind: "kink", "domain", "branch" (undecided), "range" (a ball without bounds), "spectrum"
        (equal eigenvalues), "overflow".
    final: more precision would not help.
    """

    kind: str
    place: str
    detail: str
    final: bool

    def refusal(self) -> str:
        """Why there is no truth."""
        return f"{self.kind}: {self.place} {self.detail}"

    def note(self) -> str:
        """Why rounding explains any answer."""
        if self.kind in ("branch", "kink"):
            return f"the branch at {self.place} is within rounding of its tie"
        if self.kind == "overflow":
            return f"an intermediate ({self.place}) {self.detail}"
        return f"{self.place} is within rounding of leaving its domain ({self.detail})"


class Arithmetic:
    """Exact arithmetic on jets; what it knows of a number is a ball that contains it."""

    noisy = False
    largest = arb.pos_inf()
    unit: arb | acb = arb(0)  # how far one rounding may be off, relatively

    @property
    def real(self) -> Arithmetic:
        """That of the parts of complex numbers."""
        return self

    def term(self, x: arb, y: arb) -> arb:
        """A product of two coefficients."""
        return x * y

    def widen_slopes(self, jet: Jet, amount: arb) -> Jet:
        """Allow rules a relative error of `amount` unit roundoffs; exact arithmetic needs none."""
        return jet

    def widen_value(self, jet: Jet, amount: arb) -> Jet:
        """Allow kernels a relative error of `amount` unit roundoffs in the value alone."""
        return jet

    def literal(self, ball: arb, representable: bool) -> Jet:
        return {0: ball}

    def settle(self, jet: Jet, uses: int) -> Jet:
        """What may happen to a finished value: accumulation, underflow; overflow is NoValue."""
        return jet

    def taylor(self, function: Function, at: arb, order: int) -> list[arb]:
        """Coefficients 0..order of the function at a ball."""
        return function.taylor(at, order)

    def inner_product_roundings(self, count: int) -> float:
        """What a sum of `count` products may be off by, relative to that of their sizes."""
        return 0.0

    def partials(self, function: Any, at: tuple[arb, ...],
                 order: int) -> dict[tuple[int, ...], arb]:
        """Coefficients of every total order up to `order` of a function of several variables."""
        return function.taylor(at, order)

    def add(self, jets: Sequence[Jet]) -> Jet:
        """The sum of any number of jets."""
        if not jets:
            return {0: ZERO}
        total = dict(jets[0])
        for jet in jets[1:]:
            for mask, x in jet.items():
                total[mask] = total[mask] + x if mask in total else x
        return total

    def negative(self, a: Jet) -> Jet:
        return {mask: -x for mask, x in a.items()}

    def subtract(self, a: Jet, b: Jet) -> Jet:
        if a is b:
            return dict.fromkeys(a, ZERO)
        return self.add((a, self.negative(b)))

    def multiply(self, a: Jet, b: Jet) -> Jet:
        term = self.term
        if len(b) == 1 and 0 in b:
            y = b[0]
            return {s: term(x, y) for s, x in a.items()}
        if len(a) == 1 and 0 in a:
            x = a[0]
            return {t: term(x, y) for t, y in b.items()}
        return self._multiply(a, b)

    def _multiply(self, a: Jet, b: Jet) -> Jet:
        term = self.term
        right = by_levels(b)
        out: Jet = {}
        for g, xs in by_levels(a).items():
            for h, ys in right.items():
                if not g & h:
                    for s, x in xs:
                        for t, y in ys:
                            xy = term(x, y)
                            mask = s | t
                            out[mask] = out[mask] + xy if mask in out else xy
        return out

    def prod(self, jets: Sequence[Jet]) -> Jet:
        product: Jet = {0: ONE}
        for jet in jets:
            product = self.multiply(product, jet)
        return product

    def apply(self, name: str, a: Jet) -> Jet:
        """A smooth function of one variable, by its name in the table of functions."""
        table = COMPLEX_FUNCTIONS if isinstance(a[0], acb) else FUNCTIONS
        return self.compose(table[name], a)

    def compose(self, function: Function, a: Jet) -> Jet:
        """Horner's rule on the nilpotent part, around the constant coefficient."""
        if len(a) == 1:
            return {0: self.taylor(function, a[0], 0)[0]}
        nilpotent = {mask: x for mask, x in a.items() if mask}
        bits = 0
        for mask in nilpotent:
            bits |= levels(mask)
        highest = bits.bit_count()
        coefficients = self.taylor(function, a[0], highest)
        result = {0: coefficients[highest]}
        for c in reversed(coefficients[:highest]):
            result = self.multiply(nilpotent, result)
            result[0] = c
        return result

    def divide(self, a: Jet, b: Jet) -> Jet:
        return self.multiply(a, self.apply("reciprocal", b))

    def choose(self, sign_: int | None, positive: Jet, negative: Jet) -> Jet:
        """The branch of a continuous piecewise function; NoValue at and around its kinks."""
        return choose(sign_, positive, negative)


def midpoint(ball: arb) -> arb:
    """The exact centre of a ball."""
    return ball.mid()


def same(a: Jet, b: Jet) -> bool:
    """Whether two jets are certainly one: all coefficients exact and equal."""
    return a is b or (a.keys() == b.keys() and all(a[m] == b[m] for m in a))


def sign(ball: arb, place: Any = None) -> int | None:
    """-1, 0 or 1; None while the ball does not tell. Beside a kink, the side that is followed.

    place: which of a rule's signs this is, where they are not asked for in a fixed order.
    """
    found = 1 if ball > 0 else -1 if ball < 0 else 0 if ball.is_zero() else None
    followed = decisions.active()
    return found if followed is None else followed.side(found, place)


def choose(sign_: int | None, positive: Jet, negative: Jet) -> Jet:
    """The branch of a continuous piecewise function; raises NoValue at and around its kinks."""
    if sign_:
        return positive if sign_ > 0 else negative
    if same(positive, negative):
        return positive
    if len(positive) == len(negative) == 1:  # a value alone; it is continuous
        return {0: positive[0].union(negative[0])}
    followed = decisions.active()
    if followed is not None and followed.averages():
        return mean((positive, negative))
    if sign_ is None:
        raise NoValue("branch", "cannot be decided", final=False)
    raise NoValue("kink", "is at a kink, and its branches have different derivatives", final=True)


def mean(jets: Sequence[Jet]) -> Jet:
    """What a rule answers that shares a tie out evenly."""
    total: Jet = {}
    for jet in jets:
        for monomial, x in jet.items():
            total[monomial] = total.get(monomial, ZERO) + x
    return {monomial: x / len(jets) for monomial, x in total.items()}


class working_precision:
    """Sets python-flint's global precision and restores it, with the length of its series."""

    def __init__(self, bits: int) -> None:
        self.bits = bits

    def __enter__(self) -> None:
        self.before = ctx.prec, ctx.cap
        ctx.prec = self.bits

    def __exit__(self, *_: object) -> None:
        ctx.prec, ctx.cap = self.before


def exact_ball(number: complex | bool, dtype: str) -> arb | acb:
    """A Python number as a computation in `dtype` sees it, without error."""
    part = real_of(dtype)
    if part != dtype:
        return acb(exact_ball(number.real, part), exact_ball(number.imag, part))
    return arb(FORMATS[dtype].round(number)) if dtype in FORMATS else arb(int(number))
