"""What all tests share: Hypothesis without deadlines, and a folder to write case files in."""

import os
import textwrap

import hypothesis
import pytest

# what a test plants must not be kept, nor what was kept be taken for what is computed
os.environ["CONFORMANCE_CACHE"] = "off"

hypothesis.settings.register_profile("suite", deadline=None, database=None)
hypothesis.settings.load_profile("suite")


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a file below a fresh working directory; returns its path."""
    monkeypatch.chdir(tmp_path)

    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return path

    return write
