"""Case x backend x dtype x mode -> verdicts: processes evaluate, this one judges."""

from __future__ import annotations

import difflib
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import cache
from typing import Any

import numpy as np

from conformance.backends import Backend, Evaluation, choose_backends, get_backend, list_backends
from conformance.comparison import compare
from conformance.conventions import held_to_record, recorded_in
from conformance.declaration import Case
from conformance.discovery import load_cases
from conformance.environment import environment
from conformance.errors import CannotCertify, CaseError, Unsupported, UsageError
from conformance.graph import Graph, Output
from conformance.oracle import Truth
from conformance.typing_rules import FLOATS
from conformance.verdict import Verdict
from conformance.waivers import Waiver, folder_of, idle_waivers, waivers_beside
from conformance.workers import Call, NoAnswer, outcomes

DTYPES = ("float32", "float64")
MODES = ("reverse",)
TIMEOUT = 120.0
PRINTER_FAILED = "the backend itself failed:"


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

    @property
    def command(self) -> str:
        """What shows this evaluation again, from the same directory."""
        place = "" if _is_the_suites(self.case) else f" --cases {self.case.where.file}"
        mode = "" if self.mode in MODES else f" --mode {self.mode}"
        return (f"conformance show {self.case.name}{place} --backend {spelled(self.backend)} "
                f"--dtype {self.dtype}{mode}")

    @property
    def graph(self) -> Graph:
        """The case's graph; where the case has no such precision, that of another."""
        return self.case.graph(self.dtype if self.case.runs_in(self.dtype) else "float32")

    @property
    def call(self) -> Call:
        """What a process is sent."""
        if not self.case.runs_in(self.dtype):
            return NoAnswer, ("unsupported", f"there are no complex numbers of {self.dtype}")
        # by name: an import that fails there is then an answer, rather than the end of a process
        return evaluate, (spelled(self.backend), self.case.graph(self.dtype),
                          self.case.values(self.dtype), self.mode, self.case.name)


@dataclass
class Run:
    """Everything that one run found.

    verdicts: in the order of cases and backends. errors: cases and case files that are wrong
    themselves. stale: waivers that excuse nothing. skipped: backends that were not asked for by
    name and are not installed. complete: False while it is going on, and after an interrupt.
    """

    verdicts: list[Verdict] = field(default_factory=list)
    errors: list[CaseError] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    environment: Mapping[str, Any] = field(default_factory=dict)
    started: str = ""
    complete: bool = False

    @property
    def counts(self) -> Counter[str]:
        """How many verdicts of each kind."""
        return Counter(v.verdict for v in self.verdicts)

    @property
    def unexpected(self) -> list[Verdict]:
        """Verdicts that fail a run."""
        return [v for v in self.verdicts if not v.expected]

    @property
    def unproven(self) -> list[str]:
        """Backends of which nothing was shown to be right: unsupported is never a pass."""
        shown = {v.backend for v in self.verdicts if v.verdict in ("agrees", "waived")}
        return [name for name in self.environment.get("backends", ()) if name not in shown]

    @property
    def exit_code(self) -> int:
        """0 when every verdict is expected and each backend has one that agrees.

        1 when not, when the run is not complete, or when a waiver is not needed; 2 when a case
        itself is wrong.
        """
        if self.errors:
            return 2
        return int(bool(self.unexpected or self.stale or self.unproven or not self.complete))


def run(cases: Iterable[Case] | None = None, backends: Iterable[str] = (),
        dtypes: Iterable[str] = DTYPES, modes: Iterable[str] = MODES, *, workers: int = 1,
        timeout: float = TIMEOUT, max_ulp: float | None = None,
        on_start: Callable[[int], None] | None = None,
        on_result: Callable[[Task, list[Verdict]], None] | None = None) -> Run:
    """Judge cases (the suite's own when None) on backends (every installed one when empty).

    backends: names, or `module:Class`. workers: processes that evaluate; a crash or a hang costs
    its own evaluation only. timeout: seconds for one evaluation, the import of its framework
    included. max_ulp: a budget that answers are held to beside what rounding explains, in ULP of
    the truth. on_start: called with the number of evaluations. on_result: called with each task
    and its verdicts as they come in. An interrupt (Ctrl-C) ends the run and keeps what there is.
    Raises UsageError for unknown names and MissingFramework for a named framework that is absent.
    """
    outcome = Run(started=datetime.now(timezone.utc).isoformat(timespec="seconds"))
    if cases is None:
        library = load_cases()
        cases, outcome.errors = library.cases, list(library.errors)
    cases = list(cases)
    chosen, missing = choose_backends(tuple(backends))
    outcome.skipped = [backend.missing() for backend in missing]
    tasks, found = plan(cases, chosen, tuple(dtypes), tuple(modes))
    outcome.environment = environment(chosen)
    outcome.errors += found
    outcome.stale += idle_waivers(cases)
    if on_start:
        on_start(len(tasks))
    _evaluate_all(outcome, tasks, workers, timeout, max_ulp, on_result)
    return outcome


def _evaluate_all(outcome: Run, tasks: list[Task], workers: int, timeout: float,
                  max_ulp: float | None,
                  on_result: Callable[[Task, list[Verdict]], None] | None) -> None:
    """Judge answers as they come in; keep them in the order of the tasks."""
    judged: dict[int, tuple[list[Verdict], list[str]]] = {}
    try:
        for position, answer in outcomes((task.call for task in tasks), workers, timeout):
            judged[position] = judge(tasks[position], answer, max_ulp)
            if on_result:
                on_result(tasks[position], judged[position][0])
        outcome.complete = True
    except KeyboardInterrupt:
        pass
    for position in sorted(judged):
        verdicts, stale = judged[position]
        outcome.verdicts += verdicts
        outcome.stale += stale


def plan(cases: Iterable[Case], backends: Iterable[Backend], dtypes: tuple[str, ...],
         modes: tuple[str, ...]) -> tuple[list[Task], list[CaseError]]:
    """The tasks of a run, and what is wrong with the cases that are left out of it.

    Raises UsageError, before any work, for unknown dtypes and modes, for a malformed
    waivers.toml or conventions.toml, and for a backend that other processes cannot import.
    """
    backends = list(backends)
    for dtype in dtypes:
        check_known("dtype", dtype, FLOATS)
    for mode in modes:
        check_known("mode", mode, sorted({m for b in backends for m in b.modes} | set(MODES)))
    for backend in backends:
        importable(backend)
    names = Counter(backend.name for backend in backends)
    for name in (name for name, count in names.items() if count > 1):
        raise UsageError(f"two backends are called {name!r}: verdicts would be mixed up; give one "
                         "another `name`")
    tasks, errors = [], []
    for case in cases:
        waivers_beside(folder_of(case))
        recorded_in(folder_of(case))
        error = case_error(case, dtypes)
        if error:
            errors.append(error)
        else:
            tasks += [Task(case, backend, dtype, mode)
                      for backend in backends for dtype in dtypes for mode in modes]
    return tasks, errors


def check_known(kind: str, name: str, names: Iterable[str]) -> None:
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UsageError(f"unknown {kind} {name!r}: {hint}known are {', '.join(names)}")


def importable(backend: Backend) -> None:
    cls = type(backend)
    module = sys.modules.get(cls.__module__)
    if cls.__module__ == "__main__" or getattr(module, cls.__qualname__, None) is not cls:
        raise UsageError(f"the backend {backend.name!r} must be a class at the top level of a "
                         f"module that other processes can import, not {cls.__module__}."
                         f"{cls.__qualname__}")


def case_error(case: Case, dtypes: Iterable[str]) -> CaseError | None:
    """What is wrong with a case itself: it cannot be traced, or a closed form is false."""
    doing = "was traced"
    try:
        for dtype in dtypes:
            if case.runs_in(dtype):
                case.graph(dtype)
        doing = "had its closed forms checked"
        _check_closed_forms(case)
    except CaseError as error:
        return error
    except Exception as error:  # the author's own code failed in one dtype only, or the oracle
        return CaseError(f"{case.name} failed while it {doing}: {type(error).__name__}: {error}",
                         case.where)
    return None


@cache
def _check_closed_forms(case: Case) -> None:
    """The oracle checks closed forms in float64 only; raises ClosedFormError."""
    from conformance.oracle import check_closed_forms

    check_closed_forms(case.graph("float64"), case.values("float64"))


@cache
def truths(case: Case, dtype: str) -> Mapping[str, Any]:
    """The certified derivatives of a case by name, each a Truth, a Kink or a CannotCertify.

    A fault of the oracle costs its own case only, and is not kept from anyone.
    """
    from conformance.oracle import derivatives

    graph = case.graph(dtype)
    try:
        return derivatives(graph, case.values(dtype))
    except Exception as error:
        refusal = CannotCertify(f"the oracle failed, which is a defect of the suite: "
                                f"{type(error).__name__}: {error}")
        return {output.name: refusal for output in graph.outputs}


def _is_the_suites(case: Case) -> bool:
    from conformance.paths import suite_cases

    return folder_of(case).is_relative_to(suite_cases())


@cache
def spelled(backend: Backend) -> str:
    """What --backend must be given to get this backend."""
    if backend.name in list_backends() and type(get_backend(backend.name)) is type(backend):
        return backend.name
    return f"{type(backend).__module__}:{type(backend).__qualname__}"


# --- evaluating ---------------------------------------------------------------------------------

Outcome = Evaluation | NoAnswer


def evaluate(backend: type[Backend] | str, graph: Graph, values: Mapping[str, np.ndarray],
             mode: str, title: str) -> Outcome:
    """One evaluation in this process; whatever goes wrong in it is its outcome."""
    try:
        made = get_backend(backend) if isinstance(backend, str) else backend()
        with np.errstate(all="ignore"):  # what NumPy warns of is an answer to be judged
            return _plain(made.evaluate(graph, values, mode=mode, title=title))
    except Unsupported as error:
        return NoAnswer("unsupported", str(error))
    except Exception as error:  # the printed code's errors are data; this is the backend's own
        return NoAnswer("raised", f"{PRINTER_FAILED} {type(error).__name__}: {error}")


def _plain(answer: Evaluation) -> Outcome:
    """The answer with real NumPy arrays alone, which every process can read and JSON can hold."""
    if not isinstance(answer, Evaluation):
        return NoAnswer("raised", f"the backend's evaluate returned {type(answer).__name__}, "
                                  "wanted an Evaluation")
    plain: dict[str, np.ndarray | None] = {}
    for name, value in answer.values.items():
        if value is not None:
            kind = str(getattr(value, "dtype", type(value).__name__))
            if not isinstance(value, (np.ndarray, np.generic)) or not (
                    value.dtype.kind in "biufc" or kind == "bfloat16"):
                return NoAnswer("raised", f"the backend's to_numpy made {kind} of {name!r}, "
                                          "wanted a NumPy array of numbers")
            value = np.array(value, subok=False)
        plain[name] = value
    return replace(answer, values=plain)


# --- judging ------------------------------------------------------------------------------------

def judge(task: Task, outcome: Outcome,
          max_ulp: float | None = None) -> tuple[list[Verdict], list[str]]:
    """A verdict for each derivative of the case, and the waivers that excuse none of them.

    max_ulp: a budget that answers are held to beside what rounding explains.
    """
    version = task.backend.version()
    common = {"case": task.case.id, "backend": task.backend.name, "backend_version": version,
              "dtype": task.dtype, "mode": task.mode, "reproduce": task.command}
    verdicts = [_verdict(task, output, outcome, common, max_ulp)
                for output in task.graph.outputs]
    applicable = [w for w in waivers_beside(folder_of(task.case)) if w.covers(
        task.case.name, task.backend.name, version, task.dtype, task.mode)
        and task.case.runs_in(task.dtype)]
    verdicts = [held_to_record(verdict, folder_of(task.case)) for verdict in verdicts]
    excused = [_excused(verdict, applicable) for verdict in verdicts]
    stale = [f"{w.where}: this waiver is not needed: {task.case.name} on {task.label} {version} "
             f"has no verdict {w.verdict!r}{_quoted(w.says)}; delete it or narrow it"
             for w in applicable
             if not any(w.excuses(v) for v in verdicts)]
    return excused, stale


def _quoted(says: str) -> str:
    return f" that says {says!r}" if says else ""


def _excused(verdict: Verdict, waivers: Iterable[Waiver]) -> Verdict:
    for waiver in waivers:
        if waiver.excuses(verdict):
            return replace(verdict, verdict="waived", reason=(
                f"{waiver.kind}: {waiver.reason} ({waiver.source}); without the waiver: "
                f"{verdict.verdict}, {verdict.reason}"))
    return verdict


def _nested(got: np.ndarray, *, in_pairs: bool) -> Any:
    """Nested lists of an answer; in pairs of parts where complex numbers were wanted or came."""
    if in_pairs or got.dtype.kind == "c":
        got = np.stack([got.real, got.imag], axis=-1)
    return np.asarray(got).tolist()


def _verdict(task: Task, output: Output, outcome: Outcome, common: Mapping[str, str],
             max_ulp: float | None) -> Verdict:
    derivative, node = output.name, task.graph.nodes[output.node]
    known: dict[str, Any] = {**common, "derivative": derivative, "where": str(node.where)}
    if isinstance(outcome, NoAnswer):
        return Verdict(**known, verdict=outcome.verdict, reason=outcome.reason)
    known |= {"seconds": outcome.seconds, "source": outcome.source}
    truth = truths(task.case, task.dtype)[derivative]
    if isinstance(truth, Truth):
        known["truth"] = truth.hi.tolist()
    if outcome.error:
        return Verdict(**known, verdict="raised", reason=outcome.error)
    if derivative not in outcome.values:
        return Verdict(**known, verdict="raised",
                       reason=f"the printed code returned nothing called {derivative!r}")
    got = outcome.values[derivative]
    known["got"] = None if got is None else _nested(got, in_pairs=node.type.is_complex)
    if isinstance(truth, CannotCertify):
        return Verdict(**known, verdict="inconclusive", reason=str(truth))
    found = compare(got, truth, node.type, max_ulp)
    if found.limit is not None:
        known["truth"] = truth.limits[found.limit].hi.tolist()
    return Verdict(**known, verdict=found.verdict, reason=found.reason, element=found.element,
                   ulp=found.ulp, allowed_ulp=found.allowed_ulp, radius=found.radius,
                   convention=found.convention)
