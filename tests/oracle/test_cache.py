"""Truths on disk: a second look computes nothing, and what is damaged is never believed."""

import numpy as np
import pytest

from conformance.errors import CannotCertify, ClosedFormError
from conformance.oracle import Kink, Truth, cache, certify, check_closed_forms, derivatives
from conformance.tracing import grad, trace
from conformance.typing_rules import TensorType


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def computed(monkeypatch):
    """How often the oracle was asked."""
    calls = []
    real = certify.derivatives
    monkeypatch.setattr(certify, "derivatives", lambda *given: calls.append(1) or real(*given))
    return calls


def program(xp, x):
    return {"slope": grad(xp.sin(x) * xp.exp(x), x), "kink": grad(xp.abs(x), x),
            "pole": grad(1 / x, x), "zero": grad((xp.sin(x) - xp.sin(x * 1.0)) + 0 * x, x)}


def graph_of(function=program, dtype="float32"):
    return trace(function, {"x": (TensorType((2,), dtype), "constant")}, dtype=dtype)


def values(*numbers):
    return {"x": np.array(numbers, "float32")}


def files(place):
    return [path for path in place.rglob("*") if path.is_file()]


def assert_same(one, other):
    assert type(one) is type(other)
    if isinstance(one, CannotCertify):
        assert (str(one), one.kind) == (str(other), other.kind)
    elif isinstance(one, Kink):
        for a, b in zip(one.limits, other.limits, strict=True):
            assert_same(a, b)
        assert one.conventions.keys() == other.conventions.keys()
    else:
        for name in cache.COLUMNS:
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert one.note == other.note


def test_a_second_look_computes_nothing_and_finds_the_same(computed):
    first = derivatives(graph_of(), values(0.0, 1.5))
    second = derivatives(graph_of(), values(0.0, 1.5))
    assert len(computed) == 1
    assert list(first) == list(second)
    assert {type(answer) for answer in first.values()} == {Truth, Kink, CannotCertify}
    for name in first:
        assert_same(first[name], second[name])


def test_other_inputs_programs_and_dtypes_are_other_entries(computed, place):
    derivatives(graph_of(), values(0.5, 1.5))
    derivatives(graph_of(), values(0.5, -1.5))
    derivatives(graph_of(lambda xp, x: {"slope": grad(xp.cos(x), x)}), values(0.5, 1.5))
    derivatives(graph_of(dtype="float64"), {"x": np.array([0.5, 1.5])})
    derivatives(graph_of(), values(0.0, 1.5))
    derivatives(graph_of(), values(-0.0, 1.5))
    assert len(computed) == len(files(place)) == 6


@pytest.mark.parametrize("damage", [
    lambda content: b"",
    lambda content: content[:-9],
    lambda content: content.replace(b"p+0", b"p+1", 1),
    lambda content: b"\x00" * len(content),
    lambda content: b"[]",
    lambda content: content.partition(b"\n")[2],
])
def test_a_damaged_entry_is_computed_anew_and_mended(computed, place, damage):
    wanted = derivatives(graph_of(), values(0.5, 1.5))
    (file,) = files(place)
    whole = file.read_bytes()
    assert damage(whole) != whole
    file.write_bytes(damage(whole))
    found = derivatives(graph_of(), values(0.5, 1.5))
    assert len(computed) == 2
    assert_same(found["slope"], wanted["slope"])
    assert file.read_bytes() == whole


def test_an_entry_under_another_name_is_not_believed(computed, place):
    derivatives(graph_of(), values(0.5, 1.5))
    (first,) = files(place)
    derivatives(graph_of(), values(0.5, 2.5))
    (second,) = set(files(place)) - {first}
    second.write_bytes(first.read_bytes())
    derivatives(graph_of(), values(0.5, 2.5))
    assert len(computed) == 3


def test_another_oracle_believes_nothing_of_the_last(computed, monkeypatch):
    derivatives(graph_of(), values(0.5, 1.5))
    monkeypatch.setattr(cache, "oracle", lambda: "another")
    derivatives(graph_of(), values(0.5, 1.5))
    assert len(computed) == 2


def test_only_the_latest_oracles_are_remembered(place, monkeypatch):
    others = place / "truths" / "of-someone-else"
    others.mkdir(parents=True)
    (place / "also-not-ours").mkdir()
    for name in (16 * letter for letter in "abcdef"):
        monkeypatch.setattr(cache, "oracle", lambda name=name: name)
        derivatives(graph_of(), values(0.5, 1.5))
    kept = {path.name for path in others.parent.iterdir()} - {others.name}
    assert len(kept) == cache.KEPT_ORACLES
    assert 16 * "f" in kept
    assert others.is_dir()
    assert (place / "also-not-ours").is_dir()


def test_a_change_of_any_rule_that_the_oracle_reads_makes_it_another(tmp_path, monkeypatch):
    import shutil
    from pathlib import Path

    copied = tmp_path / "conformance"
    shutil.copytree(Path(cache.__file__).parent.parent, copied)
    monkeypatch.setattr(cache, "__file__", str(copied / "oracle" / "cache.py"))
    names = set()
    for changed in ("window_rules.py", "typing_rules.py", "oracle/rules/shapes.py",
                    "catalogue/shapes.py"):
        (copied / changed).write_text((copied / changed).read_text() + "# changed\n")
        cache.oracle.cache_clear()
        names.add(cache.oracle())
    cache.oracle.cache_clear()
    assert len(names) == 4


def test_it_can_be_turned_off(computed, place, monkeypatch):
    monkeypatch.setenv(cache.VARIABLE, "off")
    for _ in range(2):
        derivatives(graph_of(), values(0.5, 1.5))
    assert len(computed) == 2
    assert not place.exists()


def test_a_place_that_cannot_be_written_costs_nothing_but_time(computed, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "file" / "below"))
    for _ in range(2):
        assert derivatives(graph_of(), values(0.5, 1.5))["slope"].hi.shape == (2,)
    assert len(computed) == 2


def test_closed_forms_that_hold_are_not_checked_again(monkeypatch):
    graph = graph_of(lambda xp, x: {"slope": grad(x**2, x) == 2 * x}, "float64")
    given = {"x": np.array([0.5, 1.5])}
    check_closed_forms(graph, given)
    monkeypatch.setattr(certify, "check_closed_forms", lambda *_: pytest.fail("checked again"))
    check_closed_forms(graph, given)


def test_closed_forms_that_are_wrong_are_wrong_again():
    graph = graph_of(lambda xp, x: {"slope": grad(x**2, x) == 3 * x}, "float64")
    for _ in range(2):
        with pytest.raises(ClosedFormError):
            check_closed_forms(graph, {"x": np.array([0.5, 1.5])})
