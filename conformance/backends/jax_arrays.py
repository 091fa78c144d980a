"""How JAX spells what rearranges, gathers, sorts and multiplies arrays."""

from __future__ import annotations

import numpy as np

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


def _array(indices: object) -> str:
    return f"jnp.array({plain(list(indices) if isinstance(indices, tuple) else indices)})"


def _take_along_axis(call: Call) -> Expr:
    return Expr(f"jnp.take_along_axis({call.text}, {_array(call['indices'])}, axis={call['axis']})")


def _put_along_axis(call: Call) -> Expr:
    x, updates = (operand.text for operand in call.operands)
    return Expr(f"jnp.put_along_axis({x}, {_array(call['indices'])}, {updates}, "
                f"axis={call['axis']}, inplace=False)")


def _scatter_add(call: Call) -> Expr:
    """An index for every axis."""
    rows = np.asarray(call["indices"])
    everywhere = list(np.indices(rows.shape))
    everywhere[call["axis"]] = rows
    index = ", ".join(_array(part.tolist()) for part in everywhere)
    return Expr(f"{call.atom}.at[{index}].add({call.operands[1].text})")


def _index_add(call: Call) -> Expr:
    index = f"{':, ' * call.axes[0]}{_array(call['indices'])}"
    return Expr(f"{call.atom}.at[{index}].add({call.operands[1].text})")


def _segments(call: Call) -> Expr:
    return Expr(f"jax.ops.{call.node.op}({call.text}, {_array(call['segment_ids'])}, "
                f"num_segments={call['num_segments']})")


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
    "take_along_axis": _take_along_axis, "put_along_axis": _put_along_axis,
    "scatter_add": _scatter_add, "index_add": _index_add,
    **{f"segment_{name}": _segments for name in ("sum", "max", "min")},
    "segment_mean": None,
    "segment_prod": None,  # jax.ops.segment_prod has no gradient but for unique indices
    "vector_norm": function("jnp.linalg.vector_norm"),
    "einsum": _einsum,
}
