"""Convolutions (cross-correlations, as torch and JAX have them) and their transposes."""

from __future__ import annotations

from conformance import window_rules as windows
from conformance.catalogue.operator import Op

WINDOWS = {"stride": 1, "padding": 0}
OPERATORS = (
    *(Op(f"conv{n}d", 2, windows.convolution(n), {**WINDOWS, "dilation": 1, "groups": 1},
         group="convolution", linearity="bilinear",
         meaning="sum over c and k of weight[o, c, k] x[batch, c, t * stride - padding + "
         "k * dilation], zeros around x; channels in groups that do not mix") for n in (1, 2, 3)),
    *(Op(f"conv_transpose{n}d", 2, windows.transposed_convolution(n),
         {**WINDOWS, "output_padding": 0, "groups": 1, "dilation": 1},
         group="convolution", linearity="bilinear",
         meaning="the adjoint in x of the convolution with these parameters, weight "
         "(channels of x, channels of the result / groups, *kernel); output_padding lengthens it")
      for n in (1, 2, 3)),
)
