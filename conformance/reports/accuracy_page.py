"""The findings of a sweep as a page in Markdown."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from conformance.accuracy.measure import Measurement, Place
from conformance.accuracy.sweep import Atlas
from conformance.errors import UsageError
from conformance.reports.accuracy_table import ORDER_NAMES, digits, failures, worst, wrong

WORST = 12  # rows for each dtype
MOST_PLACES = 150  # rows; the JSON file holds all


def write_page(atlas: Atlas, path: Path) -> None:
    """Write the page; raises UsageError where that fails."""
    try:
        path.write_text("\n".join(page(atlas)) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}; "
                         "give --markdown another path") from None


def page(atlas: Atlas) -> Iterator[str]:
    """The page, line by line."""
    versions = ", ".join(f"{name} {version}" for name, version in
                         atlas.environment["backends"].items())
    yield from ("# Accuracy findings", "",
                f"Written by `conformance accuracy --markdown` on {atlas.started[:10]}: "
                f"{versions}; {atlas.environment['cpu']}, Python {atlas.environment['python']}, "
                f"NumPy {atlas.environment['numpy']}. {atlas.points} points of each line in each "
                "dtype. [What is measured](accuracy.md).", "")
    if not atlas.complete:
        yield from ("The sweep was interrupted: operators are missing.", "")
    yield from overview(atlas.measurements)
    for dtype in atlas.dtypes:
        yield from largest(dtype, [one for one in atlas.measurements if one.dtype == dtype])
    yield from places(atlas.measurements)
    broken = failures(atlas.measurements)
    if broken:
        yield from ("## What could not be measured", "", *(f"- {line}" for line in broken), "")


def overview(measurements: Iterable[Measurement]) -> Iterator[str]:
    """Counts by backend and dtype."""
    groups: dict[tuple[str, str], list[Measurement]] = defaultdict(list)
    for one in measurements:
        if one.status == "measured":
            groups[one.backend, one.dtype].append(one)
    yield from ("## In numbers", "", "Points by what was answered there. But for `flushed`, only "
                "what neither rounding in the dtype nor the overflow of an intermediate explains.",
                "", "| backend | dtype | points | errors | flushed | NaN | inf | 0 | finite "
                "where infinite | not 0 where 0 |", "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for (backend, dtype), group in groups.items():
        counts = sum((wrong(one, explained=False) for one in group), Counter())
        cells = [sum(one.points for one in group), sum(one.beyond for one in group),
                 sum(one.flushed for one in group),
                 *(counts[name] for name in ("NaN", "inf", "0", "finite", "not 0"))]
        yield f"| {backend} | {dtype} | {' | '.join(f'{cell:,}' for cell in cells)} |"
    yield ""


def largest(dtype: str, measurements: list[Measurement]) -> Iterator[str]:
    """The largest errors that rounding does not explain, one for each line and order."""
    found: dict[tuple[str, int], list[Measurement]] = defaultdict(list)
    for one in worst(measurements):
        found[one.line, one.order].append(one)
    if not found:
        return
    yield from (f"## Largest errors in {dtype}", "",
                "| | x | ULP | explained | got | truth | backends |",
                "|---|--:|--:|--:|--:|--:|---|")
    for (line, order), group in list(found.items())[:WORST]:
        at = group[0].unexplained
        others = ", ".join(f"{one.backend} {digits(one.unexplained.ulp)}" for one in group)
        yield (f"| {ORDER_NAMES[order]} of `{line}` | {at.x:.9g} | {digits(at.ulp)} | "
               f"{digits(at.allowed_ulp)} | {at.got:.9g} | {at.truth:.9g} | {others} |")
    yield ""


def places(measurements: Iterable[Measurement]) -> Iterator[str]:
    """Where an answer is no number or should be none, the widest first."""
    found: dict[tuple[str, int, str, str], dict[str, dict[str, list[Place]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list)))
    for one in measurements:
        for place in one.places:
            key = one.line, one.order, place.answer, place.truth_kind
            if not place.explained:
                found[key][one.backend][one.dtype].append(place)
    if not found:
        return
    rows = sorted(found.items(), key=lambda row: -sum(
        place.points for by_dtype in row[1].values() for group in by_dtype.values()
        for place in group))
    yield from ("## NaN, infinity or 0 in place of a number, and the reverse", "",
                "Where neither rounding nor the overflow of an intermediate explains it; with the "
                "points of the largest place in each dtype.", "",
                "| | answer | truth | where |", "|---|---|---|---|")
    for (line, order, answer, kind), by_backend in rows[:MOST_PLACES]:
        where = "<br>".join(f"{backend}: {_ranges(by_dtype)}"
                            for backend, by_dtype in by_backend.items())
        yield f"| {ORDER_NAMES[order]} of `{line}` | {answer} | {kind} | {where} |"
    if len(rows) > MOST_PLACES:
        yield from ("", f"And {len(rows) - MOST_PLACES} more with fewer points.")
    yield ""


def _ranges(by_dtype: dict[str, list[Place]]) -> str:
    parts = []
    for dtype, group in by_dtype.items():
        most = max(group, key=lambda place: place.points)
        ends = f"{most.low:.4g}" if most.points == 1 else f"{most.low:.4g} to {most.high:.4g}"
        parts.append(f"{dtype} {ends}" + (f" and {len(group) - 1} more" if len(group) > 1 else ""))
    return ", ".join(parts)
