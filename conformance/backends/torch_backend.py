"""PyTorch: requires_grad, and torch.autograd.grad."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from conformance.backends import matrices, torch_arrays, torch_networks
from conformance.backends.base import Backend, differentiated
from conformance.backends.printing import (
    ATOM,
    PRODUCT,
    STANDARD,
    Call,
    Expr,
    Spelling,
    function,
    index_text,
    nested,
    plain,
    template,
    whole,
)
from conformance.backends.styles import Emitter
from conformance.backends.torch_layers import LAYERS
from conformance.backends.transforms import ONE_AXIS, SEVERAL_AXES, like_numpy
from conformance.formats import numpy_dtype
from conformance.typing_rules import FLOATS

# torch saves nothing for the backward of these, so that it can go over them again at any time
KEEPS_NOTHING = frozenset({
    "add", "subtract", "negative", "sum", "mean", "reshape", "permute_dims", "expand_dims",
    "squeeze", "broadcast_to", "flip", "roll", "matrix_transpose", "concat", "stack", "getitem",
    "cumulative_sum", "ones_like", "grad", "real", "imag", "conj", "complex", *ONE_AXIS,
    *SEVERAL_AXES})


class AutogradGradStyle(Emitter):
    """torch.autograd.grad, with create_graph and retain_graph where a later call needs them."""

    # gradients that torch computes from the result, or from a step on the way to it; atan2's two
    # gradients share a denominator
    through_result = frozenset({
        "atan2", "cosine_similarity", "cumulative_logsumexp", "cumulative_prod", "exp", "expm1",
        "hypot", "log_softmax", "logsumexp", "prod", "reciprocal", "rsqrt", "sigmoid", "softmax",
        "softsign", "sqrt", "std", "tan", "tanh", "tanhshrink", "vector_norm",
        "cholesky", "cholesky_solve", "inv", "pinv", "solve", "solve_triangular"})

    def body(self) -> None:
        tracked = differentiated(self.graph)
        sources = {self.source(i) for i in self.gradients()}
        self.leaves = self.untracked(sources, tracked)
        calls = self._calls()
        first = {call[0]: call for call in calls}
        recorded = self._recorded(calls, [*tracked, *self.leaves])
        for i in self.program:
            if i in first:
                later = calls[calls.index(first[i]) + 1:]
                self._gradient(first[i], later, record=first[i] in recorded)
                for j in first[i]:
                    if j in self.leaves:
                        self.block.line(f"{self.names[j]}.requires_grad_()")
            elif self.graph.nodes[i].op != "grad":
                self.statement(i)

    def statement(self, position: int) -> None:
        """A source that nothing tracked leads to is made a leaf, as an input is."""
        if position not in self.leaves:
            super().statement(position)
            return
        value = self.printer.spell(position, self.expression)
        self.block.line(f"{self.names[position]} = {value.within(ATOM)}.requires_grad_()")

    def _calls(self) -> list[list[int]]:
        """Gradients of one target whose sources are there when the first is asked for."""
        waiting, calls = self.gradients(), []
        while waiting:
            first = waiting[0]
            calls.append(self.siblings(first, (i for i in waiting if self.source(i) < first)))
            waiting = [i for i in waiting if i not in calls[-1]]
        return calls

    def _recorded(self, calls: list[list[int]], tracked: list[int]) -> list[list[int]]:
        """The calls that create a graph, for a later call to go back over, or merely to begin at.

        torch differentiates only what requires a gradient, be the answer zero. As few as possible
        create a graph for that alone.
        """
        later = {call[0]: calls[at + 1:] for at, call in enumerate(calls)}
        needed = [call for call in calls if any(
            self._differentiates(other, i) for other in later[call[0]] for i in call)]
        refused = self._refused(calls, calls, tracked)
        if self._refused(calls, needed, tracked) != refused:
            recorded = calls
            for call in calls:
                fewer = [other for other in recorded if other != call]
                if call not in needed and self._refused(calls, fewer, tracked) == refused:
                    recorded = fewer
            needed = recorded
        return needed + [call for call in calls if call not in needed and any(
            self.flow.connected(self.target(other[0]), i)
            for other in later[call[0]] if other in refused for i in call)]

    def _refused(self, calls: list[list[int]], recorded: list[list[int]],
                 tracked: list[int]) -> list[list[int]]:
        """The calls for which something would not require a gradient if these were recorded."""
        constant = {i for call in calls if call not in recorded for i in call}
        requiring = self.flow.leading_to(tracked, constant)
        return [call for call in calls if not requiring.issuperset(
            [self.target(call[0]), *map(self.source, call)])]

    def _gradient(self, call: list[int], later: list[list[int]], *, record: bool) -> None:
        target, sources = self.target(call[0]), [self.source(i) for i in call]
        flags = []
        if record:
            flags.append("create_graph=True")
        elif any(self._saved(call) & self._saved(other) for other in later):
            flags.append("retain_graph=True")
        if not all(self.flow.connected(target, s) for s in sources):
            flags += ["allow_unused=True", "materialize_grads=True"]
        kind = self.graph.nodes[target].type
        total = (self.names[target] + (".real" if kind.is_complex else "")
                 + (".sum()" if kind.shape else ""))
        wanted = ", ".join(self.names[s] for s in sources)
        wanted = f"({wanted})" if len(sources) > 1 else wanted
        results = ", ".join(self.names[i] for i in call)
        arguments = ", ".join([total, wanted, *flags])
        only = "[0]" if len(call) == 1 else ""
        self.block.line(f"{results} = torch.autograd.grad({arguments}){only}")

    def _differentiates(self, call: list[int], gradient: int) -> bool:
        """Whether a later call goes back over how this gradient was computed."""
        target = self.target(call[0])
        if gradient in self.leaves or not self.flow.connected(target, gradient):
            return False
        return target == gradient or any(
            s == gradient or self.flow.connected(gradient, s) for s in map(self.source, call))

    def _saved(self, call: list[int]) -> frozenset[Any]:
        """The steps whose saved tensors a call frees.

        The backward of a backward of pow is several operators, of which the two operands' share
        some: there, what is freed is that of the step they both come from.
        """
        seen = frozenset().union(*(self.flow.seen[i] for i in call))
        origin = self.flow.origin
        shared = {origin[i] for i in seen if i in origin and origin[i][-1] in origin
                  and self.flow.operator(i) == "pow"}
        return shared | {i for i in seen if self.flow.operator(i) not in KEEPS_NOTHING}


def _over_axes(name: str, *, all_by_name: bool = False) -> Spelling:
    """A reduction; its axis is called `dim`, its keepdims `keepdim`.

    all_by_name: whether it wants its dimensions named even when all are meant.
    """
    def spell(call: Call) -> Expr:
        text, axes = call.text, call["axis"]
        if axes == () and call.shape:  # to torch, no dimensions are all of them
            text, axes = f"{call.atom}.unsqueeze(-1)", -1
            keep = False
        else:
            keep = call["keepdims"]
        if axes is None and (all_by_name or keep):
            axes = call.axes or 0
        arguments = [text] if axes is None else [text, f"dim={plain(axes)}"]
        if keep:
            arguments.append("keepdim=True")
        if name in ("var", "std"):
            arguments.append(f"correction={plain(whole(call['correction']))}")
        if call.node.op == "vector_norm" and call["ord"] != 2:
            arguments.append(f"ord={plain(call['ord'])}")
        return Expr(f"torch.{name}({', '.join(arguments)})")

    return spell


def _prod(call: Call) -> Expr:
    """torch.prod takes one dimension or none."""
    keep = ", keepdim=True" if call["keepdims"] and call.shape else ""
    if len(call.axes) == len(call.shape) and not keep:
        return Expr(f"torch.prod({call.text})")
    if not call.axes:
        return Expr(f"torch.prod({call.atom}.unsqueeze(-1), dim=-1)")
    text = call.text
    for axis in sorted(call.axes, reverse=True):
        text = f"torch.prod({text}, dim={axis}{keep})"
    return Expr(text)


def _getitem(call: Call) -> Expr:
    """torch has no negative steps: such a slice is a flip of what it selects, taken forwards."""
    index = list(call["index"])
    if Ellipsis in index and any(isinstance(p, slice) and (p.step or 1) < 0 for p in index):
        at, named = index.index(Ellipsis), sum(p is not None for p in index) - 1
        index[at:at + 1] = [slice(None)] * (len(call.shape) - named)
    axis, kept, flipped = 0, 0, []
    for position, part in enumerate(index):
        if isinstance(part, slice) and (part.step or 1) < 0:
            index[position] = _forwards(range(call.shape[axis])[part], call.shape[axis])
            flipped.append(kept)
        axis += part is not None
        kept += not isinstance(part, int)
    text = f"{call.atom}[{', '.join(map(index_text, index)) or '...'}]"
    if all(part == slice(None) for part in index):
        text = call.text
    return Expr(f"torch.flip({text}, dims={plain(tuple(flipped))})" if flipped else text)


def _forwards(chosen: range, length: int) -> slice:
    """The slice that selects in ascending order what is chosen in descending order."""
    if not chosen:
        return slice(0, 0)
    start, stop, step = chosen[-1], chosen[0] + 1, -chosen.step
    return slice(start or None, None if stop == length else stop, None if step == 1 else step)


def _flip(call: Call) -> Expr:
    return Expr(f"torch.flip({call.text}, dims={plain(call.axes)})")


def _take(call: Call) -> Expr:
    indices = plain(list(call["indices"])) if call["indices"] else "[], dtype=torch.int64"
    return Expr(f"torch.index_select({call.text}, {call['axis']}, torch.tensor({indices}))")


def _matmul(call: Call) -> Expr:
    """torch promotes real numbers beside complex ones, but not in products of matrices."""
    sides = [Expr(f"{operand.within(ATOM)}.to(torch.{call.node.type.dtype})")
             if call.node.type.is_complex and not kind.is_complex else operand
             for operand, kind in zip(call.operands, call.types, strict=True)]
    return STANDARD["matmul"](replace(call, operands=tuple(sides)))


class TorchBackend(Backend):
    """PyTorch, eager."""

    name = "torch"
    module = "torch"
    distribution = "torch"
    extra = "torch"
    namespace = "torch"
    imports = ("import torch",)
    reserved = ("torch",)
    style = AutogradGradStyle
    bare = Backend.bare | {"where"}
    dtypes = FLOATS
    spellings: ClassVar[Mapping[str, Spelling | None]] = {
        "stop_gradient": template("{0}.detach()"),
        "softplus": function("torch.nn.functional.softplus"),
        "clip": function("torch.clamp"),
        "sum": _over_axes("sum"), "mean": _over_axes("mean"), "prod": _prod,
        # amax and amin, unlike max and min, take several dimensions and none
        "max": _over_axes("amax"), "min": _over_axes("amin"),
        "var": _over_axes("var", all_by_name=True),
        "std": _over_axes("std", all_by_name=True),
        "vector_norm": _over_axes("linalg.vector_norm"),
        "logsumexp": _over_axes("logsumexp", all_by_name=True),
        "softmax": template("torch.softmax({0}, dim={axis})"),
        "log_softmax": template("torch.log_softmax({0}, dim={axis})"),
        "cumulative_sum": template("torch.cumsum({0}, dim={axis})"),
        "reshape": function("torch.reshape", positional=("shape",)),
        "permute_dims": function("torch.permute", positional=("axes",)),
        "expand_dims": function("torch.unsqueeze", axis="dim"),
        "squeeze": function("torch.squeeze", axis="dim"),
        "broadcast_to": function("torch.broadcast_to", positional=("shape",)),
        "flip": _flip,
        "roll": function("torch.roll", positional=("shift",), axis="dims"),
        "matrix_transpose": template("{0}.mT"),
        "concat": function("torch.concat", sequence=True, axis="dim"),
        "stack": function("torch.stack", sequence=True, axis="dim"),
        "getitem": _getitem, "take": _take,
        **torch_arrays.SPELLINGS,
        **LAYERS,
        **torch_networks.SPELLINGS,
        "squared_difference": template("({0} - {1}) ** 2", PRODUCT),
        **{name: function(f"torch.special.{name}") for name in (
            "entr", "erfcx", "i0e", "i1", "i1e", "log_ndtr", "ndtr", "ndtri", "xlog1py")},
        **{name: function(f"torch.special.{name}") for name in (
            "gammainc", "gammaincc", "multigammaln", "zeta")},
        "polygamma": lambda call: Expr(f"torch.special.polygamma({call['n']}, {call.text})"),
        "betaln": None, "cbrt": None,
        "matmul": _matmul,
        **like_numpy("torch.fft", axis="dim", axes="dim"),
        **matrices.TORCH,
    }

    def array(self, values: np.ndarray, dtype: str) -> str:
        default = dtype in ("float32", "complex64", "int64", "bool")
        suffix = "" if default else f", dtype=torch.{dtype}"
        if values.size == 0:
            return f"torch.zeros({plain(values.shape)}{suffix})"
        return f"torch.tensor({nested(values, dtype)}{suffix})"

    def leaf(self, values: np.ndarray, dtype: str, *, kind: str, differentiated: bool) -> str:
        text = self.array(values, dtype)
        return f"{text[:-1]}, requires_grad=True)" if differentiated else text

    def to_numpy(self, value: Any) -> np.ndarray:
        if str(value.dtype) == "torch.bfloat16":  # which torch does not give to NumPy
            return value.float().numpy(force=True).astype(numpy_dtype("bfloat16"))
        return value.numpy(force=True)  # as numpy() refuses lazy zeros
