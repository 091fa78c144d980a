"""Kinds of truths and of wrong answers, and the errors between them."""

import numpy as np

from conformance.accuracy.measure import errors, measured
from conformance.accuracy.truths import Truths
from conformance.formats import FORMATS

F = FORMATS["float32"]
TINY = 2.0**-149
KNOWN = {"line": "f", "op": "f", "backend": "b", "backend_version": "1", "dtype": "float32",
         "order": 0}


def truths(values, allowed=0.0):
    """Exact truths; None where there is none."""
    hi = np.array([np.nan if v is None else v for v in values])
    return Truths(~np.isnan(hi), hi, np.zeros(len(hi)), np.full(len(hi), allowed), hi == 0,
                  {"domain": int(np.isnan(hi).sum())})


def found(truth, got, x=None):
    x = np.arange(1.0, len(truth) + 1) if x is None else np.array(x)
    return errors(x, truths(truth), np.array(got, float), "float32")


def test_errors_are_in_units_of_the_truth():
    assert found([1.0, 3.0], [1 + 2.0**-22, 3.0 - 2.0**-22]).ulp.tolist() == [2.0, 1.0]


def test_truths_are_of_four_kinds_or_none():
    top = F.largest
    half = 2.0**103
    kinds = found([1.0, top, top + half, -1e300, np.inf, F.smallest_normal / 2, 0.0, None],
                  [0.0] * 8).kind
    assert kinds.tolist() == ["ordinary", "ordinary", "overflow", "overflow", "overflow",
                              "subnormal", "zero", ""]
    assert found([1.0], [1.0], [TINY]).kind.tolist() == ["subnormal"]


def test_answers_that_are_no_number_or_should_be_none_are_told():
    truth = [1.0, 1.0, 1.0, 1e300, 1e300, 1e300, 1e300, 0.0, 0.0, None, 1.0]
    got = [np.nan, np.inf, 0.0, np.inf, -np.inf, 1e38, np.nan, 1e-9, 0.0, np.nan, 1.5]
    assert found(truth, got).wrong.tolist() == [
        "NaN", "inf", "0", "", "inf", "finite", "NaN", "not 0", "", "", ""]


def test_a_subnormal_that_becomes_0_is_flushed_and_no_error():
    curve = found([40 * TINY, 0.4 * TINY, 40 * TINY], [0.0, 0.0, 38 * TINY])
    assert curve.wrong.tolist() == ["flushed", "", ""]
    assert curve.ulp[2] == 2.0


def test_a_subnormal_point_may_be_taken_for_0():
    """As log(1e-40), answered -inf like log(0); another wrong answer is not excused."""
    x, truth = [0.0, 1e-40, 2e-40], [None, -92.1, -91.4]
    assert found(truth, [-np.inf] * 3, x).wrong.tolist() == ["", "flushed", "flushed"]
    assert found(truth, [-np.inf, np.nan, -91.4], x).wrong.tolist() == ["", "NaN", ""]


def test_the_summary_keeps_what_is_no_number_out_of_the_errors():
    x = np.arange(1.0, 7.0)
    truth = truths([1.0, 1.0, 1.0, 1.0, 0.5, None], allowed=2.0**-23)
    got = np.array([1 + 2.0**-23, 1 + 2.0**-20, np.nan, np.nan, 0.0, 7.0])
    one = measured(errors(x, truth, got, "float32"), truth, got, **KNOWN)
    assert (one.points, one.refused, one.kinds) == (5, {"domain": 1}, {"ordinary": 5})
    assert (one.median_ulp, one.largest.ulp, one.largest.x) == (4.5, 8.0, 2.0)
    assert (one.beyond, one.unexplained) == (1, one.largest)
    assert one.largest.allowed_ulp == 1.0
    nan, zero = one.places
    assert (nan.answer, nan.points, nan.low, nan.high) == ("NaN", 2, 3.0, 4.0)
    assert (zero.answer, zero.truth_kind, zero.explained) == ("0", "ordinary", False)


def test_rounding_may_explain_a_zero_but_no_nan():
    x, truth = np.array([1.0, 2.0]), truths([1e-9, 1e-9], allowed=1e-8)
    got = np.array([0.0, np.nan])
    one = measured(errors(x, truth, got, "float32"), truth, got, **KNOWN)
    assert [(p.answer, p.explained) for p in one.places] == [("0", True), ("NaN", False)]
