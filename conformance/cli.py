"""The command `conformance`: run, list and show."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance import __version__
from conformance.errors import ConformanceError, UsageError

if TYPE_CHECKING:
    from conformance.declaration import Case
    from conformance.discovery import Library


class Group(click.Group):
    """Deliberate errors become one line on standard error and exit code 2."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except ConformanceError as error:
            raise click.ClickException(str(error)) from None


click.ClickException.exit_code = 2  # bad usage and bad input are one class to a caller


def cases_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--cases", "paths", multiple=True, metavar="PATH",
        help="File or folder of cases; repeatable. Default: the suite's own.")(command)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="conformance")
def main() -> None:
    """Are an engine's gradients right, and where do engines differ?"""


@main.command()
@click.argument("selection", nargs=-1)
@cases_option
@click.option("--backend", "backends", multiple=True, metavar="NAME",
              help="Backend to judge; repeatable. Default: every installed one.")
@click.option("--dtype", "dtypes", multiple=True, metavar="D",
              help="float32 or float64; repeatable. Default: both.")
@click.option("--mode", "modes", multiple=True, metavar="M", help="Default: reverse.")
@click.option("--json", "json_path", metavar="FILE", help="Write every verdict to FILE.")
@click.option("-n", "workers", default=1, show_default=True, type=click.IntRange(1),
              help="Processes that evaluate.")
@click.option("--timeout", default=120.0, show_default=True, type=click.FloatRange(0.1),
              help="Seconds for one evaluation.")
def run(selection: tuple[str, ...], paths: tuple[str, ...], backends: tuple[str, ...],
        dtypes: tuple[str, ...], modes: tuple[str, ...], json_path: str | None, workers: int,
        timeout: float) -> None:
    """Judge cases on backends and print the matrix.

    SELECTION is a case, a family, a case file or an id. Exits with 0 when every verdict is
    expected, 1 when not, 2 for bad usage or a wrong case.
    """
    from rich.console import Console

    from conformance import runner
    from conformance.backends import choose_backends
    from conformance.reports.json_report import JsonFile
    from conformance.reports.terminal import print_run

    library = _library(paths)
    cases = _selected(library, selection)
    chosen, _ = choose_backends(backends)
    runner.plan([], chosen, dtypes or runner.DTYPES, modes or runner.MODES)
    file = JsonFile(Path(json_path)) if json_path else None
    outcome = _run_with_progress(cases, backends, dtypes, modes, workers, timeout, file)
    outcome.errors[:0] = library.errors
    if file:
        file.finish(outcome)
    print_run(outcome, Console(), Console(stderr=True))
    if json_path:
        click.echo(f"results: {json_path}")
    sys.exit(130 if not outcome.complete else outcome.exit_code)


def _run_with_progress(cases: list[Case], backends: tuple[str, ...], dtypes: tuple[str, ...],
                       modes: tuple[str, ...], workers: int, timeout: float,
                       file: Any) -> Any:
    """The run, with a bar on standard error; an interrupt keeps what there is."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from conformance import runner

    columns = (TextColumn("judging"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
               TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("", total=None)

        def started(total: int) -> None:
            progress.update(bar, total=total)

        def advance(task: runner.Task, verdicts: list[Any]) -> None:
            if file:
                file.add(verdicts)
            progress.update(bar, advance=1, description=f"{task.case.name} {task.label}")

        return runner.run(cases, backends, dtypes or runner.DTYPES, modes or runner.MODES,
                          workers=workers, timeout=timeout, on_start=started, on_result=advance)


@main.command("list")
@click.argument("selection", nargs=-1)
@cases_option
def list_cases(selection: tuple[str, ...], paths: tuple[str, ...]) -> None:
    """List cases: id and what each shows."""
    library = _library(paths)
    for case in _selected(library, selection):
        click.echo(f"{case.id}  {click.style(case.summary, dim=True)}")
    click.echo(f"{len(library.cases)} cases", err=True)
    _report_errors(library)


@main.command()
@click.argument("case")
@cases_option
@click.option("--backend", "backends", multiple=True, metavar="NAME",
              help="Show this backend's code and run it; repeatable. Default: the code of all.")
@click.option("--dtype", default="float32", show_default=True, metavar="D")
@click.option("--mode", default="reverse", show_default=True, metavar="M")
def show(case: str, paths: tuple[str, ...], backends: tuple[str, ...], dtype: str,
         mode: str) -> None:
    """Show a case: mathematics, graph, code, certified derivatives, and the answers of --backend."""
    from rich.console import Console

    from conformance.reports.case_page import print_case

    library = _library(paths)
    chosen = library.select([case])
    if len(chosen) > 1:
        names = ", ".join(c.id for c in chosen[:4])
        raise UsageError(f"{case!r} names {len(chosen)} cases ({names}, …): show takes one")
    sys.exit(print_case(chosen[0], backends, dtype, mode, Console()))


def _library(paths: tuple[str, ...]) -> Library:
    from conformance.discovery import load_cases

    return load_cases(paths)


def _selected(library: Library, selection: tuple[str, ...]) -> list[Case]:
    """The selected cases; where a file is broken, its error explains an empty selection."""
    try:
        return library.select(selection)
    except UsageError as error:
        broken = "".join(f"\n{e}" for e in library.errors)
        raise UsageError(f"{error}{broken}") from None


def _report_errors(library: Library) -> None:
    for error in library.errors:
        click.echo(f"error: {error}", err=True)
    if library.errors:
        sys.exit(2)
