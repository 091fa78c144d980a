"""Run by test_standalone.py in an interpreter of its own: printed programs against evaluate().

    python standalone.py BACKEND DTYPE

Prints how many programs ran and the names of the cases that raised, or the first difference. What
the backend lacks is passed over. One member of each family is run, as `conformance run` runs all.
"""

import re
import sys
import warnings

import numpy as np

from conformance import load_cases
from conformance.backends import get_backend
from conformance.errors import Unsupported


def run(source: str) -> dict:
    """What the program, pasted into a fresh namespace, hands to print()."""
    printed = {}

    def record(name, equals, value):
        assert equals == "="
        printed[name] = value

    exec(compile(source, "<pasted>", "exec"), {"__name__": "__main__", "print": record})
    return printed


def some_of_each_family() -> list:
    """Every case of its own, and one member of each family."""
    seen, found = set(), []
    for case in load_cases().cases:
        if case.name.partition(".")[0] not in seen:
            seen.add(case.name.partition(".")[0])
            found.append(case)
    return found


def main(name: str, dtype: str) -> None:
    backend, ran, raised = get_backend(name), 0, []
    for case in some_of_each_family():
        try:
            evaluation = backend.evaluate(case.graph(dtype), case.values(dtype), title=case.name)
        except Unsupported:
            continue
        try:
            printed = run(evaluation.source)
        except Exception as error:
            expected = rf"{type(error).__name__}: .*, at line \d+ of the printed code: "
            if not re.match(expected, evaluation.error):
                raise AssertionError(case.id) from error
            raised.append(case.name)
            continue
        assert not evaluation.error, f"{case.id}: {evaluation.error}"
        assert list(printed) == [output.name for output in case.graph(dtype).outputs], case.id
        for key, value in printed.items():
            got = None if value is None else backend.to_numpy(value)
            assert np.array_equal(got, evaluation.values[key], equal_nan=True), (case.id, key)
        ran += 1
    print(ran, *raised)


warnings.simplefilter("ignore")
main(*sys.argv[1:])
