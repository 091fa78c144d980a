"""A sweep as JSON, on disk operator by operator."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from conformance.accuracy.measure import Extreme, Measurement, Place
from conformance.accuracy.sweep import Atlas
from conformance.errors import ConformanceError, UsageError
from conformance.reports.json_file import GrowingFile, decode, encode
from conformance.serialization import validate

FORMAT = "conformance-accuracy"
VERSION = 1
_EXTREMES = ("largest", "unexplained", "largest_subnormal")


class AccuracyFile(GrowingFile):
    """A file of measurements: those of finished operators as they come in, then the sweep."""

    def __enter__(self) -> AccuracyFile:
        return self

    def add(self, measurements: Iterable[Measurement]) -> None:
        """Put measurements on disk now."""
        self.append(map(_record, measurements))

    def finish(self, atlas: Atlas) -> None:
        """Replace the partial file with the whole document."""
        self.replace(atlas_to_json(atlas))


def atlas_to_json(atlas: Atlas) -> dict[str, Any]:
    """The document that `schemas/accuracy.schema.json` describes."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "started": atlas.started,
        "complete": atlas.complete,
        "environment": dict(atlas.environment),
        "dtypes": list(atlas.dtypes),
        "orders": list(atlas.orders),
        "points": atlas.points,
        "skipped": atlas.skipped,
        "measurements": [_record(measurement) for measurement in atlas.measurements],
    }


def read_measurements(path: Path | str) -> list[Measurement]:
    """The measurements of a file, or of the FILE.partial that a killed sweep leaves behind.

    Raises UsageError for anything else.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        if Path(path).suffix == ".partial":
            whole = text[:text.rfind("\n") + 1]  # a last line may have been cut
            return [_measurement(json.loads(line)) for line in whole.splitlines()]
        document = json.loads(text)
        validate(document, "accuracy")
    except (OSError, TypeError, ValueError, ConformanceError) as error:
        raise UsageError(f"cannot read measurements from {path}: {error}") from None
    return [_measurement(record) for record in document["measurements"]]


def _record(measurement: Measurement) -> dict[str, Any]:
    return encode(asdict(measurement))


def _measurement(record: dict[str, Any]) -> Measurement:
    text = {name: record[name] for name in ("line", "op", "backend", "reason")}
    values = {**decode(record), **text}  # no label is a number
    for name in _EXTREMES:
        values[name] = None if values[name] is None else Extreme(**values[name])
    values["places"] = tuple(Place(**{**place, "answer": spelled["answer"]}) for place, spelled in
                             zip(values["places"], record["places"], strict=True))
    return Measurement(**values)
