"""Operators that choose among elements by a condition."""

import math

import numpy as np

from ..errors import DtypeError
from ..operators import FORWARDS, apply, operator, rule
from ..tensor import ARRAYS, as_operand, as_tensor, same_dtype

__all__ = ["clip", "where"]


def where(condition, x, y):
    """x where the bool `condition` holds, y elsewhere; the three broadcast.

    Raises DtypeError, ShapeError.
    """
    if isinstance(condition, ARRAYS) and condition.dtype == bool and (
            isinstance(x, _PLAIN) and isinstance(y, _PLAIN)):  # in rules, for less work
        return FORWARDS["where"](condition, x, y)
    condition = as_tensor(condition) if isinstance(condition, bool | list) else (
        as_operand(condition))
    if condition.dtype != bool:
        raise DtypeError(
            f"where: got a condition of dtype {condition.dtype}, wanted bool: "
            "compare it, as in x > 0"
        )
    return apply("where", condition, *same_dtype("where", x, y))


_PLAIN = (*ARRAYS, int, float)


def _chosen(condition, x, y):
    if type(y) is int or type(y) is float:  # NumPy 1.26 would widen a scalar x beside it
        y = x.dtype.type(y)
    elif type(x) is int or type(x) is float:
        x = y.dtype.type(x)
    return np.where(condition, x, y)


FORWARDS["where"] = _chosen
# Chosen, not multiplied by a mask: 0 * inf would let the branch not taken spoil the other.
rule("where", None, lambda dy, y, c, x, w: where(c, dy, 0), lambda dy, y, c, x, w: where(c, 0, dy),
     jvp="elementwise")  # fmt: skip


@operator
def clip(x, min=None, max=None):
    """x limited to [min, max], Python numbers or None.

    Raises OperandError for bounds that are anything else.
    """
    for bound in (min, max):
        if not isinstance(bound, int | float | None):
            raise TypeError(
                "wanted Python numbers or None as bounds: use engine.maximum and engine.minimum"
            )
        if isinstance(bound, float) and x.dtype.kind in "iu":
            raise TypeError(
                "wanted whole numbers as bounds of integers: "
                "cast x with engine.astype(x, 'float64')"
            )
    x = x if min is None else np.maximum(x, x.dtype.type(min))
    return x if max is None else np.minimum(x, x.dtype.type(max))


def _inside(x, min, max):
    above = x >= (-math.inf if min is None else min)
    below = x <= (math.inf if max is None else max)
    return apply("logical_and", above, below)


# Convention: a bound belongs to the interval in which the derivative is 1.
rule("clip", lambda dy, y, x, min, max: where(_inside(x, min, max), dy, 0), jvp="elementwise")
