"""The activations and losses of neural networks, of which HIPS autograd has none."""

from __future__ import annotations

from conformance.backends.printing import Spelling

SPELLINGS: dict[str, Spelling | None] = dict.fromkeys((
    "celu", "elu", "gelu", "glu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh",
    "leaky_relu", "log_sigmoid", "mish", "prelu", "relu6", "selu", "silu", "softshrink",
    "softsign", "sparse_plus", "sparse_sigmoid", "squareplus", "tanhshrink", "threshold",
    "mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss", "binary_cross_entropy",
    "binary_cross_entropy_with_logits", "kl_div", "poisson_nll_loss", "gaussian_nll_loss",
    "soft_margin_loss", "hinge_embedding_loss", "margin_ranking_loss", "nll_loss",
    "cross_entropy", "softmax_cross_entropy", "cosine_similarity"))
