"""How JAX spells what rearranges, gathers, sorts and multiplies arrays."""

from __future__ import annotations

from conformance.backends.printing import Call, Expr, Spelling, function, plain, template


def _pad(call: Call) -> Expr:
    options = "" if call["mode"] == "constant" else f', mode="{call["mode"]}"'
    if call["value"]:
        options += f", constant_values={plain(call['value'])}"
    return Expr(f"jnp.pad({call.text}, {plain(call['widths'])}{options})")


def _repeat(call: Call) -> Expr:
    counts = plain(call["repeats"])
    if isinstance(call["repeats"], tuple):
        counts = f"jnp.array({plain(list(call['repeats']))})"
    axis = "" if call["axis"] is None else f", axis={call['axis']}"
    return Expr(f"jnp.repeat({call.text}, {counts}{axis})")


def _einsum(call: Call) -> Expr:
    left, right = (operand.text for operand in call.operands)
    return Expr(f'jnp.einsum("{call["equation"]}", {left}, {right})')


def _cumulative(name: str) -> Spelling:
    """jax.lax counts axes from the first."""
    return lambda call: Expr(f"jax.lax.{name}({call.text}, axis={call.axes[0]})")


SPELLINGS: dict[str, Spelling | None] = {
    "pad": _pad, "repeat": _repeat,
    "tile": function("jnp.tile", positional=("repetitions",)),
    "moveaxis": function("jnp.moveaxis", positional=("source", "destination")),
    "diagonal": template("jnp.diagonal({0}, {offset}, axis1=-2, axis2=-1)"),
    "trace": template("jnp.trace({0}, {offset}, axis1=-2, axis2=-1)"),
    "diag": function("jnp.diag", offset="k"),
    "topk": template("jax.lax.top_k({0}, {k})[0]"),
    "kthvalue": None,
    "quantile": function("jnp.quantile", positional=("q",)),
    "cumulative_prod": function("jnp.cumprod"),
    "cumulative_logsumexp": _cumulative("cumlogsumexp"),
    "cumulative_max": _cumulative("cummax"), "cumulative_min": _cumulative("cummin"),
    "einsum": _einsum,
}
