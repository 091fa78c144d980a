"""`conformance accuracy`: what it prints, writes and refuses, and what an interrupt leaves."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from conformance.cli import main
from conformance.reports.accuracy_json import read_measurements
from conformance.serialization import validate

HANGING = '''
from dataclasses import replace
from conformance.backends.reference import ReferenceBackend

class Hanging(ReferenceBackend):
    """It never answers for the sine."""
    name = "hanging"
    def program(self, graph, values, *, mode="reverse", title="case"):
        program = super().program(graph, values, mode=mode, title=title)
        return replace(program, source="while True: pass") if title == "sin" else program
'''
SMALL = ("--backend", "reference", "--dtype", "float32", "--points", "20")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hanging_backend.py").write_text(HANGING, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def command(*arguments):
    result = CliRunner().invoke(main, ("accuracy", *arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def test_it_prints_a_table_and_writes_a_picture_a_file_and_a_page(folder):
    pytest.importorskip("matplotlib")
    code, out, err = command("exp", "hypot", *SMALL, "--out", "atlas", "--markdown", "page.md")
    assert (code, err) == (0, "")
    assert "hypot(x, -2)" in out
    assert "21 measurements of 7 lines at 20 points; 0 errors that rounding does not" in out
    assert out.endswith("measurements: atlas/accuracy.json\npictures: atlas\npage: page.md\n")
    assert {path.name for path in (folder / "atlas").glob("*.svg")} >= {
        "exp.svg", "hypot_x_-2.svg", "hypot_0.5_x.svg"}
    document = json.loads((folder / "atlas" / "accuracy.json").read_text(encoding="utf-8"))
    validate(document, "accuracy")
    assert (document["complete"], len(document["measurements"])) == (True, 21)
    assert "| reference | float32 |" in (folder / "page.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("arguments", "message"), [
    (("expp",), "there is no operator 'expp'"),
    (("matmul",), "'matmul' cannot be swept"),
    (("exp", "--order", "1,x"), "cannot read --order '1,x'"),
    (("exp", "--order", "3"), "unknown order 3"),
    (("exp", "--dtype", "half"), "unknown dtype 'half'"),
    (("exp", "--points", "3"), "3 is not in the range x>=10"),
    (("exp", "--backend", "torhc"), "unknown backend 'torhc'"),
    (("exp", "--json", "no/such/folder/file.json"), "cannot write no/such/folder/file.json"),
    (("exp", "--out", "hanging_backend.py"), "cannot write to hanging_backend.py"),
    (("exp", "--markdown", "."), "cannot write .: it is a folder")])
def test_bad_usage_is_refused(arguments, message):
    code, out, err = command(*arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_without_matplotlib_pictures_are_refused(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    code, _, err = command("exp", *SMALL[2:], "--out", "atlas")
    assert code == 2
    assert "pip install 'gradient-conformance[accuracy]'" in err


def test_a_backend_that_hangs_is_told():
    code, out, _ = command("sin", "--backend", "hanging_backend:Hanging", *SMALL[2:],
                           "--timeout", "8", "--order", "0")
    assert code == 0
    assert "timed out on hanging: f of sin: no answer within 8 s" in out


def test_an_interrupt_keeps_the_finished_operators():
    with subprocess.Popen(
            [sys.executable, "-m", "conformance", "accuracy", "exp", "sin", "--backend",
             "hanging_backend:Hanging", *SMALL[2:], "--json", "file.json"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}) as running:
        until = time.monotonic() + 60
        while time.monotonic() < until and not (
                os.path.exists("file.json.partial") and read_measurements("file.json.partial")):
            time.sleep(0.1)
        assert [one.op for one in read_measurements("file.json.partial")] == ["exp"] * 3
        os.killpg(running.pid, signal.SIGINT)
        out, err = running.communicate(timeout=120)
    assert (running.returncode, err) == (130, "")
    assert "interrupted before the end" in out
    with open("file.json", encoding="utf-8") as file:
        assert json.load(file)["complete"] is False
    assert [one.order for one in read_measurements("file.json")] == [0, 1, 2]
