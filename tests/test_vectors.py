"""Exported vectors: what they hold, that they are whole or not there, and the same every time."""

import copy
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

import conformance
from conformance import load_cases, vectors
from conformance.cli import main
from conformance.errors import GraphError, UsageError
from conformance.serialization import schema, validate

CASES = '''
from conformance import case, grad, variable

@case(x=variable([1.5, -0.0]), k=[2, 3], b=True)
def several(xp, x, k, b):
    """Inputs of every kind."""
    y = xp.where(b, x**2, x)
    return {"dy/dx": grad(y, x) == 2 * x, "d2y/dx2": grad(grad(y, x), x)}

@case(x=[0.0, 1.0])
def kink(xp, x):
    """A kink, and beside it a derivative that is certain."""
    return {"at the kink": grad(xp.abs(x), x), "beside": grad(x**2, x)}

@case(x=[1e308, 1.0])
def far(xp, x):
    """An overflow."""
    return {"dy/dx": grad(x**3, x)}

@case(x=0.0)
def zero(xp, x):
    """Nothing leads there."""
    return {"dy/dx": grad(xp.ones(3), x)}
'''
HALF, NOTHING, ONE = "0x1.0000000000000p-1", "0x0.0p+0", "0x1.0000000000000p+0"


@pytest.fixture
def folder(write):
    """A working directory with one file of cases."""
    return write("some.py", CASES).parent


def command(*arguments):
    result = CliRunner().invoke(main, ["export", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def exported(out):
    """The index and the vectors of a folder, both by the schema."""
    index = json.loads((out / "index.json").read_bytes())
    validate(index, "vectors")
    found = {}
    for file in index["files"]:
        for line in (out / file["path"]).read_bytes().splitlines():
            document = json.loads(line)
            validate(document, "vector")
            found[document["case"].partition("::")[2], document["dtype"]] = document
    return index, found


# --- what is written ----------------------------------------------------------------------------

def test_the_folder_and_its_counts(folder):
    assert command("--cases", "some.py", "--out", "out") == (
        0, "8 vectors of 4 cases: 12 derivatives, 9 certified, 2 at kinks, 1 refused\n"
        "vectors: out\n", "")
    index, found = exported(folder / "out")
    assert index["suite"] == conformance.__version__
    assert index["counts"] == {"cases": 4, "vectors": 8, "derivatives": 12, "elements": 22,
                               "certified": 9, "kinks": 2, "refused": 1}
    assert [file["path"] for file in index["files"]] == ["float32/some.jsonl",
                                                         "float64/some.jsonl"]
    assert len(found) == 8
    files = {p.relative_to(folder / "out").as_posix() for p in (folder / "out").rglob("*.*")}
    assert files == {"index.json", "float32/some.jsonl", "float64/some.jsonl"}


def test_a_vector_word_for_word(write):
    write("some.py", '''
        from conformance import case, grad
        @case(x=[0.25, 3.0])
        def halves(xp, x):
            """A slope."""
            return {"dy/dx": grad(0.5 * x, x) == 0.5}
    ''')
    (case,) = load_cases("some.py").cases
    document = vectors.vector(case, "float64")
    assert document.pop("program") == case.graph("float64").to_json()
    allowance = document["derivatives"]["dy/dx"]["truth"].pop("allowance")
    assert all(0 < float.fromhex(a) < 1e-15 for a in allowance)
    assert document == {
        "format": "conformance-vector", "version": 1, "case": "some.py::halves",
        "summary": "A slope.", "where": {"file": "some.py", "line": 2}, "dtype": "float64",
        "inputs": {"x": {"shape": [2], "dtype": "float64",
                         "values": ["0x1.0000000000000p-2", "0x1.8000000000000p+1"]}},
        "derivatives": {"dy/dx": {"shape": [2], "closed_form": True, "truth": {
            "hi": [HALF, HALF], "lo": [NOTHING, NOTHING], "radius": [NOTHING, NOTHING]}}}}


def test_inputs_of_every_kind_are_exact(folder):
    vectors.export(load_cases("some.py").cases, folder / "out", ["float32"])
    inputs = exported(folder / "out")[1]["several", "float32"]["inputs"]
    assert inputs["x"]["values"] == ["0x1.8000000000000p+0", "-0x0.0p+0"]
    assert inputs["k"] == {"shape": [2], "dtype": "int64", "values": [2, 3]}
    assert inputs["b"] == {"shape": [], "dtype": "bool", "values": [True]}


def test_a_kink_has_its_limits_and_what_is_beside_it_is_kept(folder):
    vectors.export(load_cases("some.py").cases, folder / "out", ["float64"])
    derivatives = exported(folder / "out")[1]["kink", "float64"]["derivatives"]
    kink = derivatives["at the kink"]["kink"]
    assert sorted(limit["hi"] for limit in kink["limits"]) == [
        ["-0x1.0000000000000p+0", ONE], [ONE, ONE]]
    assert kink["conventions"]["abs: mean"] == [NOTHING, ONE]
    assert derivatives["beside"]["truth"]["hi"] == [NOTHING, "0x1.0000000000000p+1"]


def test_an_allowance_without_bound_is_null_and_says_why(folder):
    vectors.export(load_cases("some.py").cases, folder / "out", ["float64"])
    truth = exported(folder / "out")[1]["far", "float64"]["derivatives"]["dy/dx"]["truth"]
    assert truth["allowance"] == [None, None]
    assert truth["note"] == "an intermediate (some.py:17 pow) may overflow float64"
    assert (truth["hi"][0], truth["radius"][0]) == ("inf", "inf")


def test_the_correctly_rounded_truth_is_always_within_the_allowance(write):
    write("some.py", '''
        from conformance import case, grad
        @case(x=3.0)
        def third(xp, x):
            """Exact arithmetic, but for the last rounding."""
            return {"dy/dx": grad(xp.log(x), x)}
    ''')
    (case,) = load_cases("some.py").cases
    truth = vectors.vector(case, "float16")["derivatives"]["dy/dx"]["truth"]
    assert float.fromhex(truth["allowance"][0]) >= 2.0**-13


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision(folder, dtype):
    pytest.importorskip("ml_dtypes")
    chosen = ("kink", "several", "--cases", "some.py", "--dtype", dtype)
    assert command(*chosen, "--out", "out")[0] == 0
    _, found = exported(folder / "out")
    assert set(found) == {("kink", dtype), ("several", dtype)}


def test_a_dtype_is_written_once(folder):
    index = vectors.export(load_cases("some.py").cases, folder / "out", ["float32", "float32"])
    assert index["dtypes"] == ["float32"]
    assert index["counts"]["vectors"] == 4


def test_case_files_outside_of_the_working_directory_stay_below_the_folder(write, tmp_path_factory):
    place = write("some.py", CASES)
    os.chdir(tmp_path_factory.mktemp("elsewhere"))
    (file,) = vectors.export(load_cases(place).select(["zero"]), Path("out"), ["float64"])["files"]
    assert file["path"] == f"float64{place.with_suffix('.jsonl').as_posix()}"
    assert Path("out", file["path"]).stat().st_size == file["bytes"]


def test_two_processes_write_the_same_bytes(tmp_path):
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-m", "conformance", "export", "notebook", "second_order.py",
             "special_points.py", "--out", tmp_path / seed], check=True, capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed})
    first, second = ({p.relative_to(tmp_path / seed): p.read_bytes()
                      for p in (tmp_path / seed).rglob("*") if p.is_file()} for seed in ("1", "2"))
    assert len(first) == 7
    assert first == second


def test_a_terminal_sees_a_bar_and_a_pipe_does_not(folder):
    for colour, shown in (({"FORCE_COLOR": "1"}, True), ({}, False)):
        done = subprocess.run(
            [sys.executable, "-m", "conformance", "export", "zero", "--cases", "some.py", "--out",
             f"out{shown}"], capture_output=True, text=True, check=True,
            env={**os.environ, **colour})
        assert ("certifying" in done.stderr) is shown
        assert done.stdout.startswith("2 vectors of 1 case: 2 derivatives, 2 certified, 0 at kinks")


# --- what goes wrong ----------------------------------------------------------------------------

def test_a_broken_case_costs_itself_alone_and_is_named(folder, write):
    write("broken.py", '''
        from conformance import case, grad
        @case(x=2.0)
        def wrong(xp, x):
            """A false closed form."""
            return {"dy/dx": grad(x**2, x) == 3 * x}
        @case(x=2.0)
        def unknown(xp, x):
            """No such operator."""
            return {"dy/dx": grad(xp.sinus(x), x)}
    ''')
    code, out, err = command("--cases", ".", "--dtype", "float64", "--out", "out")
    assert code == 2
    assert out.startswith("4 vectors of 4 cases: ")
    index, found = exported(folder / "out")
    assert {name for name, _ in found} == {"several", "kink", "far", "zero"}
    assert len(index["errors"]) == 2
    for error, line in zip(index["errors"], ("broken.py:9: ", "broken.py:5: "), strict=True):
        assert error.startswith(line)
        assert f"error: {error}\n" in err


@pytest.mark.parametrize(("arguments", "message"), [
    (["--cases", "some.py"], "Missing option '--out'"),
    (["zer", "--cases", "some.py", "--out", "out"], "no case matches 'zer'; did you mean zero?"),
    (["--cases", "some.py", "--out", "out", "--dtype", "float31"], "unknown dtype 'float31'"),
    (["--cases", "some.py", "--out", "."],
     # the first of its files: some.py, or a __pycache__ that importing it left
     "; give --out a new or an empty folder\n"),
    (["--cases", "some.py", "--out", "some.py"], "Error: cannot write some.py: Not a directory"),
    (["--cases", "some.py", "--out", "none/out"],
     "Error: cannot write none/out: No such file or directory; give --out another folder\n"),
])
def test_bad_usage_is_told_before_any_work_and_leaves_nothing(folder, arguments, message):
    before = {p.name for p in folder.iterdir()} | {"__pycache__"}
    code, out, err = command(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert {p.name for p in folder.iterdir()} <= before


def test_a_folder_that_may_not_be_written(folder, monkeypatch):
    def refuse(self, *arguments, **keywords):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    (code, out, err) = command("--cases", "some.py", "--out", "out")
    assert (code, out) == (2, "")
    assert err == "Error: cannot write out: Permission denied; give --out another folder\n"


def test_a_full_disk_is_told_and_leaves_nothing(folder, monkeypatch):
    def refuse(self, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(UsageError, match=r"cannot write out.*: No space left on device; give"):
        vectors.export(load_cases("some.py").select(["zero"]), Path("out"))
    assert not Path("out").exists()


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("moment", ["certifying", "moving"])
def test_an_interrupt_leaves_the_folder_as_it_was(folder, monkeypatch, moment, kept):
    calls = []

    def interrupt(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*arguments)

    place, name = {"certifying": (vectors, "vector"), "moving": (os, "replace")}[moment]
    real = getattr(place, name)
    if kept:
        (folder / "out").mkdir()
    monkeypatch.setattr(place, name, interrupt)
    assert command("--cases", "some.py", "--out", "out") == (130, "", "interrupted\n")
    assert len(calls) == 3
    assert (folder / "out").exists() is kept
    assert not kept or not list((folder / "out").iterdir())


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_a_signal_leaves_no_half_of_a_folder(tmp_path, sent):
    out = tmp_path / "out"
    with subprocess.Popen([sys.executable, "-m", "conformance", "export", "--out", out],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        until = time.monotonic() + 60
        while not list(out.glob(".partial/*/*/*")) and time.monotonic() < until:
            time.sleep(0.02)
        running.send_signal(sent)
        printed, err = running.communicate(timeout=30)
    assert printed == ""
    if sent == signal.SIGINT:
        assert (running.returncode, err, out.exists()) == (130, "interrupted\n", False)
    else:  # nobody can clean up after that, but nothing looks like a file of vectors
        assert os.listdir(out) == [".partial"]


def test_nothing_is_in_place_before_all_of_it_is(folder):
    seen = []
    vectors.export(load_cases("some.py").cases, Path("out"),
                   on_start=seen.append, on_result=lambda *_: seen.append(os.listdir("out")))
    assert seen == [8, *[[".partial"]] * 8]
    assert sorted(os.listdir("out")) == ["float32", "float64", "index.json"]


# --- the schemas --------------------------------------------------------------------------------

def objects(value):
    if isinstance(value, dict):
        if value.get("type") == "object":
            yield value
        for part in value.values():
            yield from objects(part)
    elif isinstance(value, list):
        for part in value:
            yield from objects(part)


@pytest.mark.parametrize(("name", "count"), [("vector", 9), ("vectors", 4)])
def test_the_schemas_are_closed_at_every_level(name, count):
    found = list(objects(schema(name)))
    assert len(found) == count
    for part in found:
        assert "additionalProperties" in part


@pytest.mark.parametrize(("path", "value", "said"), [
    (("extra",), 1, "at $: Additional properties are not allowed ('extra' was unexpected)"),
    (("version",), 2, "at $.version: 1 was expected"),
    (("inputs", "x", "extra"), 1, "at $.inputs.x: Additional properties"),
    (("inputs", "x", "values"), [0.5, 1.0], "at $.inputs.x.values"),
    (("inputs", "x", "values"), ["0.5", "0x1p+0"], "at $.inputs.x.values"),
    (("program", "extra"), 1, "at $.program: Additional properties"),
    (("program", "nodes", 0, "extra"), 1, "at $.program.nodes[0]: Additional properties"),
    (("derivatives",), {}, "at $.derivatives: {} should be non-empty"),
    (("derivatives", "beside", "extra"), 1, "at $.derivatives.beside: Additional properties"),
    (("derivatives", "beside", "truth"), ..., "at $.derivatives.beside: "),
    (("derivatives", "beside", "refusal"), "kink", "at $.derivatives.beside: "),
    (("derivatives", "beside", "truth", "lo"), ..., "at $.derivatives.beside.truth: 'lo' is a"),
    (("derivatives", "beside", "truth", "hi", 0), "1.0", "at $.derivatives.beside.truth.hi[0]"),
    (("derivatives", "beside", "truth", "radius", 0), None, "truth.radius[0]: None is not of"),
    (("derivatives", "beside", "truth", "allowance", 0), "-0x1.0p+0", "truth.allowance[0]: "),
])
def test_what_is_wrong_with_a_vector_is_named(folder, path, value, said):
    (case,) = load_cases("some.py").select(["kink"])
    document = copy.deepcopy(vectors.vector(case, "float64"))
    validate(document, "vector")
    *above, last = path
    place = document
    for key in above:
        place = place[key]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    with pytest.raises(GraphError, match="not a valid vector document") as caught:
        validate(document, "vector")
    assert said in str(caught.value)
