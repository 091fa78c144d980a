"""How autograd's NumPy spells what rearranges, gathers, sorts and multiplies arrays."""

from __future__ import annotations

from conformance.backends.printing import Call, Expr, Spelling, function, plain, template
from conformance.errors import Unsupported


def _pad(call: Call) -> Expr:
    """autograd has the gradient of padding by a number alone."""
    if call["mode"] != "constant":
        raise Unsupported(f"autograd has no pad in mode {call['mode']!r}")
    options = f", constant_values={plain(call['value'])}" if call["value"] else ""
    return Expr(f'np.pad({call.text}, {plain(call["widths"])}, "constant"{options})')


def _repeat(call: Call) -> Expr:
    """autograd has the gradient of one count for all elements."""
    if isinstance(call["repeats"], tuple):
        raise Unsupported("autograd has no repeat with a count for each element")
    return function("np.repeat", positional=("repeats",))(call)


def _diagonal(call: Call) -> Expr:
    """autograd has the gradient of the main diagonal alone, with its axes in this order."""
    if call["offset"]:
        raise Unsupported("autograd has no diagonal but the main one")
    return Expr(f"np.diagonal({call.text}, axis1=-1, axis2=-2)")


def _rot90(call: Call) -> Expr:
    """autograd turns the first two axes."""
    if call["axes"] != (0, 1):
        raise Unsupported("autograd has no rot90 but of the first two axes")
    return function("np.rot90")(call)


def _trace(call: Call) -> Expr:
    """autograd's trace takes the first two axes."""
    if len(call.shape) > 2:
        raise Unsupported("autograd has no trace of stacked matrices")
    return function("np.trace")(call)


def _einsum(call: Call) -> Expr:
    left, right = (operand.text for operand in call.operands)
    return Expr(f'np.einsum("{call["equation"]}", {left}, {right})')


def _sort(call: Call) -> Expr:
    """autograd has the gradient of sorting a vector."""
    if len(call.shape) != 1:
        raise Unsupported("autograd has no sort but of a vector")
    return Expr(f"np.sort({call.text}){'[::-1]' if call['descending'] else ''}")


def _norm(call: Call) -> Expr:
    """autograd's norm keeps no axes, and over two of them is that of a matrix."""
    whole = call["axis"] is None
    if call["keepdims"] or call["ord"] == 1 or isinstance(call["axis"], tuple) or (
            whole and call["ord"] != 2 and len(call.shape) != 1):
        raise Unsupported("autograd has no such norm of a vector")
    options = "" if call["ord"] == 2 else f", {plain(call['ord'])}"
    options += "" if whole else f", axis={call['axis']}"
    return Expr(f"np.linalg.norm({call.text}{options})")


SPELLINGS: dict[str, Spelling | None] = {
    "pad": _pad, "repeat": _repeat,
    "tile": function("np.tile", positional=("repetitions",)),
    "moveaxis": function("np.moveaxis", positional=("source", "destination")),
    "diagonal": _diagonal, "trace": _trace,
    "diag": function("np.diag", offset="k"),
    "rot90": _rot90,
    "vecdot": template("np.sum({0} * {1}, axis={axis})"),
    "sort": _sort,
    **dict.fromkeys(("topk", "kthvalue", "median", "quantile", "cumulative_prod",
                     "cumulative_logsumexp", "cumulative_max", "cumulative_min", "trapezoid")),
    **dict.fromkeys(("take_along_axis", "put_along_axis", "scatter_add", "index_add")),
    **{f"segment_{name}": None for name in ("sum", "mean", "prod", "max", "min")},
    "std": function("np.std", correction="ddof"), "vector_norm": _norm,
    "einsum": _einsum,
}
