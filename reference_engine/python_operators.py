"""Python's operators on Tensors and Variables: the engine's operators themselves."""

from .operand import Operand
from .rules import elementwise, indexing, integers, linear_algebra, rounding

_UNARY = {"neg": elementwise.negative, "abs": elementwise.abs, "invert": integers.bitwise_invert}
_BINARY = {
    "add": elementwise.add,
    "sub": elementwise.subtract,
    "mul": elementwise.multiply,
    "truediv": elementwise.divide,
    "pow": elementwise.pow,
    "matmul": linear_algebra.matmul,
    "floordiv": rounding.floor_divide,
    "mod": rounding.remainder,
    "and": integers.bitwise_and,
    "or": integers.bitwise_or,
    "xor": integers.bitwise_xor,
    "lshift": integers.bitwise_left_shift,
    "rshift": integers.bitwise_right_shift,
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
    for name in ("eq", "ne"):  # `x == None` is False, as everywhere
        setattr(Operand, f"__{name}__", _unless_foreign(_COMPARISONS[name]))
    Operand.__pos__ = lambda x: x
    Operand.__getitem__ = indexing.getitem


def _unless_foreign(function):
    def compared(x, w):
        return NotImplemented if w is None or isinstance(w, str) else function(x, w)

    return compared


def _reflected(function):
    return lambda w, x: function(x, w)
