"""Functions with a gradient of the user's own, and functions computed twice to save memory."""

import functools
import inspect

import numpy as np

from . import recording
from .errors import OperandError, RuleError, describe
from .operand import Operand
from .operators import Op
from .recording import record, thread
from .rules.complex_numbers import conj
from .structure import flat, rebuilt
from .tape import GradientTape
from .tensor import Tensor, as_tensor, is_float


def custom_gradient(function):
    """A decorator: `function(*x, **keywords)` gives (result, grad), and grad is its gradient.

    grad takes the cotangent of each Tensor of the result and gives those of the arguments, one or a
    list, None for one without. If the function reads trainable Variables, grad is also given them
    as `variables` and gives a pair: the gradients of the arguments and of the variables. Any
    order: what grad computes, from arguments and from what the function computed, is recorded.
    Arguments passed by keyword are not differentiated. Raises RuleError where grad gives another
    number of gradients, OperandError where the function gives no pair or grad takes no variables.
    """

    @functools.wraps(function)
    def call(*arguments, **keywords):
        arguments = [rebuilt(_as_tensor, argument) for argument in arguments]
        with _Reads() as reads:
            pair = function(*arguments, **keywords)
        if not (isinstance(pair, tuple) and len(pair) == 2 and callable(pair[1])):
            raise OperandError(f"custom_gradient: the function gave {describe(pair)}, "
                               "wanted a pair (result, grad)")  # fmt: skip
        result, gradient = pair
        inputs = [x for x in flat(arguments) if isinstance(x, Tensor)]
        known = {x.key for x in inputs}
        variables = [v for v in reads.variables if v.key not in known]
        return _recorded(function.__name__, result, gradient, inputs, variables)

    return call


def _recorded(name, result, gradient, inputs, variables):
    """The result, cut off from what computed it and joined to `inputs` by `gradient`."""
    outputs = tuple([Tensor(as_tensor(y)._array) for y in flat(result)])
    if variables and not _takes_variables(gradient):
        raise OperandError(
            f"custom_gradient: {name} reads {len(variables)} trainable Variables, but its grad "
            "takes none: define it as grad(*cotangents, variables=None) and give a pair"
        )
    op = Op(f"custom_gradient {name}")
    op.variadic = True
    op.use((_Gradient(gradient, len(inputs), variables, op.name),))
    sources = [*inputs, *[v.as_tensor() for v in variables]]
    if any(x.key is not None for x in sources):
        record(op, sources, {}, outputs)
    renewed = iter(outputs)
    return rebuilt(lambda y: next(renewed), result)


class _Gradient:
    """The user's grad as a rule, called once for all inputs of a pass backward."""

    def __init__(self, gradient, count, variables, name):
        self._gradient = gradient
        self._count = count
        self._variables = variables
        self._name = name
        self._last = None, None

    def __call__(self, position, dy, y, *inputs):
        if self._last[0] is not dy:
            # TensorFlow's convention at the user's side of a complex cotangent
            given = [_adjoint(part if type(part) is Tensor else Tensor(part)) for part in dy]
            self._last = dy, self._answers(given)
        answer = self._last[1][position]
        return None if answer is None else _adjoint(answer)

    def _answers(self, given):
        if self._variables:
            pair = self._gradient(*given, variables=self._variables)
            of_inputs, of_variables = pair
        else:
            of_inputs, of_variables = self._gradient(*given), []
        answers = self._listed(of_inputs, self._count, "arguments")
        answers += self._listed(of_variables, len(self._variables), "variables")
        return [None if x is None else as_tensor(x) for x in answers]

    def _listed(self, answers, count, what):
        answers = list(answers) if isinstance(answers, list | tuple) else [answers]
        if len(answers) != count and not (count == 0 and answers in ([], [None])):
            raise RuleError(f"{self._name}: its grad gave {len(answers)} gradients, "
                            f"wanted one for each of its {count} {what}")  # fmt: skip
        return answers[:count]


def _takes_variables(gradient):
    parameters = inspect.signature(gradient).parameters
    return "variables" in parameters or any(
        p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()
    )


def _adjoint(x):
    return conj(x) if x.dtype.kind == "c" else x


class _Reads:
    """Listens for the trainable Variables that are read."""

    def __init__(self):
        self._found = {}

    @property
    def variables(self):
        return list(self._found.values())

    def note(self, *_):
        """Operators are none of its business."""

    def note_access(self, variable):
        if is_float(variable):
            self._found[variable.key] = variable

    def __enter__(self):
        recording.start(self)
        return self

    def __exit__(self, *exception):
        recording.stop(self)


def recompute_grad(function):
    """`function`, of which tapes keep the arguments alone; going backward computes it once more.

    Saves memory for time. The gradient reaches arguments and the trainable Variables that the
    function reads, not other Tensors that it closes over. Any order.
    """

    @functools.wraps(function)
    def call(*arguments, **keywords):
        arguments = [rebuilt(_as_tensor, argument) for argument in arguments]

        @custom_gradient
        def computed(*inputs):
            with _only_reads():
                result = function(*arguments, **keywords)

            def gradient(*cotangents, variables=None):
                with GradientTape() as tape:
                    tape.watch([x for x in inputs if is_float(x)])
                    again = function(*arguments, **keywords)
                answers = tape.gradient(
                    flat(again), [*inputs, *(variables or [])], list(cotangents)
                )
                of_inputs = answers[: len(inputs)]
                return (of_inputs, answers[len(inputs) :]) if variables else of_inputs

            return result, gradient

        return computed(*[x for x in flat(arguments) if isinstance(x, Tensor)])

    return call


def _only_reads():
    return recording.only(tuple(x for x in thread.listeners if isinstance(x, _Reads)))


def _as_tensor(leaf):
    if isinstance(leaf, Operand | np.ndarray | np.generic | float):
        return as_tensor(leaf)
    return leaf
