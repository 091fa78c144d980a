"""Every error that the suite raises on purpose, as one tree.

ConformanceError
├── UsageError            a wrong flag, name or selection, an unwritable file
│   └── MissingFramework  a backend was asked for by name and cannot be imported
├── CaseError             a case file or a case is wrong; carries file and line
│   ├── BranchError       a case branched on a traced value
│   ├── UnknownOperator   an operator that the catalogue lacks
│   ├── ShapeError        shapes or dtypes that an operator refuses
│   ├── ClosedFormError   a closed form that the oracle disproves
│   └── NoComplexDtype    a complex case in a dtype that has no complex numbers
├── GraphError            a graph (usually from JSON) that is malformed
├── Unsupported           a backend lacks an operator, a dtype or a mode
└── CannotCertify         the oracle has no proof; never a guess
"""

from __future__ import annotations

from dataclasses import dataclass


class ConformanceError(Exception):
    """Base of all deliberate errors; its text is meant for the person at the keyboard."""


class UsageError(ConformanceError):
    """The command or call cannot be carried out as given (exit code 2)."""


class MissingFramework(UsageError):
    """A backend that was asked for by name cannot be imported."""


@dataclass(frozen=True)
class Location:
    """A place in a case file: a display path and a 1-based line."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class CaseError(ConformanceError):
    """A case or case file is wrong; the message starts with `file:line` where it is known."""

    def __init__(self, message: str, where: Location | None = None) -> None:
        self.where = where
        self.message = message
        super().__init__(f"{where}: {message}" if where else message)


class BranchError(CaseError):
    """A case used a traced value as a Python bool or number."""


class UnknownOperator(CaseError):
    """A case named an operator that is not in the catalogue."""


class ShapeError(CaseError):
    """An operator was given shapes, dtypes or parameters that it refuses."""


class ClosedFormError(CaseError):
    """A closed form that the certified derivative contradicts, or that proves nothing."""


class GraphError(ConformanceError):
    """A graph is malformed: unknown keys, dangling inputs, a type that does not follow."""


class NoComplexDtype(CaseError):
    """A case of complex numbers is traced in a precision that has none."""


class Unsupported(ConformanceError):
    """A backend lacks an operator, a dtype or a mode; the text names which."""


class CannotCertify(ConformanceError):
    """The oracle cannot prove a value; the text says why.

    kind: "kink", "domain", "branch", "range", "overflow" or "precision".
    """

    def __init__(self, message: str, kind: str = "precision") -> None:
        self.kind = kind
        super().__init__(message)
