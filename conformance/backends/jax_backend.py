"""JAX: functions, and jax.grad of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from conformance.backends import jax_arrays, jax_networks, matrices
from conformance.backends.base import Backend
from conformance.backends.functions import FunctionalStyle
from conformance.backends.jax_layers import LAYERS
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
from conformance.typing_rules import FLOATS, normalize_axes


def _take(call: Call) -> Expr:
    indices = plain(list(call["indices"])) if call["indices"] else "[], dtype=int"
    return Expr(f"jnp.take({call.text}, jnp.array({indices}), axis={call['axis']})")


def _permute_dims(call: Call) -> Expr:
    """JAX takes no negative axes here."""
    axes = normalize_axes(call["axes"], len(call.shape))
    return Expr(f"jnp.permute_dims({call.text}, {plain(axes)})")


class JaxBackend(Backend):
    """JAX, op by op."""

    name = "jax"
    module = "jax"
    distribution = "jax"
    extra = "jax"
    namespace = "jnp"
    imports = ("import jax", "import jax.numpy as jnp")
    reserved = ("jax", "jnp")
    style = FunctionalStyle
    bare = Backend.bare | {"where", "maximum", "minimum", "atan2", "hypot", "logaddexp"}
    dtypes = FLOATS
    spellings: ClassVar[Mapping[str, Spelling | None]] = {
        "stop_gradient": function("jax.lax.stop_gradient"),
        "erf": function("jax.scipy.special.erf"),
        "rsqrt": function("jax.lax.rsqrt"),
        **{name: function(f"jax.nn.{name}") for name in (
            "relu", "sigmoid", "softplus", "softmax", "log_softmax")},
        "logsumexp": function("jax.scipy.special.logsumexp"),
        "cumulative_sum": function("jnp.cumsum"),
        "reshape": function("jnp.reshape", positional=("shape",)),
        "permute_dims": _permute_dims,
        "broadcast_to": function("jnp.broadcast_to", positional=("shape",)),
        "roll": function("jnp.roll", positional=("shift",)),
        "take": _take,
        **jax_arrays.SPELLINGS,
        **LAYERS,
        **jax_networks.SPELLINGS,
        "frac": template("{0} - jnp.trunc({0})", SUM),
        "lerp": template("{0} + {2} * ({1} - {0})", SUM),
        "squared_difference": template("({0} - {1}) ** 2", PRODUCT),
        **{name: function(f"jax.scipy.special.{name}") for name in (
            "digamma", "entr", "erfc", "erfcx", "erfinv", "i0", "i0e", "i1", "i1e", "log_ndtr",
            "logit", "ndtr", "ndtri", "xlogy", "xlog1py", "betaln", "gammainc", "gammaincc",
            "zeta")},
        "polygamma": lambda call: Expr(f"jax.scipy.special.polygamma({call['n']}, {call.text})"),
        "multigammaln": function("jax.scipy.special.multigammaln", positional=("p",)),
        "lgamma": function("jax.scipy.special.gammaln"),
        "complex": template("{0} + 1j * {1}", SUM),
        **like_numpy("jnp.fft"),
        **matrices.JAX,
    }

    def gradient(self, name: str, count: int) -> str:
        """Source of the function that differentiates `name` for its first `count` arguments."""
        return f"jax.grad({name})" if count == 1 else (
            f"jax.grad({name}, argnums={plain(tuple(range(count)))})")

    def total(self, target: Expr) -> str:
        """Source of the sum that a non-scalar target stands for."""
        return f"jnp.sum({target.text})"

    def setup(self, dtype: str) -> tuple[str, ...]:
        return ('jax.config.update("jax_enable_x64", True)',) if dtype == "float64" else ()

    def load(self, program: Any) -> tuple[Any, tuple[Any, ...]]:
        """Start from the precision that a fresh interpreter has: a float64 run switches it."""
        import jax

        jax.config.update("jax_enable_x64", False)
        return super().load(program)

    def array(self, values: np.ndarray, dtype: str) -> str:
        # other floats have the precision that `setup` chose
        half = f", dtype=jnp.{dtype}" if dtype in ("float16", "bfloat16") else ""
        if values.size:
            return f"jnp.array({nested(values, dtype)}{half})"
        kind = {"bool": ", dtype=bool", "int64": ", dtype=int", "complex64": ", dtype=complex",
                "complex128": ", dtype=complex"}.get(dtype, half)
        return f"jnp.zeros({plain(values.shape)}{kind})"

    def synchronize(self, values: Mapping[str, Any]) -> None:
        import jax

        jax.block_until_ready(values)
