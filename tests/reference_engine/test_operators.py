"""The two tables of operators, and the names the engine exports."""

import subprocess
import sys

import reference_engine as engine
from reference_engine import operators, rules


def test_a_planted_forward_is_used(monkeypatch):
    monkeypatch.setitem(operators.FORWARDS, "sin", lambda x: x + 1)
    assert float(engine.sin(1.0)) == 2


def test_exports_exist_and_are_documented():
    for name in set(engine.__all__) - {"newaxis"}:  # which is None
        assert getattr(engine, name).__doc__, name
    assert len(engine.__all__) == len(set(engine.__all__))


def test_every_public_operator_is_exported_once():
    places = [(name, module.__name__) for module in rules.MODULES
              for name in getattr(module, "__all__", ())]  # fmt: skip
    names = [name for name, _ in places]
    assert sorted(names) == sorted(set(names))
    for name, module in places:
        home = next((extension for extension, modules in rules.EXTENSIONS.items()
                     if module.rpartition(".")[2] in modules), None)  # fmt: skip
        assert name in (getattr(engine, home) if home else engine).__all__


def test_there_are_two_hundred_differentiable_operators():
    assert sum(op.differentiable for op in operators.OPS.values()) >= 200


def test_no_framework_is_imported():
    script = "import sys, reference_engine; print(*{m.split('.')[0] for m in sys.modules})"
    process = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    others = {"torch", "tensorflow", "jax", "autograd", "scipy", "mpmath", "conformance", "cases"}
    assert not others & set(process.stdout.split())
