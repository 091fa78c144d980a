"""pytest collects case files: one test a case, backend, dtype and mode."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.errors import CaseError, ConformanceError

if TYPE_CHECKING:
    from conformance.backends import Backend
    from conformance.declaration import Case

SETTINGS = pytest.StashKey["Settings"]()
PACKAGE = Path(__file__).resolve().parent


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance", "gradient conformance")
    group.addoption("--backend", action="append", default=[], metavar="NAME",
                    help="judge this backend; repeatable (default: every installed one)")
    group.addoption("--dtype", action="append", default=[], metavar="D",
                    help="float32 or float64; repeatable (default: both)")
    group.addoption("--mode", action="append", default=[], metavar="M",
                    help="repeatable (default: reverse)")
    group.addoption("--cases", action="append", default=[], metavar="PATH",
                    help="with --pyargs conformance: file or folder of cases to judge instead of "
                         "the suite's own; repeatable")


class Settings:
    """What the options ask for, worked out once."""

    def __init__(self, config: pytest.Config) -> None:
        from conformance import runner
        from conformance.backends import choose_backends

        self.asked = tuple(config.getoption("--backend"))
        self.dtypes = tuple(config.getoption("--dtype")) or runner.DTYPES
        self.modes = tuple(config.getoption("--mode")) or runner.MODES
        self.present, self.missing = choose_backends(self.asked)
        runner.plan([], self.present, self.dtypes, self.modes)  # refuses unknown names

    @property
    def backends(self) -> list[Backend]:
        """Those to make tests for; the missing ones among them are skipped with a reason."""
        return [*self.present, *self.missing]


def settings(config: pytest.Config) -> Settings:
    if SETTINGS not in config.stash:
        try:
            config.stash[SETTINGS] = Settings(config)
        except ConformanceError as error:
            raise pytest.UsageError(str(error)) from None
    return config.stash[SETTINGS]


def pytest_configure(config: pytest.Config) -> None:
    if any(config.getoption(name) for name in ("--backend", "--dtype", "--mode")):
        settings(config)
    for path in config.getoption("--cases"):
        if not Path(path).exists():
            raise pytest.UsageError(f"no such file or folder of cases: {path}")


def pytest_report_header(config: pytest.Config) -> list[str]:
    if not _concerns_us(config):
        return []
    chosen = settings(config)
    running = ", ".join(f"{b.name} {b.version()}" for b in chosen.present)
    lines = [f"conformance: {running}; {', '.join(chosen.dtypes)}; {', '.join(chosen.modes)}"]
    return lines + [f"conformance: skipped, {b.missing()}" for b in chosen.missing]


def _concerns_us(config: pytest.Config) -> bool:
    """Whether this run was pointed at cases; other people's test runs get no header of ours."""
    from conformance.discovery import is_case_file

    if any(config.getoption(f"--{name}") for name in ("backend", "dtype", "mode", "cases")):
        return True
    for argument in config.args:
        path = Path(argument.partition("::")[0])
        if argument == "conformance" or path.resolve() == PACKAGE:
            return True
        if path.is_file() and is_case_file(path):
            return True
        if path.is_dir() and any(map(is_case_file, path.glob("*.py"))):
            return True
    return False


# --- collection ---------------------------------------------------------------------------------

class Suite(pytest.Directory):
    """`--pyargs conformance`: the suite's own cases, or those of --cases."""

    def collect(self) -> Iterable[pytest.Collector]:
        from conformance.discovery import case_files
        from conformance.paths import suite_cases

        for root in self.config.getoption("--cases") or [suite_cases()]:
            for file in case_files(Path(root)):
                yield CaseFile.from_parent(self, path=file.resolve())


@pytest.hookimpl(tryfirst=True)
def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if path == PACKAGE and parent.session.isinitpath(path):
        return Suite.from_parent(parent, path=path)
    return None


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Case files that pytest does not take for test modules."""
    if parent.session.isinitpath(file_path) or not _is_case_file(file_path, parent.config):
        return None
    return CaseFile.from_parent(parent, path=file_path)


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> Any:
    """A case file named on the command line, which pytest takes for a test module."""
    if _is_case_file(module_path, parent.config):
        return CaseFile.from_parent(parent, path=module_path)
    return None


def _is_case_file(path: Path, config: pytest.Config) -> bool:
    from conformance.discovery import is_case_file

    patterns = config.getini("python_files")
    return not any(path.match(pattern) for pattern in patterns) and is_case_file(path)


class CaseFile(pytest.File):
    """A file of cases; one that cannot be used gives a test that fails with the reason."""

    def collect(self) -> Iterator[pytest.Item]:
        from conformance.discovery import load_case_file

        cases, errors = load_case_file(self.path)
        for number, error in enumerate(errors, 1):
            yield BrokenCase.from_parent(self, name=f"error-{number}", error=error)
        chosen = settings(self.config)
        for case in cases:
            for backend in chosen.backends:
                for dtype in chosen.dtypes:
                    for mode in chosen.modes:
                        yield CaseItem.from_parent(
                            self, name=f"{case.name}[{backend.name}-{dtype}-{mode}]", case=case,
                            backend=backend, dtype=dtype, mode=mode)


class BrokenCase(pytest.Item):
    """What is wrong with a case file, as a failing test."""

    def __init__(self, *, error: CaseError, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.error = error

    def runtest(self) -> None:
        raise self.error

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        return str(excinfo.value)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        where = self.error.where
        return self.path, where.line - 1 if where else None, self.name


class Nonconformance(Exception):
    """The verdicts of a test that fails, as they are printed."""


class CaseItem(pytest.Item):
    """One case on one backend, in one dtype and mode."""

    def __init__(self, *, case: Case, backend: Backend, dtype: str, mode: str,
                 **keywords: Any) -> None:
        super().__init__(**keywords)
        self.case = case
        self.backend = backend
        self.dtype = dtype
        self.mode = mode

    def setup(self) -> None:
        if self.backend in settings(self.config).missing:
            pytest.skip(self.backend.missing())

    def runtest(self) -> None:
        from conformance import runner
        from conformance.reports.terminal import failure

        error = runner.closed_form_error(self.case)
        if error:
            raise error
        task = runner.Task(self.case, self.backend, self.dtype, self.mode)
        outcome = runner.evaluate(self.backend.name, self.case.graph(self.dtype),
                                  self.case.values(self.dtype), self.mode, self.case.name)
        verdicts, stale = runner.judge(task, outcome)
        self.user_properties += [(f"verdict of {v.derivative}", v.verdict) for v in verdicts]
        unexpected = [failure(v) for v in verdicts if not v.expected]
        if unexpected or stale:
            source = getattr(outcome, "source", "")
            self.add_report_section("call", "printed code", source)
            raise Nonconformance("\n".join([*unexpected, *stale]))
        for kind, stop in (("unsupported", pytest.skip), ("waived", pytest.xfail)):
            found = [v for v in verdicts if v.verdict == kind]
            if found:
                stop(f"{kind}: {found[0].reason}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, (Nonconformance, ConformanceError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, self.case.where.line - 1, self.name


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One line with every kind of verdict, also where workers of pytest-xdist did the judging."""
    from conformance.verdict import VERDICTS

    counts: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                counts.update(value for name, value in report.user_properties
                              if str(name).startswith("verdict of "))
    if counts:
        shown = ", ".join(f"{counts[v]} {v.replace('_', ' ')}" for v in VERDICTS if counts[v])
        terminalreporter.write_line(f"conformance: {sum(counts.values())} verdicts: {shown}")
