"""How PyTorch spells the activations and losses of neural networks."""

from __future__ import annotations

from conformance.backends.printing import Call, Expr, Spelling, function, plain, template


def _of_indices(name: str) -> Spelling:
    """A loss whose target is a tensor of class indices."""
    def spell(call: Call) -> Expr:
        target = f"torch.tensor({plain(list(call['target']))})"
        options = "".join(f", {parameter}={plain(call[parameter])}" for parameter, default in (
            ("label_smoothing", 0.0), ("reduction", "mean"))
            if dict(call.node.parameters).get(parameter, default) != default)
        return Expr(f"torch.nn.functional.{name}({call.text}, {target}{options})")

    return spell


SPELLINGS: dict[str, Spelling | None] = {
    **{name: function(f"torch.nn.functional.{name}") for name in (
        "celu", "elu", "gelu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh",
        "leaky_relu", "mish", "prelu", "relu6", "selu", "silu", "softshrink", "softsign",
        "tanhshrink", "threshold")},
    "log_sigmoid": function("torch.nn.functional.logsigmoid"),
    "glu": function("torch.nn.functional.glu", axis="dim"),
    **dict.fromkeys(("sparse_plus", "sparse_sigmoid", "squareplus")),
    **{name: function(f"torch.nn.functional.{name}") for name in (
        "mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss", "binary_cross_entropy",
        "binary_cross_entropy_with_logits", "kl_div", "poisson_nll_loss", "gaussian_nll_loss",
        "soft_margin_loss", "hinge_embedding_loss", "margin_ranking_loss")},
    "nll_loss": _of_indices("nll_loss"), "cross_entropy": _of_indices("cross_entropy"),
    "softmax_cross_entropy": function("torch.nn.functional.cross_entropy"),
    "cosine_similarity": template(
        "torch.nn.functional.cosine_similarity({0}, {1}, dim={axis})"),
}
