"""Fourier transforms for frameworks that spell them as NumPy does, but for names."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.backends.printing import Spelling, function

ONE_AXIS = ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
SEVERAL_AXES = ("fftn", "ifftn", "rfftn", "fftshift", "ifftshift")


def like_numpy(namespace: str, **renamed: str) -> Mapping[str, Spelling]:
    """`namespace.fft(x, n=…, axis=…, norm=…)` and the like."""
    return {name: function(f"{namespace}.{name}", **renamed)
            for name in (*ONE_AXIS, *SEVERAL_AXES)}
