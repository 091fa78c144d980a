"""Systems, determinants, factors and spectra, by mpmath's own elimination and QR sweeps."""

import mpmath
import numpy as np

from opinions import Line

A1 = ((-1.5,),)
A2 = ((2.0, 0.5), (-0.75, 1.5))
A3 = ((2.0, 0.5, -1.0), (-0.75, 1.5, 0.25), (0.5, 1.25, -2.5))
A4 = ((2.0, 0.5, -1.0, 0.25), (-0.75, 1.5, 0.25, 1.0), (0.5, 1.25, -2.5, 0.75),
      (0.0, -1.5, 0.5, 3.0))
NEGATIVE = ((0.5, 2.0), (1.5, -0.25))  # its determinant is
SINGULAR = ((1.0, 2.0), (2.0, 4.0))
RANK_ONE = ((1.0, 2.0, -1.0), (2.0, 4.0, -2.0), (-0.5, -1.0, 0.5))
NEARLY_SINGULAR = ((1.0, 2.0), (2.0, 4.0 + 2.0**-20))
POSITIVE = ((4.0, 1.0, -0.5), (1.5, 3.0, 0.25), (0.0, 0.75, 2.0))  # in its symmetric part
TALL = ((1.0, 0.5), (-0.75, 2.0), (0.25, -1.5))
WIDE = ((1.0, 0.5, 0.25), (-0.75, 2.0, -1.5))
B32 = ((1.0, -0.5), (2.0, 0.25), (-1.5, 0.75))


def matrix(x):
    return mpmath.matrix(x.tolist())


def array(x):
    return np.array(x.tolist(), object)


def batched(function):
    """A function of single matrices, for each of a batch."""
    def meaning(*operands):
        if max(x.ndim for x in operands) == 2:
            return np.asarray(function(*operands), object)
        return np.array([meaning(*place) for place in zip(*operands, strict=True)], object)

    return meaning


def inv(x):
    return array(mpmath.inverse(matrix(x)))


def solve(a, b):
    return (inv(a) @ b).reshape(b.shape)


def det(x):
    """The sum over permutations: elimination would divide by 0 where this has a value."""
    if len(x) == 1:
        return x[0, 0]
    minors = (det(np.delete(x[1:], j, axis=1)) for j in range(len(x)))
    return sum((-1) ** j * x[0, j] * minor for j, minor in enumerate(minors))


def triangular(lower, unit_diagonal):
    def meaning(a, b):
        n = len(a)
        t = np.array([[a[i, j] if (i > j if lower else i < j) else mpmath.mpf(0) for j in range(n)]
                      for i in range(n)], object)
        t[range(n), range(n)] = [mpmath.mpf(1)] * n if unit_diagonal else np.diagonal(a)
        return solve(t, b)

    return meaning


def cholesky_solve(b, factor):
    lower = np.where(np.tri(len(factor), dtype=bool), factor, mpmath.mpf(0))
    return solve(lower @ lower.T, b)


def symmetric(x):
    return matrix((x + x.T) / 2)


def cholesky(x):
    return array(mpmath.cholesky(symmetric(x)))


def eigvalsh(x):
    return np.array(sorted(mpmath.eigsy(symmetric(x), eigvals_only=True)), object)


def svdvals(x):
    return np.array(sorted(mpmath.svd_r(matrix(x), compute_uv=False), reverse=True), object)


def pinv(x):
    u, s, v = mpmath.svd_r(matrix(x))
    return array(v.T * mpmath.diag([1 / value for value in s]) * u.T)


def power(n):
    return lambda x: array(matrix(x) ** n)


def sums(x, axis):
    return [sum(abs(value) for value in line) for line in (x.T if axis == 0 else x)]


NORMS = {
    "fro": lambda x: mpmath.sqrt(sum(value * value for value in x.flat)),
    "nuc": lambda x: sum(svdvals(x)), 2: lambda x: max(svdvals(x)), -2: lambda x: min(svdvals(x)),
    1: lambda x: max(sums(x, 0)), -1: lambda x: min(sums(x, 0)),
    float("inf"): lambda x: max(sums(x, 1)), -float("inf"): lambda x: min(sums(x, 1)),
}


def lines(function, *points, **parameters):
    return [Line(batched(function), (x,), parameters) for x in points]


LINES: dict[str, list[Line]] = {
    "inv": lines(inv, A1, A2, A3, A4, (A2, NEGATIVE), NEARLY_SINGULAR),
    "det": lines(det, A1, A2, A3, A4, (A2, NEGATIVE), SINGULAR, RANK_ONE, NEARLY_SINGULAR,
                 ((0.0, 0.0), (0.0, 0.0)), ((0.0,),)),
    "logabsdet": lines(lambda x: mpmath.log(abs(det(x))), A1, A2, A3, A4, (A2, NEGATIVE),
                       NEARLY_SINGULAR),
    "solve": [Line(batched(solve), operands) for operands in (
        (A1, ((2.0, 0.5),)), (A2, (1.0, -0.5)), (A3, B32), ((A2, NEGATIVE), (A2, SINGULAR)),
        (NEARLY_SINGULAR, (1.0, 1.0)))],
    "solve_triangular": [
        Line(batched(triangular(lower, unit)), operands, {"lower": lower, "unit_diagonal": unit})
        for lower in (False, True) for unit in (False, True)
        for operands in ((A3, B32), ((A2, NEGATIVE), (A2, SINGULAR)))
    ] + [Line(triangular(False, False), (A3, (1.0, -0.5, 2.0)))],
    "cholesky": lines(cholesky, ((2.5,),), POSITIVE, (POSITIVE, ((1.0, 0.5, 0.0), (0.5, 2.0, -1.0),
                                                                 (0.0, -1.0, 3.0)))),
    "cholesky_solve": [Line(batched(cholesky_solve), operands) for operands in (
        (B32, A3), ((1.0, -0.5), A2), ((A2, SINGULAR), (A2, NEGATIVE)))],
    "eigvalsh": lines(eigvalsh, A1, A2, A3, POSITIVE, (A2, NEGATIVE), SINGULAR,
                      ((1.0, 0.0), (0.0, 1.0 + 2.0**-20))),
    "svdvals": lines(svdvals, A1, A2, A3, TALL, WIDE, (A2, NEGATIVE), NEARLY_SINGULAR),
    "pinv": lines(pinv, A1, A2, TALL, WIDE, (TALL, B32)),
    "matrix_power": [line for n in (1, 2, 3, -1, -2) for line in lines(power(n), A2, n=n)]
    + lines(power(5), RANK_ONE, n=5) + lines(power(2), (A2, SINGULAR), n=2),
    "matrix_exp": lines(lambda x: array(mpmath.expm(matrix(x))), A1, A2, POSITIVE, SINGULAR,
                        ((0.0, 1.0), (0.0, 0.0)), (A2, NEGATIVE)),
    "matrix_norm": [line for ord, norm in NORMS.items()
                    for line in lines(norm, TALL, (A2, NEGATIVE), ord=ord)]
    + [Line(lambda x: np.array([[NORMS["fro"](x)]], object), (WIDE,), {"keepdims": True})],
}
