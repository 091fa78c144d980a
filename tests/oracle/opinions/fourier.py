"""Discrete Fourier transforms, by their definition in mpmath."""

import mpmath
import numpy as np

from opinions import X23, Line
from opinions.complex_numbers import Z23

Z5 = (0.5 - 1j, -1.25 + 0.75j, 2.0j, 0.25, -1.5 - 0.5j)
X5 = (0.5, -1.25, 2.0, 0.25, -1.5)


def fitted(x, n):
    return [*x[:n], *[mpmath.mpf(0)] * (n - len(x))]


def dft(x, sign, factor):
    n = len(x)
    return np.array([mpmath.mpc(factor * sum(
        v * mpmath.expjpi(mpmath.mpf(2 * sign * j * k) / n) for j, v in enumerate(x)))
        for k in range(n)])


def factor(norm, n, inverse):
    """What the transform is multiplied by."""
    if norm == "ortho":
        return 1 / mpmath.sqrt(n)
    return mpmath.mpf(1) / n if (norm == "forward") != inverse else mpmath.mpf(1)


def along(function, axis):
    """np.apply_along_axis, which would turn mpmath's numbers into Python's."""
    def meaning(x):
        rows = np.moveaxis(x, axis, -1)
        done = [function(list(row)) for row in rows.reshape(-1, rows.shape[-1])]
        out = np.empty((len(done), len(done[0])), object)
        for i, row in enumerate(done):
            out[i] = row
        return np.moveaxis(out.reshape(*rows.shape[:-1], -1), -1, axis)

    return meaning


def whole(inverse, n=None, axis=-1, norm="backward", half=False):
    def function(x):
        size = n or len(x)
        y = dft(fitted(x, size), 1 if inverse else -1, factor(norm, size, inverse))
        return y[: size // 2 + 1] if half else y

    return along(function, axis)


def mirrored(inverse, n=None, norm="backward"):
    """A real result: what the first half of the spectrum says of the other, imaginary parts of
    elements that are their own mirror images aside."""
    def function(x):
        size = n or 2 * (len(x) - 1)
        half = fitted(x, size // 2 + 1)
        spectrum = [mpmath.re(half[0]), *half[1: (size + 1) // 2]]
        spectrum += [mpmath.re(half[size // 2])] if size % 2 == 0 else []
        spectrum += [mpmath.conj(spectrum[size - k]) for k in range(len(spectrum), size)]
        y = dft(spectrum, 1 if inverse else -1, factor(norm, size, inverse))
        return np.array([mpmath.re(v) for v in y])

    return along(function, -1)


def both(first, second):
    return lambda x: second(first(x))


LINES: dict[str, list[Line]] = {
    "fft": [Line(whole(False), (Z23,)),
            Line(whole(False, n=4, axis=0, norm="ortho"), (Z23,),
                 {"n": 4, "axis": 0, "norm": "ortho"}),
            Line(whole(False, n=2, norm="forward"), (X23,), {"n": 2, "norm": "forward"})],
    "ifft": [Line(whole(True), (Z5,)), Line(whole(True, norm="ortho"), (Z5,), {"norm": "ortho"}),
             Line(whole(True, norm="forward"), (Z23,), {"norm": "forward"})],
    "rfft": [Line(whole(False, half=True), (X5,)),
             Line(whole(False, n=4, norm="ortho", half=True), (X23,), {"n": 4, "norm": "ortho"})],
    "ihfft": [Line(whole(True, half=True), (X5,)),
              Line(whole(True, axis=0, norm="forward", half=True), (X23,),
                   {"axis": 0, "norm": "forward"})],
    "irfft": [Line(mirrored(True), (Z5,)), Line(mirrored(True, n=7), (Z5,), {"n": 7}),
              Line(mirrored(True, n=12, norm="ortho"), (Z5,), {"n": 12, "norm": "ortho"})],
    "hfft": [Line(mirrored(False), (Z5,)),
             Line(mirrored(False, n=5, norm="forward"), (Z23,), {"n": 5, "norm": "forward"})],
    "fftn": [Line(both(whole(False), whole(False, axis=0)), (Z23,)),
             Line(whole(False, axis=0, norm="ortho"), (X23,), {"axes": (0,), "norm": "ortho"})],
    "ifftn": [Line(both(whole(True), whole(True, axis=0)), (Z23,))],
    "rfftn": [Line(both(whole(False, half=True), whole(False, axis=0)), (X23,)),
              Line(both(whole(False, axis=0, half=True), whole(False, axis=1)), (X23,),
                   {"axes": (1, 0)})],
    "fftshift": [Line(np.fft.fftshift, (Z23,)),
                 Line(lambda x: np.fft.fftshift(x, (1,)), (X23,), {"axes": (1,)})],
    "ifftshift": [Line(np.fft.ifftshift, (Z23,)),
                  Line(lambda x: np.fft.ifftshift(x, (1,)), (X23,), {"axes": (1,)})],
}
