"""PyTorch: requires_grad, and torch.autograd.grad."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from conformance.backends.base import Backend, differentiated
from conformance.backends.printing import (
    Call,
    Expr,
    Spelling,
    function,
    nested,
    plain,
    template,
)
from conformance.backends.styles import Emitter
from conformance.errors import Unsupported


class AutogradGradStyle(Emitter):
    """torch.autograd.grad, with create_graph and retain_graph only where a later call needs them."""

    def body(self) -> None:
        groups = self._groups()
        leading = {group[0]: group for group in groups}
        later = {i for group in groups for i in group[1:]}
        for i in self.program:
            if i in leading:
                self._gradient(leading[i], groups)
            elif i not in later:
                self.statement(i)

    def _groups(self) -> list[list[int]]:
        """Gradients of one target whose sources are there when the first is asked for."""
        groups: list[list[int]] = []
        grouped: set[int] = set()
        for i in self.program:
            if self.graph.nodes[i].op != "grad" or i in grouped:
                continue
            group = [j for j in self.siblings(i, self.program)
                     if j == i or (j not in grouped and self.graph.nodes[j].inputs[1] < i)]
            grouped.update(group)
            groups.append(group)
        return groups

    def _gradient(self, group: list[int], groups: list[list[int]]) -> None:
        nodes = self.graph.nodes
        target = nodes[group[0]].inputs[0]
        sources = [nodes[i].inputs[1] for i in group]
        for s in sources:
            if not self.graph.ancestors[s] & differentiated(self.graph):
                raise Unsupported(f"torch cannot require a gradient for {self.names[s]!r}, which "
                                  f"no input leads to ({nodes[s].where})")
        flags = []
        if any(i in self.graph.ancestors[t] for i in group for t in self._targets_after(group)):
            flags.append("create_graph=True")
        elif self._walked_again(group, groups):
            flags.append("retain_graph=True")
        if not all(self.flow.connected(target, s) for s in sources):
            flags += ["allow_unused=True", "materialize_grads=True"]
        total = self.names[target] + (".sum()" if nodes[target].type.shape else "")
        wanted = ", ".join(self.names[s] for s in sources)
        wanted = f"({wanted})" if len(sources) > 1 else wanted
        results = ", ".join(self.names[i] for i in group) + ("," if len(group) == 1 else "")
        self.block.line(f"{results} = torch.autograd.grad("
                        f"{', '.join([total, wanted, *flags])})")

    def _targets_after(self, group: list[int]) -> Iterable[int]:
        return (self.graph.nodes[i].inputs[0] for i in self.program
                if self.graph.nodes[i].op == "grad" and i not in group)

    def _walked_again(self, group: list[int], groups: list[list[int]]) -> bool:
        """Whether a later call goes back over what this one would free."""
        walked = self._walked(group)
        return any(walked & self._walked(other) for other in groups[groups.index(group) + 1:])

    def _walked(self, group: list[int]) -> frozenset[int]:
        """The nodes between the target and the sources."""
        ancestors = self.graph.ancestors
        target = self.graph.nodes[group[0]].inputs[0]
        sources = [self.graph.nodes[i].inputs[1] for i in group]
        return frozenset(i for i in ancestors[target]
                         if any(s in ancestors[i] and s != i for s in sources))


def _axis(name: str) -> Spelling:
    """Reductions call an axis `dim` and keepdims `keepdim`."""
    return function(f"torch.{name}", axis="dim", keepdims="keepdim")


def _every_axis(name: str) -> Spelling:
    """Reductions that want their dimensions named even when all are meant."""
    def spell(call: Call) -> Expr:
        axes = call["axis"]
        if axes is None:
            axes = tuple(range(len(call.types[0].shape)))
        if name == "logsumexp" and not call.types[0].shape:
            axes = 0
        keep = ", keepdim=True" if call["keepdims"] else ""
        extra = ""
        if name == "var":
            extra = f", correction={plain(call['correction'])}"
        return Expr(f"torch.{name}({call.operands[0].text}, dim={plain(axes)}{keep}{extra})")

    return spell


def _prod(call: Call) -> Expr:
    """torch.prod takes one dimension or none."""
    axes, keep = call["axis"], ", keepdim=True" if call["keepdims"] else ""
    text = call.operands[0].text
    if axes is None and not keep:
        return Expr(f"torch.prod({text})")
    wanted = range(len(call.types[0].shape)) if axes is None else (
        axes if isinstance(axes, tuple) else (axes,))
    ndim = len(call.types[0].shape)
    for axis in sorted((a % ndim for a in wanted), reverse=True):
        text = f"torch.prod({text}, dim={axis}{keep})"
    return Expr(text)


def _squeeze(call: Call) -> Expr:
    return Expr(f"torch.squeeze({call.operands[0].text}, dim={plain(call['axis'])})")


def _flip(call: Call) -> Expr:
    axes = call["axis"]
    if axes is None:
        axes = tuple(range(len(call.types[0].shape)))
    elif not isinstance(axes, tuple):
        axes = (axes,)
    return Expr(f"torch.flip({call.operands[0].text}, dims={plain(axes)})")


def _getitem(call: Call) -> Expr:
    """torch has no negative steps: such a slice is a flip of what it selects, taken forwards."""
    text = call.operands[0].within(5)
    shape, parts, flipped, kept = call.types[0].shape, [], [], 0
    index = list(call["index"])
    if Ellipsis in index:
        at = index.index(Ellipsis)
        missing = len(shape) - sum(p is not None and p is not Ellipsis for p in index)
        index[at:at + 1] = [slice(None)] * missing
    axis = 0
    for part in index:
        if isinstance(part, slice):
            if part.step is not None and part.step < 0:
                chosen = range(*part.indices(shape[axis]))
                part = (slice(chosen[-1], chosen[0] + 1, -part.step) if len(chosen)
                        else slice(0, 0))
                flipped.append(kept)
            text_part = ":".join("" if p is None else str(p) for p in (part.start, part.stop))
            if part.step not in (None, 1):
                text_part += f":{part.step}"
            parts.append(text_part)
            kept += 1
            axis += 1
        elif part is None:
            parts.append("None")
            kept += 1
        else:
            parts.append(str(part))
            axis += 1
    body = f"{text}[{', '.join(parts)}]" if parts else f"{text}[...]"
    return Expr(f"torch.flip({body}, dims={plain(tuple(flipped))})" if flipped else body)


def _clip(call: Call) -> Expr:
    bounds = ", ".join(f"{n}={plain(call[n])}" for n in ("min", "max") if call[n] is not None)
    return Expr(f"torch.clamp({call.operands[0].text}, {bounds})")


def _take(call: Call) -> Expr:
    indices = f"torch.tensor([{', '.join(map(str, call['indices']))}])"
    if not call["indices"]:
        indices = "torch.tensor([], dtype=torch.int64)"
    return Expr(f"torch.index_select({call.operands[0].text}, {call['axis']}, {indices})")


def _extremum(name: str) -> Spelling:
    """amax and amin share the gradient among ties, as the other frameworks do."""
    def spell(call: Call) -> Expr:
        parts = [call.operands[0].text]
        if call["axis"] is not None:
            parts.append(f"dim={plain(call['axis'])}")
        if call["keepdims"]:
            parts.append("keepdim=True")
        return Expr(f"torch.{name}({', '.join(parts)})")

    return spell


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
    spellings = {
        "stop_gradient": template("{0}.detach()"),
        "softplus": function("torch.nn.functional.softplus"),
        "erf": function("torch.erf"),
        "clip": _clip,
        **{name: _axis(name) for name in ("sum", "mean")},
        "prod": _prod,
        "max": _extremum("amax"), "min": _extremum("amin"),
        "var": _every_axis("var"), "logsumexp": _every_axis("logsumexp"),
        "softmax": template("torch.softmax({0}, dim={axis})"),
        "log_softmax": template("torch.log_softmax({0}, dim={axis})"),
        "cumulative_sum": template("torch.cumsum({0}, dim={axis})"),
        "reshape": template("torch.reshape({0}, {shape})"),
        "permute_dims": template("torch.permute({0}, {axes})"),
        "expand_dims": template("torch.unsqueeze({0}, {axis})"),
        "squeeze": _squeeze,
        "broadcast_to": template("torch.broadcast_to({0}, {shape})"),
        "flip": _flip,
        "roll": function("torch.roll", shift="shifts", axis="dims"),
        "matrix_transpose": template("{0}.mT"),
        "concat": function("torch.concat", sequence=True, axis="dim"),
        "stack": function("torch.stack", sequence=True, axis="dim"),
        "getitem": _getitem,
        "take": _take,
        "equal": function("torch.eq"), "not_equal": function("torch.ne"),
    }

    def array(self, values: np.ndarray, dtype: str) -> str:
        suffix = "" if dtype in ("float32", "int64", "bool") else f", dtype=torch.{dtype}"
        if values.size == 0:
            return f"torch.zeros({plain(values.shape)}{suffix})"
        return f"torch.tensor({nested(values, dtype)}{suffix})"

    def leaf(self, values: np.ndarray, dtype: str, *, kind: str, differentiated: bool) -> str:
        text = self.array(values, dtype)
        return f"{text[:-1]}, requires_grad=True)" if differentiated else text

    def to_numpy(self, value: Any) -> np.ndarray:
        return value.detach().cpu().numpy()
