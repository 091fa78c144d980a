"""Running the protocol checks: which checks, on which modules, and what comes out."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from conformance.backends import get_backend
from conformance.errors import MissingFramework, UsageError
from conformance.paths import suite_cases
from conformance.protocol import Check

BACKENDS = ("reference", "tensorflow")  # those whose modules share the API

VERDICTS = {
    "agrees": "every answer is what was wanted",
    "waived": "it fails as a difference on record says",
    "differs": "an answer is another one",
    "raised": "the module raised an error that was not asked for",
    "unneeded": "a difference is on record that the module does not show",
}


@dataclass(frozen=True)
class Outcome:
    """What one check says of one module, and why."""

    check: Check
    module: str
    verdict: str
    reason: str = ""
    source: str = ""

    @property
    def expected(self) -> bool:
        """Whether a run with this outcome may still exit with 0."""
        return self.verdict in ("agrees", "waived")


def judge(check: Check, module: ModuleType) -> Outcome:
    """One check on one module; whatever that raises is data."""
    verdict, reason = "agrees", ""
    try:
        check.run(module)
    except AssertionError as error:
        verdict, reason = "differs", str(error)
    except Exception as error:
        verdict = "raised"
        reason = f"{check.name}  {check.where}\n  {type(error).__name__}: {error}"
    known = check.difference(module)
    if known is not None and verdict == "agrees":
        verdict = "unneeded"
        reason = f"{check.name}  {check.where}\n  is no difference any more: {known.reason}"
    elif known is not None and known.says in reason:
        return Outcome(check, module.__name__, "waived", known.reason, known.source)
    return Outcome(check, module.__name__, verdict, reason)


def named(backends: tuple[str, ...], modules: tuple[str, ...]
          ) -> tuple[list[ModuleType], list[str]]:
    """The modules of these backends and by these names, and which backends are skipped, and why.

    No name at all means every backend that is installed. Raises UsageError for a name that means
    nothing or another kind of module, and MissingFramework for a backend that is not installed.
    """
    for name in backends:
        if name not in BACKENDS:
            raise UsageError(f"the protocol checks run on {' and '.join(BACKENDS)}, not on "
                             f"{name!r}; a module with their API is named with --module")
    asked = [get_backend(name) for name in dict.fromkeys(backends or (() if modules else BACKENDS))]
    missing = [backend.missing() for backend in asked if not backend.installed()]
    if backends and missing:
        raise MissingFramework("; ".join(missing))
    found = [backend.framework() for backend in asked if backend.installed()]
    return [*found, *map(_imported, dict.fromkeys(modules))], missing


def _imported(name: str) -> ModuleType:
    """The module called `name`; raises UsageError if it has no tape like TensorFlow's."""
    try:
        module = importlib.import_module(name)
    except Exception as error:  # a module that is someone else's may fail in any way
        raise UsageError(f"cannot import {name}: {type(error).__name__}: {error}") from None
    lacking = [part for part in ("constant", "GradientTape", "Variable")
               if not hasattr(module, part)]
    if lacking:
        raise UsageError(f"{name} has no {', '.join(lacking)}: the protocol checks ask for an API "
                         "like TensorFlow's")
    return module


def select(checks: Iterable[Check], selections: Iterable[str]) -> list[Check]:
    """The checks, in order, that any selection names, by name or group; raises UsageError."""
    checks, chosen = list(checks), set(selections)
    known = {one.name for one in checks} | {one.group for one in checks}
    for name in sorted(chosen - known):
        near = difflib.get_close_matches(name, sorted(known), n=3)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise UsageError(f"no protocol check matches {name!r}{hint}")
    return [one for one in checks if not chosen or chosen & {one.name, one.group}]


def load_checks(path: Path | None = None) -> list[Check]:
    """The checks of a file, in order; the suite's own when none is named."""
    path = path or suite_cases() / "protocol.py"
    spec = importlib.util.spec_from_file_location("_protocol_checks", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise UsageError(f"no such file of checks: {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [value for value in vars(module).values() if isinstance(value, Check)]
