"""Where the suite's own cases are, and how a path is shown to a person."""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def suite_cases() -> Path:
    """The folder of the suite's own cases: inside the installed package, or beside it in a checkout."""
    installed = PACKAGE / "cases"
    return installed if installed.is_dir() else PACKAGE.parent / "cases"


def display_path(path: str | Path) -> str:
    """`cases/…` for the suite's own cases, else relative to the working directory when inside it."""
    path = Path(os.path.abspath(path))
    suite = suite_cases()
    if path.is_relative_to(suite):
        return (Path("cases") / path.relative_to(suite)).as_posix()
    here = Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()
