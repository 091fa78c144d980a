"""Finding case files, loading them, and selecting among their cases."""

from __future__ import annotations

import difflib
import importlib.util
import re
import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from conformance.declaration import Case, collecting
from conformance.errors import CaseError, ConformanceError, Location, UsageError
from conformance.paths import display_path, suite_cases

# a file is a case file when, at the start of a line, it imports from here and decorates
_IMPORTS = re.compile(r"^\s*(from conformance import|import conformance)\b", re.MULTILINE)
_DECORATES = re.compile(r"^@(conformance\.)?(case|family)\b", re.MULTILINE)


@dataclass
class Library:
    """The cases that were found, and the errors of the files and cases that were not usable."""

    cases: list[Case] = field(default_factory=list)
    errors: list[CaseError] = field(default_factory=list)

    def select(self, selections: Iterable[str]) -> list[Case]:
        """The cases that any selection names: a case's name, its family, its file, or its id.

        Raises UsageError, with the nearest names, for a selection that matches nothing.
        """
        selections = list(selections)
        if not selections:
            return list(self.cases)
        chosen: dict[str, Case] = {}
        for selection in selections:
            found = [c for c in self.cases if _matches(c, selection)]
            if not found:
                raise UsageError(f"no case matches {selection!r}{self._nearest(selection)}")
            chosen.update((c.id, c) for c in found)
        return list(chosen.values())

    def _nearest(self, selection: str) -> str:
        names = {c.name for c in self.cases} | {c.where.file for c in self.cases}
        near = difflib.get_close_matches(selection, sorted(names), n=3)
        hint = f"did you mean {', '.join(near)}? " if near else ""
        return f"; {hint}`conformance list` shows all {len(self.cases)}"


def _matches(candidate: Case, selection: str) -> bool:
    file = candidate.where.file
    return selection in (candidate.id, candidate.name, candidate.name.partition(".")[0], file,
                         Path(file).name, Path(file).stem)


def is_case_file(path: Path) -> bool:
    """Whether a Python file declares cases at its top level."""
    if path.suffix != ".py":
        return False
    text = path.read_text(encoding="utf-8", errors="replace")
    return bool(_IMPORTS.search(text) and _DECORATES.search(text))


def load_cases(paths: Iterable[str | Path] = ()) -> Library:
    """Load the case files at `paths` (files or folders; the suite's own when there are none).

    A file that cannot be loaded costs its own cases only: its error is in `errors`. Raises
    UsageError for a path that does not exist or holds no case file.
    """
    library = Library()
    for path in [Path(p) for p in paths] or [suite_cases()]:
        for file in case_files(path):
            cases, errors = load_case_file(file)
            seen = {c.id: c for c in library.cases}
            library.cases.extend(c for c in cases if c.id not in seen)
            library.errors.extend(errors)
    return library


def case_files(path: Path) -> list[Path]:
    if not path.exists():
        raise UsageError(f"no such file or folder of cases: {path}")
    found = [path] if path.is_file() else sorted(f for f in path.rglob("*.py") if is_case_file(f))
    if not found or (path.is_file() and not is_case_file(path)):
        raise UsageError(f"{path} declares no case: a case file has `from conformance import "
                         "case, grad` and functions under `@case(...)`")
    return found


def load_case_file(path: Path) -> tuple[list[Case], list[CaseError]]:
    """The usable cases of one file, each traced once, and the errors of the others."""
    try:
        declared = _execute(path)
    except CaseError as error:
        return [], [error]
    usable, errors = [], []
    for candidate in declared:
        try:
            candidate.graph()
        except ConformanceError as error:
            errors.append(_located(error, candidate))
        except Exception as error:  # the author's own code failed
            errors.append(CaseError(f"{candidate.name} failed while it was traced: "
                                    f"{type(error).__name__}: {error}", _line_in(path, error)))
        else:
            usable.append(candidate)
    return usable, errors


def _execute(path: Path) -> list[Case]:
    with collecting() as found:
        name = f"_case_file_{path.stem}_{abs(hash(str(path.resolve())))}"
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise CaseError("is not a Python file", Location(display_path(path), 1))
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except CaseError:
            raise
        except SyntaxError as error:
            raise CaseError(f"syntax error: {error.msg}",
                            Location(display_path(path), error.lineno or 1)) from None
        except Exception as error:
            raise CaseError(f"cannot be imported: {type(error).__name__}: {error}",
                            _line_in(path, error)) from None
    return found


def _located(error: ConformanceError, candidate: Case) -> CaseError:
    if isinstance(error, CaseError) and error.where:
        return error
    return CaseError(f"{candidate.name}: {error}", candidate.where)


def _line_in(path: Path, error: BaseException) -> Location:
    """The last line of `path` that the error passed through."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__)
             if f.lineno and Path(f.filename).resolve() == path.resolve()]
    return Location(display_path(path), lines[-1] if lines else 1)
