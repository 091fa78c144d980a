"""How JAX spells the activations and losses of neural networks."""

from __future__ import annotations

from conformance.backends.printing import (
    ATOM,
    PRODUCT,
    SUM,
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
}
