"""Discrete Fourier transforms, as the array API's fft extension has them."""

from __future__ import annotations

from conformance import complex_rules as rules
from conformance.catalogue.operator import Op

ONE_AXIS = {"n": None, "axis": -1, "norm": "backward"}
SEVERAL_AXES = {"axes": None, "norm": "backward"}

OPERATORS = (
    *(Op(name, 1, infer, ONE_AXIS, group="fourier", linearity="linear", meaning=meaning)
      for name, infer, meaning in (
          ("fft", rules.fft, "sum(x[j] exp(-2 pi i j k / n)), of x cut or filled with zeros to n"),
          ("ifft", rules.fft, "the inverse of fft"),
          ("rfft", rules.rfft, "elements 0 to n // 2 of fft, of a real x"),
          ("irfft", rules.irfft, "the inverse of rfft; n is 2 * (length - 1) for null, and the "
           "imaginary parts of elements 0 and n / 2 are not read"),
          ("hfft", rules.irfft, "irfft of the conjugate, scaled by n; norm as that of fft"),
          ("ihfft", rules.rfft, "the inverse of hfft"),
      )),
    *(Op(name, 1, infer, SEVERAL_AXES, group="fourier", linearity="linear", meaning=meaning)
      for name, infer, meaning in (
          ("fftn", rules.fftn, "fft along every one of the axes; null is all"),
          ("ifftn", rules.fftn, "the inverse of fftn"),
          ("rfftn", rules.rfftn, "rfft along the last of the axes, fft along the others"),
      )),
    *(Op(name, 1, rules.shifted, {"axes": None}, group="fourier", linearity="linear",
         meaning=meaning) for name, meaning in (
             ("fftshift", "roll by length // 2 along the axes; null is all"),
             ("ifftshift", "the inverse of fftshift"),
      )),
)
