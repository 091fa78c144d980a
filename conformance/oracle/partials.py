"""Functions of whole matrices by all their partial derivatives, and what these make of jets.

A function of matrices is a function of all their elements, its variables, which are numbered
through. `Partials` holds its derivatives at a point by the variables that they are for, ascending:
() the value, (2,) and (2, 2) the first and second derivative for variable 2. One that is absent is
zero. The functions here are the primal formulas, carried out on such expansions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import combinations_with_replacement
from math import factorial, prod

import numpy as np
from flint import arb, arb_mat

from conformance.oracle.jets import Arithmetic, Jet, levels

Variables = tuple[int, ...]
Partials = dict[Variables, arb_mat]
Function = Callable[..., Partials]


@lru_cache(maxsize=65536)
def splits(variables: Variables) -> tuple[tuple[Variables, Variables], ...]:
    """Every way to differentiate a product: which variables are its first factor's."""
    return tuple((tuple(v for k, v in enumerate(variables) if chosen >> k & 1),
                  tuple(v for k, v in enumerate(variables) if not chosen >> k & 1))
                 for chosen in range(1 << len(variables)))


def total(terms: Iterable[arb_mat]) -> arb_mat | None:
    found = None
    for term in terms:
        found = term if found is None else found + term
    return found


def product(wanted: Sequence[Variables], a: Partials, b: Partials) -> Partials:
    """a @ b."""
    found = {at: total(a[s] * b[t] for s, t in splits(at) if s in a and t in b) for at in wanted}
    return {at: x for at, x in found.items() if x is not None}


def plus(a: Partials, b: Partials, factor: int = 1) -> Partials:
    """a + factor * b."""
    found = dict(a)
    for at, x in b.items():
        found[at] = found[at] + factor * x if at in found else factor * x
    return found


def each(function: Callable[[arb_mat], arb_mat], a: Partials) -> Partials:
    """A linear function of matrices."""
    return {at: function(x) for at, x in a.items()}


def transposed(a: Partials) -> Partials:
    return each(arb_mat.transpose, a)


def identity(n: int) -> arb_mat:
    return arb_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])


def column(elements: Sequence[arb]) -> arb_mat:
    return arb_mat(len(elements), 1, list(elements))


def seeds(a0: arb_mat, first: int) -> Partials:
    """A matrix of variables at a point; the first is numbered `first`."""
    rows, columns = a0.nrows(), a0.ncols()
    found = {(): a0}
    for k in range(rows * columns):
        found[first + k,] = arb_mat(rows, columns, [int(i == k) for i in range(rows * columns)])
    return found


def needed(active: Sequence[int], order: int) -> list[Variables]:
    """What an expansion to this order in the active variables consists of, by order."""
    return [at for k in range(order + 1) for at in combinations_with_replacement(active, k)]


def with_one_more(wanted: Sequence[Variables], variables: Iterable[int]) -> list[Variables]:
    """Those and their derivatives for each of the variables, by order."""
    found = {*wanted, *(tuple(sorted((*at, v))) for at in wanted for v in variables)}
    return sorted(found, key=len)


def degree(jets: Iterable[Jet]) -> int:
    """How many infinitesimals a product of these can have at most."""
    together = 0
    for jet in jets:
        for monomial in jet:
            together |= levels(monomial)
    return together.bit_count()


def compose(arithmetic: Arithmetic, coefficients: dict[Variables, arb], jets: Sequence[Jet],
            active: Sequence[int], order: int) -> Jet:
    """The Taylor polynomial of one element of the result, by Horner's rule.

    jets: the variables; what they move by is nilpotent.
    """
    moves = {v: {m: x for m, x in jets[v].items() if m} for v in active}

    def tail(prefix: Variables) -> Jet:
        here: Jet = {0: coefficients[prefix] / prod(map(factorial, Counter(prefix).values()))}
        if len(prefix) == order:
            return here
        terms = [arithmetic.multiply(moves[v], tail((*prefix, v)))
                 for v in active if not prefix or v >= prefix[-1]]
        return arithmetic.add([here, *(term for term in terms if term)])

    return tail(())


def elements(partials: Partials, wanted: Sequence[Variables], row: int,
             column: int) -> dict[Variables, arb]:
    """All derivatives of one element."""
    return {at: partials[at][row, column] if at in partials else arb(0) for at in wanted}


def as_matrix(array: np.ndarray, exact: bool) -> arb_mat:
    """The constant coefficients of a matrix, or of a vector as one column.

    exact: their midpoints alone.
    """
    rows = array.shape[0]
    columns = array.shape[1] if array.ndim > 1 else 1
    found = arb_mat(rows, columns, [jet[0] for jet in array.flat])
    return found.mid() if exact else found


def frobenius(a: arb_mat) -> arb:
    return sum((x * x for x in a.entries()), arb(0)).sqrt()
