"""For operators on arrays, how a random program uses them.

Each recipe gives something elementwise where the shape of x does not suit the operator.
"""

from __future__ import annotations

from collections.abc import Callable

from conformance.calibration.writer import Writer

Recipe = Callable[[Writer, int], int]


def reduced(name: str, safe: Recipe = lambda w, x: x) -> Recipe:
    def reduce(w: Writer, x: int) -> int:
        rank = len(w.shape(x))
        if not rank:
            return w("tanh", x)
        axis = w.draw.choice((None, w.axis(x), *([(0, 1)] if rank > 1 else [])))
        parameters = {"correction": float(w.draw.randrange(2))} if name in ("std", "var") else {}
        return w(name, safe(w, x), axis=axis, keepdims=w.draw.random() < 0.3, **parameters)

    return reduce


def along(name: str, safe: Recipe = lambda w, x: x) -> Recipe:
    return lambda w, x: w(name, safe(w, x), axis=w.axis(x)) if w.shape(x) else w("tanh", x)


def product(w: Writer, x: int) -> int:
    """With a value that fits, from the left or the right, or with the transpose."""
    shape = w.shape(x)
    if not shape:
        return w("tanh", x)
    y = w.pick(lambda other: bool(other) and other[-2 if len(other) > 1 else -1] == shape[-1]
               and len(shape) + len(other) <= 4)
    if y is None:
        y = x if len(shape) == 1 else w("matrix_transpose", x)
    return w("matmul", w.bounded(x), w.tamed(y))


def reshaped(w: Writer, x: int) -> int:
    shape = w.shape(x)
    return w("reshape", x, shape=w.draw.choice(((w.type(x).size,), shape[::-1])))


def permuted(w: Writer, x: int) -> int:
    axes = list(range(len(w.shape(x))))
    w.draw.shuffle(axes)
    return w("permute_dims", x, axes=tuple(axes))


def expanded(w: Writer, x: int) -> int:
    rank = len(w.shape(x))
    return w("expand_dims", x, axis=w.draw.randrange(-rank - 1, rank + 1))


def squeezed(w: Writer, x: int) -> int:
    if 1 not in w.shape(x):
        x = expanded(w, x)
    return w("squeeze", x, axis=w.shape(x).index(1))


def stretched(w: Writer, x: int) -> int:
    shape = (w.draw.choice(w.lengths), *w.shape(x))
    return w("broadcast_to", x, shape=shape)


def moved(name: str) -> Recipe:
    def move(w: Writer, x: int) -> int:
        if not w.shape(x):
            return w("tanh", x)
        parameters = {"shift": w.draw.choice((-1, 1, 2))} if name == "roll" else {}
        return w(name, x, axis=w.draw.choice((None, w.axis(x))), **parameters)

    return move


def transposed(w: Writer, x: int) -> int:
    return w("matrix_transpose", x) if len(w.shape(x)) > 1 else w("tanh", x)


def joined(name: str) -> Recipe:
    def join(w: Writer, x: int) -> int:
        if name == "concat" and not w.shape(x):
            x = expanded(w, x)
        y = w.pick(lambda shape: shape == w.shape(x)) or x
        return w(name, x, y, axis=w.axis(x) if w.shape(x) else 0)

    return join


def indexed(w: Writer, x: int) -> int:
    if not w.shape(x):
        return w("getitem", x, index=(None,))
    length = w.shape(x)[0]
    one = w.draw.randrange(-length, length)
    index = w.draw.choice(((one,), (slice(None, None, -1),), (slice(1, None),) if length > 1
                           else (Ellipsis, slice(None)), (Ellipsis, one % w.shape(x)[-1])))
    return w("getitem", x, index=index)


def taken(w: Writer, x: int) -> int:
    """Some of the elements, some of them twice."""
    if not w.shape(x):
        return w("tanh", x)
    axis = w.axis(x)
    indices = tuple(w.draw.randrange(w.shape(x)[axis]) for _ in range(3))
    return w("take", x, indices=indices, axis=axis)


def halved(w: Writer, x: int) -> int:
    return w("glu", w("concat", x, x, axis=0), axis=0) if w.shape(x) else w("tanh", x)


def outer(name: str) -> Recipe:
    """Of vectors; `inner` and `vecdot` of equals."""
    def multiply(w: Writer, x: int) -> int:
        if not w.shape(x):
            return w("tanh", x)
        x = w("reshape", w.bounded(x), shape=(w.type(x).size,))
        y = x if name in ("inner", "vecdot") else w.pick(lambda shape: len(shape) == 1)
        y = x if y is None else y
        equation = {"equation": "i,j->ij"} if name == "einsum" else {}
        axes = {"axes": 0} if name == "tensordot" else {}
        return w(name, x, y, **equation, **axes)

    return multiply


def crossed(w: Writer, x: int) -> int:
    if w.shape(x)[-1:] != (3,):
        return w("tanh", x)
    return w("cross", x, w("multiply", w.bounded(x), w.weights(w.shape(x))))


def padded(w: Writer, x: int) -> int:
    widths = ((w.draw.randrange(2), w.draw.randrange(2)),) * len(w.shape(x))
    return w("pad", x, widths=widths) if widths else w("tanh", x)


def again(name: str) -> Recipe:
    def repeat(w: Writer, x: int) -> int:
        if not w.shape(x):
            return w("tanh", x)
        if name == "repeat":
            return w("repeat", x, repeats=2, axis=w.axis(x))
        return w("tile", x, repetitions=(2,) * len(w.shape(x)))

    return repeat


def axis_moved(w: Writer, x: int) -> int:
    if not w.shape(x):
        return w("tanh", x)
    return w("moveaxis", x, source=w.axis(x), destination=w.axis(x))


def of_matrix(name: str, rank: int = 2) -> Recipe:
    return lambda w, x: w(name, x) if len(w.shape(x)) == rank else w("tanh", x)


TENSORS: dict[str, Recipe] = {
    **{name: reduced(name) for name in ("sum", "mean", "logsumexp")},
    **{name: reduced(name, lambda w, x: w.apart(x)) for name in ("max", "min")},
    "vector_norm": reduced("vector_norm", lambda w, x: w.apart(x)),
    "std": lambda w, x: (reduced("std", lambda w, x: w.apart(x))(w, x)
                         if min(w.shape(x), default=0) > 1 else w("tanh", x)),
    "prod": reduced("prod", lambda w, x: w.positive(w.bounded(x))),
    "var": lambda w, x: reduced("var")(w, x) if min(w.shape(x), default=0) > 1 else w("tanh", x),
    **{name: along(name) for name in ("softmax", "log_softmax", "cumulative_sum", "trapezoid",
                                      "cumulative_logsumexp")},
    "cumulative_prod": along("cumulative_prod", lambda w, x: w.positive(w.bounded(x))),
    **{name: along(name, lambda w, x: w.apart(x)) for name in ("cumulative_max", "cumulative_min")},
    "matmul": product,
    "reshape": reshaped,
    "permute_dims": permuted,
    "expand_dims": expanded,
    "squeeze": squeezed,
    "broadcast_to": stretched,
    **{name: moved(name) for name in ("flip", "roll")},
    "matrix_transpose": transposed,
    **{name: joined(name) for name in ("concat", "stack")},
    "glu": halved,
    **{name: outer(name) for name in ("outer", "inner", "vecdot", "tensordot", "einsum")},
    "kron": lambda w, x: w("kron", w.bounded(x), w.weights((1, 2))),
    "cross": crossed,
    "pad": padded,
    **{name: again(name) for name in ("tile", "repeat")},
    "moveaxis": axis_moved,
    **{name: of_matrix(name) for name in ("tril", "triu", "diagonal", "trace", "rot90")},
    "diag": of_matrix("diag", 1),
    "getitem": indexed,
    "take": taken,
}
