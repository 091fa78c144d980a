"""The engine checks its own rules while it is tested."""

import numpy as np
import pytest

import reference_engine as engine


@pytest.fixture(autouse=True)
def checked_rules():
    # what NumPy warns of (log(0), 1/0) is what the tests of special points ask for
    with engine.debug(rules=True), np.errstate(all="ignore"):
        yield
