"""Going forward: ForwardAccumulator carries tangents along with the computation (JVP)."""

import numpy as np

from . import recording
from .asking import unconnected_zeros
from .backward import pull_back, unbroadcast
from .creation import zeros_like
from .errors import DtypeError, OperandError, ShapeError, TapeError, describe
from .operand import Operand
from .operators import apply
from .recording import only, thread
from .rules.shapes import broadcast_to
from .structure import StructureError, pairs, rebuilt
from .tensor import Tensor, as_tensor, is_float


class ForwardAccumulator:
    """Carries the tangents of `primals` along with what is computed in its `with` block.

        with ForwardAccumulator(x, tangent) as accumulator:
            y = x**2
        dy = accumulator.jvp(y)  # the derivative of y along the tangent

    primals: Tensors or Variables, nested in lists, tuples or dicts. tangents: the same structure,
    each of its primal's shape and dtype. Nests with itself and with tapes, to any order. Raises
    OperandError, ShapeError, DtypeError where primals and tangents do not match.
    """

    def __init__(self, primals, tangents):
        self.followed = {}  # key -> tangent
        try:
            matched = list(pairs(primals, tangents))
        except StructureError as error:
            raise ShapeError(f"ForwardAccumulator: got primals and tangents of different "
                             f"structures ({error}), wanted one for each") from None  # fmt: skip
        for primal, tangent in matched:
            self._follow(primal, tangent)

    def _follow(self, primal, tangent):
        if not isinstance(primal, Operand) or not is_float(primal):
            raise OperandError(f"ForwardAccumulator: got {describe(primal)} as primal, "
                               "wanted a Tensor or Variable of floats")  # fmt: skip
        if tangent is None:
            raise OperandError("ForwardAccumulator: got None as tangent, wanted one of the "
                               f"primal's shape, {primal.shape}")  # fmt: skip
        tangent = as_tensor(tangent, primal.dtype)
        if tangent.dtype != primal.dtype:
            raise DtypeError(f"ForwardAccumulator: got a tangent of dtype {tangent.dtype}, "
                             f"wanted that of its primal, {primal.dtype}")  # fmt: skip
        if tangent.shape != primal.shape:
            raise ShapeError(f"ForwardAccumulator: got a tangent of shape {tangent.shape}, "
                             f"wanted that of its primal, {primal.shape}")  # fmt: skip
        if primal.key is None:
            primal.key = recording.next_key()
        if primal.key in self.followed:
            raise ShapeError("ForwardAccumulator: got the same primal twice, wanted each once: "
                             "add the tangents")  # fmt: skip
        self.followed[primal.key] = tangent

    def __enter__(self):
        if self in thread.listeners:
            raise TapeError("the accumulator is already recording: make another one")
        recording.start(self)
        return self

    def __exit__(self, *exception):
        recording.stop(self)

    def jvp(self, primals, unconnected_gradients="none"):
        """The tangents of Tensors or Variables, in their structure; None, or zeros, without one."""
        zeros = unconnected_zeros(unconnected_gradients)

        def answer(y):
            tangent = self.followed.get(y.key)
            return (zeros_like(y) if zeros else None) if tangent is None else tangent

        return rebuilt(answer, primals)

    def note_access(self, variable):
        """A Variable has a tangent only if it is one of the primals."""

    def note(self, op, inputs, parameters, y):
        """Computes the tangent of y; the listeners around this one are told of that."""
        tangents = [self.followed.get(x.key) for x in inputs]
        if not any(t is not None for t in tangents):
            return
        around = thread.listeners[: thread.listeners.index(self)]
        with only(around), np.errstate(all="ignore"):
            tangent = push_forward(op, inputs, tangents, parameters, y)
        outputs = y if type(y) is tuple else (y,)
        tangents = tangent if type(y) is tuple else (tangent,)
        for output, of_it in zip(outputs, tangents, strict=True):
            if of_it is not None:
                if output.key is None:
                    output.key = recording.next_key()
                self.followed[output.key] = of_it


def push_forward(op, inputs, tangents, parameters, y):
    """The tangent of y = op(*inputs) along those of its inputs, of which some are None."""
    if op.jvp == "elementwise" and y.dtype == inputs[-1].dtype:
        return _elementwise(op, inputs, tangents, parameters, y)
    if op.jvp == "linear":
        given = [zeros_like(x) if t is None else t for x, t in zip(inputs, tangents, strict=True)]
        return apply(op.name, *given, **parameters)
    if op.jvp == "bilinear":
        (x, w), (dx, dw) = inputs, tangents
        parts = [apply(op.name, *pair, **parameters)
                 for pair, t in (((dx, w), dx), ((x, dw), dw)) if t is not None]  # fmt: skip
        return parts[0] if len(parts) == 1 else parts[0] + parts[1]
    return _transposed(op, inputs, tangents, parameters, y)


def _elementwise(op, inputs, tangents, parameters, y):
    """The Jacobian is diagonal, so that the rule for cotangents serves tangents."""
    total = None
    for rule, t in zip(op.rules, tangents, strict=True):
        if t is None or rule is None:
            continue
        if t.shape != y.shape:
            t = broadcast_to(t, y.shape)
        part = rule(t, y, *inputs, **parameters)
        total = part if total is None else total + part
    return total


def _transposed(op, inputs, tangents, parameters, y):
    """The rules are linear in dy: their own gradient with respect to it is the JVP."""
    several = type(y) is tuple
    seeds = [Tensor(np.ones(part.shape, part.dtype)[()]) for part in (y if several else (y,))]
    rehearsal = _Rehearsal(seeds)
    pulled = {}
    with only((*thread.listeners, rehearsal)):
        for position, (x, t) in enumerate(zip(inputs, tangents, strict=True)):
            if t is not None:
                dx = _rule_of(op, position)(
                    tuple(seeds) if several else seeds[0], y, *inputs, **parameters)  # fmt: skip
                if dx is not None:
                    dx = dx if dx.shape == x.shape else unbroadcast(dx, x.shape)
                    _add(pulled, dx, t)
    tensors = bool(thread.listeners)
    cotangents = {key: t if tensors else t._array for key, t in pulled.items()}
    wanted = {seed.key for seed in seeds}
    found = pull_back(rehearsal.records, cotangents, wanted, None, tensors)
    answers = tuple([_tensor(found.get(seed.key)) for seed in seeds])
    return answers if several else answers[0]


def _rule_of(op, position):
    if not op.variadic:
        return op.rules[position] or (lambda *_, **__: None)
    rule = op.rules[0]
    return lambda *arguments, **parameters: rule(position, *arguments, **parameters)


def _add(pulled, dx, t):
    if dx.key is not None:
        pulled[dx.key] = pulled[dx.key] + t if dx.key in pulled else t


def _tensor(value):
    return value if value is None or type(value) is Tensor else Tensor(value)


class _Rehearsal:
    """Records what rules do with a cotangent."""

    def __init__(self, seeds):
        from .tape import GradientTape

        self._tape = GradientTape(watch_accessed_variables=False)
        for seed in seeds:
            seed.key = recording.next_key()
            self._tape.followed.add(seed.key)
        self.note = self._tape.note
        self.records = self._tape._records

    def note_access(self, variable):
        """Variables are constants here."""
