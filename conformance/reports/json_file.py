"""A JSON document that is on disk while it grows: records as they come, then the whole."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from conformance.errors import UsageError

# JSON has no spelling for these; as strings they are valid everywhere
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class GrowingFile:
    """A file that holds every record so far, whatever ends the run.

    Records go to `FILE.partial`, a JSON object a line, as they come in. When the run ends, also
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

    def __exit__(self, *error: object) -> None:
        with suppress(OSError):  # what could not be written has been told
            self._stream.close()

    def append(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Put records on disk now."""
        try:
            for record in records:
                self._stream.write(json.dumps(record, allow_nan=False) + "\n")
            self._stream.flush()
        except OSError as error:
            raise self._refusal(error) from None

    def replace(self, document: Mapping[str, Any]) -> None:
        """Replace the partial file with the whole document."""
        text = json.dumps(document, allow_nan=False, indent=1)
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


def encode(value: Any) -> Any:
    """A value whose NaN and infinities, however deep, are strings."""
    if isinstance(value, float) and not math.isfinite(value):
        return next(name for name, special in _SPECIAL.items()
                    if special == value or (math.isnan(special) and math.isnan(value)))
    if isinstance(value, dict):
        return {name: encode(inner) for name, inner in value.items()}
    return [encode(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def decode(value: Any) -> Any:
    """What `encode` was given, but for tuples."""
    if isinstance(value, list):
        return [decode(inner) for inner in value]
    if isinstance(value, dict):
        return {name: decode(inner) for name, inner in value.items()}
    return _SPECIAL.get(value, value) if isinstance(value, str) else value
