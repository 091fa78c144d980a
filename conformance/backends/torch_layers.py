"""How PyTorch spells neural layers."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.backends.printing import Spelling, function

_NN = "torch.nn.functional"

LAYERS: Mapping[str, Spelling] = {
    **{name: function(f"{_NN}.{name}") for name in (
        "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d")},
    **{name: function(f"{_NN}.{name}", positional=("kernel",)) for name in (
        "max_pool1d", "max_pool2d", "avg_pool1d", "avg_pool2d")},
    **{name: function(f"{_NN}.{name}", positional=("size",)) for name in (
        "adaptive_avg_pool1d", "adaptive_avg_pool2d")},
}
