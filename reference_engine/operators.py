"""Operators: a NumPy function forward and one rule per input backward, both found by name.

`FORWARDS[name]` computes on ndarrays. `RULES[name]` is a tuple of functions, one per input, each
`(dy, y, *inputs, **parameters) -> dx` on Tensors, with None for an input that has no derivative.
Both tables are looked up at every call, so a test may put a wrong function in one and expect to be
caught:

    monkeypatch.setitem(operators.RULES, "tanh", (lambda dy, y, x: dy * (1 - y),))

A rule is made of operators, so a tape that records while it runs can differentiate it again. It
need not undo broadcasting: the tape does, once for all. An operator in VARIADIC takes any number of
inputs, and its one rule is told which of them is meant by a first argument, `position`.
"""

import functools
import inspect
from collections.abc import Callable

import numpy as np

from .errors import DtypeError, IndexingError, OperandError, RuleError, ShapeError, describe
from .recording import record
from .tensor import Tensor, as_tensor, is_float, same_dtype

as_operand = as_tensor

FORWARDS: dict[str, Callable] = {}
RULES: dict[str, tuple] = {}
JVPS: dict[str, str | None] = {}
VARIADIC: set[str] = set()


def rule(name, *functions, jvp=None):
    """Registers the gradient of operator `name`: a function, or None, for each input.

    jvp: "linear", "bilinear" or "elementwise", where that says how tangents go through it.
    """
    RULES[name] = functions
    JVPS[name] = jvp


def variadic_rule(name, function, jvp=None):
    """Registers a gradient for any number of inputs: `(position, dy, y, *inputs, **parameters)`."""
    RULES[name] = (function,)
    JVPS[name] = jvp
    VARIADIC.add(name)


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


def is_differentiable(name):
    """Whether some input of operator `name` has a gradient."""
    return any(function is not None for function in RULES[name])


def rule_for(name, position, count):
    """The rule for input `position` of `count`, or None if that has no derivative."""
    functions = RULES[name]
    if name in VARIADIC:
        return functools.partial(functions[0], position)
    if len(functions) != count:
        raise RuleError(
            f"{name}: got {len(functions)} rules, wanted one for each of its {count} inputs"
        )
    return functions[position]


def apply(name, *inputs, **parameters):
    """Operator `name` of `inputs` (Tensors), recorded on every tape that follows one of them."""
    arrays = [x.numpy() for x in inputs]
    try:
        with np.errstate(
            all="ignore"
        ):  # IEEE results, inf and nan, are answers here, not accidents
            output = Tensor(FORWARDS[name](*arrays, **parameters))
    except (ValueError, IndexError, TypeError, OverflowError) as error:
        raise _explained(error, name, inputs, parameters) from error
    if (
        is_float(output) and not any(map(is_float, inputs)) and name != "astype"
    ):  # the one way to ask for it
        raise DtypeError(
            f"{name}: got {_described(inputs)}, wanted float32 or float64: "
            "cast with engine.astype(x, 'float64')"
        )
    record(name, inputs, parameters, output)
    return output


def elementwise(name, forward, inputs=1):
    """Defines the public function of an elementwise operator of one or two inputs."""
    FORWARDS[name] = forward
    if inputs == 1:

        def call(x):
            return apply(name, as_tensor(x))

    else:

        def call(x, w):
            return apply(name, *same_dtype(name, x, w))

    call.__name__ = call.__qualname__ = name
    of = (
        "x, elementwise: any shape"
        if inputs == 1
        else "x and w, elementwise: two shapes that broadcast, one dtype"
    )
    call.__doc__ = f"{name} of {of}. Raises ShapeError, DtypeError."
    return call


def operator(forward):
    """Defines a public function by its NumPy forward, whose first argument is the only input."""
    name, signature = forward.__name__, inspect.signature(forward)
    first = next(iter(signature.parameters))
    FORWARDS[name] = forward

    @functools.wraps(forward)
    def call(*arguments, **keywords):
        try:
            bound = signature.bind(*arguments, **keywords)
        except TypeError as error:
            raise OperandError(f"{name}: {error}; wanted {name}{signature}") from error
        bound.apply_defaults()
        # A caller's list may change before the rule runs; a tuple will not.
        parameters = {
            key: tuple(v) if isinstance(v, list) else v for key, v in bound.arguments.items()
        }
        return apply(name, as_tensor(parameters.pop(first)), **parameters)

    return call


def _explained(error, name, inputs, parameters):
    """NumPy's complaint, with the operator and what it was given."""
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
