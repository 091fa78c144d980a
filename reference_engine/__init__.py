"""A tape that differentiates NumPy programs, small enough to be trusted by reading it.

import reference_engine as engine

x = engine.constant(3.0)
with engine.GradientTape() as tape:
    tape.watch(x)
    y = x**2
dy_dx = tape.gradient(y, x)  # 6
"""

from . import errors, operators
from .creation import asarray, astype, constant, full, full_like, ones, ones_like, zeros, zeros_like
from .errors import (
    DtypeError,
    EngineError,
    GradientWarning,
    IndexingError,
    OperandError,
    OptionError,
    RuleError,
    ShapeError,
    TapeError,
)
from .rules.elementwise import (
    abs,
    acos,
    acosh,
    add,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    cos,
    cosh,
    divide,
    equal,
    erf,
    exp,
    expm1,
    greater,
    greater_equal,
    hypot,
    less,
    less_equal,
    log,
    log1p,
    log2,
    log10,
    logaddexp,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    multiply,
    negative,
    not_equal,
    pow,
    reciprocal,
    relu,
    rsqrt,
    sigmoid,
    sign,
    sin,
    sinh,
    softplus,
    sqrt,
    square,
    stop_gradient,
    subtract,
    tan,
    tanh,
)
from .rules.indexing import getitem, take
from .rules.linear_algebra import matmul
from .rules.reductions import (
    cumulative_sum,
    log_softmax,
    logsumexp,
    max,
    mean,
    min,
    prod,
    softmax,
    sum,
    var,
)
from .rules.selection import clip, where
from .rules.shapes import (
    broadcast_to,
    concat,
    expand_dims,
    flip,
    matrix_transpose,
    permute_dims,
    reshape,
    roll,
    squeeze,
    stack,
)
from .tape import GradientTape
from .tensor import Tensor
from .variable import Variable

# fmt: off
__all__ = [
    "DtypeError", "EngineError", "GradientTape", "GradientWarning", "IndexingError", "OperandError",
    "OptionError", "RuleError", "ShapeError", "TapeError", "Tensor", "Variable", "abs", "acos", "acosh", "add",
    "asarray", "asin", "asinh", "astype", "atan", "atan2", "atanh", "broadcast_to", "clip", "concat",
    "constant", "cos", "cosh", "cumulative_sum", "divide", "equal", "erf", "exp", "expand_dims", "expm1",
    "flip", "full", "full_like", "getitem", "greater", "greater_equal", "hypot", "less", "less_equal", "log",
    "log10", "log1p", "log2", "log_softmax", "logaddexp", "logical_and", "logical_not", "logical_or",
    "logsumexp", "matmul", "matrix_transpose", "max", "maximum", "mean", "min", "minimum", "multiply",
    "negative", "not_equal", "ones", "ones_like", "permute_dims", "pow", "prod", "reciprocal", "relu",
    "reshape", "roll", "rsqrt", "sigmoid", "sign", "sin", "sinh", "softmax", "softplus", "sqrt", "square",
    "squeeze", "stack", "stop_gradient", "subtract", "sum", "take", "tan", "tanh", "var", "where", "zeros",
    "zeros_like",
]
# fmt: on
