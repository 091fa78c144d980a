"""From operand types to the type of a result: systems, determinants, factors and spectra."""

from __future__ import annotations

from conformance.errors import ShapeError
from conformance.typing_rules import (
    Parameters,
    TensorType,
    Types,
    flag,
    float_operands,
    is_int,
    one_dtype,
)

NORMS = ("fro", "nuc", 1, -1, 2, -2, float("inf"), -float("inf"))


def matrices(types: Types) -> TensorType:
    """The first operand, which is a matrix or a batch of them."""
    float_operands(types)
    x = types[0]
    if len(x.shape) < 2 or 0 in x.shape[-2:]:
        raise ShapeError(f"wants matrices of at least one row and column, got {x}")
    return x


def square(types: Types, parameters: Parameters) -> TensorType:
    x = matrices(types)
    if x.shape[-1] != x.shape[-2]:
        raise ShapeError(f"wants square matrices, got {x}")
    return x


def number_of_each(types: Types, parameters: Parameters) -> TensorType:
    """det, logabsdet."""
    x = square(types, parameters)
    return TensorType(x.shape[:-2], x.dtype)


def eigenvalues(types: Types, parameters: Parameters) -> TensorType:
    x = square(types, parameters)
    return TensorType(x.shape[:-1], x.dtype)


def singular_values(types: Types, parameters: Parameters) -> TensorType:
    x = matrices(types)
    return TensorType((*x.shape[:-2], min(x.shape[-2:])), x.dtype)


def pinv(types: Types, parameters: Parameters) -> TensorType:
    x = matrices(types)
    return TensorType((*x.shape[:-2], x.shape[-1], x.shape[-2]), x.dtype)


def matrix_power(types: Types, parameters: Parameters) -> TensorType:
    n = parameters["n"]
    if not is_int(n) or n == 0:
        raise ShapeError(f"wants an int other than 0 as n, got {n!r}")
    return square(types, parameters)


def matrix_norm(types: Types, parameters: Parameters) -> TensorType:
    x, keepdims, ord = matrices(types), flag(parameters, "keepdims"), parameters["ord"]
    if isinstance(ord, bool) or ord not in NORMS:
        raise ShapeError(f"wants one of {', '.join(map(repr, NORMS))} as ord, got {ord!r}")
    return TensorType((*x.shape[:-2], *((1, 1) if keepdims else ())), x.dtype)


def solve(types: Types, parameters: Parameters) -> TensorType:
    """a, b -> x with a @ x = b."""
    a = square(types[:1], parameters)
    float_operands(types)
    return right_side(a, types[1], one_dtype(types))


def solve_triangular(types: Types, parameters: Parameters) -> TensorType:
    flag(parameters, "lower"), flag(parameters, "unit_diagonal")
    return solve(types, parameters)


def cholesky_solve(types: Types, parameters: Parameters) -> TensorType:
    """b, the factor of a -> x with a @ x = b."""
    return solve(types[::-1], parameters)


def right_side(a: TensorType, b: TensorType, dtype: str) -> TensorType:
    """Matrices of the same batch, or one vector; frameworks differ in what else they take."""
    vector = len(a.shape) == 2 and len(b.shape) == 1
    if not (vector or len(b.shape) == len(a.shape)) or (
            b.shape[:len(a.shape) - 1] != a.shape[:-1]):
        raise ShapeError(f"wants the right side of {a} as matrices of the same batch, "
                         f"{[*a.shape[:-1], 'k']}, or as one vector for one matrix, got {b}")
    return TensorType(b.shape, dtype)
