"""Proven numbers: how they are split and rounded, and what closed forms are held against."""

import math
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx

from conformance.errors import CannotCertify, ClosedFormError
from conformance.oracle import check_closed_forms, derivatives
from conformance.oracle.certify import nearest_double, split, upper_double
from conformance.tracing import grad, trace
from conformance.typing_rules import TensorType


def traced(program, dtype="float64", **inputs):
    arrays = {name: np.asarray(value, dtype) for name, value in inputs.items()}
    types = {name: (TensorType(array.shape, dtype), "constant") for name, array in arrays.items()}
    return trace(program, types, dtype=dtype), arrays


def test_the_truth_is_hi_plus_lo():
    got = derivatives(*traced(lambda xp, x: {"g": grad(x**3 / 7, x)}, x=1.1))["g"]
    x = Fraction(1.1)
    exact = 3 * x * x / 7
    assert got.hi == float(exact)
    assert abs(Fraction(float(got.hi)) + Fraction(float(got.lo)) - exact) <= Fraction(
        float(got.radius)) <= abs(exact) / 2**78
    assert got.note == ""


@pytest.mark.parametrize("bits", [60, 128, 2000])
@pytest.mark.parametrize("exponent", [0, -1060, -1074, -1080, 1000, 1023, 1024])
def test_nearest_double(bits, exponent):
    mantissa = (1 << bits) // 3
    exact = Fraction(mantissa, 1 << bits) * Fraction(2) ** exponent
    before = ctx.prec
    try:
        ctx.prec = 4000
        ball = arb(mantissa) * arb(2) ** (exponent - bits)
        assert ball.is_exact()
        try:
            wanted = float(exact)
        except OverflowError:
            wanted = math.inf
        assert nearest_double(ball) == wanted
        assert nearest_double(-ball) == -wanted
        assert Fraction(upper_double(ball)) >= exact if math.isfinite(wanted) else True
    finally:
        ctx.prec = before


def test_beyond_the_range_of_float64():
    assert split(arb(2) ** 2000) == (math.inf, 0.0, math.inf)
    hi, lo, radius = split(arb(2) ** -2000)
    assert (hi, lo) == (0.0, 0.0)
    assert radius == 5e-324


def test_tiny_and_huge_truths_of_a_graph():
    got = derivatives(*traced(lambda xp, x: {"tiny": grad(xp.exp(-x), x),
                                             "huge": grad(xp.exp(x), x)}, x=2000.0))
    assert got["tiny"].hi == 0
    assert got["tiny"].allowed >= 2.0**-1022
    assert got["huge"].hi == math.inf
    assert got["huge"].allowed == math.inf
    assert "may overflow float64" in got["huge"].note


def test_each_output_has_its_own_verdict():
    got = derivatives(*traced(lambda xp, x: {"pole": grad(1 / x, x),
                                             "fine": grad(xp.sin(x), x)}, x=0.0))
    assert isinstance(got["pole"], CannotCertify)
    assert got["fine"].hi == 1


def test_global_precision_is_left_alone():
    before = ctx.prec, ctx.cap
    derivatives(*traced(lambda xp, x: {"g": grad(xp.sin(x), x)}, x=1e200))
    assert (ctx.prec, ctx.cap) == before


def test_undecidable_ties_are_reported():
    """sqrt(x)^2 = x is beyond merging, and no precision separates the two."""
    got = derivatives(*traced(
        lambda xp, x: {"g": grad(xp.maximum(xp.square(xp.sqrt(x)), 2 * x - 2), x)}, x=2.0))
    assert str(got["g"]).startswith("branch:")


def test_flint_is_loaded_only_when_the_oracle_is_asked():
    code = "import sys, conformance, conformance.oracle; sys.exit('flint' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def claims(closed_form, function=lambda xp, x: xp.sum(xp.sin(x) * x), x=(0.5, -2.0)):
    def program(xp, x):
        return {"dy/dx": grad(function(xp, x), x) == closed_form(xp, x)}

    return traced(program, x=x)


@pytest.mark.parametrize(("closed_form", "function"), [
    (lambda xp, x: xp.sin(x) + x * xp.cos(x), lambda xp, x: xp.sin(x) * x),
    (lambda xp, x: 2 * x, lambda xp, x: x**2),
    (lambda xp, x: 2 * xp.sum(x), lambda xp, x: xp.square(xp.sum(x))),
    (lambda xp, x: math.log(3.0), lambda xp, x: xp.log(3.0) * x),
    (lambda xp, x: math.log(3.0) * 3.0**x, lambda xp, x: 3.0**x),
    (lambda xp, x: 1 / ((1 + x**2) * math.log(10)) * 2 * x, lambda xp, x: xp.log10(1 + x**2)),
    (lambda xp, x: 0, lambda xp, x: xp.stop_gradient(x)),
    (lambda xp, x: xp.sin(3 * x) - xp.sin(2 * x + x), lambda xp, x: xp.stop_gradient(x)),
])
def test_right_closed_forms(closed_form, function):
    check_closed_forms(*claims(closed_form, function))


@pytest.mark.parametrize(("closed_form", "function"), [
    (lambda xp, x: xp.sin(x) - x * xp.cos(x), lambda xp, x: xp.sin(x) * x),
    (lambda xp, x: 2 * x * (1 + 1e-13), lambda xp, x: x**2),
    (lambda xp, x: 2 * xp.mean(x), lambda xp, x: xp.square(xp.sum(x))),
    (lambda xp, x: 1, lambda xp, x: xp.stop_gradient(x)),
])
def test_wrong_closed_forms(closed_form, function):
    with pytest.raises(ClosedFormError, match=r"test_certify\.py:\d+: .*dy/dx\[0\].* it says .*"
                                              r"certified derivative is"):
        check_closed_forms(*claims(closed_form, function))


def test_a_closed_form_without_a_value():
    with pytest.raises(ClosedFormError, match="has no value: domain"):
        check_closed_forms(*claims(lambda xp, x: xp.log(x), lambda xp, x: x, x=-1.0))


@pytest.mark.parametrize("noise", [
    lambda xp, x: 0.3 * xp.sin(1e17 * x),
    lambda xp, x: 0.01 * xp.sin(1e17 * x),
    lambda xp, x: (x + 1e15) - 1e15 - x,
    lambda xp, x: xp.where(3 * xp.sin(x) - 2 * xp.sin(x) > xp.sin(x), 1.0, 0.0),
    lambda xp, x: xp.log(xp.exp(720 * x * x) * 0 + 1),
])
def test_a_closed_form_that_hides_behind_its_rounding(noise):
    with pytest.raises(ClosedFormError, match=r"dy/dx.* says nothing at these inputs: "):
        check_closed_forms(*claims(lambda xp, x: 2 * x + noise(xp, x), lambda xp, x: x**2,
                                   x=(1.5, -2.0)))


def test_a_closed_form_may_overflow_where_the_derivative_does():
    check_closed_forms(*claims(lambda xp, x: xp.exp(x), lambda xp, x: xp.exp(x), x=2000.0))
