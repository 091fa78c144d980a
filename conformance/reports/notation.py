"""A case as mathematics: its statements, with derivatives as fractions."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from conformance import ops
from conformance.backends.printing import (
    BARE,
    PRODUCT,
    UNARY,
    Expr,
    Printer,
    Spelling,
    function,
    nested,
    template,
)
from conformance.graph import LEAVES, Graph


class Notation:
    """What a Printer needs to write mathematics rather than a framework's code."""

    name = "mathematics"
    namespace = ""
    reserved: tuple[str, ...] = ()
    bare = BARE | {"where", "maximum", "minimum", "atan2", "hypot", "logaddexp"}
    spellings: ClassVar[dict[str, Spelling]] = {
        **{name: function(name, sequence=op.arity is None) for name, op in ops.CATALOGUE.items()
           if op.group != "core" or name in ("jvp", "vjp", "jacobian")},
        "abs": template("|{0}|"), "sqrt": template("√{0}"),
        "stop_gradient": function("stop_gradient"), "matrix_transpose": template("{0}ᵀ"),
    }

    def array(self, values: np.ndarray, dtype: str) -> str:
        return nested(values, dtype)


for _name in ("add", "subtract", "multiply", "divide", "pow", "matmul", "negative", "less",
              "less_equal", "greater", "greater_equal", "getitem"):
    del Notation.spellings[_name]  # Python's operators read as mathematics


def statements(graph: Graph) -> list[str]:
    """The program's lines, then one line a derivative with its closed form."""
    printer = Printer(Notation(), graph)
    names = printer.names
    labels = {o.node: o.name for o in graph.outputs if graph.nodes[o.node].op == "grad"}

    def expression(position: int) -> Expr:
        node = graph.nodes[position]
        if node.op == "constant":
            values = np.array(node["value"]).reshape(node.type.shape)
            return Expr(nested(values, node.type.dtype))
        if node.op == "literal":
            return printer.literal(node, bare=True)
        if position in labels:
            return Expr(f"({labels[position]})")
        if node.op in LEAVES or position in named:
            return Expr(names[position])
        return value(position)

    def value(position: int) -> Expr:
        node = graph.nodes[position]
        if node.op != "grad":
            return printer.spell(position, expression)
        target, source = (expression(i) for i in node.inputs)
        total = "Σ " if graph.nodes[node.inputs[0]].type.shape else ""
        return Expr(f"∂{total}{target.within(UNARY)}/∂{source.within(UNARY)}", PRODUCT)

    program = graph.program()
    named = {i for i in program if printer.is_statement(i) or graph.nodes[i].op == "input"}
    outputs = {output.node for output in graph.outputs}
    lines = [f"{names[i]} = {value(i).text}" for i in sorted(named - outputs)
             if graph.nodes[i].op != "input"]
    for output in graph.outputs:
        result = value(output.node) if graph.nodes[output.node].op not in LEAVES else (
            expression(output.node))
        closed = "" if output.closed_form is None else f" = {expression(output.closed_form).text}"
        lines.append(f"{output.name}:  {result.text}{closed}")
    return lines
