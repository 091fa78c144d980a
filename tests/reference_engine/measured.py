"""How far from the truth the certified checks find the engine: a plugin of pytest.

    python -m pytest -p measured -q tests/reference_engine

(with tests/reference_engine in PYTHONPATH) prints, for each module of tests, the largest error in
ULP of float64 at each order of differentiation, and the test of that at the second. Elements below
2^-10 of the largest of their array are left out: they may be sums that cancel.
"""

from collections import defaultdict

import certified
import numpy as np

from conformance.comparison import ulp

ORDERS = {"value": 0, "gradient": 1, "tangent": 1, "second": 2, "curvature": 2, "third": 3}
worst = defaultdict(lambda: [0.0] * 4)
where = {}  # (module, order) -> test
module = test = ""
compare, unary = certified._compare, certified.unary


def _note(order, ulps):
    if ulps > worst[module][order]:
        worst[module][order] = float(ulps)
        where[module, order] = test


def measured(title, got, parts, dtype, slack, scale):
    found = compare(title, got, parts, dtype, slack, scale)
    if dtype == "float64":
        truths = [part.hi for part in parts]
        got = got.numpy()
        components = [got.real, got.imag] if len(parts) == 2 else [got]
        size = np.maximum.reduce([np.abs(truth) for truth in truths])
        largest = np.max(size, initial=0)
        unit = ulp(np.full_like(size, largest) if scale else size, dtype)
        error = np.maximum.reduce([np.abs(ours - part.hi - part.lo)
                                   for ours, part in zip(components, parts, strict=True)])
        kept = size >= largest * certified.SMALL
        quantity = title.rpartition(": ")[2].split()[0]
        _note(ORDERS[quantity], np.max((error / unit)[kept & (size > 0)], initial=0))
    return found


def measured_unary(function, reference, points, ulps, dtype="float64", order=2, name=None):
    found = unary(function, reference, points, ulps, dtype, order, name)
    if dtype == "float64":
        for k, error in enumerate(found):
            _note(k, error)
    return found


certified._compare, certified.unary = measured, measured_unary


def pytest_runtest_call(item):
    global module, test
    test = item.name
    module = item.path.stem.removeprefix("test_rules_").removeprefix("test_")


def pytest_terminal_summary(terminalreporter):
    for name, errors in sorted(worst.items()):
        told = " | ".join(f"{error:.2g}" if error else "" for error in errors)
        terminalreporter.write_line(f"| {name} | {told} | {where.get((name, 2), '')} |")
