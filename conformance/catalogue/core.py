"""The graph's own kinds of node.

input: a named leaf; constant: an array written in the case; literal: a bare Python number, which
takes the dtype of what it meets; grad, jvp, vjp and jacobian: derivatives, which nest.
"""

from __future__ import annotations

from conformance import typing_rules as rules
from conformance.catalogue.operator import Op
from conformance.typing_rules import REQUIRED

OPERATORS = (
    Op("input", 0, rules.declared, {"name": REQUIRED, "kind": "constant"}, group="core",
       meaning="the values of the input called `name`"),
    Op("constant", 0, rules.declared, {"value": REQUIRED}, group="core", linearity="constant",
       meaning="the numbers of `value`, in row-major order"),
    Op("literal", 0, rules.declared, {"value": REQUIRED}, group="core", linearity="constant",
       meaning="the number `value`, 0-d"),
    Op("grad", 2, rules.gradient, group="core",
       meaning="the gradient of sum(target) for source; the operands are target, source"),
    Op("jvp", 3, rules.pushed_forward, group="core",
       meaning="the derivative of target along a change of source by tangent; the operands are "
               "target, source, tangent"),
    Op("vjp", 3, rules.pulled_back, group="core",
       meaning="the gradient of sum(target * cotangent) for source, the cotangent held; the "
               "operands are target, source, cotangent"),
    Op("jacobian", 2, rules.jacobian, group="core",
       meaning="element i, j is the derivative of target[i] for source[j]; the operands are "
               "target, source"),
    Op("stop_gradient", 1, rules.same, group="core", linearity="constant",
       meaning="x, which every gradient takes for a constant"),
)
