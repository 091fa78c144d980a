"""Measurements as JSON: nothing is lost, and the schema refuses what is no sweep."""

import json
import math
from dataclasses import replace

import pytest

from conformance.accuracy import Atlas
from conformance.accuracy.measure import Extreme, Measurement, Place
from conformance.errors import ConformanceError, UsageError
from conformance.reports.accuracy_json import AccuracyFile, atlas_to_json, read_measurements
from conformance.serialization import validate

SOMEWHERE = {"conformance": "", "python": "", "numpy": "", "backends": {}, "platform": "",
             "cpu": "", "threads": 1}
ODD = Measurement(
    "pow(x, 0.5)", "pow", "Infinity", "1.0", "bfloat16", 2, points=3, refused={"domain": 2},
    kinds={"ordinary": 2, "zero": 1}, median_ulp=0.1, flushed=1, beyond=1,
    largest=Extreme(5e-324, 1e17, -0.1, 1 / 3, math.inf),
    unexplained=Extreme(2.0, 3.0, 4.0, 5.0, 0.5),
    places=(Place("NaN", "overflow", False, 2, -1.0, 2.0, 1.0, math.nan, -math.inf),
            Place("inf", "ordinary", True, 1, 1.0, 1.0, 1.0, math.inf, 0.1)))
UNKNOWN = Measurement("exp", "exp", "b", "1.0", "float16", 0, "timed_out", "NaN")
ATLAS = Atlas([ODD, UNKNOWN], SOMEWHERE, ("bfloat16",), (2,), 3, ["c is not installed"], "now",
              True)


def test_the_document_is_valid_and_survives_the_round_trip(tmp_path):
    document = json.loads(json.dumps(atlas_to_json(ATLAS), allow_nan=False))
    validate(document, "accuracy")
    with AccuracyFile(tmp_path / "a.json") as file:
        file.add([ODD])
        assert repr(read_measurements(tmp_path / "a.json.partial")) == repr([ODD])
        file.finish(ATLAS)
    assert repr(read_measurements(tmp_path / "a.json")) == repr([ODD, UNKNOWN])
    assert not (tmp_path / "a.json.partial").exists()


@pytest.mark.parametrize("change", [
    {"version": 2}, {"points": 0}, {"extra": 1}, {"dtypes": ["half"]}, {"orders": [3]},
    {"measurements": [{}]}])
def test_the_schema_refuses_anything_else(change):
    with pytest.raises(ConformanceError, match="not a valid accuracy document"):
        validate({**atlas_to_json(ATLAS), **change}, "accuracy")


def test_the_schema_knows_every_place():
    wrong = replace(ODD, places=(replace(ODD.places[0], answer="wrong"),))
    with pytest.raises(ConformanceError, match=r"measurements\[0\]\.places\[0\]\.answer"):
        validate(atlas_to_json(replace(ATLAS, measurements=[wrong])), "accuracy")


def test_a_file_of_something_else_is_refused(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"format": "conformance-results"}', encoding="utf-8")
    with pytest.raises(UsageError, match="cannot read measurements from"):
        read_measurements(path)
