"""What is measured is measured in turns, and reported right."""

import io
import json
import subprocess
import sys
import time
import xml.etree.ElementTree as xml
from pathlib import Path

import interleaving
import measure
import peak_memory
import pytest
from click.testing import CliRunner
from interleaving import Timing, interleaved
from rich.console import Console
from run_engine_speed import main
from speed_report import Speeds, geometric_mean, markdown, rows, speeds, terminal_table
from threads import environment_for
from workloads import make_workloads

KNOWN = Speeds(
    threads=1,
    versions={"reference": "0.1", "torch": "2.13", "tensorflow": "2.21"},
    machine="a machine",
    sizes={"a": "small", "b": "large", "c": "small", "d": "small"},
    medians={
        "a": {"reference": 20.0, "torch": 10.0, "tensorflow": 80.0},
        "b": {"reference": 1234.5, "torch": 2469.0, "tensorflow": 1234.5},
        "c": {"reference": 80.0, "torch": 10.0, "tensorflow": 20.0},
        "d": {"torch": 10.0, "tensorflow": 1000.0},
    },
    first={name: {"torch": 5.0} for name in "abcd"},
    left_out={"d [reference]": "it has no d"},
    load=0.1,
    unsteady=frozenset({("c", "torch")}),
)


@pytest.fixture
def quickly(monkeypatch):
    monkeypatch.setattr(interleaving, "WARM_UP", 0)
    monkeypatch.setattr(interleaving, "BLOCK", 1e-6)


def test_everyone_has_a_turn_in_every_round(quickly):
    turns = []
    calls = {name: lambda name=name: turns.append(name) or time.sleep(1e-4) for name in "abc"}
    timings = interleaved(calls, rounds=20)
    assert {name: len(timing.seconds) for name, timing in timings.items()} == dict.fromkeys("abc",
                                                                                            20)
    in_rounds = turns[-120:]  # a call to warm up and a timed one: 2 times 3 times 20
    rounds = [in_rounds[start : start + 6 : 2] for start in range(0, 120, 6)]
    assert all(sorted(each) == ["a", "b", "c"] for each in rounds)
    assert len(set(map(tuple, rounds))) > 1  # nobody always follows the same one
    assert min(timings["a"].seconds) >= 1e-4


def test_slow_calls_get_fewer_rounds_but_some(quickly):
    calls = {"slow": lambda: time.sleep(1e-3)}
    assert len(interleaved(calls, rounds=50, limit=0.02)["slow"].seconds) < 25
    assert len(interleaved(calls, rounds=50, limit=0)["slow"].seconds) == 5


def test_many_quick_calls_are_timed_together(monkeypatch):
    monkeypatch.setattr(interleaving, "WARM_UP", 0)
    timing = interleaved({"quick": int}, rounds=2)["quick"]
    assert timing.iterations > 100
    assert max(timing.seconds) < 1e-4


def test_geometric_means_of_known_numbers():
    assert geometric_mean(KNOWN, "reference", "torch", "small") == pytest.approx(4)  # of 2, 8
    assert geometric_mean(KNOWN, "reference", "tensorflow", "small") == pytest.approx(1)
    assert geometric_mean(KNOWN, "tensorflow", "torch", "small") == pytest.approx(
        (8 * 2 * 100) ** (1 / 3))
    assert geometric_mean(KNOWN, "reference", "torch", "large") == 0.5
    assert geometric_mean(KNOWN, "jax", "torch", "large") is None


def test_rows_of_known_numbers():
    assert rows(KNOWN) == [
        ["a", "20.0 (2.00)", "10.0 (1.00)", "80.0 (8.00)"],
        ["c", "80.0 (8.00)", "~10.0 (1.00)", "20.0 (2.00)"],
        ["d", "-", "10.0 (1.00)", "1,000 (100.00)"],
        ["small: geometric mean, torch = 1", "4.00", "1.00", "11.70"],
        ["small: geometric mean, tensorflow = 1", "1.00", "0.09", "1.00"],
        ["b", "1,234 (0.50)", "2,469 (1.00)", "1,234 (0.50)"],
        ["large: geometric mean, torch = 1", "0.50", "1.00", "0.50"],
        ["large: geometric mean, tensorflow = 1", "1.00", "2.00", "1.00"],
    ]


def test_markdown_and_terminal_have_every_row():
    text = markdown([KNOWN, KNOWN._replace(threads=2)], [("MB", "ratio"), ("chain", "3", "1.5")])
    for row in rows(KNOWN):
        assert f"| {' | '.join(row)} |" in text
    assert "## 1 thread\n" in text
    assert "## 2 threads\n" in text
    assert "| chain | 3 | 1.5 |" in text
    assert "it has no d." in text
    assert "Load of the machine before: 0.1; ~ marks rounds that differ much." in text
    console = Console(width=118, record=True, file=io.StringIO())
    console.print(terminal_table(KNOWN))
    assert "80.0 (8.00)" in console.export_text()


def stored(backend, seconds):
    workload = make_workloads()["MLP 8x16"]
    return measure.entry(workload, backend, 1, Timing([seconds, 2 * seconds, 9 * seconds], 4), 0.5)


def test_what_is_stored_is_read_again(tmp_path):
    document = {
        "machine_info": {"threads": 1, "load": 0.1, "cpu": "a", "python": "3", "numpy": "2",
                         "backends": {"torch": "2.13"}},
        "benchmarks": [stored("torch", 1e-3)], "left_out": {}}
    found = speeds(json.loads(json.dumps(document)))
    assert found.medians == {"MLP 8x16": {"torch": pytest.approx(2000)}}
    assert found.first == {"MLP 8x16": {"torch": pytest.approx(500_000)}}
    assert found.sizes == {"MLP 8x16": "small"}
    assert found.unsteady == {("MLP 8x16", "torch")}  # rounds of 1, 2 and 9 ms


def test_pytest_benchmark_compares_what_is_stored(tmp_path):
    file = tmp_path / "0001_speed.json"
    document = {"machine_info": {}, "commit_info": {}, "version": "5", "datetime": "2026-01-01",
                "benchmarks": [stored("torch", 1e-3), stored("reference", 2e-3)]}
    file.write_text(json.dumps(document), encoding="utf-8")
    done = subprocess.run([sys.executable, "-m", "pytest_benchmark", "compare", str(file)],
                          capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "MLP 8x16 [reference]" in done.stdout


def test_the_environment_limits_threads():
    assert environment_for(1)["OMP_NUM_THREADS"] == "1"
    assert environment_for(2)["OPENBLAS_NUM_THREADS"] == "2"


def test_a_chain_longer_than_the_interpreter_recurses(capsys):
    peak_memory.main("reference", 2 * sys.getrecursionlimit(), 1)
    before, peak, seconds = map(float, capsys.readouterr().out.split())
    assert peak >= before > 1
    assert seconds > 0


def test_the_plot_has_every_workload_and_framework(tmp_path):
    pytest.importorskip("matplotlib")
    from speed_plot import plot

    plot([KNOWN, KNOWN._replace(threads=2)], tmp_path / "speed.svg")
    texts = {element.text for element in xml.parse(tmp_path / "speed.svg").iter()}
    assert {"a", "b", "c", "d", "reference", "torch", "tensorflow", "1 thread"} <= texts


def test_the_command_refuses_an_unknown_workload():
    done = CliRunner().invoke(main, ["--only", "nothing"])
    assert done.exit_code == 2
    assert "'nothing' is not one of" in done.output


def test_one_workload_from_measurement_to_report(tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("matplotlib")
    done = subprocess.run(
        [sys.executable, Path(measure.__file__).with_name("run_engine_speed.py"), "--threads", "1",
         "--only", "sum of squares, 100", "--rounds", "2", "--without-memory", "--folder",
         tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "sum of squares, 100" in done.stdout
    written = sorted(path.name for path in tmp_path.iterdir())
    assert written == ["engine-speed-1-threads.json", "engine-speed.md", "engine-speed.svg"]
