"""Systems, determinants, factors and spectra of matrices, which are the last two dimensions.

There are no eigenvectors, singular vectors or QR factors: their signs are anyone's choice, and a
derivative of them means something only through what does not depend on it.
"""

from __future__ import annotations

from conformance import decomposition_rules as rules
from conformance.catalogue.operator import Op
from conformance.typing_rules import REQUIRED

GROUP = "decompositions"
INVERTIBLE = "invertible matrices"
DISTINCT = "equal ones"

OPERATORS = (
    Op("inv", 1, rules.square, group=GROUP, domain=INVERTIBLE, meaning="the inverse of x"),
    Op("det", 1, rules.number_of_each, group=GROUP, meaning="the determinant of x"),
    Op("logabsdet", 1, rules.number_of_each, group=GROUP, domain=INVERTIBLE,
       meaning="log(abs(det(x)))"),
    Op("solve", 2, rules.solve, group=GROUP, domain="invertible first operands",
       meaning="x with a @ x = b, for operands a and b; b has the batch of a, or is one vector"),
    Op("solve_triangular", 2, rules.solve_triangular, {"lower": False, "unit_diagonal": False},
       group=GROUP, domain="diagonals without 0",
       meaning="as solve, of the upper or lower triangle of a alone; unit_diagonal: as if its "
               "diagonal were ones"),
    Op("cholesky", 1, rules.square, group=GROUP, domain="positive definite matrices",
       meaning="the lower triangular L with positive diagonal and L @ L.T = x; of the symmetric "
               "part of x"),
    Op("cholesky_solve", 2, rules.cholesky_solve, group=GROUP, domain="diagonals without 0",
       meaning="x with L @ L.T @ x = b, for operands b and L, of which the lower triangle counts"),
    Op("eigvalsh", 1, rules.eigenvalues, group=GROUP, kinks=DISTINCT,
       meaning="the eigenvalues of the symmetric part of x, ascending"),
    Op("svdvals", 1, rules.singular_values, group=GROUP, kinks=f"{DISTINCT}, and 0",
       meaning="the singular values of x, descending"),
    Op("pinv", 1, rules.pinv, group=GROUP, domain="matrices of full rank",
       meaning="the pseudoinverse of x, by Moore and Penrose"),
    Op("matrix_power", 1, rules.matrix_power, {"n": REQUIRED}, group=GROUP,
       domain="all reals; invertible matrices if n < 0",
       meaning="n factors x, multiplied; for n < 0, -n factors inv(x)"),
    Op("matrix_exp", 1, rules.square, group=GROUP, meaning="the sum of x**k / k! over all k"),
    Op("matrix_norm", 1, rules.matrix_norm, {"keepdims": False, "ord": "fro"}, group=GROUP,
       kinks="ties and 0", meaning="as the array API's linalg.matrix_norm"),
)
