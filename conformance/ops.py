"""The operator catalogue: what each operator is called, takes, accepts and returns."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance import aliases
from conformance import shape_rules as shapes
from conformance import typing_rules as rules
from conformance.errors import ShapeError, UnknownOperator
from conformance.typing_rules import REQUIRED, TensorType

Infer = Callable[[tuple[TensorType, ...], Mapping[str, Any]], TensorType]


@dataclass(frozen=True)
class Op:
    """One operator of the catalogue.

    name: the array API standard's name where it has one.
    arity: how many tensors it takes; None for a sequence of them (concat, stack).
    infer: operand types and parameters -> result type; raises ShapeError.
    parameters: keyword parameters and their defaults (REQUIRED where there is none).
    group: the file of rules and cases that it belongs to.
    linearity: "linear" in all operands together, "bilinear" (linear in each alone), "piecewise"
        (linear but for kinks: the slope is a mask), "quotient" (linear in the first, not in the
        second), "nonlinear", or "constant" (no derivative flows through).
    domain, kinks: where it is real, and where it is not differentiable, in words.
    meaning: what it computes, where the array API standard does not say it.
    """

    name: str
    arity: int | None
    infer: Infer
    parameters: Mapping[str, Any] = field(default_factory=dict)
    group: str = "elementwise"
    linearity: str = "nonlinear"
    domain: str = "all reals"
    kinks: str = ""
    meaning: str = ""

    def bind(self, keywords: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters with defaults filled in; raises ShapeError on an unknown or missing one."""
        for name in keywords:
            if name not in self.parameters:
                raise ShapeError(f"has no parameter {name!r}; {self._suggest(name)}")
        bound = {**self.parameters, **keywords}
        for name, value in bound.items():
            if value is REQUIRED:
                raise ShapeError(f"needs the parameter {name!r}")
        return bound

    def _suggest(self, parameter: str) -> str:
        known = aliases.PARAMETERS.get(parameter, ())
        near = [*(name for name in known if name in self.parameters),
                *difflib.get_close_matches(parameter, self.parameters, n=1)]
        if parameter == "dtype":
            return "floats take the dtype of the run"
        if near:
            return f"did you mean {near[0]!r}?"
        return f"it takes {', '.join(map(repr, self.parameters)) or 'operands only'}"


CATALOGUE: dict[str, Op] = {}


def _add(name: str, arity: int | None, infer: Infer, **fields: Any) -> None:
    CATALOGUE[name] = Op(name, arity, infer, **fields)


def _elementwise(group_rows: str, **fields: Any) -> None:
    """One row an operator: name | domain | kinks | meaning."""
    for row in group_rows.strip().splitlines():
        name, domain, kinks, meaning = (part.strip() for part in (row + "|||").split("|")[:4])
        _add(name, 1, rules.elementwise, domain=domain or "all reals", kinks=kinks,
             meaning=meaning, **fields)


def get(name: str) -> Op:
    """The operator called `name`; raises UnknownOperator with what to write instead."""
    if name in CATALOGUE:
        return CATALOGUE[name]
    remedy = aliases.hint(name)
    if remedy is None:
        callable_names = [known for known, op in CATALOGUE.items() if op.group != "core"]
        near = difflib.get_close_matches(name, callable_names, n=3)
        remedy = (f"did you mean {' or '.join(f'xp.{n}' for n in near)}?" if near
                  else "conformance/ops.py lists those that there are")
    raise UnknownOperator(f"there is no operator {name!r}; {remedy}")


# --- the graph's own kinds of node -------------------------------------------------------------
# input: a named leaf; constant: an array written in the case; literal: a bare Python number,
# which takes the dtype of what it meets; grad: the gradient of sum(target) for one source.
_add("input", 0, rules.declared, parameters={"name": REQUIRED, "kind": "constant"}, group="core",
     meaning="the values of the input called `name`")
_add("constant", 0, rules.declared, parameters={"value": REQUIRED}, group="core",
     linearity="constant", meaning="the numbers of `value`, in row-major order")
_add("literal", 0, rules.declared, parameters={"value": REQUIRED}, group="core",
     linearity="constant", meaning="the number `value`, 0-d")
_add("grad", 2, rules.gradient, group="core",
     meaning="the gradient of sum(target) for source; the operands are target, source")
_add("stop_gradient", 1, rules.same, group="core", linearity="constant",
     meaning="x, which every gradient takes for a constant")

# --- elementwise -------------------------------------------------------------------------------
_elementwise("""
    acos        | |x| < 1  |
    acosh       | x > 1    |
    asin        | |x| < 1  |
    asinh
    atan
    atanh       | |x| < 1  |
    cos
    cosh
    erf         | | | 2 / sqrt(pi) times the integral of exp(-t**2) from 0 to x
    exp
    expm1
    log         | x > 0
    log10       | x > 0
    log1p       | x > -1
    log2        | x > 0
    reciprocal  | x != 0
    rsqrt       | x > 0 | | 1 / sqrt(x)
    sigmoid     | | | 1 / (1 + exp(-x))
    sin
    sinh
    softplus    | | | log(1 + exp(x))
    sqrt        | x > 0
    square
    tan
    tanh
""".replace("|x|", "abs(x)"))
_elementwise("""
    abs         |          | 0
    relu        |          | 0 | maximum(x, 0)
""", linearity="piecewise")
_elementwise("negative", linearity="linear")
_elementwise("sign | | 0", linearity="constant")
for _name in ("add", "subtract"):
    _add(_name, 2, rules.broadcasting, linearity="linear")
_add("multiply", 2, rules.broadcasting, linearity="bilinear")
_add("divide", 2, rules.broadcasting, domain="divisor != 0", linearity="quotient")
_add("pow", 2, rules.broadcasting, domain="base > 0, or an integer exponent")
for _name in ("maximum", "minimum"):
    _add(_name, 2, rules.broadcasting, kinks="ties", linearity="piecewise")
_add("atan2", 2, rules.broadcasting, domain="not both 0")
_add("hypot", 2, rules.broadcasting, kinks="both 0")
_add("logaddexp", 2, rules.broadcasting)
_add("clip", 1, rules.clip, parameters={"min": None, "max": None}, kinks="the bounds",
     linearity="piecewise", meaning="the bounds are numbers; None is no bound")
for _name in ("less", "less_equal", "greater", "greater_equal"):
    _add(_name, 2, rules.ordering, linearity="constant")
for _name in ("equal", "not_equal"):
    _add(_name, 2, rules.equality, linearity="constant")
_add("where", 3, rules.where, linearity="linear",
     meaning="condition, then, else; a branch that is not taken counts for nothing")

# --- reductions --------------------------------------------------------------------------------
_AXES = {"axis": None, "keepdims": False}
for _name in ("sum", "mean"):
    _add(_name, 1, rules.reduction, parameters=_AXES, group="reductions", linearity="linear")
_add("prod", 1, rules.reduction, parameters=_AXES, group="reductions")
for _name in ("max", "min"):
    _add(_name, 1, rules.nonempty_reduction, parameters=_AXES, group="reductions", kinks="ties",
         linearity="piecewise")
_add("var", 1, rules.variance, parameters={**_AXES, "correction": 0.0}, group="reductions",
     meaning="sum((x - mean(x))**2) / (count - correction)")
_add("logsumexp", 1, rules.nonempty_reduction, parameters=_AXES, group="reductions",
     meaning="log(sum(exp(x)))")
_add("softmax", 1, rules.along_axis, parameters={"axis": -1}, group="reductions",
     meaning="exp(x) / sum(exp(x)) along the axis")
_add("log_softmax", 1, rules.along_axis, parameters={"axis": -1}, group="reductions",
     meaning="log(softmax(x)) along the axis")
_add("cumulative_sum", 1, rules.along_axis, parameters={"axis": REQUIRED}, group="reductions",
     linearity="linear", meaning="element k sums elements 0 to k of the axis")

# --- shapes ------------------------------------------------------------------------------------
for _name, _infer, _parameters in (
    ("reshape", shapes.reshape, {"shape": REQUIRED}),
    ("permute_dims", shapes.permute_dims, {"axes": REQUIRED}),
    ("expand_dims", shapes.expand_dims, {"axis": REQUIRED}),
    ("squeeze", shapes.squeeze, {"axis": REQUIRED}),
    ("broadcast_to", shapes.broadcast_to, {"shape": REQUIRED}),
    ("flip", shapes.flip, {"axis": None}),
    ("roll", shapes.roll, {"shift": REQUIRED, "axis": None}),
    ("matrix_transpose", shapes.matrix_transpose, {}),
):
    _add(_name, 1, _infer, parameters=_parameters, group="shapes", linearity="linear")
_add("concat", None, shapes.concat, parameters={"axis": 0}, group="shapes", linearity="linear")
_add("stack", None, shapes.stack, parameters={"axis": 0}, group="shapes", linearity="linear")
for _name in ("zeros_like", "ones_like"):
    _add(_name, 1, rules.same, group="shapes", linearity="constant")

# --- linear algebra and indexing ---------------------------------------------------------------
_add("matmul", 2, shapes.matmul, group="linear_algebra", linearity="bilinear")
_add("getitem", 1, shapes.getitem, parameters={"index": REQUIRED}, group="indexing",
     linearity="linear", meaning="x[index]: ints, slices, null (a new axis) and an ellipsis")
_add("take", 1, shapes.take, parameters={"indices": REQUIRED, "axis": REQUIRED}, group="indexing",
     linearity="linear")
