"""How frameworks spell systems, determinants, factors, spectra and norms of matrices."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from conformance.backends.printing import (
    ATOM,
    Call,
    Expr,
    Spelling,
    function,
    number,
    plain,
    quoted,
    template,
)
from conformance.errors import Unsupported


def system(text: str, *, matrix: int = 0,
           keywords: Callable[[Call], str] = lambda call: "") -> Spelling:
    """A solver that wants matrices: `text` of {a} and {b}, where a vector b becomes one column.

    matrix: which operand is a. keywords: what is added to its arguments.
    """
    def spell(call: Call) -> Expr:
        a, b = call.operands[matrix], call.operands[1 - matrix]
        vector = len(call.types[1 - matrix].shape) == 1
        right = f"{b.within(ATOM)}[:, None]" if vector else b.text
        solved = f"{text.format(a=a.text, b=right)}{keywords(call)})"
        return Expr(f"{solved}[:, 0]" if vector else solved)

    return spell


def flags(call: Call, **names: str) -> str:
    """`, parameter=True` for each parameter that is set, by its name here."""
    return "".join(f", {name}=True" for parameter, name in names.items() if call[parameter])


def norm(text: str, keepdims: str, orders: Mapping[Any, str] | None = None) -> Spelling:
    """A norm that takes `ord`; orders: those that it has, and what is written for them."""
    def spell(call: Call) -> Expr:
        ord = call["ord"]
        if orders is not None and ord not in orders:
            raise Unsupported(f"has no matrix norm of ord {ord!r} ({call.node.where})")
        written = quoted(ord) if isinstance(ord, str) else number(ord)
        arguments = [call.text] if ord == "fro" and orders is None else [
            call.text, f"ord={written if orders is None else orders[ord]}"]
        return Expr(f"{text.format(', '.join(arguments))}{flags(call, keepdims=keepdims)})")

    return spell


def _torch_triangle(call: Call) -> str:
    """torch.linalg.solve_triangular wants to be told of the upper triangle."""
    return f", upper={not call['lower']}{flags(call, unit_diagonal='unitriangular')}"


def _tensorflow_triangle(call: Call) -> Expr:
    """To TensorFlow a triangle is lower and its diagonal counts: ones are written into it."""
    a = call.text
    if call["unit_diagonal"]:
        ones = f"tf.ones({plain(list(call.shape[:-1]))}, {call.atom}.dtype)"
        a = f"tf.linalg.set_diag({a}, {ones})"
    lower = "" if call["lower"] else ", lower=False"
    spell = system("tf.linalg.triangular_solve({a}, {b}", keywords=lambda call: lower)
    return spell(replace(call, operands=(Expr(a), call.operands[1])))


def _autograd_norm(call: Call) -> Expr:
    """autograd's rule wants axes that count from the front."""
    end = len(call.shape)
    spell = norm(f"np.linalg.norm({{}}, axis=({end - 2}, {end - 1})", keepdims="keepdims",
                 orders={"fro": '"fro"', "nuc": '"nuc"'})
    return spell(call)


TORCH: dict[str, Spelling | None] = {
    **{name: function(f"torch.linalg.{name}") for name in (
        "inv", "det", "solve", "cholesky", "eigvalsh", "svdvals", "pinv", "matrix_exp")},
    "logabsdet": template("torch.linalg.slogdet({0}).logabsdet"),
    "matrix_power": function("torch.linalg.matrix_power", positional=("n",)),
    "solve_triangular": system("torch.linalg.solve_triangular({a}, {b}", keywords=_torch_triangle),
    "cholesky_solve": system("torch.cholesky_solve({b}, {a}", matrix=1),
    "matrix_norm": norm("torch.linalg.matrix_norm({}", keepdims="keepdim"),
}

TENSORFLOW: dict[str, Spelling | None] = {
    **{name: function(f"tf.linalg.{name}") for name in (
        "inv", "det", "cholesky", "eigvalsh", "pinv")},
    "logabsdet": template("tf.linalg.slogdet({0}).log_abs_determinant"),
    "svdvals": template("tf.linalg.svd({0}, compute_uv=False)"),
    "matrix_exp": function("tf.linalg.expm"), "matrix_power": None,
    "solve": system("tf.linalg.solve({a}, {b}"),
    "solve_triangular": _tensorflow_triangle,
    "cholesky_solve": system("tf.linalg.cholesky_solve({a}, {b}", matrix=1),
    "matrix_norm": norm("tf.norm({}, axis=[-2, -1]", keepdims="keepdims", orders={
        "fro": '"fro"', 1: "1", 2: "2", math.inf: 'float("inf")'}),
}

JAX: dict[str, Spelling | None] = {
    **{name: function(f"jnp.linalg.{name}") for name in (
        "inv", "det", "solve", "cholesky", "eigvalsh", "svdvals", "pinv")},
    "logabsdet": template("jnp.linalg.slogdet({0}).logabsdet"),
    "matrix_power": function("jnp.linalg.matrix_power", positional=("n",)),
    "matrix_exp": function("jax.scipy.linalg.expm"),
    "solve_triangular": function("jax.scipy.linalg.solve_triangular"),
    "cholesky_solve": template("jax.scipy.linalg.cho_solve(({1}, True), {0})"),
    "matrix_norm": norm("jnp.linalg.matrix_norm({}", keepdims="keepdims"),
}

AUTOGRAD: dict[str, Spelling | None] = {
    **{name: function(f"np.linalg.{name}") for name in (
        "inv", "det", "solve", "cholesky", "pinv")},
    "logabsdet": template("np.linalg.slogdet({0})[1]"),
    "eigvalsh": template("np.linalg.eigh({0})[0]"),
    "svdvals": template("np.linalg.svd({0}, compute_uv=False)"),
    "matrix_norm": _autograd_norm,
    **dict.fromkeys(("solve_triangular", "cholesky_solve", "matrix_power", "matrix_exp")),
}

REFERENCE: dict[str, Spelling | None] = {
    **{name: function(f"engine.linalg.{name}") for name in (
        "inv", "det", "solve", "solve_triangular", "cholesky", "cholesky_solve", "eigvalsh",
        "svdvals", "pinv", "matrix_exp")},
    "logabsdet": template("engine.linalg.slogdet({0}).logabsdet"),
    "matrix_power": function("engine.linalg.matrix_power", positional=("n",)),
    "matrix_norm": norm("engine.linalg.matrix_norm({}", keepdims="keepdims"),
}
