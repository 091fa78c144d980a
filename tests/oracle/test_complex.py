"""Complex numbers in the oracle: the gradient's convention, cuts, kinks, and how FFTs round."""

import numpy as np
import pytest
from flint import acb, arb

from conformance.errors import CannotCertify
from conformance.formats import FORMATS
from conformance.oracle import Kink, derivatives
from conformance.oracle.complex_functions import COMPLEX_FUNCTIONS
from conformance.oracle.noise import Noisy
from conformance.tracing import grad, trace
from conformance.typing_rules import TensorType

Z = 1.25 - 0.75j


def answers(program, dtype="float64", **inputs):
    arrays = {name: np.asarray(value) for name, value in inputs.items()}
    if dtype == "float32":
        arrays = {name: a.astype("complex64" if a.dtype.kind == "c" else dtype)
                  for name, a in arrays.items()}
    types = {name: (TensorType(a.shape, str(a.dtype)), "constant") for name, a in arrays.items()}

    def differentiated(xp, **values):  # a graph has a derivative
        source = next(iter(values.values()))
        return {**program(xp, **values), "1": grad(source, source)}

    return derivatives(trace(differentiated, types, dtype=dtype), arrays)


def number(answer):
    if isinstance(answer, CannotCertify):
        raise answer
    return answer.hi[..., 0] + 1j * answer.hi[..., 1]


@pytest.mark.parametrize(("function", "wanted"), [
    (lambda xp, z: z**2, np.conj(2 * Z)),  # holomorphic: the conjugate of the slope
    (lambda xp, z: xp.conj(z) ** 2, np.conj(2 * Z)),  # which has the same real part
    (lambda xp, z: xp.real(z), 1),
    (lambda xp, z: xp.imag(z), 1j),
    (lambda xp, z: xp.real(z * xp.conj(z)), 2 * Z),
    (lambda xp, z: 1j * xp.real(z), 0),  # nothing of it is real
    (lambda xp, z: xp.abs(z), Z / abs(Z)),
    (lambda xp, z: xp.angle(z), 1j * Z / abs(Z) ** 2),
])
def test_the_gradient_is_that_of_the_real_part(function, wanted):
    got = answers(lambda xp, z: {"dz": grad(function(xp, z), z)}, z=Z)
    np.testing.assert_allclose(number(got["dz"]), wanted, rtol=1e-15, atol=1e-300)


def test_a_real_source_has_a_real_gradient():
    got = answers(lambda xp, x: {"dx": grad((x + 1j) ** 3, x)}, x=0.5)["dx"]
    assert got.hi.shape == ()
    assert float(got.hi) == (3 * (0.5 + 1j) ** 2).real


def test_gradients_nest_through_intermediates():
    def program(xp, z):
        w = xp.exp(z)
        inner = grad(w * w, w)  # conj(2 w)
        return {"inner": inner, "outer": grad(inner * z, z)}

    got = answers(program, z=Z)
    np.testing.assert_allclose(number(got["inner"]), np.conj(2 * np.exp(Z)), rtol=1e-15)
    # R = Re(2 conj(w) z); dR = Re(2 conj(w) dz + 2 z conj(w dz))
    wanted = 2 * np.exp(Z) + 2 * Z * np.conj(np.exp(Z))
    np.testing.assert_allclose(number(got["outer"]), wanted, rtol=1e-14)


@pytest.mark.parametrize("name", ["log", "sqrt", "angle"])
@pytest.mark.parametrize("point", [-2.0 + 0j, 0j])
def test_on_the_cut_there_is_no_truth(name, point):
    got = answers(lambda xp, z: {"dz": grad(getattr(xp, name)(z), z)}, z=point)["dz"]
    assert isinstance(got, CannotCertify)
    assert str(got).startswith("cut: ")
    assert "cut" in str(got)


@pytest.mark.parametrize("point", [-2.0 + 1e-300j, -2.0 - 1e-300j])
def test_beside_the_cut_there_is_one(point):
    got = answers(lambda xp, z: {"y": xp.log(z), "dz": grad(xp.sqrt(z), z)}, z=point)
    np.testing.assert_allclose(number(got["y"]), np.log(point), rtol=1e-15)
    np.testing.assert_allclose(number(got["dz"]), np.conj(0.5 / np.sqrt(point)), rtol=1e-14)


def test_the_modulus_has_a_kink_at_zero():
    got = answers(lambda xp, z: {"dz": grad(xp.abs(z), z)}, z=0j)["dz"]
    assert isinstance(got, Kink)
    for limit in got.limits:  # the unit circle
        assert abs(number(limit)) == pytest.approx(1)


def test_a_product_that_is_real_is_certain_not_to_be_imaginary():
    got = answers(lambda xp, z: {"y": z * xp.conj(z)}, z=Z)["y"]
    assert (number(got).imag, got.radius[1]) == (0, 0)
    assert got.allowed[1] > 0  # a fused multiplication need not cancel


@pytest.mark.parametrize("name", sorted(COMPLEX_FUNCTIONS))
def test_a_noisy_slope_contains_the_exact_one(name):
    function, noisy = COMPLEX_FUNCTIONS[name], Noisy("complex64", FORMATS["float32"])
    at = acb(arb(1.25), arb(-0.75))
    for exact, widened in zip(function.taylor(at, 2), noisy.taylor(function, at, 2), strict=True):
        assert widened.contains(exact)
        assert not exact.contains(widened)


def test_errors_of_complex_numbers_are_relative_to_the_modulus():
    noisy = Noisy("complex64", FORMATS["float32"])
    (product,) = noisy.multiply({0: acb(1)}, {0: acb(1)}).values()
    assert product.imag.rad() >= 2.0**-24
    assert noisy.real.dtype == "float32"
    (real,) = noisy.real.multiply({0: arb(1)}, {0: arb(1)}).values()
    assert isinstance(real, arb)


@pytest.mark.parametrize("name", ["fft", "ifft"])
@pytest.mark.parametrize("n", [5, 12])
def test_what_is_allowed_holds_numpys_single_precision(name, n):
    generator = np.random.default_rng(n)
    z = (generator.normal(size=n) + 1j * generator.normal(size=n)).astype("complex64")
    got = answers(lambda xp, z: {"y": getattr(xp, name)(z)}, "float32", z=z)["y"]
    rounded = getattr(np.fft, name)(z).astype("complex64")
    error = np.stack([rounded.real, rounded.imag], axis=-1) - got.hi
    assert (np.abs(error) <= got.allowed).all()
    assert (got.allowed < 1e-4).all()


def test_an_fft_that_is_off_in_one_element_is_not_explained():
    z = np.array([1, 2j, -0.5, 0.25 - 1j])
    got = answers(lambda xp, z: {"y": xp.fft(z)}, "float32", z=z)["y"]
    size = np.linalg.norm(np.fft.fft(z))
    assert (got.allowed < 1e-5 * size).all()
    assert (got.allowed > 2.0**-24 * size).all()
