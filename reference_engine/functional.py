"""Transformations of functions; they nest with each other, with tapes and with accumulators.

A function is differentiated with respect to its arguments alone: a Tensor that it closes over is a
constant, even if it is the very object that is passed as an argument.
"""

import functools
import math

import numpy as np

from .errors import OperandError, ShapeError, describe
from .forward import ForwardAccumulator
from .rules.shapes import identity, reshape, stack
from .structure import flat, rebuilt
from .tape import GradientTape
from .tensor import Tensor, as_tensor, is_float


def grad(function, argnums=0):
    """The gradient of `function`, whose value is one element, as a function.

    argnums: the position of the argument, a structure of floats, or a tuple of positions, which
    gives a tuple of gradients. Raises ShapeError for a value of several elements, OperandError for
    a value that is no Tensor.
    """
    both = value_and_grad(function, argnums)

    @functools.wraps(function)
    def gradient(*arguments, **keywords):
        return both(*arguments, **keywords)[1]

    return gradient


def value_and_grad(function, argnums=0):
    """Like grad, but gives the pair of the value and the gradient."""

    @functools.wraps(function)
    def both(*arguments, **keywords):
        tape, arguments, chosen = _watching(arguments, argnums)
        with tape:
            tape.watch(chosen)
            y = function(*arguments, **keywords)
        if not isinstance(y, Tensor):
            raise OperandError(f"grad: the function gave {describe(y)}, wanted a Tensor")
        if y.size != 1:
            raise ShapeError(f"grad: the function gave a {describe(y)}, wanted one element: "
                             "sum it, or use engine.jacobian")  # fmt: skip
        return y, tape.gradient(y, chosen, unconnected_gradients="zero")

    return both


def vjp(function, *primals):
    """(y, pullback): the value of `function`, and cotangents of y -> a tuple of those of primals.

    Cotangents have the structure, shapes and dtypes of y. The pullback may be called many times.
    """
    primals = [_fresh(x) for x in primals]
    tape = GradientTape(persistent=True, watch_accessed_variables=False)
    with tape:
        tape.watch(primals)
        y = function(*primals)

    def pullback(cotangent):
        return tuple(tape.gradient(y, primals, cotangent, unconnected_gradients="zero"))

    return y, pullback


def jvp(function, primals, tangents):
    """(y, tangent of y): `function` at `primals` and its derivative along `tangents`, two tuples.

    Raises ShapeError or DtypeError for a tangent that does not fit its primal.
    """
    for name, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, list | tuple):
            raise OperandError(f"jvp: got {describe(given)} as {name}, wanted a tuple, "
                               "one for each argument")  # fmt: skip
    primals = [_fresh(x) for x in primals]
    with ForwardAccumulator(primals, list(tangents)) as accumulator:
        y = function(*primals)
    return y, accumulator.jvp(y, unconnected_gradients="zero")


def jacobian(function, argnums=0):
    """All first derivatives of `function` as a function: shape of the value + of the argument."""

    @functools.wraps(function)
    def derivative(*arguments, **keywords):
        tape, arguments, chosen = _watching(arguments, argnums)
        with tape:
            tape.watch(chosen)
            y = function(*arguments, **keywords)
        return tape.jacobian(y, chosen, unconnected_gradients="zero")

    return derivative


def hessian(function, argnums=0):
    """All second derivatives of `function`, whose value is one element, forward over reverse.

    As a function of the same arguments; argnums: one position, of an array. Its shape is twice that
    of the argument.
    """

    @functools.wraps(function)
    def derivative(*arguments, **keywords):
        position = _positions(arguments, (argnums,))[0]
        x = as_tensor(arguments[position])

        def gradient(z):
            given = (*arguments[:position], z, *arguments[position + 1 :])
            return grad(function, position)(*given, **keywords)

        rows = [jvp(gradient, (x,), (direction,))[1] for direction in _directions(x)]
        if not rows:
            return Tensor(np.zeros(x.shape + x.shape, x.dtype))
        return reshape(stack(rows), x.shape + x.shape)  # symmetric: rows are columns

    return derivative


def hvp(function, primals, tangents):
    """The Hessian of `function` at `primals` times `tangents`, two tuples: forward over reverse."""
    positions = tuple(range(len(primals)))
    return jvp(grad(function, positions), primals, tangents)[1]


def _watching(arguments, argnums):
    """A tape, the arguments with fresh Tensors where they are differentiated, and those."""
    positions = _positions(arguments, argnums if isinstance(argnums, tuple) else (argnums,))
    arguments = list(arguments)
    for position in positions:
        arguments[position] = rebuilt(_fresh, arguments[position])
    chosen = tuple(arguments[position] for position in positions)
    tape = GradientTape(watch_accessed_variables=False)
    return tape, arguments, chosen if isinstance(argnums, tuple) else chosen[0]


def _positions(arguments, argnums):
    """Positions counted from the front."""
    count = len(arguments)
    for position in argnums:
        if not isinstance(position, int) or not -count <= position < count:
            raise OperandError(f"got argnums={position!r} with {count} positional "
                               "arguments, wanted positions among them")  # fmt: skip
    return [position % count for position in argnums]


def _fresh(x):
    """The same structure of Tensors under an identity of their own."""
    leaves = [as_tensor(leaf) for leaf in flat(x)]
    for leaf in leaves:
        if not is_float(leaf):
            raise OperandError(f"got a {describe(leaf)} to differentiate, wanted floats: "
                               "cast with engine.astype(x, 'float64')")  # fmt: skip
    renewed = iter([identity(leaf) for leaf in leaves])
    return rebuilt(lambda leaf: next(renewed), x)


def _directions(x):
    for place in range(math.prod(x.shape)):
        direction = np.zeros(x.size, x.dtype)
        direction[place] = 1
        yield Tensor(direction.reshape(x.shape)[()])
