"""Operators: a NumPy function forward and one rule per input backward, both found by name.

`FORWARDS[name]` computes on ndarrays and NumPy scalars. `RULES[name]` is a tuple of functions, one
per input, each `(dy, y, *inputs, **parameters) -> dx`, with None for an input that has no
derivative. Both tables may be changed at any time, so that a test can plant a wrong function and
expect to be caught:

    monkeypatch.setitem(operators.RULES, "tanh", (lambda dy, y, x: dy * (1 - y),))

A rule is made of operators, and the operators that rules see give plain arrays for plain arrays and
record when given Tensors. So one rule serves both the pass that nobody watches, at NumPy's own
speed, and a pass that an outer tape differentiates again.

A rule need not undo broadcasting: the tape does, once for all. It need not conjugate either: it is
the transpose of the derivative (d(x w) -> dy w), and the tape conjugates at both ends.
"""

import functools
import inspect
from collections.abc import Callable

import numpy as np

from . import saving
from .errors import (
    DtypeError,
    EngineError,
    IndexingError,
    NoGradientError,
    OperandError,
    ShapeError,
    describe,
)
from .recording import record
from .tensor import ARRAYS, Tensor, as_operand, as_tensor, is_float, same_dtype

__all__ = ["as_operand"]


class Op:
    """One operator: its entries of the tables, and what a tape keeps of a call."""

    __slots__ = ("differentiable", "forward", "jvp", "keep", "name", "rules", "variadic")

    def __init__(self, name):
        self.name = name
        self.forward = None
        self.rules = ()
        self.jvp = None
        self.variadic = False
        self.differentiable = False
        self.keep = saving.everything

    def use(self, rules):
        """Takes a tuple of rules for its own."""
        self.rules = rules
        self.differentiable = any(function is not None for function in rules)
        self.keep = saving.everything if self.variadic else saving.keeper(rules)


OPS: dict[str, Op] = {}


def _op(name):
    if name not in OPS:
        OPS[name] = Op(name)
    return OPS[name]


class _Forwards(dict[str, Callable]):
    def __setitem__(self, name, forward):
        super().__setitem__(name, forward)
        _op(name).forward = forward


class _Rules(dict[str, tuple]):
    def __setitem__(self, name, rules):
        super().__setitem__(name, rules)
        _op(name).use(rules)


FORWARDS = _Forwards()
RULES = _Rules()
VARIADIC: set[str] = set()


def rule(name, *functions, jvp=None):
    """Registers the gradient of operator `name`: a function, or None, for each input.

    jvp: how tangents go through the operator. "linear": it is linear in all inputs together, so
    that its JVP is itself. "bilinear": linear in each of two inputs. "elementwise": the rule serves
    tangents too. None: by transposing the rules, which is always right.
    """
    RULES[name] = functions
    _op(name).jvp = jvp or _op(name).jvp


def variadic_rule(name, function, jvp=None, shapes_only=False):
    """Registers a gradient for any number of inputs: `(position, dy, y, *inputs, **parameters)`.

    shapes_only: it reads no values, so that a tape need not keep any.
    """
    VARIADIC.add(name)
    op = _op(name)
    op.variadic = True
    op.jvp = jvp
    RULES[name] = (function,)
    if shapes_only:
        op.keep = saving.shapes


def no_gradient(name, advice):
    """Registers that operator `name` has no derivative to give, and what to use instead."""

    def refuse(*_, **__):
        raise NoGradientError(f"{name} has no gradient: {advice}")

    RULES[name] = (refuse,)
    VARIADIC.add(name)
    _op(name).variadic = True


def is_differentiable(name):
    """Whether some input of operator `name` has a gradient."""
    return OPS[name].differentiable


def values(x):
    """The ndarray of a Tensor, or of what already is an array."""
    return x.numpy() if hasattr(x, "numpy") else np.asarray(x)


def quiet(forward):
    """A forward whose own formula may warn where its result is right."""

    @functools.wraps(forward)
    def silent(*arrays, **parameters):
        with np.errstate(all="ignore"):
            return forward(*arrays, **parameters)

    return silent


def apply(name, *inputs, **parameters):
    """Operator `name` of `inputs`: recorded if one is a Tensor, else plain arrays for plain arrays.

    Raises ShapeError, DtypeError, IndexingError or OperandError with the operator and its inputs.
    """
    op = OPS[name]
    if not any(type(x) is Tensor for x in inputs):
        return op.forward(*inputs, **parameters)
    inputs = [x if type(x) is Tensor else as_tensor(x) for x in inputs]
    try:
        result = op.forward(*[x._array for x in inputs], **parameters)
    except (ValueError, IndexError, TypeError, OverflowError) as error:
        raise explained(error, name, inputs, parameters) from error
    if type(result) is tuple:
        y = tuple([Tensor(array) for array in result])
        _refuse_integers(name, inputs, y[0])
    else:
        y = Tensor(result)
        if any(x.key is not None for x in inputs):
            if op.differentiable and is_float(y):
                record(op, inputs, parameters, y)
        elif name != "astype":  # the one way to ask for floats of integers
            _refuse_integers(name, inputs, y)
        return y
    if op.differentiable and any(x.key is not None for x in inputs):
        record(op, inputs, parameters, y)
    return y


def _refuse_integers(name, inputs, y):
    if is_float(y) and not any(map(is_float, inputs)):
        raise DtypeError(
            f"{name}: got {_described(inputs)}, wanted floats: "
            "cast with engine.astype(x, 'float64')"
        )


def elementwise(name, forward, inputs=1, jvp="elementwise"):
    """Defines an elementwise operator of one or two inputs, as rules see it.

    Its `public` attribute is the function for users, which gives a Tensor for anything.
    """
    FORWARDS[name] = forward
    op = _op(name)
    op.jvp = jvp
    make = _unary if inputs == 1 else _binary
    call = make(op, lambda *plain: op.forward(*plain))
    call.public = make(op, lambda first, *others: call(as_tensor(first), *others))
    of = (
        "x, elementwise: any shape"
        if inputs == 1
        else "x and w, elementwise: two shapes that broadcast, dtypes of one kind"
    )
    for function in (call, call.public):
        function.__name__ = function.__qualname__ = name
        function.__doc__ = f"{name} of {of}. Raises ShapeError, DtypeError."
    return call


def _unary(op, otherwise):
    """An operator of one Tensor; `otherwise` is told of plain arrays."""

    def call(x):
        if type(x) is not Tensor:
            x = as_operand(x)
            if type(x) is not Tensor:
                return otherwise(x)
        try:
            y = Tensor(op.forward(x._array))
        except (ValueError, TypeError) as error:
            raise explained(error, op.name, [x], {}) from error
        if x.key is None:
            if x.dtype.kind in "biu":
                _refuse_integers(op.name, [x], y)
        elif op.differentiable:
            record(op, (x,), NONE, y)
        return y

    return call


def _binary(op, otherwise):
    """An operator of two of which at least one is a Tensor; `otherwise` is told of the others."""

    def call(x, w):
        if type(x) is not Tensor or type(w) is not Tensor:
            if isinstance(x, ARRAYS) and not hasattr(w, "as_tensor"):
                return otherwise(x, w)
            x, w = _pair(op.name, x, w)
            if type(x) is not Tensor:
                return otherwise(x, w)
        a, b = x._array, w._array
        if a.dtype is not b.dtype and a.dtype != b.dtype:
            x, w = same_dtype(op.name, x, w)
            a, b = x._array, w._array
        try:
            y = Tensor(op.forward(a, b))
        except (ValueError, TypeError) as error:
            raise explained(error, op.name, [x, w], {}) from error
        if x.key is not None or w.key is not None:
            if op.differentiable:
                record(op, (x, w), NONE, y)
        elif a.dtype.kind in "biu":
            _refuse_integers(op.name, [x, w], y)
        return y

    return call


NONE: dict = {}  # the parameters of an operator that has none


def _pair(name, x, w):
    """Two operands of one dtype; a Python number takes that of the other."""
    if type(x) is Tensor and type(w) is float and x._array.dtype.kind == "f":
        return x, as_tensor(w, x._array.dtype)
    if type(w) is Tensor and type(x) is float and w._array.dtype.kind == "f":
        return as_tensor(x, w._array.dtype), w
    x, w = (v.as_tensor() if hasattr(v, "as_tensor") else v for v in (x, w))
    return same_dtype(name, x, w)


def operator(forward):
    """Defines an operator by its NumPy forward, whose first argument is the only input."""
    name, signature = forward.__name__, inspect.signature(forward)
    first = next(iter(signature.parameters))
    defaults = {k: p.default for k, p in signature.parameters.items() if k != first}
    required = [k for k, default in defaults.items() if default is inspect.Parameter.empty]
    FORWARDS[name] = forward
    op = _op(name)

    @functools.wraps(forward)
    def call(*arguments, **keywords):
        if len(arguments) == 1 and not required and keywords.keys() <= defaults.keys():
            x, parameters = arguments[0], {**defaults, **keywords}  # the usual case, for speed
        else:
            x, parameters = _bound(name, signature, first, arguments, keywords)
        for key, value in parameters.items():
            if type(value) is list:  # a caller's list may change before the rule runs
                parameters[key] = tuple(value)
        if type(x) is not Tensor:
            x = as_operand(x)
            if type(x) is not Tensor:
                return op.forward(x, **parameters)
        return apply(name, x, **parameters)

    return call


def _bound(name, signature, first, arguments, keywords):
    try:
        bound = signature.bind(*arguments, **keywords)
    except TypeError as error:
        raise OperandError(f"{name}: {error}; wanted {name}{signature}") from error
    bound.apply_defaults()
    parameters = dict(bound.arguments)
    return parameters.pop(first), parameters


def public(function):
    """`function` for users: its first operand becomes a Tensor, and so does the result.

    The first operand is the first argument that is no string; a parameter called `tensors` takes
    several in a list.
    """
    if hasattr(function, "public"):
        return function.public
    several = "tensors" in inspect.signature(function).parameters

    @functools.wraps(function)
    def call(*arguments, **keywords):
        place = 1 if arguments and isinstance(arguments[0], str) else 0  # einsum's subscripts
        if len(arguments) > place:
            operand = _operand(arguments[place], several)
            return function(*arguments[:place], operand, *arguments[place + 1 :], **keywords)
        for key in keywords:
            return function(**{**keywords, key: _operand(keywords[key], several)})
        return function()

    return call


def _operand(value, several):
    if type(value) is Tensor:
        return value
    if several and isinstance(value, list | tuple):
        return [as_tensor(element) for element in value]
    return as_tensor(value)


def explained(error, name, inputs, parameters):
    """NumPy's complaint, with the operator and what it was given; one of ours as it is."""
    if isinstance(error, EngineError):
        return error
    if isinstance(
        error, ValueError
    ):  # NumPy's AxisError, both a ValueError and an IndexError, among them
        kind = ShapeError
    else:
        kind = IndexingError if isinstance(error, IndexError) else OperandError
    given = "".join(f", {key}={value!r}" for key, value in parameters.items())
    return kind(f"{name}: got {_described(inputs)}{given}: {error}")


def _described(inputs):
    return " and ".join(map(describe, inputs))
