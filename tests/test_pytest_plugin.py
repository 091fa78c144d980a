"""pytest and case files: collection, options, reports, and leaving other people's runs alone."""

import subprocess
import sys

import pytest

from conformance.backends import get_backend, list_backends
from conformance.oracle import certify
from conformance.runner import plan

pytest_plugins = ["pytester"]

GOOD = '''
from conformance import case, grad

@case(x=2.0)
def cube(xp, x):
    """A power."""
    return {"dy/dx": grad(x**3, x) == 3 * x**2, "dx/dx": grad(x, x)}

@case(x=2.0)
def square(xp, x):
    """Another power."""
    return {"dy/dx": grad(x**2, x)}
'''
BACKENDS = '''
from conformance.backends.reference import ReferenceBackend

class Wrong(ReferenceBackend):
    name = "wrong"
    def to_numpy(self, value):
        return super().to_numpy(value) * 1.5

class Single(ReferenceBackend):
    name = "single"
    dtypes = ("float32",)

class Absent(ReferenceBackend):
    name = "absent"
    module = "a_framework_that_is_absent"
'''
VERSION = get_backend("reference").version()
WAIVER = '''[[waiver]]
case = "{case}"
backend = "wrong"
verdict = "differs"
class = "bug"
versions = "=={version}"
reason = "half as much again"
source = "this test"
'''


@pytest.fixture(scope="module")
def backends(tmp_path_factory):
    """The folder of the backends above; everything that an inner run needs is imported.

    pytester forgets what is first imported in a run, but classes and NumPy must stay themselves.
    """
    folder = tmp_path_factory.mktemp("backends")
    (folder / "plugin_backends.py").write_text(BACKENDS, encoding="utf-8")
    assert all(map(get_backend, list_backends()))
    assert certify
    assert plan
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        assert get_backend("plugin_backends:Wrong")
        yield folder


@pytest.fixture
def place(backends, pytester, monkeypatch):
    """A folder with a case file, as someone else's repository may have."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makepyfile(helpers="")
    folder = pytester.mkdir("gradients")
    (folder / "own_cases.py").write_text(GOOD, encoding="utf-8")
    pytester.makeini("[pytest]\naddopts = -p no:cacheprovider\n")
    monkeypatch.setenv("PYTHONPATH", str(backends), prepend=":")
    return folder


@pytest.fixture
def two_backends(place, pytester):
    """Only two frameworks exist, and one of them is not installed."""
    pytester.makeconftest('''
from conformance import backends
backends.BUILT_IN = {"reference": backends.BUILT_IN["reference"],
                     "absent": "plugin_backends:Absent"}
''')
    return place


def run(pytester, *arguments, apart=False):
    """The result of a run, `apart` in a process of its own."""
    start = pytester.runpytest_subprocess if apart else pytester.runpytest_inprocess
    result = start(*arguments)
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
    assert "INTERNALERROR" not in result.stdout.str()
    return result


# --- collection ---------------------------------------------------------------------------------

IDS = [f"gradients/own_cases.py::{case}[reference-{dtype}-reverse]"
       for case in ("cube", "square") for dtype in ("float32", "float64")]


@pytest.mark.parametrize("argument", ["gradients", "gradients/own_cases.py", "."])
def test_one_test_a_case_backend_dtype_and_mode(place, pytester, argument):
    result = run(pytester, argument, "--backend", "reference", "--collect-only", "-q")
    assert [line for line in result.outlines if "::" in line] == IDS


def test_they_pass_and_are_summed_up(place, pytester):
    result = run(pytester, "gradients", "--backend", "reference", "-v")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines([
        "conformance: reference *; float32, float64; reverse",
        "gradients/own_cases.py::cube?reference-float32-reverse? PASSED*",
        "conformance: 6 verdicts: 6 agrees, 0 unsupported"])


def test_tests_are_selected_by_keyword_id_and_option(place, pytester):
    run(pytester, "gradients", "--backend", "reference", "-k", "cube and float64"
        ).assert_outcomes(passed=1, deselected=3)
    run(pytester, "--backend", "reference", IDS[3]).assert_outcomes(passed=1)
    run(pytester, "gradients", "--backend", "reference", "--backend", "plugin_backends:Single",
        "--dtype", "float32", "--mode", "reverse").assert_outcomes(passed=4)


def test_they_run_in_parallel(place, pytester):
    pytest.importorskip("xdist")
    result = run(pytester, "gradients", "--backend", "reference", "-n", "2", apart=True)
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["conformance: reference *",
                                 "conformance: 6 verdicts: 6 agrees, 0 unsupported"])


def test_junit_has_the_verdicts(place, pytester):
    run(pytester, "gradients", "--backend", "reference", "--junitxml", "junit.xml")
    text = (pytester.path / "junit.xml").read_text(encoding="utf-8")
    assert text.count("<testcase ") == 4
    assert 'name="cube[reference-float32-reverse]"' in text
    assert '<property name="verdict of dy/dx" value="agrees"' in text


def test_the_suite_itself_is_collected_by_the_name_of_the_package(place, pytester):
    result = run(pytester, "--pyargs", "conformance", "--backend", "reference", "-q",
                 "--collect-only", "--dtype", "float32")
    ids = [line for line in result.outlines if "::" in line]
    assert "cases/notebook.py::sum_square[reference-float32-reverse]" in ids
    assert len(ids) > 300
    result.stdout.no_fnmatch_line("gradients/*")


def test_the_suite_can_be_pointed_at_other_cases(place, pytester):
    result = run(pytester, "--pyargs", "conformance", "--backend", "reference", "--cases",
                 "gradients", "--cases", "gradients/own_cases.py", "-v")
    result.assert_outcomes(passed=4)
    assert f"{IDS[0]} PASSED" in result.stdout.str()


# --- what is no pass ----------------------------------------------------------------------------

def test_a_difference_fails_and_reads_as_in_the_command(place, pytester):
    result = run(pytester, "gradients", "--backend", "plugin_backends:Wrong", "-k", "cube",
                 "--dtype", "float32")
    result.assert_outcomes(failed=1, deselected=1)
    result.stdout.fnmatch_lines([
        "cube  dy/dx  wrong *  float32  differs", "  got    1 8.0 *", "  truth  1 2.0 *",
        "  gradients/own_cases.py:7    reproduce: conformance show cube --cases "
        "gradients/own_cases.py --backend plugin_backends:Wrong --dtype float32",
        "*printed code*", "*GradientTape*", "conformance: 2 verdicts: 0 agrees, 2 differs, *"])
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")


def test_what_is_unsupported_is_skipped_with_the_reason(place, pytester):
    result = run(pytester, "gradients", "--backend", "plugin_backends:Single", "-rs")
    result.assert_outcomes(passed=2, skipped=2)
    result.stdout.fnmatch_lines(["conformance: 6 verdicts: 3 agrees, 3 unsupported",
                                 "SKIPPED * gradients/own_cases.py:*: unsupported: single has *"])


def test_what_is_waived_is_an_expected_failure(place, pytester):
    (place / "waivers.toml").write_text(WAIVER.format(case="*", version=VERSION), encoding="utf-8")
    result = run(pytester, "gradients", "--backend", "plugin_backends:Wrong", "-rx")
    result.assert_outcomes(xfailed=4)
    result.stdout.fnmatch_lines(["conformance: 6 verdicts: 0 agrees, 0 unsupported, 6 waived",
                                 "*waived: bug: half as much again (this test)*"])


def test_a_waiver_that_excuses_nothing_fails(place, pytester):
    text = WAIVER.format(case="cube", version=VERSION).replace('"wrong"', '"reference"')
    (place / "waivers.toml").write_text(text, encoding="utf-8")
    result = run(pytester, "gradients", "--backend", "reference")
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(["gradients/waivers.toml:1: this waiver is not needed: cube on *"])


def test_a_waiver_that_names_no_case_fails_once(place, pytester):
    text = WAIVER.format(case="cubic", version=VERSION)
    (place / "waivers.toml").write_text(text, encoding="utf-8")
    (place / "more_cases.py").write_text(GOOD, encoding="utf-8")
    result = run(pytester, "gradients", "--backend", "reference")
    result.assert_outcomes(passed=8, failed=1)
    result.stdout.fnmatch_lines(["*waivers.toml:1: *no case here is called 'cubic'*"])


def test_a_malformed_waivers_file_is_an_error_of_collection(place, pytester):
    (place / "waivers.toml").write_text("[[", encoding="utf-8")
    result = run(pytester, "gradients", "--backend", "reference")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["gradients/waivers.toml: not valid TOML: *"])


# --- missing frameworks -------------------------------------------------------------------------

def test_a_missing_framework_is_skipped_and_shown(two_backends, pytester):
    result = run(pytester, "gradients", "-rs", apart=True)
    result.assert_outcomes(passed=4, skipped=4)
    result.stdout.fnmatch_lines([
        "conformance: reference *; float32, float64; reverse",
        "conformance: skipped, absent is not installed: *",
        "SKIPPED * gradients/own_cases.py:*: absent is not installed: *"])


def test_a_missing_framework_that_was_named_is_an_error(place, pytester):
    result = run(pytester, "gradients", "--backend", "plugin_backends:Absent")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: absent is not installed: *"])


# --- bad input ----------------------------------------------------------------------------------

@pytest.mark.parametrize(("arguments", "message"), [
    (["--backend", "tosh"], "ERROR: unknown backend 'tosh': did you mean 'torch'?*"),
    (["--dtype", "float31"], "ERROR: unknown dtype 'float31': did you mean 'float32'?*"),
    (["--mode", "forwards"], "ERROR: unknown mode 'forwards'*"),
    (["--cases", "gradients"], "ERROR: --cases goes with --pyargs conformance; *pytest gradients"),
    (["--pyargs", "conformance", "--cases", "none"], "ERROR: no such file or folder of cases: *"),
])
def test_bad_options_are_usage_errors(place, pytester, arguments, message):
    result = run(pytester, *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_cases_that_are_none_are_an_error_of_collection(place, pytester):
    result = run(pytester, "--pyargs", "conformance", "--cases", "helpers.py")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["helpers.py declares no case*"])


@pytest.mark.parametrize(("text", "message"), [
    (GOOD + "def f(:\n", "gradients/bad_cases.py:13: syntax error: *"),
    (GOOD + "open('gone')\n", "gradients/bad_cases.py:13: cannot be imported: FileNotFound*"),
    (GOOD.replace("x**3, x)", "x if x > 0 else -x, x)"), "gradients/bad_cases.py:7: *"),
    (GOOD.replace("3 * x**2", "2 * x"), "gradients/bad_cases.py:7: the closed form of dy/dx is *"),
])
def test_a_broken_case_fails_with_its_place_and_the_rest_runs(place, pytester, text, message):
    (place / "bad_cases.py").write_text(text, encoding="utf-8")
    result = run(pytester, "gradients", "--backend", "reference", "--dtype", "float32")
    outcomes = result.parseoutcomes()
    assert outcomes["failed"] == 1
    assert outcomes["passed"] >= 2
    result.stdout.fnmatch_lines([message])


# --- other people's tests -----------------------------------------------------------------------

def test_a_test_module_that_declares_cases_stays_a_test_module(place, pytester):
    pytester.makepyfile(test_own=GOOD + "\ndef test_it():\n    pass\n")
    run(pytester, "test_own.py").assert_outcomes(passed=1)


def test_other_runs_have_no_header_no_summary_and_no_import_of_numpy(pytester):
    pytester.makepyfile(helper="x = 1", test_plain='''
import sys

def test_nothing_heavy():
    assert not {"numpy", "flint", "rich", "conformance.discovery"} & set(sys.modules)
''')
    result = pytester.runpytest_subprocess("-p", "no:hypothesispytest", "-p", "no:benchmark")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("conformance: *")


def test_the_plugin_imports_nothing_heavy():
    script = ("import sys, conformance.pytest_plugin; "
              "print(*{'numpy', 'flint', 'rich', 'click', 'torch'} & set(sys.modules))")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                          check=True)
    assert done.stdout.strip() == ""
