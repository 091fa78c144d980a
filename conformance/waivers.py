"""Known divergences: which verdict is expected of which versions, why, and who says so."""

from __future__ import annotations

import difflib
import fnmatch
import inspect
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion

from conformance.backends import list_backends
from conformance.errors import Location, UsageError
from conformance.paths import display_path
from conformance.toml import parsed
from conformance.typing_rules import FLOATS
from conformance.verdict import EXPECTED, VERDICTS, Verdict

if TYPE_CHECKING:
    from conformance.declaration import Case

FILE = "waivers.toml"
REQUIRED = ("case", "backend", "verdict", "class", "versions", "reason", "source")
# what kind of divergence it is
CLASSES = {
    "bug": "a wrong answer at ordinary numbers, or an error where there is an answer",
    "convention": "another choice than the suite's, where mathematics leaves one",
    "accuracy": "more digits lost than a correct kernel loses",
    "range": "NaN, an infinity or zero where the derivative is an ordinary number",
    "artefact": "rules that are right each for itself make a derivative that is none, at a kink",
}
OPTIONAL = ("says", "derivative", "dtype", "mode")


@dataclass(frozen=True)
class Waiver:
    """One entry of a waivers.toml beside the case files.

    case: a case's name; `*` matches any part. verdict: what is to be expected instead of
    `agrees`. kind: the file's `class`, one of CLASSES. versions: which version of the backend,
    `==2.13.0`. reason, source: why it is so, and where that can be read. derivative, dtype, mode:
    all of them where left out. The file may list several cases and several versions; each of them
    must be needed.
    """

    case: str
    backend: str
    verdict: str
    kind: str
    versions: str
    reason: str
    source: str
    says: str = ""
    derivative: str = "*"
    dtype: str = "*"
    mode: str = "*"
    where: Location | None = None

    def covers(self, case: str, backend: str, version: str, dtype: str, mode: str) -> bool:
        """Whether the entry speaks of this evaluation."""
        return (backend == self.backend and fnmatch.fnmatchcase(case, self.case)
                and fnmatch.fnmatchcase(dtype, self.dtype)
                and fnmatch.fnmatchcase(mode, self.mode) and self._includes(version))

    @property
    def reproduce(self) -> str:
        """The command that shows what the entry speaks of."""
        dtype = "" if "*" in self.dtype else f" --dtype {self.dtype}"
        return f"conformance show {self.case} --backend {self.backend}{dtype}"

    def _includes(self, version: str) -> bool:
        try:
            return SpecifierSet(self.versions, prereleases=True).contains(version)
        except InvalidVersion:  # someone else's backend may count in its own way
            return False

    def excuses(self, verdict: Verdict) -> bool:
        """Whether the entry expects this verdict of this derivative, for this reason."""
        return (verdict.verdict == self.verdict and self.says in verdict.reason
                and fnmatch.fnmatchcase(verdict.derivative, self.derivative))


@cache
def folder_of(case: Case) -> Path:
    """The folder whose waivers.toml speaks of a case."""
    return Path(inspect.unwrap(case.function).__code__.co_filename).resolve().parent


@cache
def waivers_beside(folder: Path) -> tuple[Waiver, ...]:
    """The waivers of a folder of case files; none without a waivers.toml."""
    path = folder / FILE
    return load_waivers(path) if path.is_file() else ()


def idle_waivers(cases: Iterable[Case]) -> list[str]:
    """What to say of waivers, in the folders of `cases`, that name no case there at all."""
    names: dict[Path, set[str]] = {}
    for case in cases:
        names.setdefault(folder_of(case), set()).add(case.name)
    return [f"{waiver.where}: this waiver is not needed: no case here is called {waiver.case!r}"
            for folder, known in names.items() for waiver in waivers_beside(folder)
            if not fnmatch.filter(known, waiver.case)
            and not fnmatch.filter(_all_names(folder), waiver.case)]


@cache
def _all_names(folder: Path) -> frozenset[str]:
    """The cases of every case file in a folder, also of those that are not being run."""
    from conformance.discovery import load_cases

    return frozenset(c.name for c in load_cases(folder, trace=False).cases
                     if folder_of(c) == folder)


def load_waivers(path: Path) -> tuple[Waiver, ...]:
    """The entries of a waivers file; raises UsageError with file and line for a malformed one."""
    shown = display_path(path)
    try:
        text = path.read_text(encoding="utf-8")
        entries = _parsed(text)
    except (OSError, ValueError) as error:  # a TOMLDecodeError names the line
        raise UsageError(f"{shown}: not valid TOML: {error}") from None
    lines = [number for number, line in enumerate(text.splitlines(), 1)
             if re.match(r"\s*\[\[\s*waiver\s*\]\]", line)]
    lines += [1] * (len(entries) - len(lines))  # entries that are written in another way
    return tuple(_waiver(one, Location(shown, line))
                 for entry, line in zip(entries, lines, strict=False) for one in _each(entry))


def _each(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """An entry for each case and version that an entry lists, so that each must be needed."""
    cases, versions = (_list(entry[key]) if key in entry else [None]
                       for key in ("case", "versions"))
    pairs = [{"case": case, "versions": version} for case in cases for version in versions]
    return [entry | {k: v for k, v in pair.items() if v is not None} for pair in pairs]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) and value else [value]


def _parsed(text: str) -> list[Mapping[str, Any]]:
    document = parsed(text)
    entries = document.pop("waiver", [])
    if document:
        raise ValueError(f"it holds [[waiver]] entries only, not {', '.join(document)}")
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise ValueError("each entry begins with [[waiver]]")
    return entries


def _waiver(entry: Mapping[str, Any], where: Location) -> Waiver:
    problems = [f"lacks {key!r}" for key in REQUIRED if not str(entry.get(key, "")).strip()]
    problems += [f"has an unknown key {key!r}" for key in entry
                 if key not in (*REQUIRED, *OPTIONAL)]
    problems += [f"has no text as its {key!r}" for key, value in entry.items()
                 if not isinstance(value, str)]
    wanted = sorted(set(VERDICTS) - EXPECTED)
    if not problems and entry["verdict"] not in wanted:
        problems.append(f"excuses {entry['verdict']!r}; one of {', '.join(wanted)}")
    if not problems and entry["class"] not in CLASSES:
        problems.append(f"has the class {entry['class']!r}; one of {', '.join(CLASSES)}")
    if not problems and not _exact(entry["versions"]):
        problems.append(f"has versions {entry['versions']!r}; name each one, as in '==2.13.0'")
    if not problems and entry["verdict"] == "raised" and not entry.get("says"):
        problems.append("excuses any error: quote it, as in says = 'does not require grad'")
    if not problems:
        problems += [f"has an unknown {key} {entry[key]!r}{_nearest(entry[key], known)}"
                     for key, known, closed in (("dtype", FLOATS, True),
                                                ("backend", list_backends(), False),
                                                ("mode", ("reverse",), False))
                     if _misspelt(entry.get(key, "*"), known, closed)]
    if problems:
        raise UsageError(f"{where}: this waiver {', '.join(problems)}")
    fields = {"kind" if key == "class" else key: value for key, value in entry.items()}
    return Waiver(**fields, where=where)


def _misspelt(name: str, known: Iterable[str], closed: bool) -> bool:
    """Whether a name is none of the known; other packages may add to sets that are not closed."""
    if name in known or "*" in name:
        return False
    return closed or bool(difflib.get_close_matches(name, known, n=1, cutoff=0.8))


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f", did you mean {near[0]!r}?" if near else ""


def _exact(versions: str) -> bool:
    """Whether one version is named: a later one may have changed."""
    try:
        (clause,) = SpecifierSet(versions)
    except (InvalidSpecifier, ValueError):
        return False
    return clause.operator in ("==", "===") and not clause.version.endswith(".*")
