"""Conventions on record: written, read, and held to."""

from dataclasses import replace

import pytest

from conformance import Verdict
from conformance.conventions import FILE, held_to_record, record, recorded_in
from conformance.errors import UsageError

AT_KINK = Verdict("kinks.py::corner", "dy/dx", "torch", "2.13.0+cpu", "float32", "reverse",
                  "agrees", reason="at a kink: 0 of -1, 1 (abs: mean)", convention="abs: mean")


@pytest.fixture(autouse=True)
def afresh():
    recorded_in.cache_clear()
    yield
    recorded_in.cache_clear()


def test_what_was_recorded_is_held_to(tmp_path):
    assert record([AT_KINK], tmp_path) == 1
    assert recorded_in(tmp_path) == {"torch": {"2.13.0": {"corner dy/dx": "abs: mean"}}}
    assert held_to_record(AT_KINK, tmp_path) is AT_KINK
    found = held_to_record(replace(AT_KINK, convention="abs: first"), tmp_path)
    assert found.verdict == "changed"
    assert not found.expected
    assert found.reason.endswith("; on record for torch 2.13.0 is 'abs: mean'")


@pytest.mark.parametrize(("version", "verdict"), [
    ("2.12.0", "changed"), ("2.13.1", "changed"), ("2.14.0", "agrees"), ("3.0", "agrees"),
    ("2.0", "agrees"), ("of-my-own", "agrees")])
def test_a_version_without_a_record_is_held_to_the_newest_one_before(tmp_path, version, verdict):
    record([replace(AT_KINK, backend_version="2.12.0"),
            replace(AT_KINK, backend_version="2.14.0", convention="abs: first")], tmp_path)
    found = held_to_record(replace(AT_KINK, backend_version=version, convention="abs: first"),
                           tmp_path)
    assert found.verdict == verdict


def test_other_verdicts_backends_and_questions_are_left_alone(tmp_path):
    record([AT_KINK], tmp_path)
    for other in (replace(AT_KINK, backend="jax", convention="x"),
                  replace(AT_KINK, derivative="dy/dw", convention="x"),
                  replace(AT_KINK, convention=""),
                  replace(AT_KINK, verdict="differs", convention="x")):
        assert held_to_record(other, tmp_path) is other


def test_a_second_recording_keeps_the_first(tmp_path):
    record([AT_KINK], tmp_path)
    record([replace(AT_KINK, backend="jax", backend_version="0.10.2")], tmp_path)
    assert set(recorded_in(tmp_path)) == {"jax", "torch"}


@pytest.mark.parametrize("text", [
    "[torch", "torch = 1", '[torch]\n"2.13.0" = 1', '[torch."2.13.0"]\nx = 1',
    '[torch."new"]\nx = "y"'])
def test_a_malformed_file_is_told(tmp_path, text):
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"conventions.toml: .*--record-conventions write it"):
        recorded_in(tmp_path)
