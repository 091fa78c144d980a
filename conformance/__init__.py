"""Gradient conformance: are an engine's gradients right, and where do engines differ?

    from conformance import load_cases, list_backends, run

    library = load_cases()                  # the suite's own, or load_cases("my_cases/")
    result = run(library.select(["sum_square"]), backends=["torch"], dtypes=["float64"])
    for verdict in result.verdicts:         # each a Verdict
        print(verdict.derivative, verdict.verdict, verdict.ulp)

Case files import `case`, `family`, the derivatives `grad`, `vjp`, `jvp`, `jacobian`, `hessian`, and
the inputs `array`, `ones`, `zeros`, `uniform`, `complex_uniform`, `variable`. A backend is a
subclass of `Backend`; `list_backends` names the known ones.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# name -> module; resolved on first use, so that importing the package stays cheap
_EXPORTS = {
    "case": "declaration", "family": "declaration", "Case": "declaration",
    "Library": "discovery", "load_cases": "discovery",
    "grad": "tracing", "hessian": "tracing", "jacobian": "tracing", "jvp": "tracing",
    "trace": "tracing", "vjp": "tracing",
    "array": "inputs", "ones": "inputs", "zeros": "inputs", "uniform": "inputs",
    "complex_uniform": "inputs", "variable": "inputs", "Input": "inputs",
    "Graph": "graph", "Node": "graph", "Output": "graph",
    "ConformanceError": "errors", "CaseError": "errors", "UsageError": "errors",
    "Unsupported": "errors", "CannotCertify": "errors",
    "Backend": "backends", "TapeStyle": "backends.styles",
    "FunctionalStyle": "backends.functions", "nested": "backends.literals",
    "list_backends": "backends", "get_backend": "backends",
    "Verdict": "verdict", "run": "runner", "Run": "runner",
    "read_verdicts": "reports.json_report", "write_results": "reports.json_report",
}
__all__ = sorted(_EXPORTS)

if TYPE_CHECKING:  # what editors and type checkers read
    from conformance.backends import Backend as Backend
    from conformance.backends import get_backend as get_backend
    from conformance.backends import list_backends as list_backends
    from conformance.backends.functions import FunctionalStyle as FunctionalStyle
    from conformance.backends.literals import nested as nested
    from conformance.backends.styles import TapeStyle as TapeStyle
    from conformance.declaration import Case as Case
    from conformance.declaration import case as case
    from conformance.declaration import family as family
    from conformance.discovery import Library as Library
    from conformance.discovery import load_cases as load_cases
    from conformance.errors import CannotCertify as CannotCertify
    from conformance.errors import CaseError as CaseError
    from conformance.errors import ConformanceError as ConformanceError
    from conformance.errors import Unsupported as Unsupported
    from conformance.errors import UsageError as UsageError
    from conformance.graph import Graph as Graph
    from conformance.graph import Node as Node
    from conformance.graph import Output as Output
    from conformance.inputs import Input as Input
    from conformance.inputs import array as array
    from conformance.inputs import complex_uniform as complex_uniform
    from conformance.inputs import ones as ones
    from conformance.inputs import uniform as uniform
    from conformance.inputs import variable as variable
    from conformance.inputs import zeros as zeros
    from conformance.reports.json_report import read_verdicts as read_verdicts
    from conformance.reports.json_report import write_results as write_results
    from conformance.runner import Run as Run
    from conformance.runner import run as run
    from conformance.tracing import grad as grad
    from conformance.tracing import hessian as hessian
    from conformance.tracing import jacobian as jacobian
    from conformance.tracing import jvp as jvp
    from conformance.tracing import trace as trace
    from conformance.tracing import vjp as vjp
    from conformance.verdict import Verdict as Verdict


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        value = getattr(import_module(f"conformance.{_EXPORTS[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'conformance' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
