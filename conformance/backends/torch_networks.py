"""How PyTorch spells the activations and losses of neural networks."""

from __future__ import annotations

from conformance.backends.printing import Spelling, function

SPELLINGS: dict[str, Spelling | None] = {
    **{name: function(f"torch.nn.functional.{name}") for name in (
        "celu", "elu", "gelu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh",
        "leaky_relu", "mish", "prelu", "relu6", "selu", "silu", "softshrink", "softsign",
        "tanhshrink", "threshold")},
    "log_sigmoid": function("torch.nn.functional.logsigmoid"),
    "glu": function("torch.nn.functional.glu", axis="dim"),
    **dict.fromkeys(("sparse_plus", "sparse_sigmoid", "squareplus")),
}
