"""A failure as a person reads it."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.reports.failure import Failure, merged, side_by_side, ulps
from conformance.verdict import Verdict

DIFFERS = Verdict(
    "cases/programs.py::product", "dloss/dw", "tensorflow", "2.21.0", "float32", "reverse",
    "differs", ulp=9.0, allowed_ulp=4.0, element=(1,), got=[1.0, -0.63559127],
    truth=[1.0, -0.63558654], radius=1e-30, reason="rounding in float32 explains up to 4 ULP",
    where="cases/programs.py:41", reproduce="conformance show product --backend tensorflow")
RAISED = Verdict(
    "cases/programs.py::product", "dloss/dw", "autograd", "1.9", "float32", "reverse", "raised",
    reason="TypeError: no, at line 3 of the printed code: y = x", where="cases/programs.py:41",
    reproduce="conformance show product --backend autograd")


def agreeing(backend):
    return replace(DIFFERS, backend=backend, verdict="agrees")


def test_a_difference_names_element_values_authority_and_command():
    text = str(Failure([DIFFERS], [agreeing("torch"), DIFFERS, agreeing("reference")]))
    assert text.splitlines() == [
        "product  dloss/dw[1]  tensorflow 2.21.0  float32  differs",
        "  got    -0.6355 9127              9 ULP off",
        "  truth  -0.6355 8654              certified, ± 1e-30; torch and reference agree with it",
        "  rounding in float32 explains up to 4 ULP",
        "  cases/programs.py:41    reproduce: conformance show product --backend tensorflow",
    ]


def test_an_error_names_the_printed_line():
    assert str(Failure([RAISED])).splitlines() == [
        "product  dloss/dw  autograd 1.9  float32  raised",
        "  TypeError: no",
        "  at line 3 of the printed code: y = x",
        "  cases/programs.py:41    reproduce: conformance show product --backend autograd"]


def test_the_command_can_be_left_out():
    assert Failure([RAISED]).lines(command=False)[-1] == "  cases/programs.py:41"


@pytest.mark.parametrize(("others", "words"), [
    ([], "certified, ± 1e-30"),
    (["torch"], "certified, ± 1e-30; torch agrees with it"),
    (["a", "b", "c"], "certified, ± 1e-30; a, b and c agree with it"),
])
def test_who_agrees_with_the_truth(others, words):
    assert Failure([DIFFERS], list(map(agreeing, others))).lines()[2].endswith(words)


def test_an_exact_truth_says_so():
    assert "certified, exact" in str(Failure([replace(DIFFERS, radius=0.0)]))


def test_the_whole_of_a_scalar_has_no_index():
    scalar = replace(DIFFERS, element=(), got=1.5, truth=1.0)
    assert "dloss/dw  tensorflow" in str(Failure([scalar]))


def test_one_error_of_a_whole_program_is_told_once():
    others = [replace(RAISED, derivative="dloss/dx"), replace(RAISED, dtype="float64")]
    (failure,) = merged([RAISED, *others], [RAISED, *others])
    assert failure.lines()[0] == (
        "product  dloss/dw, dloss/dx  autograd 1.9  float32, float64  raised")


def test_errors_that_differ_are_told_apart():
    others = [replace(RAISED, reason="TypeError: else"), replace(RAISED, backend="jax"),
              replace(RAISED, case="cases/programs.py::other"), DIFFERS,
              replace(DIFFERS, derivative="dloss/dx")]
    assert len(merged([RAISED, *others], [])) == 6


def test_only_the_same_derivative_dtype_and_mode_can_agree():
    strangers = [replace(agreeing("torch"), dtype="float64"),
                 replace(agreeing("torch"), derivative="dloss/dx"),
                 replace(agreeing("torch"), mode="forward")]
    (failure,) = merged([DIFFERS], [DIFFERS, *strangers, agreeing("jax")])
    assert failure.lines()[2].endswith("; jax agrees with it")


@pytest.mark.parametrize(("got", "truth", "dtype", "wanted"), [
    (108.0, 108.0, "float32", ("108.0", "108.0")),
    (108.0, 107.0, "float64", ("10 8.0", "10 7.0")),
    (0.5, 0.25, "float64", ("0.50", "0.25")),
    (-1.0, 1.0, "float32", ("-1.0", " 1.0")),
    (9.9999, 10.001, "float32", (" 9.9999", "10.0010")),
    (1e-20, 2e-20, "float32", ("1.0e-20", "2.0e-20")),
    (1.25e30, 1.24e30, "float16", ("1.2 5e+30", "1.2 4e+30")),
    (123456789012.0, 123456789013.0, "float64", ("12345678901 2.0", "12345678901 3.0")),
    (math.nan, 1.5, "float32", ("nan", "1.5")),
    (math.inf, 1e39, "float32", ("inf", "1e+39")),
    (0.0, -0.0, "float32", (" 0.0", "-0.0")),
])
def test_two_numbers_stand_digit_under_digit(got, truth, dtype, wanted):
    assert side_by_side(got, truth, dtype) == wanted


@given(st.floats(width=32, allow_nan=False, allow_infinity=False),
       st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_different_numbers_are_shown_differently_and_aligned(got, truth):
    texts = side_by_side(got, truth, "float32")
    assert len(texts[0]) == len(texts[1])
    larger = max(abs(got), abs(truth))
    assert [float(t.replace(" ", "")) for t in texts] == pytest.approx(
        [got, truth], rel=0, abs=larger * 1e-8)
    assert texts[0] != texts[1] or got == truth


@pytest.mark.parametrize(("count", "words"), [
    (0.0, "0 ULP"), (0.5, "0.5 ULP"), (26.25, "26.2 ULP"), (99999.0, "1e+05 ULP"),
    (123456.0, "1.2e+05 ULP"), (math.inf, "infinitely many ULP")])
def test_ulps_in_words(count, words):
    assert ulps(count) == words
