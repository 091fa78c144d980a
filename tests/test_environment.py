"""What a results file says of the machine."""

import platform

import numpy as np

import conformance
from conformance.backends import get_backend
from conformance.environment import environment


def test_versions_processor_and_threads():
    found = environment([get_backend("reference")])
    assert found["conformance"] == conformance.__version__
    assert found["python"] == platform.python_version()
    assert found["numpy"] == np.__version__
    assert found["backends"] == {"reference": get_backend("reference").version()}
    assert found["threads"] >= 1
    assert found["cpu"]
    assert found["platform"]
