"""A run as JSON: strict, versioned, with NaN and infinities, written as verdicts come in."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import IO, Any

from conformance.errors import UsageError
from conformance.runner import Run
from conformance.serialization import validate
from conformance.verdict import Verdict

FORMAT = "conformance-results"
VERSION = 1
# JSON has no spelling for these; as strings they are valid everywhere
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


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
        "verdicts": [_encode(asdict(verdict)) for verdict in run.verdicts],
        "programs": run.programs,
    }


def read_verdicts(path: Path) -> list[Verdict]:
    """The verdicts of a results file; raises UsageError for anything else."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}: {error}") from None
    validate(document, "results")
    return [verdict_from_json(record) for record in document["verdicts"]]


def verdict_from_json(record: dict[str, Any]) -> Verdict:
    """The verdict that a record was made of."""
    values = {name: _decode(value) for name, value in record.items()}
    if values.get("element") is not None:
        values["element"] = tuple(values["element"])
    return Verdict(**values)


class JsonFile:
    """A results file that holds every verdict so far, whatever ends the run.

    Verdicts go to `FILE.partial`, a JSON object a line, as they come in. When the run ends, also
    by an interrupt, the whole document replaces it. Raises UsageError at once where FILE cannot
    be written, before any work is done.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.partial = path.with_name(path.name + ".partial")
        try:
            self._stream: IO[str] = self.partial.open("w", encoding="utf-8")
            if path.exists() and not os.access(path, os.W_OK):
                raise PermissionError(13, "Permission denied")
            if path.is_dir():
                raise IsADirectoryError(21, "Is a directory")
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error.strerror}; give --json another "
                             "path") from None

    def add(self, verdicts: Iterable[Verdict]) -> None:
        """Put verdicts on disk now."""
        for verdict in verdicts:
            self._stream.write(json.dumps(_encode(asdict(verdict)), allow_nan=False) + "\n")
        self._stream.flush()

    def finish(self, run: Run) -> None:
        """Replace the partial file with the whole document."""
        self._stream.close()
        text = json.dumps(run_to_json(run), allow_nan=False, indent=1)
        scratch = self.path.with_name(self.path.name + ".new")
        scratch.write_text(text + "\n", encoding="utf-8")
        os.replace(scratch, self.path)
        self.partial.unlink()


def verdict_keys() -> list[str]:
    """The keys of one record, in order."""
    return [field.name for field in fields(Verdict)]


def _encode(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return next(name for name, special in _SPECIAL.items()
                    if special == value or (math.isnan(special) and math.isnan(value)))
    if isinstance(value, dict):
        return {name: _encode(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_encode(inner) for inner in value]
    return value


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return [_decode(inner) for inner in value]
    return _SPECIAL.get(value, value) if isinstance(value, str) else value
