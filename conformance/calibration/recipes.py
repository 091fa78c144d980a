"""For every operator, how a random program uses it where it is smooth and within range."""

from __future__ import annotations

from collections.abc import Callable

from conformance import ops
from conformance import typing_rules as rules
from conformance.calibration.writer import Writer
from conformance.catalogue.operator import Op

Recipe = Callable[[Writer, int], int]

# all reals, and no faster than a line: their operands are taken as they come
SLOW = {"asinh", "atan", "cos", "erf", "negative", "sigmoid", "sin", "softplus", "tanh"}
# conditions of the catalogue's `domain` -> an operand that meets them
DOMAINS: dict[str, Recipe] = {
    "all reals": lambda w, x: w.bounded(x),
    "x > 0": lambda w, x: w.positive(x),
    "x != 0": lambda w, x: w.positive(x),
    "x > -1": lambda w, x: w.positive(x) if w.draw.random() < 0.5 else w.inside(x),
    "x > 1": lambda w, x: w("add", w.positive(x), 1.05),
    "abs(x) < 1": lambda w, x: w.inside(x),
    "0 < x < 1": lambda w, x: w("add", w("multiply", w.inside(x), 0.5), 0.5),
}
COMPARISONS = ("less", "less_equal", "greater", "greater_equal")

LEFT_OUT = {
    "input": "a leaf", "constant": "a leaf", "literal": "a leaf", "grad": "the question itself",
    "equal": "two generic numbers are never equal", "not_equal": "as equal",
}
# families without a recipe, and why
FAMILIES_LEFT_OUT: dict[str, str] = {}


def left_out(op: Op) -> str:
    """Why random programs do without an operator, or ''."""
    return LEFT_OUT.get(op.name) or FAMILIES_LEFT_OUT.get(op.group, "")


def broadcasting(name: str) -> Recipe:
    return lambda w, x: w(name, x, w.beside(x))


def piecewise(name: str) -> Recipe:
    """Off its kink at 0, which an exact 0 of another such operator would hit."""
    return lambda w, x: w(name, w("add", x, w.signed()))


def extremum(name: str) -> Recipe:
    return lambda w, x: w(name, x, w("add", w.beside(x), w.signed()))


def multiplied(w: Writer, x: int) -> int:
    return w("multiply", w.tamed(x), w.tamed(w.beside(x)))


def power(w: Writer, x: int) -> int:
    match w.draw.randrange(3):
        case 0:
            return w("pow", w.bounded(x), float(w.draw.randint(2, 4)))
        case 1:
            return w("pow", w.positive(w.bounded(x)), w.signed())
        case _:
            return w("pow", w.positive(w.bounded(x)), w.bounded(w.beside(x)))


def clipped(w: Writer, x: int) -> int:
    return w("clip", x, min=w.number(-2, -0.5), max=w.number(0.5, 2))


def chosen(w: Writer, x: int) -> int:
    y = w.beside(x)
    condition = w(w.draw.choice(COMPARISONS), x, w("add", y, w.signed()))
    return w("where", condition, x, w("multiply", y, w.signed()))


def stepped(w: Writer, x: int) -> int:
    return w("multiply", x, w("sign", w("add", w.beside(x), w.signed())))


def stopped(w: Writer, x: int) -> int:
    return w("multiply", w.tamed(x), w("stop_gradient", w.bounded(w.beside(x))))


def filled(name: str) -> Recipe:
    return lambda w, x: w("add", x, w(name, w.beside(x)))


# --- tensors: each gives x back as it is where its shape does not fit -----------------------------

def reduced(name: str, safe: Recipe = lambda w, x: x) -> Recipe:
    def reduce(w: Writer, x: int) -> int:
        rank = len(w.shape(x))
        if not rank:
            return w("tanh", x)
        axis = w.draw.choice((None, w.axis(x), *([(0, 1)] if rank > 1 else [])))
        parameters = {"correction": float(w.draw.randrange(2))} if name == "var" else {}
        return w(name, safe(w, x), axis=axis, keepdims=w.draw.random() < 0.3, **parameters)

    return reduce


def along(name: str) -> Recipe:
    return lambda w, x: w(name, x, axis=w.axis(x)) if w.shape(x) else w("tanh", x)


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


ELEMENTWISE: dict[str, Recipe] = {
    **{name: broadcasting(name) for name in ("add", "subtract", "hypot", "logaddexp")},
    **{name: piecewise(name) for name in ("abs", "relu")},
    **{name: extremum(name) for name in ("maximum", "minimum")},
    **{name: filled(name) for name in ("zeros_like", "ones_like")},
    "multiply": multiplied,
    "divide": lambda w, x: w("divide", x, w.positive(w.beside(x))),
    "atan2": lambda w, x: w("atan2", x, w.positive(w.beside(x))),
    "pow": power,
    "clip": clipped,
    "where": chosen,
    **dict.fromkeys(COMPARISONS, chosen),
    "sign": stepped,
    "stop_gradient": stopped,
}

TENSORS: dict[str, Recipe] = {
    **{name: reduced(name) for name in ("sum", "mean", "logsumexp")},
    **{name: reduced(name, lambda w, x: w.apart(x)) for name in ("max", "min")},
    "prod": reduced("prod", lambda w, x: w.positive(w.bounded(x))),
    "var": lambda w, x: reduced("var")(w, x) if min(w.shape(x), default=0) > 1 else w("tanh", x),
    **{name: along(name) for name in ("softmax", "log_softmax", "cumulative_sum")},
    "matmul": product,
    "reshape": reshaped,
    "permute_dims": permuted,
    "expand_dims": expanded,
    "squeeze": squeezed,
    "broadcast_to": stretched,
    **{name: moved(name) for name in ("flip", "roll")},
    "matrix_transpose": transposed,
    **{name: joined(name) for name in ("concat", "stack")},
    "getitem": indexed,
    "take": taken,
}


def of_domain(op: Op) -> Recipe | None:
    """The recipe of an elementwise operator of one operand, which its domain tells."""
    if op.arity != 1 or op.infer is not rules.elementwise or op.domain not in DOMAINS or op.kinks:
        return None
    if op.name in SLOW:
        return lambda w, x: w(op.name, x)
    return lambda w, x: w(op.name, DOMAINS[op.domain](w, x))


def table(tensors: bool) -> dict[str, Recipe]:
    """The recipes of all operators, in the catalogue's order."""
    found = {}
    for name, op in ops.CATALOGUE.items():
        recipe = ELEMENTWISE.get(name) or (tensors and TENSORS.get(name)) or of_domain(op)
        if recipe and name not in LEFT_OUT:
            found[name] = recipe
    return found
