"""A sweep in the terminal: a row for each line, dtype and order, and the worst of all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from textwrap import shorten

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conformance.accuracy.measure import Measurement
from conformance.accuracy.sweep import Atlas
from conformance.reports.terminal import say
from conformance.verdict import counted

SHOWN_WORST = 10
REASON = 160  # characters
ORDER_NAMES = ("f", "f'", "f''")


def print_atlas(atlas: Atlas, console: Console) -> None:
    """The table, the worst errors that rounding does not explain, and one line of summary."""
    if atlas.measurements:
        say(console, "Error in ULP: median / largest at x; beneath them, answers that are no "
                     "number or should be none")
        console.print(table(atlas.measurements))
    found = worst(atlas.measurements)[:SHOWN_WORST]
    if found:
        say(console, "Largest errors that rounding does not explain", "bold")
    for one in found:
        say(console, f"  {described(one)}")
    for line in failures(atlas.measurements):
        say(console, line)
    say(console, summary(atlas), "bold")
    for line in atlas.skipped:
        say(console, f"skipped: {line}")


def table(measurements: Iterable[Measurement]) -> Table:
    """Lines, dtypes and orders (rows) by backends (columns)."""
    rows: dict[tuple[str, str, int], dict[str, Measurement]] = defaultdict(dict)
    backends = {}
    for one in measurements:
        rows[one.line, one.dtype, one.order][one.backend] = one
        backends[one.backend] = one.backend_version
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for head in ("operator", "dtype", ""):
        shown.add_column(head, no_wrap=True)
    for name, version in backends.items():
        shown.add_column(escape(f"{name}\n{version}"))
    before = None
    for (line, dtype, order), row in rows.items():
        if before not in (None, line):
            shown.add_section()
        shown.add_row("" if line == before else escape(line), dtype, ORDER_NAMES[order],
                      *(cell(row[b]) if b in row else "-" for b in backends))
        before = line
    return shown


def cell(one: Measurement) -> str:
    """`0.3 / 1.2 at -4.5`, and `3 NaN` where there are such places."""
    if one.status != "measured":
        return f"[cyan]{one.status.replace('_', ' ')}[/]"
    text = "-"
    if one.largest is not None:
        style = "bold red" if one.unexplained else "green"
        text = (f"[{style}]{digits(one.median_ulp)} / {digits(one.largest.ulp)}[/] "
                f"at {one.largest.x:.6g}")
    explained = wrong(one) - wrong(one, explained=False)
    parts = [f"[red]{count} {answer}[/]" for answer, count in wrong(one, explained=False).items()]
    parts += [f"[dim]{count} {answer}, explained[/]" for answer, count in explained.items()]
    parts += [f"[yellow]{one.flushed} flushed[/]"] if one.flushed else []
    return "\n".join([text, *([", ".join(parts)] if parts else [])])


def wrong(one: Measurement, *, explained: bool = True) -> Counter[str]:
    """How many points of each kind its places hold, with those that rounding explains or not."""
    counts: Counter[str] = Counter()
    for place in one.places:
        if explained or not place.explained:
            counts[place.answer] += place.points
    return counts


def worst(measurements: Iterable[Measurement]) -> list[Measurement]:
    """Those with errors that rounding does not explain, the largest first."""
    return sorted((one for one in measurements if one.unexplained),
                  key=lambda one: -one.unexplained.ulp)


def described(one: Measurement) -> str:
    """One line on the largest error that rounding does not explain."""
    found = one.unexplained
    return (f"{ORDER_NAMES[one.order]} of {one.line}  {one.backend} {one.backend_version}  "
            f"{one.dtype}  {digits(found.ulp)} ULP at x = {found.x!r}: "
            f"got {found.got!r}, truth {found.truth!r} ({digits(found.allowed_ulp)} explained)")


def failures(measurements: Iterable[Measurement]) -> list[str]:
    """What could not be measured, and why; each reason once, unsupported ones left out."""
    found: dict[tuple[str, str, str], dict[str, None]] = defaultdict(dict)
    for one in measurements:
        if one.status not in ("measured", "unsupported"):
            # the place in the printed code differs from dtype to dtype
            reason = shorten(one.reason.partition(", at line ")[0], REASON, placeholder=" ...")
            what = f"{ORDER_NAMES[one.order]} of {one.line}"
            found[one.backend, one.status.replace("_", " "), reason][what] = None
    return [f"{status} on {backend}: {', '.join(what)}: {reason}"
            for (backend, status, reason), what in found.items()]


def digits(number: float | None) -> str:
    """Few digits: an error needs no more."""
    return "-" if number is None else f"{number:.3g}"


def summary(atlas: Atlas) -> str:
    """One line: how much was measured, and how much of it rounding does not explain."""
    done = [one for one in atlas.measurements if one.status == "measured"]
    counts = sum((wrong(one, explained=False) for one in done), Counter())
    lines = counted(len({one.line for one in done}), "line")
    parts = [f"{counted(len(done), 'measurement')} of {lines} at {atlas.points} points"]
    unexplained = [counted(sum(one.beyond for one in done), "error"),
                   *(f"{counts[name]} {name}" for name in sorted(counts))]
    parts += [f"{', '.join(unexplained)} that rounding does not explain",
              f"{sum(one.flushed for one in done)} flushed"]
    if not atlas.complete:
        parts.append("interrupted before the end")
    return "; ".join(parts)
