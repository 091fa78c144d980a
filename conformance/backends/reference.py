"""The reference engine: TensorFlow's GradientTape, and operators as the array API names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from conformance import ops
from conformance.backends import matrices
from conformance.backends.base import Backend
from conformance.backends.printing import Call, Expr, Spelling, function, nested, plain
from conformance.backends.reference_layers import LAYERS
from conformance.backends.styles import TAPES, TapeStyle, as_variable
from conformance.backends.transforms import like_numpy
from conformance.typing_rules import FLOATS


def _take(call: Call) -> Expr:
    return Expr(f"engine.take({call.text}, {plain(list(call['indices']))}, axis={call['axis']})")


def _positional(call: Call) -> Expr:
    """The first parameter goes without its name."""
    first = next(iter(ops.get(call.node.op).parameters))
    return function(f"engine.{call.node.op}", positional=(first,))(call)


def _einsum(call: Call) -> Expr:
    left, right = (operand.text for operand in call.operands)
    return Expr(f'engine.einsum("{call["equation"]}", {left}, {right})')


def _written(call: Call) -> Expr:
    """The indices stand before the updates."""
    x, updates = (operand.text for operand in call.operands)
    return Expr(f"engine.{call.node.op}({x}, {plain(call['indices'])}, {updates}, "
                f"axis={call['axis']})")


def _of_indices(name: str) -> Spelling:
    def spell(call: Call) -> Expr:
        reduction = "" if call["reduction"] == "mean" else f', reduction="{call["reduction"]}"'
        return Expr(f"engine.{name}({call.text}, {plain(list(call['target']))}{reduction})")

    return spell


def _cross_entropy(call: Call) -> Expr:
    """The engine has it by indices, and by labels for who smooths them."""
    smoothing, classes = call["label_smoothing"], call.shape[1]
    if not smoothing:
        return _of_indices("sparse_softmax_cross_entropy")(call)
    labels = (f"(1 - {plain(smoothing)}) * engine.one_hot({plain(list(call['target']))}, {classes},"
              f' dtype="{call.types[0].dtype}") + {plain(smoothing)} / {classes}')
    reduction = "" if call["reduction"] == "mean" else f', reduction="{call["reduction"]}"'
    return Expr(f"engine.softmax_cross_entropy({call.text}, {labels}{reduction})")


class ReferenceBackend(Backend):
    """reference_engine, the suite's own NumPy tape."""

    name = "reference"
    module = "reference_engine"
    distribution = "gradient-conformance"
    namespace = "engine"
    imports = ("import reference_engine as engine",)
    reserved = ("engine", *TAPES)
    style = TapeStyle
    tape = "engine.GradientTape"
    zero_gradients = '"zero"'
    bare = Backend.bare | {"where", "maximum", "minimum", "atan2", "hypot", "logaddexp"}
    dtypes = FLOATS
    spellings: ClassVar[Mapping[str, Spelling | None]] = {
        "reshape": function("engine.reshape", positional=("shape",)),
        "permute_dims": function("engine.permute_dims", positional=("axes",)),
        "broadcast_to": function("engine.broadcast_to", positional=("shape",)),
        "roll": function("engine.roll", positional=("shift",)),
        "polygamma": lambda call: Expr(f"engine.polygamma({call['n']}, {call.text})"),
        "take": _take,
        **dict.fromkeys(("pad", "tile", "repeat", "quantile"), _positional),
        **dict.fromkeys(("topk", "kthvalue"), lambda call: Expr(f"{_positional(call).text}[0]")),
        "moveaxis": function("engine.moveaxis", positional=("source", "destination")),
        "einsum": _einsum, "vector_norm": function("engine.linalg.vector_norm"),
        **LAYERS,
        **like_numpy("engine.fft"),
        "take_along_axis": function("engine.take_along_axis", positional=("indices",)),
        **dict.fromkeys(("put_along_axis", "scatter_add", "index_add"), _written),
        **{f"segment_{name}": function(f"engine.unsorted_segment_{name}",
                                       positional=("segment_ids", "num_segments"))
           for name in ("sum", "mean", "prod", "max", "min")},
        "nll_loss": _of_indices("nll_loss"), "cross_entropy": _cross_entropy,
        "poisson_nll_loss": function("engine.poisson_nll_loss", eps="epsilon"),
        "gaussian_nll_loss": function("engine.gaussian_nll_loss", eps="epsilon"),
        **matrices.REFERENCE,
    }

    def array(self, values: np.ndarray, dtype: str) -> str:
        suffix = "" if dtype in ("float64", "complex128", "bool", "int64") else f', dtype="{dtype}"'
        if values.size == 0:
            kind = "" if dtype == "float64" else f', dtype="{dtype}"'
            return f"engine.zeros({plain(values.shape)}{kind})"
        return f"engine.constant({nested(values, dtype)}{suffix})"

    def leaf(self, values: np.ndarray, dtype: str, *, kind: str, differentiated: bool) -> str:
        return as_variable(self.array(values, dtype), "engine") if kind == "variable" else (
            self.array(values, dtype))

    def to_numpy(self, value: Any) -> np.ndarray:
        return value.numpy()
