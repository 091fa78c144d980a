"""Cases and families of cases: a function over `xp`, its inputs, and the place it is written."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from conformance.errors import CaseError, Location
from conformance.graph import Graph
from conformance.inputs import Input, as_input
from conformance.paths import display_path
from conformance.tracing import trace
from conformance.typing_rules import TensorType

_collecting: list[Case] | None = None


@dataclass(frozen=True, eq=False)
class Case:
    """One gradient case.

    name: what it shows; unique within its file. function: called as function(xp, **inputs).
    member: the family member's name, passed to the function after xp, or None.
    summary: the docstring's sentence. where: the function's file and line.
    """

    name: str
    function: Callable[..., Any]
    inputs: Mapping[str, Input]
    summary: str
    where: Location
    member: str | None = None

    @property
    def id(self) -> str:
        """`cases/notebook.py::sum_square`: the file and the name."""
        return f"{self.where.file}::{self.name}"

    @property
    def path(self) -> Path:
        """The file that the case is written in."""
        return Path(self.function.__code__.co_filename)

    def values(self, dtype: str) -> dict[str, np.ndarray]:
        """The inputs in this dtype; the same on every machine."""
        return {name: spec.values(f"{self.name}/{name}", dtype)
                for name, spec in self.inputs.items()}

    @lru_cache(maxsize=None)  # noqa: B019 - cases live as long as the process
    def graph(self, dtype: str = "float32") -> Graph:
        """The case traced with floats of this dtype; raises CaseError with file and line."""
        types = {name: (TensorType(v.shape, str(v.dtype)), self.inputs[name].kind)
                 for name, v in self.values(dtype).items()}
        member = () if self.member is None else (self.member,)
        return trace(self.function, types, *member, dtype=dtype)


def case(**inputs: Any) -> Callable[[Callable[..., Any]], Case]:
    """Declare a case: `@case(x=3.0)` above `def name(xp, x): ... return {"dy/dx": grad(y, x)}`.

    inputs: one keyword per parameter: a number, nested lists, or ones, zeros, uniform, variable.
    Raises CaseError when the function and its inputs do not fit or the docstring is missing.
    """
    def declare(function: Callable[..., Any]) -> Case:
        return _register(_make(function, function.__name__, inputs))

    return declare


def family(**members: Mapping[str, Any]) -> Callable[[Callable[..., Any]], tuple[Case, ...]]:
    """Declare one case a member: `@family(exp={"x": 0.5}, log={"x": 2.0})`.

    The function takes the member's name after xp: `def elementwise(xp, name, x)`. The cases are
    called `elementwise.exp`, `elementwise.log`, and so on.
    """
    def declare(function: Callable[..., Any]) -> tuple[Case, ...]:
        return tuple(_register(_make(function, f"{function.__name__}.{member}", inputs, member))
                     for member, inputs in members.items())

    return declare


def _make(function: Callable[..., Any], name: str, inputs: Mapping[str, Any],
          member: str | None = None) -> Case:
    where = Location(display_path(function.__code__.co_filename),
                     function.__code__.co_firstlineno)
    wanted = list(inspect.signature(function).parameters)[1 if member is None else 2:]
    if set(wanted) != set(inputs):
        raise CaseError(f"{name} takes {wanted}, but its inputs are {list(inputs)}: "
                        "name each once, as in @case(x=3.0)", where)
    summary = inspect.getdoc(function)
    if not summary:
        raise CaseError(f"{name} has no docstring: say in one sentence what it shows", where)
    try:
        specs = {key: as_input(inputs[key]) for key in wanted}
    except CaseError as error:
        raise CaseError(f"{name}: {error.message}", where) from None
    return Case(name, function, specs, summary, where, member)


def _register(declared: Case) -> Case:
    if _collecting is not None:
        for other in _collecting:
            if other.name == declared.name:
                raise CaseError(f"two cases are called {declared.name!r}; the other is at "
                                f"{other.where}", declared.where)
        _collecting.append(declared)
    return declared


@contextmanager
def collecting() -> Iterator[list[Case]]:
    """The cases that are declared inside the `with`, in order; names must be unique in it."""
    global _collecting
    previous, _collecting = _collecting, []
    try:
        yield _collecting
    finally:
        _collecting = previous
