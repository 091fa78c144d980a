"""What layers are made of: linear maps of the last axis, attention and dropout."""

import math

import numpy as np

from ..errors import OptionError, ShapeError, describe
from ..operators import FORWARDS, apply, as_operand, operator, rule, values
from ..tensor import same_dtype
from .linear_algebra import matmul
from .precision import same_precision
from .reductions import sum
from .shapes import expand_dims, matrix_transpose, permute_dims, reshape, squeeze

__all__ = ["bilinear", "dropout", "linear", "scaled_dot_product_attention"]


def linear(x, weight, bias=None):
    """x (..., n) times the transpose of weight (m, n), plus bias (m,): shape (..., m).

    Raises ShapeError, DtypeError.
    """
    x, weight = same_dtype("linear", x, weight)
    if not x.ndim or weight.ndim != 2 or x.shape[-1] != weight.shape[1]:
        raise ShapeError(
            f"linear: got shapes {x.shape} and {weight.shape}, wanted (..., n) and (m, n)"
        )
    return _with_bias("linear", apply("linear", x, weight), bias)


def _with_bias(name, y, bias):
    if bias is None:
        return y
    y, bias = same_dtype(name, y, bias)
    if bias.shape != y.shape[-1:]:
        raise ShapeError(f"{name}: got a {describe(bias)} as bias, wanted shape {y.shape[-1:]}")
    return y + bias


def _rows(x):
    """x as a matrix: all axes but the last in one."""
    return reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))


FORWARDS["linear"] = lambda x, weight: FORWARDS["matmul"](x, weight.T)
# The batch in one product, where matmul's rule would make a matrix for each element of it.
rule("linear",
     lambda dy, y, x, w: matmul(dy, w),
     lambda dy, y, x, w: matmul(matrix_transpose(_rows(dy)), _rows(x)),
     jvp="bilinear")  # fmt: skip


def bilinear(x, w, weight, bias=None):
    """sum over i and j of x (..., i) weight (m, i, j) w (..., j), plus bias (m,): shape (..., m).

    The axes of x and w but the last agree. Raises ShapeError, DtypeError.
    """
    x, w, weight = same_dtype("bilinear", x, w, weight)
    fits = x.ndim and weight.ndim == 3 and x.shape[:-1] == w.shape[:-1]
    if not fits or (x.shape[-1], w.shape[-1]) != weight.shape[1:]:
        raise ShapeError(
            f"bilinear: got shapes {x.shape}, {w.shape} and {weight.shape}, "
            "wanted (..., i), (..., j) and (m, i, j)"
        )
    m, i, j = weight.shape
    mixed = matmul(_rows(x), reshape(permute_dims(weight, (1, 0, 2)), (i, m * j)))
    mixed = reshape(mixed, (*x.shape[:-1], m, j))
    return _with_bias("bilinear", squeeze(matmul(mixed, expand_dims(w, -1)), -1), bias)


def dropout(x, mask, rate):
    """x / (1 - rate) where the bool `mask` holds, 0 elsewhere: the mask is drawn by the caller.

    mask: broadcasts to x's shape. Raises OptionError unless 0 <= rate < 1, ShapeError.
    """
    x, mask = as_operand(x), values(mask).astype(bool)
    if not 0 <= rate < 1:
        raise OptionError(f"dropout: got rate={rate!r}, wanted one from 0 to below 1")
    if np.broadcast_shapes(x.shape, mask.shape) != x.shape:
        raise ShapeError(f"dropout: got a mask of shape {mask.shape} with a {describe(x)}")
    return apply("dropout", x, mask=mask, rate=rate)


FORWARDS["dropout"] = lambda x, mask, rate: np.where(
    mask, x / x.dtype.type(1 - rate), x.dtype.type(0)
)
rule("dropout", lambda dy, y, x, mask, rate: apply("dropout", dy, mask=mask, rate=rate),
     jvp="linear")  # fmt: skip

# Attention -------------------------------------------------------------------------------


@operator
@same_precision
def masked_softmax(x, mask):
    """softmax along the last axis of what the bool `mask` (or None: all) lets through, 0 elsewhere.

    Convention: a row with nothing to choose from, masked or all -inf, is 0 and passes no gradient.
    """
    x = x if mask is None else np.where(mask, x, -math.inf)
    peak = np.max(x, axis=-1, keepdims=True, initial=-math.inf)
    powers = np.exp(x - np.where(peak == -math.inf, 0, peak))
    total = np.sum(powers, axis=-1, keepdims=True)
    return powers / np.where(total == 0, 1, total)


# The Jacobian is symmetric, so that a tangent goes forward as a cotangent goes backward.
rule("masked_softmax", lambda dy, y, x, mask: y * (dy - sum(dy * y, -1, keepdims=True)),
     jvp="elementwise")  # fmt: skip


def scaled_dot_product_attention(query, key, value, mask=None, is_causal=False, scale=None):
    """softmax(scale query key^T + mask) value, of (..., m, d), (..., n, d) and (..., n, e).

    mask: broadcasts to (..., m, n); a bool one says what is looked at, a float one is added and has
    a gradient. is_causal: the i-th query looks at the first i + 1 keys only.
    scale: None for 1 / sqrt(d). Convention: a query that looks at nothing gets 0.
    Raises ShapeError, DtypeError, OptionError for both a mask and is_causal.
    """
    query, key, value = same_dtype("scaled_dot_product_attention", query, key, value)
    if min(query.ndim, key.ndim, value.ndim) < 2 or query.shape[-1] != key.shape[-1]:
        raise ShapeError(
            f"scaled_dot_product_attention: got shapes {query.shape}, {key.shape} and "
            f"{value.shape}, wanted (..., m, d), (..., n, d) and (..., n, e)"
        )
    if is_causal and mask is not None:
        raise OptionError("scaled_dot_product_attention: got a mask and is_causal, wanted one")
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = matmul(query * scale, matrix_transpose(key))
    seen = np.tri(*scores.shape[-2:], dtype=bool) if is_causal else None
    if mask is not None and values(mask).dtype == bool:
        seen = values(mask)
    elif mask is not None:
        scores = scores + same_dtype("scaled_dot_product_attention", scores, mask)[1]
    return matmul(masked_softmax(scores, seen), value)
