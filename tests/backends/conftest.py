"""Backends by name, for tests that need their frameworks."""

import pytest

from conformance.backends import Backend, get_backend


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> Backend:
    """The backend named by the test's parameter; skips where its framework is not installed."""
    found = get_backend(request.param)
    if not found.installed():
        pytest.skip(found.missing())
    return found
