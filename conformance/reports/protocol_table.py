"""The protocol checks in the terminal: failures, a table of groups by modules, and a summary."""

from __future__ import annotations

from collections import Counter, defaultdict

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conformance.protocol_run import VERDICTS, Outcome
from conformance.reports.terminal import say
from conformance.verdict import counted

STYLES = {"agrees": "green", "waived": "yellow"}


def print_outcomes(outcomes: list[Outcome], skipped: list[str], console: Console) -> None:
    """Every failure in full, then the table, what is waived and why, and one line of counts."""
    for outcome in outcomes:
        if not outcome.expected:
            head, *rest = outcome.reason.splitlines()
            say(console, f"{head}  {outcome.module}  {outcome.verdict}", "bold")
            say(console, "\n".join(rest) + "\n")
    console.print(table(outcomes))
    for outcome in outcomes:
        if outcome.verdict == "waived":
            say(console, f"waived: {outcome.check.name}  {outcome.module}: {outcome.reason} "
                         f"({outcome.source})")
    counts = Counter(outcome.verdict for outcome in outcomes)
    checks = len({outcome.check.name for outcome in outcomes})
    tally = ", ".join(f"{counts[name]} {name}" for name in VERDICTS if counts[name])
    say(console, f"{counted(checks, 'check')}: {tally}", "bold")
    for line in skipped:
        say(console, f"skipped: {line}")


def table(outcomes: list[Outcome]) -> Table:
    """Outcomes counted by group (rows) and module (columns)."""
    cells: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for outcome in outcomes:
        cells[outcome.check.group][outcome.module][outcome.verdict] += 1
    modules = list(dict.fromkeys(outcome.module for outcome in outcomes))
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 0, 0, 1))
    shown.add_column("checks", overflow="fold")
    for module in modules:
        shown.add_column(escape(module), justify="right")
    for group, row in cells.items():
        shown.add_row(escape(group), *(_cell(row[module]) for module in modules))
    return shown


def _cell(counts: Counter[str]) -> str:
    return "\n".join(f"[{STYLES.get(name, 'bold red')}]{counts[name]}"
                     f"{'' if name == 'agrees' else ' ' + name}[/]"
                     for name in VERDICTS if counts[name] or name == "agrees")
