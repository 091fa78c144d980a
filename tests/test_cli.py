"""The command: what it prints, what it exits with, and what it must not import."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from conformance.backends import get_backend
from conformance.cli import main
from conformance.reports.json_report import read_verdicts

GOOD = '''
from conformance import case, grad

@case(x=2.0)
def cube(xp, x):
    """A power."""
    return {"dy/dx": grad(x**3, x) == 3 * x**2}

@case(x=2.0)
def square(xp, x):
    """Another power."""
    return {"dy/dx": grad(x**2, x)}
'''
# the second backend hangs in the case called square
BACKENDS = '''
import dataclasses
from conformance.backends.reference import ReferenceBackend

class Wrong(ReferenceBackend):
    name = "wrong"
    def to_numpy(self, value):
        return super().to_numpy(value) * 1.5

class Hanging(ReferenceBackend):
    name = "hanging"
    def program(self, graph, values, *, mode="reverse", title="case"):
        program = super().program(graph, values, mode=mode, title=title)
        hang = "while True: pass\\n" if title == "square" else ""
        return dataclasses.replace(program, source=hang + program.source)
'''


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty working directory with one good case file and the backends above."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cli_backends.py").write_text(BACKENDS, encoding="utf-8")
    (tmp_path / "good.py").write_text(GOOD, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def command(*arguments):
    """Exit code, standard output and standard error, in this process."""
    result = CliRunner().invoke(main, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def process(*arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", "conformance", *arguments], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, **environment})


ON_REFERENCE = ("--cases", "good.py", "--backend", "reference")


# --- run ----------------------------------------------------------------------------------------

def test_all_expected_exits_with_0():
    code, out, err = command("run", *ON_REFERENCE)
    assert (code, err) == (0, "")
    assert "4 verdicts on 2 cases: 4 agrees, 0 unsupported\n" in out


def test_a_selection_a_dtype_and_a_file():
    code, out, _ = command("run", "cube", *ON_REFERENCE, "--dtype", "float64", "--mode", "reverse",
                           "--json", "results.json", "-n", "2")
    assert code == 0
    assert out.endswith("results: results.json\n")
    (verdict,) = read_verdicts("results.json")
    assert (verdict.name, verdict.dtype, verdict.verdict) == ("cube", "float64", "agrees")
    assert {*os.listdir()} - {"__pycache__"} == {"cli_backends.py", "good.py", "results.json"}


def test_an_unexpected_verdict_exits_with_1_and_says_what_to_do_next():
    code, out, _ = command("run", "cube", "--cases", "good.py", "--backend", "cli_backends:Wrong",
                           "--backend", "reference", "--dtype", "float32")
    assert code == 1
    lines = out.splitlines()
    assert lines[0].startswith("cube  dy/dx  wrong ")
    assert lines[0].endswith("float32  differs")
    assert lines[1].split() == ["got", "1", "8.0", "6.3e+06", "ULP", "off"]
    assert "certified, exact; reference agrees with it" in lines[2]
    reproduce = lines[4].partition("reproduce: ")[2]
    assert lines[4].startswith("  good.py:7    ")
    assert reproduce == ("conformance show cube --cases good.py --backend cli_backends:Wrong "
                         "--dtype float32")
    assert command(*reproduce.split()[1:])[0] == 1


def test_a_timeout_exits_with_1():
    code, out, _ = command("run", "square", "--cases", "good.py", "--backend",
                           "cli_backends:Hanging", "--dtype", "float32", "--timeout", "3")
    assert code == 1
    assert "timed out\n  no answer within 3 s\n" in out


def test_an_unused_waiver_exits_with_1(folder):
    (folder / "waivers.toml").write_text('''[[waiver]]
case = "cube"
backend = "reference"
verdict = "differs"
class = "bug"
versions = "==VERSION"
reason = "none"
source = "none"
'''.replace("VERSION", get_backend("reference").version()), encoding="utf-8")
    code, _, err = command("run", *ON_REFERENCE, "--dtype", "float32")
    assert code == 1
    assert err.startswith("waivers.toml:1: this waiver is not needed: cube on reference-float32")


def test_a_terminal_gets_what_a_pipe_gets_but_in_colour():
    with process("run", *ON_REFERENCE, COLUMNS="30", FORCE_COLOR="1") as coloured:
        assert "\x1b[" in coloured.communicate()[0]
    with process("run", *ON_REFERENCE, COLUMNS="30") as plain:
        out, err = plain.communicate()
    assert "\x1b" not in out + err
    assert "4 verdicts on 2 cases: 4 agrees, 0 unsupported\n" in out
    assert err == ""


# --- bad usage and bad input --------------------------------------------------------------------

@pytest.mark.parametrize(("arguments", "message"), [
    (["run", "cuve"], "Error: no case matches 'cuve'; did you mean cube"),
    (["run", "--backend", "touch"], "Error: unknown backend 'touch': did you mean 'torch'?"),
    (["run", "--backend", "nowhere:Class"], "Error: cannot use the backend nowhere:Class: "),
    (["run", "--dtype", "float31"], "Error: unknown dtype 'float31': did you mean 'float32'?"),
    (["run", "--mode", "forwards"], "Error: unknown mode 'forwards': "),
    (["run", "-n", "0"], "Invalid value for '-n'"),
    (["run", "--timeout", "0"], "Invalid value for '--timeout'"),
    (["run", "--nonsense"], "No such option"),
    (["run", "--json", "none/r.json"], "Error: cannot write none/r.json: No such file"),
    (["run", "--json", "."], "Error: cannot write .: Is a directory"),
    (["run", "--json", ""], "Error: cannot write"),
    (["run", "--cases", "none.py"], "Error: no such file or folder of cases: none.py"),
    (["run", "--cases", "cli_backends.py"], "Error: cli_backends.py declares no case"),
    (["list", "cuve"], "Error: no case matches 'cuve'"),
    (["show", "cuve"], "Error: no case matches 'cuve'"),
    (["show", "good.py"], "Error: 'good.py' names 2 cases (good.py::cube, good.py::square): "),
    (["show", "cube", "--dtype", "f32"], "Error: unknown dtype 'f32'"),
    (["show"], "Missing argument 'CASE'"),
    (["lst"], "No such command 'lst'"),
])
def test_bad_usage_is_a_message_and_exit_code_2(arguments, message):
    place = [] if "--cases" in arguments or arguments == ["lst"] else ["--cases", "good.py"]
    code, out, err = command(*arguments, *place)
    assert code == 2
    assert message in err
    assert "Traceback" not in out + err


def test_a_backend_that_was_named_and_is_not_installed(monkeypatch):
    from conformance import backends

    monkeypatch.setattr(type(backends.get_backend("jax")), "installed", lambda self: False)
    code, _, err = command("run", "cube", "--cases", "good.py", "--backend", "jax")
    assert code == 2
    assert err == "Error: jax is not installed: pip install 'gradient-conformance[jax]'\n"
    monkeypatch.setattr(backends, "BUILT_IN", {
        name: backends.BUILT_IN[name] for name in ("reference", "jax")})
    code, out, _ = command("run", "cube", "--cases", "good.py")
    assert code == 0
    assert "skipped: jax is not installed" in out


def test_a_malformed_waivers_file_is_found_before_any_work(folder):
    (folder / "waivers.toml").write_text("[[waiver]]\ncase = 3\n", encoding="utf-8")
    code, out, err = command("run", *ON_REFERENCE, "--json", "results.json")
    assert (code, out) == (2, "")
    assert err.startswith("Error: waivers.toml:1: this waiver lacks 'backend'")


BROKEN = {
    "syntax error": ("def f(:\n", "broken.py:2: syntax error: "),
    "unknown operator": ('''
@case(x=2.0)
def bad(xp, x):
    """Sinus."""
    return {"dy/dx": grad(xp.sinus(x), x)}
''', "broken.py:6: "),
    "branch": ('''
@case(x=2.0)
def bad(xp, x):
    """A branch."""
    return {"dy/dx": grad(x if x > 0 else -x, x)}
''', "broken.py:6: "),
    "shape mismatch": ('''
@case(x=[1.0, 2.0], w=[1.0, 2.0, 3.0])
def bad(xp, x, w):
    """A mismatch."""
    return {"dy/dx": grad(x * w, x)}
''', "broken.py:6: "),
    "no derivative": ('''
@case(x=2.0)
def bad(xp, x):
    """Nothing is asked for."""
    return {}
''', "broken.py:"),
    "one name twice": ('''
@case(x=2.0)
def bad(xp, x):
    """First."""
    return {"dy/dx": grad(x**2, x)}

@case(x=2.0)
def bad(xp, x):
    """Second."""
    return {"dy/dx": grad(x**2, x)}
''', "two cases are called 'bad'"),
    "false closed form": ('''
@case(x=2.0)
def bad(xp, x):
    """Wrong."""
    return {"dy/dx": grad(x**2, x) == 3 * x}
''', "broken.py:6: the closed form of dy/dx is wrong"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_case_exits_with_2_and_the_rest_still_runs(folder, kind):
    text, message = BROKEN[kind]
    (folder / "broken.py").write_text("from conformance import case, grad\n" + text + (
        "" if "@case" in text else "@case()\n"), encoding="utf-8")
    code, out, err = command("run", "--cases", ".", "--backend", "reference", "--json", "r.json",
                             "--dtype", "float32")
    assert code == 2
    assert message in err
    assert "Traceback" not in err
    assert "2 verdicts on 2 cases: 2 agrees, 0 unsupported; 1 error\n" in out
    assert message in json.loads((folder / "r.json").read_text(encoding="utf-8"))["errors"][0]


def test_show_and_list_tell_of_a_broken_file(folder):
    (folder / "broken.py").write_text(
        "from conformance import case, grad\n@case(x=1.0)\ndef f(:\n", encoding="utf-8")
    code, out, err = command("list", "--cases", ".")
    assert code == 2
    assert "good.py::cube  A power.\n" in out
    assert "error: broken.py:3: syntax error" in err
    assert command("show", "cube", "--cases", ".", "--backend", "reference")[0] == 0
    assert "broken.py:3: syntax error" in command("show", "f", "--cases", ".")[2]


def test_show_tells_why_a_case_cannot_be_traced(folder):
    (folder / "broken.py").write_text(
        "from conformance import case, grad\n" + BROKEN["branch"][0], encoding="utf-8")
    code, _, err = command("show", "bad", "--cases", "broken.py")
    assert code == 2
    assert "broken.py:6: " in err


# --- list, show, help ---------------------------------------------------------------------------

def test_list_shows_ids_and_summaries():
    assert command("list", "--cases", "good.py") == (
        0, "good.py::cube  A power.\ngood.py::square  Another power.\n", "2 cases\n")
    assert command("list", "cube", "--cases", "good.py")[2] == "1 case\n"


def test_show_prints_a_case_and_judges():
    code, out, err = command("show", "cube", *ON_REFERENCE)
    assert (code, err) == (0, "")
    assert "y = x**3\ndy/dx:  ∂y/∂x = 3 * x**2\n" in out
    assert "agrees" in out


def test_a_terminal_without_mathematics_gets_question_marks():
    with process("show", "cube", *ON_REFERENCE, PYTHONIOENCODING="ascii") as ascii_only:
        out, err = ascii_only.communicate()
    assert (ascii_only.returncode, err) == (0, "")
    assert "?" in out


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["run", "--help"], ["--version"]])
def test_help_is_help(arguments):
    code, out, err = command(*arguments)
    assert (code, err) == (0, "")
    assert "conformance" in out or "Usage" in out


IMPORTED = """
import sys
from conformance.cli import main
try:
    main({arguments!r})
except SystemExit:
    pass
heavy = {{"torch", "tensorflow", "jax", "autograd", "reference_engine", "flint", "rich",
          "jsonschema", "hypothesis", "scipy"{more}}}
print("IMPORTED", *sorted(heavy & set(sys.modules)))
"""


@pytest.mark.parametrize(("arguments", "more"), [(["--help"], ', "numpy"'), (["list"], "")])
def test_start_up_imports_nothing_heavy(arguments, more):
    script = IMPORTED.format(arguments=arguments, more=more)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                          check=True)
    assert done.stdout.splitlines()[-1] == "IMPORTED"


def test_a_closed_pipe_is_no_traceback():
    with process("list") as listing:
        listing.stdout.readline()
        listing.stdout.close()
        assert "Traceback" not in listing.stderr.read()


# --- interrupts ---------------------------------------------------------------------------------

def hanging():
    """A run that has judged one case and hangs in the other."""
    running = process("run", "--cases", "good.py", "--backend", "cli_backends:Hanging", "--dtype",
                      "float32", "--json", "results.json")
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if os.path.exists("results.json.partial") and os.path.getsize("results.json.partial"):
            return running
        time.sleep(0.02)
    running.kill()
    raise AssertionError(running.communicate())


def test_an_interrupt_keeps_the_results_and_ends_promptly():
    with hanging() as running:
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does: workers hear it too
        started = time.monotonic()
        out, err = running.communicate(timeout=20)
    assert time.monotonic() - started < 5
    assert running.returncode == 130
    assert err == ""
    assert "1 verdict on 1 case: 1 agrees, 0 unsupported; interrupted before the end\n" in out
    with open("results.json", encoding="utf-8") as file:
        assert json.load(file)["complete"] is False
    (verdict,) = read_verdicts("results.json")
    assert (verdict.name, verdict.verdict) == ("cube", "agrees")
    assert not os.path.exists("results.json.partial")


def test_an_interrupt_while_it_starts_is_no_traceback():
    for pause in (0.05, 0.2, 0.4):
        with process("run", *ON_REFERENCE) as running:
            time.sleep(pause)
            os.killpg(running.pid, signal.SIGINT)
            _, err = running.communicate(timeout=20)
        if running.returncode == 130:
            assert "Traceback" not in err


def test_a_kill_leaves_every_verdict_so_far_and_no_process():
    with hanging() as running:
        running.kill()
        running.communicate(timeout=20)
    (verdict,) = read_verdicts("results.json.partial")
    assert (verdict.name, verdict.verdict) == ("cube", "agrees")
    assert "GradientTape" in verdict.source
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            os.killpg(running.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError("a worker lives on")
