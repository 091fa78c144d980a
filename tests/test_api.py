"""`from conformance import …`: the suite's own names as a small library."""

import subprocess
import sys

import pytest

import conformance


def test_every_name_is_offered_once_and_documented():
    assert len(set(conformance.__all__)) == len(conformance.__all__)
    for name in conformance.__all__:
        assert getattr(conformance, name).__doc__, name
        assert name in dir(conformance)


def test_the_docstring_names_what_a_reader_needs():
    for name in ("load_cases", "list_backends", "run", "Verdict"):
        assert name in conformance.__doc__


def test_editors_see_the_names_that_are_loaded_late():
    import ast
    import inspect

    tree = ast.parse(inspect.getsource(conformance))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.asname for node in block.body for alias in node.names}
    assert seen == set(conformance.__all__)


def test_importing_the_package_imports_nothing_heavy():
    script = ("import sys, conformance; "
              "print([m for m in ('numpy', 'click', 'rich', 'flint') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                          check=True)
    assert done.stdout.strip() == "[]"


def test_cases_backends_a_run_and_its_verdicts():
    library = conformance.load_cases()
    cases = library.select(["sum_square"])
    assert "reference" in conformance.list_backends()
    run = conformance.run(cases, backends=["reference"], dtypes=["float64"])
    assert run.complete
    assert run.exit_code == 0
    assert {v.derivative for v in run.verdicts} == {"dz/dx", "dy/dx"}
    verdict = run.verdicts[0]
    assert isinstance(verdict, conformance.Verdict)
    assert (verdict.verdict, verdict.backend, verdict.dtype) == ("agrees", "reference", "float64")
    assert verdict.got == verdict.truth
    assert "GradientTape" in verdict.source
    assert verdict.reproduce == "conformance show sum_square --backend reference --dtype float64"


def test_results_can_be_written_and_read(tmp_path):
    run = conformance.run(conformance.load_cases().select(["sum_square"]), ["reference"])
    file = tmp_path / "results.json"
    conformance.write_results(run, file)
    assert conformance.read_verdicts(file) == run.verdicts


def test_an_unknown_backend_is_a_usage_error():
    with pytest.raises(conformance.UsageError, match="did you mean 'reference'"):
        conformance.run([], ["referense"])


SCRIPT = """
from conformance import load_cases, run
result = run(load_cases().select(["sum_square"]), ["reference"], ["float64"])
print(dict(result.counts))
"""


def test_run_works_in_a_script_without_a_main_guard(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("{'agrees': 2}\n", "")
