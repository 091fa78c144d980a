"""A framework by its name, `from frameworks import torch`, or what skips the tests that call it.

So the tests that need neither run with what pip installs for the engine alone.
"""

import importlib

import pytest


class Missing:
    """Has every name, so that tables of tests can be built, and skips the test that calls one."""

    def __init__(self, name):
        self.missing = name

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_, **__):
        pytest.skip(f"{self.missing} is not installed")


def __getattr__(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        return Missing(name)
