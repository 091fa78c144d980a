"""Products of tensors beyond matmul, and powers of matrices.

Nothing is conjugated but the first operand of `vecdot` and `vdot`.
"""

import string

import numpy as np

from ..creation import zeros_like
from ..errors import ShapeError, describe
from ..operators import FORWARDS, apply, as_operand, quiet, rule, same_dtype
from .einsum import check_matrices, conjugate
from .linear_algebra import matmul
from .precision import widened
from .shapes import expand_dims, matrix_transpose, permute_dims, reshape

__all__ = [
    "addmm", "addmv", "addr", "baddbmm", "cross", "dot", "inner", "kron", "matrix_power",
    "multi_dot", "mv", "outer", "tensordot", "vdot", "vecdot",
]  # fmt: skip

# Products of two tensors --------------------------------------------------------------


def tensordot(x1, x2, axes=2):
    """The sum of products over `axes`: the last and first n, or a pair of sequences of axes.

    Raises ShapeError, DtypeError.
    """
    x1, x2 = same_dtype("tensordot", x1, x2)
    if isinstance(axes, int):
        axes = tuple(range(x1.ndim - axes, x1.ndim)), tuple(range(axes))
    axes = tuple(
        tuple(a + x.ndim if a < 0 else a for a in ((over,) if isinstance(over, int) else over))
        for x, over in zip((x1, x2), axes, strict=True)
    )
    return apply("tensordot", x1, x2, axes=axes)


def _undo_tensordot(dy, w, axes, ndim):
    """The cotangent, of `ndim` axes, of the operand whose `axes[0]` met those `axes[1]` of w."""
    free = tuple(a for a in range(ndim) if a not in axes[0])
    left = tuple(a for a in range(w.ndim) if a not in axes[1])
    dx = apply("tensordot", dy, w, axes=(tuple(range(len(free), dy.ndim)), left))
    order = free + tuple(axes[0][i] for i in np.argsort(axes[1]))
    return permute_dims(dx, tuple(int(a) for a in np.argsort(order)))


def _swapped(dy, count):
    """dy with its first `count` axes last."""
    return permute_dims(dy, (*range(count, dy.ndim), *range(count)))


FORWARDS["tensordot"] = quiet(widened(lambda x, w, axes: np.tensordot(x, w, axes)))
rule("tensordot",
     lambda dy, y, x, w, axes: _undo_tensordot(dy, w, axes, x.ndim),
     lambda dy, y, x, w, axes:
     _undo_tensordot(_swapped(dy, x.ndim - len(axes[0])), x, axes[::-1], w.ndim),
     jvp="bilinear")  # fmt: skip


def vecdot(x1, x2, axis=-1):
    """sum(conj(x1) * x2) over `axis`, negative if x1 and x2 differ in their number of axes.

    Raises ShapeError, DtypeError.
    """
    x1, x2 = same_dtype("vecdot", x1, x2)
    axis = _common_axis("vecdot", x1, x2, axis)
    if x1.shape[axis] != x2.shape[axis]:
        raise ShapeError(f"vecdot: got {describe(x1)} and {describe(x2)}: sizes differ over {axis}")
    return apply("vecdot", x1, x2, axis=axis)


def _common_axis(name, x, w, axis):
    """`axis` of both, counted from the last."""
    if axis >= 0 and x.ndim == w.ndim:
        axis -= x.ndim
    if not -min(x.ndim, w.ndim) <= axis < 0:
        raise ShapeError(
            f"{name}: got axis={axis} with {describe(x)} and {describe(w)}, wanted one of both, "
            "counted from the last (-1) where their numbers of axes differ"
        )
    return axis


FORWARDS["vecdot"] = quiet(widened(lambda x, w, axis: np.sum(np.conj(x) * w, axis=axis)))
rule("vecdot",
     lambda dy, y, x, w, axis: conjugate(expand_dims(dy, axis) * w),
     lambda dy, y, x, w, axis: expand_dims(dy, axis) * conjugate(x),
     jvp="bilinear")  # fmt: skip


def vdot(x1, x2):
    """sum(conj(x1) * x2) over all elements of two tensors of one size. Raises ShapeError."""
    return vecdot(reshape(x1, -1), reshape(x2, -1))


def dot(x1, x2):
    """NumPy's dot: over the last axis of x1 and the last but one of x2, or times a 0-d operand.

    Raises ShapeError, DtypeError.
    """
    x1, x2 = same_dtype("dot", x1, x2)
    if not (x1.ndim and x2.ndim):
        return x1 * x2
    return tensordot(x1, x2, ((-1,), (-2 if x2.ndim > 1 else -1,)))


def inner(x1, x2):
    """The sum of products over the last axes, or times a 0-d operand. Raises ShapeError."""
    x1, x2 = same_dtype("inner", x1, x2)
    return tensordot(x1, x2, ((-1,), (-1,))) if x1.ndim and x2.ndim else x1 * x2


def outer(x1, x2):
    """x1[i] * x2[j] of two vectors. Raises ShapeError for anything but one axis, DtypeError."""
    x1, x2 = same_dtype("outer", x1, x2)
    if (x1.ndim, x2.ndim) != (1, 1):
        raise ShapeError(
            f"outer: got {describe(x1)} and {describe(x2)}, wanted two vectors: "
            "use engine.tensordot(x1, x2, 0)"
        )
    return apply("outer", x1, x2)


FORWARDS["outer"] = np.multiply.outer
rule("outer",
     lambda dy, y, x, w: matmul(dy, w),
     lambda dy, y, x, w: matmul(x, dy), jvp="bilinear")  # fmt: skip


def kron(x1, x2):
    """Kronecker's product: each element of x1 times the whole of x2, laid out as blocks.

    The operand of fewer axes gets leading ones of size 1. Raises DtypeError.
    """
    x1, x2 = same_dtype("kron", x1, x2)
    ndim = max(x1.ndim, x2.ndim)
    x1, x2 = (
        x if x.ndim == ndim else reshape(x, (1,) * (ndim - x.ndim) + x.shape) for x in (x1, x2)
    )
    return apply("kron", x1, x2)


def _kron(x, w):
    pairs = np.multiply(x.reshape(_between(x.shape, 1)), w.reshape(_between(w.shape, 0)))
    return pairs.reshape([a * b for a, b in zip(x.shape, w.shape, strict=True)])


def _between(shape, place):
    """`shape` with ones before (0) or after (1) every size."""
    return [s if i == 1 - place else 1 for s in shape for i in (0, 1)]


def _undo_kron(dy, factor, x_shape, w_shape, mine):
    """The sum over dy's blocks times the other factor; `mine` says whose cotangent is meant."""
    blocks = reshape(dy, tuple(s for pair in zip(x_shape, w_shape, strict=True) for s in pair))
    labels = string.ascii_letters[: blocks.ndim]
    terms = labels[0::2], labels[1::2]
    return apply("einsum", blocks, factor, subscripts=f"{labels},{terms[1 - mine]}->{terms[mine]}")


FORWARDS["kron"] = _kron
rule("kron",
     lambda dy, y, x, w: _undo_kron(dy, w, x.shape, w.shape, 0),
     lambda dy, y, x, w: _undo_kron(dy, x, x.shape, w.shape, 1), jvp="bilinear")  # fmt: skip


def cross(x1, x2, axis=-1):
    """The vector product over `axis`, of size 3; the other axes broadcast.

    Raises ShapeError, DtypeError.
    """
    x1, x2 = same_dtype("cross", x1, x2)
    axis = _common_axis("cross", x1, x2, axis)
    if (x1.shape[axis], x2.shape[axis]) != (3, 3):
        raise ShapeError(f"cross: got {describe(x1)} and {describe(x2)}, wanted size 3 over {axis}")
    return apply("cross", x1, x2, axis=axis)


def _cross(x, w, axis):
    a, b = np.moveaxis(x, axis, 0), np.moveaxis(w, axis, 0)
    return np.stack([a[i - 2] * b[i - 1] - a[i - 1] * b[i - 2] for i in range(3)], axis)


FORWARDS["cross"] = quiet(widened(_cross))
rule("cross",
     lambda dy, y, x, w, axis: apply("cross", w, dy, axis=axis),
     lambda dy, y, x, w, axis: apply("cross", dy, x, axis=axis), jvp="bilinear")  # fmt: skip

# Products of matrices -----------------------------------------------------------------


def mv(x, v):
    """The matrix x (m, n) times the vector v (n,). Raises ShapeError, DtypeError."""
    x, v = same_dtype("mv", x, v)
    if (x.ndim, v.ndim) != (2, 1) or x.shape[1] != v.shape[0]:
        raise ShapeError(f"mv: got {describe(x)} and {describe(v)}, wanted (m, n) and (n,)")
    return apply("mv", x, v)


FORWARDS["mv"] = quiet(widened(np.matmul))
rule("mv",
     lambda dy, y, x, v: apply("outer", dy, v),
     lambda dy, y, x, v: apply("mv", matrix_transpose(x), dy), jvp="bilinear")  # fmt: skip


def _adds_product(name, product, dx, dw, ranks):
    """Defines beta * bias + alpha * product(x, w); a beta of 0 ignores the bias, even a nan."""

    def forward(bias, x, w, beta, alpha):
        y = product(x, w)
        y = y if alpha == 1 else y * y.dtype.type(alpha)
        if beta == 0:
            return np.broadcast_to(y, np.broadcast_shapes(y.shape, bias.shape))
        return y + (bias if beta == 1 else bias * bias.dtype.type(beta))

    def call(bias, x, w, beta=1, alpha=1):
        bias, x, w = same_dtype(name, bias, x, w)
        if (x.ndim, w.ndim) != ranks:
            raise ShapeError(
                f"{name}: got {describe(x)} and {describe(w)}, "
                f"wanted {ranks[0]} and {ranks[1]} axes"
            )
        return apply(name, bias, x, w, beta=beta, alpha=alpha)

    FORWARDS[name] = quiet(widened(forward))
    rule(name,
         lambda dy, y, bias, x, w, beta, alpha: _scaled(dy, beta),
         lambda dy, y, bias, x, w, beta, alpha: _scaled(dx(dy, w), alpha),
         lambda dy, y, bias, x, w, beta, alpha: _scaled(dw(dy, x), alpha))  # fmt: skip
    call.__name__ = call.__qualname__ = name
    return call


def _scaled(dx, factor):
    return dx if factor == 1 else dx * float(factor)


def _after(dy, w):
    return matmul(dy, matrix_transpose(w))


def _before(dy, x):
    return matmul(matrix_transpose(x), dy)


addmm = _adds_product("addmm", np.matmul, _after, _before, (2, 2))
addmm.__doc__ = """beta * bias + alpha * x @ w for matrices x and w; bias broadcasts.

    A beta of 0 ignores the bias, even a nan in it. Raises ShapeError, DtypeError.
    """
baddbmm = _adds_product("baddbmm", np.matmul, _after, _before, (3, 3))
baddbmm.__doc__ = """addmm for stacks of matrices, x (b, m, k) and w (b, k, n)."""
addmv = _adds_product(
    "addmv", np.matmul,
    lambda dy, v: apply("outer", dy, v),
    lambda dy, x: apply("mv", matrix_transpose(x), dy), (2, 1),
)  # fmt: skip
addmv.__doc__ = """beta * bias + alpha * x @ v for a matrix x and a vector v; bias broadcasts."""
addr = _adds_product("addr", np.multiply.outer, matmul, lambda dy, x: matmul(x, dy), (1, 1))
addr.__doc__ = """beta * bias + alpha * outer(x, w) for vectors x and w; bias broadcasts."""


def multi_dot(tensors):
    """The product of matrices, the first and last of which may be vectors, in the cheapest order.

    Raises ShapeError, DtypeError.
    """
    tensors = list(same_dtype("multi_dot", *tensors))
    first, last = tensors[0].ndim == 1, tensors[-1].ndim == 1
    if len(tensors) < 2 or any(
        x.ndim != 2 and not (x.ndim == 1 and i in (0, len(tensors) - 1))
        for i, x in enumerate(tensors)
    ):
        raise ShapeError(
            f"multi_dot: got {' and '.join(map(describe, tensors))}, wanted two or more matrices"
        )
    if first:
        tensors[0] = expand_dims(tensors[0], 0)
    if last:
        tensors[-1] = expand_dims(tensors[-1], 1)
    splits = _cheapest([x.shape[0] for x in tensors] + [tensors[-1].shape[1]])
    y = _product(tensors, splits, 0, len(tensors) - 1)
    return reshape(y, y.shape[first : 2 - last]) if first or last else y


def _cheapest(sizes):
    """Where to split each run of matrices (Cormen et al., Introduction to Algorithms, 15.2)."""
    count = len(sizes) - 1
    cost, split = {(i, i): 0 for i in range(count)}, {}
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            cost[i, j], split[i, j] = min(
                (cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k)
                for k in range(i, j)
            )
    return split


def _product(tensors, splits, first, last):
    if first == last:
        return tensors[first]
    middle = splits[first, last]
    return matmul(
        _product(tensors, splits, first, middle), _product(tensors, splits, middle + 1, last)
    )


def matrix_power(x, n):
    """x @ x @ ... n times; the identity for n = 0, powers of the inverse for n < 0.

    Raises ShapeError for matrices that are not square, MatrixError for singular ones where n < 0.
    """
    x = check_matrices("matrix_power", as_operand(x), square=True)
    return apply("matrix_power", x, n=n)


def _slope_of_power(x, dx, n):
    """The sum of x**i @ dx @ x**(n-1-i): how the power changes along dx, by repeated squaring."""
    if n == 0:
        return zeros_like(dx)
    if n < 0:
        x = apply("matrix_power", x, n=-1)
        dx, n = -(x @ dx @ x), -n
    power = slope = None
    while True:
        if n % 2:
            if power is None:
                power, slope = x, dx
            else:
                power, slope = power @ x, power @ dx + slope @ x
        n //= 2
        if not n:
            return slope
        x, dx = x @ x, x @ dx + dx @ x


FORWARDS["matrix_power"] = quiet(widened(np.linalg.matrix_power))
rule("matrix_power", lambda dy, y, x, n: _slope_of_power(matrix_transpose(x), dy, n))
