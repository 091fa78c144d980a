"""Who answers: the suite's own backends and those of other packages, by name."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from conformance.backends.base import Backend, Evaluation, Program
from conformance.errors import MissingFramework, UsageError

__all__ = ["Backend", "Evaluation", "Program", "get_backend", "list_backends"]

# name -> module:class; imported on request, so that no framework's file is read in vain
BUILT_IN = {
    "reference": "conformance.backends.reference:ReferenceBackend",
    "torch": "conformance.backends.torch_backend:TorchBackend",
    "tensorflow": "conformance.backends.tensorflow_backend:TensorFlowBackend",
    "jax": "conformance.backends.jax_backend:JaxBackend",
    "autograd": "conformance.backends.autograd_backend:AutogradBackend",
}
ENTRY_POINTS = "conformance.backends"


def list_backends() -> tuple[str, ...]:
    """The names of all known backends, installed or not; other packages add an entry point
    `conformance.backends` that names a Backend subclass."""
    return (*BUILT_IN, *(point.name for point in _others() if point.name not in BUILT_IN))


@cache
def get_backend(name: str) -> Backend:
    """The backend called `name`, which may also be `module:Class`; raises UsageError."""
    if name in BUILT_IN:
        return _made(BUILT_IN[name])
    for point in _others():
        if point.name == name:
            return _made(f"{point.module}:{point.attr}")
    if ":" in name:
        return _made(name)
    near = difflib.get_close_matches(name, list_backends(), n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise UsageError(f"unknown backend {name!r}: {hint}known are {', '.join(list_backends())}")


def _made(place: str) -> Backend:
    module, _, cls = place.partition(":")
    try:
        made = getattr(import_module(module), cls)()
    except Exception as error:  # a module that is someone else's may fail in any way
        raise UsageError(f"cannot use the backend {place}: {type(error).__name__}: {error}"
                         ) from None
    if not isinstance(made, Backend):
        raise UsageError(f"cannot use the backend {place}: it is no subclass of Backend")
    lacking = [name for name in made.needs() if not hasattr(made, name)]
    if lacking:
        raise UsageError(f"cannot use the backend {place}: its class must set "
                         f"{', '.join(lacking)}; CONTRIBUTING.md shows a whole backend")
    return made


@dataclass(frozen=True)
class Unusable:
    """The backend of another package that cannot be used, and was not asked for."""

    name: str
    reason: str

    def missing(self) -> str:
        """Why it is skipped."""
        return self.reason


def choose_backends(asked: tuple[str, ...] = ()) -> tuple[list[Backend],
                                                          list[Backend | Unusable]]:
    """The backends to run, and those skipped because they, or their frameworks, are not there.

    asked: names that must be there; none means every installed one. Raises UsageError for an
    unknown name and MissingFramework for a named one that is not installed.
    """
    chosen: list[Backend] = []
    missing: list[Backend | Unusable] = []
    for name in dict.fromkeys(asked or list_backends()):
        try:
            backend = get_backend(name)
        except UsageError as error:
            if asked:
                raise
            missing.append(Unusable(name, str(error)))
            continue
        (chosen if backend.installed() else missing).append(backend)
    if asked and missing:
        raise MissingFramework("; ".join(backend.missing() for backend in missing))
    return chosen, missing


@cache
def _others() -> tuple:
    return tuple(entry_points(group=ENTRY_POINTS))
