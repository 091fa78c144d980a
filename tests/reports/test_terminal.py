"""The end of a run: failures, a matrix, and one line that leaves nothing out."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from conformance.errors import CaseError, Location
from conformance.reports.terminal import SHOWN_FAILURES, print_run, summary, terminal
from conformance.runner import Run
from conformance.verdict import VERDICTS, Verdict

AGREES = Verdict("cases/a.py::one", "dy/dx", "reference", "0.1.0", "float32", "reverse", "agrees")
BACKENDS = {"reference": "0.1.0", "torch": "2.13.0+cpu", "tensorflow": "2.21.0", "jax": "0.10.2",
            "autograd": "1.9.1"}


def printed(run, width=100, *, colour=False):
    out, err = (Console(file=io.StringIO(), width=width, force_terminal=colour)
                for _ in range(2))
    print_run(run, out, err)
    return out.file.getvalue(), err.file.getvalue()


def crowded():
    """Every kind of verdict on five backends and a long file name."""
    verdicts = [replace(AGREES, case=f"cases/{file}.py::one", backend=backend, verdict=kind,
                        backend_version=version, reason=f"{kind} {file}", reproduce="conformance")
                for file in ("linear_algebra", "b") for backend, version in BACKENDS.items()
                for kind in VERDICTS]
    return Run(verdicts=verdicts, complete=True)


def test_a_clean_run_is_a_matrix_and_a_line():
    run = Run(verdicts=[AGREES, replace(AGREES, derivative="dz/dx")], complete=True)
    out, err = printed(run)
    lines = [line.rstrip() for line in out.splitlines() if line.strip()]
    assert lines[0] == "Derivatives that agree, and beneath them every other verdict"
    assert lines[1].split() == ["reference"]
    assert lines[2].split() == ["cases", "0.1.0"]
    assert lines[-2].split() == ["a.py", "2"]
    assert lines[-1] == "2 verdicts on 1 case: 2 agrees, 0 unsupported"
    assert err == ""


def test_the_matrix_counts_every_verdict_in_a_hundred_columns():
    out, _ = printed(crowded())
    table = out[out.index("Derivatives that agree"):out.index(" verdicts on")]
    assert max(len(line.rstrip()) for line in table.splitlines()) <= 100
    assert "…" not in table
    for kind in VERDICTS.keys() - {"agrees"}:
        assert table.count(f"1 {kind.replace('_', ' ')}") == 10
        assert table.count(f"2 {kind.replace('_', ' ')}") == 5


@pytest.mark.parametrize("width", [1, 20, 40, 79, 300])
def test_no_terminal_is_too_narrow_or_too_wide(width):
    out, _ = printed(crowded(), width, colour=True)
    assert out


def test_a_backend_without_verdicts_for_a_file_has_an_empty_cell():
    run = Run(verdicts=[AGREES, replace(AGREES, case="cases/b.py::one", backend="torch")])
    out, _ = printed(run)
    assert [line.split() for line in out.splitlines() if line.strip().startswith(("a.py", "b.py"))
            ] == [["a.py", "1", "-"], ["b.py", "-", "1"]]


def test_failures_come_first_and_the_rest_is_counted():
    verdicts = [replace(AGREES, case=f"cases/a.py::{n}", verdict="raised", reason=f"error {n}")
                for n in range(SHOWN_FAILURES + 3)]
    out, _ = printed(Run(verdicts=verdicts, complete=True))
    assert out.index("error 0") < out.index("error 19") < out.index("… and 3 more")
    assert "error 20" not in out
    assert "--json FILE holds them all" in out


def test_names_in_brackets_are_not_taken_for_styles():
    verdict = replace(AGREES, case="cases/[red].py::[bold]", verdict="raised", reason="[/] no",
                      backend="[blue]")
    out, _ = printed(Run(verdicts=[verdict], errors=[CaseError("[/red]")], complete=True))
    assert "[bold]" in out
    assert "[red].py" in out
    assert "[blue]" in out


def test_errors_and_unused_waivers_go_to_standard_error():
    run = Run(verdicts=[AGREES], stale=["waivers.toml:1: this waiver is not needed"],
              errors=[CaseError("no", Location("a.py", 3))], skipped=["jax is not installed"],
              complete=True)
    out, err = printed(run)
    assert err == "waivers.toml:1: this waiver is not needed\nerror: a.py:3: no\n"
    assert "skipped: jax is not installed" in out


@pytest.mark.parametrize(("run", "line"), [
    (Run(complete=True), "0 verdicts on 0 cases: 0 agrees, 0 unsupported"),
    (Run(), "0 verdicts on 0 cases: 0 agrees, 0 unsupported; interrupted before the end"),
    (Run(errors=[CaseError("a"), CaseError("b")], stale=["c"], complete=True),
     "0 verdicts on 0 cases: 0 agrees, 0 unsupported; 2 errors; 1 waiver not needed"),
])
def test_the_summary_is_one_line(run, line):
    assert summary(run) == line


def test_commands_and_paths_are_not_broken_in_a_narrow_terminal():
    command = "conformance show " + "x" * 100
    run = Run(verdicts=[replace(AGREES, verdict="raised", reason="no", reproduce=command)])
    out, _ = printed(run, width=40)
    assert command in out


def test_what_is_no_terminal_is_neither_wrapped_nor_coloured(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "30")
    print_run(crowded(), terminal(), terminal(stderr=True))
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert any("linear_algebra.py" in line and len(line.split()) == 6 for line in out.splitlines())
