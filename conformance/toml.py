"""TOML, as Python's own library or its forerunner reads it."""

from __future__ import annotations

from typing import Any


def parsed(text: str) -> dict[str, Any]:
    """The document; raises ValueError, which names the line."""
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10
        import tomli as tomllib
    return tomllib.loads(text)
