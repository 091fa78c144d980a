"""A run as JSON: strict, versioned, with NaN and infinities, written as verdicts come in."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from conformance.errors import ConformanceError, UsageError
from conformance.reports.json_file import GrowingFile, decode, encode
from conformance.runner import Run
from conformance.serialization import validate
from conformance.verdict import Verdict

FORMAT = "conformance-results"
VERSION = 1
_NUMBERS = ("ulp", "allowed_ulp", "got", "truth", "radius", "seconds")


def run_to_json(run: Run) -> dict[str, Any]:
    """The document that `schemas/results.schema.json` describes."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "started": run.started,
        "complete": run.complete,
        "environment": dict(run.environment),
        "counts": dict(run.counts),
        "errors": [str(error) for error in run.errors],
        "stale_waivers": run.stale,
        "skipped": run.skipped,
        "verdicts": [{name: value for name, value in _record(verdict).items() if name != "source"}
                     for verdict in run.verdicts],
        "programs": {verdict.evaluation: verdict.source for verdict in run.verdicts
                     if verdict.source},
    }


def read_verdicts(path: Path | str) -> list[Verdict]:
    """The verdicts of a results file, or of the FILE.partial that a killed run leaves behind.

    Raises UsageError for anything else.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        if Path(path).suffix == ".partial":
            whole = text[:text.rfind("\n") + 1]  # a last line may have been cut
            return [_verdict(json.loads(line)) for line in whole.splitlines()]
        document = json.loads(text)
        validate(document, "results")
    except (OSError, TypeError, ValueError, ConformanceError) as error:
        raise UsageError(f"cannot read results from {path}: {error}") from None
    verdicts = [_verdict(record) for record in document["verdicts"]]
    return [replace(v, source=document["programs"].get(v.evaluation, "")) for v in verdicts]


def write_results(run: Run, path: Path | str) -> None:
    """Write a run to a file that `read_verdicts` reads; raises UsageError where that fails."""
    with JsonFile(Path(path)) as file:
        file.finish(run)


class JsonFile(GrowingFile):
    """A results file: verdicts as they come in, then the run."""

    def __enter__(self) -> JsonFile:
        return self

    def add(self, verdicts: Iterable[Verdict]) -> None:
        """Put verdicts on disk now."""
        self.append(map(_record, verdicts))

    def finish(self, run: Run) -> None:
        """Replace the partial file with the whole document."""
        self.replace(run_to_json(run))


def _record(verdict: Verdict) -> dict[str, Any]:
    record = asdict(verdict)
    return record | {name: encode(record[name]) for name in _NUMBERS}


def _verdict(record: dict[str, Any]) -> Verdict:
    known = {field.name for field in fields(Verdict)}
    values = {name: decode(value) if name in _NUMBERS else value
              for name, value in record.items() if name in known}
    if values.get("element") is not None:
        values["element"] = tuple(values["element"])
    return Verdict(**values)
