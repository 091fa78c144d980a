"""Printed programs run on their own, and print what the suite judges."""

from __future__ import annotations

import code
import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from conformance import load_cases
from conformance.backends import BUILT_IN, Backend
from conformance.paths import suite_cases
from conformance.waivers import waivers_beside

NOTEBOOK = load_cases().select(["cases/notebook.py"])
NUMBERS = re.compile(r"-?\d+\.\d*(?:e[+-]?\d+)?")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("backend", BUILT_IN, indirect=True)
def test_programs_run_in_a_fresh_namespace(backend: Backend, dtype: str) -> None:
    if (backend.name, dtype) == ("jax", "float64"):
        pytest.skip("JAX compiles each operation of each program, which float32 has shown to work")
    script = Path(__file__).with_name("standalone.py")
    found = subprocess.run([sys.executable, script, backend.name, dtype],
                           capture_output=True, text=True, timeout=900, check=False)
    assert found.returncode == 0, found.stderr[-3000:]
    ran, *raised = found.stdout.split()
    assert all(raises(name, backend, dtype) for name in raised), raised
    assert int(ran) >= 150


def raises(case: str, backend: Backend, dtype: str) -> bool:
    """Whether a waiver says that the framework refuses a case."""
    return any(waiver.verdict == "raised"
               and waiver.covers(case, backend.name, backend.version(), dtype, "reverse")
               for waiver in waivers_beside(suite_cases()))


@pytest.mark.parametrize("backend", BUILT_IN, indirect=True)
def test_the_notebook_runs_in_interpreters_of_its_own(backend: Backend) -> None:
    programs = [backend.program(c.graph(), c.values("float32")).source for c in NOTEBOOK]
    running = [subprocess.Popen([sys.executable, "-"], stdin=subprocess.PIPE, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
               for _ in programs]
    for case, process, source in zip(NOTEBOOK, running, programs, strict=True):
        out, err = process.communicate(source, timeout=120)
        assert process.returncode == 0, err
        evaluation = backend.evaluate(case.graph(), case.values("float32"))
        for name, value in evaluation.values.items():
            text = out.split(f"{name} = ")[1].split(" = ")[0]
            numbers = [float(n) for n in NUMBERS.findall(text)][:value.size]
            np.testing.assert_array_equal(numbers, value.ravel(), err_msg=name)


@pytest.mark.parametrize("backend", ["reference", "autograd"], indirect=True)
def test_programs_survive_being_pasted_line_by_line(backend: Backend) -> None:
    for case in NOTEBOOK:
        source = backend.program(case.graph(), case.values("float32")).source
        console, printed = code.InteractiveConsole({"__name__": "__main__"}), io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            for line in [*source.splitlines(), ""]:
                console.push(line)
        assert "Error" not in printed.getvalue(), printed.getvalue()
        assert printed.getvalue().count(" = ") == len(case.graph().outputs)
