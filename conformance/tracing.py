"""A case function, called once with traced values, becomes a graph."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any, NoReturn

import numpy as np

from conformance import ops
from conformance.errors import BranchError, CaseError, Location, ShapeError, UnknownOperator
from conformance.graph import Graph, Node, Output
from conformance.paths import display_path
from conformance.typing_rules import FLOATS, TensorType, broadcast_shapes

NOT_CALLABLE = ("input", "constant", "literal", "grad", "getitem")


class Builder:
    """The nodes of one tracing, in the order in which they were made."""

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype
        self.nodes: list[Node] = []

    def append(self, op: str, operands: tuple[int, ...], parameters: Mapping[str, Any],
               kind: TensorType, where: Location | None = None) -> Value:
        node = Node(op, operands, tuple(sorted(parameters.items())), kind,
                    where=where or caller())
        self.nodes.append(node)
        return Value(self, len(self.nodes) - 1)

    def apply(self, name: str, operands: tuple[Any, ...], keywords: Mapping[str, Any]) -> Value:
        """One operator on values, numbers and arrays; errors carry the author's file and line."""
        op = ops.get(name)
        try:
            parameters = {k: _freeze(v) for k, v in op.bind(keywords).items()}
            if op.arity is not None and len(operands) != op.arity:
                raise ShapeError(f"takes {op.arity} operand(s), got {len(operands)}")
            values = self.operands(operands)
            kind = op.infer(tuple(v.type for v in values), parameters)
        except ShapeError as error:
            raise ShapeError(f"{name}: {error.message}", error.where or caller()) from None
        return self.append(name, tuple(v.index for v in values), parameters, kind)

    def operands(self, operands: tuple[Any, ...]) -> tuple[Value, ...]:
        """Values as they are; a bare number takes the dtype of the floats it meets."""
        traced = [o.type.dtype for o in operands if isinstance(o, Value) and o.type.dtype != "bool"]
        return tuple(self.operand(o, traced[0] if traced else self.dtype) for o in operands)

    def operand(self, operand: Any, dtype: str, where: Location | None = None) -> Value:
        if isinstance(operand, Value):
            if operand.builder is not self:
                raise CaseError("a traced value of another case was used here", caller())
            return operand
        if isinstance(operand, Claim):
            raise CaseError("`==` states a closed form; to compare elementwise write "
                            "xp.equal(a, b)", caller())
        if isinstance(operand, (bool, int, float)):
            kind = TensorType((), "bool" if isinstance(operand, bool) else dtype)
            return self.append("literal", (), {"value": operand}, kind, where)
        if isinstance(operand, (np.ndarray, np.generic)):
            return self.constant(operand)
        raise CaseError(f"cannot use {operand!r} ({type(operand).__name__}) as an operand; "
                        "wrap lists in xp.asarray(...)", caller())

    def constant(self, values: Any) -> Value:
        exact = np.asarray(values)
        dtype = {"f": self.dtype, "i": "int64", "b": "bool"}.get(exact.dtype.kind)
        if dtype is None:
            raise CaseError(f"a constant holds real numbers or booleans, got {values!r}", caller())
        flat = tuple(exact.ravel().tolist())
        return self.append("constant", (), {"value": flat}, TensorType(exact.shape, dtype))


class Value:
    """A node under construction, with Python's operators; it has a type but no numbers."""

    __array_ufunc__ = None  # NumPy arrays on the left defer to our operators
    __slots__ = ("builder", "index")

    def __init__(self, builder: Builder, index: int) -> None:
        self.builder = builder
        self.index = index

    @property
    def type(self) -> TensorType:
        return self.builder.nodes[self.index].type

    @property
    def shape(self) -> tuple[int, ...]:
        return self.type.shape

    @property
    def ndim(self) -> int:
        return len(self.type.shape)

    @property
    def size(self) -> int:
        return self.type.size

    @property
    def T(self) -> Value:
        return self.builder.apply("matrix_transpose", (self,), {})

    def __getitem__(self, index: Any) -> Value:
        parts = index if isinstance(index, tuple) else (index,)
        return self.builder.apply("getitem", (self,), {"index": parts})

    def __len__(self) -> int:
        if not self.shape:
            raise CaseError("a 0-d value has no len()", caller())
        return self.shape[0]

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __eq__(self, other: Any) -> Claim:  # type: ignore[override]
        return Claim(self, other)

    def __ne__(self, other: Any) -> NoReturn:  # type: ignore[override]
        raise CaseError("to compare elementwise write xp.not_equal(a, b)", caller())

    __hash__ = object.__hash__

    def _no_number(self, *_: Any) -> NoReturn:
        raise BranchError(
            "this branches on (or takes the number of) a traced value, which has none: a case is "
            "traced once, before any input is known. Write xp.where(condition, a, b) instead of "
            "`if`, and xp functions instead of float(), int() and math", caller())

    __bool__ = __float__ = __int__ = __index__ = __complex__ = _no_number

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise CaseError("NumPy cannot see inside a traced value: write xp.sin(x), not np.sin(x)",
                        caller())

    def __repr__(self) -> str:
        return f"<traced {self.type}>"


def _operator(name: str, reflected: bool = False) -> Callable[..., Value]:
    def method(self: Value, *others: Any) -> Value:
        operands = (*others, self) if reflected else (self, *others)
        return self.builder.apply(name, operands, {})

    return method


for _symbol, _name in {"add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide",
                       "pow": "pow", "matmul": "matmul"}.items():
    setattr(Value, f"__{_symbol}__", _operator(_name))
    setattr(Value, f"__r{_symbol}__", _operator(_name, reflected=True))
for _symbol, _name in {"neg": "negative", "abs": "abs", "lt": "less", "le": "less_equal",
                       "gt": "greater", "ge": "greater_equal"}.items():
    setattr(Value, f"__{_symbol}__", _operator(_name))


class Claim:
    """`derivative == closed form`, as a case returns it."""

    def __init__(self, value: Value, closed_form: Any) -> None:
        self.value = value
        self.closed_form = closed_form

    def __bool__(self) -> bool:
        self.value._no_number()


class Namespace:
    """The `xp` that a case is given: the catalogue's operators, by their array API names."""

    pi = math.pi
    e = math.e
    inf = math.inf
    nan = math.nan

    def __init__(self, builder: Builder) -> None:
        self._builder = builder

    def __getattr__(self, name: str) -> Callable[..., Value]:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            op = ops.get(name)
            if name in NOT_CALLABLE:
                raise UnknownOperator(f"xp has no operator {name!r}; index with x[...], "
                                      "differentiate with conformance.grad")
        except UnknownOperator as error:
            raise UnknownOperator(error.message, caller()) from None

        def call(*arguments: Any, **keywords: Any) -> Value:
            count = 1 if op.arity is None else op.arity
            positional = dict(zip(op.parameters, arguments[count:], strict=False))
            if len(arguments) - count > len(op.parameters):
                raise ShapeError(f"{name}: too many arguments", caller())
            operands = arguments[:count]
            if op.arity is None and operands:
                operands = tuple(operands[0])
            return self._builder.apply(name, operands, {**positional, **keywords})

        return call

    def asarray(self, values: Any) -> Value:
        """A constant array, its floats in the dtype of the run."""
        return self._builder.constant(values)

    def zeros(self, shape: tuple[int, ...] | int) -> Value:
        return self._builder.constant(np.zeros(shape))

    def ones(self, shape: tuple[int, ...] | int) -> Value:
        return self._builder.constant(np.ones(shape))

    def full(self, shape: tuple[int, ...] | int, value: float) -> Value:
        return self._builder.constant(np.full(shape, float(value)))


def grad(target: Value, source: Value) -> Value:
    """The gradient of sum(target) with respect to `source`, itself a value of the graph.

    target, source: traced floating-point values; the source may be an input or an intermediate.
    Returns a value of the source's shape and dtype. Raises CaseError for anything else.
    """
    for role, value in (("target", target), ("source", source)):
        if not isinstance(value, Value):
            raise CaseError(f"grad's {role} must be a traced value of the case, got {value!r}",
                            caller())
    return target.builder.apply("grad", (target, source), {})


def trace(function: Callable[..., Any], inputs: Mapping[str, tuple[TensorType, str]],
          *arguments: Any, dtype: str = "float32") -> Graph:
    """Call `function(xp, *arguments, **inputs)` once and return what it computed.

    inputs: name -> (type, "constant" or "variable"). dtype: what floats the case writes become.
    Raises CaseError (with file and line) for whatever the function does that a graph cannot say.
    """
    if dtype not in FLOATS:
        raise CaseError(f"cases run in {', '.join(FLOATS)}, not {dtype!r}")
    builder = Builder(dtype)
    home = Location(display_path(function.__code__.co_filename),
                    function.__code__.co_firstlineno)
    values = {name: builder.append("input", (), {"name": name, "kind": kind}, declared, home)
              for name, (declared, kind) in inputs.items()}
    results, names = _call(function, builder, arguments, values)
    return _graph(builder, _outputs(builder, results, home), names)


def _call(function: Callable[..., Any], builder: Builder, arguments: tuple[Any, ...],
          values: Mapping[str, Value]) -> tuple[Any, dict[int, str]]:
    """Run the case; also learn from its frame what it called its values."""
    names: dict[int, str] = {}

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event == "return" and frame.f_code is function.__code__:
            for name, value in frame.f_locals.items():
                if isinstance(value, Value) and value.builder is builder:
                    names.setdefault(value.index, name)

    previous = sys.getprofile()
    sys.setprofile(profile)
    try:
        results = function(Namespace(builder), *arguments, **values)
    finally:
        sys.setprofile(previous)
    return results, names


def _outputs(builder: Builder, results: Any, home: Location) -> list[Output]:
    if not isinstance(results, Mapping) or not results:
        raise CaseError(f'a case returns {{"dy/dx": grad(y, x)}}, a dict of named derivatives; '
                        f"got {results!r}", home)
    outputs = []
    for name, result in results.items():
        claimed = isinstance(result, Claim)
        value = result.value if claimed else result
        if not isinstance(value, Value):
            raise CaseError(f"the derivative {name!r} is not a traced value: {result!r}", home)
        if not value.type.is_float:
            raise CaseError(f"the result {name!r} has dtype {value.type.dtype}; "
                            "results are floating point", home)
        closed = _closed_form(builder, name, value, result.closed_form) if claimed else None
        outputs.append(Output(str(name), value.index, closed))
    return outputs


def _closed_form(builder: Builder, name: str, value: Value, closed_form: Any) -> int:
    where = builder.nodes[value.index].where
    closed = builder.operand(closed_form, value.type.dtype, where)
    try:
        fits = broadcast_shapes(closed.shape, value.shape) == value.shape
    except ShapeError:
        fits = False
    if not fits:
        raise ShapeError(f"the closed form of {name!r} has shape {closed.shape}, "
                         f"its derivative {value.shape}", where)
    return closed.index


def _graph(builder: Builder, outputs: list[Output], names: Mapping[int, str]) -> Graph:
    """Keep what the outputs need (and every input), renumbered."""
    home = builder.nodes[outputs[0].node].where
    needed = {i for i, node in enumerate(builder.nodes) if node.op == "input"}
    stack = [i for o in outputs for i in (o.node, o.closed_form) if i is not None]
    program = [o.node for o in outputs]
    while stack:
        i = stack.pop()
        if i not in needed or builder.nodes[i].op == "input":
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
    if not any(graph.levels[order[i]] for i in program):
        raise CaseError("a case with no derivative: return at least one grad(target, source)",
                        home)
    return graph


def caller() -> Location | None:
    """The nearest place outside this package: the author's line."""
    frame: FrameType | None = sys._getframe(1)
    while frame and str(frame.f_globals.get("__name__", "")).partition(".")[0] == "conformance":
        frame = frame.f_back
    return Location(display_path(frame.f_code.co_filename), frame.f_lineno) if frame else None


def _freeze(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple(_freeze(v) for v in value)
    if isinstance(value, np.generic):
        return value.item()
    return value
