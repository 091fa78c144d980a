"""Special functions against mpmath, and at their special points."""

import math

import mpmath as mp
import numpy as np
import pytest
from certified import check
from conditioned import accurate, slope

import reference_engine as engine
from reference_engine import GradientTape, operators


def erfcx(x):
    return mp.exp(x * x) * mp.erfc(x)


def ndtr(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def ndtri(p):
    return mp.sqrt(2) * mp.erfinv(2 * p - 1)


def lgamma(x):
    return mp.log(abs(mp.gamma(x)))


def multigammaln(p):
    return lambda x: p * (p - 1) * mp.log(mp.pi) / 4 + sum(mp.loggamma(x - j / 2) for j in range(p))


def polygamma(n):
    return lambda x: mp.psi(n, x)


def scaled_bessel(n):
    return lambda x: mp.exp(-abs(x)) * mp.besseli(n, x)


NORMAL = [-30.5, -8.3, -2.4, -0.9, -0.3, 1e-9, 0.4, 1.3, 2.6, 5.1, 9.4]
POSITIVE = [1e-6, 0.21, 0.5, 0.93, 1.44, 1.52, 2.3, 4.7, 9.2, 14.0, 53.0, 160.0]
LEFT = [-0.4, -1.3, -2.6, -7.45]
PROBABILITIES = [1e-200, 1e-30, 1e-5, 0.02, 0.14, 0.3, 0.49, 0.62, 0.9, 0.9999]
WHOLE_LINE = [-40.0, -12.0, -3.0, -0.2, 0.3, 2.1, 7.9, 8.1, 19.0, 23.0, 49.0, 51.0, 300.0]

ONE = {
    "erf": (engine.erf, mp.erf, [-4.2, -1.1, -0.4, 1e-9, 0.7, 0.99, 1.01, 3.1]),
    "erfc": (engine.erfc, mp.erfc, [-3.0, -0.4, 0.3, 0.7, 2.4, 2.6, 7.0, 20.0]),
    "erfcx": (engine.erfcx, erfcx, [-5.0, -0.6, 0.0, 0.3, 0.7, 2.2, 6.0, 9.0, 200.0]),
    "erfinv": (engine.erfinv, mp.erfinv, [-0.9, -0.3, 1e-9, 0.2, 0.74, 0.76, 0.999]),
    "erfcinv": (engine.erfcinv, lambda x: mp.erfinv(1 - x), [1e-30, 1e-4, 0.1, 0.3, 0.9, 1.3, 1.9]),
    "ndtr": (engine.ndtr, ndtr, NORMAL),
    "log_ndtr": (engine.log_ndtr, lambda x: mp.log(ndtr(x)), NORMAL),
    "ndtri": (engine.ndtri, ndtri, PROBABILITIES[2:]),
    "gamma": (engine.gamma, mp.gamma, POSITIVE + LEFT),
    "lgamma": (engine.lgamma, lgamma, POSITIVE + LEFT),
    "digamma": (engine.digamma, mp.digamma, POSITIVE + LEFT),
    "trigamma": (lambda x: engine.polygamma(1, x), polygamma(1), POSITIVE[1:] + LEFT),
    "polygamma 4": (lambda x: engine.polygamma(4, x), polygamma(4), POSITIVE[1:] + LEFT),
    "multigammaln": (lambda x: engine.multigammaln(x, 3), multigammaln(3), [1.2, 3.4, 20.0]),
    "i0": (engine.i0, lambda x: mp.besseli(0, x), WHOLE_LINE),
    "i1": (engine.i1, lambda x: mp.besseli(1, x), WHOLE_LINE),
    "i0e": (engine.i0e, scaled_bessel(0), WHOLE_LINE),
    "i1e": (engine.i1e, scaled_bessel(1), WHOLE_LINE),
}  # fmt: skip


@pytest.mark.parametrize("name", ONE)
def test_one_operand(name):
    function, reference, points = ONE[name]
    accurate(function, reference, points)


@pytest.mark.parametrize("name", ["erf", "log_ndtr", "lgamma", "digamma", "i1e"])
def test_float32(name):
    function, reference, points = ONE[name]
    accurate(function, reference, points, dtype="float32")


A = [0.03, 0.4, 0.9, 1.3, 2.2, 3.0, 8.5, 40.0, 110.0]
X = [0.5, 0.1, 1.4, 0.7, 0.4, 6.0, 8.0, 55.0, 60.0]
TWO = {
    "gammainc": (engine.gammainc, lambda a, x: mp.gammainc(a, 0, x, regularized=True), A, X),
    "gammaincc": (engine.gammaincc, lambda a, x: 1 - mp.gammainc(a, 0, x, regularized=True), A, X),
    # of a w much below 1 the mixed derivative is the difference of two nearly equal products
    "beta": (engine.beta, mp.beta, [0.3, 1.4, 7.0, 30.0, 0.2], [0.6, 0.2, 2.0, 20.0, 80.0]),
    "betaln": (engine.betaln, lambda a, b: mp.log(mp.beta(a, b)),
               [0.3, 1.4, 7.0, 30.0, 1e-3, 1e5, 2.2], [0.6, 1e-4, 2.0, 20.0, 80.0, 1e3, 1e4]),
}  # fmt: skip


@pytest.mark.parametrize("name", TWO)
def test_two_operands(name):
    function, reference, *points = TWO[name]
    accurate(function, reference, *points)


@pytest.mark.parametrize("s", [1.5, 2.0, 3.0, 8.2])
def test_zeta_in_its_second_operand(s):
    accurate(lambda q: engine.zeta(s, q), lambda q: mp.zeta(mp.mpf(s), q), [0.1, 0.8, 3.0, 25.0])


def test_third_derivative_of_the_incomplete_gamma_function():
    with GradientTape() as outer:
        a, x = engine.constant([0.7, 4.0]), engine.constant([0.4, 5.0])
        outer.watch(a)
        with GradientTape() as middle:
            middle.watch(a)
            with GradientTape() as inner:
                inner.watch(a)
                y = engine.gammainc(a, x)
            first = inner.gradient(y, a)
        second = middle.gradient(first, a)
    third = outer.gradient(second, a).numpy()
    with mp.workdps(60):
        p = lambda a, x: mp.gammainc(a, 0, x, regularized=True)  # noqa: E731
        truth = [mp.diff(p, (mp.mpf(b), mp.mpf(w)), (3, 0)) for b, w in [(0.7, 0.4), (4.0, 5.0)]]
    np.testing.assert_allclose(third, [float(t) for t in truth], rtol=1e-13)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_erfc_against_the_certified_oracle(dtype):
    check(engine.erfc, lambda xp, x: 1 - xp.erf(x), [[-0.7, 0.3], [0.1, 0.9]], dtype=dtype)


# Special points -------------------------------------------------------------------------------

INF, NAN = math.inf, math.nan


SPECIAL = [
    ("erfc", (INF,), [0, 0]),
    ("erfc", (-INF,), [2, 0]),
    ("erfcx", (-INF,), [INF, -INF]),
    ("erfcx", (INF,), [0, 0]),
    ("erfinv", (1,), [INF, INF]),
    ("erfinv", (-1,), [-INF, INF]),
    ("erfinv", (1.5,), [NAN, NAN]),
    ("ndtri", (0,), [-INF, INF]),
    ("ndtri", (-0.0,), [-INF, INF]),
    ("ndtri", (1,), [INF, INF]),
    ("erfcinv", (0,), [INF, -INF]),
    ("erfcinv", (2,), [-INF, -INF]),
    ("ndtr", (-INF,), [0, 0]),
    ("log_ndtr", (INF,), [0, 0]),
    ("log_ndtr", (-INF,), [-INF, INF]),
    ("log_ndtr", (50,), [0, 0]),
    ("lgamma", (0,), [INF, -INF]),
    ("lgamma", (-2,), [INF, NAN]),
    ("lgamma", (INF,), [INF, INF]),
    ("lgamma", (1,), [0, -float(mp.euler)]),
    ("gamma", (5,), [24, 24 * float(mp.psi(0, 5))]),
    ("gamma", (-3,), [NAN, NAN]),
    ("digamma", (0.0,), [-INF, INF]),
    ("digamma", (-0.0,), [INF, INF]),
    ("digamma", (-1,), [NAN, INF]),
    ("i0", (0,), [1, 0]),
    ("i1", (0,), [0, 0.5]),
    ("i0e", (0,), [1, 0]),
    ("i1e", (0,), [0, 0.5]),
    ("i0e", (INF,), [0, 0]),
    ("i0", (INF,), [INF, INF]),
    ("gammainc", (0, 1), [1, 0, 0]),
    ("gammainc", (2, 0), [0, 0, 0]),
    ("gammainc", (1, 0), [0, 0, 1]),
    ("gammainc", (0.5, 0), [0, 0, INF]),
    ("gammainc", (2, INF), [1, 0, 0]),
    ("gammaincc", (2, INF), [0, 0, 0]),
    ("gammainc", (0, 0), [NAN, NAN, NAN]),
    ("gammainc", (-1, 2), [NAN, NAN, NAN]),
]


@pytest.mark.parametrize(("name", "point", "wanted"), SPECIAL)
def test_special_points(name, point, wanted):
    np.testing.assert_allclose(slope(getattr(engine, name), *point), wanted, rtol=1e-15)


def test_no_second_derivative_is_nan_where_there_is_one():
    for name, points in [("log_ndtr", [-1e5, 0.0, 40.0, 1e5]), ("i0e", [1e-300, 1e5]),
                         ("i1e", [0.0, 1e5]), ("erfc", [30.0, -30.0])]:
        x = engine.constant(points)
        with GradientTape() as outer:
            outer.watch(x)
            with GradientTape() as inner:
                inner.watch(x)
                y = getattr(engine, name)(x)
            first = inner.gradient(y, x)
        second = outer.gradient(first, x).numpy()
        assert np.isfinite(first.numpy()).all(), (name, first)
        assert np.isfinite(second).all(), (name, second)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("name", ["erf", "erfc", "lgamma", "digamma", "i0e", "ndtri"])
def test_dtypes_are_kept(name, dtype):
    x = engine.astype(engine.constant([0.25, 0.5]), dtype)
    with GradientTape() as tape:
        tape.watch(x)
        y = getattr(engine, name)(x)
    assert (y.dtype, tape.gradient(y, x).dtype) == (x.dtype, x.dtype)


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (1,), (2, 3)])
def test_shapes(shape):
    x = engine.constant(np.full(shape, 0.3))
    with GradientTape() as tape:
        tape.watch(x)
        y = [getattr(engine, name)(x) for name in engine.rules.special.__all__
             if name in ONE and name != "multigammaln"]  # fmt: skip
    assert all(v.shape == shape for v in y)
    assert tape.gradient(y, x).shape == shape


def test_numbers_take_the_dtype_of_the_other_operand():
    x = engine.constant([0.5, 2.0], "float32")
    for name in ("gammainc", "gammaincc", "beta", "zeta"):
        function = getattr(engine, name)
        assert function(1.5, x).dtype == function(x, 1.5).dtype == "float32"
        assert function(1.5, 2.0).dtype == "float64"
    assert engine.gammainc(1.5, np.float32([0.5, 2.0])).dtype == "float32"
    assert engine.gammainc(w=0.5, x=1).dtype == "float64"
    with pytest.raises(engine.OperandError, match="gammainc: missing a required argument: 'w'"):
        engine.gammainc(1.0)


def test_what_is_refused():
    with pytest.raises(engine.OptionError, match="polygamma: got n = float"):
        engine.polygamma(1.5, 2.0)
    with pytest.raises(engine.OptionError, match="multigammaln: got p = int"):
        engine.multigammaln(3.0, 0)
    with pytest.raises(engine.DtypeError, match="erfc: got complex128"):
        engine.erfc(1j)
    with pytest.raises(engine.DtypeError, match="lgamma: got int64"):
        engine.lgamma(3)
    x = engine.constant(2.0)
    with GradientTape() as tape:
        tape.watch(x)
        y = engine.zeta(x, 1.5)
    with pytest.raises(engine.NoGradientError, match="zeta has no gradient in its first"):
        tape.gradient(y, x)


def test_a_wrong_rule_is_noticed(monkeypatch):
    wrong = lambda dy, y, x: dy * engine.digamma(x) * (1 + 1e-13)  # noqa: E731
    monkeypatch.setitem(operators.RULES, "lgamma", (wrong,))
    with pytest.raises(AssertionError, match="gradient 0"):
        accurate(*ONE["lgamma"])


def test_a_rule_wrong_in_its_derivative_alone_is_noticed(monkeypatch):
    wrong = lambda dy, y, x: dy * engine.stop_gradient(engine.digamma(x))  # noqa: E731
    monkeypatch.setitem(operators.RULES, "lgamma", (wrong,))
    with pytest.raises(AssertionError, match="second 0"):
        accurate(*ONE["lgamma"])
