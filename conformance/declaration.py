"""Cases and families of cases: a function over `xp`, its inputs, and the place it is written."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from conformance.callers import location, outside
from conformance.errors import CaseError, Location, NoComplexDtype
from conformance.graph import Graph
from conformance.inputs import Input, as_input
from conformance.tracing import trace
from conformance.typing_rules import TensorType, complex_of

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
        return Path(inspect.unwrap(self.function).__code__.co_filename)

    def values(self, dtype: str) -> dict[str, np.ndarray]:
        """The inputs in this dtype; the same on every machine."""
        return {name: spec.values(f"{self.name}/{name}", dtype)
                for name, spec in self.inputs.items()}

    def graph(self, dtype: str = "float32") -> Graph:
        """The case traced with floats of this dtype; raises CaseError with file and line."""
        return self._traced(dtype)

    def runs_in(self, dtype: str) -> bool:
        """Whether there is such a case: one of complex numbers has no half precision."""
        try:
            self.graph(dtype)
        except NoComplexDtype:
            return False
        except Exception:  # whoever traces it for its own sake is told
            pass
        return True

    @cache  # noqa: B019 - cases live as long as the process
    def _traced(self, dtype: str) -> Graph:
        types = {}
        for name, spec in self.inputs.items():
            exact = spec.exact(f"{self.name}/{name}")
            types[name] = (TensorType(exact.shape, self._kept(exact.dtype, dtype)), spec.kind)
        member = () if self.member is None else (self.member,)
        return trace(self.function, types, *member, dtype=dtype)

    def _kept(self, exact: np.dtype, dtype: str) -> str:
        """The dtype of an input in a run of this one."""
        if exact.kind not in "fc":
            return str(exact)
        try:
            return dtype if exact.kind == "f" else complex_of(dtype)
        except NoComplexDtype as error:
            raise NoComplexDtype(error.message, self.where) from None


def case(*misplaced: Any, **inputs: Any) -> Callable[[Callable[..., Any]], Case]:
    """Declare a case: `@case(x=3.0)` above `def name(xp, x): ... return {"dy/dx": grad(y, x)}`.

    inputs: one keyword per parameter: a number, nested lists, or ones, zeros, uniform, variable.
    Raises CaseError when the function and its inputs do not fit or the docstring is missing.
    """
    if misplaced:
        raise CaseError(f"case takes each input by its name, as in @case(x=3.0), got "
                        f"{misplaced[0]!r}", _place(misplaced[0]))

    def declare(function: Callable[..., Any]) -> Case:
        return _register(_make(function, _name(function), inputs))

    return declare


def family(*misplaced: Any, **members: Mapping[str, Any]
           ) -> Callable[[Callable[..., Any]], tuple[Case, ...]]:
    """Declare one case a member: `@family(exp={"x": 0.5}, log={"x": 2.0})`.

    The function takes the member's name after xp: `def elementwise(xp, name, x)`. The cases are
    called `elementwise.exp`, `elementwise.log`, and so on. Raises CaseError as `case` does.
    """
    if misplaced or not members:
        got = repr(misplaced[0]) if misplaced else "none"
        raise CaseError('family takes members by name, as in @family(exp={"x": 0.5}), '
                        f"got {got}", _place(*misplaced))

    def declare(function: Callable[..., Any]) -> tuple[Case, ...]:
        name = _name(function)
        for member, inputs in members.items():
            if not isinstance(inputs, Mapping):
                raise CaseError(f'{name}.{member}: a member is a dict of inputs, {{"x": 0.5}}, '
                                f"got {inputs!r}", location(inspect.unwrap(function).__code__))
        return tuple(_register(_make(function, f"{name}.{member}", inputs, member))
                     for member, inputs in members.items())

    return declare


def _place(misplaced: Any = None) -> Location | None:
    """Where a function is that was decorated without parentheses; else the line that runs."""
    code = getattr(misplaced, "__code__", None)
    return location(code) if code else outside()


def _name(function: Any) -> str:
    if not inspect.isfunction(function):
        raise CaseError(f"a case is a function, def name(xp, x), got {function!r}", outside())
    if not function.__name__.isidentifier():
        raise CaseError("a case needs a name that says what it shows: write def name(xp, x) "
                        f"rather than {function.__name__}", location(function.__code__))
    return function.__name__


def _make(function: Callable[..., Any], name: str, inputs: Mapping[str, Any],
          member: str | None = None) -> Case:
    where = location(inspect.unwrap(function).__code__)
    first = ["xp"] if member is None else ["xp", "name"]
    parameters = list(inspect.signature(function).parameters)
    wanted = parameters[len(first):]
    if set(wanted) != set(inputs) or set(parameters[:len(first)]) & set(inputs):
        raise CaseError(f"{name} is written ({', '.join(parameters)}), but with these inputs it "
                        f"must be ({', '.join([*first, *inputs])}); "
                        "name each input once, as in @case(x=3.0) and def name(xp, x)", where)
    summary = " ".join((inspect.getdoc(function) or "").partition("\n\n")[0].split())
    if not summary:
        raise CaseError(f"{name} has no docstring; say in one sentence what it shows", where)
    try:
        specs = {key: as_input(inputs[key]) for key in wanted}
    except CaseError as error:
        raise CaseError(f"{name}: {error.message}", where) from None
    return Case(name, function, specs, summary, where, member)


def _register(declared: Case) -> Case:
    if _collecting is not None:
        for other in _collecting:
            if other.id == declared.id:
                raise CaseError(f"two cases are called {declared.name!r}, the other is at "
                                f"{other.where}; rename one", declared.where)
        _collecting.append(declared)
    return declared


@contextmanager
def collecting() -> Iterator[list[Case]]:
    """The cases that are declared inside the `with`, in order; no two may have one id."""
    global _collecting
    previous, _collecting = _collecting, []
    try:
        yield _collecting
    finally:
        _collecting = previous
