"""How the reference engine spells neural layers whose order of arguments is its own."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.backends.printing import Call, Expr, Spelling, plain


def _normalized(*, axis: bool = False, training: bool = False) -> Spelling:
    """Weight and bias, where there are any, go by their names."""
    def spell(call: Call) -> Expr:
        arguments = [call.text]
        if "groups" in dict(call.node.parameters):
            arguments.append(str(call["groups"]))
        if axis:
            arguments.append(f"axis={plain(call['axis'])}")
        arguments += [f"{name}={operand.text}" for name, operand in zip(
            ("weight", "bias"), call.operands[1:], strict=False)]
        if training:
            arguments.append("training=True")
        return Expr(f"engine.{call.node.op}({', '.join(arguments)}, "
                    f"epsilon={call['epsilon']!r})")

    return spell


LAYERS: Mapping[str, Spelling] = {
    **dict.fromkeys(("standardize", "layer_norm", "rms_norm"), _normalized(axis=True)),
    "batch_norm": _normalized(training=True),
    **dict.fromkeys(("instance_norm", "group_norm"), _normalized()),
}
