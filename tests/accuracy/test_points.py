"""Points: the whole domain, closer where something happens, the same in every process."""

import numpy as np
import pytest

from conformance.accuracy.lines import Line
from conformance.accuracy.points import points, special_points
from conformance.formats import FORMATS, numpy_dtype


@pytest.mark.parametrize("dtype", FORMATS)
def test_they_are_different_numbers_of_the_dtype_over_all_of_it(dtype):
    x, format = points(Line("exp"), dtype, 200), FORMATS[dtype]
    assert len(x) == 200
    assert (np.diff(x) > 0).all()
    assert (x.astype(numpy_dtype(dtype)).astype(float) == x).all()
    tiny = np.ldexp(1.0, format.min_exponent - format.precision + 1)
    for there in (0.0, 1.0, -1.0, format.largest, -format.largest, tiny, -tiny,
                  format.smallest_normal):
        assert there in x
    decades = np.log10(np.abs(x[x != 0]))
    assert np.diff(np.sort(decades)).max() < 0.1 * np.ptp(decades)


def test_they_stay_inside_the_interval_and_come_close_to_its_ends():
    x = points(Line("atanh"), "float32", 200)
    assert (np.abs(x) <= 1).all()
    for end in (-1.0, 1.0):
        assert np.nextafter(np.float32(end), np.float32(0)) in x
    x = points(Line("acosh"), "float16", 200)
    assert len(x) == 200
    assert (x >= 1).all()


def test_they_come_close_to_zeros_and_poles():
    for op, there in (("sin", np.pi), ("tan", np.pi / 2), ("log", 1.0)):
        x = points(Line(op), "float32", 200)
        assert np.abs(x - there).min() <= np.spacing(np.float32(there))
        assert (np.abs(x - there) < 1e-3).sum() >= 3


def test_special_points_are_where_a_value_or_derivative_changes_sign():
    assert 0.0 in special_points(Line("square"))  # the slope
    for op, there in (("cos", np.pi / 2), ("cos", np.pi), ("tan", np.pi / 2), ("log", 1.0)):
        assert min(abs(x - there) for x in special_points(Line(op))) < 1e-8
    assert 1.0 in special_points(Line("acosh"))
