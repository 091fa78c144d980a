"""How PyTorch spells what rearranges, gathers, sorts and multiplies arrays."""

from __future__ import annotations

from conformance.backends.printing import Call, Expr, Spelling, function, plain, template
from conformance.errors import Unsupported

MODES = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}


def _pad(call: Call) -> Expr:
    """torch counts widths from the last axis, and copies only into the last of 2 or 3 and more."""
    widths = list(call["widths"])
    while len(widths) > 1 and widths[0] == (0, 0):
        del widths[0]
    flat = tuple(n for pair in reversed(widths) for n in pair)
    text, mode, tail = call.text, call["mode"], ""
    if mode == "constant":
        options = f", value={plain(call['value'])}" if call["value"] else ""
        return Expr(f"torch.nn.functional.pad({text}, {plain(flat)}{options})")
    if len(call.shape) - len(widths) > 2 or len(widths) > 3:
        raise Unsupported(f"torch pads no {len(widths)} of {len(call.shape)} axes in this mode")
    if len(call.shape) == len(widths):
        text, tail = f"{call.atom}[None]", "[0]"
    return Expr(f'torch.nn.functional.pad({text}, {plain(flat)}, mode="{MODES[mode]}"){tail}')


def _repeat(call: Call) -> Expr:
    counts = plain(call["repeats"])
    if isinstance(call["repeats"], tuple):
        counts = f"torch.tensor({plain(list(call['repeats']))})"
    dim = "" if call["axis"] is None else f", dim={call['axis']}"
    return Expr(f"torch.repeat_interleave({call.text}, {counts}{dim})")


def _diagonal(call: Call) -> Expr:
    offset = f"{call['offset']}, " if call["offset"] else "offset=0, "
    return Expr(f"torch.diagonal({call.text}, {offset}dim1=-2, dim2=-1)")


def _trace(call: Call) -> Expr:
    """torch.trace takes one matrix and its main diagonal."""
    if len(call.shape) == 2 and not call["offset"]:
        return Expr(f"torch.trace({call.text})")
    return Expr(f"{_diagonal(call).text}.sum(dim=-1)")


def _cross(call: Call) -> Expr:
    """torch.linalg.cross wants as many dimensions on both sides."""
    if len(call.shape) != len(call.types[1].shape):
        raise Unsupported("torch has no cross of different numbers of dimensions")
    return template("torch.linalg.cross({0}, {1}, dim={axis})")(call)


def _tensordot(call: Call) -> Expr:
    left, right = (operand.text for operand in call.operands)
    return Expr(f"torch.tensordot({left}, {right}, dims={plain(call['axes'])})")


def _einsum(call: Call) -> Expr:
    left, right = (operand.text for operand in call.operands)
    return Expr(f'torch.einsum("{call["equation"]}", {left}, {right})')


def _quantile(q: float | None = None) -> Spelling:
    """torch.median would take the lower of two; a quantile takes one axis or none."""
    def spell(call: Call) -> Expr:
        arguments = [call.text, plain(call["q"] if q is None else q)]
        if call["axis"] is not None:
            arguments.append(f"dim={call['axis']}")
        if call["keepdims"]:
            arguments.append("keepdim=True")
        return Expr(f"torch.quantile({', '.join(arguments)})")

    return spell


def _along(name: str, result: str = "") -> Spelling:
    """A function that calls its axis `dim`; of its results, the values."""
    spell = function(name, positional=("k",), axis="dim", keepdims="keepdim")
    return lambda call: Expr(f"{spell(call).text}{result}")


def _tensor(indices: object) -> str:
    return f"torch.tensor({plain(list(indices) if isinstance(indices, tuple) else indices)})"


def _indexed(name: str) -> Spelling:
    """name(x, dim, index[, updates])."""
    def spell(call: Call) -> Expr:
        texts = [operand.text for operand in call.operands]
        arguments = [texts[0], str(call["axis"]), _tensor(call["indices"]), *texts[1:]]
        return Expr(f"{name}({', '.join(arguments)})")

    return spell


def _segments(start: str, reduce: str = "") -> Spelling:
    """torch adds rows to zeros; other reductions want an index for each element."""
    def spell(call: Call) -> Expr:
        ids, rest = call["segment_ids"], call.shape[1:]
        shape = plain((call["num_segments"], *rest))
        base = f"{call.atom}.new_{start}({shape})"
        if not reduce:
            return Expr(f"{base}.index_add(0, {_tensor(ids)}, {call.text})")
        each = [_filled(i, rest) for i in ids]
        inner = "" if reduce == "prod" else ", include_self=False"
        return Expr(f'{base}.scatter_reduce(0, {_tensor(tuple(each))}, {call.text}, '
                    f'"{reduce}"{inner})')

    return spell


def _filled(number: int, shape: tuple[int, ...]) -> int | list:
    """Nested lists of one number."""
    return [_filled(number, shape[1:]) for _ in range(shape[0])] if shape else number


SPELLINGS: dict[str, Spelling | None] = {
    "pad": _pad,
    "tile": function("torch.tile", positional=("repetitions",)),
    "repeat": _repeat,
    "moveaxis": function("torch.moveaxis", positional=("source", "destination")),
    "tril": function("torch.tril", k="diagonal"), "triu": function("torch.triu", k="diagonal"),
    "diagonal": _diagonal, "trace": _trace,
    "diag": function("torch.diag", offset="diagonal"),
    "rot90": function("torch.rot90", positional=("k",), axes="dims"),
    "sort": _along("torch.sort", ".values"),
    "topk": _along("torch.topk", ".values"), "kthvalue": _along("torch.kthvalue", ".values"),
    "median": _quantile(0.5), "quantile": _quantile(),
    "cumulative_prod": _along("torch.cumprod"),
    "cumulative_logsumexp": _along("torch.logcumsumexp"),
    "cumulative_max": _along("torch.cummax", ".values"),
    "cumulative_min": _along("torch.cummin", ".values"),
    "trapezoid": _along("torch.trapezoid"),
    "take_along_axis": template("torch.take_along_dim({0}, torch.tensor({indices}), dim={axis})"),
    "put_along_axis": _indexed("torch.scatter"), "scatter_add": _indexed("torch.scatter_add"),
    "index_add": _indexed("torch.index_add"),
    "segment_sum": _segments("zeros"), "segment_mean": _segments("zeros", "mean"),
    "segment_prod": _segments("ones", "prod"),
    "segment_max": _segments("zeros", "amax"), "segment_min": _segments("zeros", "amin"),
    "vecdot": template("torch.linalg.vecdot({0}, {1}, dim={axis})"),
    "cross": _cross, "tensordot": _tensordot, "einsum": _einsum,
}
