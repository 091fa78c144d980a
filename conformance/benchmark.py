"""The printed code of a case as a function to time: nothing but the framework's own work."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from conformance.backends.base import Backend
from conformance.declaration import Case


def timed_function(case: Case, backend: Backend, dtype: str = "float32",
                   mode: str = "reverse") -> Callable[[], Any]:
    """A call of the printed `derivatives`: inputs made beforehand, results left as they are.

    Where a framework answers before it has computed, the call waits for the results. Raises
    Unsupported.
    """
    program = backend.program(case.graph(dtype), case.values(dtype), mode=mode, title=case.name)
    derivatives, inputs = backend.load(program)
    if type(backend).synchronize is Backend.synchronize:
        return partial(derivatives, *inputs)

    def synchronized() -> Any:
        results = derivatives(*inputs)
        backend.synchronize(results)
        return results

    return synchronized
