"""Pooling over windows of the spatial axes of x (batch, channels, *spatial)."""

from __future__ import annotations

from conformance import window_rules as windows
from conformance.catalogue.operator import Op
from conformance.typing_rules import REQUIRED

WINDOWS = {"kernel": REQUIRED, "stride": None, "padding": 0}
OPERATORS = (
    *(Op(f"max_pool{n}d", 1, windows.pooling(n), WINDOWS, group="pooling", kinks="ties",
         linearity="piecewise",
         meaning="the greatest of each window; a stride of None is the kernel") for n in (1, 2, 3)),
    *(Op(f"avg_pool{n}d", 1, windows.pooling(n), WINDOWS, group="pooling", linearity="linear",
         meaning="the sum of each window, with zeros around x, divided by the kernel's size")
      for n in (1, 2, 3)),
    *(Op(f"adaptive_avg_pool{n}d", 1, windows.adaptive_pooling(n), {"size": REQUIRED},
         group="pooling", linearity="linear",
         meaning="the mean of each region: region i of an axis goes from floor(i * length / size) "
         "up to ceil((i + 1) * length / size)") for n in (1, 2, 3)),
)
