"""Inputs are exact in every format, and the same everywhere for one case and input."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.errors import CaseError, UsageError
from conformance.inputs import (
    Input,
    array,
    as_input,
    complex_uniform,
    ones,
    uniform,
    variable,
    zeros,
)

KEY = "product_feeds_both_factors/x"
GOLDEN = [0.2431640625, 0.7421875, -0.228515625, -0.5078125]


def test_golden_values():
    assert uniform(4).values(KEY, "float64").tolist() == GOLDEN


def test_another_process_draws_the_same():
    script = (f"from conformance.inputs import uniform\n"
              f"print(uniform(4).values({KEY!r}, 'float64').tolist())")
    for seed in ("0", "1"):
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                              check=True, env={"PYTHONHASHSEED": seed})
        assert done.stdout.strip() == str(GOLDEN)


def test_every_key_draws_its_own():
    spec = uniform(8)
    drawn = [tuple(spec.values(key, "float64")) for key in ("a/x", "a/w", "b/x")]
    assert len(set(drawn)) == 3
    assert tuple(spec.values("a/x", "float64")) == drawn[0]


@given(key=st.text(), bounds=st.sampled_from(
    [(-1.0, 1.0), (0.3, 0.5), (-2.0, -0.1), (0.0, 1.0), (0.0, 1e-4), (2, 5), (100.0, 6e4),
     (0.999, 1.001)]))
def test_uniform_values_are_inside_short_exact_and_not_zero(key, bounds):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    low, high = bounds
    values = uniform(3, 4, low=low, high=high).values(key, "float64")
    assert values.shape == (3, 4)
    assert ((low < values) & (values < high) & (values != 0)).all()
    mantissa, _ = np.frexp(values)
    assert (mantissa * 2**8 == np.trunc(mantissa * 2**8)).all()
    for dtype in (np.float16, np.float32, ml_dtypes.bfloat16):
        assert (values.astype(dtype).astype(np.float64) == values).all()


@pytest.mark.parametrize(("spec", "shape", "dtype"), [
    (array(3.0), (), "float32"),
    (array(3), (), "int64"),
    (array([1, 2.5]), (2,), "float32"),
    (array([[True], [False]]), (2, 1), "bool"),
    (array(np.arange(3, dtype=np.uint8)), (3,), "int64"),
    (array([]), (0,), "float32"),
    (ones(2, 2), (2, 2), "float32"),
    (zeros(0, 3), (0, 3), "float32"),
    (uniform(), (), "float32"),
    (uniform(2, 0), (2, 0), "float32"),
    (array([1j, 2]), (2,), "complex64"),
    (complex_uniform(2, 3), (2, 3), "complex64"),
    (complex_uniform(0, 2), (0, 2), "complex64"),
    (complex_uniform(), (), "complex64"),
])
def test_shapes_and_dtypes(spec, shape, dtype):
    values = spec.values(KEY, "float32")
    assert (values.shape, str(values.dtype)) == (shape, dtype)


def test_values_keep_signs_of_zero_infinities_and_nan():
    values = array([-0.0, float("inf"), float("nan")]).values(KEY, "float16")
    assert np.signbit(values[0])
    assert np.isposinf(values[1])
    assert np.isnan(values[2])


def test_values_beyond_a_formats_range_become_infinite_without_a_warning():
    assert array([1e300, 1e-300]).values(KEY, "float32").tolist() == [np.inf, 0.0]


def test_values_in_bfloat16():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    assert array(1.5).values(KEY, "bfloat16").dtype == ml_dtypes.bfloat16


def test_bfloat16_without_ml_dtypes_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    with pytest.raises(UsageError, match=r"bfloat16 values need .*pip install ml_dtypes"):
        array(1.5).values(KEY, "bfloat16")


def test_both_parts_of_complex_values_are_drawn_as_real_ones_are():
    values = complex_uniform(2).values(KEY, "float64")
    assert values.tolist() == [complex(*GOLDEN[:2]), complex(*GOLDEN[2:])]
    third = array([(1 + 1j) / 3]).values(KEY, "float32")[0]
    assert (third.real, third.imag) == (np.float32(1 / 3), np.float32(1 / 3))


def test_complex_values_have_no_half_precision():
    with pytest.raises(CaseError, match="no complex values with parts of float16; complex cases "
                                        "run in float32 and float64"):
        array(1j).values(KEY, "float16")


def test_a_caller_cannot_change_an_input():
    given_ = np.array([1.0, 2.0])
    spec = array(given_)
    given_[0] = 5.0
    spec.values(KEY, "float64")[1] = 7.0
    assert spec.values(KEY, "float64").tolist() == [1.0, 2.0]


def test_variables_are_inputs_of_another_kind():
    assert [as_input(x).kind for x in (3.0, variable(3.0), variable(uniform(2)))] == [
        "constant", "variable", "variable"]
    assert isinstance(as_input([1.0]), Input)
    assert variable(uniform(4)).values(KEY, "float64").tolist() == GOLDEN


@pytest.mark.parametrize(("make", "said"), [
    (lambda: array([[1.0], [1.0, 2.0]]), "an input's nested lists must form a rectangle: "),
    (lambda: array("3.0"), "an input holds numbers or booleans, got '3.0'"),
    (lambda: array(None), "an input holds numbers or booleans, got None"),
    (lambda: array([10**30]), f"an input holds numbers or booleans, got [{10**30}]"),
    (lambda: variable(["a"]), "an input holds numbers or booleans, got ['a']"),
    (lambda: ones(2.0), "ones wants lengths, as in ones(2, 3), got ones(2.0)"),
    (lambda: zeros((2, 3)), "zeros wants lengths, as in zeros(2, 3), got zeros((2, 3))"),
    (lambda: uniform(-1), "uniform wants lengths, as in uniform(2, 3), got uniform(-1)"),
    (lambda: complex_uniform(-1), "complex_uniform wants lengths, as in complex_uniform(2, 3), "),
    (lambda: ones(True), "got ones(True)"),
    (lambda: uniform(2, low=1.0, high=1.0), "finite bounds, low < high, got low=1.0, high=1.0"),
    (lambda: uniform(2, high=float("inf")), "finite bounds, low < high, got low=-1.0, high=inf"),
    (lambda: uniform(2, low=1.0001, high=1.0002), "too few numbers of 8 significant bits"),
    (lambda: uniform(2, low=1e5, high=2e5), "that float16 can hold in (100000.0, 200000.0); widen"),
])
def test_what_is_refused_and_why(make, said):
    with pytest.raises(CaseError) as caught:
        make()
    assert said in str(caught.value)
