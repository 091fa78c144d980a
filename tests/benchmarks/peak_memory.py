"""The memory that a long recording takes, in a process of its own.

    python peak_memory.py reference|torch STEPS ELEMENTS

prints megabytes before the run, megabytes at its peak, and seconds. `STEPS` times
`x = 0.999 * x + sin(x)` is three operations a step, and a gradient at the end.
"""

import importlib
import resource
import sys
import time
from pathlib import Path

import numpy as np


def reference_chain(array, steps):
    engine = importlib.import_module("reference_engine")
    x = engine.constant(array)
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = x
        for _ in range(steps):
            y = 0.999 * y + engine.sin(y)
        loss = engine.sum(y)
    return tape.gradient(loss, x).numpy()


def torch_chain(array, steps):
    torch = importlib.import_module("torch")
    torch.set_num_threads(1)
    x = torch.tensor(array, requires_grad=True)
    y = x
    for _ in range(steps):
        y = 0.999 * y + torch.sin(y)
    return torch.autograd.grad(torch.sum(y), x)[0].numpy()


CHAINS = {"reference": reference_chain, "torch": torch_chain}


def megabytes():
    """This process's peak so far: Linux's own count, as getrusage also counts the parent's."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM"))
        return int(peak) / 1024
    except OSError:
        unit = 2**20 if sys.platform == "darwin" else 2**10
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main(backend, steps, elements):
    array = np.linspace(0.5, 1.5, elements, dtype="float32")
    CHAINS[backend](array, 10)
    before, begin = megabytes(), time.perf_counter()
    gradient = CHAINS[backend](array, steps)
    assert gradient.shape == array.shape
    assert np.isfinite(gradient).all()
    print(before, megabytes(), time.perf_counter() - begin)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
