"""Every constant of the rounding model, in unit roundoffs that a correct kernel may lose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import perm
from typing import Any


@dataclass(frozen=True)
class Allowance:
    """The rounding of one function of one variable.

    value: relative error of its kernel.
    rule: relative error of its derivative rule's own arithmetic, beyond one product.
    from_output: the usual rule is written with the output, whose rounding it therefore feels.
    factors: point -> sum of the relative slopes of the factors that the usual rule multiplies;
        in the next derivative they are added and may cancel, as those of (1 - x)(1 + x) do at 0.
    slope: output -> relative error of the slope, in place of `rule`, where the next derivative is
        written with the slope and therefore feels its rounding; `factors` are then those of that.
    terms: (point, k) -> size of the terms that the usual kernel (k = 0) adds, or the usual rule of
        the k-th Taylor coefficient, where they may cancel; each rounds as value or rule has it.
    """

    value: float
    rule: float
    from_output: bool = False
    factors: Callable[[Any], Any] | None = None
    slope: Callable[[Any], Any] | None = None
    terms: Callable[[Any, int], Any] | None = None


EXACT = Allowance(0, 0)


def one_minus_square(x: Any) -> Any:
    """Of (1 - x)(1 + x), which the rules of asin, acos and atanh are made of."""
    return 1 / abs(1 - x) + 1 / abs(1 + x)


# tanh' = (1 - y)(1 + y) with slopes y' / (1 - y) + y' / (1 + y) = 2; sigmoid' = y (1 - y) with 1

# Kernels: IEEE operations round once; vectorised kernels of the common maths libraries (SLEEF,
# Eigen, XLA, MKL's low accuracy) stay within 4 ulp (8 u), rational approximations (tanh, erf) a
# little above. Rules: the number of operations in the longest usual spelling of the derivative.
FUNCTIONS: dict[str, Allowance] = {
    # one rounding, or two where they are spelled 1/sqrt(x) and 1/x * ...
    "reciprocal": Allowance(2, 2, from_output=True),
    "rsqrt": Allowance(4, 6, from_output=True),
    "sqrt": Allowance(2, 2, from_output=True),
    "square": Allowance(1, 1),
    # exponentials; the rule is the output, or the output + 1
    "exp": Allowance(4, 0, from_output=True),
    "expm1": Allowance(4, 2, from_output=True),
    "sigmoid": Allowance(8, 4, from_output=True, factors=lambda x: 1),
    # the slope s is sigmoid, or exp(x - y) from the rounded output y, which in float64 is x from 37
    # on and in others sooner; the next rule is s (1 - s)
    "softplus": Allowance(8, 6, from_output=True, factors=lambda x: 1,
                          slope=lambda y: 8 + abs(y).min(37)),
    "tanh": Allowance(8, 4, from_output=True, factors=lambda x: 2),
    # logarithms; 1/x times a constant
    "log": Allowance(4, 2),
    "log10": Allowance(6, 4),
    "log1p": Allowance(4, 3),
    "log2": Allowance(6, 4),
    # trigonometric functions; the rule is another kernel, or 1 + y*y
    "cos": Allowance(4, 4),
    "sin": Allowance(4, 4),
    "tan": Allowance(8, 6, from_output=True),
    "cosh": Allowance(6, 6),
    "sinh": Allowance(6, 6),
    # inverses; the rule is algebraic, or 1/sinh(y) and 1/cosh(y)
    "acos": Allowance(6, 6, factors=one_minus_square),
    "acosh": Allowance(8, 6, from_output=True),
    "asin": Allowance(6, 6, factors=one_minus_square),
    "asinh": Allowance(8, 6, from_output=True),
    "atan": Allowance(6, 4),
    "atanh": Allowance(8, 6, factors=one_minus_square),
    # a constant times exp(-x*x)
    "erf": Allowance(8, 6),
}

# x**n by n - 1 products at most, or by one kernel of 4 u; the rule multiplies by n.
POWER_BASE = 4


def power(exponent: int) -> Allowance:
    return Allowance(POWER_BASE + abs(exponent), POWER_BASE + abs(exponent))



@dataclass(frozen=True)
class Backward:
    """The rounding of a backward stable algorithm, whose result is exact for operands nearby.

    roundings: n -> unit roundoffs that each element of an n by n operand may be off by, relative to
        the Frobenius norm of the operand, or to the element itself if `componentwise`.
    floor: what that norm counts for at least.
    """

    roundings: Callable[[int], float]
    componentwise: bool = False
    floor: float = 0.0


# N. Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition (2002). With partial
# pivoting |L| <= 1 and, but for contrived matrices, |U| is no larger than A, so that the elements
# of |L||U| are at most n max|a| <= n norm(A), and on average norm(A).
# Theorem 9.4: (A + D) x = b with |D| <= gamma(3n) |L||U|; columns of an inverse likewise.
# Rules add two products, gamma(n) each.
SYSTEM = Backward(lambda n: 5 * n)
BACKWARD: dict[str, Backward] = {
    "inv": SYSTEM,
    "solve": SYSTEM,
    "det": SYSTEM,
    "logabsdet": SYSTEM,
    # theorem 8.5: |D| <= gamma(n) |T|; two products
    "solve_triangular": Backward(lambda n: 3 * n, componentwise=True),
    "cholesky_solve": Backward(lambda n: 3 * n, componentwise=True),
    # theorem 10.3: |D| <= gamma(n + 1) |L||L|^T, whose elements are at most max|a|; the rule solves
    # two triangular systems and makes two products
    "cholesky": Backward(lambda n: 5 * n),
    # LAPACK Users' Guide, 3rd edition (1999), sections 4.7 and 4.9: p(n) u norm(A), with p a modest
    # polynomial, for reduction by reflections from two sides and sweeps of rotations
    "eigvalsh": Backward(lambda n: 6 * n),
    "svdvals": Backward(lambda n: 6 * n),
    # theorem 20.3 for a decomposition by reflections; rules and kernels use the singular values
    "pinv": Backward(lambda n: 6 * n),
    # Higham, The scaling and squaring method for the matrix exponential revisited (2005): u by
    # truncation; six products, one system, and sums that begin with the identity
    "matrix_exp": Backward(lambda n: 9 * n, floor=1.0),
}

# Frameworks differentiate the approximation of the exponential itself. The exponential of A + h(A)
# is what a Pade approximant of degree m gives, where h starts with A^(2m + 1) and is within u of A
# up to norm(A) = theta(m) (Higham 2005, table 2.3, and what is computed likewise for single
# precision). Its r-th derivative is u theta(m)^(1 - r) times (2m + 1) (2m) ... (2m + 2 - r), which
# is the most for m = 3 and m = 5.
def truncation(u: Any, order: int) -> float:
    """What it adds to derivatives of an order, in u times the exponential."""
    exponent, theta = (7, 0.4259) if u >= 2.0**-24 else (11, 0.2539)
    return perm(exponent, order) / theta ** (order - 1)


# The last product and sum of a rule whose operands are results of the above.
MATRIX_RULE = 2

# A product of two coefficients: the product, the product of the adjoint, its accumulation.
PRODUCT = 3

# How many roundings of real arithmetic one of complex arithmetic is, relative to the modulus: a
# product loses sqrt(5) u (Brent, Percival and Zimmermann, Error bounds on complex floating-point
# multiplication, 2007), a function's parts are each the product of two real kernels.
COMPLEX = 3

# A Fourier transform of length n loses c log2(n) u of its result's 2-norm, with c = 1 + 4 sqrt(2)
# where the roots of unity are rounded correctly (Higham, Accuracy and Stability of Numerical
# Algorithms, 2002, theorem 24.2); 8 leaves room for the scaling by the norm.
FOURIER = 8

# The rule may take a slope at a(1 + 2u): operands are rounded on their way into a rule.
OPERAND = 2

# A sum or difference rounds once for each addition.
ADDITION = 1

# A literal that the dtype does not hold may be used unrounded, or be rounded twice.
LITERAL = 1

# A second backward pass meets every consumer again, with the rules of both (2K + 3 more
# accumulations for K uses), once for each further level of nesting.
REUSE_FACTOR = 2
REUSE_CONSTANT = 3

# Slopes of softmax-like functions: exp(x - y) from the rounded output y, and one quotient.
SOFTMAX = 2

# The product of n numbers: rules divide the product by each factor, or rebuild it without.
PROD = 2

# A closed form is Python arithmetic ending in one rounding that its nodes do not show.
CLOSED_FORM = 2
