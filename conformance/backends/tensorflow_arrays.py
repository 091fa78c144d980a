"""How TensorFlow spells what rearranges, gathers, sorts and multiplies arrays."""

from __future__ import annotations

import numpy as np

from conformance.backends.printing import Call, Expr, Spelling, function, plain, template
from conformance.errors import Unsupported


def _listed(value: object) -> str:
    return plain(list(value) if isinstance(value, tuple) else value)


def _pad(call: Call) -> Expr:
    mode = call["mode"]
    if mode not in ("constant", "reflect"):
        raise Unsupported(f"tensorflow has no pad in mode {mode!r}")
    options = f", constant_values={plain(call['value'])}" if call["value"] else ""
    if mode == "reflect":
        options = ', mode="REFLECT"'
    return Expr(f"tf.pad({call.text}, {plain([list(pair) for pair in call['widths']])}{options})")


def _repeat(call: Call) -> Expr:
    axis = "" if call["axis"] is None else f", axis={call['axis']}"
    return Expr(f"tf.repeat({call.text}, {_listed(call['repeats'])}{axis})")


def _trace(call: Call) -> Expr:
    """tf.linalg.trace takes the main diagonal."""
    if not call["offset"]:
        return Expr(f"tf.linalg.trace({call.text})")
    return Expr(f"tf.reduce_sum(tf.linalg.diag_part({call.text}, k={call['offset']}), axis=-1)")


def _tensordot(call: Call) -> Expr:
    left, right = (operand.text for operand in call.operands)
    axes = call["axes"]
    pair = plain([list(part) for part in axes]) if isinstance(axes, tuple) else plain(axes)
    return Expr(f"tf.tensordot({left}, {right}, axes={pair})")


def _cross(call: Call) -> Expr:
    """tf.linalg.cross goes along the last axis and does not broadcast."""
    if call["axis"] != -1 or call.types[0].shape != call.types[1].shape:
        raise Unsupported("tensorflow has no cross but along the last axis of equal shapes")
    left, right = (operand.text for operand in call.operands)
    return Expr(f"tf.linalg.cross({left}, {right})")


def _einsum(call: Call) -> Expr:
    left, right = (operand.text for operand in call.operands)
    return Expr(f'tf.einsum("{call["equation"]}", {left}, {right})')


def _sort(call: Call) -> Expr:
    axis = "" if call["axis"] == -1 else f", axis={call['axis']}"
    order = ', direction="DESCENDING"' if call["descending"] else ""
    return Expr(f"tf.sort({call.text}{axis}{order})")


def _along(name: str) -> Spelling:
    """tf.tensor_scatter_nd_* want all of an element's indices together."""
    def spell(call: Call) -> Expr:
        rows = np.asarray(call["indices"])
        everywhere = list(np.indices(rows.shape))
        everywhere[call["axis"]] = rows
        return _scattered(name, call, np.stack(everywhere, -1))

    return spell


def _index_add(call: Call) -> Expr:
    axis, ids = call.axes[0], np.asarray(call["indices"], np.intp)
    if not axis:
        return _scattered("add", call, ids[:, None])
    everywhere = list(np.indices(call.types[1].shape))
    everywhere[axis] = ids[everywhere[axis]]
    return _scattered("add", call, np.stack(everywhere, -1))


def _scattered(name: str, call: Call, indices: np.ndarray) -> Expr:
    x, updates = (operand.text for operand in call.operands)
    return Expr(f"tf.tensor_scatter_nd_{name}({x}, {plain(indices.tolist())}, {updates})")


def _segments(call: Call) -> Expr:
    reduce = call.node.op.removeprefix("segment_")
    return Expr(f"tf.math.unsorted_segment_{reduce}({call.text}, {_listed(call['segment_ids'])}, "
                f"{call['num_segments']})")


SPELLINGS: dict[str, Spelling | None] = {
    "pad": _pad, "repeat": _repeat,
    "tile": lambda call: Expr(f"tf.tile({call.text}, {_listed(call['repetitions'])})"),
    "moveaxis": function("tf.experimental.numpy.moveaxis", positional=("source", "destination")),
    "tril": function("tf.experimental.numpy.tril"), "triu": function("tf.experimental.numpy.triu"),
    "diagonal": function("tf.linalg.diag_part", offset="k"),
    "diag": function("tf.linalg.diag", offset="k"),
    "trace": _trace,
    "rot90": function("tf.experimental.numpy.rot90"),
    "sort": _sort,
    "topk": template("tf.math.top_k({0}, {k}).values"),
    "cumulative_prod": function("tf.math.cumprod"),
    "cumulative_logsumexp": function("tf.math.cumulative_logsumexp"),
    **dict.fromkeys(("kthvalue", "median", "quantile", "cumulative_max", "cumulative_min",
                     "trapezoid")),
    "take_along_axis": template(
        "tf.experimental.numpy.take_along_axis({0}, {indices}, axis={axis})"),
    "put_along_axis": _along("update"), "scatter_add": _along("add"), "index_add": _index_add,
    **{f"segment_{name}": _segments for name in ("sum", "mean", "prod", "max", "min")},
    "outer": template("tf.tensordot({0}, {1}, axes=0)"),
    "inner": function("tf.experimental.numpy.inner"),
    "kron": function("tf.experimental.numpy.kron"),
    "vecdot": template("tf.reduce_sum({0} * {1}, axis={axis})"),
    "cross": _cross, "tensordot": _tensordot, "einsum": _einsum,
}
