"""Where the suite's own cases are, and how a path is shown to a person."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def suite_cases() -> Path:
    """The folder of the suite's own cases: in the installed package, or beside it in a checkout."""
    installed = PACKAGE / "cases"
    return installed if installed.is_dir() else PACKAGE.parent / "cases"


def display_path(path: str | Path) -> str:
    """`cases/…` for the suite's own cases, else relative to the working directory if inside it."""
    return _display(os.fspath(path), os.getcwd())


@lru_cache(maxsize=1024)  # every node of a graph asks
def _display(path: str, here: str) -> str:
    absolute, suite = Path(os.path.abspath(path)), suite_cases()
    if absolute.is_relative_to(suite):
        return (Path("cases") / absolute.relative_to(suite)).as_posix()
    return (absolute.relative_to(here) if absolute.is_relative_to(here) else absolute).as_posix()
