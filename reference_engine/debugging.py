"""Switches that make the engine check itself, at some cost."""

import contextlib
import functools
import threading

import numpy as np

from . import saving
from .errors import NotANumberError, OptionError, describe
from .operators import OPS


class _Switches:
    rules = False  # every rule's answer is checked for its shape and dtype
    nans = False


switches = _Switches()
_asked = []  # what those who are in their `with` blocks asked for, (rules, nans), in order
_lock = threading.RLock()


@contextlib.contextmanager
def debug(rules=None, nans=None):
    """Within the block, in every thread, the engine checks what it does.

    rules: each gradient rule must give an array of its input's shape and dtype, else RuleError.
    nans: the first operator or rule that makes a nan of inputs without one raises NotANumberError.
    None leaves a switch as it is. Raises OptionError for anything but a bool.
    """
    for value in (rules, nans):
        if value is not None and not isinstance(value, bool):
            raise OptionError(f"debug(): got {describe(value)}, wanted True, False or None")
    own = [rules, nans]
    with _lock:
        _asked.append(own)
        _settle()
    try:
        yield
    finally:
        with _lock:
            _asked[:] = [other for other in _asked if other is not own]
            _settle()


def _settle():
    """Sets each switch as the last of those who asked wants it."""
    rules, nans = (next((wish[i] for wish in reversed(_asked) if wish[i] is not None), False)
                   for i in (0, 1))  # fmt: skip
    _check_rules(rules)
    _look_for_nans(nans)


def _check_rules(wanted):
    if wanted != switches.rules:
        switches.rules = saving.switches.keep_all = wanted
        for op in OPS.values():
            op.use(op.rules)


_guarded = {}  # operator -> (its forward, its rules) before guards were put before them


def _look_for_nans(wanted):
    """Puts guards before all operators' functions, or takes them away."""
    if wanted == switches.nans:
        return
    switches.nans = wanted
    if not wanted:
        for op, (forward, rules) in _guarded.items():
            op.forward = forward
            op.use(rules)
        _guarded.clear()
        return
    for op in OPS.values():
        _guarded[op] = op.forward, op.rules
        op.forward = _guard(op.forward, op.name, "operator {}")
        op.use(tuple(f and _guard(f, op.name, "the gradient rule of {}") for f in op.rules))


def _guard(function, name, what):
    @functools.wraps(function)
    def guarded(*arguments, **parameters):
        result = function(*arguments, **parameters)
        if _has_nan(result) and not any(map(_has_nan, arguments)):
            given = " and ".join(describe(a) for a in arguments if hasattr(a, "dtype"))
            raise NotANumberError(
                f"{what.format(name)} made a nan of {given}, none of which has one: "
                "look at the values there; engine.where chooses safe ones before the operator"
            )
        return result

    return guarded


def _has_nan(value):
    if isinstance(value, tuple):
        return any(map(_has_nan, value))
    array = getattr(value, "_array", value)
    dtype = getattr(array, "dtype", None)
    if dtype is None or not isinstance(array, np.ndarray | np.generic):
        return False
    return (dtype.kind in "fc" or dtype.name == "bfloat16") and bool(np.isnan(array).any())
