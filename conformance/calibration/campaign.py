"""A calibration: programs in other processes, one after another, until there are enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any

from conformance.backends import choose_backends
from conformance.calibration.journal import Journal
from conformance.calibration.judging import examine
from conformance.calibration.planted import sabotage
from conformance.calibration.programs import Plan
from conformance.environment import environment
from conformance.errors import UsageError
from conformance.workers import Call, NoAnswer, outcomes

Progress = Callable[[int], None]
BARREN = 10  # programs in a row without anything to count, after which there is no hope


def components(line: dict[str, Any]) -> int:
    """The components of a program that have a certified truth."""
    return line.get("components", 0) - sum(line.get("refused", {}).values())


def mistakes(line: dict[str, Any]) -> int:
    """The programs, points counted apart, in which a mistake of one kind was planted."""
    return max((trials[0] for trials in line.get("mistakes", {}).values()), default=0)


def false_alarms(plan: Plan, backends: tuple[str, ...], wanted: int, *, workers: int = 1,
                 timeout: float = 120.0, journal: Path | None = None,
                 progress: Progress = lambda done: None) -> Journal:
    """Judge backends on random programs until `wanted` components have a certified truth.

    Raises MissingFramework for a backend that is not there, UsageError for one without the dtype.
    """
    chosen, _ = choose_backends(backends)
    for backend in chosen:
        if plan.dtype not in backend.dtypes:
            raise UsageError(f"{backend.name} has no {plan.dtype}, only "
                             f"{', '.join(backend.dtypes)}")
    header = {"calibration": "false alarms", **asdict(plan), "backends": list(backends),
              **environment(chosen)}
    return _run(Journal(journal, header), lambda index: (examine, (plan, index, backends)),
                components, wanted, workers, timeout, progress)


def planted(plan: Plan, wanted: int, *, workers: int = 1, timeout: float = 120.0,
            journal: Path | None = None, progress: Progress = lambda done: None) -> Journal:
    """Plant mistakes until each kind was planted in about `wanted` programs."""
    chosen, _ = choose_backends(("reference",))
    header = {"calibration": "planted", **asdict(plan), **environment(chosen)}
    return _run(Journal(journal, header), lambda index: (sabotage, (plan, index)),
                mistakes, wanted, workers, timeout, progress)


def _run(journal: Journal, call: Callable[[int], Call], worth: Callable[[dict[str, Any]], int],
         wanted: int, workers: int, timeout: float, progress: Progress) -> Journal:
    """Programs that the journal lacks; what becomes of their process is a line of it too."""
    there = sum(map(worth, journal.lines))
    done, asked = journal.done, []

    def calls() -> Iterator[Call]:
        for index in count():
            if there >= wanted:
                return
            if index not in done:
                asked.append(index)
                yield call(index)

    progress(there)
    barren = 0
    for position, outcome in outcomes(calls(), workers, timeout):
        index = asked[position]
        line = ({"index": index, "lost": f"{outcome.verdict}: {outcome.reason}"}
                if isinstance(outcome, NoAnswer) else outcome)
        journal.add(line)
        there += worth(line)
        barren = 0 if worth(line) else barren + 1
        if barren == BARREN:
            raise UsageError(f"{BARREN} programs in a row gave nothing to count; the last: "
                             f"{line.get('lost') or line.get('refused') or 'no mistake matters'}")
        progress(there)
    return journal
