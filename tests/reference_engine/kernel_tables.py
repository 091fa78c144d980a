"""The source of the coefficients in reference_engine/kernels/tables.py: run it to write them.

Each table is the quotient of polynomials P/Q that agrees with a function at the m + n + 1 Chebyshev
nodes of an interval, solved for in 60 digits. It is within a small factor of the best of its
degrees. The variable is counted from `origin`, chosen so that the coefficients have one sign where
possible, since sums of one sign lose no digits.
"""

import pathlib

import mpmath as mp

DIGITS = 60


def quotient(function, low, high, degrees):
    """The coefficients of P and of Q, the highest power first."""
    m, n = degrees
    count = m + n + 1
    middle, half = mp.mpf(low + high) / 2, mp.mpf(high - low) / 2
    matrix, right = mp.matrix(count, count), mp.matrix(count, 1)
    for i in range(count):
        x = middle + half * mp.cos(mp.pi * (2 * i + 1) / (2 * count))
        right[i] = function(x)
        for j in range(m + 1):
            matrix[i, j] = x**j
        for j in range(1, n + 1):
            matrix[i, m + j] = -right[i] * x**j
    solution = list(mp.lu_solve(matrix, right))
    return solution[m::-1], [*solution[:m:-1], mp.mpf(1)]


def erf_rest(z):
    """erf(x) / x - 1 for x = sqrt(z)."""
    return mp.erf(mp.sqrt(z)) / mp.sqrt(z) - 1


def erfcx(x):
    return mp.exp(x * x) * mp.erfc(x)


def erfcx_slope(x):
    """-d erfcx / dx = 2 / sqrt(pi) - 2 x erfcx(x)."""
    return 2 / mp.sqrt(mp.pi) - 2 * x * erfcx(x)


def erfinv_over_x(t):
    x = mp.sqrt(mp.mpf("0.5625") - t)
    return mp.erfinv(x) / x


def erfcinv_of_root(r):
    """The y with erfc(y) = exp(-r**2), by Halley's iteration."""
    q = mp.exp(-r * r)
    y = r if r > 2 else mp.erfinv(1 - q)
    for _ in range(100):
        step = (mp.erfc(y) - q) / (2 / mp.sqrt(mp.pi) * mp.exp(-y * y))
        step = step / (1 - y * step) if abs(y * step) < 0.5 else step
        y += step
        if abs(step) < mp.mpf(10) ** -(DIGITS - 10):
            return y
    raise ArithmeticError(r)


def stirling_rest(w):
    """x (lgamma(x) - (x - 1/2) log x + x - log(2 pi) / 2) for x = w**-1/2."""
    x = 1 / mp.sqrt(w)
    return (mp.loggamma(x) - (x - 0.5) * mp.log(x) + x - mp.log(2 * mp.pi) / 2) * x


def digamma_rest(w):
    """x**2 (log x - 1/(2 x) - digamma(x)) for x = w**-1/2."""
    x = 1 / mp.sqrt(w)
    return (mp.log(x) - 1 / (2 * x) - mp.psi(0, x)) / w


def bessel(order):
    """exp(-x) I0(x), minus its derivative, or exp(-x) I1(x) / x."""
    zero = lambda x: mp.exp(-x) * mp.besseli(0, x)  # noqa: E731
    one = lambda x: mp.exp(-x) * mp.besseli(1, x)  # noqa: E731
    return {
        "i0e": zero,
        "i0e_slope": lambda x: zero(x) - one(x),
        "i1e_over_x": lambda x: one(x) / x,
    }[order]


def bessel_far(order, power):
    """x**power times it, for x = 1 / w."""

    def function(w):
        with mp.workdps(DIGITS + 10 + int(mp.log10(1 / w))):
            return bessel(order)(1 / w) * w**-power

    return function


def tables():
    """Name, function of the distance from the origin, the interval of that distance, degrees."""
    third, half = mp.mpf(3) / 2, mp.mpf(1) / 2
    yield "ERF_NEAR", erf_rest, 0, 1, (5, 5)
    yield "ERF_FAR", erfcx, 1, 6, (8, 8)
    yield "ERFCX_NEAR", erfcx, half, mp.mpf(5) / 2, (7, 8)
    yield "ERFCX_MIDDLE", erfcx, mp.mpf(5) / 2, 8, (7, 8)
    yield "ERFCX_FAR", lambda w: erfcx(1 / mp.sqrt(w)) / mp.sqrt(w), 0, mp.mpf(1) / 64, (4, 4)
    yield "ERFCX_SLOPE_NEAR", erfcx_slope, half, mp.mpf(5) / 2, (7, 8)
    yield "ERFCX_SLOPE_MIDDLE", erfcx_slope, mp.mpf(5) / 2, 8, (7, 8)
    yield "ERFCX_SLOPE_FAR", lambda w: erfcx_slope(1 / mp.sqrt(w)) / w, 0, mp.mpf(1) / 64, (5, 5)
    yield "ERFINV", erfinv_over_x, 0, mp.mpf("0.5625"), (7, 7)
    yield "ERFCINV_NEAR", lambda t: erfcinv_of_root(t + 1.125), 0, 1.375, (8, 6)
    yield "ERFCINV_MIDDLE", lambda t: erfcinv_of_root(t + 2.5), 0, 3.5, (8, 7)
    yield "ERFCINV_FAR", lambda t: erfcinv_of_root(t + 6), 0, 22, (9, 9)
    yield "LGAMMA_NEAR_TWO", lambda z: mp.log(mp.gamma(2 + z)) / z, -half, 1, (7, 7)
    low, high = mp.mpf("-0.15"), mp.mpf("0.15")
    yield "LGAMMA_LOW", lambda t: mp.log(mp.gamma(t + mp.mpf(1.4375))), low, high, (5, 5)
    yield "LGAMMA_MIDDLE", lambda t: mp.loggamma(3 + t) / (1 + t), 0, 5, (8, 8)
    yield "STIRLING", stirling_rest, 0, mp.mpf(1) / 64, (3, 3)
    yield "GAMMA", lambda z: (mp.gamma(2 + z) - 1) / z, 0, 1, (7, 7)
    yield "DIGAMMA_NEAR", lambda x: mp.psi(0, x) / (x - digamma_zero()), 1, 2, (7, 7)
    yield "DIGAMMA_MIDDLE", lambda x: x * (mp.log(x) - mp.psi(0, x)), 2, 10, (8, 8)
    yield "DIGAMMA_FAR", digamma_rest, 0, mp.mpf(1) / 100, (3, 3)
    yield "LOG1P_REST", lambda r: (mp.log1p(r) - r) / (r * r), mp.mpf("-0.4"), mp.mpf("0.6"), (7, 7)
    for name, power in (("i0e", half), ("i0e_slope", third), ("i1e_over_x", third)):
        title = name.upper()
        yield f"{title}_NEAR", bessel(name), 0, 8, (12, 13)
        yield f"{title}_MIDDLE", lambda t, name=name: bessel(name)(t + 8), 0, 12, (10, 11)
        yield f"{title}_FAR", bessel_far(name, power), 0, mp.mpf(1) / 20, (5, 5)


def digamma_zero():
    return mp.findroot(mp.digamma, mp.mpf("1.4616321449683623"))


def text():
    """The module of tables."""
    lines = [
        '"""P and Q, highest power first, as tests/reference_engine/kernel_tables.py made them."""',
        "",
    ]
    with mp.workdps(DIGITS):
        for name, function, low, high, degrees in tables():
            lines.append(f"{name} = (")
            for coefficients in quotient(function, low, high, degrees):
                lines.append("    (")
                lines += [f"        {float(c)!r}," for c in coefficients]
                lines.append("    ),")
            lines.append(")")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    engine = pathlib.Path(__file__).parents[2] / "reference_engine"
    (engine / "kernels" / "tables.py").write_text(text())
