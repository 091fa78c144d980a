"""The command `conformance`: run, list, show, export, accuracy, protocol and calibrate."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance import __version__
from conformance.errors import ConformanceError, UsageError

if TYPE_CHECKING:
    from conformance.declaration import Case
    from conformance.discovery import Library
    from conformance.reports.json_report import JsonFile
    from conformance.runner import Run, Task
    from conformance.verdict import Verdict

INTERRUPTED = 130


class Refusal(click.ClickException):
    """Bad input; to a caller it is one class with bad usage."""

    exit_code = 2


class Group(click.Group):
    """Deliberate errors become a message on standard error and exit code 2."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except ConformanceError as error:
            raise Refusal(str(error)) from None
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            sys.exit(INTERRUPTED)


def cases_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--cases", "paths", multiple=True, metavar="PATH",
        help="File or folder of cases; repeatable. Default: the suite's own.")(command)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="conformance")
def main() -> None:
    """Are an engine's gradients right, and where do engines differ?"""
    if "" not in sys.path:
        sys.path.append("")  # for --backend module:Class in the working directory
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # mathematics on a terminal that has no ∂
            stream.reconfigure(errors="replace")


@main.command()
@click.argument("selection", nargs=-1)
@cases_option
@click.option("--backend", "backends", multiple=True, metavar="NAME",
              help="Backend to judge, or module:Class; repeatable. Default: every installed one.")
@click.option("--dtype", "dtypes", multiple=True, metavar="D",
              help="float32 or float64; repeatable. Default: both.")
@click.option("--mode", "modes", multiple=True, metavar="M",
              help="repeatable. Default: reverse.")
@click.option("--json", "json_path", metavar="FILE", help="Write every verdict to FILE.")
@click.option("-n", "workers", default=1, show_default=True, type=click.IntRange(1), metavar="N",
              help="Processes that evaluate.")
@click.option("--timeout", default=120.0, show_default=True, metavar="SECONDS",
              type=click.FloatRange(0.0, min_open=True), help="Limit for one evaluation.")
@click.option("--max-ulp", default=None, metavar="ULP", type=click.FloatRange(0.5),
              help="Hold every answer to this many ULP as well.")
@click.option("--record-conventions", is_flag=True,
              help="Write what was answered at kinks to the conventions.toml beside the cases.")
def run(selection: tuple[str, ...], paths: tuple[str, ...], json_path: str | None,
        record_conventions: bool, **choice: Any) -> None:
    """Judge cases on backends and print the matrix.

    SELECTION is a case, a family, a case file or an id. Exits with 0 when every verdict is
    expected, 1 when not, 2 for bad usage or a wrong case.
    """
    from conformance import runner
    from conformance.backends import choose_backends
    from conformance.reports.json_report import JsonFile
    from conformance.reports.terminal import print_run, terminal

    choice["dtypes"] = choice["dtypes"] or runner.DTYPES
    choice["modes"] = choice["modes"] or runner.MODES
    runner.plan([], choose_backends(choice["backends"])[0], choice["dtypes"], choice["modes"])
    library = _library(paths)
    cases = _selected(library, selection)
    with JsonFile(Path(json_path)) if json_path is not None else nullcontext() as file:
        outcome = _run_with_progress(cases, file, choice)
        outcome.errors[:0] = library.errors
        if file:
            file.finish(outcome)
    if record_conventions:
        _record_conventions(cases, outcome)
    print_run(outcome, terminal(), terminal(stderr=True))
    if json_path:
        click.echo(f"results: {json_path}")
    sys.exit(outcome.exit_code if outcome.complete else INTERRUPTED)


def _record_conventions(cases: list[Case], outcome: Run) -> None:
    from conformance import conventions
    from conformance.verdict import counted
    from conformance.waivers import folder_of

    folders = {case.id: folder_of(case) for case in cases}
    for folder in sorted(set(folders.values())):
        count = conventions.record((v for v in outcome.verdicts if folders[v.case] == folder),
                                   folder)
        click.echo(f"recorded {counted(count, 'convention')}: {folder / conventions.FILE}")


def _run_with_progress(cases: list[Case], file: JsonFile | None, choice: dict[str, Any]) -> Run:
    """The run, with a bar on standard error where that is a terminal."""
    from conformance import runner
    from conformance.reports.progress import progress_bar

    with progress_bar("judging") as update:
        def advance(task: Task, verdicts: list[Verdict]) -> None:
            if file:
                file.add(verdicts)
            update(advance=1, description=f"{task.case.name} {task.label}")

        return runner.run(cases, on_start=lambda total: update(total=total), on_result=advance,
                          **choice)


@main.command("list")
@click.argument("selection", nargs=-1)
@cases_option
def list_cases(selection: tuple[str, ...], paths: tuple[str, ...]) -> None:
    """List cases: id and what each shows."""
    from conformance.verdict import counted

    library = _library(paths, trace=False)
    chosen = _selected(library, selection)
    for case in chosen:
        click.echo(f"{case.id}  {click.style(case.summary, dim=True)}")
    click.echo(counted(len(chosen), "case"), err=True)
    for error in library.errors:
        click.echo(f"error: {error}", err=True)
    sys.exit(2 if library.errors else 0)


@main.command()
@click.argument("case")
@cases_option
@click.option("--backend", "backends", multiple=True, metavar="NAME",
              help="Show this backend's code and run it; repeatable. Default: the code of all.")
@click.option("--dtype", default="float32", show_default=True, metavar="D")
@click.option("--mode", default="reverse", show_default=True, metavar="M")
def show(case: str, paths: tuple[str, ...], backends: tuple[str, ...], dtype: str,
         mode: str) -> None:
    """Show a case: mathematics, graph, code, truth, and the answers of --backend."""
    from conformance.reports.case_page import print_case
    from conformance.reports.terminal import terminal

    chosen = _selected(_library(paths, trace=False), [case])
    if len(chosen) > 1:
        names = ", ".join(c.id for c in chosen[:4])
        more = ", …" if len(chosen) > 4 else ""
        raise UsageError(f"{case!r} names {len(chosen)} cases ({names}{more}): show takes one")
    sys.exit(print_case(_usable(chosen[0]), backends, dtype, mode, terminal()))


@main.command()
@click.argument("selection", nargs=-1)
@cases_option
@click.option("--out", required=True, metavar="DIR", help="A new or an empty folder.")
@click.option("--dtype", "dtypes", multiple=True, metavar="D",
              help="float32, float64, float16 or bfloat16; repeatable. Default: the first two.")
def export(selection: tuple[str, ...], paths: tuple[str, ...], out: str,
           dtypes: tuple[str, ...]) -> None:
    """Write cases and their certified derivatives as JSON, for engines in any language.

    SELECTION is a case, a family, a case file or an id. Exits with 0 when all is written, 2 for
    bad usage or a wrong case. A derivative that cannot be certified is written with the reason.
    """
    from conformance import runner, vectors
    from conformance.reports.progress import progress_bar
    from conformance.verdict import counted

    library = _library(paths)
    cases = _selected(library, selection)
    with progress_bar("certifying") as update:
        index = vectors.export(
            cases, Path(out), dtypes or runner.DTYPES, errors=library.errors,
            on_start=lambda total: update(total=total),
            on_result=lambda case, dtype: update(advance=1, description=f"{case.name} {dtype}"))
    counts = index["counts"]
    click.echo(f"{counted(counts['vectors'], 'vector')} of {counted(counts['cases'], 'case')}: "
               f"{counted(counts['derivatives'], 'derivative')}, {counts['certified']} certified, "
               f"{counts['kinks']} at kinks, {counts['refused']} refused")
    click.echo(f"vectors: {out}")
    for error in index["errors"]:
        click.echo(f"error: {error}", err=True)
    sys.exit(2 if index["errors"] else 0)


@main.command()
@click.argument("operators", nargs=-1, metavar="[OP]...")
@click.option("--backend", "backends", multiple=True, metavar="NAME",
              help="Backend to measure, or module:Class; repeatable. Default: every installed one.")
@click.option("--dtype", "dtypes", multiple=True, metavar="D",
              help="float16, bfloat16, float32 or float64; repeatable. Default: all.")
@click.option("--order", "orders", default="0,1,2", show_default=True, metavar="LIST",
              help="Which derivatives; 0 is the value.")
@click.option("--points", default=200, show_default=True, type=click.IntRange(10), metavar="N",
              help="Points of each operator in each dtype.")
@click.option("--out", metavar="DIR", help="Write a picture of each operator to DIR.")
@click.option("--json", "json_path", metavar="FILE", help="Write every measurement to FILE.")
@click.option("--markdown", "markdown_path", metavar="FILE", help="Write the findings to FILE.")
@click.option("-n", "workers", default=1, show_default=True, type=click.IntRange(1), metavar="N",
              help="Processes that certify and evaluate.")
@click.option("--timeout", default=120.0, show_default=True, metavar="SECONDS",
              type=click.FloatRange(0.0, min_open=True),
              help="Limit for one operator in one dtype on one backend.")
def accuracy(operators: tuple[str, ...], orders: str, **choice: Any) -> None:
    """Measure operators and their derivatives over their whole domains, in ULP of the truth.

    OP is an operator of the catalogue that works on single numbers; default: all of those. Exits
    with 0 when all is measured, whatever the errors are, 2 for bad usage.
    """
    from conformance.reports.accuracy_run import measure

    complete = measure(operators, orders, **choice)
    sys.exit(0 if complete else INTERRUPTED)


@main.command()
@click.argument("selection", nargs=-1)
@click.option("--backend", "backends", multiple=True, metavar="NAME",
              help="reference or tensorflow; repeatable. Default: every installed one.")
@click.option("--module", "modules", multiple=True, metavar="MODULE",
              help="A module of your own with TensorFlow's tape API; repeatable.")
def protocol(selection: tuple[str, ...], backends: tuple[str, ...],
             modules: tuple[str, ...]) -> None:
    """Check what a tape answers and refuses, on modules with TensorFlow's tape API.

    SELECTION is a check or a group of checks. Exits with 0 when every outcome is expected, 1 when
    not, 2 for bad usage.
    """
    from conformance.protocol_run import judge, load_checks, named, select
    from conformance.reports.protocol_table import print_outcomes
    from conformance.reports.terminal import terminal

    checks = select(load_checks(), selection)
    found, skipped = named(backends, modules)
    outcomes = [judge(check, module) for module in found for check in checks]
    print_outcomes(outcomes, skipped, terminal())
    sys.exit(0 if all(outcome.expected for outcome in outcomes) else 1)


@main.command()
@click.option("--backend", "backends", multiple=True, metavar="NAME",
              help="Backend to judge; repeatable. Default: reference.")
@click.option("--dtype", default="float32", show_default=True, metavar="D")
@click.option("--components", default=100_000, show_default=True, type=click.IntRange(1),
              metavar="N", help="Components of gradients to judge; with --planted, programs.")
@click.option("--ops", default=40, show_default=True, type=click.IntRange(1), metavar="N",
              help="Operators of a program.")
@click.option("--order", default="1", show_default=True, type=click.Choice(["1", "2"]),
              help="Gradients that are nested.")
@click.option("--arrays", default=0.25, show_default=True, type=click.FloatRange(0, 1),
              metavar="SHARE", help="Programs with arrays of several shapes, which JAX compiles.")
@click.option("--seed", default=0, show_default=True, metavar="S")
@click.option("--planted", is_flag=True,
              help="Plant mistakes in the reference engine and count those that are noticed.")
@click.option("--program", "index", type=click.IntRange(0), metavar="I",
              help="Show program I and how it is judged.")
@click.option("--journal", metavar="FILE", help="JSON lines of every program; goes on from there.")
@click.option("--json", "json_path", metavar="FILE", help="Write the summary to FILE.")
@click.option("-n", "workers", default=1, show_default=True, type=click.IntRange(1), metavar="N",
              help="Processes that evaluate.")
@click.option("--timeout", default=120.0, show_default=True, metavar="SECONDS",
              type=click.FloatRange(0.0, min_open=True), help="Limit for one program.")
def calibrate(backends: tuple[str, ...], components: int, index: int | None, planted: bool,
              journal: str | None, json_path: str | None, workers: int, timeout: float,
              order: str, **plan: Any) -> None:
    """Judge backends on random programs: correct ones must never be told that they differ.

    Exits with 1 when one is, and shows the smallest program in which it happened.
    """
    from conformance.calibration.programs import Plan
    from conformance.calibration.report import print_calibration, print_program
    from conformance.reports.progress import progress_bar

    chosen = backends or ("reference",)
    made = Plan(order=int(order), **plan)
    if index is not None:
        print_program(made, index, chosen)
        return
    with progress_bar("calibrating") as update:
        update(total=components)
        outcome = print_calibration(
            made, chosen, components, planted=planted, workers=workers, timeout=timeout,
            journal=journal and Path(journal), json_path=json_path and Path(json_path),
            progress=lambda done: update(completed=done))
    sys.exit(outcome)


def _library(paths: tuple[str, ...], *, trace: bool = True) -> Library:
    from conformance.discovery import load_cases

    return load_cases(paths, trace=trace)


def _selected(library: Library, selection: tuple[str, ...] | list[str]) -> list[Case]:
    """The selected cases; where a file is broken, its error explains an empty selection."""
    try:
        return library.select(selection)
    except UsageError as error:
        broken = "".join(f"\n{e}" for e in library.errors)
        raise UsageError(f"{error}{broken}") from None


def _usable(case: Case) -> Case:
    """The case itself once it is known that it can be traced."""
    from conformance.discovery import load_case_file

    file = inspect.unwrap(case.function).__code__.co_filename
    usable, errors = load_case_file(Path(file))
    for candidate in usable:
        if candidate.id == case.id:
            return candidate
    raise UsageError("\n".join(map(str, errors)))
