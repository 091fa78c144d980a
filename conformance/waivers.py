"""Known divergences: which verdict is expected of which versions, why, and who says so."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from conformance.errors import Location, UsageError
from conformance.paths import display_path
from conformance.verdict import EXPECTED, VERDICTS

FILE = "waivers.toml"
REQUIRED = ("case", "backend", "verdict", "versions", "reason", "source")
OPTIONAL = ("derivative", "dtype", "mode")


@dataclass(frozen=True)
class Waiver:
    """One entry of a waivers.toml beside the case files.

    case: a case's name; `*` matches any part. verdict: what is to be expected instead of
    `agrees`. versions: which versions of the backend, as in `>=2.13,<2.14`. reason, source: why
    it is so, and where that can be read. derivative, dtype, mode: all of them where left out.
    """

    case: str
    backend: str
    verdict: str
    versions: str
    reason: str
    source: str
    derivative: str = "*"
    dtype: str = "*"
    mode: str = "*"
    where: Location | None = None

    def covers(self, case: str, backend: str, version: str, dtype: str, mode: str) -> bool:
        """Whether the entry speaks of this evaluation."""
        return (fnmatch.fnmatchcase(case, self.case) and backend == self.backend
                and fnmatch.fnmatchcase(dtype, self.dtype)
                and fnmatch.fnmatchcase(mode, self.mode)
                and SpecifierSet(self.versions, prereleases=True).contains(version))

    def excuses(self, derivative: str, verdict: str) -> bool:
        """Whether the entry expects this verdict of this derivative."""
        return verdict == self.verdict and fnmatch.fnmatchcase(derivative, self.derivative)


@cache
def waivers_beside(case_file: Path) -> tuple[Waiver, ...]:
    """The waivers of the folder that a case file is in; none without a waivers.toml."""
    path = case_file.parent / FILE
    return load_waivers(path) if path.is_file() else ()


def load_waivers(path: Path) -> tuple[Waiver, ...]:
    """The entries of a waivers file; raises UsageError with file and line for a malformed one."""
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10
        import tomli as tomllib
    text = path.read_text(encoding="utf-8")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{display_path(path)}: not valid TOML: {error}") from None
    unknown = set(document) - {"waiver"}
    if unknown or not isinstance(document.get("waiver", []), list):
        raise UsageError(f"{display_path(path)}: holds [[waiver]] entries only, "
                         f"found {', '.join(sorted(unknown)) or 'a table'}")
    lines = [number for number, line in enumerate(text.splitlines(), 1)
             if line.strip() == "[[waiver]]"]
    return tuple(_waiver(entry, Location(display_path(path), line))
                 for entry, line in zip(document.get("waiver", []), lines, strict=True))


def _waiver(entry: Mapping[str, Any], where: Location) -> Waiver:
    problems = [f"lacks {key!r}" for key in REQUIRED if not str(entry.get(key, "")).strip()]
    problems += [f"has an unknown key {key!r}" for key in entry
                 if key not in (*REQUIRED, *OPTIONAL)]
    wanted = sorted(set(VERDICTS) - EXPECTED)
    if not problems and entry["verdict"] not in wanted:
        problems.append(f"excuses {entry['verdict']!r}; one of {', '.join(wanted)}")
    if not problems:
        try:
            SpecifierSet(entry["versions"])
        except InvalidSpecifier:
            problems.append(f"has versions {entry['versions']!r}; write '==2.13.0' or '>=2,<3'")
    if problems:
        raise UsageError(f"{where}: this waiver {', '.join(problems)}")
    return Waiver(**entry, where=where)
