"""Results as JSON: nothing is lost, whatever ends the run."""

import json
import math
import os
from dataclasses import replace
from pathlib import Path

import pytest

from conformance import load_cases, run
from conformance.errors import CaseError, UsageError
from conformance.reports.json_report import JsonFile, read_verdicts, run_to_json, write_results
from conformance.runner import Run
from conformance.serialization import schema, validate
from conformance.verdict import VERDICTS, Verdict

ODD = Verdict("NaN.py::Infinity", "dy/dx", "reference", "0.1.0", "float32", "reverse", "differs",
              ulp=math.inf, allowed_ulp=math.inf, element=(0, 1),
              got=[[math.nan, math.inf], [-math.inf, 5e-324]], truth=[[0.1, 1 / 3], [-0.0, 1e308]],
              radius=math.inf, seconds=1e-9, reason="NaN", where="a.py:1", reproduce="Infinity",
              source="print('NaN')\n")
SOMEWHERE = {"conformance": "", "python": "", "numpy": "", "backends": {}, "platform": "",
             "cpu": "", "threads": 1}
REQUIRED = ("case", "derivative", "backend", "backend_version", "dtype", "mode", "verdict", "ulp",
            "allowed_ulp", "got", "truth", "seconds", "reason")


@pytest.fixture(scope="module")
def real():
    return run(load_cases().select(["notebook.py"]), ["reference"])


def same(first, second):
    """Equality in which NaN is itself, and zeros have signs."""
    return repr(first) == repr(second) and first.source == second.source


def test_a_real_run_is_valid_and_says_where_it_took_place(real):
    document = json.loads(json.dumps(run_to_json(real), allow_nan=False))
    validate(document, "results")
    assert document["version"] == 1
    assert document["complete"] is True
    assert document["counts"] == {"agrees": 12}
    assert set(document["environment"]) == {"conformance", "python", "numpy", "backends",
                                            "platform", "cpu", "threads"}
    assert all(set(REQUIRED) <= set(record) for record in document["verdicts"])


def test_each_program_is_written_once(real):
    document = run_to_json(real)
    assert len(document["programs"]) == 6
    source = document["programs"]["cases/notebook.py::sum_square[reference-float32-reverse]"]
    assert "GradientTape" in source
    assert not any("source" in record for record in document["verdicts"])


def test_a_real_run_survives_the_round_trip(real, tmp_path):
    write_results(real, tmp_path / "results.json")
    assert read_verdicts(tmp_path / "results.json") == real.verdicts


def test_nan_infinities_and_signed_zeros_survive(tmp_path):
    write_results(Run(verdicts=[ODD], environment=SOMEWHERE), tmp_path / "results.json")
    (found,) = read_verdicts(str(tmp_path / "results.json"))
    assert same(found, ODD)
    assert math.isnan(found.got[0][0])
    assert math.copysign(1, found.truth[1][0]) == -1


@pytest.mark.parametrize("kind", VERDICTS)
def test_every_kind_of_verdict_is_in_the_schema(kind):
    document = run_to_json(
        Run(verdicts=[replace(ODD, verdict=kind)], environment=SOMEWHERE, started="now"))
    validate(json.loads(json.dumps(document)), "results")


def test_the_schema_knows_every_verdict_and_key():
    record = schema("results")["$defs"]["verdict"]
    assert record["properties"]["verdict"]["enum"] == list(VERDICTS)
    assert set(record["properties"]) == set(ODD.__dataclass_fields__) - {"source"}
    assert set(REQUIRED) <= set(record["required"])


@pytest.mark.parametrize("text", [
    "", "[]", "{", '{"format": "conformance-graph"}', '{"verdicts": []}', "\x00"])
def test_another_file_is_refused_with_its_name(tmp_path, text):
    (tmp_path / "other.json").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"cannot read results from .*other.json: "):
        read_verdicts(tmp_path / "other.json")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match="cannot read results from"):
        read_verdicts(tmp_path / "none.json")


# --- while a run is going on --------------------------------------------------------------------

def test_verdicts_are_on_disk_before_the_run_ends(tmp_path):
    with JsonFile(tmp_path / "results.json") as file:
        file.add([ODD, replace(ODD, derivative="dz/dx")])
        file.add([replace(ODD, derivative="du/dx")])
        found = read_verdicts(tmp_path / "results.json.partial")
    assert [v.derivative for v in found] == ["dy/dx", "dz/dx", "du/dx"]
    assert same(found[0], ODD)
    assert not (tmp_path / "results.json").exists()


def test_a_line_that_was_cut_is_left_out(tmp_path):
    with JsonFile(tmp_path / "results.json") as file:
        file.add([ODD])
    partial = tmp_path / "results.json.partial"
    with partial.open("a", encoding="utf-8") as stream:
        stream.write('{"case": "half')
    assert len(read_verdicts(partial)) == 1


def test_the_document_replaces_the_partial_file(tmp_path):
    path = tmp_path / "results.json"
    path.write_text("old", encoding="utf-8")
    file = JsonFile(path)
    assert path.read_text(encoding="utf-8") == "old"
    file.finish(Run(verdicts=[ODD], errors=[CaseError("wrong")]))
    assert os.listdir(tmp_path) == ["results.json"]
    document = json.loads(path.read_text(encoding="utf-8"))
    assert (document["complete"], document["errors"]) == (False, ["wrong"])


@pytest.mark.parametrize("place", ["", "folder", "none/results.json", "file/results.json"])
def test_a_place_that_cannot_be_written_is_refused_at_once(tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"cannot write .*; give --json another path"):
        JsonFile(Path(place))
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only where a full device is at hand")
def test_a_full_disk_is_told_in_words(tmp_path):
    (tmp_path / "results.json.partial").symlink_to("/dev/full")
    with JsonFile(tmp_path / "results.json") as file, pytest.raises(
            UsageError, match="No space left on device"):
        file.add([ODD])
