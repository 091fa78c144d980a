"""The tolerance law, element by element: above all, that the checker fails where it must."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.comparison import compare, ulp
from conformance.formats import FORMATS
from conformance.oracle import Truth
from conformance.typing_rules import TensorType

DTYPES = ("float16", "float32", "float64")
TINY = {d: float(np.finfo(d).smallest_subnormal) for d in DTYPES}


def truth(hi, allowed=0.0, *, lo=0.0, radius=0.0, scale=None, note=""):
    hi = np.array(hi, "float64")
    return Truth(hi, np.full_like(hi, lo), np.full_like(hi, radius),
                 np.broadcast_to(np.array(allowed, "float64"), hi.shape).copy(),
                 None if scale is None else np.array(scale, "float64"), note)


def verdict_of(got, true, dtype="float32"):
    return compare(np.array(got, dtype), true, TensorType(true.hi.shape, dtype))


def next_to(value, steps, dtype):
    """The number `steps` representable numbers further."""
    number = np.array(value, dtype)
    for _ in range(abs(steps)):
        number = np.nextafter(number, np.array(math.copysign(math.inf, steps), dtype))
    return number


# --- ulp ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data())
def test_ulp_is_the_spacing_of_numpy(dtype, data):
    width = int(dtype.removeprefix("float"))
    value = data.draw(st.floats(width=width, allow_nan=False, allow_infinity=False))
    # NumPy's spacing goes upwards: at the top that is beyond the format
    if abs(value) < FORMATS[dtype].largest:
        assert ulp(np.array(value), dtype) == np.spacing(np.array(abs(value), dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_ulp_at_zero_is_the_smallest_subnormal(dtype):
    assert ulp(np.array(0.0), dtype) == TINY[dtype]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("value", [math.inf, -math.inf, 1e308])
def test_ulp_beyond_the_format_is_that_of_the_largest_number(dtype, value):
    if abs(value) > FORMATS[dtype].largest:
        assert ulp(np.array(value), dtype) == ulp(np.array(FORMATS[dtype].largest), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_largest_is_what_numpy_says(dtype):
    assert FORMATS[dtype].largest == float(np.finfo(dtype).max)


def test_bfloat16_has_eight_bits():
    assert ulp(np.array(1.0), "bfloat16") == 2.0 ** -7
    assert FORMATS["bfloat16"].largest == float.fromhex("0x1.fep127")
    assert set(FORMATS) == {*DTYPES, "bfloat16"}


# --- what can be seen without looking at a number ------------------------------------------------

def test_none_is_not_zero():
    found = compare(None, truth(0.0, 1.0), TensorType((), "float32"))
    assert (found.verdict, found.reason) == ("differs", "got None, which is not zero")


@pytest.mark.parametrize("shape", [(1,), (2,), (1, 1), (0,)])
def test_another_shape_differs_even_where_it_would_broadcast(shape):
    found = compare(np.zeros(shape, "float32"), truth(0.0), TensorType((), "float32"))
    assert found.verdict == "differs"
    assert f"got shape {shape}, wanted ()" in found.reason


@pytest.mark.parametrize("got", ["float64", "float16", "int32", "bool", "complex64"])
def test_another_dtype_differs_even_with_the_right_value(got):
    found = compare(np.array(1, got), truth(1.0), TensorType((), "float32"))
    agree = "" if got == "complex64" else ", whose values agree"
    assert (found.verdict, found.reason) == ("differs", f"got dtype {got}, wanted float32{agree}")


def test_another_dtype_does_not_hide_a_wrong_value():
    found = compare(np.array(1.5), truth(1.0), TensorType((), "float32"))
    assert found.verdict == "differs"
    assert found.reason.startswith("got dtype float64, wanted float32, and rounding in float32")
    assert found.ulp > 1e6


def test_an_empty_answer_of_the_right_shape_agrees():
    assert verdict_of(np.zeros((0, 2)), truth(np.zeros((0, 2)))).verdict == "agrees"


def test_an_empty_answer_of_the_wrong_shape_differs():
    found = compare(np.zeros((2, 0), "float32"), truth(np.zeros((0, 2))),
                    TensorType((0, 2), "float32"))
    assert found.verdict == "differs"


# --- where the checker must fail ----------------------------------------------------------------

@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("got", "true"), [
    (math.nan, 1.0), (math.nan, 0.0), (math.inf, 1.0), (-math.inf, 1.0), (math.inf, 0.0),
    (-math.inf, 1e300), (1.0, math.inf), (-1.0, 1.0), (0.0, 1.0), (1.0, 0.0), (2.0, 1.0),
])
def test_plainly_wrong_answers_differ(got, true, dtype):
    radius = math.inf if math.isinf(true) else 0.0
    found = verdict_of(got, truth(true, 1e-3, radius=radius), dtype)
    assert found.verdict == "differs"
    assert found.element == ()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("true", [1.0, -1.0, 1.5, 0.1, 6e-5, 0.0, 1e-8])
@pytest.mark.parametrize("steps", [-1, 1])
def test_one_ulp_differs_where_none_is_allowed(true, steps, dtype):
    exact = float(np.array(true, dtype))
    found = verdict_of(next_to(exact, steps, dtype), truth(exact), dtype)
    below_a_power = exact == steps == 1.0 or abs(exact) == 1.0
    assert found.verdict == "differs" or below_a_power  # half a unit of the truth's own binade
    assert found.ulp in (0.5, 1.0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_answer_just_beyond_the_allowance_differs(dtype):
    unit = float(ulp(np.array(1.5), dtype))
    assert verdict_of(1.5 + 4 * unit, truth(1.5, 3.99 * unit), dtype).verdict == "differs"
    assert verdict_of(1.5 + 4 * unit, truth(1.5, 4 * unit), dtype).verdict == "agrees"


def test_one_wrong_element_among_many_is_found_and_named():
    true = np.linspace(1, 2, 24).reshape(2, 3, 4)
    got = true.astype("float32")
    got[1, 0, 2] += 1e-3
    found = verdict_of(got, truth(true, 1e-6))
    assert (found.verdict, found.element) == ("differs", (1, 0, 2))
    assert found.ulp == pytest.approx(1e-3 / 2.0 ** -23, rel=0.01)


def test_the_worst_element_is_the_one_furthest_beyond_its_own_allowance():
    found = verdict_of([1.0, 100.5], truth([0.999, 100.0], [1e-6, 0.4]))
    assert found.element == (0,)


def test_a_tiny_wrong_element_is_not_hidden_by_a_large_right_one():
    found = verdict_of([1e6, 2e-6], truth([1e6, 1e-6], [1.0, 1e-12]))
    assert (found.verdict, found.element) == ("differs", (1,))


def test_a_large_array_gets_no_larger_allowance():
    true = np.ones(10_000)
    got = true.astype("float32")
    got[777] = 1.001
    assert verdict_of(got, truth(true, 1e-6)).verdict == "differs"


def test_zero_for_a_subnormal_truth_differs():
    assert verdict_of(0.0, truth(3 * TINY["float32"])).verdict == "differs"


def test_the_wrong_infinity_differs():
    assert verdict_of(-math.inf, truth(1e39, 1e33)).verdict == "differs"


def test_the_largest_number_is_no_answer_to_a_truth_far_beyond_it():
    assert verdict_of(FORMATS["float32"].largest, truth(1e39, 1e33)).verdict == "differs"


def test_an_infinity_differs_where_even_rounding_stays_finite():
    assert verdict_of(math.inf, truth(3e38, 1e32)).verdict == "differs"


def test_a_vague_allowance_still_excludes_what_is_beyond_it():
    assert verdict_of(2.0, truth(1.0, 0.5)).verdict == "differs"


def test_a_finite_answer_is_no_infinity_though_rounding_is_unbounded():
    found = verdict_of(1.0, truth(math.inf, math.inf, radius=math.inf, note="overflows"),
                       "float64")
    assert found.verdict != "agrees"


# --- where it must not --------------------------------------------------------------------------

@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data())
def test_the_nearest_number_always_agrees(dtype, data):
    limit = FORMATS[dtype].largest
    value = data.draw(st.floats(-limit, limit, allow_nan=False))
    with np.errstate(under="ignore"):
        nearest = np.array(value).astype(dtype)
    assert compare(nearest, truth(value), TensorType((), dtype)).verdict == "agrees"


@pytest.mark.parametrize("steps", [0, 1])
def test_either_neighbour_of_a_halfway_truth_is_right(steps):
    half = 2.0 ** -53
    got = next_to(1.0, steps, "float64")
    assert verdict_of(got, truth(1.0, lo=half, radius=1e-40), "float64").verdict == "agrees"


def test_the_low_part_of_the_truth_counts():
    beyond = 2.0 ** -53 + 2.0 ** -60
    assert verdict_of(1.0, truth(1.0, lo=-beyond / 2), "float64").verdict == "agrees"
    assert verdict_of(1.5, truth(1.5 - 2.0 ** -52, lo=-beyond + 2.0 ** -54), "float64"
                      ).verdict == "differs"


@pytest.mark.parametrize("true", [3e-324, 1.5e-45, 2.2e-308])
def test_a_subnormal_truth_that_float64_rounds_is_answered_by_its_rounding(true):
    assert verdict_of(true, truth(true, radius=5e-324), "float64").verdict == "agrees"


@pytest.mark.parametrize(("dtype", "true"), [("float32", 1e39), ("float32", 2.0 ** 128),
                                             ("float16", 65520.0), ("float64", math.inf)])
@pytest.mark.parametrize("sign", [1, -1])
def test_infinity_is_right_where_the_truth_rounds_to_it(dtype, true, sign):
    radius = math.inf if math.isinf(true) else 0.0
    found = verdict_of(sign * math.inf, truth(sign * true, radius=radius), dtype)
    assert (found.verdict, found.ulp) == ("agrees", 0.0)


def test_infinity_is_right_where_rounding_may_reach_it():
    close = FORMATS["float32"].largest
    assert verdict_of(math.inf, truth(close, 2.0 ** 104)).verdict == "agrees"
    assert verdict_of(math.inf, truth(close, 2.0 ** 102)).verdict == "differs"


def test_zeros_agree_whatever_their_sign():
    assert verdict_of(-0.0, truth(0.0)).verdict == "agrees"


# --- where it cannot tell -----------------------------------------------------------------------

@pytest.mark.parametrize("got", [1.25, -3.0, math.nan, math.inf, 0.0])
def test_an_unbounded_allowance_is_inconclusive_and_says_why(got):
    found = verdict_of(got, truth(1.0, math.inf, note="x - x may round to 0"))
    assert (found.verdict, found.reason) == ("inconclusive", "x - x may round to 0")
    assert found.allowed_ulp == math.inf


def test_an_unbounded_allowance_without_a_note_says_so():
    assert "cannot be bounded" in verdict_of(2.0, truth(1.0, math.inf)).reason


def test_the_nearest_number_agrees_though_rounding_is_unbounded():
    assert verdict_of(1.0, truth(1.0, math.inf)).verdict == "agrees"


@pytest.mark.parametrize(("allowed", "verdict"), [(0.049, "agrees"), (0.051, "inconclusive")])
def test_an_allowance_above_five_percent_is_inconclusive(allowed, verdict):
    found = verdict_of(1.01, truth(1.0, allowed))
    assert found.verdict == verdict
    assert verdict == "agrees" or found.reason == "rounding alone could change this element by 5%"


def test_around_zero_an_absolute_allowance_is_useful():
    assert verdict_of(1e-8, truth(0.0, 1e-7)).verdict == "agrees"


@pytest.mark.parametrize(("others", "allowed", "verdict"), [
    ([1.0], 0.04, "agrees"), ([1.0], 0.06, "inconclusive"),
    ([1e6], 1e4, "agrees"), ([1e-6], 1e9, "inconclusive"),
])
def test_an_allowance_at_zero_is_useful_while_it_is_small_beside_the_rest(others, allowed, verdict):
    found = verdict_of([allowed / 2, *others], truth([0.0, *others], [allowed, *others]))
    zero = [found.verdict] if found.element == (0,) else ["agrees"]
    assert zero == [verdict]
    if verdict == "inconclusive":
        assert found.reason == f"rounding alone could turn this zero into {allowed:.2g}"


def test_a_nan_is_named():
    assert verdict_of(math.nan, truth(1.0)).reason.startswith("got NaN; rounding in float32")


def test_a_difference_outweighs_what_is_unclear_elsewhere():
    found = verdict_of([5.0, 1.25], truth([1.0, 1.0], [1e-6, math.inf]))
    assert (found.verdict, found.element) == ("differs", (0,))


def test_what_is_unclear_outweighs_agreement_elsewhere():
    found = verdict_of([1.0, 1.25], truth([1.0, 1.0], [1e-6, math.inf]))
    assert (found.verdict, found.element) == ("inconclusive", (1,))


def test_a_comparison_says_what_was_allowed_and_how_certain_the_truth_is():
    found = verdict_of(1.0, truth(1.0, 4 * 2.0 ** -23, radius=1e-30))
    assert found.reason == "rounding in float32 explains up to 4 ULP"
    assert (found.ulp, found.allowed_ulp, found.radius) == (0.0, 4.0, 1e-30)


@pytest.mark.parametrize(("allowed", "scale", "wanted"), [
    (0.9, 20.0, "agrees"), (1.1, 20.0, "inconclusive"),  # 5% of the terms that cancel
    (1e-9, 1e-6, "agrees"), (1e-7, 1e-6, "inconclusive"),
    (0.04, 0.0, "agrees"), (0.06, 0.0, "inconclusive"),  # no terms: 5% of an ordinary number
])
def test_an_allowance_at_zero_is_measured_by_the_terms_that_cancel(allowed, scale, wanted):
    found = verdict_of([allowed / 2], truth([0.0], allowed, scale=[scale]))
    assert found.verdict == wanted


def test_a_budget_of_ulps_is_held_beside_what_rounding_explains():
    true, kind = truth([1.0, 3.0], 1e-5), TensorType((2,), "float32")
    got = np.array([1.0, np.nextafter(np.float32(3), np.float32(4))], "float32")
    for _ in range(4):
        got[1] = np.nextafter(got[1], np.float32(4))
    assert compare(got, true, kind).verdict == "agrees"
    assert compare(got, true, kind, max_ulp=5).verdict == "agrees"
    found = compare(got, true, kind, max_ulp=4.5)
    assert (found.verdict, found.element, found.ulp) == ("differs", (1,), 5.0)
    assert found.reason.startswith("beyond the budget of 4.5 ULP; rounding in float32 explains")


def test_a_budget_is_not_held_against_the_nearest_number():
    true = truth([1 + 2**-24 + 2**-30])
    got = np.array([1 + 2**-23], "float32")
    assert compare(got, true, TensorType((1,), "float32"), max_ulp=0.5).verdict == "agrees"


# --- complex numbers ----------------------------------------------------------------------------

def complex_verdict(got, hi, allowed=1e-6):
    wanted = TensorType(np.shape(got), "complex64")
    return compare(np.array(got, "complex64"), truth(hi, allowed), wanted)


def test_both_parts_of_a_complex_number_are_judged():
    assert complex_verdict([1 + 2j, 0.5j], [[1, 2], [0, 0.5]]).verdict == "agrees"
    found = complex_verdict([1 + 2j, 0.5j], [[1, 2], [0, 0.25]])
    assert (found.verdict, found.element) == ("differs", (1, 1))
    assert found.reason.startswith("imaginary part: rounding in float32 explains")
    found = complex_verdict([1 + 2j, 0.5j], [[1.5, 2], [0, 0.5]])
    assert (found.verdict, found.element) == ("differs", (0, 0))
    assert found.reason.startswith("real part: ")


def test_a_conjugate_differs():
    assert complex_verdict(1 - 2j, [1, 2]).verdict == "differs"


def test_a_real_answer_is_no_complex_one():
    found = compare(np.array(1.0, "float32"), truth([1, 0], 1e-6), TensorType((), "complex64"))
    assert (found.verdict, found.reason) == (
        "differs", "got dtype float32, wanted complex64, whose values agree")


def test_an_imaginary_part_that_is_no_number_never_agrees():
    assert complex_verdict(complex(1, math.nan), [1, 2]).verdict == "differs"


def test_an_allowance_below_a_unit_of_the_largest_element_is_small():
    true = truth([8.0, 0.0], [1e-6, 5e-7], scale=[8.0, 1e-9])
    assert verdict_of([8.0, 1e-7], true).verdict == "agrees"
    more = truth([8.0, 0.0], [1e-6, 5e-6], scale=[8.0, 1e-9])
    assert verdict_of([8.0, 1e-7], more).verdict == "inconclusive"
