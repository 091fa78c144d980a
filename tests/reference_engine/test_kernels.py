"""Kernels against mpmath, in units in the last place, and against SciPy at every special value."""

import math

import kernel_tables
import mpmath as mp
import numpy as np
import pytest
import scipy.special

from reference_engine.errors import DtypeError
from reference_engine.kernels import (
    bessel,
    circular,
    error_functions,
    gamma_functions,
    incomplete_gamma,
    tables,
)

DIGITS = 50
RANDOM = np.random.default_rng(7)


def uniform(low, high, count=150):
    return RANDOM.uniform(low, high, count)


def powers(low, high, count=60):
    return 10.0 ** RANDOM.uniform(low, high, count)


def worst(kernel, reference, *arrays, condition=None):
    """The largest error in ULP of the truth, divided by 1 + the condition number where given."""
    largest = 0.0
    for got, *point in zip(kernel(*arrays), *arrays, strict=True):
        with mp.workdps(DIGITS):
            truth = reference(*(mp.mpf(float(x)) for x in point))
            error = float(abs(mp.mpf(float(got)) - truth) / np.spacing(abs(float(truth))))
        largest = max(largest, error / (1 + condition(*point) if condition else 1))
    return largest


def condition_of(reference):
    """|x f'(x) / f(x)|, by which f magnifies a relative error of x."""

    def condition(x):
        x = mp.mpf(float(x))
        return float(abs(x * mp.diff(reference, x) / reference(x)))

    return condition


def erfcx(x):
    return mp.exp(x * x) * mp.erfc(x)


def log_ndtr(x):
    return mp.log1p(-mp.erfc(x / mp.sqrt(2)) / 2) if x > 0 else mp.log(mp.erfc(-x / mp.sqrt(2)) / 2)


def erfcinv(q):
    with mp.workdps(kernel_tables.DIGITS):
        return kernel_tables.erfcinv_of_root(mp.sqrt(-mp.log(q)))


def lgamma(x):
    return mp.log(abs(mp.gamma(x))) if x < 1e4 else mp.loggamma(x)


def decay(order):
    """By the recurrence of the derivatives, which cancels, and so in many digits."""

    def reference(x):
        with mp.workdps(200):
            zero, one = mp.besseli(0, x), mp.besseli(1, x)
            terms = [mp.exp(-x) * zero, mp.exp(-x) * (zero - one)]
            for n in range(order):
                terms.append(((n + 1 + 2 * x) * terms[-1] - (2 * n + 1) * terms[-2]) / x)
            return terms[order]

    return reference


POSITIVE = np.concatenate([uniform(0, 3), uniform(3, 30), powers(-300, 0), powers(1, 300)])
LEFT = -uniform(0, 30)
FAR = np.concatenate([uniform(0, 70), powers(1, 5)])
MEASURED = [  # bounds are the worst of ten times as many points, rounded up
    (error_functions.erf, mp.erf, np.concatenate([uniform(-6, 6, 100), powers(-300, 0)]), 1.5),
    (error_functions.erf, mp.erf, np.concatenate([uniform(-6, 6, 600), powers(-300, 0)]), 1.5),
    (error_functions.erfc, mp.erfc, np.concatenate([uniform(-6, 1), uniform(0, 26)]), 6),
    (error_functions.erfcx, erfcx, np.concatenate([uniform(-26, 1), uniform(0, 30)]), 6),
    (error_functions.erfinv, mp.erfinv, np.concatenate([uniform(-1, 1), powers(-200, 0)]), 6),
    (error_functions.erfcinv, erfcinv, np.concatenate([uniform(0, 1), powers(-307, -1)]), 6),
    (error_functions.ndtr, lambda x: mp.erfc(-x / mp.sqrt(2)) / 2, uniform(-37, 5), 7),
    (error_functions.log_ndtr, log_ndtr, uniform(-37, 30), 6),
    (gamma_functions.lgamma, lgamma, POSITIVE, 6),
    (gamma_functions.gamma, mp.gamma, np.concatenate([uniform(0, 171), uniform(-170, 0)]), 6),
    (gamma_functions.digamma, mp.digamma, POSITIVE, 6),
    (bessel.i0, lambda x: mp.besseli(0, x), uniform(-100, 100), 6),
    (bessel.i1, lambda x: mp.besseli(1, x), uniform(-100, 100), 8),
    (bessel.i0e, decay(0), FAR, 6),
    (lambda x: bessel.decay(x, order=1), decay(1), FAR, 6),
    (lambda x: bessel.decay(x, order=3), decay(3), FAR, 6),
    (circular.sinc, mp.sincpi, powers(-20, -1), 3),
]  # fmt: skip


@pytest.mark.parametrize(("kernel", "reference", "points", "ulps"), MEASURED)
def test_accuracy(kernel, reference, points, ulps):
    assert worst(kernel, reference, points) <= ulps


@pytest.mark.parametrize("order", [1, 2, 5])
def test_polygamma(order):
    reference = lambda x: mp.psi(order, x)  # noqa: E731
    kernel = lambda x: gamma_functions.polygamma(x, order=order)  # noqa: E731
    condition = condition_of(reference)
    assert worst(kernel, reference, uniform(0.01, 60, 60), condition=condition) <= 5
    assert worst(kernel, reference, LEFT[:60], condition=condition) <= 5


@pytest.mark.parametrize(("kernel", "reference"), [
    (gamma_functions.lgamma, lgamma), (gamma_functions.digamma, mp.digamma),
])  # fmt: skip
def test_left_of_the_poles(kernel, reference):
    assert worst(kernel, reference, LEFT, condition=condition_of(reference)) <= 9


@pytest.mark.parametrize("order", [1, 2, 4])
def test_erfcx_derivative(order):
    def reference(x):
        with mp.workdps(150):
            before, last = erfcx(x), 2 / mp.sqrt(mp.pi) - 2 * x * erfcx(x)
            for n in range(1, order):
                before, last = last, 2 * n * before - 2 * x * last
            return last

    points = np.concatenate([uniform(-20, 1), uniform(0, 60), powers(1, 6)])
    kernel = lambda x: error_functions.erfcx_derivative(x, order=order)  # noqa: E731
    assert worst(kernel, reference, points) <= 6


A = np.concatenate([uniform(0, 5, 60), powers(-4, 2.3)])
X = np.concatenate([uniform(0, 8, 60), A[60:] * powers(-1, 0.7)])


@pytest.mark.parametrize("upper", [False, True])
def test_incomplete_gamma(upper):
    kernel = incomplete_gamma.gammaincc if upper else incomplete_gamma.gammainc
    got = kernel(A, X)
    for a, x, y in zip(A, X, got, strict=True):
        with mp.workdps(DIGITS):
            a, x = mp.mpf(a), mp.mpf(x)
            bounds = (x, mp.inf) if upper else (0, x)
            truth = mp.gammainc(a, *bounds, regularized=True)
            feels = x * mp.exp((a - 1) * mp.log(x) - x - mp.loggamma(a))
            assert abs(y - truth) <= 1e-15 * (abs(truth) + feels), (a, x)


def test_incomplete_gamma_in_its_parameter():
    got = incomplete_gamma.gammainc(A, X, order=1)
    for a, x, y in zip(A, X, got, strict=True):
        with mp.workdps(250):
            a, x = mp.mpf(a), mp.mpf(x)
            step = a * mp.mpf(10) ** -30
            p = [mp.gammainc(b, 0, x, regularized=True) for b in (a - step, a + step)]
            truth = (p[1] - p[0]) / (2 * step)
        assert abs(y - truth) <= 1e-13 * abs(truth), (a, x)


@pytest.mark.parametrize("order", [0, 1, 4])
def test_polygamma_step(order):
    def reference(a, b):
        return mp.psi(order, a + b) - mp.psi(order, a)

    kernel = lambda a, b: gamma_functions.polygamma_step(a, b, order=order)  # noqa: E731
    assert worst(kernel, reference, powers(-3, 3), powers(-12, 3)) <= 7


# Against SciPy ------------------------------------------------------------------------

INF, NAN = math.inf, math.nan
SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 1e-300, 5e-324, 1e300, -1e300,
                    INF, -INF, NAN, 171.0, 172.0])  # fmt: skip
SAME = [
    (error_functions.erf, scipy.special.erf),
    (error_functions.erf_of_many, scipy.special.erf),
    (error_functions.erfc, scipy.special.erfc),
    (error_functions.erfcx, scipy.special.erfcx),
    (error_functions.erfinv, scipy.special.erfinv),
    (error_functions.erfcinv, scipy.special.erfcinv),
    (error_functions.ndtr, scipy.special.ndtr),
    (error_functions.ndtri, scipy.special.ndtri),
    (error_functions.log_ndtr, scipy.special.log_ndtr),
    (gamma_functions.digamma, scipy.special.digamma),
    (circular.sinc, np.sinc),
]


@pytest.mark.parametrize(("kernel", "reference"), SAME)
def test_special_values_are_scipy_s(kernel, reference):
    points = SPECIAL[np.abs(SPECIAL) != 1e300] if kernel is circular.sinc else SPECIAL
    with np.errstate(all="ignore"):
        wanted = reference(points)
    if kernel is circular.sinc:
        wanted = np.where(np.isinf(points), 0, wanted)  # NumPy says nan
    if kernel is error_functions.erfcinv:
        wanted[points == 5e-324] = 27.213293210812947  # SciPy says inf
    np.testing.assert_allclose(kernel(points), wanted, rtol=1e-14, atol=1e-16)


def test_lgamma_at_its_poles_and_far_away():
    got = gamma_functions.lgamma(np.array([0.0, -1.0, -2.0, INF, -INF, 1.0, 2.0]))
    np.testing.assert_array_equal(got, [INF, INF, INF, INF, INF, 0, 0])


def test_gamma_at_its_poles_and_far_away():
    points = [0.0, -0.0, -1.0, -1e300, -INF, INF, 172.0, 1e300, -190.5]
    wanted = [INF, -INF, NAN, NAN, NAN, INF, INF, INF, 0]
    np.testing.assert_array_equal(gamma_functions.gamma(np.array(points)), wanted)
    tiny = float(mp.gamma(mp.mpf(-172.5)))  # a subnormal number, which 1 / gamma(172.5) is not
    assert gamma_functions.gamma(-172.5) == pytest.approx(tiny, rel=1e-12)


def test_factorials_are_exact():
    whole = np.arange(1.0, 172.0)
    exact = [float(math.factorial(n - 1)) for n in range(1, 172)]
    np.testing.assert_array_equal(gamma_functions.gamma(whole), exact)


def test_bessel_functions_that_only_the_exponential_overflows():
    points = np.array([709.0, 713.0, -713.0, 714.0])
    with mp.workdps(DIGITS):
        zero = [float(mp.besseli(0, x)) for x in points[:3]] + [INF]
        one = [float(mp.besseli(1, x)) for x in points[:3]] + [INF]
    np.testing.assert_allclose(bessel.i0(points), zero, rtol=1e-13)
    np.testing.assert_allclose(bessel.i1(points), one, rtol=1e-13)


def test_zeta():
    s = np.array([1.0, 0.5, 3.0, 2.5, 2.0, 3.0, INF, INF, 2.0, 1.0000001, 3.7, 60.0])
    q = np.array([2.0, 2.0, -0.5, -0.5, 0.0, -1.0, 1.0, 2.0, INF, 0.3, 1e5, 3.3])
    wanted = scipy.special.zeta(s, q)
    wanted[6], wanted[7] = 1, 0  # where SciPy's loop does not end well
    np.testing.assert_allclose(gamma_functions.zeta(s, q), wanted, rtol=2e-14)


@pytest.mark.parametrize("a", [0.01, 1.5, 9.0, 200.0])
@pytest.mark.parametrize("b", [0.01, 1.5, 9.0, 200.0])
def test_beta(a, b):
    with mp.workdps(DIGITS):
        beta, betaln = float(mp.beta(a, b)), float(mp.log(mp.beta(a, b)))
    assert gamma_functions.beta(a, b) == pytest.approx(beta, rel=1e-15 * (4 + abs(betaln)), abs=0)
    assert gamma_functions.betaln(a, b) == pytest.approx(betaln, rel=2e-15, abs=2e-15)


# What every kernel shares -------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_less_than_double_is_rounded_once(dtype):
    x = np.linspace(0.1, 3, 100).astype(dtype)
    exact = gamma_functions.digamma(x.astype("float64"))
    np.testing.assert_array_equal(gamma_functions.digamma(x), exact.astype(dtype))


@pytest.mark.parametrize("shape", [(), (0,), (2, 0), (1,), (3, 4)])
def test_shapes(shape):
    assert np.shape(gamma_functions.lgamma(np.full(shape, 0.5))) == shape


def test_blocks_join(monkeypatch):
    x = np.linspace(-5, 5, 101)
    whole = gamma_functions.digamma(x)
    monkeypatch.setattr("reference_engine.kernels.blocks.BLOCK", 7)
    np.testing.assert_array_equal(gamma_functions.digamma(x), whole)


def test_two_operands_broadcast():
    got = gamma_functions.beta(np.array([[1.0], [2.0]]), np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(got, [[1, 1 / 2, 1 / 3], [1 / 2, 1 / 6, 1 / 12]], rtol=1e-15)


def test_complex_numbers_are_refused():
    with pytest.raises(DtypeError, match="erf: got complex128, wanted real numbers"):
        error_functions.erf(np.array(1j))


def test_the_tables_are_what_their_script_makes():
    made = {}
    exec(kernel_tables.text(), made)
    for name in (name for name in vars(tables) if name.isupper()):
        for stored, fresh in zip(getattr(tables, name), made[name], strict=True):
            np.testing.assert_allclose(stored, fresh, rtol=1e-12, err_msg=name)
