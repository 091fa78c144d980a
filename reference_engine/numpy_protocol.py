"""NumPy's functions on Tensors and Variables: np.sin(x) and np.sum(x) are recorded like our own.

NumPy hands us its function and the arguments as the user wrote them; the engine's operator of the
same meaning takes them. What the engine has no operator for is refused, since computing it on the
values alone would lose the gradient without a word.
"""

import inspect

import numpy as np

import reference_engine as engine

from .errors import EngineError, OperandError, OptionError
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
    "degrees": "rad2deg",
    "float_power": "pow",
    "fabs": "abs",
    "invert": "bitwise_invert",
    "left_shift": "bitwise_left_shift",
    "matvec": "mv",
    "power": "pow",
    "radians": "deg2rad",
    "right_shift": "bitwise_right_shift",
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
    "transpose": "permute_dims",
}
_KEYWORDS = {"a_max": "max", "a_min": "min", "ddof": "correction"}
# Parameters of NumPy that follow the operands; the engine has them as keywords, if at all.
_OPTIONS = frozenset(
    (
        *("axis", "correction", "ddof", "decimals", "dtype", "initial", "keepdims", "mean", "n"),
        *("norm", "offset", "out", "where", "full_matrices", "compute_uv", "hermitian", "rcond"),
    )
)
# These ask for what has no gradient, and get the values.
_QUESTIONS = frozenset(
    (
        *("all", "allclose", "any", "argmax", "argmin", "argsort", "array_equal", "array_equiv"),
        *("array_repr", "array_str", "array2string", "can_cast", "count_nonzero", "isclose"),
        *("iscomplexobj", "isrealobj", "may_share_memory", "ndim", "nonzero", "result_type"),
        *("searchsorted", "shape", "shares_memory", "size"),
    )
)
# A Tensor does not change.
_IN_PLACE = frozenset(("copyto", "fill_diagonal", "place", "put", "put_along_axis", "putmask"))
# NumPy flattens, or takes all axes of size 1, where no axis is given.
_FLATTENING = frozenset(("cumsum", "cumprod", "take", "repeat", "append"))


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
    asked = f"np.{module + '.' if module else ''}{name}"
    if name in _IN_PLACE:
        raise OperandError(f"{asked}: a Tensor does not change; engine.where, scatter and "
                           "put_along_axis give a new one")  # fmt: skip
    home = getattr(engine, module, None) if module in ("linalg", "fft") else engine
    ours = getattr(home, _FUNCTIONS.get(name, name), None)
    if not callable(ours) or name in ("linspace", "piecewise", "select"):
        raise _refusal(asked)
    operands, options = _sorted_out(function, arguments, keywords)
    operands, options = _as_numpy_means(asked, name, operands, options)
    try:
        return ours(*operands, **options)
    except EngineError:
        raise
    except (TypeError, AttributeError, ValueError) as error:
        raise _refusal(f"{asked} with these arguments ({error})") from error


def _sorted_out(function, arguments, keywords):
    """Arguments as NumPy binds them: operands by position, options by the engine's name."""
    try:
        given = inspect.signature(function).bind(*arguments, **keywords)
    except (TypeError, ValueError):  # a function written in C has no signature
        return list(arguments), {_KEYWORDS.get(k, k): v for k, v in keywords.items()}
    operands, options = [], {}
    for name, value in given.arguments.items():
        kind = given.signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            operands += value
        elif kind is inspect.Parameter.VAR_KEYWORD:
            options.update(value)
        elif options or name in _OPTIONS or name in _KEYWORDS:
            options[_KEYWORDS.get(name, name)] = value
        else:
            operands.append(value)
    return operands, options


def _as_numpy_means(asked, name, operands, options):
    """The same request in the engine's terms, where NumPy's defaults differ."""
    for ignored in ("dtype", "out"):
        if ignored in options and options[ignored] is None:
            del options[ignored]
    if not options.pop("decimals", 0) == 0:
        raise _refusal(f"{asked} with decimals")
    if name == "transpose" and len(operands) == 1 and not options:
        operands = [operands[0], tuple(reversed(range(np.ndim(operands[0]))))]
    if name in _FLATTENING and options.get("axis") is None:
        options["axis"] = 0
        operands = [engine.reshape(operands[0], (-1,)), *operands[1:]]
    if name == "squeeze" and options.get("axis") is None:
        options["axis"] = tuple(a for a, size in enumerate(np.shape(operands[0])) if size == 1)
    if name == "svd" and options.get("full_matrices", True):
        raise OptionError("np.linalg.svd: got full_matrices=True, which is NumPy's default, "
                          "wanted False: the engine has the reduced decomposition")  # fmt: skip
    if name == "lstsq" or not options.get("compute_uv", True):
        raise OptionError(f"{asked}: NumPy gives something else here than the engine does, "
                          "engine.linalg's solution alone, or svdvals: call that")  # fmt: skip
    return operands, options


def _values(leaf):
    return leaf.numpy() if isinstance(leaf, Operand) else leaf


def _refusal(asked):
    return OperandError(
        f"{asked} of a Tensor: the engine has no operator for it, and on the values alone the "
        "gradient would be lost: give it x.numpy() if that is meant"
    )
