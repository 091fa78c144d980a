"""Protocol checks: what a tape answers and refuses, on any module with TensorFlow's tape API.

    from conformance import protocol

    @protocol.check("sources")
    def a_source_named_twice_has_its_answer_twice(tf, words):
        \"\"\"Sources may repeat.\"\"\"
        x = tf.constant(3.0)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x * x
        return {"dy/d[x, x]": (tape.gradient(y, [x, x]), [6.0, 6.0])}

A check returns what it asked for, and for each the pair of what it got and what it wanted.
"""

from __future__ import annotations

import inspect
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from types import ModuleType, UnionType
from typing import Any, NamedTuple

import numpy as np

from conformance.callers import location
from conformance.errors import Location

# What modules with one API still call by different names; the first that a module has is meant.
SPELLINGS = {
    "astype": ("astype", "cast"),
    "conj": ("conj", "math.conj"),
    "ForwardAccumulator": ("ForwardAccumulator", "autodiff.ForwardAccumulator"),
    "imag": ("imag", "math.imag"),
    "log": ("log", "math.log"),
    "real": ("real", "math.real"),
    "sum": ("sum", "reduce_sum"),
}

ROUNDINGS = 8  # what a correct kernel may lose in the few operations of a check, in units of eps


class Pair(NamedTuple):
    """A structure that is more than the tuple it is made of."""

    first: Any
    second: Any


class Words:
    """A module's own functions by one name each (`words.sum`), and four ways to ask about it."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        for spelling in SPELLINGS.get(name, ()):
            found = reduce(lambda part, step: getattr(part, step, None), spelling.split("."),
                           self._module)
            if found is not None:
                return found
        spellings = " or ".join(SPELLINGS.get(name, (name,)))
        raise AttributeError(f"{self._module.__name__} has no {spellings}")

    @staticmethod
    def dtype(tensor: Any) -> str:
        """A tensor's dtype as NumPy calls it."""
        return str(tensor.numpy().dtype)

    @staticmethod
    def raised(call: Callable[..., Any], *arguments: Any, **keywords: Any) -> Exception | None:
        """The error that a call raises, or None."""
        try:
            call(*arguments, **keywords)
        except Exception as error:
            return error
        return None

    @staticmethod
    def in_thread(call: Callable[[], Any]) -> Any:
        """What a call returns, or raises, in another thread while this one waits."""
        with ThreadPoolExecutor(max_workers=1) as pool:
            return pool.submit(call).result()

    def warned(self, call: Callable[..., Any], *arguments: Any, **keywords: Any) -> bool:
        """Whether a call warns: by `warnings`, or in the log that is called like the module."""
        records: list[logging.LogRecord] = []
        handler = logging.Handler(logging.WARNING)
        handler.emit = records.append  # type: ignore[method-assign]
        log = logging.getLogger(self._module.__name__)
        log.addHandler(handler)
        try:
            with warnings.catch_warnings(record=True) as heard:
                warnings.simplefilter("always")
                call(*arguments, **keywords)
        finally:
            log.removeHandler(handler)
        return bool(heard or records)


@dataclass(frozen=True)
class Difference:
    """Why a module is known to fail a check: its name, the reason, and a source for it.

    says: words of the failure, so that no other one is excused.
    """

    module: str
    reason: str
    source: str
    says: str


@dataclass(frozen=True)
class Check:
    """One check: its name, group and summary, the place it is written, and who differs."""

    name: str
    group: str
    summary: str
    where: Location
    function: Callable[[ModuleType, Words], Mapping[str, tuple[Any, Any]]] = field(repr=False)
    differs: tuple[Difference, ...] = ()

    def difference(self, module: ModuleType) -> Difference | None:
        """The known difference of this module, if it has one."""
        return next((d for d in self.differs if d.module == module.__name__), None)

    def run(self, module: ModuleType) -> None:
        """Raise AssertionError, which lists what was got and what was wanted, unless all agree.

        Any other error is the module's own.
        """
        with _quiet(module):
            asked = self.function(module, Words(module))
        assert asked, f"{self.name} asks for nothing"
        wrong = [f"  {what}\n    got    {_shown(got)}\n    wanted {_shown(wanted)}"
                 for what, (got, wanted) in asked.items() if not matches(got, wanted)]
        if wrong:
            raise AssertionError("\n".join([f"{self.name}  {self.where}", *wrong]))


def check(group: str, *differs: Difference) -> Callable[[Callable[..., Any]], Check]:
    """Declare a check: `@check("sources")` above `def name(tf, words): ... return {...}`."""

    def declare(function: Callable[..., Any]) -> Check:
        summary = " ".join((inspect.getdoc(function) or "").split())
        return Check(function.__name__, group, summary, location(function.__code__), function,
                     differs)

    return declare


@contextmanager
def _quiet(module: ModuleType) -> Iterator[None]:
    """Let a module warn without being heard, but by `Words.warned`."""
    log = logging.getLogger(module.__name__)
    handlers, propagate = log.handlers, log.propagate
    log.handlers, log.propagate = [logging.NullHandler()], False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.handlers, log.propagate = handlers, propagate


def matches(got: Any, wanted: Any) -> bool:
    """Whether an answer is what was wanted: structure, None, shape, and values but for rounding.

    wanted: numbers or nested lists of them for a tensor, lists, tuples and dicts as the answer
    must have them, or an error class (or a union of some) for an error.
    """
    if isinstance(wanted, (type, UnionType)):
        return isinstance(got, wanted)
    if wanted is None or isinstance(wanted, (bool, str)):
        return type(got) is type(wanted) and got == wanted
    if hasattr(got, "numpy"):
        return _close(np.asarray(got.numpy()), wanted)
    if isinstance(got, dict):
        return (isinstance(wanted, dict) and list(got) == list(wanted)
                and all(matches(got[key], wanted[key]) for key in wanted))
    if isinstance(got, (list, tuple)):
        return (type(got) is type(wanted) and len(got) == len(wanted)
                and all(map(matches, got, wanted)))
    return isinstance(wanted, int) and type(got) is int and got == wanted


def _close(got: np.ndarray, wanted: Any) -> bool:
    truth = np.asarray(wanted)
    if got.shape != truth.shape or truth.dtype.kind not in "iufc":
        return False
    if got.dtype.kind not in "fc":
        return got.dtype.kind == truth.dtype.kind and bool(np.all(got == truth))
    if truth.dtype.kind == "c" and got.dtype.kind != "c":
        return False
    off = np.abs(got.astype(complex) - truth)
    return bool(np.all(off <= ROUNDINGS * np.finfo(got.dtype).eps * np.abs(truth)))


def _shown(value: Any) -> str:
    """A value in a few words: tensors as numbers, errors with their message."""
    if hasattr(value, "numpy"):
        return f"{np.asarray(value.numpy()).tolist()} {value.numpy().dtype}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_shown(part)}" for key, part in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        opening, closing = "[]" if isinstance(value, list) else "()"
        return opening + ", ".join(map(_shown, value)) + closing
    if isinstance(value, Exception):
        return f"{type(value).__name__}: {value}"
    return value.__name__ if isinstance(value, type) else repr(value)
