"""The sweep: processes certify and evaluate, this one measures, operator by operator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import product
from typing import Any

import numpy as np

from conformance.accuracy.lines import NAMES, ORDERS, Line
from conformance.accuracy.measure import Errors, Measurement, errors, measured
from conformance.accuracy.points import points
from conformance.accuracy.truths import Truths, truths
from conformance.backends import Backend, choose_backends
from conformance.environment import environment
from conformance.errors import UsageError
from conformance.formats import numpy_dtype
from conformance.runner import TIMEOUT, check_known, evaluate, importable, spelled
from conformance.typing_rules import FLOATS
from conformance.workers import Call, NoAnswer, outcomes

POINTS = 200
ORACLE = "oracle"

Curves = Mapping[tuple[str, str, int], Errors]  # (backend, dtype, order) -> every point
Answers = Mapping[int, "np.ndarray | NoAnswer"]  # by order


@dataclass
class Atlas:
    """Everything that one sweep found; complete is False after an interrupt."""

    measurements: list[Measurement] = field(default_factory=list)
    environment: Mapping[str, Any] = field(default_factory=dict)
    dtypes: tuple[str, ...] = ()
    orders: tuple[int, ...] = ()
    points: int = 0
    skipped: list[str] = field(default_factory=list)
    started: str = ""
    complete: bool = False


@dataclass(frozen=True)
class Settings:
    """What every line is measured with."""

    backends: tuple[Backend, ...]
    dtypes: tuple[str, ...]
    orders: tuple[int, ...]
    points: int

    def calls(self, line: Line) -> dict[tuple[str, str], Call]:
        """(backend or the oracle, dtype) -> what a process is sent."""
        found: dict[tuple[str, str], Call] = {}
        for dtype in self.dtypes:
            found[ORACLE, dtype] = certify, (line, dtype, self.orders, self.points)
            for backend in self.backends:
                found[backend.name, dtype] = answers, (
                    spelled(backend), line, dtype, self.orders, self.points)
        return found


def sweep(lines: Iterable[Line], backends: Iterable[str] = (), dtypes: Iterable[str] = FLOATS,
          orders: Iterable[int] = ORDERS, *, points: int = POINTS, workers: int = 1,
          timeout: float = TIMEOUT, on_start: Callable[[int], None] | None = None,
          on_result: Callable[[Line, list[Measurement], Curves], None] | None = None) -> Atlas:
    """Measure lines on backends (every installed one when empty).

    points: of each line. timeout: seconds for one line in one dtype on one backend. on_start:
    called with the number of lines. on_result: called with each line when all of it is known.
    An interrupt (Ctrl-C) ends the sweep and keeps the finished lines. Raises UsageError.
    """
    lines = list(lines)
    chosen, missing = choose_backends(tuple(backends))
    settings = Settings(tuple(chosen), tuple(dict.fromkeys(dtypes)), tuple(sorted(set(orders))),
                        points)
    check(settings)
    atlas = Atlas([], environment(chosen), settings.dtypes, settings.orders, points,
                  [backend.missing() for backend in missing],
                  datetime.now(timezone.utc).isoformat(timespec="seconds"))
    if on_start:
        on_start(len(lines))
    try:
        for line, found, curves in _finished(lines, settings, workers, timeout):
            atlas.measurements += found
            if on_result:
                on_result(line, found, curves)
        atlas.complete = True
    except KeyboardInterrupt:
        pass
    return atlas


def check(settings: Settings) -> None:
    """Raise UsageError, before any work, for what cannot be measured."""
    for dtype in settings.dtypes:
        check_known("dtype", dtype, FLOATS)
        numpy_dtype(dtype)
    for order in settings.orders:
        if order not in ORDERS:
            raise UsageError(f"unknown order {order}: known are 0 (the value), 1 and 2")
    for backend in settings.backends:
        importable(backend)
        if backend.name == ORACLE:
            raise UsageError(f"a backend cannot be called {ORACLE!r} here: give it another `name`")


def _finished(lines: list[Line], settings: Settings, workers: int,
              timeout: float) -> Iterable[tuple[Line, list[Measurement], Curves]]:
    """Each line with its measurements, once its last answer is there."""
    keys = [(line, key) for line in lines for key in settings.calls(line)]
    calls = (call for line in lines for call in settings.calls(line).values())
    results: dict[Line, dict[tuple[str, str], Any]] = {line: {} for line in lines}
    for position, outcome in outcomes(calls, workers, timeout):
        line, key = keys[position]
        results[line][key] = outcome
        if len(results[line]) == len(settings.calls(line)):
            yield line, *measure_line(line, settings, results.pop(line))


def measure_line(line: Line, settings: Settings, results: Mapping[tuple[str, str], Any]
                 ) -> tuple[list[Measurement], Curves]:
    """Every measurement of a line, and the curves of those that came about."""
    found, curves = [], {}
    for dtype, backend, order in product(settings.dtypes, settings.backends, settings.orders):
        known = {"line": line.label, "op": line.op, "backend": backend.name,
                 "backend_version": backend.version(), "dtype": dtype, "order": order}
        certified, got = results[ORACLE, dtype], results[backend.name, dtype]
        if isinstance(certified, NoAnswer):
            found.append(Measurement(**known, status=certified.verdict,
                                     reason=f"the oracle: {certified.reason}"))
            continue
        answer = got if isinstance(got, NoAnswer) else got[order]
        if isinstance(answer, NoAnswer):
            found.append(Measurement(**known, status=answer.verdict, reason=answer.reason))
            continue
        x, by_order = certified
        curve = errors(x, by_order[order], answer, dtype)
        curves[backend.name, dtype, order] = curve
        found.append(measured(curve, by_order[order], answer, **known))
    return found, curves


# --- in the processes ---------------------------------------------------------------------------

def certify(line: Line, dtype: str, orders: tuple[int, ...],
            count: int) -> tuple[np.ndarray, dict[int, Truths]]:
    """The points of a line, and the truth there."""
    x = points(line, dtype, count)
    return x, truths(line, dtype, x, orders)


def answers(backend: str, line: Line, dtype: str, orders: tuple[int, ...], count: int) -> Answers:
    """What a backend answers at all points of a line, by order; or why it does not.

    All orders are asked for at once; if that fails, each by itself.
    """
    x = points(line, dtype, count)
    outcome = evaluate(backend, line.graph(x.shape, dtype, orders),
                       {"x": x.astype(numpy_dtype(dtype))}, "reverse", line.op)
    if isinstance(outcome, NoAnswer):
        return dict.fromkeys(orders, outcome)
    if outcome.error and len(orders) > 1:
        return {order: answers(backend, line, dtype, (order,), count)[order] for order in orders}
    if outcome.error:
        return {order: NoAnswer("raised", outcome.error) for order in orders}
    return {order: _numbers(outcome.values[NAMES[order]], x.shape, dtype) for order in orders}


def _numbers(value: np.ndarray | None, shape: tuple[int, ...],
             dtype: str) -> np.ndarray | NoAnswer:
    """An answer as float64, if it is one number of the dtype for each point."""
    if value is None:
        return NoAnswer("raised", "it answered None")
    if value.shape != shape or str(value.dtype) != dtype:
        return NoAnswer("raised", f"it answered {value.dtype}{list(value.shape)}, "
                                  f"wanted {dtype}{list(shape)}")
    return value.astype("float64")
