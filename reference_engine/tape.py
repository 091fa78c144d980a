"""GradientTape: records what is computed, then goes backward over it.

`unbroadcast` and `accumulate` are looked up in this module at every call, so that a test may
replace either by a wrong one and expect to be caught.
"""

import warnings

from . import recording
from .creation import ones_like, zeros_like
from .errors import (
    GradientWarning,
    OperandError,
    OptionError,
    RuleError,
    ShapeError,
    TapeError,
    describe,
)
from .operand import Operand
from .operators import is_differentiable, rule_for
from .recording import Record
from .rules.elementwise import add
from .rules.reductions import sum
from .tensor import Tensor, is_float, same_dtype


def accumulate(dx, more):
    """The cotangent of a tensor used twice: the sum of those from its uses."""
    return add(dx, more)


def unbroadcast(dx, shape):
    """`dx` summed over the axes that broadcasting added to `shape` or stretched."""
    added = tuple(range(dx.ndim - len(shape)))
    if added:
        dx = sum(dx, axis=added)
    sizes = enumerate(zip(shape, dx.shape, strict=False))
    stretched = tuple(axis for axis, (size, got) in sizes if size == 1 != got)
    return sum(dx, axis=stretched, keepdims=True) if stretched else dx


class GradientTape:
    """Records operators inside its `with` block and differentiates what they computed.

        with GradientTape() as tape:
            tape.watch(x)
            y = x**2
        dy_dx = tape.gradient(y, x)

    It follows what it is told to watch, every trainable Variable that is read (unless
    `watch_accessed_variables=False`), and all that is computed from these. A tape that is not
    `persistent` answers one gradient() and then forgets. Tapes nest: an outer one records the
    gradient() of an inner one, which gives second derivatives. A `with` block entered again goes on
    with the recording, or starts afresh once it was forgotten.
    """

    def __init__(self, persistent=False, watch_accessed_variables=True):
        self._persistent = persistent
        self._watch_accessed_variables = watch_accessed_variables
        self._spent = False
        self._records = []
        self._made_at = {}  # id of a recorded output -> position of its record
        self._followed = {}  # id -> operand, kept alive so that the id stays its own

    def __enter__(self):
        if self in recording.active_tapes():
            raise TapeError(
                "the tape is already recording: make another GradientTape() for the inner block"
            )
        recording.start(self)
        self._spent = False
        return self

    def __exit__(self, *exception):
        recording.stop(self)

    def watch(self, tensor):
        """Follows a Tensor, a Variable, or a list or tuple of them, from now on.

        An integer or bool tensor has no derivative: a GradientWarning, and its gradient is None.
        Raises OperandError for anything else, TapeError outside the tape's `with` block.
        """
        if self not in recording.active_tapes():
            raise TapeError(
                "watch(): the tape is not recording, so it will see no use of this: "
                "call it inside `with GradientTape() as tape:`"
            )
        for operand in _flat(tensor):
            _check_operand("watch() wants Tensors or Variables", operand)
            if is_float(operand):
                self._followed[id(operand)] = operand
            else:
                _warn(
                    f"watch(): got a {describe(operand)}, wanted float32 or float64: "
                    "its gradient will be None"
                )

    def note(self, name, inputs, parameters, output):
        """Records an operator call if it carries a derivative from something followed."""
        tracked = tuple(position for position, x in enumerate(inputs) if id(x) in self._followed)
        if tracked and is_float(output) and is_differentiable(name):
            self._made_at[id(output)] = len(self._records)
            self._followed[id(output)] = output
            self._records.append(Record(name, inputs, parameters, output, tracked))

    def note_access(self, variable):
        """Watches a Variable that is being read."""
        if self._watch_accessed_variables and variable.trainable and is_float(variable):
            self._followed[id(variable)] = variable

    def gradient(self, target, sources, output_gradients=None, unconnected_gradients="none"):
        """The derivative of `target` with respect to `sources`, structured as `sources` are.

        target: a Tensor or a list of them, whose elements are all summed.
        sources: a Tensor or Variable, watched or computed, or a list, tuple or dict of them.
        output_gradients: the cotangent of each target, in its shape and dtype; None means ones.
        unconnected_gradients: what a source gets that no target depends on: "none" or "zero".

        Raises TapeError on a second call unless the tape is persistent, OperandError for a source
        or target that is not a Tensor or Variable, ShapeError or DtypeError for an output gradient
        that does not fit its target.
        """
        if unconnected_gradients not in ("none", "zero"):
            raise OptionError(
                f'unconnected_gradients: got {unconnected_gradients!r}, wanted "none" or "zero"'
            )
        for source in _flat(sources):
            _check_operand("gradient() wants Tensors or Variables as sources", source)
        seeds = _seeds(target, output_gradients)
        self._use()
        try:
            cotangents = self._backward(seeds, {id(source) for source in _flat(sources)})
        finally:
            if not self._persistent:
                self._forget()

        def answer(source):
            unconnected = zeros_like(source) if unconnected_gradients == "zero" else None
            return cotangents.get(id(source), unconnected)

        return _rebuilt(answer, sources)

    def _use(self):
        if self._spent:
            raise TapeError(
                "gradient(): this tape has already answered once and then forgot: "
                "make it with GradientTape(persistent=True) to ask again"
            )
        if not self._persistent:
            # A tape that answers once has no use for its own gradient; a persistent one records it.
            recording.stop(self)
            self._spent = True

    def _forget(self):
        self._records, self._made_at, self._followed = [], {}, {}

    def _backward(self, seeds, sources):
        """Cotangents, by id, of all from the seeded targets back to the ids `sources`."""
        path, connected = self._between([y for y, _ in seeds], sources & self._followed.keys())
        cotangents = {}
        for y, dy in seeds:
            if id(y) in connected:
                _add_to(cotangents, y, dy)
        for record in reversed(path):
            dy = cotangents.get(id(record.output))  # None where a rule on the way had no derivative
            for position in record.tracked if dy is not None else ():
                x = record.inputs[position]
                if id(x) in connected:
                    _add_to(cotangents, x, _input_cotangent(record, position, dy))
        return cotangents

    def _between(self, targets, sources):
        """The records that lead from `sources` to `targets`, in order, and the ids they connect."""
        needed = {id(y) for y in targets}
        last = max((self._made_at.get(y, -1) for y in needed), default=-1)
        leading = []
        for index in range(last, -1, -1):
            record = self._records[index]
            if id(record.output) in needed:
                leading.append(record)
                needed.update(id(record.inputs[position]) for position in record.tracked)
        connected, path = set(sources), []
        for record in reversed(leading):
            if any(id(record.inputs[position]) in connected for position in record.tracked):
                connected.add(id(record.output))
                path.append(record)
        return path, connected


def _input_cotangent(record, position, dy):
    """What the rule makes of dy for one input, in its shape; None if it has no derivative."""
    x = record.inputs[position]
    function = rule_for(record.name, position, len(record.inputs))
    if function is None:
        return None
    dx = function(dy, record.output, *record.inputs, **record.parameters)
    if isinstance(dx, Tensor) and dx.shape != x.shape:
        dx = unbroadcast(dx, x.shape)
    fits = isinstance(dx, Tensor) and (dx.shape, dx.dtype) == (x.shape, x.dtype)
    if dx is not None and not fits:
        raise RuleError(
            f"the rule of {record.name} for input {position} gave {describe(dx)}, "
            f"wanted a dtype and shape like those of the input, a {describe(x)}"
        )
    return dx


def _add_to(cotangents, x, dx):
    if dx is not None:
        cotangents[id(x)] = accumulate(cotangents[id(x)], dx) if id(x) in cotangents else dx


def _seeds(target, output_gradients):
    """Pairs of a target and its cotangent."""
    if not isinstance(target, list | tuple):
        return [_seed(target, output_gradients)]
    given = [None] * len(target) if output_gradients is None else output_gradients
    if not isinstance(given, list | tuple) or len(given) != len(target):
        raise ShapeError(
            f"output_gradients: got {describe(given)}, "
            f"wanted a list of {len(target)}, one for each target"
        )
    return [_seed(y, dy) for y, dy in zip(target, given, strict=True)]


def _seed(y, dy):
    _check_operand("gradient() wants a Tensor or a list of them as target", y)
    if not is_float(y):
        _warn(
            f"gradient(): got a {describe(y)} as target, wanted float32 or float64: "
            "its gradients will be None"
        )
    if dy is None:
        return y, ones_like(y)
    dy = same_dtype("output_gradients", dy, zeros_like(y))[0]
    if dy.shape != y.shape:
        raise ShapeError(
            f"output_gradients: got a {describe(dy)}, wanted the shape of its target, {y.shape}"
        )
    return y, dy


def _check_operand(wanted, value):
    if not isinstance(value, Operand):
        number = isinstance(value, int | float)
        advice = f"watch a constant({value!r})" if number else "make one with constant(...)"
        raise OperandError(f"{wanted}, got {describe(value)}: {advice}")


def _warn(message):
    warnings.warn(message, GradientWarning, stacklevel=3)


def _flat(structure):
    """The leaves of nested lists, tuples and dicts, in order."""
    leaves = []
    _rebuilt(leaves.append, structure)
    return leaves


def _rebuilt(function, structure):
    """The same lists, tuples and dicts with `function` of each leaf."""
    if isinstance(structure, dict):
        return {key: _rebuilt(function, part) for key, part in structure.items()}
    if isinstance(structure, list | tuple):
        return type(structure)([_rebuilt(function, part) for part in structure])
    return function(structure)
