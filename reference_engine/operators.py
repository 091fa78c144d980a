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
    MatrixError,
    NoGradientError,
    OperandError,
    ShapeError,
    describe,
)
from .operand import Operand
from .recording import record, thread
from .tensor import ARRAYS, Tensor, as_operand, as_tensor, dtype_named, is_float, same_dtype

__all__ = ["as_operand"]


class Op:
    """One operator: its entries of the tables, and what a tape keeps of a call."""

    __slots__ = (
        *("differentiable", "forward", "jvp", "name", "rules", "variadic"),
        # what to keep; of two inputs when only the first, or only the second, is followed
        *("keep", "keep_for_first", "keep_for_second"),
    )

    def __init__(self, name):
        self.name = name
        self.forward = None
        self.rules = ()
        self.jvp = None
        self.variadic = False
        self.differentiable = False
        self.keep = self.keep_for_first = self.keep_for_second = saving.everything

    def use(self, rules):
        """Takes a tuple of rules for its own."""
        self.rules = rules
        self.differentiable = any(function is not None for function in rules)
        if not self.variadic:
            self.keep = saving.keeper(rules)
            if len(rules) == 2:
                self.keep_for_first = saving.keeper((rules[0], None))
                self.keep_for_second = saving.keeper((None, rules[1]))


OPS: dict[str, Op] = {}


def _op(name):
    if name not in OPS:
        OPS[name] = Op(name)
    return OPS[name]


def _new(name, forward):
    if name in FORWARDS:
        raise ValueError(f"there is an operator {name!r} already")  # of our own, not the user's
    FORWARDS[name] = forward
    return OPS[name]


class _Forwards(dict[str, Callable]):
    def __setitem__(self, name, forward):
        super().__setitem__(name, forward)
        _op(name).forward = forward

    def __delitem__(self, name):
        super().__delitem__(name)
        OPS.pop(name, None)


class _Rules(dict[str, tuple]):
    def __setitem__(self, name, rules):
        super().__setitem__(name, rules)
        _op(name).use(rules)

    def __delitem__(self, name):
        super().__delitem__(name)
        OPS.pop(name, None)


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
    op.keep = saving.shapes if shapes_only else saving.everything


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
    return _applied(op, [x if type(x) is Tensor else as_tensor(x) for x in inputs], parameters)


def _applied(op, inputs, parameters):
    """An operator of Tensors."""
    try:
        result = op.forward(*[x._array for x in inputs], **parameters)
    except (ValueError, IndexError, TypeError, OverflowError) as error:
        raise explained(error, op.name, inputs, parameters) from error
    return _told(op, inputs, parameters, result)


def _told(op, inputs, parameters, result):
    """A result as a Tensor, or a tuple of them, of which the listeners know."""
    y = Tensor(result) if type(result) is not tuple else tuple([Tensor(part) for part in result])
    for x in inputs:
        if x.key is not None:
            if op.differentiable and (type(y) is tuple or is_float(y)):
                record(op, inputs, parameters, y)
            return y
    if op.name != "astype":  # the one way to ask for floats of integers
        _refuse_integers(op.name, inputs, y[0] if type(y) is tuple else y)
    return y


def _refuse_integers(name, inputs, y):
    for x in inputs:
        if x._array.dtype.kind in "fc":
            return
    if is_float(y) and not any(map(is_float, inputs)):
        raise DtypeError(
            f"{name}: got {_described(inputs)}, wanted floats: "
            "cast with engine.astype(x, 'float64')"
        )


def elementwise(name, forward, inputs=1, jvp="elementwise"):
    """Defines an elementwise operator of one or two inputs, as rules see it.

    Its `public` attribute is the function for users, which gives a Tensor for anything.
    """
    op = _new(name, forward)
    op.jvp = jvp
    make = _unary if inputs == 1 else _binary
    call = make(op, public=False)
    call.public = make(op, public=True)
    of = (
        "x, elementwise: any shape"
        if inputs == 1
        else "x and w, elementwise: two shapes that broadcast, dtypes of one kind"
    )
    for function in (call, call.public):
        function.__name__ = function.__qualname__ = name
        function.__doc__ = f"{name} of {of}. Raises ShapeError, DtypeError."
    return call


def _unary(op, public):
    """An operator of one operand; plain arrays stay plain unless it is the `public` one."""

    def call(x):
        if type(x) is not Tensor:
            if not public and isinstance(x, ARRAYS):
                return op.forward(x)
            x = as_tensor(x)
        try:
            y = Tensor(op.forward(x._array))
        except (ValueError, TypeError) as error:
            raise explained(error, op.name, [x], {}) from error
        if x.key is None:
            if x._array.dtype.kind in "biu":
                _refuse_integers(op.name, [x], y)
        elif op.differentiable:
            for listener in thread.listeners:
                listener.note(op, (x,), NONE, y)
        return y

    return call


def _binary(op, public):
    """An operator of two operands; plain arrays stay plain unless it is the `public` one."""

    def call(x, w):
        try:
            if type(x) is not Tensor or type(w) is not Tensor:
                if type(x) is Tensor and type(w) in _NUMBERS and x._array.dtype.kind == "f":
                    w = _number(w, x._array)  # what `pair` does, for speed
                else:
                    x, w = pair(op.name, x, w)
                    if type(x) is not Tensor:
                        if not public:
                            return op.forward(x, w)
                        x, w = pair(op.name, as_tensor(x), w)
            a, b = x._array, w._array
            if a.dtype is not b.dtype and a.dtype != b.dtype:
                x, w = same_dtype(op.name, x, w)
                a, b = x._array, w._array
            y = Tensor(op.forward(a, b))
        except (ValueError, TypeError, OverflowError) as error:
            raise explained(error, op.name, [x, w], {}) from error
        if x.key is not None or w.key is not None:
            if op.differentiable:
                for listener in thread.listeners:
                    listener.note(op, (x, w), NONE, y)
        elif a.dtype.kind in "biu":
            _refuse_integers(op.name, [x, w], y)
        return y

    return call


def apply_to_two(name, x, w):
    """Operator `name` of two operands of one dtype, with less to do than `apply`."""
    op = OPS[name]
    if type(x) is not Tensor or type(w) is not Tensor:
        return apply(name, x, w)
    try:
        y = Tensor(op.forward(x._array, w._array))
    except (ValueError, TypeError) as error:
        raise explained(error, name, [x, w], {}) from error
    if x.key is not None or w.key is not None:
        record(op, (x, w), NONE, y)
    return y


# Their `dtype`, which the array API has, is that in which they compute.
_CASTING = frozenset(("sum", "prod", "cumulative_sum"))
NONE: dict = {}  # the parameters of an operator that has none


def pair(name, x, w):
    """Two operands of one dtype; a Python number takes that of the other."""
    if type(x) is Tensor and type(w) is Tensor:
        if x._array.dtype is w._array.dtype:
            return x, w
        return same_dtype(name, x, w)
    if isinstance(x, ARRAYS) and isinstance(w, ARRAYS):
        return x, w
    if type(x) is Tensor and type(w) in _NUMBERS:
        if x._array.dtype.kind == "f":
            return x, _number(w, x._array)
    elif type(w) is Tensor and type(x) in _NUMBERS and w._array.dtype.kind == "f":
        return _number(x, w._array), w
    if type(x) is not Tensor and isinstance(x, Operand):
        return pair(name, x.as_tensor(), w)
    if type(w) is not Tensor and isinstance(w, Operand):
        return pair(name, x, w.as_tensor())
    return same_dtype(name, x, w)


_NUMBERS = frozenset((float, int))
_made: dict = {}  # Tensors of the Python numbers that programs use again and again; never seen


def _number(value, partner):
    """A Python number as a Tensor of the real floating dtype of an array beside it.

    Beside an array as a 0-d array, with which NumPy takes half the time of a scalar.
    """
    key = value, partner.dtype.num, partner.ndim > 0
    made = _made.get(key)
    if made is None:
        number = partner.dtype.type(value)
        made = Tensor(np.array(number) if partner.ndim else number)
        if len(_made) >= 1000:
            _made.clear()
        if value:  # 0.0 and -0.0 are equal keys
            _made[key] = made
    return made


def operator(forward):
    """Defines an operator by its NumPy forward, whose first argument is the only input."""
    name, signature = forward.__name__, inspect.signature(forward)
    op = _new(name, forward)
    call = _with_parameters(op, signature, public=False)
    call.public = _with_parameters(op, signature, public=True)
    functools.update_wrapper(call, forward)
    functools.update_wrapper(call.public, forward)
    return call


def _with_parameters(op, signature, public):
    """An operator of one operand with parameters; a plain array stays plain unless `public`."""
    first, *names = signature.parameters
    empty = inspect.Parameter.empty
    defaults = {n: p.default for n in names if (p := signature.parameters[n]).default is not empty}
    count = len(names)

    def call(x=NONE, *arguments, **keywords):
        if not arguments and not keywords:
            parameters = defaults
        else:
            parameters = {**defaults, **dict(zip(names, arguments, strict=False)), **keywords}
        if len(parameters) != count or x is NONE or (arguments and (
                keywords or len(arguments) > count)):  # unusual, if not wrong
            given = arguments if x is NONE else (x, *arguments)
            x, parameters = _bound(op.name, signature, first, given, keywords)
        if parameters is not defaults:
            for key, value in parameters.items():
                if type(value) is list:  # a caller's list may change before the rule runs
                    parameters[key] = tuple(value)
        if type(x) is not Tensor:
            if not public and isinstance(x, ARRAYS):
                return op.forward(x, **parameters)
            x = as_tensor(x)
        return _applied_to_one(op, x, parameters)

    return call


def _applied_to_one(op, x, parameters):
    """An operator of one Tensor, with less to do than `_applied`."""
    try:
        result = op.forward(x._array, **parameters)
    except (ValueError, IndexError, TypeError, OverflowError) as error:
        raise explained(error, op.name, [x], parameters) from error
    if x.key is None or type(result) is tuple:
        return _told(op, (x,), parameters, result)
    y = Tensor(result)
    if op.differentiable and (result.dtype.kind in "fc" or is_float(y)):
        record(op, (x,), parameters, y)
    return y


def _bound(name, signature, first, arguments, keywords):
    if "dtype" in keywords and name in _CASTING:
        others = {key: value for key, value in keywords.items() if key != "dtype"}
        x, parameters = _bound(name, signature, first, arguments, others)
        dtype = keywords["dtype"]
        if dtype is not None:
            x = apply("astype", as_operand(x), dtype=dtype_named(dtype))
        return x, parameters
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
    if isinstance(error, np.linalg.LinAlgError):
        kind = MatrixError
    elif "negative integer powers" in str(error):
        return DtypeError(f"{name}: got {_described(inputs)}: {error} Cast the base with "
                          "engine.astype(x, 'float64')")  # fmt: skip
    elif isinstance(
        error, ValueError
    ):  # NumPy's AxisError, both a ValueError and an IndexError, among them
        kind = ShapeError
    else:
        kind = IndexingError if isinstance(error, IndexError) else OperandError
    given = "".join(f", {key}={_short(value)}" for key, value in parameters.items())
    return kind(f"{name}: got {_described(inputs)}{given}: {error}")


def _short(value):
    return describe(value) if hasattr(value, "dtype") and hasattr(value, "shape") else repr(value)


def _described(inputs):
    return " and ".join(map(describe, inputs))
