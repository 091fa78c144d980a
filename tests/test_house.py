"""Imports point one way, and a framework is imported by its own backend only."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import conformance
from conformance.backends import list_backends
from conformance.paths import suite_cases

ROOT = Path(conformance.__file__).resolve().parent.parent
FRAMEWORKS = ("torch", "tensorflow", "jax", "autograd")
OWN_FILE = {"torch": "torch_backend.py", "tensorflow": "tensorflow_backend.py",
            "jax": "jax_backend.py", "autograd": "autograd_backend.py",
            "reference_engine": "reference.py"}


def python_files(folder):
    return sorted(p for p in (ROOT / folder).rglob("*.py") if "__pycache__" not in p.parts)


def imported(path):
    """The top-level packages that a file imports anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("path", python_files("reference_engine"), ids=lambda p: p.name)
def test_the_reference_engine_imports_numpy_alone(path):
    allowed = {*sys.stdlib_module_names, "numpy", "reference_engine", "__future__"}
    if path.name == "tensor.py":
        allowed.add("ml_dtypes")  # inside a function, for who asks for bfloat16
    assert imported(path) <= allowed


@pytest.mark.parametrize("path", python_files("conformance"), ids=lambda p: p.name)
def test_a_framework_is_imported_by_its_own_backend_only(path):
    for framework, file in OWN_FILE.items():
        if path.name != file:
            assert framework not in imported(path)
    assert "cases" not in imported(path)


@pytest.mark.parametrize("path", sorted(suite_cases().rglob("*.py")), ids=lambda p: p.name)
def test_cases_import_the_authoring_names_alone(path):
    assert imported(path) == {"conformance"}


SCRIPT = """
import sys
import conformance
from conformance.backends import get_backend, list_backends
for case in conformance.load_cases().cases[:20]:
    for name in list_backends():
        try:
            get_backend(name).program(case.graph(), case.values("float32"))
        except conformance.Unsupported:
            pass
print(*sorted(m for m in sys.modules if m.partition(".")[0] in {names}))
"""


def test_printing_for_every_backend_imports_no_framework():
    names = {*FRAMEWORKS, "reference_engine", "flint", "scipy"}
    script = SCRIPT.replace("{names}", repr(names))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                          check=True, cwd=ROOT)
    assert done.stdout.split() == []


def test_every_exported_name_resolves_and_is_documented():
    for name in conformance.__all__:
        assert getattr(conformance, name).__doc__, name


def test_an_unknown_name_of_the_package_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'gradd'"):
        conformance.gradd  # noqa: B018 - the access is the test


def test_every_known_backend_has_a_file_that_only_it_needs():
    assert set(OWN_FILE.values()) <= {p.name for p in python_files("conformance/backends")}
    assert len(list_backends()) >= len(OWN_FILE)
