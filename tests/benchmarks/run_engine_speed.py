"""The speed of the reference engine beside torch, TensorFlow, JAX and autograd: `-h` tells more.

Writes a table (Markdown), a plot (SVG) and the measurements (JSON, one file for each number of
threads) into a folder.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import click
from rich.console import Console
from speed_report import markdown, speeds, terminal_table
from threads import environment_for
from workloads import is_installed, make_workloads

HERE = Path(__file__).parent
DOCUMENTS = HERE.parent.parent / "docs" / "benchmarks"
WIDTH = 118  # of the table, also where standard output is a file
BUSY = 1.0  # others computing on average when it began, from which times tell little
LONG_CHAINS = {  # what is said of a run of peak_memory.py: its steps, of three operations, and size
    "3·10⁴ operations on 10⁴ elements": (10_000, 10_000),
    "10⁶ operations on a scalar": (333_334, 1),
}


def measured(threads, rounds, names):
    """The measurements of measure.py in a process that has `threads` threads."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "measurements.json"
        command = [sys.executable, HERE / "measure.py", str(threads), str(rounds), file, *names]
        subprocess.run(command, check=True, env={**os.environ, **environment_for(threads)})
        return json.loads(file.read_text(encoding="utf-8"))


def memory():
    """Lines of a table: the engine's and torch's peaks on long chains, and how they compare."""
    lines = [("reference MB", "torch MB", "ratio", "reference s", "torch s")]
    for title, sizes in LONG_CHAINS.items():
        peaks, seconds = {}, {}
        for backend in ("reference", "torch"):
            done = subprocess.run(
                [sys.executable, HERE / "peak_memory.py", backend, *map(str, sizes)], check=True,
                env={**os.environ, **environment_for(1)}, stdout=subprocess.PIPE, text=True)
            before, peak, seconds[backend] = map(float, done.stdout.split())
            peaks[backend] = peak - before
        lines.append((
            f"{title}: peak above what the import takes", f"{peaks['reference']:,.0f}",
            f"{peaks['torch']:,.0f}", f"{peaks['reference'] / peaks['torch']:.2f}",
            f"{seconds['reference']:.1f}", f"{seconds['torch']:.1f}"))
    return lines


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--threads", multiple=True, type=click.IntRange(1), default=(1, 2),
              show_default=True, help="Threads for every framework; repeatable.")
@click.option("--only", "names", multiple=True, type=click.Choice(list(make_workloads())),
              metavar="WORKLOAD", help="One workload, by its name in the table; repeatable.")
@click.option("--rounds", type=click.IntRange(1), default=50, show_default=True,
              help="How often each framework has its turn; fewer where a call takes long.")
@click.option("--with-memory/--without-memory", default=True, show_default=True,
              help="Long recordings as well, which need 2 GB.")
@click.option("--folder", type=click.Path(path_type=Path), default=DOCUMENTS, show_default=True,
              help="Where to put engine-speed.md, .svg and .json.")
def main(threads, names, rounds, with_memory, folder):
    """Time forward and gradient of every workload on every installed framework.

    First all must agree on the gradients. Then they take turns in one process, so that a machine
    that slows down slows all of them; there is a process for each number of threads.
    """
    before = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    folder.mkdir(parents=True, exist_ok=True)
    console, every = Console(), []
    console.width = max(console.width, WIDTH)
    for count in threads:
        document = measured(count, rounds, names)
        document["machine_info"]["load"] = before
        file = folder / f"engine-speed-{count}-threads.json"
        file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        every.append(speeds(document))
    with_torch = with_memory and is_installed("torch")
    report = markdown(every, memory() if with_torch else ())
    (folder / "engine-speed.md").write_text(report, encoding="utf-8")
    from speed_plot import plot  # late: matplotlib starts slowly

    plot(every, folder / "engine-speed.svg")
    for found in every:
        console.print(terminal_table(found))
    if before > BUSY:
        console.print("[bold red]The machine was busy[/]: libraries whose threads wait for each "
                      "other can take a hundred times as long. Run again when it is idle.")
    console.print(f"{folder / 'engine-speed.md'} has it all", soft_wrap=True)


if __name__ == "__main__":
    main()
