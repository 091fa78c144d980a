"""What a case file is: light enough to be asked of every Python file that pytest meets."""

from __future__ import annotations

import re
from pathlib import Path

# a file is a case file when, at the start of a line, it imports from here and decorates
_IMPORTS = re.compile(r"^\s*(from conformance import|import conformance)\b", re.MULTILINE)
_DECORATES = re.compile(r"^@(\w+\.)?(case|family)\b", re.MULTILINE)


def is_case_file(path: Path) -> bool:
    """Whether a Python file declares cases at its top level."""
    if path.suffix != ".py" or not path.is_file():
        return False
    text = path.read_text(encoding="utf-8", errors="replace")
    return bool(_IMPORTS.search(text) and _DECORATES.search(text))
