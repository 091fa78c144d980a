"""pytest collects case files: one test a case, backend, dtype and mode."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.case_files import is_case_file
from conformance.errors import ConformanceError

if TYPE_CHECKING:
    from conformance.backends import Backend
    from conformance.declaration import Case
    from conformance.verdict import Verdict

# Every test run of everyone who has this package installed imports this module: NumPy and the
# rest of the suite are imported where they are first needed.

SETTINGS = pytest.StashKey["Settings"]()
PACKAGE = Path(__file__).resolve().parent
PROPERTY = "verdict of "


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance", "gradient conformance")
    group.addoption("--backend", action="append", default=[], metavar="NAME",
                    help="judge this backend, or module:Class; repeatable (default: every "
                         "installed one)")
    group.addoption("--dtype", action="append", default=[], metavar="D",
                    help="float32 or float64; repeatable (default: both)")
    group.addoption("--mode", action="append", default=[], metavar="M",
                    help="repeatable (default: reverse)")
    group.addoption("--max-ulp", type=float, default=None, metavar="ULP",
                    help="hold every answer to this many ULP as well")
    group.addoption("--cases", action="append", default=[], metavar="PATH",
                    help="with --pyargs conformance: file or folder of cases to judge instead of "
                         "the suite's own; repeatable")


class Settings:
    """What the options ask for, worked out once."""

    def __init__(self, config: pytest.Config) -> None:
        from conformance import runner
        from conformance.backends import choose_backends

        asked = tuple(config.getoption("--backend"))
        if any(":" in name for name in asked):
            sys.path.append(str(config.invocation_params.dir))
        self.dtypes = tuple(config.getoption("--dtype")) or runner.DTYPES
        self.modes = tuple(config.getoption("--mode")) or runner.MODES
        self.present, self.missing = choose_backends(asked)
        runner.plan([], self.present, self.dtypes, self.modes)  # refuses unknown names
        self.waivers_seen: set[Path] = set()

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
    paths = config.getoption("--cases")
    if paths and not any(_is_the_suite(argument) for argument in config.args):
        raise pytest.UsageError("--cases goes with --pyargs conformance; without that, name the "
                                f"files themselves: pytest {' '.join(paths)}")
    for path in paths:
        if not Path(path).exists():
            raise pytest.UsageError(f"no such file or folder of cases: {path}")


def pytest_report_header(config: pytest.Config) -> list[str]:
    if not any(_names_cases(argument, config) for argument in config.args):
        return []
    chosen = settings(config)
    running = ", ".join(f"{b.name} {b.version()}" for b in chosen.present)
    lines = [f"conformance: {running}; {', '.join(chosen.dtypes)}; {', '.join(chosen.modes)}"]
    return lines + [f"conformance: skipped, {b.missing()}" for b in chosen.missing]


def _is_the_suite(argument: str) -> bool:
    return argument == "conformance" or Path(argument).resolve() == PACKAGE


def _names_cases(argument: str, config: pytest.Config) -> bool:
    """Whether an argument was pointed at cases; other people's test runs get no header of ours."""
    path = Path(argument.partition("::")[0])
    if _is_the_suite(argument):
        return True
    files = [path] if path.is_file() else path.glob("*.py") if path.is_dir() else []
    return any(_is_ours(file, config) for file in files)


# --- collection ---------------------------------------------------------------------------------

class Suite(pytest.Directory):
    """`--pyargs conformance`: the suite's own cases, or those of --cases."""

    def collect(self) -> Iterable[pytest.Collector]:
        from conformance.discovery import case_files
        from conformance.paths import display_path, suite_cases

        try:
            files = [file.resolve() for root in self.config.getoption("--cases") or [suite_cases()]
                     for file in case_files(Path(root))]
        except ConformanceError as error:
            raise self.CollectError(str(error)) from None
        for file in dict.fromkeys(files):
            yield CaseFile.from_parent(self, path=file, nodeid=display_path(file))


@pytest.hookimpl(tryfirst=True)
def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if path == PACKAGE and parent.session.isinitpath(path):
        return Suite.from_parent(parent, path=path)
    return None


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Case files that pytest does not take for test modules."""
    if parent.session.isinitpath(file_path) or not _is_ours(file_path, parent.config):
        return None
    return CaseFile.from_parent(parent, path=file_path)


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> Any:
    """A case file named on the command line, which pytest takes for a test module."""
    if _is_ours(module_path, parent.config):
        return CaseFile.from_parent(parent, path=module_path)
    return None


def _is_ours(path: Path, config: pytest.Config) -> bool:
    """Whether a file declares cases and is not a test module, which may do so for its tests."""
    patterns = config.getini("python_files")
    return not any(path.match(pattern) for pattern in patterns) and is_case_file(path)


class CaseFile(pytest.File):
    """A file of cases; what cannot be used gives a test that fails with the reason."""

    def collect(self) -> Iterator[pytest.Item]:
        from conformance.discovery import load_case_file

        chosen = settings(self.config)
        cases, errors = load_case_file(self.path)
        wrong = [str(error) for error in errors] + self._idle_waivers(cases)
        for number, message in enumerate(wrong, 1):
            yield BrokenItem.from_parent(self, name=f"error-{number}", message=message)
        for case in cases:
            for backend in chosen.backends:
                for dtype in chosen.dtypes:
                    for mode in chosen.modes:
                        yield CaseItem.from_parent(
                            self, name=f"{case.name}[{backend.name}-{dtype}-{mode}]", case=case,
                            backend=backend, dtype=dtype, mode=mode)

    def _idle_waivers(self, cases: list[Case]) -> list[str]:
        """Waivers that name no case, told once a folder; a malformed file is an error here."""
        from conformance.waivers import idle_waivers, waivers_beside

        seen = settings(self.config).waivers_seen
        folder = self.path.resolve().parent
        try:
            waivers_beside(folder)
            if folder in seen:
                return []
            seen.add(folder)
            return idle_waivers(cases)
        except ConformanceError as error:
            raise self.CollectError(str(error)) from None


class BrokenItem(pytest.Item):
    """What is wrong with a case file, as a failing test."""

    def __init__(self, *, message: str, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.message = message

    def runtest(self) -> None:
        raise Nonconformance(self.message)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        return str(excinfo.value)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name


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
        from conformance.reports.failure import merged

        error = runner.case_error(self.case, [self.dtype])
        if error:
            raise error
        task = runner.Task(self.case, self.backend, self.dtype, self.mode)
        function, arguments = task.call
        verdicts, stale = runner.judge(task, function(*arguments),
                                       self.config.getoption("--max-ulp"))
        self.user_properties += [(f"{PROPERTY}{v.derivative}", v.verdict) for v in verdicts]
        unexpected = merged([v for v in verdicts if not v.expected], verdicts)
        if unexpected or stale:
            if verdicts[0].source:
                self.add_report_section("call", "printed code", verdicts[0].source)
            raise Nonconformance("\n".join([*map(str, unexpected), *stale]))
        self._report_what_is_no_pass(verdicts)

    def _report_what_is_no_pass(self, verdicts: list[Verdict]) -> None:
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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
        item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A case that is skipped is skipped in its own file, not in this one."""
    report = yield
    if isinstance(item, CaseItem) and report.skipped and isinstance(report.longrepr, tuple):
        path, line, _ = item.reportinfo()
        report.longrepr = str(path), (line or 0) + 1, report.longrepr[2]
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One line with every kind of verdict, also where workers of pytest-xdist did the judging."""
    from conformance.verdict import counted, tally

    counts: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                counts.update(value for name, value in report.user_properties
                              if str(name).startswith(PROPERTY))
    if counts:
        terminalreporter.write_line(
            f"conformance: {counted(sum(counts.values()), 'verdict')}: {tally(counts)}")
