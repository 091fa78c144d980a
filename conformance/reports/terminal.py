"""A run in the terminal: a matrix of case files by backends, and what to do about each failure."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conformance.reports.failure import Failure, merged
from conformance.runner import Run
from conformance.verdict import VERDICTS, counted, tally

STYLES = {"agrees": "green", "waived": "yellow", "unsupported": "cyan", "inconclusive": "magenta"}
SHOWN_FAILURES = 20
UNLIMITED = 1000  # columns of a file or a pipe, which wraps nothing


def terminal(*, stderr: bool = False) -> Console:
    """A console; what goes to a file or another program is neither wrapped nor cut."""
    console = Console(stderr=stderr)
    return console if console.is_terminal else Console(stderr=stderr, width=UNLIMITED)


def say(console: Console, text: str, style: str | None = None) -> None:
    """Text as it is: no markup, and no wrapping, which would break paths and commands."""
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def print_run(run: Run, console: Console, errors: Console) -> None:
    """The failures, the matrix and one line of summary; errors in cases go to `errors`."""
    failures = merged(run.unexpected, run.verdicts)
    for failure in failures[:SHOWN_FAILURES]:
        print_failure(failure, console)
        console.print()
    if len(failures) > SHOWN_FAILURES:
        say(console, f"… and {len(failures) - SHOWN_FAILURES} more; --json FILE holds them all\n")
    if run.verdicts:
        say(console, "Derivatives that agree, and beneath them every other verdict")
        console.print(matrix(run))
    say(console, summary(run), "bold")
    for line in run.skipped:
        say(console, f"skipped: {line}")
    for line in run.stale:
        say(errors, line)
    for name in run.unproven if run.complete else []:
        say(errors, f"error: no derivative agrees on {name}, so nothing is shown to be right")
    for error in run.errors:
        say(errors, f"error: {error}")


def print_failure(failure: Failure, console: Console, *, command: bool = True) -> None:
    """A failure with its first line standing out."""
    head, *rest = failure.lines(command=command)
    say(console, head, "bold")
    say(console, "\n".join(rest))


def matrix(run: Run) -> Table:
    """Verdicts counted by case file (rows) and backend (columns)."""
    cells: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for verdict in run.verdicts:
        file = verdict.case.partition("::")[0]
        cells[file][verdict.backend][verdict.verdict] += 1
    versions = {v.backend: v.backend_version for v in run.verdicts}
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 0, 0, 1))
    table.add_column("cases", overflow="fold")
    for backend, version in versions.items():
        table.add_column(escape(f"{backend}\n{version}"), justify="right")
    for file, row in cells.items():
        table.add_row(escape(Path(file).name), *(_cell(row[b]) for b in versions))
    if len(cells) > 1:
        table.add_section()
        table.add_row("all", *(_cell(sum((row[b] for row in cells.values()), Counter()))
                               for b in versions))
    return table


def _cell(counts: Counter[str]) -> str:
    lines = [f"[{STYLES['agrees']}]{counts['agrees']}[/]"] if counts else ["-"]
    lines += [f"[{STYLES.get(name, 'bold red')}]{counts[name]} {name.replace('_', ' ')}[/]"
              for name in VERDICTS if counts[name] and name != "agrees"]
    return "\n".join(lines)


def summary(run: Run) -> str:
    """One line: how many verdicts of each kind, none left out."""
    cases = len({v.case for v in run.verdicts})
    parts = [f"{counted(len(run.verdicts), 'verdict')} on {counted(cases, 'case')}: "
             f"{tally(run.counts)}"]
    if run.errors:
        parts.append(counted(len(run.errors), "error"))
    if run.stale:
        parts.append(f"{counted(len(run.stale), 'waiver')} not needed")
    if not run.complete:
        parts.append("interrupted before the end")
    return "; ".join(parts)
