"""Python's operators on Tensors and Variables: the engine's operators themselves."""

from .operand import Operand
from .rules import elementwise, indexing, linear_algebra

_UNARY = {"neg": elementwise.negative, "abs": elementwise.abs, "invert": elementwise.logical_not}
_BINARY = {
    "add": elementwise.add,
    "sub": elementwise.subtract,
    "mul": elementwise.multiply,
    "truediv": elementwise.divide,
    "pow": elementwise.pow,
    "matmul": linear_algebra.matmul,
    "and": elementwise.logical_and,
    "or": elementwise.logical_or,
}
_COMPARISONS = {
    "eq": elementwise.equal,
    "ne": elementwise.not_equal,
    "lt": elementwise.less,
    "le": elementwise.less_equal,
    "gt": elementwise.greater,
    "ge": elementwise.greater_equal,
}


def install():
    """Gives Operand its operators, so that no call stands between `x * w` and multiply(x, w)."""
    for name, function in {**_UNARY, **_BINARY, **_COMPARISONS}.items():
        setattr(Operand, f"__{name}__", function)
    for name, function in _BINARY.items():
        setattr(Operand, f"__r{name}__", _reflected(function))
    Operand.__pos__ = lambda x: x
    Operand.__getitem__ = indexing.getitem


def _reflected(function):
    return lambda w, x: function(x, w)
