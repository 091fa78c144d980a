"""A test notices every rule that is made wrong, at first and at second order."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
# One of so many wrong rules, or of as many as the environment variable EVERY_RULE says.
SAMPLE = 1


def test_every_wrong_rule_is_noticed():
    pytest.importorskip("torch", reason="some truths are PyTorch's")
    sample = os.environ.get("EVERY_RULE", str(SAMPLE))
    path = os.pathsep.join([str(HERE), str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")])
    process = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "wrong_rules", "-p", "no:cacheprovider", "--tb=line",
         "--sample", sample, str(HERE)],
        cwd=HERE.parents[1], env={**os.environ, "PYTHONPATH": path, "PYTEST_ADDOPTS": ""},
        capture_output=True, text=True, check=False)  # fmt: skip
    assert "wrong rules" in process.stdout, process.stdout + process.stderr
    assert process.returncode == 0, process.stdout[-3000:]
