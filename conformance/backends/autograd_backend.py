"""HIPS autograd: functions over autograd.numpy, and autograd.grad of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from conformance.backends import autograd_arrays, autograd_networks, matrices
from conformance.backends.autograd_layers import LAYERS
from conformance.backends.base import Backend
from conformance.backends.functions import FunctionalStyle
from conformance.backends.printing import (
    PRODUCT,
    SUM,
    Call,
    Expr,
    Spelling,
    function,
    nested,
    plain,
    template,
)
from conformance.backends.transforms import like_numpy
from conformance.errors import Unsupported


def _clip(call: Call) -> Expr:
    """np.clip wants both bounds."""
    return Expr(f"np.clip({call.text}, {plain(call['min'])}, {plain(call['max'])})")


def _logsumexp(call: Call) -> Expr:
    """SciPy gives a 0-d array a dimension if it is told to reduce none."""
    if not call.shape:
        return Expr(f"special.logsumexp({call.text})")
    return function("special.logsumexp")(call)


def _squeeze(call: Call) -> Expr:
    """autograd has no gradient for np.squeeze; a reshape says the same."""
    kept = tuple(n for axis, n in enumerate(call.shape) if axis not in call.axes)
    return Expr(f"np.reshape({call.text}, {plain(kept)})")


def _broadcast_to(call: Call) -> Expr:
    """autograd's np.broadcast_to stretches dimensions, but adds none."""
    added = ", ".join(["None"] * (len(call["shape"]) - len(call.shape)))
    text = f"{call.atom}[{added}]" if added else call.text
    return Expr(f"np.broadcast_to({text}, {plain(call['shape'])})")


def _take(call: Call) -> Expr:
    """autograd has no gradient for np.take; an index says the same."""
    (axis,) = call.axes
    indices = plain(list(call["indices"])) if call["indices"] else "np.array([], dtype=int)"
    return Expr(f"{call.atom}[{':, ' * axis}{indices}]")


def _flip(call: Call) -> Expr:
    """autograd has no gradient for np.flip; slices say the same."""
    parts = ", ".join("::-1" if axis in call.axes else ":" for axis in range(len(call.shape)))
    return Expr(f"{call.atom}[{parts or '...'}]")


def _of_even_length(name: str) -> Spelling:
    """autograd has the gradients of rfft and irfft for even lengths."""
    def spell(call: Call) -> Expr:
        (length,) = (call.shape[axis] for axis in call.axes)
        if (call["n"] or 0) % 2 or (name == "rfft" and length % 2):
            raise Unsupported(f"autograd has no gradient of {name} for an odd length "
                              f"({call.node.where})")
        return function(f"np.fft.{name}")(call)

    return spell


class AutogradBackend(Backend):
    """HIPS autograd, which differentiates NumPy."""

    name = "autograd"
    module = "autograd"
    distribution = "autograd"
    extra = "autograd"
    namespace = "np"
    imports = ("import autograd.numpy as np", "import autograd.scipy.special as special",
               "from autograd import grad", "from autograd.tracer import getval")
    reserved = ("np", "special", "grad", "getval")
    style = FunctionalStyle
    bare = Backend.bare | {"where", "maximum", "minimum", "atan2", "hypot", "logaddexp"}
    spellings: ClassVar[Mapping[str, Spelling | None]] = {
        "stop_gradient": function("getval"),
        **{name: function(f"np.arc{name[1:]}") for name in (
            "acos", "acosh", "asin", "asinh", "atan", "atanh", "atan2")},
        "erf": function("special.erf"), "sigmoid": function("special.expit"),
        "logsumexp": _logsumexp,
        "relu": template("np.maximum({0}, 0.0)"),
        "rsqrt": template("1.0 / np.sqrt({0})", PRODUCT),
        "softplus": template("np.logaddexp({0}, 0.0)"),
        "softmax": template("np.exp({0} - special.logsumexp({0}, axis={axis}, keepdims=True))"),
        "log_softmax": template("{0} - special.logsumexp({0}, axis={axis}, keepdims=True)", SUM),
        "clip": _clip, "var": function("np.var", correction="ddof"),
        "hypot": template("np.sqrt({0} ** 2 + {1} ** 2)"),
        "cumulative_sum": function("np.cumsum"),
        "permute_dims": function("np.transpose", positional=("axes",)),
        "broadcast_to": _broadcast_to,
        "reshape": function("np.reshape", positional=("shape",)),
        "roll": function("np.roll", positional=("shift",)),
        "squeeze": _squeeze, "flip": _flip, "take": _take,
        "matrix_transpose": template("np.swapaxes({0}, -1, -2)"),
        "concat": function("np.concatenate", sequence=True),
        **autograd_arrays.SPELLINGS,
        **LAYERS,
        **autograd_networks.SPELLINGS,
        "fmod": None,
        "frac": template("{0} - np.trunc({0})", SUM),
        "lerp": template("{0} + {2} * ({1} - {0})", SUM),
        "squared_difference": template("({0} - {1}) ** 2", PRODUCT),
        **{name: function(f"special.{name}") for name in (
            "betaln", "digamma", "erfc", "erfinv", "gammainc", "gammaincc", "i0", "i1", "logit")},
        "polygamma": lambda call: Expr(f"special.polygamma({call['n']}, {call.text})"),
        "multigammaln": function("special.multigammaln", positional=("p",)),
        "lgamma": function("special.gammaln"),
        **dict.fromkeys(("cbrt", "entr", "erfcx", "i0e", "i1e", "log_ndtr", "ndtr", "ndtri",
                         "xlogy", "xlog1py", "zeta")),
        "complex": template("{0} + 1j * {1}", SUM),
        **like_numpy("np.fft"),
        "hfft": None, "ihfft": None,
        **{name: _of_even_length(name) for name in ("rfft", "irfft")},
        **matrices.AUTOGRAD,
    }

    def gradient(self, name: str, count: int) -> str:
        """Source of the function that differentiates `name` for its first `count` arguments."""
        return f"grad({name})" if count == 1 else (
            f"grad({name}, argnum={plain(tuple(range(count)))})")

    def total(self, target: Expr) -> str:
        """Source of the sum that a non-scalar target stands for."""
        return f"np.sum({target.text})"

    def array(self, values: np.ndarray, dtype: str) -> str:
        default = dtype in ("float64", "complex128", "bool", "int64")
        suffix = "" if default else f", dtype=np.{dtype}"
        if values.size == 0:
            kind = {"float64": "", "bool": ", dtype=bool"}.get(dtype, f", dtype=np.{dtype}")
            return f"np.zeros({plain(values.shape)}{kind})"
        return f"np.array({nested(values, dtype)}{suffix})"
