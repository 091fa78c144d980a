"""Where elements are and whether there are any: answers without a derivative."""

import numpy as np

from ..errors import DtypeError, OptionError, ShapeError
from ..operators import FORWARDS, apply, as_operand, operator, rule, same_dtype, values
from ..tensor import as_tensor

__all__ = ["all", "any", "argmax", "argmin", "count_nonzero", "nonzero", "searchsorted"]


@operator
def argmax(x, axis=None, keepdims=False):
    """The index of the greatest element along `axis` (int), the first of several, or of a nan.

    None counts through a flattened x. Raises ShapeError where there is none.
    """
    return np.argmax(x, axis=axis, keepdims=keepdims)


@operator
def argmin(x, axis=None, keepdims=False):
    """The index of the least element along `axis`; otherwise like `argmax`."""
    return np.argmin(x, axis=axis, keepdims=keepdims)


@operator
def any(x, axis=None, keepdims=False):
    """Whether an element over `axis` (int, tuple, None for all) is not 0; nan is not."""
    return np.any(x, axis=axis, keepdims=keepdims)


@operator
def all(x, axis=None, keepdims=False):
    """Whether no element over `axis` (int, tuple, None for all) is 0."""
    return np.all(x, axis=axis, keepdims=keepdims)


@operator
def count_nonzero(x, axis=None, keepdims=False):
    """How many elements over `axis` (int, tuple, None for all) are not 0."""
    return np.asarray(np.count_nonzero(x, axis=axis, keepdims=keepdims))


def nonzero(x):
    """The indices of the elements that are not 0: a tuple of one int64 Tensor for each axis.

    Raises ShapeError for a 0-d x.
    """
    x = as_operand(x)
    if not x.ndim:
        raise ShapeError("nonzero: got a 0-d x, wanted at least one axis: use engine.atleast_1d")
    return tuple(as_tensor(indices) for indices in np.nonzero(values(x)))


def searchsorted(x1, x2, side="left", sorter=None):
    """The indices at which elements x2 would keep a sorted 1-D x1 in order, in x2's shape.

    side: "left" puts them before equal elements, "right" after. sorter: the indices that sort x1.
    Raises OptionError, ShapeError, DtypeError.
    """
    if side not in ("left", "right"):
        raise OptionError(f'searchsorted: got side={side!r}, wanted "left" or "right"')
    x1, x2 = same_dtype("searchsorted", x1, x2)
    if x1.ndim != 1:
        raise ShapeError(f"searchsorted: got x1 of shape {x1.shape}, wanted one axis")
    if sorter is not None:
        sorter = values(as_operand(sorter))
        if sorter.dtype.kind not in "iu":
            raise DtypeError(f"searchsorted: got a sorter of dtype {sorter.dtype}, wanted integers")
    return apply("searchsorted", x1, x2, side=side, sorter=sorter)


def _searchsorted(x1, x2, side, sorter):
    return np.asarray(np.searchsorted(x1, x2, side=side, sorter=sorter))


FORWARDS["searchsorted"] = _searchsorted
rule("argmax", None)
rule("argmin", None)
rule("any", None)
rule("all", None)
rule("count_nonzero", None)
rule("searchsorted", None, None)
