"""GradientTape: records what is computed from what it follows, and answers for the gradients."""

import contextlib
import functools
import math

import numpy as np

from . import recording, saving
from .asking import check_operand, check_sources, seeds_of, unconnected_zeros, warn
from .backward import connected_to, pull_back
from .creation import zeros_like
from .errors import RuleError, ShapeError, TapeError, describe
from .jacobians import batch_stacked, column_seeds, one_hot_seeds, stacked
from .operators import NONE
from .recording import next_key, thread
from .rules.complex_numbers import conj
from .structure import flat, rebuilt
from .tensor import Tensor, is_float


class GradientTape:
    """Records operators inside its `with` block and differentiates what they computed.

        with GradientTape() as tape:
            tape.watch(x)
            y = x**2
        dy_dx = tape.gradient(y, x)

    It follows what it is told to watch, every trainable Variable that is read (unless
    `watch_accessed_variables=False`), and all that is computed from these. A tape that is not
    `persistent` answers one question and then forgets. Tapes nest: an outer one records the
    gradient() of an inner one, which gives second derivatives. A `with` block entered again goes on
    with the recording, or starts afresh once it was forgotten.

    Gradients with respect to complex values are TensorFlow's and torch's, dL/du + i dL/dv of
    z = u + iv, the direction in which a real L grows; JAX's are their conjugates.
    """

    def __init__(self, persistent=False, watch_accessed_variables=True):
        self._persistent = persistent
        self._watch_accessed_variables = watch_accessed_variables
        self._spent = self._entered = False
        self._variables = {}  # those watched, by key
        self._forget()

    def _forget(self):
        self._records = []
        self.followed = set()  # keys of what is watched, and of all that is computed from it
        self._watched = set()  # keys of what is watched

    def __enter__(self):
        if self in thread.listeners:
            raise TapeError(
                "the tape is already recording: make another GradientTape() for the inner block"
            )
        recording.start(self)
        if self._spent:
            self._variables = {}
        self._spent, self._entered = False, True
        return self

    def __exit__(self, *exception):
        recording.stop(self)

    def watch(self, tensor):
        """Follows a Tensor, a Variable, or nested lists, tuples and dicts of them, from now on.

        An integer or bool tensor has no derivative: a GradientWarning, and its gradient is None.
        Raises OperandError for anything else, TapeError outside the tape's `with` block.
        """
        if self not in thread.listeners:
            raise TapeError(
                "watch(): the tape is not recording, so it will see no use of this: "
                "call it inside `with GradientTape() as tape:`"
            )
        for operand in flat(tensor):
            check_operand("watch() wants Tensors or Variables", operand)
            if not is_float(operand):
                warn(f"watch(): got a {describe(operand)}, wanted floats: "
                      "its gradient will be None")  # fmt: skip
                continue
            if operand.key is None:
                operand.key = next_key()
            if not isinstance(operand, Tensor):
                self._variables[operand.key] = operand
            self.followed.add(operand.key)
            self._watched.add(operand.key)

    def watched_variables(self):
        """The Variables that the tape watches, in the order in which they were made."""
        return tuple(self._variables[key] for key in sorted(self._variables))

    def reset(self):
        """Forgets all that was recorded and watched. Raises TapeError outside the `with` block."""
        self._need_recording("reset")
        self._variables = {}
        self._forget()

    @contextlib.contextmanager
    def stop_recording(self):
        """Within the block nothing is recorded. Raises TapeError outside the `with` block."""
        self._need_recording("stop_recording")
        place = thread.listeners.index(self)
        recording.stop(self)
        try:
            yield
        finally:
            others = thread.listeners
            thread.listeners = (*others[:place], self, *others[place:])

    def _need_recording(self, request):
        if self not in thread.listeners:
            raise TapeError(f"{request}(): the tape is not recording: "
                            "call it inside `with GradientTape() as tape:`")  # fmt: skip

    def note(self, op, inputs, parameters, y):
        """Records an operator call, if it is on something followed."""
        followed = self.followed
        count = len(inputs)
        if count == 2:
            x, w = inputs
            k, m = x.key, w.key
            if k in followed:
                if m in followed:
                    keys, keep = (k, m), op.keep
                else:
                    keys, keep = (k, None), op.keep_for_first
            elif m in followed:
                keys, keep = (None, m), op.keep_for_second
            else:
                return
            shapes = x._array.shape, w._array.shape
            if parameters is NONE and shapes[0] == shapes[1]:
                shapes = None
        elif count == 1:
            x = inputs[0]
            if x.key not in followed:
                return
            keys, keep = (x.key,), op.keep
            shapes = None if parameters is NONE else (x._array.shape,)
        else:
            keys = tuple([x.key if x.key in followed else None for x in inputs])
            if not any(keys):
                return
            keep = op.keep
            shapes = tuple([x._array.shape for x in inputs])
        if type(y) is Tensor:
            key = y.key
            if key is None:
                key = y.key = next_key()
            followed.add(key)
        else:
            key = tuple([_key(part) for part in y])
            followed.update(key)
            keep = functools.partial(saving.with_shapes_of_y, keep)
        self._records.append((op, key, keys, keep(y, inputs), parameters, shapes))

    def note_access(self, variable):
        """Watches a Variable that is being read."""
        key = variable.key
        if self._watch_accessed_variables and key not in self.followed and is_float(variable):
            self.followed.add(key)
            self._watched.add(key)
            self._variables[key] = variable

    def gradient(self, target, sources, output_gradients=None, unconnected_gradients="none"):
        """The derivative of `target` with respect to `sources`, structured as `sources` are.

        target: a Tensor, or nested lists, tuples and dicts of them; all elements are summed.
        sources: a Tensor or Variable, watched or computed, or nested lists, tuples, dicts of them.
        output_gradients: the cotangent of each target, in its shape and dtype; None means ones.
        unconnected_gradients: what a source gets that no target depends on: "none" or "zero".

        Raises TapeError on a second call unless the tape is persistent, OperandError for a source
        or target that is not a Tensor or Variable, ShapeError or DtypeError for an output gradient
        that does not fit its target.
        """
        unconnected = unconnected_gradients != "none" and unconnected_zeros(unconnected_gradients)
        check_sources("gradient", sources)
        seeds = seeds_of(target, output_gradients)
        self._check_alive("gradient")
        if self._persistent:
            return self._answer(seeds, sources, unconnected)
        self._use_up()
        try:
            return self._answer(seeds, sources, unconnected, last=True)
        finally:
            self._forget()

    def jacobian(self, target, sources, unconnected_gradients="none"):
        """d target / d source, of shape target.shape + source.shape, structured as `sources` are.

        One pass backward for each element of `target`, a Tensor. Raises as gradient() does.
        """
        unconnected = unconnected_zeros(unconnected_gradients)
        check_sources("jacobian", sources)
        check_operand("jacobian() wants a Tensor as target", target)
        with self._asked("jacobian"):
            rows = [self._answer([(target, seed)], sources, unconnected)
                    for seed in one_hot_seeds(target, range(target.size))]  # fmt: skip
        return stacked(rows, sources, target.shape)

    def batch_jacobian(self, target, source, unconnected_gradients="none"):
        """d target[b] / d source[b] for every b, of shape target.shape + source.shape[1:].

        target[b] must not depend on other parts of source than source[b]. One pass backward for
        each element of target[0]. Raises ShapeError unless both have a first axis of one size.
        """
        unconnected = unconnected_zeros(unconnected_gradients)
        for operand in (target, source):
            check_operand("batch_jacobian() wants two Tensors", operand)
        if not (target.ndim and source.ndim and target.shape[0] == source.shape[0]):
            raise ShapeError(
                f"batch_jacobian: got target shape {target.shape} and source shape {source.shape}, "
                "wanted a first axis of one size"
            )
        batch, inner = target.shape[0], math.prod(target.shape[1:])
        with self._asked("batch_jacobian"):
            columns = [self._answer([(target, seed)], source, unconnected)
                       for seed in column_seeds(target, batch, inner)]  # fmt: skip
        return batch_stacked(columns, source, target.shape + source.shape[1:])

    @contextlib.contextmanager
    def _asked(self, request):
        """The life of a question that takes several passes backward."""
        self._check_alive(request)
        if self._persistent:
            yield
            return
        self._use_up()
        try:
            yield
        finally:
            self._forget()

    def _check_alive(self, request):
        if self._spent:
            raise TapeError(
                f"{request}(): this tape has already answered once and then forgot: "
                "make it with GradientTape(persistent=True) to ask again"
            )
        if not self._entered:
            raise TapeError(
                f"{request}(): this tape has never recorded: compute the target inside "
                "`with GradientTape() as tape:`"
            )

    def _use_up(self):
        """A tape that answers once stops recording: it has no use for its own gradient."""
        recording.stop(self)
        self._spent = True

    def _answer(self, seeds, sources, unconnected, last=False):
        """Gradients structured as `sources`; `last`: the records are not wanted any more."""
        tensors = bool(thread.listeners)
        with np.errstate(all="ignore"):  # IEEE results, inf and nan, are answers here
            leaves = [sources] if type(sources) is Tensor else flat(sources)
            cotangents = self._seeded(seeds, leaves, tensors)
            wanted = {x.key for x in leaves if x.key in self.followed or x.key in cotangents}
            records = self._records
            connected = None if self._watched <= wanted else connected_to(wanted, records)
            records = records if last else records.copy()
            found = pull_back(records, cotangents, wanted, connected, tensors)
            answers = [_as_answer(found[x.key], x) if x.key in found
                       else zeros_like(x) if unconnected else None for x in leaves]  # fmt: skip
        if type(sources) is Tensor:
            return answers[0]
        answers = iter(answers)
        return rebuilt(lambda source: next(answers), sources)

    def _seeded(self, seeds, sources, tensors):
        """The first cotangents, by key.

        Conjugated, since rules transpose and gradients are adjoints. A target that is itself a
        source has one even if the tape does not know it, as in TensorFlow.
        """
        cotangents = {}
        for y, dy in seeds:
            if y.key not in self.followed:
                if not any(y is source for source in sources):
                    continue
                y.key = _key(y)
            if dy is None:
                dy = Tensor(ones(y._array)) if tensors else ones(y._array)
            else:
                dy = conj(dy) if dy.dtype.kind == "c" else dy
                dy = dy if tensors else dy._array
            cotangents[y.key] = cotangents[y.key] + dy if y.key in cotangents else dy
        return cotangents


def ones(array):
    """The cotangent of a target that is given none."""
    return np.ones(array.shape, array.dtype) if array.ndim else array.dtype.type(1)


def _key(y):
    if y.key is None:
        y.key = next_key()
    return y.key


def _as_answer(dx, source):
    """A cotangent as the gradient of its source: a Tensor of the source's shape and dtype."""
    if not hasattr(dx, "dtype"):
        raise RuleError(f"a rule on the way to a {describe(source)} gave {describe(dx)}: "
                        "engine.debug(rules=True) names it")  # fmt: skip
    dx = dx if type(dx) is Tensor else Tensor(dx)
    array, wanted = dx._array, source._array
    if array.dtype is not wanted.dtype and array.dtype != wanted.dtype:
        dx = dx.astype(wanted.dtype)
    if array.shape != wanted.shape:
        raise RuleError(f"a rule on the way to a {describe(source)} gave a {describe(dx)}: "
                        "engine.debug(rules=True) names it")  # fmt: skip
    return conj(dx) if dx._array.dtype.kind == "c" else dx
