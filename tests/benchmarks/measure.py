"""Times every workload on every framework in this process, and writes pytest-benchmark's JSON.

    python measure.py THREADS ROUNDS FILE [WORKLOAD ...]

`run_engine_speed.py` calls it once for each number of threads, which the environment must say
before a library loads. pytest-benchmark itself runs all rounds of one test before it begins the
next, so it cannot interleave; the statistics are its own, and `pytest-benchmark compare FILE` reads
the file.
"""

import json
import sys
import time
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from agreement import check, true_answers
from interleaving import interleaved
from pytest_benchmark.stats import Stats
from pytest_benchmark.utils import get_commit_info
from threads import keep_to_processors
from workloads import BACKENDS, answers, is_installed, load, make_workloads, prepare

from conformance.backends import get_backend
from conformance.environment import environment


def ready(workload, modules):
    """What to call on each framework that has `workload`, and how long the first call took.

    The first call compiles. Its results are checked against float64; raises Disagreement.
    """
    true = true_answers(modules["torch"], workload)
    calls, first = {}, {}
    for name, module in modules.items():
        call = prepare(module, workload)
        if call is not None:
            begin = time.perf_counter()
            results = call()
            first[name] = time.perf_counter() - begin
            check(workload, name, answers(module, workload, results), true)
            calls[name] = call
    return calls, first


def entry(workload, backend, threads, timing, first):
    """One measurement as pytest-benchmark stores it."""
    stats = Stats()
    for seconds in timing.seconds:
        stats.update(seconds)
    return {
        "group": workload.name,
        "name": f"{workload.name} [{backend}]",
        "fullname": f"{Path(__file__).parent.name}/{workload.name} [{backend}]",
        "params": {"workload": workload.name, "backend": backend},
        "param": backend,
        "extra_info": {"size": workload.group, "threads": threads, "first_call_seconds": first},
        "options": {"disable_gc": False, "timer": "perf_counter_ns", "warmup": True},
        "stats": {**stats.as_dict(), "iterations": timing.iterations},
    }


def main(threads, rounds, file, *names):
    keep_to_processors(threads)
    modules = {name: load(name) for name in BACKENDS if is_installed(name)}
    for module in modules.values():
        module.set_threads(threads)
    benchmarks, left_out = [], {}
    for workload in make_workloads().values():
        if names and workload.name not in names:
            continue
        calls, first = ready(workload, modules)
        timings = interleaved(calls, rounds)
        benchmarks += [entry(workload, name, threads, timing, first[name])
                       for name, timing in timings.items()]  # fmt: skip
        left_out.update({f"{workload.name} [{name}]": module.LEFT_OUT[workload.program]
                         for name, module in modules.items() if name not in calls})
        print(f"{workload.name}: {len(calls)} frameworks agree, timed", file=sys.stderr)
    machine = environment([get_backend(name) for name in modules])
    Path(file).write_text(json.dumps({
        "machine_info": {**machine, "threads": threads},
        "commit_info": get_commit_info(),
        "benchmarks": benchmarks,
        "left_out": left_out,
        "datetime": datetime.now(timezone.utc).isoformat(),
        "version": version("pytest-benchmark"),
    }, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
