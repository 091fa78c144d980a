"""Pictures: every point is somewhere, and wrong answers stand out."""

import numpy as np
import pytest

from conformance.accuracy import Line
from conformance.accuracy.measure import Errors
from conformance.reports.accuracy_plot import draw, file_name, position

X = np.array([-1e30, -1.0, -1e-40, 0.0, 1e-40, 0.5, 2.0, 1e30])


def test_positions_ascend_and_are_odd():
    at = position(X, 1e-45)
    assert (np.diff(at) > 0).all()
    assert position(-X, 1e-45).tolist() == (-at).tolist()
    assert at[3] == 0


def test_around_one_there_is_most_room():
    at = position(np.array([1e-30, 1e-29, 0.3, 3.0, 1e29, 1e30]), 1e-45)
    assert at[3] - at[2] > 5 * max(at[1] - at[0], at[5] - at[4])


def test_a_picture_names_backends_and_marks_what_is_wrong(tmp_path):
    pytest.importorskip("matplotlib")
    kind = np.full(len(X), "ordinary", object)
    wrong = np.array(["", "NaN", *[""] * 6], object)
    curve = Errors(X, np.array([0.1, np.nan, 2.0, 0.0, 1.0, np.inf, 1e6, 0.2]), kind, wrong)
    path = draw(Line("exp"), {("torch", "float32", 0): curve, ("mine", "float32", 0): curve},
                tmp_path)
    text = path.read_text(encoding="utf-8")
    assert path.name == "exp.svg"
    for words in ("torch", "mine", "float32", "value", "crosses: NaN"):
        assert words in text
    assert draw(Line("exp"), {}, tmp_path) is None


def test_file_names_hold_no_brackets():
    assert file_name(Line("pow", 1, (-2.0,))) == "pow_-2_x"
