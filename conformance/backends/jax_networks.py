"""How JAX spells the activations and losses of neural networks."""

from __future__ import annotations

from conformance.backends.loss_formulas import formulas, reduced
from conformance.backends.printing import (
    ATOM,
    PRODUCT,
    SUM,
    UNARY,
    Call,
    Expr,
    Spelling,
    function,
    plain,
    template,
)


def _gelu(call: Call) -> Expr:
    """JAX approximates unless it is told not to."""
    return Expr(f"jax.nn.gelu({call.text}, approximate={call['approximate'] == 'tanh'})")


def _hardtanh(call: Call) -> Expr:
    low, high = call["min_val"], call["max_val"]
    if (low, high) == (-1, 1):
        return Expr(f"jax.nn.hard_tanh({call.text})")
    return Expr(f"jnp.clip({call.text}, {plain(low)}, {plain(high)})")


def _prelu(call: Call) -> Expr:
    """Its users write it so."""
    x, weight = (operand.within(ATOM) for operand in call.operands)
    if call.types[1].size > 1 and len(call.shape) > 2:
        weight = f"jnp.reshape({weight}, {plain((-1, *[1] * (len(call.shape) - 2)))})"
    return Expr(f"jnp.where({x} > 0, {x}, {weight} * {x})")


_prelu.repeats = True  # type: ignore[attr-defined]

WORDS = {"np": "jnp", "log": "jnp.log", "log1p": "jnp.log1p", "softplus": "jax.nn.softplus",
         "mean": "jnp.mean", "sum": "jnp.sum"}


def _cross_entropy(call: Call) -> Expr:
    classes, smoothing = call.shape[1], call["label_smoothing"]
    labels = f"jax.nn.one_hot(jnp.array({plain(list(call['target']))}), {classes})"
    if smoothing:
        labels = f"((1 - {plain(smoothing)}) * {labels} + {plain(smoothing)} / {classes})"
    loss = f"-jnp.sum({labels} * jax.nn.log_softmax({call.text}), axis=-1)"
    return reduced(call, Expr(loss, UNARY), WORDS)


def _nll_loss(call: Call) -> Expr:
    rows, target = call.shape[0], plain(list(call["target"]))
    loss = f"-{call.atom}[jnp.arange({rows}), jnp.array({target})]"
    return reduced(call, Expr(loss, UNARY), WORDS)


def _binary_cross_entropy_with_logits(call: Call) -> Expr:
    x, target = (operand.within(ATOM) for operand in call.operands)
    loss = (f"-({target} * jax.nn.log_sigmoid({x}) "
            f"+ (1 - {target}) * jax.nn.log_sigmoid(-{x}))")
    return reduced(call, Expr(loss, UNARY), WORDS)


def _softmax_cross_entropy(call: Call) -> Expr:
    labels = call.operands[1].within(ATOM)
    loss = f"-jnp.sum({labels} * jax.nn.log_softmax({call.text}), axis=-1)"
    return reduced(call, Expr(loss, UNARY), WORDS)


_binary_cross_entropy_with_logits.repeats = True  # type: ignore[attr-defined]

SPELLINGS: dict[str, Spelling | None] = {
    **{name: function(f"jax.nn.{name}") for name in (
        "celu", "elu", "glu", "leaky_relu", "log_sigmoid", "mish", "relu6", "selu", "silu",
        "sparse_plus", "sparse_sigmoid", "squareplus")},
    "gelu": _gelu, "hardtanh": _hardtanh, "prelu": _prelu,
    "hardshrink": template("jnp.where(jnp.abs({0}) > {lambd}, {0}, 0.0)"),
    "hardsigmoid": function("jax.nn.hard_sigmoid"),
    "hardswish": function("jax.nn.hard_silu"),
    "softshrink": template("jnp.sign({0}) * jnp.maximum(jnp.abs({0}) - {lambd}, 0.0)", PRODUCT),
    "softsign": function("jax.nn.soft_sign"),
    "tanhshrink": template("{0} - jnp.tanh({0})", SUM),
    "threshold": template("jnp.where({0} > {threshold}, {0}, {value})"),
    **formulas(WORDS),
    "cross_entropy": _cross_entropy, "nll_loss": _nll_loss,
    "softmax_cross_entropy": _softmax_cross_entropy,
    "binary_cross_entropy_with_logits": _binary_cross_entropy_with_logits,
    "cosine_similarity": template(
        "jnp.sum({0} * {1}, axis={axis}) / (jnp.linalg.norm({0}, axis={axis}) "
        "* jnp.linalg.norm({1}, axis={axis}))", PRODUCT),
}
