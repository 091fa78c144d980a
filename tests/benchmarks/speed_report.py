"""Medians as tables: in the terminal by rich, in a file as Markdown."""

import statistics
from typing import NamedTuple

from rich.table import Table

COMPARED = ("torch", "tensorflow")  # what geometric means are relative to
UNSTEADY = 0.25  # interquartile range over median from which a time is marked


class Speeds(NamedTuple):
    """Median microseconds of every workload on every framework, with one number of threads."""

    threads: int
    versions: dict[str, str]
    machine: str
    sizes: dict[str, str]  # workload -> "small" or "large"
    medians: dict[str, dict[str, float]]  # workload -> framework -> microseconds
    first: dict[str, dict[str, float]]  # the same of the first call, which compiles
    left_out: dict[str, str]  # "workload [framework]" -> why
    load: float  # how many others used a processor when it began
    unsteady: frozenset[tuple[str, str]]  # workloads and frameworks whose rounds differ much


def speeds(document):
    """What a file of measure.py says."""
    machine = document["machine_info"]
    sizes, medians, first, unsteady = {}, {}, {}, set()
    for entry in document["benchmarks"]:
        workload, backend = entry["params"]["workload"], entry["params"]["backend"]
        sizes[workload] = entry["extra_info"]["size"]
        stats = entry["stats"]
        medians.setdefault(workload, {})[backend] = stats["median"] * 1e6
        if stats["iqr"] > UNSTEADY * stats["median"]:
            unsteady.add((workload, backend))
        first.setdefault(workload, {})[backend] = entry["extra_info"]["first_call_seconds"] * 1e6
    described = f"{machine['cpu']}, Python {machine['python']}, NumPy {machine['numpy']}"
    return Speeds(machine["threads"], machine["backends"], described, sizes, medians, first,
                  document["left_out"], machine["load"], frozenset(unsteady))  # fmt: skip


def geometric_mean(found, backend, relative_to, size):
    """How many times the other's median the framework takes; None if they share no workload."""
    ratios = [found.medians[name][backend] / found.medians[name][relative_to]
              for name, of in found.sizes.items()
              if of == size and {backend, relative_to} <= found.medians[name].keys()]  # fmt: skip
    return statistics.geometric_mean(ratios) if ratios else None


def rows(found):
    """Cells: a line a workload with its medians and ratios to torch, then the geometric means."""
    lines = []
    for size in dict.fromkeys(found.sizes.values()):
        lines += [[name, *(_time(found, name, backend) for backend in found.versions)]
                  for name, of in found.sizes.items() if of == size]  # fmt: skip
        for other in COMPARED:
            if other in found.versions:
                means = [geometric_mean(found, backend, other, size) for backend in found.versions]
                lines.append([f"{size}: geometric mean, {other} = 1",
                              *("-" if mean is None else f"{mean:.2f}" for mean in means)])
    return lines


def _time(found, workload, backend):
    times = found.medians[workload]
    if backend not in times:
        return "-"
    ratio = f" ({times[backend] / times['torch']:.2f})" if "torch" in times else ""
    return f"{'~' * ((workload, backend) in found.unsteady)}{_number(times[backend])}{ratio}"


def _number(microseconds):
    return f"{microseconds:,.0f}" if microseconds >= 100 else f"{microseconds:.1f}"


def terminal_table(found):
    """The rows for rich."""
    table = Table(title=_title(found), caption=f"median µs (times torch's); {_conditions(found)}")
    for position, header in enumerate(_header(found)):
        table.add_column(header, justify="right" if position else "left")
    for line in rows(found):
        table.add_row(*line, style="bold" if "geometric mean" in line[0] else None)
    return table


def markdown(every, memory=()):
    """The whole report: how it was measured, a table for each number of threads, memory."""
    found = every[0]
    parts = [
        "# Speed of the reference engine",
        "Made by `python -m tox run -e benchmark`. Median microseconds of forward and gradient, "
        "float32, on the processor; in parentheses how many times torch's. torch and TensorFlow "
        "run eagerly, JAX under `jit`; what compiling costs is in the last table.",
        f"{found.machine}.",
        "![Median time by workload and framework](engine-speed.svg)",
    ]
    for speeds_of in every:
        parts += [f"## {_title(speeds_of)}", _pipes(_header(speeds_of), rows(speeds_of)),
                  f"{_conditions(speeds_of).capitalize()}."]
    reasons = dict.fromkeys(reason for speeds_of in every for reason in speeds_of.left_out.values())
    parts += [rf"\- is not measured: {reason}." for reason in reasons]
    if memory:
        parts += ["## Memory", _pipes(["", *memory[0]], memory[1:])]
    first = [[name, *(_number(times[b]) if b in times else "-" for b in found.versions)]
             for name, times in found.first.items()]  # fmt: skip
    parts += [f"## The first call, {_title(found)}, microseconds", _pipes(_header(found), first)]
    return "\n\n".join(parts) + "\n"


def _conditions(found):
    unsteady = "; ~ marks rounds that differ much" if found.unsteady else ""
    return f"load of the machine before: {found.load:.1f}{unsteady}"


def _title(found):
    return f"{found.threads} thread{'s' if found.threads > 1 else ''}"


def _header(found):
    return ["workload", *(f"{name} {version}" for name, version in found.versions.items())]


def _pipes(header, lines):
    ruler = ["---", *["--:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(line)} |" for line in [header, ruler, *lines])
