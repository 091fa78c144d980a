"""How TensorFlow, and Keras with it, spells the activations and losses of neural networks."""

from __future__ import annotations

from conformance.backends.printing import ATOM, Call, Expr, Spelling, function, plain, template


def _elu(call: Call) -> Expr:
    """tf.nn.elu has no alpha."""
    if call["alpha"] == 1:
        return Expr(f"tf.nn.elu({call.text})")
    return function("tf.keras.activations.elu")(call)


def _gelu(call: Call) -> Expr:
    approximate = ", approximate=True" if call["approximate"] == "tanh" else ""
    return Expr(f"tf.nn.gelu({call.text}{approximate})")


def _hardtanh(call: Call) -> Expr:
    low, high = call["min_val"], call["max_val"]
    if (low, high) == (-1, 1):
        return Expr(f"tf.keras.activations.hard_tanh({call.text})")
    return Expr(f"tf.clip_by_value({call.text}, {plain(low)}, {plain(high)})")


def _prelu(call: Call) -> Expr:
    """Keras has it as a layer; its users write it so."""
    x, weight = (operand.within(ATOM) for operand in call.operands)
    if call.types[1].size > 1 and len(call.shape) > 2:
        weight = f"tf.reshape({weight}, {plain([-1, *[1] * (len(call.shape) - 2)])})"
    return Expr(f"tf.where({x} > 0, {x}, {weight} * {x})")


_prelu.repeats = True  # type: ignore[attr-defined]

SPELLINGS: dict[str, Spelling | None] = {
    **{name: function(f"tf.nn.{name}") for name in ("relu6", "selu", "silu", "softsign")},
    **{name: function(f"tf.keras.activations.{name}") for name in (
        "celu", "glu", "mish", "sparse_plus", "sparse_sigmoid", "squareplus")},
    "elu": _elu, "gelu": _gelu, "hardtanh": _hardtanh, "prelu": _prelu,
    "hardshrink": function("tf.keras.activations.hard_shrink", lambd="threshold"),
    "hardsigmoid": function("tf.keras.activations.hard_sigmoid"),
    "hardswish": function("tf.keras.activations.hard_silu"),
    "leaky_relu": template("tf.nn.leaky_relu({0}, alpha={negative_slope})"),
    "log_sigmoid": function("tf.math.log_sigmoid"),
    "softshrink": function("tf.keras.activations.soft_shrink", lambd="threshold"),
    "tanhshrink": function("tf.keras.activations.tanh_shrink"),
    "threshold": function("tf.keras.activations.threshold", value="default_value"),
}
