"""A run in the terminal: a matrix of case files by backends, and what to do about each failure."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conformance.runner import Run
from conformance.verdict import VERDICTS, Verdict

STYLES = {"agrees": "green", "waived": "yellow", "unsupported": "cyan", "inconclusive": "magenta"}
SHOWN_FAILURES = 20


def matrix(run: Run) -> Table:
    """Verdicts counted by case file (rows) and backend (columns)."""
    cells: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for verdict in run.verdicts:
        file = verdict.case.partition("::")[0]
        cells[file][verdict.backend][verdict.verdict] += 1
    backends = list(dict.fromkeys(v.backend for v in run.verdicts))
    versions = {v.backend: v.backend_version for v in run.verdicts}
    table = Table(title="Derivatives by verdict", title_justify="left")
    table.add_column("cases")
    for backend in backends:
        table.add_column(f"{backend}\n{versions[backend]}")
    for file, row in cells.items():
        table.add_row(escape(Path(file).name), *(_cell(row[b]) for b in backends))
    totals = [sum((row[b] for row in cells.values()), Counter()) for b in backends]
    table.add_section()
    table.add_row("all", *map(_cell, totals), style="bold")
    return table


def _cell(counts: Counter[str]) -> str:
    return ", ".join(f"[{STYLES.get(name, 'bold red')}]{counts[name]} {name.replace('_', ' ')}[/]"
                     for name in VERDICTS if counts[name])


def summary(run: Run) -> str:
    """One line: how many verdicts of each kind, none left out."""
    parts = [f"{run.counts[name]} {name.replace('_', ' ')}" for name in VERDICTS
             if run.counts[name]]
    cases = len({v.case for v in run.verdicts})
    return f"{len(run.verdicts)} verdicts on {cases} cases: {', '.join(parts) or 'none'}"


def failure(verdict: Verdict, others: Sequence[Verdict] = ()) -> str:
    """A verdict in full: the element, both values, who says so, and the next command.

    others: the same derivative on other backends, in the same dtype and mode.
    """
    element = "" if not verdict.element else f"[{', '.join(map(str, verdict.element))}]"
    head = (f"{verdict.name}  {verdict.derivative}{element}  {verdict.backend} "
            f"{verdict.backend_version}  {verdict.dtype}  {verdict.verdict.replace('_', ' ')}")
    lines = [head]
    if verdict.ulp is not None:
        got, truth = (_pick(v, verdict.element) for v in (verdict.got, verdict.truth))
        lines.append(f"  got    {got!r:<24}{_ulp(verdict.ulp)} off, "
                     f"{_ulp(verdict.allowed_ulp)} allowed")
        lines.append(f"  truth  {truth!r:<24}certified{_supporters(verdict, others)}")
    lines.append(f"  {verdict.reason}")
    lines.append(f"  {verdict.where}    reproduce: conformance show {verdict.name} "
                 f"--backend {verdict.backend} --dtype {verdict.dtype}")
    return "\n".join(lines)


def _supporters(verdict: Verdict, others: Iterable[Verdict]) -> str:
    names = [o.backend for o in others if o.backend != verdict.backend and o.verdict == "agrees"]
    if not names:
        return ""
    *most, last = names
    return (f"; {', '.join(most)} and {last} agree with it" if most
            else f"; {last} agrees with it")


def _pick(values: object, element: tuple[int, ...] | None) -> object:
    for i in element or ():
        values = values[i]  # type: ignore[index]
    return values


def _ulp(value: float | None) -> str:
    if value is None:
        return "?"
    if math.isinf(value):
        return "infinitely many ULP"
    return f"{value:.3g} ULP" if value < 1e5 else f"{value:.1e} ULP"


def print_run(run: Run, console: Console, errors: Console) -> None:
    """The failures, the matrix and one line of summary; errors in cases go to `errors`."""
    beside = defaultdict(list)
    for verdict in run.verdicts:
        beside[verdict.case, verdict.derivative, verdict.dtype, verdict.mode].append(verdict)
    failures = _merged(run.unexpected)
    for verdict in failures[:SHOWN_FAILURES]:
        key = verdict.case, verdict.derivative, verdict.dtype, verdict.mode
        _say(console, failure(verdict, beside[key]) + "\n")
    if len(failures) > SHOWN_FAILURES:
        _say(console, f"… and {len(failures) - SHOWN_FAILURES} more; --json FILE holds them all\n")
    if run.verdicts:
        console.print(matrix(run))
    _say(console, summary(run))
    for line in run.skipped:
        _say(console, f"skipped: {line}")
    for line in run.stale:
        _say(errors, line)
    for error in run.errors:
        _say(errors, f"error: {error}")


def _say(console: Console, text: str) -> None:
    """Text as it is: no markup, and no wrapping, which would break paths and commands."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _merged(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """One verdict for each failure of a whole program, such as an error that it raised."""
    merged: dict[object, Verdict] = {}
    for verdict in verdicts:
        whole = verdict.ulp is None and verdict.got is None
        merged.setdefault((verdict.case, verdict.backend, verdict.reason) if whole
                          else id(verdict), verdict)
    return list(merged.values())
