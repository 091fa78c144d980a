"""For every operator, how a random program uses it where it is smooth and within range."""

from __future__ import annotations

from conformance import ops
from conformance.calibration.array_recipes import TENSORS, Recipe
from conformance.calibration.writer import Writer
from conformance.catalogue.operator import Op
from conformance.typing_rules import REQUIRED

# all reals, and no faster than a line: their operands are taken as they come
SLOW = {"asinh", "atan", "cos", "erf", "negative", "sigmoid", "sin", "tanh"}
# conditions of the catalogue's `domain` -> an operand that meets them
DOMAINS: dict[str, Recipe] = {
    "all reals": lambda w, x: w.bounded(x),
    "x > 0": lambda w, x: w.positive(x),
    "x != 0": lambda w, x: w.positive(x),
    "no pole at 0": lambda w, x: w.positive(x),
    "x > -1": lambda w, x: w.positive(x) if w.draw.random() < 0.5 else w.inside(x),
    "x > 1": lambda w, x: w("add", w.positive(x), 1.05),
    "abs(x) < 1": lambda w, x: w.inside(x),
    "0 < x < 1": lambda w, x: w("add", w("multiply", w.inside(x), 0.5), 0.5),
}
COMPARISONS = ("less", "less_equal", "greater", "greater_equal")

LEFT_OUT = {
    "input": "a leaf", "constant": "a leaf", "literal": "a leaf",
    **dict.fromkeys(("grad", "jvp", "vjp", "jacobian"), "the question itself"),
    **dict.fromkeys(("zeta", "gammainc", "gammaincc"), "few have a slope for the first operand"),
    "equal": "two generic numbers are never equal", "not_equal": "as equal",
    # known divergences at ordinary points, which the cases have with waivers
    "digamma": "PyTorch's trigamma has nine digits in float64",
    "gelu": "TensorFlow rounds its constants to float32 in float64",
    "hardsigmoid": "PyTorch's slope is a float32 in float64",
    "leaky_relu": "TensorFlow's slope is a float32 in float64",
}
# families without a recipe, and why
FAMILIES_LEFT_OUT = {
    "convolution": "batches and channels are shapes of their own",
    "pooling": "batches and channels are shapes of their own",
    "normalization": "batches and channels are shapes of their own",
    "layers": "batches and features are shapes of their own",
    "complex_numbers": "programs are real",
    "fourier": "programs are real",
    "decompositions": "matrices that are well conditioned need programs of their own",
    "sorting": "values have to be apart in whole programs",
    "gathering": "indices need programs of their own",
    "losses": "targets need programs of their own",
    "arithmetic": "its steps have to be met between their jumps",
}
# families whose operators of one operand the catalogue's `domain` tells how to use
OF_DOMAIN = ("elementwise", "activations", "special")


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


ELEMENTWISE: dict[str, Recipe] = {
    **{name: broadcasting(name) for name in ("add", "subtract", "logaddexp")},
    "hypot": lambda w, x: w("hypot", x, w.positive(w.beside(x))),
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
    # PyTorch takes the identity beyond 20
    "softplus": lambda w, x: w("softplus", w("multiply", w.bounded(x), 8.0)),
    # the terms of JAX's rule, exp(|x|) (i0e(x) - i0e(x) + i1e(x)), cancel towards 0
    "i0": lambda w, x: w("i0", w.positive(w.bounded(x))),
    "threshold": lambda w, x: w("threshold", x, threshold=w.signed(), value=w.signed()),
    "prelu": lambda w, x: w("prelu", w("add", x, w.signed()), w.weights(())),
    **{name: lambda w, x, name=name: w(name, x, w.positive(w.beside(x)))
       for name in ("xlogy", "xlog1py")},
    "betaln": lambda w, x: w("betaln", w.positive(x), w.positive(w.beside(x))),
    "polygamma": lambda w, x: w("polygamma", w.positive(x), n=w.draw.randint(0, 3)),
    "multigammaln": lambda w, x: w("multigammaln", w("add", w.positive(x), 1.25), p=3),
}


def of_domain(op: Op) -> Recipe | None:
    """The recipe of an elementwise operator of one operand, which its domain tells."""
    safe = DOMAINS.get(op.domain.partition(",")[0])
    if op.arity != 1 or op.group not in OF_DOMAIN or safe is None or any(
            default is REQUIRED for default in op.parameters.values()):
        return None
    if op.name in SLOW:
        return lambda w, x: w(op.name, x)
    if op.kinks:  # which exact zeros, and the bounds of others, would hit
        return lambda w, x: w(op.name, w("add", safe(w, x), w.signed()))
    return lambda w, x: w(op.name, safe(w, x))


def table(tensors: bool) -> dict[str, Recipe]:
    """The recipes of all operators, in the catalogue's order."""
    found = {}
    for name, op in ops.CATALOGUE.items():
        recipe = ELEMENTWISE.get(name) or (tensors and TENSORS.get(name)) or of_domain(op)
        if recipe and name not in LEFT_OUT:
            found[name] = recipe
    return found
