"""Which element of a set of derivatives each backend answers at a kink, as data by version.

A conventions.toml lies beside case files:

    [torch."2.13.0"]
    "corner_at_zero.abs dy/dx" = "abs: mean"
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

from conformance.errors import UsageError
from conformance.paths import display_path
from conformance.toml import parsed
from conformance.verdict import Verdict

FILE = "conventions.toml"
# backend -> version -> `case derivative` -> convention
Records = Mapping[str, Mapping[str, Mapping[str, str]]]

HEAD = """# What each backend answers where a derivative is a set: at kinks and ties.
# `conformance run PATTERN --record-conventions` writes this file; a run in which a backend answers
# otherwise than is recorded for its version, or for the newest one before it, fails.
"""


@cache
def recorded_in(folder: Path) -> Records:
    """The records of a folder of case files; raises UsageError for a malformed file."""
    path = folder / FILE
    if not path.is_file():
        return {}
    try:
        document = parsed(path.read_text(encoding="utf-8"))
        for backend, versions in document.items():
            for version, records in _table(versions, backend).items():
                Version(version)
                for question, answer in _table(records, f"{backend} {version}").items():
                    if not isinstance(answer, str):
                        raise ValueError(f"{question!r} of {backend} {version} must be text")
    except (OSError, ValueError) as error:
        raise UsageError(f"{display_path(path)}: {error}; mend it, or delete it and let "
                         "--record-conventions write it anew") from None
    return document


def _table(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{name} must be a table")
    return value


def held_to_record(verdict: Verdict, folder: Path) -> Verdict:
    """The verdict, or that the convention is another than the one on record."""
    if not verdict.convention or verdict.verdict != "agrees":
        return verdict
    versions = recorded_in(folder).get(verdict.backend, {})
    question, version = _question(verdict), _public(verdict.backend_version)
    known = [v for v in versions if question in versions[v]]
    if not known or version is None:
        return verdict
    before = [v for v in known if Version(v) <= Version(version)] or known
    nearest = max(before, key=Version)
    wanted = versions[nearest][question]
    if wanted == verdict.convention:
        return verdict
    return replace(verdict, verdict="changed", reason=(
        f"{verdict.reason}; on record for {verdict.backend} {nearest} is {wanted!r}"))


def _question(verdict: Verdict) -> str:
    return f"{verdict.name} {verdict.derivative}"


def _public(version: str) -> str | None:
    """The version without what names a build of it."""
    try:
        return Version(version).public
    except InvalidVersion:
        return None


def record(verdicts: Iterable[Verdict], folder: Path) -> int:
    """Write the conventions among verdicts beside their cases; returns how many there are."""
    kept: dict[str, dict[str, dict[str, str]]] = {
        backend: {version: dict(records) for version, records in versions.items()}
        for backend, versions in recorded_in(folder).items()}
    count = 0
    for verdict in verdicts:
        version = _public(verdict.backend_version)
        if verdict.convention and verdict.verdict in ("agrees", "changed") and version:
            records = kept.setdefault(verdict.backend, {}).setdefault(version, {})
            records[_question(verdict)] = verdict.convention
            count += 1
    lines = [HEAD]
    for backend in sorted(kept):
        for version in sorted(kept[backend], key=Version):
            lines.append(f"[{json.dumps(backend)}.{json.dumps(version)}]")
            lines += [f"{json.dumps(question)} = {json.dumps(answer)}"
                      for question, answer in sorted(kept[backend][version].items())]
            lines.append("")
    (folder / FILE).write_text("\n".join(lines), encoding="utf-8")
    recorded_in.cache_clear()
    return count
