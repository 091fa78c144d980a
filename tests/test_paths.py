"""Paths as a person wants to read them."""

from pathlib import Path

import pytest

from conformance import paths
from conformance.paths import display_path, suite_cases


def test_the_suites_own_cases_are_found_and_shown_as_such(tmp_path, monkeypatch):
    assert (suite_cases() / "notebook.py").is_file()
    for here in (Path.cwd(), tmp_path, suite_cases()):
        monkeypatch.chdir(here)
        assert display_path(suite_cases() / "notebook.py") == "cases/notebook.py"


def test_an_installed_suite_keeps_its_cases_in_the_package(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "PACKAGE", tmp_path / "conformance")
    paths._display.cache_clear()
    try:
        assert suite_cases() == tmp_path / "cases"
        (tmp_path / "conformance" / "cases").mkdir(parents=True)
        assert suite_cases() == tmp_path / "conformance" / "cases"
        assert display_path(suite_cases() / "deep" / "kinks.py") == "cases/deep/kinks.py"
    finally:
        paths._display.cache_clear()


@pytest.mark.parametrize(("path", "shown"), [
    ("mine/cases.py", "mine/cases.py"),
    ("./mine/../cases.py", "cases.py"),
    ("../elsewhere.py", "{parent}/elsewhere.py"),
])
def test_other_paths_are_relative_to_the_working_directory(path, shown, tmp_path, monkeypatch):
    here = tmp_path / "project"
    here.mkdir()
    monkeypatch.chdir(here)
    expected = shown.format(parent=tmp_path.as_posix())
    assert display_path(path) == expected
    assert display_path(here / path) == expected


def test_the_working_directory_may_change(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    file = tmp_path / "a" / "b.py"
    monkeypatch.chdir(tmp_path)
    assert display_path(file) == "a/b.py"
    monkeypatch.chdir(tmp_path / "a")
    assert display_path(file) == "b.py"
