"""Finding case files, loading them, and selecting among their cases."""

from __future__ import annotations

import difflib
import hashlib
import importlib.util
import os
import shlex
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from conformance.case_files import is_case_file
from conformance.declaration import Case, collecting
from conformance.errors import CaseError, ConformanceError, Location, UsageError
from conformance.paths import display_path, suite_cases


@dataclass
class Library:
    """The cases that were found, and the errors of the files and cases that were not usable."""

    cases: list[Case] = field(default_factory=list)
    errors: list[CaseError] = field(default_factory=list)

    def select(self, selections: Iterable[str]) -> list[Case]:
        """The cases that any selection names: a case's name, family, file, folder or id.

        Raises UsageError, with the nearest names, for a selection that matches nothing.
        """
        selections = list(selections)
        if not selections:
            return list(self.cases)
        chosen: dict[str, Case] = {}
        for selection in selections:
            found = [c for c in self.cases if not _names(c).isdisjoint(_spellings(selection))]
            if not found:
                raise UsageError(f"no case matches {selection!r}{self._nearest(selection)}")
            chosen.update((c.id, c) for c in found)
        return list(chosen.values())

    def _nearest(self, selection: str) -> str:
        if selection.endswith(".py") and Path(selection).exists():
            return f"; a file of your own is named with --cases: --cases {shlex.quote(selection)}"
        names = set().union(*map(_names, self.cases))
        near = difflib.get_close_matches(selection, sorted(names), n=3)
        hint = f"did you mean {', '.join(near)}? " if near else ""
        return f"; {hint}`conformance list` shows all {len(self.cases)}"


def _names(candidate: Case) -> set[str]:
    """Everything that selects a case."""
    file = Path(candidate.where.file)
    folders = {parent.as_posix() for parent in file.parents} - {"."}
    family = candidate.name.partition(".")[0]
    return {candidate.id, candidate.name, family, f"{file.as_posix()}::{family}",
            file.as_posix(), file.name, file.stem, *folders}


def _spellings(selection: str) -> set[str]:
    """A selection as it is and, where it is a path, as paths are displayed."""
    path, separator, name = selection.partition("::")
    looks_like_a_path = path.endswith(".py") or "/" in path or os.sep in path
    return {selection, f"{display_path(path)}{separator}{name}" if looks_like_a_path else selection}


def load_cases(paths: str | Path | Iterable[str | Path] = (), *, trace: bool = True) -> Library:
    """Load the case files at `paths` (files or folders; the suite's own when there are none).

    A file that cannot be loaded costs its own cases only: its error is in `errors`. Raises
    UsageError for a path that does not exist or holds no case file. trace: whether to find out
    now which cases cannot be traced; else that is found out when they are first used.
    """
    library = Library()
    paths = [paths] if isinstance(paths, (str, Path)) else paths
    files = {file.resolve(): file for path in [Path(p) for p in paths] or [suite_cases()]
             for file in case_files(path)}
    written: dict[str, str] = {}
    for file in files.values():
        cases, errors = load_case_file(file, trace=trace)
        library.errors.extend(errors)
        for candidate in cases:
            here = str(candidate.path)
            there = written.get(candidate.id)
            if there is None:
                written[candidate.id] = here
                library.cases.append(candidate)
            elif there != here:  # else a case file that imports another one
                library.errors.append(CaseError(
                    f"{candidate.id} names two cases, in {there} and {here}; rename one file, "
                    "or run them apart", candidate.where))
    return library


def case_files(path: Path) -> list[Path]:
    """The case files that a path names, in order; raises UsageError when there are none."""
    if not path.exists():
        raise UsageError(f"no such file or folder of cases: {path}")
    if path.is_file():
        found = [path] if is_case_file(path) else []
    else:
        found = sorted(filter(is_case_file, _python_files(path)))
    if not found:
        raise UsageError(f"{path} declares no case; a case file has `from conformance import "
                         "case, grad` and functions under `@case(...)`")
    return found


def _python_files(folder: Path) -> Iterator[Path]:
    """Python files below a folder, but not those of hidden folders and virtual environments."""
    for root, folders, files in os.walk(folder):
        folders[:] = [f for f in folders if not f.startswith((".", "__pycache__"))
                      and not Path(root, f, "pyvenv.cfg").exists()]
        yield from (Path(root, f) for f in files if f.endswith(".py"))


def load_case_file(path: Path, *, trace: bool = True) -> tuple[list[Case], list[CaseError]]:
    """The usable cases of one file, each traced once (if asked), and the errors of the others."""
    path = path.resolve()
    usable, errors = [], []
    with _importable(path.parent):
        try:
            declared = _execute(path)
        except CaseError as error:
            return [], [error]
        if not trace:
            return declared, []
        for candidate in declared:
            error = _trace(candidate, path)
            if error is None:
                usable.append(candidate)
            else:
                errors.append(error)
    return usable, errors


def _trace(candidate: Case, path: Path) -> CaseError | None:
    """What is wrong with a case, if anything."""
    try:
        candidate.graph()
    except CaseError as error:
        return error if error.where else CaseError(f"{candidate.name}: {error}", candidate.where)
    except ConformanceError as error:
        return CaseError(f"{candidate.name}: {error}", candidate.where)
    except Exception as error:  # the author's own code failed
        return CaseError(f"{candidate.name} failed while it was traced: "
                         f"{type(error).__name__}: {error}", _line_in(path, error))
    return None


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Let a case file import its neighbours, and forget them: another folder's have other names."""
    if str(folder) in sys.path:
        yield
        return
    known = set(sys.modules)
    sys.path.append(str(folder))  # last, so that cases/random.py hides no other random
    try:
        yield
    finally:
        with suppress(ValueError):  # the file itself may have removed it
            sys.path.remove(str(folder))
        neighbours = [name for name in set(sys.modules) - known
                      if _is_neighbour(sys.modules.get(name.partition(".")[0]), folder)]
        for name in neighbours:
            del sys.modules[name]


def _is_neighbour(module: ModuleType | None, folder: Path) -> bool:
    file = getattr(module, "__file__", None)
    if not file or module.__name__.startswith("_case_file_"):
        return False
    place = Path(file).parent if Path(file).name == "__init__.py" else Path(file)
    return place.parent == folder


def _execute(path: Path) -> list[Case]:
    place = Location(display_path(path), 1)
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:12]
    name = f"_case_file_{path.stem}_{digest}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise CaseError("is not a Python file", place)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    with collecting() as found:
        try:
            spec.loader.exec_module(module)
        except BaseException as error:
            del sys.modules[name]
            if isinstance(error, CaseError) and error.where:
                raise
            if isinstance(error, ConformanceError):
                raise CaseError(str(error), _line_in(path, error)) from None
            if isinstance(error, SyntaxError):
                raise CaseError(f"syntax error: {error.msg}", Location(
                    display_path(error.filename or path), error.lineno or 1)) from None
            if isinstance(error, (Exception, SystemExit)):
                raise CaseError(f"cannot be imported: {type(error).__name__}: {error}",
                                _line_in(path, error)) from None
            raise
    if not found:
        del sys.modules[name]
        raise CaseError("declares no case", place)
    return found


def _line_in(path: Path, error: BaseException) -> Location:
    """The last line of `path` that the error passed through."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__)
             if f.lineno and Path(f.filename).resolve() == path]
    return Location(display_path(path), lines[-1] if lines else 1)
