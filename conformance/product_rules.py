"""From operand types and parameters to the type of a result: products of vectors and tensors."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from conformance.errors import ShapeError
from conformance.typing_rules import (
    Parameters,
    TensorType,
    Types,
    broadcast_shapes,
    float_operands,
    is_int,
    normalize_axes,
    normalize_axis,
    one_dtype,
)

Shape = tuple[int, ...]


class Summation(NamedTuple):
    """A sum of products: a label for each axis of the operands, and of the result.

    What is labelled alike runs together; labels that the result lacks are summed over.
    """

    left: Sequence[object]
    right: Sequence[object]
    out: Sequence[object]

    def lengths(self, a: Shape, b: Shape) -> dict[object, int]:
        """The length of each label; raises ShapeError where they differ."""
        found: dict[object, int] = {}
        for label, n in zip((*self.left, *self.right), (*a, *b), strict=True):
            if found.setdefault(label, n) != n:
                raise ShapeError(f"lengths differ: {found[label]} and {n}")
        return found

    def size(self, a: Shape, b: Shape) -> int:
        """How many products of two numbers are made."""
        return math.prod(self.lengths(a, b).values())


def summation(op: str, parameters: Parameters, a: Shape, b: Shape) -> Summation:
    """What a product sums; raises ShapeError where it cannot."""
    left, right = list(range(len(a))), list(range(len(a), len(a) + len(b)))
    if op == "einsum":
        return _equation(parameters["equation"], a, b)
    if op == "outer":
        return Summation(left, right, left + right)
    pairs = ((-1,), (-1,)) if op == "inner" else _contracted(parameters["axes"], a, b)
    for i, j in zip(*pairs, strict=True):
        right[j] = left[i]
    summed = {left[i] for i in pairs[0]}
    return Summation(left, right, [label for label in left + right if label not in summed])


def _equation(equation: object, a: Shape, b: Shape) -> Summation:
    found = isinstance(equation, str) and re.fullmatch(r"([a-z]*),([a-z]*)->([a-z]*)", equation)
    if not found:
        raise ShapeError("wants an equation of two operands, such as 'ij,jk->ik', "
                         f"got {equation!r}")
    left, right, out = found.groups()
    if (len(left), len(right)) != (len(a), len(b)):
        raise ShapeError(f"{equation!r} does not fit operands of {len(a)} and {len(b)} dimensions")
    if len(set(out)) != len(out) or not set(out) <= set(left + right):
        raise ShapeError(f"the result of {equation!r} must name labels of the operands, each once")
    return Summation(left, right, out)


def _contracted(axes: object, a: Shape, b: Shape) -> tuple[Shape, Shape]:
    """Pairs of axes: an int means the last of the one and the first of the other."""
    if is_int(axes):
        if not 0 <= axes <= min(len(a), len(b)):
            raise ShapeError(f"cannot sum over {axes} axes of shapes {a} and {b}")
        return tuple(range(len(a) - axes, len(a))), tuple(range(axes))
    if not isinstance(axes, tuple) or len(axes) != 2 or not all(
            isinstance(part, tuple) for part in axes):
        raise ShapeError(f"wants axes, an int or a pair of tuples, got {axes!r}")
    pair = normalize_axes(axes[0], len(a)), normalize_axes(axes[1], len(b))
    if len(pair[0]) != len(pair[1]):
        raise ShapeError(f"axes {axes} do not pair up")
    return pair


def _typed(op: str, types: Types, parameters: Parameters) -> TensorType:
    float_operands(types)
    a, b = (t.shape for t in types)
    sums = summation(op, parameters, a, b)
    lengths = sums.lengths(a, b)
    return TensorType(tuple(lengths[label] for label in sums.out), one_dtype(types))


def einsum(types: Types, parameters: Parameters) -> TensorType:
    return _typed("einsum", types, parameters)


def tensordot(types: Types, parameters: Parameters) -> TensorType:
    return _typed("tensordot", types, parameters)


def inner(types: Types, parameters: Parameters) -> TensorType:
    if not all(t.shape for t in types):
        raise ShapeError("wants at least 1 dimension on each side, "
                         f"got {' and '.join(map(str, types))}")
    return _typed("inner", types, parameters)


def outer(types: Types, parameters: Parameters) -> TensorType:
    if any(len(t.shape) != 1 for t in types):
        raise ShapeError(f"wants two vectors, got {' and '.join(map(str, types))}")
    return _typed("outer", types, parameters)


def kron(types: Types, parameters: Parameters) -> TensorType:
    float_operands(types)
    a, b = types
    if len(a.shape) != 2 or len(b.shape) != 2:
        raise ShapeError(f"wants two matrices, got {a} and {b}")
    return TensorType(tuple(n * m for n, m in zip(a.shape, b.shape, strict=True)),
                      one_dtype(types))


def vecdot(types: Types, parameters: Parameters) -> TensorType:
    """The axis counts from the end, as the array API has it."""
    float_operands(types)
    shape, axis = _paired(types, parameters)
    return TensorType((*shape[:axis], *shape[axis + 1:]), one_dtype(types))


def cross(types: Types, parameters: Parameters) -> TensorType:
    float_operands(types)
    shape, axis = _paired(types, parameters)
    if shape[axis] != 3:
        raise ShapeError(f"wants length 3 along the axis, got {' and '.join(map(str, types))}")
    return TensorType(shape, one_dtype(types))


def _paired(types: Types, parameters: Parameters) -> tuple[Shape, int]:
    a, b = (t.shape for t in types)
    axis = parameters["axis"]
    if not is_int(axis) or axis >= 0:
        raise ShapeError(f"wants an axis that counts from the end, such as -1, got {axis!r}")
    if a[normalize_axis(axis, len(a))] != b[normalize_axis(axis, len(b))]:
        raise ShapeError(f"lengths along axis {axis} differ: {' and '.join(map(str, types))}")
    shape = broadcast_shapes(a, b)
    return shape, axis % len(shape)
