"""Where a run took place: versions, processor and threads."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from conformance import __version__
from conformance.backends import Backend


def environment(backends: Iterable[Backend]) -> dict[str, Any]:
    """What a reader needs to know to repeat a run."""
    return {
        "conformance": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "backends": {backend.name: backend.version() for backend in backends},
        "platform": platform.platform(terse=True),
        "cpu": _processor(),
        "threads": _threads(),
    }


def _processor() -> str:
    """The processor's marketing name, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def _threads() -> int:
    """The processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1
