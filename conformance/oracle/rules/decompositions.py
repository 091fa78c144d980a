"""Systems, determinants, factors and spectra: (arithmetic, node, *arrays) -> array.

For each matrix of a batch its function is expanded at the constants, and the expansion composed
with the jets of the elements, in any arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import factorial, isqrt

import numpy as np
from flint import arb

from conformance.graph import Node
from conformance.oracle import allowances, decisions
from conformance.oracle.functions import NoValue
from conformance.oracle.jets import ONE, ZERO, Arithmetic, Jet
from conformance.oracle.matrix_functions import FUNCTIONS, inverted
from conformance.oracle.partials import (
    Variables,
    as_matrix,
    compose,
    degree,
    elements,
    frobenius,
    needed,
    seeds,
    with_one_more,
)
from conformance.oracle.rules.elementwise import absolute
from conformance.oracle.rules.linear_algebra import inner_product, inner_products
from conformance.oracle.rules.reductions import extremum
from conformance.oracle.walking import filled

Rule = Callable[..., np.ndarray]


class Expansion:
    """A function of matrices around one point, with what rounding may do to its coefficients.

    A correct kernel is backward stable: its result is exact for operands that are a little off
    (allowances.BACKWARD), and so are the results that its rules are made of. So a coefficient may
    be off by its own derivative for every element of the operands, times what that element may be
    off by: through rounding so far, and through the algorithm.
    """

    def __init__(self, arithmetic: Arithmetic, name: str, node: Node,
                 matrices: Sequence[np.ndarray]) -> None:
        self.arithmetic, self.name, self.u = arithmetic, name, arithmetic.unit.rad()
        self.jets = [jet for x in matrices for jet in x.flat]
        self.points = [as_matrix(x, exact=arithmetic.noisy) for x in matrices]
        self.order = degree(self.jets)
        self.active = [v for v, jet in enumerate(self.jets) if len(jet) > 1]
        self.wanted = needed(self.active, self.order)
        self.off = self.uncertainty() if arithmetic.noisy else {}
        variables, first = [], 0
        for point in self.points:
            variables.append(seeds(point, first))
            first += point.nrows() * point.ncols()
        self.partials = FUNCTIONS[name](with_one_more(self.wanted, self.off), node, *variables)

    def uncertainty(self) -> dict[int, arb]:
        """By how much each variable may be off."""
        backward = allowances.BACKWARD[self.name]
        found: list[arb] = []
        for point in self.points:
            share = self.u * backward.roundings(max(point.nrows(), point.ncols()))
            size = frobenius(point).max(arb(backward.floor))
            found += [share * (abs(x) if backward.componentwise else size)
                      for x in point.entries()]
        return {v: (jet[0].rad() + off).upper()
                for v, (jet, off) in enumerate(zip(self.jets, found, strict=True))}

    def element(self, row: int, column: int) -> dict[Variables, arb]:
        """The coefficients of one element of the result."""
        found = elements(self.partials, self.wanted, row, column)
        if not self.off:
            return found
        own = 1 + allowances.MATRIX_RULE * self.arithmetic.unit
        for at, x in found.items():
            off = sum((abs(self.partials[more][row, column]) * amount
                       for v, amount in self.off.items()
                       if (more := tuple(sorted((*at, v)))) in self.partials), ZERO)
            found[at] = x * own + arb(0, 1) * (off + self.rule_error(len(at)))
        return found

    def rule_error(self, order: int) -> arb:
        """What the rules for derivatives of an order lose that nearby operands do not explain."""
        value = self.partials[()]
        if not order or self.name not in ("det", "matrix_exp"):
            return ZERO
        if self.name == "matrix_exp":
            share = allowances.truncation(self.u, order) / value.nrows()
            return frobenius(value) * self.u * share
        return ZERO if value[0, 0].is_zero() else self.products_of_inverses(abs(value[0, 0]), order)

    def products_of_inverses(self, value: arb, order: int) -> arb:
        """Of det, whose rules multiply it by inverses.

        Cofactors are better conditioned than these products, whose errors do not cancel.
        """
        a, inverse = self.points[0], inverted(self.points[0])
        relative = (self.u * allowances.BACKWARD["det"].roundings(a.nrows())
                    * (order + 1) * frobenius(a) * frobenius(inverse))
        largest = max(abs(x) for x in inverse.entries())
        return value * largest**order * factorial(order) * relative

    def result(self) -> list[list[Jet]]:
        """The elements of the result, by rows."""
        shape = self.partials[()]
        coefficients = [[self.element(i, j) for j in range(shape.ncols())]
                        for i in range(shape.nrows())]
        if self.arithmetic.noisy:
            check(self.name, [c[()] for row in coefficients for c in row])
        return [[compose(self.arithmetic, c, self.jets, self.active, self.order) for c in row]
                for row in coefficients]


def check(op: str, values: Sequence[arb]) -> None:
    """Raise NoValue where rounding leaves so little of a result that no expansion describes it."""
    if op in ("eigvalsh", "svdvals"):
        if any(a.overlaps(b) for a, b in pairwise(values)):
            raise NoValue("branch", "has a spectrum that rounding may close", final=False)
        values = values[-1:] if op == "svdvals" else ()
    if op == "cholesky" and any(x.contains(0) for x in values[:: isqrt(len(values)) + 1]):
        raise NoValue("range", "is within rounding of a singular matrix", final=False)
    size = ONE if op == "logabsdet" else max((abs(x.mid()) for x in values), default=ONE)
    if op not in ("det", "matrix_exp") and any(not 2 * x.rad() < size for x in values):
        raise NoValue("range", "is within rounding of a singular matrix", final=False)


def of_matrices(name: str) -> Rule:
    """A function of matrices, or of a matrix and a vector, for each place of their batch."""
    def rule(arithmetic: Arithmetic, node: Node, *arrays: np.ndarray) -> np.ndarray:
        batch = max((x.shape[:-2] for x in arrays), key=len)
        found = [jet for place in np.ndindex(*batch)
                 for row in Expansion(arithmetic, name, node, [x[place] for x in arrays]).result()
                 for jet in row]
        return filled(found, node.type.shape)

    return rule


inverse = of_matrices("inv")


def power(arithmetic: Arithmetic, node: Node, x: np.ndarray) -> np.ndarray:
    """Products, of the inverse for a negative exponent."""
    n = node["n"]
    if n < 0:
        x = inverse(arithmetic, node, x)
    result = x
    for _ in range(abs(n) - 1):
        result = filled([inner_product(arithmetic, row, column)
                         for row, column in inner_products(result, x)], node.type.shape)
    return result


def norm(arithmetic: Arithmetic, node: Node, x: np.ndarray) -> np.ndarray:
    followed = decisions.active()
    norms = []
    for k, place in enumerate(np.ndindex(*x.shape[:-2])):
        if followed is not None:
            followed.part(k)
        norms.append(norm_of_one(arithmetic, node, x[place]))
    return filled(norms, node.type.shape)


def norm_of_one(arithmetic: Arithmetic, node: Node, x: np.ndarray) -> Jet:
    ord = node["ord"]
    if ord == "fro":
        return root_of_squares(arithmetic, list(x.flat))
    if ord in ("nuc", 2, -2):
        values = [row[0] for row in Expansion(arithmetic, "svdvals", node, [x]).result()]
        return arithmetic.add(values) if ord == "nuc" else values[0 if ord == 2 else -1]
    lines = x.T if abs(ord) == 1 else x
    sums = [arithmetic.add([absolute(arithmetic, node, jet) for jet in line]) for line in lines]
    return extremum(1 if ord > 0 else -1)(arithmetic, node, sums)


def root_of_squares(arithmetic: Arithmetic, jets: Sequence[Jet]) -> Jet:
    if all(jet[0].is_zero() for jet in jets):
        if all(len(jet) == 1 for jet in jets):
            return {0: ZERO}
        raise NoValue("kink", "is at the matrix of zeros", final=True)
    return arithmetic.apply("sqrt", arithmetic.add([arithmetic.apply("square", jet)
                                                    for jet in jets]))


ARRAYS: dict[str, Rule] = {**{name: of_matrices(name) for name in FUNCTIONS},
                           "matrix_power": power, "matrix_norm": norm}
