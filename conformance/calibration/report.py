"""What a calibration shows, as it is printed and as it is written to disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from conformance.calibration import campaign, page, summary
from conformance.calibration.planted import GUESSES
from conformance.calibration.programs import Plan


def print_program(plan: Plan, index: int, backends: tuple[str, ...]) -> None:
    """Show one program on some backends."""
    for line in page.lines(plan, index, backends):
        click.echo(line)


def print_calibration(plan: Plan, backends: tuple[str, ...], wanted: int, *, planted: bool,
                      workers: int, timeout: float, journal: Path | None, json_path: Path | None,
                      progress: Callable[[int], None]) -> int:
    """Run a calibration and report it; 1 where a correct backend was told that it differs."""
    options: Any = {"workers": workers, "timeout": timeout, "journal": journal,
                    "progress": progress}
    if planted:
        found = campaign.planted(plan, wanted, **options)
        numbers: dict[str, Any] = {"mistakes": summary.of_mistakes(found.lines)}
        lines = mistake_lines(numbers["mistakes"])
    else:
        found = campaign.false_alarms(plan, backends, wanted, **options)
        numbers = {"oracle": summary.of_oracle(found.lines),
                   "backends": {name: summary.of_backend(found.lines, name) for name in backends}}
        lines = [*false_alarm_lines(numbers), *_reproducers(plan, numbers)]
    for line in lines:
        click.echo(line)
    if json_path:
        json_path.write_text(json.dumps({**found.header, **numbers}, indent=1) + "\n",
                             encoding="utf-8")
        click.echo(f"summary: {json_path}")
    return int(any(row["verdicts"].get("differs") for row in numbers.get("backends", {}).values()))


def _reproducers(plan: Plan, numbers: dict[str, Any]) -> list[str]:
    """The command that shows the smallest program that differs, of every backend."""
    options = " ".join(f"--{name} {value}" for name, value in asdict(plan).items())
    return [f"reproduce: conformance calibrate --backend {name} {options} "
            f"--program {row['smallest']['index']}"
            for name, row in numbers["backends"].items() if row["smallest"]]


def false_alarm_lines(summary: dict[str, Any]) -> list[str]:
    """The report on false alarms, as it is printed."""
    oracle = summary["oracle"]
    total = oracle["certified"] + sum(oracle["refused"].values())
    lines = [f"{oracle['programs']} programs, {total} components, {oracle['seconds']} s of oracle",
             f"refused  {_share(sum(oracle['refused'].values()), total)}{_of(oracle['refused'])}"]
    lines += [f"lost     program {index}: {why}" for index, why in oracle["lost"]]
    for backend, row in summary["backends"].items():
        judged, verdicts = row["components"], row["verdicts"]
        others = {k: v for k, v in verdicts.items() if k not in ("agrees", "inconclusive")}
        quantiles = ", ".join(f"{q} {x:.3g}" for q, x in row["ratio"].items())
        lines += [f"{backend}: {judged} judged, {row['zeros']} of them zeros, "
                  f"{row['seconds']} s",
                  f"  false alarms       {verdicts.get('differs', 0)}{_of(others)}",
                  f"  inconclusive       {_share(verdicts.get('inconclusive', 0), judged)}",
                  f"  error / allowed    {quantiles}",
                  f"  relative allowance {row['allowance'].get('0.5', 0):.2g} (median)"]
        lines += [f"  {count:6}  {reason}" for reason, count in row["reasons"].items()]
        if row["smallest"]:
            lines += [f"  smallest program that differs: {row['smallest']['index']}, "
                      f"{row['smallest']['nodes']} nodes",
                      *(f"    {text}" for text in row["smallest"]["components"])]
    return lines


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2%}" if whole else "-"


def _of(counts: dict[str, int]) -> str:
    return f" ({', '.join(f'{k} {v}' for k, v in sorted(counts.items()))})" if counts else ""


def mistake_lines(found: dict[str, dict[str, Any]]) -> list[str]:
    """The report on planted mistakes, as it is printed."""
    columns = ("verdict", *GUESSES)
    lines = [f"{'':20} {'of':>8} {'programs':>9} " + " ".join(f"{c:>16}" for c in columns)]
    for kind, row in found.items():
        for name, shares in row.items():
            lines.append(f"{kind:20} {name:>8} {shares['programs']:9} "
                         + " ".join(f"{shares[c]:16.1%}" for c in columns))
    return lines
