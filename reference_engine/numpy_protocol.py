"""NumPy's functions on Tensors and Variables: np.sin(x) and np.sum(x) are recorded like our own.

NumPy hands us its function and the arguments as the user wrote them; the engine's operator of the
same meaning takes them. What the engine has no operator for is refused, since computing it on the
values alone would lose the gradient without a word.
"""

import reference_engine as engine

from .errors import OperandError
from .operand import Operand
from .structure import rebuilt

# NumPy's name -> the engine's, where they differ
_UFUNCS = {
    "absolute": "abs",
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctan2": "atan2",
    "arctanh": "atanh",
    "conjugate": "conj",
    "float_power": "pow",
    "fabs": "abs",
    "power": "pow",
    "rint": "round",
    "true_divide": "divide",
}
_REDUCTIONS = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min"}
_FUNCTIONS = {
    "amax": "max",
    "amin": "min",
    "around": "round",
    "concatenate": "concat",
    "cumprod": "cumulative_prod",
    "cumsum": "cumulative_sum",
    "nancumsum": None,
    "transpose": "permute_dims",
}
_KEYWORDS = {"a_max": "max", "a_min": "min", "ddof": "correction"}
# These ask for what has no gradient, and get the values.
_QUESTIONS = frozenset(
    (
        *("all", "allclose", "any", "argmax", "argmin", "argsort", "array_equal", "array_equiv"),
        *("array_repr", "array_str", "array2string", "can_cast", "count_nonzero", "isclose"),
        *("iscomplexobj", "isrealobj", "may_share_memory", "ndim", "nonzero", "result_type"),
        *("searchsorted", "shape", "shares_memory", "size"),
    )
)


def of_ufunc(ufunc, method, inputs, keywords):
    """What `Operand.__array_ufunc__` answers. Raises OperandError for what the engine lacks."""
    name = ufunc.__name__
    if method == "reduce" and name in _REDUCTIONS and keywords.keys() <= {"axis", "keepdims"}:
        return getattr(engine, _REDUCTIONS[name])(*inputs, **{"axis": 0, **keywords})
    function = getattr(engine, _UFUNCS.get(name, name), None)
    if method != "__call__" or keywords or function is None:
        asked = f"np.{name}" + (f".{method}" if method != "__call__" else "")
        given = f" with {', '.join(keywords)}" if keywords else ""
        raise _refusal(asked + given)
    return function(*inputs)


def of_function(function, arguments, keywords):
    """What `Operand.__array_function__` answers. Raises OperandError for what the engine lacks."""
    name = function.__name__
    if name in _QUESTIONS:
        plain = rebuilt(_values, (arguments, keywords))
        return function(*plain[0], **plain[1])
    module = (function.__module__ or "").removeprefix("numpy").strip(".")
    home = getattr(engine, module, None) if module in ("linalg", "fft") else engine
    ours = getattr(home, _FUNCTIONS.get(name, name) or "", None)
    if not callable(ours):
        raise _refusal(f"np.{module + '.' if module else ''}{name}")
    if name == "transpose" and len(arguments) == 1 and not keywords:
        arguments = (*arguments, tuple(reversed(range(arguments[0].ndim))))
    return ours(*arguments, **{_KEYWORDS.get(k, k): v for k, v in keywords.items()})


def _values(leaf):
    return leaf.numpy() if isinstance(leaf, Operand) else leaf


def _refusal(asked):
    return OperandError(
        f"{asked} of a Tensor: the engine has no operator for it, and on the values alone the "
        "gradient would be lost: give it x.numpy() if that is meant"
    )


