"""From nodes to the expressions of a framework's source: what a spelling is, and how it nests."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance import ops
from conformance.analysis import uses
from conformance.backends.layout import Block
from conformance.backends.literals import nested, number, plain, quoted, shortest, whole
from conformance.backends.names import Names
from conformance.errors import Unsupported
from conformance.formats import numpy_dtype
from conformance.graph import LEAVES, Graph, Node
from conformance.typing_rules import TensorType, normalize_axes

__all__ = ["ATOM", "BARE", "COMPARISON", "POWER", "PRODUCT", "STANDARD", "SUM", "UNARY", "Block",
           "Call", "Expr", "Names", "Printer", "Spelling", "function", "infix", "nested", "number",
           "plain", "prefix", "quoted", "shortest", "subscript", "template", "whole"]

# Python's precedences, as far as printed expressions use them
COMPARISON, SUM, PRODUCT, UNARY, POWER, ATOM = range(6)
# an expression of so many levels gets a name
DEEP = 6
# what a formatter lets stand beside ** without spaces
_SIMPLE = re.compile(r"-?[A-Za-z_][\w.]*|-?\d[\w.]*(e[+-]?\d+)?")


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
    types: tuple[TensorType, ...]

    def __getitem__(self, parameter: str) -> Any:
        return self.node[parameter]

    @property
    def text(self) -> str:
        """The first operand, as it stands between the parentheses of a call."""
        return self.operands[0].text

    @property
    def atom(self) -> str:
        """The first operand, ready for `.method()` or `[index]`."""
        return self.operands[0].within(ATOM)

    @property
    def shape(self) -> tuple[int, ...]:
        """The first operand's shape."""
        return self.types[0].shape

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes that are meant, each a non-negative number."""
        return normalize_axes(self["axis"], len(self.shape))


Spelling = Callable[[Call], Expr]


def infix(symbol: str, precedence: int) -> Spelling:
    """`a + b`; the right operand binds tighter, but for the power, which is the other way round."""
    def spell(call: Call) -> Expr:
        left, right = call.operands
        if precedence == POWER:
            base, exponent = left.within(ATOM), right.within(UNARY)
            simple = _SIMPLE.fullmatch(base) and _SIMPLE.fullmatch(exponent)
            return Expr(f"{base}**{exponent}" if simple else f"{base} ** {exponent}", POWER)
        first = precedence + (precedence == COMPARISON)  # comparisons would chain
        return Expr(f"{left.within(first)} {symbol} {right.within(precedence + 1)}", precedence)

    return spell


def prefix(symbol: str) -> Spelling:
    """`-a`."""
    return lambda call: Expr(f"{symbol}{call.operands[0].within(POWER)}", UNARY)


def function(name: str, *, sequence: bool = False, positional: tuple[str, ...] = (),
             **renamed: str) -> Spelling:
    """`name(a, b, parameter=value)`, without the parameters that have their defaults.

    sequence: the operands are one list. positional: parameters that go without their names, which
    come first. renamed: what a parameter is called here.
    """
    def spell(call: Call) -> Expr:
        operands = [operand.text for operand in call.operands]
        arguments = [f"[{', '.join(operands)}]"] if sequence else operands
        defaults = ops.get(call.node.op).parameters
        for parameter, value in ordered(call.node):
            if parameter in positional:
                arguments.append(plain(value))
            elif value != defaults[parameter] or isinstance(value, bool) != isinstance(
                    defaults[parameter], bool):
                arguments.append(f"{renamed.get(parameter, parameter)}={plain(value)}")
        return Expr(f"{name}({', '.join(arguments)})")

    return spell


def template(text: str, precedence: int = ATOM) -> Spelling:
    """`text` with {0}, {1} for operands (in parentheses unless atoms) and {axis} for parameters.

    An operand that stands in the text twice gets a name of its own rather than be computed twice.
    precedence: of the text as a whole.
    """
    def spell(call: Call) -> Expr:
        operands = [operand.within(ATOM) for operand in call.operands]
        parameters = {name: plain(value) for name, value in call.node.parameters}
        return Expr(text.format(*operands, **parameters), precedence)

    spell.repeats = any(text.count(f"{{{i}}}") > 1 for i in range(3))  # type: ignore[attr-defined]
    return spell


def subscript(call: Call) -> Expr:
    """`a[1:, 0]`."""
    parts = ", ".join(index_text(part) for part in call["index"])
    return Expr(f"{call.atom}[{parts or '...'}]")


def ordered(node: Node) -> list[tuple[str, Any]]:
    """A node's parameters in the catalogue's order."""
    values = dict(node.parameters)
    if "correction" in values:
        values["correction"] = whole(values["correction"])
    return [(name, values[name]) for name in ops.get(node.op).parameters]


def index_text(part: Any) -> str:
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
    "equal": infix("==", COMPARISON), "not_equal": infix("!=", COMPARISON),
    "getitem": subscript,
}
# operators that every framework lets meet a bare Python number
BARE = frozenset({"add", "subtract", "multiply", "divide", "pow", "less", "less_equal", "greater",
                  "greater_equal", "equal", "not_equal"})


class Printer:
    """Spells a graph's nodes for one backend; a style decides on statements and gradients."""

    def __init__(self, backend: Any, graph: Graph) -> None:
        self.backend = backend
        self.graph = graph
        self.names = Names(graph, backend.reserved)
        self.uses = uses(graph)
        self._targets = {i for node in graph for i in node.inputs if node.op == "grad"}
        self._repeated = {i for p in graph.program() for i in graph.nodes[p].inputs
                          if getattr(backend.spellings.get(graph.nodes[p].op), "repeats", False)}
        self._depths = self._nesting()

    def is_statement(self, position: int) -> bool:
        """Whether a node gets a line and a name of its own, rather than standing inside another."""
        node = self.graph.nodes[position]
        if node.op in LEAVES:
            return False
        return (self.is_named(position) or self.uses[position] > 1
                or node.op == "grad" or position in self._targets)

    def is_named(self, position: int) -> bool:
        """Whether it has a name wherever it is used: the author's, or one for legibility's sake."""
        return (position in self.names or position in self._repeated
                or self._depths.get(position, 0) >= DEEP)

    def _nesting(self) -> dict[int, float]:
        """How deep each node's expression is, if everything unnamed in it is inlined."""
        depths: dict[int, float] = {}
        for i in sorted(self.graph.program()):
            node = self.graph.nodes[i]
            below = [0 if self.graph.nodes[j].op in LEAVES or j in self.names
                     or depths[j] >= DEEP else depths[j] for j in node.inputs]
            if node.op in ("add", "subtract", "multiply", "divide"):  # a + b + c nests but little
                depths[i] = max(below[0] + 0.25, below[1] + 1)
            else:
                depths[i] = max(below, default=0) + 1
        return depths

    def spell(self, position: int, operand: Callable[[int], Expr]) -> Expr:
        """The expression of a node; `operand` gives the source of each of its operands."""
        nodes, node = self.graph.nodes, self.graph.nodes[position]
        tensors = {nodes[i].type.dtype for i in node.inputs if nodes[i].op != "literal"}
        operands = tuple(
            operand(i) if nodes[i].op != "literal" else
            self.literal(nodes[i], node.op in self.backend.bare and nodes[i].type.dtype in tensors)
            for i in node.inputs)
        types = tuple(nodes[i].type for i in node.inputs)
        return self.spelling(node)(Call(node, operands, types))

    def spelling(self, node: Node) -> Spelling:
        """How the backend writes this operator; raises Unsupported."""
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
        """A number of the case: bare where the operator takes it beside a tensor, else an array."""
        if bare:
            text = number(node["value"])
            signed = UNARY if text.startswith("-") else ATOM
            return Expr(text, SUM if " " in text else signed)
        values = np.asarray(node["value"], dtype=numpy_dtype(node.type.dtype))
        return Expr(self.backend.array(values, node.type.dtype))

    def results(self) -> str:
        """The dict that the printed function returns."""
        pairs = ", ".join(f"{quoted(o.name)}: {self.names[o.node]}"
                          for o in self.graph.outputs)
        return f"{{{pairs}}}"
