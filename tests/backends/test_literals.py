"""Numbers and arrays, written and read back."""

from __future__ import annotations

import math

import numpy as np
import pytest

from conformance.backends.literals import nested, number, plain, quoted, shortest, whole

CORNERS = [0.0, -0.0, 1.0, -1.0, 0.1, 1 / 3, 1e16, 123456789.0, math.pi, math.inf, -math.inf]


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.tobytes() == b.tobytes()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_corners_are_read_back_exactly(dtype: str) -> None:
    info = np.finfo(dtype)
    extremes = [info.max, info.min, info.tiny, info.smallest_subnormal, info.eps, 1 + info.eps,
                info.tiny - info.smallest_subnormal]
    for value in np.array([*CORNERS, *extremes], dtype):
        assert same(np.array(eval(shortest(value, dtype))).astype(dtype), value)
    assert np.isnan(eval(shortest(np.nan, dtype)))


@pytest.mark.parametrize(("dtype", "bits"), [("float32", "uint32"), ("float64", "uint64")])
def test_any_bit_pattern_is_read_back_exactly(dtype: str, bits: str) -> None:
    drawn = np.random.default_rng(0).integers(0, np.iinfo(bits).max, 20_000, bits, endpoint=True)
    for value in drawn.view(dtype):
        read = np.array(eval(shortest(value, dtype))).astype(dtype)
        assert same(read, value) or (np.isnan(read) and np.isnan(value))


def test_float32_is_written_as_short_as_float32_prints() -> None:
    assert shortest(np.float32(0.1), "float32") == "0.1"
    assert shortest(np.float32(0.1), "float64") == "0.10000000149011612"
    assert shortest(np.float32(16777216), "float32") == "16777216.0"


def test_a_decimal_that_rounds_wrongly_by_way_of_a_double_is_not_used() -> None:
    # its shortest decimal is next to the middle between two neighbours, and becomes the middle
    value = np.uint32(0x15AE43FD).view(np.float32)
    assert np.float32(float(str(value))) != value
    assert np.float32(float(shortest(value, "float32"))) == value


@pytest.mark.parametrize(("value", "source"), [
    (2, "2"), (-3, "-3"), (2.0, "2.0"), (-0.0, "-0.0"), (True, "True"), (1e300, "1e+300"),
    (math.inf, 'float("inf")'), (-math.inf, 'float("-inf")'), (math.nan, 'float("nan")'),
])
def test_numbers(value: float, source: str) -> None:
    assert number(value) == source


@pytest.mark.parametrize(("value", "source"), [
    ((), "()"), ((2,), "(2,)"), ((2, 3), "(2, 3)"), ([0, 2], "[0, 2]"), (None, "None"),
    (math.inf, 'float("inf")'), ((1.5, None), "(1.5, None)"),
])
def test_parameters(value: object, source: str) -> None:
    assert plain(value) == source


def test_arrays_are_nested_lists() -> None:
    assert nested(np.array(0.5), "float32") == "0.5"
    assert nested(np.array([[1.5, -0.0], [np.inf, 2.0]]), "float64") == (
        '[[1.5, -0.0], [float("inf"), 2.0]]')
    assert nested(np.array([True, False]), "bool") == "[True, False]"
    assert nested(np.array([3, -4]), "int64") == "[3, -4]"


def test_whole() -> None:
    assert repr(whole(1.0)) == "1"
    assert repr(whole(0.5)) == "0.5"


@pytest.mark.parametrize("text", [
    "dy/dx", "it's", 'say "y"', "both ' and \"", "\\", "\\'", "\\\"'", "line\nbreak", "{0}", "λ",
    "\U0001f600", "\U000f0000", "\ud800", "tab\t", "", "'''", '"""',
])
def test_quoted_strings_are_read_back(text: str) -> None:
    assert eval(quoted(text)) == text
    assert quoted(text).startswith('"')
    assert "\n" not in quoted(text)
