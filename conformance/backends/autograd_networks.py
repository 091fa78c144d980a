"""The activations and losses of neural networks, of which HIPS autograd has none."""

from __future__ import annotations

from conformance.backends.printing import Spelling

SPELLINGS: dict[str, Spelling | None] = dict.fromkeys((
    "celu", "elu", "gelu", "glu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh",
    "leaky_relu", "log_sigmoid", "mish", "prelu", "relu6", "selu", "silu", "softshrink",
    "softsign", "sparse_plus", "sparse_sigmoid", "squareplus", "tanhshrink", "threshold"))
