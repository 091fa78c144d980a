"""`pytest --benchmark-only`: every notebook case on every installed backend, side by side."""

import numpy as np
import pytest

from conformance import load_cases
from conformance.backends import choose_backends
from conformance.benchmark import timed_function
from conformance.paths import suite_cases

CASES = load_cases([suite_cases() / "notebook.py"]).cases
INSTALLED, _ = choose_backends()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("backend", INSTALLED, ids=lambda backend: backend.name)
def test_gradient(benchmark, case, backend):
    benchmark.group = case.name
    results = benchmark(timed_function(case, backend))
    answers = {name: backend.to_numpy(value) for name, value in results.items()}
    assert set(answers) == {output.name for output in case.graph().outputs}
    assert all(np.isfinite(answer).all() for answer in answers.values())
