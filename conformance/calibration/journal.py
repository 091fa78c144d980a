"""What a calibration has found so far, as JSON lines on disk; one that was cut off goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from conformance.errors import UsageError


class Journal:
    """The lines of a calibration, one a program, and a header that says which calibration it is.

    path: where they are kept; None keeps them in memory alone. Raises UsageError where there is
    the journal of another calibration.
    """

    def __init__(self, path: Path | None, header: Mapping[str, Any]) -> None:
        self.path = path
        self.header = dict(header)
        self.lines: list[dict[str, Any]] = []
        if path is not None and path.exists():
            self._read(path)
        if path is not None:
            whole = "".join(json.dumps(line) + "\n" for line in (self.header, *self.lines))
            path.write_text(whole, encoding="utf-8")

    def _read(self, path: Path) -> None:
        found = []
        for text in path.read_text(encoding="utf-8").splitlines():
            with suppress(json.JSONDecodeError):  # the last line may have been cut off
                found.append(json.loads(text))
        if not found:
            return
        other = {key: (found[0].get(key), value) for key, value in self.header.items()
                 if found[0].get(key) != value}
        if other:
            changes = ", ".join(f"{key} {was!r} rather than {now!r}"
                                for key, (was, now) in other.items())
            raise UsageError(f"{path} is the journal of another calibration, with {changes}; "
                             "name another file")
        self.lines = found[1:]

    @property
    def done(self) -> set[int]:
        """The programs that are there."""
        return {line["index"] for line in self.lines}

    def add(self, line: dict[str, Any]) -> None:
        self.lines.append(line)
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
