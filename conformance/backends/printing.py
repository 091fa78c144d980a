"""From nodes to the expressions, names and lines of a framework's source."""

from __future__ import annotations

import builtins
import json
import keyword
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from conformance import ops
from conformance.analysis import uses
from conformance.errors import Unsupported
from conformance.graph import LEAVES, Graph, Node

# Python's precedences, as far as printed expressions use them
COMPARISON, SUM, PRODUCT, UNARY, POWER, ATOM = range(6)


@dataclass(frozen=True)
class Expr:
    """A piece of source and how tightly it binds."""

    text: str
    precedence: int = ATOM

    def within(self, precedence: int) -> str:
        """The text, in parentheses where something that binds at `precedence` needs them."""
        return self.text if self.precedence >= precedence else f"({self.text})"


@dataclass(frozen=True)
class Call:
    """One operator to be spelled: its operands as source, and its node."""

    node: Node
    operands: tuple[Expr, ...]
    types: tuple[Any, ...]

    def __getitem__(self, parameter: str) -> Any:
        return self.node[parameter]


Spelling = Callable[[Call], Expr]


def infix(symbol: str, precedence: int) -> Spelling:
    """`a + b`; the right operand binds tighter, but for the power, which is the other way round."""
    def spell(call: Call) -> Expr:
        left, right = call.operands
        if precedence == POWER:
            return Expr(f"{left.within(ATOM)}{symbol}{right.within(UNARY)}", POWER)
        return Expr(f"{left.within(precedence)} {symbol} {right.within(precedence + 1)}",
                    precedence)

    return spell


def prefix(symbol: str) -> Spelling:
    """`-a`."""
    return lambda call: Expr(f"{symbol}{call.operands[0].within(POWER)}", UNARY)


def function(name: str, *, sequence: bool = False, **renamed: str) -> Spelling:
    """`name(a, b, parameter=value)`, without the parameters that have their defaults.

    sequence: the operands are one list. renamed: what a parameter is called here.
    """
    def spell(call: Call) -> Expr:
        operands = [operand.text for operand in call.operands]
        arguments = [f"[{', '.join(operands)}]"] if sequence else operands
        defaults = ops.get(call.node.op).parameters
        for parameter, value in ordered(call.node):
            if value != defaults[parameter] or isinstance(value, bool) != isinstance(
                    defaults[parameter], bool):
                arguments.append(f"{renamed.get(parameter, parameter)}={plain(value)}")
        return Expr(f"{name}({', '.join(arguments)})")

    return spell


def template(text: str) -> Spelling:
    """`text` with {0}, {1} for operands (in parentheses unless atoms) and {axis} for parameters."""
    def spell(call: Call) -> Expr:
        operands = [operand.within(ATOM) for operand in call.operands]
        parameters = {name: plain(value) for name, value in call.node.parameters}
        return Expr(text.format(*operands, **parameters))

    return spell


def subscript(call: Call) -> Expr:
    """`a[1:, 0]`."""
    index = call["index"]
    parts = ", ".join(_index_text(part) for part in index)
    if len(index) == 1 and isinstance(index[0], (int, slice)) or len(index) > 1:
        return Expr(f"{call.operands[0].within(ATOM)}[{parts}]")
    return Expr(f"{call.operands[0].within(ATOM)}[{parts or '()'}]")


def ordered(node: Node) -> list[tuple[str, Any]]:
    """A node's parameters in the catalogue's order."""
    values = dict(node.parameters)
    return [(name, values[name]) for name in ops.get(node.op).parameters]


def plain(value: Any) -> str:
    """A parameter as Python source."""
    if isinstance(value, float):
        return number(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(plain, value))}{',' if len(value) == 1 else ''})"
    return repr(value)


def number(value: float | int | bool) -> str:
    """A number as Python source, NaN and infinities included."""
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return repr(value)


def shortest(value: Any, dtype: str) -> str:
    """The shortest decimal that becomes exactly this value of `dtype`."""
    if dtype in ("bool", "int64"):
        return repr(value.item() if isinstance(value, np.generic) else value)
    exact = np.asarray(value, dtype=dtype)
    text = number(float(str(exact))) if dtype == "float32" else number(float(exact))
    # through a double, as every framework reads it
    same = np.array(float(text) if "float" not in text else exact).astype(dtype)
    return text if same == exact or np.isnan(exact) else number(float(exact))


def nested(values: np.ndarray, dtype: str) -> str:
    """An array as nested lists of numbers."""
    if values.ndim == 0:
        return shortest(values[()], dtype)
    return f"[{', '.join(nested(row, dtype) for row in values)}]"


def _index_text(part: Any) -> str:
    if part is Ellipsis:
        return "..."
    if isinstance(part, slice):
        text = ":".join("" if p is None else str(p) for p in (part.start, part.stop))
        return text if part.step is None else f"{text}:{part.step}"
    return repr(part)


# how the array API's own names and Python's operators spell the catalogue; backends override
STANDARD: dict[str, Spelling] = {
    "add": infix("+", SUM), "subtract": infix("-", SUM),
    "multiply": infix("*", PRODUCT), "divide": infix("/", PRODUCT),
    "matmul": infix("@", PRODUCT), "pow": infix("**", POWER), "negative": prefix("-"),
    "less": infix("<", COMPARISON), "less_equal": infix("<=", COMPARISON),
    "greater": infix(">", COMPARISON), "greater_equal": infix(">=", COMPARISON),
    "getitem": subscript,
}
# operators that every framework lets meet a bare Python number
BARE = frozenset({"add", "subtract", "multiply", "divide", "pow", "less", "less_equal", "greater",
                  "greater_equal"})


@dataclass
class Block:
    """Lines of source under construction, with their indentation."""

    lines: list[str] = field(default_factory=list)
    depth: int = 0

    def line(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)


class Names:
    """A distinct Python identifier for each node, the author's own wherever there is one."""

    def __init__(self, graph: Graph, reserved: Iterable[str]) -> None:
        self._taken = {*reserved, *keyword.kwlist, *dir(builtins), "derivatives"}
        self._of: dict[int, str] = {}
        nodes = graph.nodes
        for i in graph.inputs:
            self._of[i] = self.fresh(nodes[i]["name"])
        for i, node in enumerate(nodes):
            if node.name and i not in self._of and node.op != "literal":
                self._of[i] = self.fresh(node.name)
        for output in graph.outputs:
            self._name_output(graph, output.name, output.node)
        for i, node in enumerate(nodes):
            if i not in self._of and node.op == "constant":
                self._of[i] = self.fresh("constant")

    def _name_output(self, graph: Graph, name: str, position: int) -> None:
        """`dz/dx` names its node dz_dx and, if the target has no name, the target z."""
        if position not in self._of:
            self._of[position] = self.fresh(re.sub(r"\W+", "_", name).strip("_") or "result")
        node, match = graph.nodes[position], re.fullmatch(r"d(\w+)/d\w+", name)
        if node.op == "grad" and match and node.inputs[0] not in self._of:
            self._of[node.inputs[0]] = self.fresh(match[1])

    def __contains__(self, position: int) -> bool:
        return position in self._of

    def __getitem__(self, position: int) -> str:
        if position not in self._of:
            self._of[position] = self.fresh("t")
        return self._of[position]

    def fresh(self, wanted: str) -> str:
        """An identifier like `wanted` that nothing else uses."""
        base = wanted if wanted.isidentifier() else f"v_{re.sub(r'[^0-9A-Za-z_]', '_', wanted)}"
        name, count = base, 1
        while name in self._taken:
            count += 1
            name = f"{base}_{count}"
        self._taken.add(name)
        return name


class Printer:
    """Spells a graph's nodes for one backend; a style decides on statements and gradients."""

    def __init__(self, backend: Any, graph: Graph) -> None:
        self.backend = backend
        self.graph = graph
        self.names = Names(graph, backend.reserved)
        self.uses = uses(graph)
        self._targets = {i for node in graph for i in node.inputs if node.op == "grad"}

    def is_statement(self, position: int) -> bool:
        """Whether a node gets a line and a name of its own, rather than standing inside another."""
        node = self.graph.nodes[position]
        if node.op in LEAVES:
            return False
        return (position in self.names or self.uses[position] > 1 or node.op == "grad"
                or position in self._targets)

    def spell(self, position: int, operand: Callable[[int], Expr]) -> Expr:
        """The expression of a node; `operand` gives the source of each of its operands."""
        node = self.graph.nodes[position]
        spelling = self.spelling(node)
        types = tuple(self.graph.nodes[i].type for i in node.inputs)
        all_literal = all(self.graph.nodes[i].op == "literal" for i in node.inputs)
        operands = []
        for i in node.inputs:
            inner = self.graph.nodes[i]
            if inner.op == "literal":
                bare = node.op in self.backend.bare and not all_literal
                operands.append(self.literal(inner, bare))
            else:
                operands.append(operand(i))
        return spelling(Call(node, tuple(operands), types))

    def spelling(self, node: Node) -> Spelling:
        table: Mapping[str, Any] = self.backend.spellings
        if node.op in table:
            spelling = table[node.op]
            if spelling is None:
                raise Unsupported(f"{self.backend.name} has no {node.op} ({node.where})")
            return spelling
        sequence = ops.get(node.op).arity is None
        return STANDARD.get(node.op) or function(f"{self.backend.namespace}.{node.op}",
                                                 sequence=sequence)

    def literal(self, node: Node, bare: bool) -> Expr:
        if bare:
            text = number(node["value"])
            return Expr(text, UNARY if text.startswith("-") else ATOM)
        values = np.asarray(node["value"], dtype=node.type.dtype)
        return Expr(self.backend.array(values, node.type.dtype))

    def constants(self, block: Block) -> None:
        """Array constants of the program, once, outside of the function."""
        for position in sorted(self.graph.program()):
            node = self.graph.nodes[position]
            if node.op == "constant":
                values = np.array(node["value"], dtype=node.type.dtype).reshape(node.type.shape)
                block.line(f"{self.names[position]} = "
                           f"{self.backend.array(values, node.type.dtype)}")

    def results(self) -> str:
        """The dict that the printed function returns."""
        pairs = ", ".join(f"{json.dumps(o.name)}: {self.names[o.node]}"
                          for o in self.graph.outputs)
        return f"{{{pairs}}}"
