"""The wheel: what it puts where, and that the suite runs from it outside of the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import conformance

ROOT = Path(conformance.__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
                   cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A folder with the wheel's contents, as pip would lay them out, ahead of the checkout."""
    site = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


def test_the_wheel_claims_no_common_names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        top = {name.partition("/")[0] for name in archive.namelist()}
    packages = {name for name in top if not name.endswith(".dist-info")}
    assert packages == {"conformance", "reference_engine"}


def test_the_wheel_holds_cases_waivers_and_schemas(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder, pattern in (("cases", "*.py"), ("cases", "*.toml")):
        for path in (ROOT / folder).glob(pattern):
            assert f"conformance/cases/{path.name}" in names
    for name in ("accuracy", "graph", "results", "vector", "vectors"):
        assert f"conformance/schemas/{name}.schema.json" in names


def run_outside(installed, tmp_path, *command):
    """Run a module of the installed wheel in an empty folder, away from the checkout."""
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    return subprocess.run([sys.executable, *command], cwd=tmp_path, env=environment,
                          capture_output=True, text=True, check=False)


def test_pytest_finds_the_cases_of_the_installed_wheel(installed, tmp_path):
    where = run_outside(installed, tmp_path, "-c",
                        "import conformance; print(conformance.__file__)")
    assert where.stdout.startswith(str(installed))
    done = run_outside(installed, tmp_path, "-m", "pytest", "--pyargs", "conformance", "--backend",
                       "reference", "-v", "-p", "no:cacheprovider", "-k", "notebook")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "cases/notebook.py::sum_square[reference-float32-reverse] PASSED" in done.stdout
    assert "conformance: 12 verdicts: 12 agrees" in done.stdout


def test_the_command_runs_from_the_installed_wheel(installed, tmp_path):
    done = run_outside(installed, tmp_path, "-m", "conformance", "run", "notebook", "--backend",
                       "reference", "--json", "results.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "12 verdicts on 3 cases: 12 agrees" in done.stdout
    assert (tmp_path / "results.json").is_file()
