"""Which line of a case file is running: the place that a node, or an error, belongs to."""

from __future__ import annotations

import os
import sys
from types import CodeType, FrameType

from conformance.errors import Location
from conformance.paths import display_path

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_SUITE = _PACKAGE + "cases" + os.sep  # an installed suite keeps its cases inside the package


def location(code: CodeType) -> Location:
    """Where a function is written."""
    return Location(display_path(code.co_filename), code.co_firstlineno)


def outside() -> Location | None:
    """The nearest place on the stack outside of this package."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _is_ours(frame.f_code):
        frame = frame.f_back
    return frame and Location(display_path(frame.f_code.co_filename), frame.f_lineno)


class Author:
    """The author of one case, while the case is traced: the line, and the names of its values.

    A line counts as the author's when its file is in the case file's folder, so that neither
    NumPy nor a helper library is blamed for what a case does.
    """

    def __init__(self, code: CodeType) -> None:
        self._code = code
        self._folder = _folder(code)
        self._frame: FrameType | None = None

    def line(self) -> Location | None:
        """The author's innermost line that is running."""
        frame: FrameType | None = sys._getframe(1)
        nearest = None
        while frame is not None:
            if frame.f_code is self._code:
                self._frame = frame
                nearest = nearest or frame
            elif nearest is None and self._wrote(frame.f_code):
                nearest = frame
            if nearest is not None and self._frame is not None:
                return Location(display_path(nearest.f_code.co_filename), nearest.f_lineno)
            frame = frame.f_back
        return outside()

    def variables(self) -> dict[str, object]:
        """The case function's variables as they are, or were when it returned."""
        return {} if self._frame is None else dict(self._frame.f_locals)

    def forget(self) -> None:
        """Let go of the case's frame, which refers to every value of the tracing."""
        self._frame = None

    def _wrote(self, code: CodeType) -> bool:
        return _folder(code) == self._folder and not _is_ours(code)


def _folder(code: CodeType) -> str:
    return code.co_filename.rpartition(os.sep)[0]  # os.path.dirname takes ten times as long


def _is_ours(code: CodeType) -> bool:
    return code.co_filename.startswith(_PACKAGE) and not code.co_filename.startswith(_SUITE)
