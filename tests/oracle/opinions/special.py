"""Special functions, spelled by mpmath's own wherever it has one."""

import mpmath

from opinions import Line, binary, each, unary


def cbrt(x):
    return mpmath.sign(x) * mpmath.cbrt(abs(x))


def lgamma(x):
    return mpmath.log(abs(mpmath.gamma(x)))


def ndtri(x):
    return mpmath.sqrt(2) * mpmath.erfinv(2 * x - 1)


def scaled_bessel(order):
    return lambda x: mpmath.exp(-abs(x)) * mpmath.besseli(order, x)


def multigammaln(p):
    return lambda x: (mpmath.log(mpmath.pi) * p * (p - 1) / 4
                      + sum(mpmath.loggamma(x - mpmath.mpf(j) / 2) for j in range(p)))


def gammainc(a, x):
    return mpmath.gammainc(a, 0, x, regularized=True)


LINES: dict[str, list[Line]] = {
    "cbrt": [unary(cbrt, -40.0, -0.5, 1e-6, 7.0)],
    "digamma": [unary(lambda x: mpmath.psi(0, x), -7.25, -1.5, 1e-6, 0.5, 1.4616321449683622,
                      40.0)],
    "entr": [unary(lambda x: -x * mpmath.log(x), 1e-12, 0.36787944117144233, 1.0, 40.0)],
    "erfc": [unary(mpmath.erfc, -3.0, -0.5, 0.0, 1.0, 5.0)],
    "erfcx": [unary(lambda x: mpmath.exp(x * x) * mpmath.erfc(x), -3.0, -0.5, 0.0, 1.0, 9.0)],
    "erfinv": [unary(mpmath.erfinv, -0.9375, -0.25, 1e-6, 0.5, 0.9990234375)],
    "exp2": [unary(lambda x: mpmath.power(2, x), -30.0, -0.5, 0.0, 1e-12, 20.0)],
    "i0": [unary(lambda x: mpmath.besseli(0, x), -9.0, -0.5, 0.0, 1e-6, 3.0, 20.0)],
    "i0e": [unary(scaled_bessel(0), -9.0, -0.5, 1e-6, 3.0, 20.0)],
    "i1": [unary(lambda x: mpmath.besseli(1, x), -9.0, -0.5, 0.0, 1e-6, 3.0, 20.0)],
    "i1e": [unary(scaled_bessel(1), -9.0, -0.5, 1e-6, 3.0, 20.0)],
    "lgamma": [unary(lgamma, -7.25, -1.5, 1e-6, 0.5, 1.0, 2.0, 40.0)],
    "log_ndtr": [unary(lambda x: mpmath.log(mpmath.ncdf(x)), -12.0, -3.0, -0.5, 0.0, 1.0, 5.0)],
    "logit": [unary(lambda x: mpmath.log(x / (1 - x)), 1e-6, 0.25, 0.5, 0.9990234375)],
    "ndtr": [unary(mpmath.ncdf, -12.0, -3.0, -0.5, 0.0, 1.0, 5.0)],
    "ndtri": [unary(ndtri, 1e-3, 0.25, 0.5, 0.875)],
    "sinc": [unary(lambda x: mpmath.sincpi(x), -2.25, -1.0, 0.0, 1e-6, 0.5, 3.75)],
    "xlogy": [binary(lambda x, w: x * mpmath.log(w), (0.5, -1.25, 0.0, 3.0),
                     (0.25, 1.0, 2.0, 7.0))],
    "xlog1py": [binary(lambda x, w: x * mpmath.log1p(w), (0.5, -1.25, 0.0, 3.0),
                       (-0.75, 1e-12, 2.0, 7.0))],
    "polygamma": [Line(each(lambda x, n=n: mpmath.psi(n, x)), ((-7.25, 1e-3, 0.5, 1.5, 40.0),),
                       {"n": n}) for n in (0, 1, 2, 5)],
    "multigammaln": [Line(each(multigammaln(p)), ((2.125, 3.0, 20.0),), {"p": p})
                     for p in (1, 2, 4)],
    "betaln": [binary(lambda a, b: mpmath.log(mpmath.beta(a, b)), (1e-3, 0.5, 3.0, 20.0),
                      (0.25, 0.5, 1.5, 1e-3))],
    "zeta": [binary(mpmath.zeta, (1.0625, 1.5, 3.0, 8.5), (0.25, 1.0, 40.0, 0.75))],
    "gammainc": [binary(gammainc, (0.25, 0.5, 3.0, 20.0, 2.0), (1e-3, 2.0, 2.5, 18.0, 12.0))],
    "gammaincc": [binary(lambda a, x: 1 - gammainc(a, x), (0.25, 0.5, 3.0, 20.0, 2.0),
                         (1e-3, 2.0, 2.5, 18.0, 12.0))],
}
