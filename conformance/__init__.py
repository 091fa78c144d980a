"""Gradient conformance: are an engine's gradients right, and where do engines differ?"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# name -> module; resolved on first use, so that importing the package stays cheap
_EXPORTS = {
    "case": "declaration", "family": "declaration", "Case": "declaration",
    "Library": "discovery", "load_cases": "discovery",
    "grad": "tracing", "trace": "tracing",
    "array": "inputs", "ones": "inputs", "zeros": "inputs", "uniform": "inputs",
    "variable": "inputs", "Input": "inputs",
    "Graph": "graph", "Node": "graph", "Output": "graph",
    "ConformanceError": "errors", "CaseError": "errors", "UsageError": "errors",
    "Unsupported": "errors", "CannotCertify": "errors",
    "Backend": "backends", "list_backends": "backends", "get_backend": "backends",
    "Verdict": "verdict", "run": "runner", "Run": "runner",
}
__all__ = sorted(_EXPORTS)


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        value = getattr(import_module(f"conformance.{_EXPORTS[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'conformance' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
