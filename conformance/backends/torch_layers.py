"""How PyTorch spells neural layers."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.backends.printing import Call, Expr, Spelling, function, plain
from conformance.errors import Unsupported

_NN = "torch.nn.functional"


def _over_last(name: str) -> Spelling:
    """A normalisation over the last axes, of which it wants the lengths."""
    def spell(call: Call) -> Expr:
        x, *weights = (operand.text for operand in call.operands)
        rank, axes = len(call.shape), call.axes
        if sorted(axes) != list(range(rank - len(axes), rank)):
            raise Unsupported(f"torch has no {call.node.op} over other axes than the last "
                              f"({call.node.where})")
        lengths = plain([call.shape[a] for a in sorted(axes)])
        return Expr(f"{_NN}.{name}({', '.join([x, lengths, *weights])}, eps={call['epsilon']!r})")

    return spell


def _batch_norm(call: Call) -> Expr:
    """Running averages are none, weight and bias the third and fourth."""
    x, weight, bias = (operand.text for operand in call.operands)
    return Expr(f"{_NN}.batch_norm({x}, None, None, {weight}, {bias}, training=True, "
                f"eps={call['epsilon']!r})")


def _instance_norm(call: Call) -> Expr:
    x, weight, bias = (operand.text for operand in call.operands)
    return Expr(f"{_NN}.instance_norm({x}, weight={weight}, bias={bias}, "
                f"eps={call['epsilon']!r})")


def _group_norm(call: Call) -> Expr:
    x, weight, bias = (operand.text for operand in call.operands)
    return Expr(f"{_NN}.group_norm({x}, {call['groups']}, {weight}, {bias}, "
                f"eps={call['epsilon']!r})")


def _normalize(call: Call) -> Expr:
    return Expr(f"{_NN}.normalize({call.text}, dim={plain(call['axis'])}, "
                f"eps={call['epsilon']!r})")


LAYERS: Mapping[str, Spelling] = {
    **{name: function(f"{_NN}.{name}") for name in (
        "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d")},
    **{name: function(f"{_NN}.{name}", positional=("kernel",)) for name in (
        "max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d")},
    **{name: function(f"{_NN}.{name}", positional=("size",)) for name in (
        "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d",
        "local_response_norm")},
    "standardize": _over_last("layer_norm"), "layer_norm": _over_last("layer_norm"),
    "rms_norm": _over_last("rms_norm"),
    "batch_norm": _batch_norm, "instance_norm": _instance_norm, "group_norm": _group_norm,
    "normalize": _normalize,
    **{name: function(f"{_NN}.{name}") for name in (
        "linear", "bilinear", "scaled_dot_product_attention")},
}
