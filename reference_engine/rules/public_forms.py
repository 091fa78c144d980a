"""How an operator's function for users is documented, and made of several operands."""

import functools
import inspect

import numpy as np

from ..errors import OperandError
from ..operand import Operand
from ..tensor import ARRAYS, as_tensor, same_dtype


def documented(function, text):
    """`function`, as rules see it and as users do, with this docstring."""
    for seen in (function, getattr(function, "public", function)):
        seen.__doc__ = text
    return function


def operands(count):
    """Gives a function of `count` operands a public form: Tensors, of numbers too.

    A number takes the dtype of the others, whichever comes first.
    """

    def decorate(function):
        signature = inspect.signature(function)
        names = list(signature.parameters)[:count]

        @functools.wraps(function)
        def call(*arguments, **keywords):
            try:
                bound = signature.bind(*arguments, **keywords).arguments
            except TypeError as error:
                raise OperandError(f"{function.__name__}: {error}") from error
            given = [bound.pop(name) for name in names]
            given = [as_tensor(x) if isinstance(x, ARRAYS) else x for x in given]
            if not any(isinstance(x, Operand) for x in given):
                common = np.result_type(*(as_tensor(x).dtype for x in given))
                given = [as_tensor(x, common) for x in given]
            return function(*same_dtype(function.__name__, *given), **bound)

        function.public = call
        return function

    return decorate
