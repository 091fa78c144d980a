"""Complex numbers and Fourier transforms as people of each framework write them."""

from __future__ import annotations

import numpy as np
import pytest

from conformance import grad, trace
from conformance.backends import Backend, get_backend
from conformance.backends.literals import nested, number, shortest
from conformance.errors import Unsupported
from conformance.typing_rules import TensorType

KINDS = {"z": TensorType((3,), "complex64"), "x": TensorType((3,), "float32"),
         "s": TensorType((), "complex64")}
VALUES = {"z": np.array([1 + 2j, -0.5j, 3.0], "complex64"), "x": np.array([1, 2, 3], "float32"),
          "s": np.array(1 - 2j, "complex64")}


def printed(backend: str, function, *inputs: str) -> str:
    types = {name: (KINDS[name], "constant") for name in inputs}
    graph = trace(function, types, dtype="float32")
    return get_backend(backend).program(graph, VALUES).source


def gradients(xp, z):
    return {"dy/dz": grad(z * z, z)}


def test_jax_and_autograd_conjugate_what_their_gradients_answer() -> None:
    jax, autograd = printed("jax", gradients, "z"), printed("autograd", gradients, "z")
    assert "dy_dz = jnp.conj(jax.grad(y_of_z)(z))" in jax
    assert "return jnp.real(jnp.sum(z * z))" in jax
    assert "dy_dz = np.conj(grad(y_of_z)(z))" in autograd


def test_torch_differentiates_the_real_part() -> None:
    assert "torch.autograd.grad(y.real.sum(), z)[0]" in printed("torch", gradients, "z")
    one = printed("torch", lambda xp, s: {"dy/ds": grad(s * s, s)}, "s")
    assert "torch.autograd.grad(y.real, s)[0]" in one


@pytest.mark.parametrize("name", ["tensorflow", "reference"])
def test_tapes_take_complex_targets_as_they_are(name: str) -> None:
    assert "dy_dz = tape.gradient(y, z)" in printed(name, gradients, "z")


def test_no_gradient_of_a_gradient_skips_the_conjugate() -> None:
    source = printed("jax", lambda xp, s: {"d2": grad(grad(s**3, s), s)}, "s")
    assert source.count("jnp.conj(jax.grad(") == 2


def test_a_function_of_two_sources_is_asked_for_one_by_one() -> None:
    source = printed("jax", lambda xp, z, x: (lambda y: {"z": grad(y, z), "x": grad(y, x)})(z * x),
                     "z", "x")
    assert "argnums" not in source


def test_tensorflow_casts_what_others_promote() -> None:
    mixed = lambda xp, z, x: {"dx": grad(x * z, x)}  # noqa: E731
    assert "tf.cast(x, tf.complex64) * z" in printed("tensorflow", mixed, "z", "x")
    assert "y = x * z" in printed("torch", mixed, "z", "x")
    product = lambda xp, z, x: {"dx": grad(x @ z, x)}  # noqa: E731
    assert "x.to(torch.complex64) @ z" in printed("torch", product, "z", "x")


@pytest.mark.parametrize(("name", "wanted"), [
    ("torch", "torch.fft.fft(z, n=4, norm=\"ortho\")"), ("jax", "jnp.fft.fft(z, n=4, norm="),
    ("reference", "engine.fft.fft(z, n=4, norm="), ("autograd", "np.fft.fft(z, n=4, norm="),
])
def test_transforms_are_spelled_as_numpy_does(name: str, wanted: str) -> None:
    source = printed(name, lambda xp, z: {"dz": grad(xp.fft(z, n=4, norm="ortho"), z)}, "z")
    assert wanted in source.replace("'", '"')


def test_tensorflow_has_unscaled_transforms_of_the_last_axis() -> None:
    def ortho(xp, z):
        return {"dz": grad(xp.fft(z, norm="ortho"), z)}

    def longer(xp, z):
        return {"dz": grad(xp.fft(z, n=5), z)}

    assert "tf.signal.fft(z) / 1.7320508075688772" in printed("tensorflow", ortho, "z")
    with pytest.raises(Unsupported, match="tensorflow has no fft to a length of 5 rather than 3"):
        printed("tensorflow", longer, "z")


def test_autograd_has_no_odd_lengths() -> None:
    with pytest.raises(Unsupported, match="autograd has no gradient of rfft for an odd length"):
        printed("autograd", lambda xp, x: {"dx": grad(xp.real(xp.rfft(x)), x)}, "x")


@pytest.mark.parametrize("value", [1 + 2j, -0.5j, 3 - 0.1j, 1e-30 + 1e30j, 0j])
def test_complex_numbers_are_read_back_exactly(value: complex) -> None:
    for dtype in ("complex64", "complex128"):
        exact = np.array(value, dtype)
        assert np.array(eval(shortest(exact[()], dtype))).astype(dtype) == exact
        assert np.array(eval(nested(exact[None], dtype))).astype(dtype)[0] == exact
    assert eval(number(value)) == value


def test_complex_numbers_that_are_not_finite() -> None:
    assert repr(eval(number(complex("nan+infj")))) == "(nan+infj)"


@pytest.mark.parametrize("backend", ["reference", "torch", "tensorflow", "jax", "autograd"],
                         indirect=True)
def test_empty_arrays_are_complex_too(backend: Backend) -> None:
    graph = trace(lambda xp, z: {"dz": grad(xp.sum(z * z), z)},
                  {"z": (TensorType((0, 2), "complex128"), "constant")}, dtype="float64")
    answer = backend.evaluate(graph, {"z": np.zeros((0, 2), "complex128")})
    assert not answer.error
    assert (answer.values["dz"].shape, str(answer.values["dz"].dtype)) == ((0, 2), "complex128")
