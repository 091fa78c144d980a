"""The two tables of operators, and the names the engine exports."""

import subprocess
import sys

import reference_engine as engine
from reference_engine import operators


def test_a_planted_forward_is_used(monkeypatch):
    monkeypatch.setitem(operators.FORWARDS, "sin", lambda x: x + 1)
    assert float(engine.sin(1.0)) == 2


def test_exports_exist_and_are_documented():
    for name in set(engine.__all__) - {"newaxis"}:  # which is None
        assert getattr(engine, name).__doc__, name
    assert len(engine.__all__) == len(set(engine.__all__))


def test_every_public_operator_is_exported():
    helpers = {"one_minus_square", "put", "scatter_add"}
    assert operators.RULES.keys() - helpers <= set(engine.__all__)


def test_no_framework_is_imported():
    script = "import sys, reference_engine; print(*{m.split('.')[0] for m in sys.modules})"
    process = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    others = {"torch", "tensorflow", "jax", "autograd", "scipy", "mpmath", "conformance", "cases"}
    assert not others & set(process.stdout.split())
