"""What is timed is the printed code, and nothing else."""

import numpy as np
import pytest

from conformance import load_cases
from conformance.backends import get_backend
from conformance.backends.reference import ReferenceBackend
from conformance.benchmark import timed_function
from conformance.errors import Unsupported


class Watched(ReferenceBackend):
    """Notes what is done with inputs and results."""

    def __init__(self):
        self.done = []

    def array(self, values, dtype):
        self.done.append("printed")
        return super().array(values, dtype)

    def to_numpy(self, value):
        self.done.append("converted")
        return super().to_numpy(value)


class Asynchronous(Watched):
    def synchronize(self, values):
        self.done.append("synchronized")


@pytest.fixture(scope="module")
def sum_square():
    (case,) = load_cases().select(["sum_square"])
    return case


def test_a_call_computes_every_derivative_and_converts_nothing(sum_square):
    backend = Watched()
    call = timed_function(sum_square, backend, "float64")
    backend.done.clear()
    first, second = call(), call()
    assert set(first) == {"dz/dx", "dy/dx"}
    assert not isinstance(first["dz/dx"], np.ndarray)
    assert second["dz/dx"] is not first["dz/dx"]
    assert backend.done == []


def test_what_is_called_is_the_printed_function_itself(sum_square):
    call = timed_function(sum_square, get_backend("reference"))
    assert call.func.__name__ == "derivatives"
    assert call.func.__code__.co_filename == "<reference sum_square float32 reverse>"


def test_an_asynchronous_framework_is_waited_for(sum_square):
    backend = Asynchronous()
    call = timed_function(sum_square, backend)
    backend.done.clear()
    call()
    assert backend.done == ["synchronized"]


def test_what_cannot_be_printed_is_unsupported(sum_square):
    with pytest.raises(Unsupported, match="no mode 'forward'"):
        timed_function(sum_square, get_backend("reference"), mode="forward")
