"""A tape that differentiates NumPy programs, small enough to be trusted by reading it.

import reference_engine as engine

x = engine.constant(3.0)
with engine.GradientTape() as tape:
    tape.watch(x)
    y = x**2
dy_dx = tape.gradient(y, x)  # 6

The functions have the array API standard's names; `engine.linalg` and `engine.fft` are its
extensions. Every module of `reference_engine.rules` lists the operators that it defines.
"""

from . import creation, fft, linalg, python_operators
from .constants import *  # noqa: F403
from .constants import __all__ as _constants
from .custom import custom_gradient, recompute_grad
from .debugging import debug
from .errors import (
    DtypeError,
    EngineError,
    GradientWarning,
    IndexingError,
    MatrixError,
    NoGradientError,
    NotANumberError,
    OperandError,
    OptionError,
    RuleError,
    ShapeError,
    TapeError,
)
from .forward import ForwardAccumulator
from .functional import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from .operators import public
from .rules import public_names
from .tape import GradientTape
from .tensor import Tensor
from .variable import Variable

python_operators.install()
_operators = {name: public(function) for name, function in public_names().items()}
globals().update(_operators)
for _name in creation.__all__:
    globals()[_name] = getattr(creation, _name)
for _name in ("astype", "full_like", "zeros_like", "ones_like", "empty_like"):
    globals()[_name] = public(getattr(creation, _name))

__all__ = [
    "DtypeError",
    "EngineError",
    "ForwardAccumulator",
    "GradientTape",
    "GradientWarning",
    "IndexingError",
    "MatrixError",
    "NoGradientError",
    "NotANumberError",
    "OperandError",
    "OptionError",
    "RuleError",
    "ShapeError",
    "TapeError",
    "Tensor",
    "Variable",
    "custom_gradient",
    "debug",
    "fft",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "linalg",
    "recompute_grad",
    "value_and_grad",
    "vjp",
    *_constants,
    *creation.__all__,
    *_operators,
]
