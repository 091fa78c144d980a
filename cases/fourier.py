"""Gradients through discrete Fourier transforms."""

from conformance import case, complex_uniform, family, grad, uniform

SIGNAL = complex_uniform(3, 4)
NORMS = {"backward": {"z": SIGNAL}, "ortho": {"z": SIGNAL}, "forward": {"z": SIGNAL}}


def weights(xp, shape):
    """A complex number for every element, no two alike."""
    size = 1
    for length in shape:
        size *= length
    numbers = [(k * 5 % 7 - 3) / 4 + 1j * (k * 3 % 5 - 1.5) / 2 for k in range(size)]
    return xp.reshape(xp.asarray(numbers), shape)


def slopes(xp, y, x):
    """First and second derivatives of a nonlinear loss of y, with a weight for each element."""
    weight = weights(xp, y.shape)
    loss = xp.sum(xp.real(weight * y * y * y) if "complex" in y.dtype else xp.real(weight) * y**3)
    dloss_dx = grad(loss, x)
    weight = weights(xp, x.shape)
    along = xp.sum(xp.real(weight * dloss_dx) if "complex" in x.dtype
                   else xp.real(weight) * dloss_dx)
    return {"dloss/dx": dloss_dx, "dalong/dx": grad(along, x)}


@family(**NORMS)
def transform(xp, norm, z):
    """The transform's gradient is the transform of the conjugate cotangents, scaled alike."""
    weight = weights(xp, z.shape)
    loss = xp.sum(xp.real(weight * xp.fft(z, norm=norm)))
    dloss_dz = grad(loss, z) == xp.conj(xp.fft(weight, norm=norm))
    return slopes(xp, xp.fft(z, norm=norm), z) | {"dlinear/dz": dloss_dz}


@family(**NORMS)
def inverse_transform(xp, norm, z):
    """The inverse transform has the gradient of the transform, scaled as it is itself."""
    weight = weights(xp, z.shape)
    loss = xp.sum(xp.real(weight * xp.ifft(z, norm=norm)))
    dloss_dz = grad(loss, z) == xp.conj(xp.ifft(weight, norm=norm))
    return slopes(xp, xp.ifft(z, norm=norm), z) | {"dlinear/dz": dloss_dz}


@family(fft={"z": SIGNAL}, ifft={"z": SIGNAL})
def transform_along_the_first_axis(xp, name, z):
    """A transform along another axis than the last, here of an odd length."""
    return slopes(xp, getattr(xp, name)(z, axis=0), z)


@family(cut={"z": SIGNAL}, filled={"z": SIGNAL})
def transform_of_another_length(xp, name, z):
    """What is cut off has no gradient, and zeros that are filled in take none away."""
    return slopes(xp, xp.fft(z, n={"cut": 3, "filled": 5}[name]), z)


@family(backward={"x": uniform(3, 4)}, ortho={"x": uniform(3, 4)}, forward={"x": uniform(3, 4)})
def transform_of_real_numbers(xp, norm, x):
    """Half of the spectrum of real numbers gives them a real gradient."""
    return slopes(xp, xp.rfft(x, norm=norm), x)


@family(odd={"x": uniform(5)}, cut={"x": uniform(2, 6)}, filled={"x": uniform(2, 3)})
def real_transform_of_another_length(xp, name, x):
    """An odd length has no element that is its own mirror image but the first."""
    n = {"odd": None, "cut": 5, "filled": 6}[name]
    return slopes(xp, xp.rfft(x, n=n), x)


@family(backward={"z": SIGNAL}, ortho={"z": SIGNAL}, forward={"z": SIGNAL})
def real_inverse_of_half_a_spectrum(xp, norm, z):
    """Elements that stand for two count twice, and imaginary parts that must be 0 for nothing."""
    return slopes(xp, xp.irfft(z, norm=norm), z)


@case(z=SIGNAL)
def odd_real_inverse(xp, z):
    """Of an odd length only the first element of a half spectrum is its own mirror image."""
    return slopes(xp, xp.irfft(z, n=7), z)


@family(hfft={"x": SIGNAL}, ihfft={"x": uniform(3, 4)})
def hermitian_transform(xp, name, x):
    """The transforms of Hermitian signals are those of real ones with the roles exchanged."""
    return slopes(xp, getattr(xp, name)(x), x)


@family(fftn={"x": SIGNAL}, ifftn={"x": complex_uniform(2, 3)}, rfftn={"x": uniform(3, 4)})
def transform_along_two_axes(xp, name, x):
    """A transform of an image runs along its rows and its columns."""
    return slopes(xp, getattr(xp, name)(x), x)


@case(z=complex_uniform(2, 2, 3))
def transform_along_axes_that_are_named(xp, z):
    """Named axes are transformed, the others are so many transforms."""
    return slopes(xp, xp.fftn(z, axes=(0, 2), norm="ortho"), z)


@family(fftshift={"z": SIGNAL}, ifftshift={"z": SIGNAL})
def shifted_spectrum(xp, name, z):
    """Moving the zero frequency to the middle moves the gradient back."""
    shifted = getattr(xp, name)(z)
    rows = getattr(xp, name)(z, axes=(0,))
    return slopes(xp, shifted * rows, z)


@case(x=[0.5, -1.25, 2.0, 0.75])
def power_spectrum(xp, x):
    """The energy of a spectrum is that of the signal, times its length."""
    power = xp.abs(xp.fft(x)) ** 2
    energy = xp.sum(power)
    denergy_dx = grad(energy, x)
    weighted = xp.sum(power * xp.asarray([1.0, 0.25, -0.5, 2.0]))
    return {
        "denergy/dx": denergy_dx == 8 * x,
        "d2energy/dx2": grad(denergy_dx, x) == 8,
        "dweighted/dx": grad(weighted, x),
    }


@case(x=[0.5, -1.25, 2.0, 0.75, 0.125], w=[1.0, -0.5, 0.25, 0.0, 0.0])
def convolution_by_spectra(xp, x, w):
    """The product of two spectra is the spectrum of the circular convolution."""
    y = xp.real(xp.ifft(xp.fft(x) * xp.fft(w)))
    weight = xp.asarray([1.0, -2.0, 0.5, 3.0, -0.75])
    loss = xp.sum(weight * y)
    return {
        "dloss/dx": grad(loss, x) == sum(w[k] * xp.roll(weight, -k) for k in range(3)),
        "dloss/dw": grad(loss, w) == xp.stack([xp.sum(xp.roll(x, k) * weight) for k in range(5)]),
        "d2loss/dxdw": grad(xp.sum(grad(loss * loss, x)), w),
    }


@case(x=[0.5, -1.25, 2.0, 0.75])
def phases_of_a_spectrum(xp, x):
    """A delay turns the phases, in which the gradient sees every sample."""
    phase = xp.angle(xp.rfft(x)[1:2])
    return {"dphase/dx": grad(phase, x), "d2phase/dx2": grad(xp.sum(grad(phase, x)[1:]), x)}
