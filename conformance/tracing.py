"""A case function, called once with traced values, becomes a graph."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from operator import index as exact_int
from typing import Any

import numpy as np

from conformance import ops
from conformance.callers import Author, location, outside
from conformance.errors import CaseError, Location, NoComplexDtype, ShapeError
from conformance.graph import Graph, Node, Output
from conformance.namespace import Namespace
from conformance.typing_rules import (
    FLOATS,
    TensorType,
    broadcast_shapes,
    complex_of,
    is_int,
)
from conformance.values import Claim, Value


class Builder:
    """The nodes of one tracing, in the order in which they were made."""

    def __init__(self, dtype: str, author: Author) -> None:
        self.dtype = dtype
        self.author = author
        self.nodes: list[Node] = []

    def type_of(self, index: int) -> TensorType:
        return self.nodes[index].type

    def line(self) -> Location | None:
        """The author's line that is running."""
        return self.author.line()

    def append(self, op: str, operands: tuple[int, ...], parameters: Mapping[str, Any],
               kind: TensorType, where: Location | None = None) -> Value:
        node = Node(op, operands, tuple(sorted(parameters.items())), kind,
                    where=where or self.line())
        self.nodes.append(node)
        return Value(self, len(self.nodes) - 1)

    def apply(self, name: str, operands: tuple[Any, ...], keywords: Mapping[str, Any]) -> Value:
        """One operator on values, numbers and arrays; errors carry the author's file and line."""
        op = ops.get(name)
        values: tuple[Value, ...] = ()
        try:
            if op.arity is not None and len(operands) != op.arity:
                raise ShapeError(f"takes {op.arity} operand(s), got {len(operands)}")
            values = self.operands(operands)
            parameters = {k: _plain(v) for k, v in op.bind(keywords).items()}
            kind = op.infer(tuple(v.type for v in values), parameters)
        except NoComplexDtype as error:
            raise NoComplexDtype(error.message, self.line()) from None
        except ShapeError as error:
            types = f"({', '.join(str(v.type) for v in values)})" if values else ""
            raise ShapeError(f"{name}{types}: {error.message}", self.line()) from None
        if name == "reshape":
            parameters["shape"] = kind.shape  # without the -1, which only the author needs
        return self.append(name, tuple(v.index for v in values), parameters, kind)

    def operands(self, operands: tuple[Any, ...]) -> tuple[Value, ...]:
        """Values as they are; a bare number takes the dtype of the numbers that it meets."""
        ready = [self.constant(o) if isinstance(o, np.ndarray) else o for o in operands]
        met = [o.dtype for o in ready if isinstance(o, Value) and o.dtype != "bool"]
        return tuple(self.operand(o, met[0] if met else self.dtype) for o in ready)

    def operand(self, operand: Any, dtype: str, where: Location | None = None) -> Value:
        if isinstance(operand, Value):
            if operand.builder is not self:
                raise CaseError("a traced value of another case was used here; a case computes "
                                "with its own inputs only", where or self.line())
            return operand
        if isinstance(operand, Claim):
            operand.misused()
        if isinstance(operand, np.ndarray):
            return self.constant(operand, where)
        number = _plain(operand)
        if isinstance(number, (bool, int, float, complex)):
            kind = "bool" if isinstance(number, bool) else dtype
            if isinstance(number, complex):
                kind = self.complex_dtype(where)
            if isinstance(number, float) and kind == "int64":
                raise ShapeError(f"the number {number!r} meets int64 values; "
                                 "write floats (3.0 rather than 3) on the other side")
            if is_int(number) and not -2**63 <= number < 2**63:
                raise ShapeError(f"the int {number} needs more than 64 bits; write a float")
            return self.append("literal", (), {"value": number}, TensorType((), kind), where)
        raise CaseError(f"an operand is a value, a number or a NumPy array, got {operand!r} "
                        f"({type(operand).__name__}); wrap a list in xp.asarray(...)",
                        where or self.line())

    def constant(self, values: Any, where: Location | None = None) -> Value:
        try:
            exact = np.asarray(values)
        except ValueError as error:
            raise CaseError(f"nested lists must form a rectangle: {error}",
                            where or self.line()) from None
        dtype = {"f": self.dtype, "i": "int64", "u": "int64", "b": "bool",
                 "c": "complex"}.get(exact.dtype.kind)
        if dtype is None:
            raise CaseError(f"a constant holds numbers or booleans, got {values!r}",
                            where or self.line())
        if exact.dtype.kind in "fc":
            exact = exact.astype({"f": "float64", "c": "complex128"}[exact.dtype.kind])
        if dtype == "complex":
            dtype = self.complex_dtype(where)
        flat = tuple(exact.ravel().tolist())
        return self.append("constant", (), {"value": flat}, TensorType(exact.shape, dtype), where)

    def complex_dtype(self, where: Location | None = None) -> str:
        """What complex numbers that the case writes become."""
        try:
            return complex_of(self.dtype)
        except NoComplexDtype as error:
            raise NoComplexDtype(error.message, where or self.line()) from None

    def names(self) -> dict[int, str]:
        """What the author called the values, by their nodes; the earliest variable counts."""
        names: dict[int, str] = {}
        for name, variable in self.author.variables().items():
            value = variable.value if isinstance(variable, Claim) else variable
            if isinstance(value, Value) and value.builder is self and name != "_":
                names.setdefault(value.index, name)
        return names


def grad(target: Value, source: Value) -> Value:
    """The gradient of sum(target) with respect to `source`, itself a value of the graph.

    Of a complex target, that of the real part of its sum R; for a complex source z = a + ib it is
    dR/da + i dR/db.

    target, source: traced floating-point values; the source may be an input or an intermediate.
    Returns a value of the source's shape and dtype. Raises CaseError for anything else.
    """
    return _derivative("grad", target, source)


def vjp(target: Value, source: Value, cotangent: Value) -> Value:
    """The gradient of sum(target * cotangent) for `source`, as if the cotangent were constant.

    cotangent: a value, an array or a number of the target's shape. Returns a value of the source's
    shape. Raises CaseError for anything else.
    """
    return _derivative("vjp", target, source, cotangent)


def jvp(target: Value, source: Value, tangent: Value) -> Value:
    """The derivative of `target` as `source` moves along `tangent`, a value of its shape.

    Returns a value of the target's shape. Raises CaseError for anything else.
    """
    return _derivative("jvp", target, source, tangent)


def jacobian(target: Value, source: Value) -> Value:
    """Element [*i, *j] is the derivative of target[i] for source[j].

    Raises CaseError for anything but traced floating-point values.
    """
    return _derivative("jacobian", target, source)


def hessian(target: Value, source: Value) -> Value:
    """The Jacobian of the gradient of sum(target) for `source`, of its axes twice."""
    return jacobian(grad(target, source), source)


def _derivative(name: str, target: Value, source: Value, *factor: Any) -> Value:
    for role, value in (("target", target), ("source", source)):
        if not isinstance(value, Value):
            builder = next((v.builder for v in (target, source) if isinstance(v, Value)), None)
            raise CaseError(f"{name}'s {role} must be one traced value of the case, got {value!r}; "
                            f"write {name}(y, x{', v' * len(factor)}), a call for each source",
                            builder.line() if builder else outside())
    return target.builder.apply(name, (target, source, *factor), {})


def trace(function: Callable[..., Any], inputs: Mapping[str, tuple[TensorType, str]],
          *arguments: Any, dtype: str = "float32") -> Graph:
    """Call `function(xp, *arguments, **inputs)` once and return what it computed.

    inputs: name -> (type, "constant" or "variable"). dtype: what floats the case writes become.
    Raises CaseError (with file and line) for whatever the function does that a graph cannot say.
    """
    code = inspect.unwrap(function).__code__
    home = location(code)
    if dtype not in FLOATS:
        raise CaseError(f"cases run in {', '.join(FLOATS)}, not {dtype!r}", home)
    author = Author(code)
    builder = Builder(dtype, author)
    values = {name: builder.append("input", (), {"name": name, "kind": kind}, declared, home)
              for name, (declared, kind) in inputs.items()}
    try:
        results = function(Namespace(builder), *arguments, **values)
        return _graph(builder, _outputs(builder, results, home), builder.names(), home)
    finally:
        author.forget()


def _outputs(builder: Builder, results: Any, home: Location) -> list[Output]:
    if not isinstance(results, Mapping) or not results:
        forgotten = "; is `return` missing?" if results is None else ""
        raise CaseError('a case returns a dict of named derivatives, {"dy/dx": grad(y, x)}; '
                        f"got {results!r}{forgotten}", home)
    outputs = []
    for name, result in results.items():
        if not isinstance(name, str) or not name:
            raise CaseError(f'a result has a name such as "dy/dx", got {name!r}', home)
        claimed = isinstance(result, Claim)
        value, place = (result.value, result.where or home) if claimed else (result, home)
        if not isinstance(value, Value):
            raise CaseError(f"the result {name!r} must be a traced value of the case, "
                            f"got {value!r}; write grad(y, x)", home)
        value = builder.operand(value, builder.dtype, place)
        if not value.type.is_inexact:
            raise CaseError(f"the result {name!r} is {value.type}; results are floating point",
                            builder.nodes[value.index].where)
        closed = _closed_form(builder, name, value, result.closed_form, place) if claimed else None
        outputs.append(Output(name, value.index, closed))
    return outputs


def _closed_form(builder: Builder, name: str, value: Value, closed_form: Any,
                 where: Location) -> int:
    try:
        closed = builder.operand(closed_form, value.dtype, where)
    except ShapeError as error:
        raise ShapeError(f"the closed form of {name!r}: {error.message}", where) from None
    try:
        fits = broadcast_shapes(closed.shape, value.shape) == value.shape
    except ShapeError:
        fits = False
    if not fits or closed.dtype != value.dtype:
        hint = "" if closed.type.is_inexact else "; write floats (3.0 rather than 3)"
        raise ShapeError(f"the closed form of {name!r} is {closed.type}, which does not fit its "
                         f"derivative, {value.type}{hint}", where)
    return closed.index


def _graph(builder: Builder, outputs: list[Output], names: Mapping[int, str],
           home: Location) -> Graph:
    """Keep what the outputs need (and every input), renumbered."""
    needed = {i for i, node in enumerate(builder.nodes) if node.op == "input"}
    stack = [i for o in outputs for i in (o.node, o.closed_form) if i is not None]
    while stack:
        i = stack.pop()
        if i not in needed:
            needed.add(i)
            stack.extend(builder.nodes[i].inputs)
    order = {old: new for new, old in enumerate(sorted(needed))}
    nodes = []
    for old in order:
        node = builder.nodes[old]
        nodes.append(Node(node.op, tuple(order[i] for i in node.inputs), node.parameters,
                          node.type, names.get(old), node.where))
    graph = Graph(tuple(nodes), tuple(
        Output(o.name, order[o.node], None if o.closed_form is None else order[o.closed_form])
        for o in outputs))
    if not any(graph.levels[output.node] for output in graph.outputs):
        swapped = any(o.closed_form is not None and graph.levels[o.closed_form]
                      for o in graph.outputs)
        raise CaseError("a case with no derivative; " + (
            "write the derivative on the left of its closed form: grad(y, x) == 2 * x" if swapped
            else "return at least one grad(target, source)"), home)
    return graph


def _plain(value: Any) -> Any:
    """A parameter without lists, NumPy's numbers and subclasses of Python's."""
    if isinstance(value, (list, tuple)):
        return tuple(_plain(v) for v in value)
    if isinstance(value, slice):
        return slice(_plain(value.start), _plain(value.stop), _plain(value.step))
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        return value.item()
    if is_int(value):
        return exact_int(value)
    if isinstance(value, complex):
        return complex(value)
    return float(value) if isinstance(value, float) else value
