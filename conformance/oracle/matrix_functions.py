"""Systems, determinants, factors and spectra of matrices, with all their partial derivatives.

FUNCTIONS are (wanted, node, *operands) -> partials. They raise NoValue, as other rules do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flint import acb_mat, arb, arb_mat, ctx

from conformance.graph import Node
from conformance.oracle.functions import NoValue
from conformance.oracle.jets import ZERO
from conformance.oracle.partials import (
    Partials,
    Variables,
    column,
    each,
    frobenius,
    identity,
    plus,
    product,
    splits,
    total,
    transposed,
)

Wanted = Sequence[Variables]


def inverted(a: arb_mat) -> arb_mat:
    """The inverse; raises NoValue at a singular matrix and at what may be one."""
    try:
        return a.inv()
    except ZeroDivisionError:
        if a.det().is_zero():
            raise NoValue("domain", "is of a singular matrix", final=True) from None
        raise NoValue("domain", "is of a matrix that may be singular", final=False) from None


# --- systems -----------------------------------------------------------------------------------

def solution(wanted: Wanted, a: Partials, b: Partials) -> Partials:
    """a @ x = b, solved for one derivative of x after the other."""
    inverse = inverted(a[()])
    x: Partials = {}
    for at in wanted:
        known = total(a[s] * x[t] for s, t in splits(at) if s and s in a and t in x)
        rest = b.get(at)
        if known is not None:
            rest = -known if rest is None else rest - known
        if rest is not None:
            x[at] = inverse * rest
    return x


def solve(wanted: Wanted, node: Node, a: Partials, b: Partials) -> Partials:
    return solution(wanted, a, b)


def inv(wanted: Wanted, node: Node, a: Partials) -> Partials:
    return solution(wanted, a, {(): identity(a[()].nrows())})


def triangle(a: Partials, lower: bool, unit_diagonal: bool = False) -> Partials:
    """What a triangular solver reads of a matrix."""
    def kept(x: arb_mat) -> arb_mat:
        n = x.nrows()
        return arb_mat(n, n, [x[i, j] if (i > j if lower else i < j)
                              or (i == j and not unit_diagonal) else 0
                              for i in range(n) for j in range(n)])

    found = each(kept, a)
    return plus(found, {(): identity(a[()].nrows())}) if unit_diagonal else found


def solve_triangular(wanted: Wanted, node: Node, a: Partials, b: Partials) -> Partials:
    return solution(wanted, triangle(a, node["lower"], node["unit_diagonal"]), b)


def cholesky_solve(wanted: Wanted, node: Node, b: Partials, factor: Partials) -> Partials:
    lower = triangle(factor, lower=True)
    return solution(wanted, transposed(lower), solution(wanted, lower, b))


def pinv(wanted: Wanted, node: Node, a: Partials) -> Partials:
    """Of full rank: (a.T a)^-1 a.T, or a.T (a a.T)^-1 if it has more columns than rows."""
    if a[()].nrows() < a[()].ncols():
        return transposed(pinv(wanted, node, transposed(a)))
    return solution(wanted, product(wanted, transposed(a), a), transposed(a))


# --- determinants ------------------------------------------------------------------------------

def bird(x: arb_mat) -> arb_mat:
    """The strict upper triangle, and on the diagonal less the sum of what is further down it."""
    n = x.nrows()
    below = [-sum((x[k, k] for k in range(i + 1, n)), ZERO) for i in range(n)]
    return arb_mat(n, n, [x[i, j] if i < j else below[i] if i == j else 0
                          for i in range(n) for j in range(n)])


def det(wanted: Wanted, node: Node, a: Partials) -> Partials:
    """Without divisions, so that singular matrices have derivatives too.

    Bird, A simple division-free algorithm for computing determinants (2011).
    """
    n = a[()].nrows()
    x = a
    for _ in range(n - 1):
        x = product(wanted, each(bird, x), a)
    sign = 1 if n % 2 else -1
    return each(lambda y: arb_mat(1, 1, [sign * y[0, 0]]), x)


def logabsdet(wanted: Wanted, node: Node, a: Partials) -> Partials:
    """From d y' = d', where d is the determinant."""
    d = {at: x[0, 0] for at, x in det(wanted, node, a).items()}
    size = d[()]
    if size.is_zero():
        raise NoValue("domain", "is of a singular matrix", final=True)
    if size.contains(0):
        raise NoValue("domain", "is of a matrix that may be singular", final=False)
    y = {(): abs(size).log()}
    for at in wanted[1:]:
        first, rest = at[:1], at[1:]
        known = sum((d[s] * y[tuple(sorted(first + t))] for s, t in splits(rest)
                     if s and s in d), ZERO)
        y[at] = (d.get(at, ZERO) - known) / size
    return {at: arb_mat(1, 1, [x]) for at, x in y.items()}


# --- factors and spectra -----------------------------------------------------------------------

def symmetric_part(a: Partials) -> Partials:
    return each(lambda x: (x + x.transpose()) / 2, a)


def first_factor(a: arb_mat) -> arb_mat:
    """Cholesky's algorithm."""
    n = a.nrows()
    y = arb_mat(n, n)
    for i in range(n):
        for j in range(i + 1):
            rest = a[i, j] - sum((y[i, k] * y[j, k] for k in range(j)), ZERO)
            if i > j:
                y[i, j] = rest / y[j, j]
            elif rest > 0:
                y[i, i] = rest.sqrt()
            else:
                raise NoValue("domain", "is of a matrix that is not positive definite",
                              final=bool(rest <= 0))
    return y


def cholesky(wanted: Wanted, node: Node, a: Partials) -> Partials:
    """y y.T = a: what a derivative of y leaves is y (z + z.T) y.T, with z lower triangular."""
    a = symmetric_part(a)
    y = {(): first_factor(a[()])}
    inverse = y[()].inv()
    n = inverse.nrows()
    for at in wanted[1:]:
        rest = total(y[s] * y[t].transpose() for s, t in splits(at)
                     if s and t and s in y and t in y)
        rest = (a[at] if at in a else arb_mat(n, n)) - (arb_mat(n, n) if rest is None else rest)
        inner = inverse * rest * inverse.transpose()
        y[at] = y[()] * arb_mat(n, n, [inner[i, j] / (1 + (i == j)) if i >= j else 0
                                       for i in range(n) for j in range(n)])
    return y


def eigenpairs(a: arb_mat) -> list[tuple[arb, arb_mat]]:
    """Certified eigenvalues of a symmetric matrix, ascending, and unit eigenvectors.

    Where two are equal there are slopes in infinitely many directions, which no sides exhaust: that
    is a refusal of its own kind.
    """
    n = a.nrows()
    if n == 1:
        return [(a[0, 0], identity(1))]
    try:
        values, vectors = acb_mat(a).eig(right=True)
    except ValueError:
        raise NoValue("spectrum", "is of a matrix whose spectrum is degenerate or cannot be "
                      "separated", final=False) from None
    pairs = []
    for k in sorted(range(n), key=lambda k: float(values[k].real.mid())):
        # an eigenvector of a real eigenvalue has a phase alone that is not real
        parts = [vectors[i, k] for i in range(n)]
        turn = max(parts, key=lambda z: float(abs(z).mid()))
        v = column([(z / turn).real for z in parts])
        pairs.append((values[k].real, v / (v.transpose() * v)[0, 0].sqrt()))
    return pairs


def eigenvalue(wanted: Wanted, a: Partials, value: arb, vector: arb_mat) -> dict[Variables, arb]:
    """(a - w) v = 0 with v.T v = 1: a bordered system for each derivative of (v, w)."""
    n = a[()].nrows()
    w, v = {(): value}, {(): vector}
    border = arb_mat(n + 1, n + 1)
    for i in range(n):
        for j in range(n):
            border[i, j] = a[()][i, j] - (value if i == j else 0)
        border[i, n], border[n, i] = -vector[i, 0], vector[i, 0]
    try:
        inverse = border.inv()
    except ZeroDivisionError:
        raise NoValue("spectrum", "is of a matrix whose spectrum cannot be separated",
                      final=False) from None
    for at in wanted[1:]:
        rest, length = arb_mat(n, 1), ZERO
        for s, t in splits(at):
            if s and s in a:
                rest -= a[s] * v[t]
            if s and t:
                rest += w[s] * v[t]
                length -= (v[s].transpose() * v[t])[0, 0] / 2
        x = inverse * column([*rest.entries(), length])
        v[at], w[at] = column([x[i, 0] for i in range(n)]), x[n, 0]
    return w


def spectrum(wanted: Wanted, a: Partials) -> list[dict[Variables, arb]]:
    return [eigenvalue(wanted, a, *pair) for pair in eigenpairs(a[()])]


def listed(wanted: Wanted, numbers: Sequence[dict[Variables, arb]]) -> Partials:
    """Numbers as a column."""
    return {at: column([x[at] for x in numbers]) for at in wanted}


def eigvalsh(wanted: Wanted, node: Node, a: Partials) -> Partials:
    return listed(wanted, spectrum(wanted, symmetric_part(a)))


def root(wanted: Wanted, x: dict[Variables, arb]) -> dict[Variables, arb]:
    """From y y = x."""
    if not x[()] > 0:
        raise NoValue("kink", "has a singular value that is 0 or may be", final=False)
    y = {(): x[()].sqrt()}
    for at in wanted[1:]:
        known = sum((y[s] * y[t] for s, t in splits(at) if s and t), ZERO)
        y[at] = (x[at] - known) / (2 * y[()])
    return y


def svdvals(wanted: Wanted, node: Node, a: Partials) -> Partials:
    """Roots of the eigenvalues of the smaller of a.T a and a a.T, descending."""
    left, right = transposed(a), a
    if a[()].nrows() < a[()].ncols():
        left, right = right, left
    squares = spectrum(wanted, product(wanted, left, right))
    return listed(wanted, [root(wanted, x) for x in reversed(squares)])


# --- the exponential ---------------------------------------------------------------------------

def matrix_exp(wanted: Wanted, node: Node, a: Partials) -> Partials:
    """Its series at a / 2^s, squared s times."""
    n, order = a[()].nrows(), len(wanted[-1])
    norm = frobenius(a[()]).upper()
    squarings = 8
    while norm > 1:
        norm, squarings = norm / 2, squarings + 1
    x = each(lambda m: m / arb(2) ** squarings, a)
    power = result = {(): identity(n)}
    size, k = arb(2) ** -8, 0  # of x
    bound = arb(1)
    while k <= order or bound > arb(2) ** -ctx.prec:
        k += 1
        power = each(lambda m, k=k: m / k, product(wanted, x, power))
        result = plus(result, power)
        # what follows, differentiated `order` times in directions of norm below 1
        bound = 2 * size ** max(k + 1 - order, 0) / arb.gamma(arb(max(k + 2 - order, 1)))
    rest = arb_mat(n, n, [arb(0, bound)] * (n * n))
    result = plus(result, dict.fromkeys(wanted, rest))
    for _ in range(squarings):
        result = product(wanted, result, result)
    return result


FUNCTIONS: dict[str, Callable[..., Partials]] = {
    "inv": inv, "solve": solve, "solve_triangular": solve_triangular,
    "cholesky_solve": cholesky_solve, "pinv": pinv, "det": det, "logabsdet": logabsdet,
    "cholesky": cholesky, "eigvalsh": eigvalsh, "svdvals": svdvals, "matrix_exp": matrix_exp,
}
