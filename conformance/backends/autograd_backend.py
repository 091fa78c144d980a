"""HIPS autograd: functions over autograd.numpy, and autograd.grad of them."""

from __future__ import annotations

import numpy as np

from conformance.backends.base import Backend
from conformance.backends.printing import Call, Expr, function, nested, plain, template
from conformance.backends.styles import FunctionalStyle


def _clip(call: Call) -> Expr:
    return Expr(f"np.clip({call.operands[0].text}, {plain(call['min'])}, {plain(call['max'])})")


def _squeeze(call: Call) -> Expr:
    """autograd has no gradient for numpy.squeeze; a reshape says the same."""
    axes = call["axis"] if isinstance(call["axis"], tuple) else (call["axis"],)
    shape = call.types[0].shape
    gone = {a % len(shape) for a in axes}
    kept = tuple(n for i, n in enumerate(shape) if i not in gone)
    return Expr(f"np.reshape({call.operands[0].text}, {plain(kept)})")


def _take(call: Call) -> Expr:
    axis, indices = call["axis"] % len(call.types[0].shape), plain(list(call["indices"]))
    return Expr(f"{call.operands[0].within(5)}[{':, ' * axis}{indices}]")


def _flip(call: Call) -> Expr:
    ndim = len(call.types[0].shape)
    axes = call["axis"]
    axes = range(ndim) if axes is None else axes if isinstance(axes, tuple) else (axes,)
    reversed_axes = {a % ndim for a in axes}
    parts = ", ".join("::-1" if i in reversed_axes else ":" for i in range(ndim))
    return Expr(f"{call.operands[0].within(5)}[{parts or '()'}]")


class AutogradBackend(Backend):
    """HIPS autograd, which differentiates NumPy."""

    name = "autograd"
    module = "autograd"
    distribution = "autograd"
    extra = "autograd"
    namespace = "np"
    imports = ("import autograd.numpy as np", "import autograd.scipy.special as special",
               "from autograd import grad")
    reserved = ("np", "special", "grad")
    style = FunctionalStyle
    bare = Backend.bare | {"where", "maximum", "minimum", "logaddexp"}
    spellings = {
        "stop_gradient": None, "atan2": function("np.arctan2"),
        "acos": function("np.arccos"), "acosh": function("np.arccosh"),
        "asin": function("np.arcsin"), "asinh": function("np.arcsinh"),
        "atan": function("np.arctan"), "atanh": function("np.arctanh"),
        "erf": function("special.erf"), "sigmoid": function("special.expit"),
        "logsumexp": function("special.logsumexp"),
        "relu": template("np.maximum({0}, 0.0)"),
        "rsqrt": template("(1.0 / np.sqrt({0}))"),
        "softplus": template("np.logaddexp({0}, 0.0)"),
        "softmax": template("np.exp({0} - special.logsumexp({0}, axis={axis}, keepdims=True))"),
        "log_softmax": template("({0} - special.logsumexp({0}, axis={axis}, keepdims=True))"),
        "clip": _clip, "var": function("np.var", correction="ddof"),
        "hypot": None,
        "cumulative_sum": template("np.cumsum({0}, axis={axis})"),
        "permute_dims": template("np.transpose({0}, {axes})"),
        "broadcast_to": template("np.broadcast_to({0}, {shape})"),
        "reshape": template("np.reshape({0}, {shape})"),
        "squeeze": _squeeze, "flip": _flip, "take": _take,
        "matrix_transpose": template("np.swapaxes({0}, -1, -2)"),
        "concat": function("np.concatenate", sequence=True),
    }

    def gradient(self, name: str, count: int) -> str:
        """Source of the function that differentiates `name` for its first `count` arguments."""
        return f"grad({name})" if count == 1 else (
            f"grad({name}, argnum={plain(tuple(range(count)))})")

    def total(self, target: Expr) -> str:
        """Source of the sum that a non-scalar target stands for."""
        return f"np.sum({target.text})"

    def array(self, values: np.ndarray, dtype: str) -> str:
        suffix = "" if dtype in ("float64", "bool", "int64") else f", dtype=np.{dtype}"
        if values.size == 0:
            return f"np.zeros({plain(values.shape)}{suffix})"
        return f"np.array({nested(values, dtype)}{suffix})"
