"""The command `conformance accuracy`: a sweep, and what is written of it as it goes on."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from conformance.accuracy import Line, Measurement, select, sweep
from conformance.accuracy.sweep import Curves
from conformance.errors import UsageError
from conformance.reports.accuracy_json import AccuracyFile
from conformance.reports.accuracy_page import write_page
from conformance.reports.accuracy_plot import draw, require_matplotlib
from conformance.reports.accuracy_table import print_atlas
from conformance.reports.progress import progress_bar
from conformance.reports.terminal import terminal
from conformance.typing_rules import FLOATS


def measure(operators: tuple[str, ...], orders: str, *, out: str | None, json_path: str | None,
            markdown_path: str | None, dtypes: tuple[str, ...], **choice: Any) -> bool:
    """Sweep, print and write; whether it came to its end. Raises UsageError before any work.

    Measurements and pictures of finished operators are on disk whatever ends the sweep.
    """
    lines, folder = select(operators), _folder(out)
    if folder and json_path is None:
        json_path = str(folder / "accuracy.json")
    if markdown_path is not None and Path(markdown_path).is_dir():
        raise UsageError(f"cannot write {markdown_path}: it is a folder; give --markdown a file")
    with AccuracyFile(Path(json_path)) if json_path is not None else nullcontext() as file:
        with progress_bar("measuring") as update:
            def keep(line: Line, found: list[Measurement], curves: Curves) -> None:
                if file:
                    file.add(found)
                if folder:
                    draw(line, curves, folder)
                update(advance=1, description=line.label)

            atlas = sweep(lines, dtypes=dtypes or FLOATS, orders=_orders(orders),
                          on_start=lambda total: update(total=total), on_result=keep, **choice)
        if file:
            file.finish(atlas)
    print_atlas(atlas, terminal())
    if markdown_path is not None:
        write_page(atlas, Path(markdown_path))
    for what, path in (("measurements", json_path), ("pictures", out), ("page", markdown_path)):
        if path is not None:
            click.echo(f"{what}: {path}")
    return atlas.complete


def _folder(out: str | None) -> Path | None:
    if out is None:
        return None
    require_matplotlib()
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write to {out}: {error.strerror or error}; give --out another "
                         "path") from None
    return folder


def _orders(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"cannot read --order {text!r}: write orders of derivatives with commas "
                         "between them, as in 0,1,2") from None
