"""Case x backend x dtype x mode -> verdicts; each evaluation in a process of its own choosing."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

import numpy as np

from conformance.backends import Backend, Evaluation, choose_backends, get_backend
from conformance.comparison import compare
from conformance.declaration import Case
from conformance.discovery import load_cases
from conformance.environment import environment
from conformance.errors import CannotCertify, CaseError, ClosedFormError, Unsupported, UsageError
from conformance.graph import Graph
from conformance.typing_rules import FLOATS
from conformance.verdict import Verdict
from conformance.waivers import Waiver, waivers_beside

DTYPES = ("float32", "float64")
MODES = ("reverse",)
TIMEOUT = 120.0


@dataclass(frozen=True)
class Task:
    """One evaluation: a case on a backend, in a dtype and a mode."""

    case: Case
    backend: Backend
    dtype: str
    mode: str

    @property
    def label(self) -> str:
        """`torch-float32-reverse`, as it stands in test ids."""
        return f"{self.backend.name}-{self.dtype}-{self.mode}"


@dataclass
class Run:
    """Everything that one run found.

    errors: cases and case files that are wrong themselves. stale: waivers that excuse nothing.
    skipped: backends that were not asked for by name and are not installed.
    programs: printed source by `case[backend-dtype-mode]`. complete: False while it is going on.
    """

    verdicts: list[Verdict] = field(default_factory=list)
    errors: list[CaseError] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    programs: dict[str, str] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    started: str = ""
    complete: bool = False

    def add(self, task: Task, evaluation: Outcome) -> list[Verdict]:
        """Judge one evaluation and keep what was found."""
        verdicts, stale = judge(task, evaluation)
        self.verdicts += verdicts
        self.stale += stale
        if isinstance(evaluation, Evaluation):
            self.programs[f"{task.case.id}[{task.label}]"] = evaluation.source
        return verdicts

    @property
    def counts(self) -> Counter[str]:
        """How many verdicts of each kind."""
        return Counter(v.verdict for v in self.verdicts)

    @property
    def unexpected(self) -> list[Verdict]:
        """Verdicts that fail a run."""
        return [v for v in self.verdicts if not v.expected]

    @property
    def exit_code(self) -> int:
        """0 when every verdict is expected, 1 when not, 2 when a case itself is wrong."""
        if self.errors:
            return 2
        return 1 if self.unexpected or self.stale else 0


def run(cases: Iterable[Case] | None = None, backends: Iterable[str] = (),
        dtypes: Iterable[str] = DTYPES, modes: Iterable[str] = MODES, *, workers: int = 1,
        timeout: float = TIMEOUT, on_start: Callable[[int], None] | None = None,
        on_result: Callable[[Task, list[Verdict]], None] | None = None) -> Run:
    """Judge cases (the suite's own when None) on backends (every installed one when empty).

    workers: processes that evaluate; a crash or a hang costs its own evaluation only.
    timeout: seconds for one evaluation, the import of its framework included.
    on_start: called with the number of evaluations. on_result: called with each task and its
    verdicts as they come in. An interrupt (Ctrl-C) ends the run and keeps what there is.
    Raises UsageError for unknown names and MissingFramework for a named framework that is absent.
    """
    errors: list[CaseError] = []
    if cases is None:
        library = load_cases()
        cases, errors = library.cases, list(library.errors)
    chosen, missing = choose_backends(tuple(backends))
    tasks, found = plan(cases, chosen, tuple(dtypes), tuple(modes))
    outcome = Run(errors=[*errors, *found], skipped=[b.missing() for b in missing],
                  environment=environment(chosen),
                  started=datetime.now(timezone.utc).isoformat(timespec="seconds"))
    if on_start:
        on_start(len(tasks))
    try:
        for task, evaluation in evaluations(tasks, workers, timeout):
            verdicts = outcome.add(task, evaluation)
            if on_result:
                on_result(task, verdicts)
    except KeyboardInterrupt:
        return outcome
    outcome.complete = True
    return outcome


def plan(cases: Iterable[Case], backends: Iterable[Backend], dtypes: tuple[str, ...],
         modes: tuple[str, ...]) -> tuple[list[Task], list[CaseError]]:
    """The tasks of a run, and the cases left out because their closed form is wrong."""
    for dtype in dtypes:
        if dtype not in FLOATS:
            raise UsageError(f"unknown dtype {dtype!r}; known are {', '.join(FLOATS)}")
    known = {mode for backend in backends for mode in backend.modes} | set(MODES)
    for mode in modes:
        if mode not in known:
            raise UsageError(f"unknown mode {mode!r}; known are {', '.join(sorted(known))}")
    tasks, errors = [], []
    for case in cases:
        error = closed_form_error(case)
        if error:
            errors.append(error)
            continue
        tasks += [Task(case, backend, dtype, mode)
                  for backend in backends for dtype in dtypes for mode in modes]
    return tasks, errors


@lru_cache(maxsize=None)
def closed_form_error(case: Case) -> CaseError | None:
    """What is wrong with the closed forms of a case, which the oracle checks in float64."""
    from conformance.oracle import check_closed_forms

    try:
        check_closed_forms(case.graph("float64"), case.values("float64"))
    except ClosedFormError as error:
        return error
    return None


@lru_cache(maxsize=256)
def truths(case: Case, dtype: str) -> Mapping[str, Any]:
    """The certified derivatives of a case by name, each a Truth or a CannotCertify."""
    from conformance.oracle import derivatives

    return derivatives(case.graph(dtype), case.values(dtype))


# --- evaluating ---------------------------------------------------------------------------------

Outcome = Evaluation | tuple[str, str]  # or a verdict and its reason


def evaluate(backend: str, graph: Graph, values: Mapping[str, np.ndarray], mode: str,
             title: str) -> Outcome:
    """One evaluation in this process."""
    try:
        return get_backend(backend).evaluate(graph, values, mode=mode, title=title)
    except Unsupported as error:
        return "unsupported", str(error)


def evaluations(tasks: Iterable[Task], workers: int,
                timeout: float) -> Iterator[tuple[Task, Outcome]]:
    """Evaluate in worker processes and yield in order; a worker that dies is replaced."""
    from pebble import ProcessExpired, ProcessPool

    # a fresh interpreter a worker: frameworks do not survive a fork of one another's threads
    context = multiprocessing.get_context("spawn")
    with ProcessPool(max_workers=workers, context=context) as pool:
        pending = [(task, pool.schedule(evaluate, args=(
            task.backend.name, task.case.graph(task.dtype), task.case.values(task.dtype),
            task.mode, task.case.name), timeout=timeout)) for task in tasks]
        try:
            for task, future in pending:
                try:
                    yield task, future.result()
                except FutureTimeout:
                    yield task, ("timed_out", f"no answer within {timeout:g} s")
                except ProcessExpired as error:
                    yield task, ("crashed", f"the process died with exit code {error.exitcode}")
        finally:
            pool.stop()


# --- judging ------------------------------------------------------------------------------------

def judge(task: Task, outcome: Outcome) -> tuple[list[Verdict], list[str]]:
    """A verdict for each derivative of the task's case, and the waivers that excuse none of them."""
    verdicts = [_verdict(task, output.name, outcome) for output in task.case.graph().outputs]
    applicable = [w for w in waivers_beside(task.case.path) if w.covers(
        task.case.name, task.backend.name, task.backend.version(), task.dtype, task.mode)]
    excused = [_excused(verdict, applicable) for verdict in verdicts]
    stale = [f"{w.where}: this waiver is not needed: {task.case.name} on {task.label} "
             f"{task.backend.version()} has no verdict {w.verdict!r}; delete it or narrow it"
             for w in applicable
             if not any(w.excuses(v.derivative, v.verdict) for v in verdicts)]
    return excused, stale


def _excused(verdict: Verdict, waivers: Iterable[Waiver]) -> Verdict:
    for waiver in waivers:
        if waiver.excuses(verdict.derivative, verdict.verdict):
            return replace(verdict, verdict="waived", reason=(
                f"{waiver.reason} ({waiver.source}); without the waiver: {verdict.verdict}, "
                f"{verdict.reason}"))
    return verdict


def _verdict(task: Task, derivative: str, outcome: Outcome) -> Verdict:
    graph = task.case.graph(task.dtype)
    node = graph.nodes[next(o.node for o in graph.outputs if o.name == derivative)]
    known = {"case": task.case.id, "derivative": derivative, "backend": task.backend.name,
             "backend_version": task.backend.version(), "dtype": task.dtype, "mode": task.mode,
             "where": str(node.where)}
    if not isinstance(outcome, Evaluation):
        kind, reason = outcome
        return Verdict(**known, verdict=kind, reason=reason)
    known["seconds"] = outcome.seconds
    truth = truths(task.case, task.dtype)[derivative]
    if not isinstance(truth, CannotCertify):
        known["truth"] = truth.hi.tolist()
    if outcome.error:
        return Verdict(**known, verdict="raised", reason=outcome.error)
    got = outcome.values.get(derivative)
    known["got"] = None if got is None else np.asarray(got).tolist()
    if isinstance(truth, CannotCertify):
        return Verdict(**known, verdict="inconclusive", reason=str(truth))
    found = compare(got, truth, node.type)
    return Verdict(**known, verdict=found.verdict, reason=found.reason, element=found.element,
                   ulp=found.ulp, allowed_ulp=found.allowed_ulp)
