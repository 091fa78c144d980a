"""A run as JSON: strict, versioned, with NaN and infinities, written as verdicts come in."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import IO, Any

from conformance.errors import ConformanceError, UsageError
from conformance.runner import Run
from conformance.serialization import validate
from conformance.verdict import Verdict

FORMAT = "conformance-results"
VERSION = 1
# JSON has no spelling for these; as strings they are valid everywhere
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
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


class JsonFile:
    """A results file that holds every verdict so far, whatever ends the run.

    Verdicts go to `FILE.partial`, a JSON object a line, as they come in. When the run ends, also
    by an interrupt, the whole document replaces it. Raises UsageError at once where FILE cannot
    be written, before any work is done. Used in a `with`, which closes it whatever happens.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            if path.is_dir():
                raise IsADirectoryError(21, "Is a directory")
            if path.exists() and not os.access(path, os.W_OK):
                raise PermissionError(13, "Permission denied")
            self.partial = path.with_name(path.name + ".partial")
            self._stream: IO[str] = self.partial.open("w", encoding="utf-8")
        except OSError as error:
            raise self._refusal(error) from None

    def __enter__(self) -> JsonFile:
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(OSError):  # what could not be written has been told
            self._stream.close()

    def add(self, verdicts: Iterable[Verdict]) -> None:
        """Put verdicts on disk now."""
        try:
            for verdict in verdicts:
                self._stream.write(json.dumps(_record(verdict), allow_nan=False) + "\n")
            self._stream.flush()
        except OSError as error:
            raise self._refusal(error) from None

    def finish(self, run: Run) -> None:
        """Replace the partial file with the whole document."""
        text = json.dumps(run_to_json(run), allow_nan=False, indent=1)
        scratch = self.path.with_name(self.path.name + ".new")
        try:
            self._stream.close()
            scratch.write_text(text + "\n", encoding="utf-8")
            os.replace(scratch, self.path)
            self.partial.unlink()
        except OSError as error:
            raise self._refusal(error) from None

    def _refusal(self, error: OSError) -> UsageError:
        return UsageError(f"cannot write {self.path}: {error.strerror or error}; "
                          "give --json another path")


def _record(verdict: Verdict) -> dict[str, Any]:
    record = asdict(verdict)
    return record | {name: _encode(record[name]) for name in _NUMBERS}


def _verdict(record: dict[str, Any]) -> Verdict:
    known = {field.name for field in fields(Verdict)}
    values = {name: _decode(value) if name in _NUMBERS else value
              for name, value in record.items() if name in known}
    if values.get("element") is not None:
        values["element"] = tuple(values["element"])
    return Verdict(**values)


def _encode(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return next(name for name, special in _SPECIAL.items()
                    if special == value or (math.isnan(special) and math.isnan(value)))
    return [_encode(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return [_decode(inner) for inner in value]
    return _SPECIAL.get(value, value) if isinstance(value, str) else value
