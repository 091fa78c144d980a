"""Every operator's value, gradient and second derivative against mpmath at 60 digits.

Balls prove the arithmetic, not the formulas: only a second opinion sees a wrong recipe.
"""

import math
from dataclasses import dataclass, field, replace
from typing import Any

import mpmath
import numpy as np
import pytest
from flint import arb

from conformance import ops
from conformance.errors import CannotCertify
from conformance.oracle import derivatives, functions
from conformance.tracing import grad, trace
from conformance.typing_rules import TensorType

DIGITS = 60
# what mpmath's difference quotients may be off by, at 60 digits; the rest is the proven radius
TOLERANCE = mpmath.mpf(10) ** -38


@dataclass(frozen=True)
class Line:
    """What an operator means on object arrays of mpf, and points of its domain."""

    meaning: Any
    operands: tuple[Any, ...]
    parameters: dict[str, Any] = field(default_factory=dict)


def each(function):
    return np.vectorize(function, otypes=[object])


def unary(function, *points):
    return Line(each(function), (points,))


def binary(function, a, b):
    return Line(each(function), (a, b))


def softplus(x):
    return mpmath.log1p(mpmath.exp(x))


def sigmoid(x):
    return 1 / (1 + mpmath.exp(-x))


def logsumexp(x):
    return mpmath.log(sum(mpmath.exp(v) for v in x))


def along(function, axis, keepdims=False):
    def meaning(x):
        out = np.apply_along_axis(function, axis, x)
        return np.expand_dims(out, axis) if keepdims else out

    return meaning


def variance(correction):
    def function(x):
        centre = sum(x) / len(x)
        return sum((v - centre) ** 2 for v in x) / (len(x) - mpmath.mpf(correction))

    return function


X23 = ((0.5, -1.25, 2.0), (0.75, 3.0, -0.375))
Y23 = ((1.5, 0.25, -2.5), (-0.625, 1.75, 0.125))
W34 = ((0.5, -1.0, 2.0, 0.25), (1.5, 0.75, -0.5, 1.0), (-2.0, 0.375, 0.625, -1.5))

LINES: dict[str, list[Line]] = {
    "abs": [unary(abs, -2.5, 0.75, 1e-30)],
    "acos": [unary(mpmath.acos, -0.9375, -0.25, 1e-20, 0.5)],
    "acosh": [unary(mpmath.acosh, 1.0009765625, 1.5, 40.0)],
    "asin": [unary(mpmath.asin, -0.9375, -0.25, 1e-20, 0.5)],
    "asinh": [unary(mpmath.asinh, -30.0, -0.5, 1e-12, 2.0)],
    "atan": [unary(mpmath.atan, -30.0, -0.5, 1e-12, 2.0)],
    "atanh": [unary(mpmath.atanh, -0.9375, 1e-12, 0.5)],
    "cos": [unary(mpmath.cos, -2.0, 0.0, 1.5707963267948966, 30.0)],
    "cosh": [unary(mpmath.cosh, -2.0, 0.0, 1e-12, 20.0)],
    "erf": [unary(mpmath.erf, -3.0, -0.5, 1e-12, 1.0, 5.0)],
    "exp": [unary(mpmath.exp, -30.0, -0.5, 0.0, 1e-12, 20.0)],
    "expm1": [unary(mpmath.expm1, -30.0, -0.5, 1e-12, 20.0)],
    "log": [unary(mpmath.log, 1e-12, 0.5, 1.0000000000000002, 40.0)],
    "log10": [unary(mpmath.log10, 1e-12, 0.5, 1.0000000000000002, 40.0)],
    "log1p": [unary(mpmath.log1p, -0.9375, 1e-20, 0.5, 40.0)],
    "log2": [unary(lambda x: mpmath.log(x) / mpmath.log(2), 1e-12, 0.5, 1.5, 40.0)],
    "negative": [unary(lambda x: -x, -1.5, 0.0, 2.0)],
    "reciprocal": [unary(lambda x: 1 / x, -3.0, 1e-6, 7.0)],
    "relu": [unary(lambda x: max(x, mpmath.mpf(0)), -1.5, 1e-30, 2.0)],
    "rsqrt": [unary(lambda x: 1 / mpmath.sqrt(x), 1e-6, 0.5, 7.0)],
    "sigmoid": [unary(sigmoid, -30.0, -0.5, 0.0, 1.0, 20.0)],
    "sign": [unary(mpmath.sign, -1.5, 0.25)],
    "sin": [unary(mpmath.sin, -2.0, 0.0, 3.141592653589793, 30.0)],
    "sinh": [unary(mpmath.sinh, -2.0, 0.0, 1e-12, 20.0)],
    "softplus": [unary(softplus, -30.0, -0.5, 0.0, 20.0)],
    "sqrt": [unary(mpmath.sqrt, 1e-6, 0.5, 7.0)],
    "square": [unary(lambda x: x * x, -3.0, 0.0, 7.0)],
    "tan": [unary(mpmath.tan, -2.0, 0.0, 1.5, 30.0)],
    "tanh": [unary(mpmath.tanh, -20.0, -0.5, 0.0, 1e-12, 1.0)],
    "add": [binary(lambda a, b: a + b, X23, (1.0, 2.0, 3.0))],
    "subtract": [binary(lambda a, b: a - b, X23, ((1.0,), (2.0,)))],
    "multiply": [binary(lambda a, b: a * b, X23, Y23)],
    "divide": [binary(lambda a, b: a / b, X23, Y23)],
    "pow": [binary(lambda a, b: a**b, (0.5, 2.0, 1.5), (1.25, -0.5, 3.0))],
    "maximum": [binary(max, X23, Y23)],
    "minimum": [binary(min, X23, Y23)],
    "atan2": [binary(mpmath.atan2, (1.0, -2.0, 0.5, -0.25, 1e-9), (2.0, 0.0, -1.5, -3.0, 1e9))],
    "hypot": [binary(lambda a, b: mpmath.sqrt(a * a + b * b), (3.0, -1e-6, 0.0), (4.0, 2.0, -2.0))],
    "logaddexp": [binary(lambda a, b: mpmath.log(mpmath.exp(a) + mpmath.exp(b)),
                         (1.0, -20.0, 0.5), (2.0, 15.0, 0.5))],
    "clip": [Line(each(lambda x: min(max(x, mpmath.mpf(-1)), mpmath.mpf("0.5"))),
                  ((-2.0, -0.5, 0.25, 3.0),), {"min": -1.0, "max": 0.5}),
             Line(each(lambda x: max(x, mpmath.mpf(0))), ((-2.0, 0.5),), {"min": 0, "max": None})],
    "sum": [Line(lambda x: np.sum(x, axis=0), (X23,), {"axis": 0}),
            Line(lambda x: np.sum(x, keepdims=True), (X23,), {"keepdims": True})],
    "mean": [Line(lambda x: np.sum(x, axis=1) / 3, (X23,), {"axis": 1}),
             Line(lambda x: np.sum(x) / 6, (X23,))],
    "prod": [Line(lambda x: np.prod(x, axis=1), (X23,), {"axis": 1}),
             Line(np.prod, ((0.0, 2.0, -3.0),))],
    "max": [Line(along(max, 1, keepdims=True), (X23,), {"axis": 1, "keepdims": True})],
    "min": [Line(along(min, 0), (X23,), {"axis": 0})],
    "var": [Line(along(variance(0), 1), (X23,), {"axis": 1}),
            Line(along(variance(1), 1), (X23,), {"axis": 1, "correction": 1.0})],
    "logsumexp": [Line(along(logsumexp, 1), (X23,), {"axis": 1}),
                  Line(logsumexp, ((-30.0, 20.0, 19.0),))],
    "softmax": [Line(along(lambda x: np.array([mpmath.exp(v - logsumexp(x)) for v in x]), 1),
                     (X23,))],
    "log_softmax": [Line(along(lambda x: np.array([v - logsumexp(x) for v in x]), 0), (X23,),
                         {"axis": 0})],
    "cumulative_sum": [Line(lambda x: np.cumsum(x, axis=1), (X23,), {"axis": 1}),
                       Line(lambda x: np.cumsum(x, axis=0), (X23,), {"axis": 0})],
    "reshape": [Line(lambda x: x.reshape(3, 2), (X23,), {"shape": (3, 2)})],
    "permute_dims": [Line(lambda x: x.transpose(1, 0), (X23,), {"axes": (1, 0)})],
    "expand_dims": [Line(lambda x: x[:, None], (X23,), {"axis": 1})],
    "squeeze": [Line(lambda x: x[0], ((X23[0],),), {"axis": 0})],
    "broadcast_to": [Line(lambda x: np.broadcast_to(x, (2, 2, 3)), (X23,), {"shape": (2, 2, 3)})],
    "flip": [Line(lambda x: np.flip(x, 1), (X23,), {"axis": 1}), Line(np.flip, (X23,))],
    "roll": [Line(lambda x: np.roll(x, 2, 1), (X23,), {"shift": 2, "axis": 1}),
             Line(lambda x: np.roll(x, -1), (X23,), {"shift": -1})],
    "matrix_transpose": [Line(lambda x: x.T, (X23,))],
    "concat": [Line(lambda a, b: np.concatenate((a, b), 1), (X23, Y23), {"axis": 1})],
    "stack": [Line(lambda a, b: np.stack((a, b), 1), (X23, Y23), {"axis": 1})],
    "zeros_like": [Line(lambda x: 0 * x, (X23,))],
    "ones_like": [Line(lambda x: 0 * x + 1, (X23,))],
    "matmul": [Line(np.matmul, (X23, W34)), Line(np.matmul, (X23[0], W34)),
               Line(np.matmul, ((X23, Y23), W34[0][:3])), Line(np.matmul, (X23[0], Y23[0]))],
    "getitem": [Line(lambda x: x[..., ::2, None], (X23,),
                     {"index": (Ellipsis, slice(None, None, 2), None)}),
                Line(lambda x: np.asarray(x[1, -1]), (X23,), {"index": (1, -1)})],
    "take": [Line(lambda x: np.take(x, [2, 0, 2], axis=1), (X23,),
                  {"indices": (2, 0, 2), "axis": 1})],
}
# tested by other means: the graph's own kinds of node, and what returns or takes bools
APART = {"input", "constant", "literal", "grad", "stop_gradient", "where",
         "less", "less_equal", "greater", "greater_equal", "equal", "not_equal"}


def test_every_operator_has_a_line():
    missing = set(ops.CATALOGUE) - set(LINES) - APART
    assert not missing, f"no second opinion on {sorted(missing)}: add a line to LINES"


def truth_of(answer, place=()):
    if isinstance(answer, CannotCertify):
        raise answer
    return (mpmath.mpf(float(answer.hi[place])) + mpmath.mpf(float(answer.lo[place])),
            float(answer.radius[place]))


def weights(count, start):
    """Dyadic numbers without pattern, exact in every dtype."""
    return [((k * 37 + start) % 61 - 30.5) / 16 for k in range(count)]


def apply(xp, name, values, parameters):
    if name == "getitem":
        return next(iter(values))[parameters["index"]]
    if ops.get(name).arity is None:
        return getattr(xp, name)(list(values), **parameters)
    return getattr(xp, name)(*values, **parameters)


def check(name: str, line: Line) -> None:
    """Compare value, gradients and second derivatives along a direction; asserts."""
    with mpmath.workdps(DIGITS):
        exact = [each(mpmath.mpf)(np.asarray(o, float)) for o in line.operands]
        shape = np.shape(line.meaning(*exact))
    letters = "abcd"[: len(exact)]
    cotangent = np.reshape(weights(math.prod(shape), 3), shape)
    directions = [np.reshape(weights(x.size, 11 + k), x.shape) for k, x in enumerate(exact)]

    def program(xp, **values):
        y = apply(xp, name, values.values(), line.parameters)
        loss = xp.sum(xp.asarray(cotangent) * y)
        out = {"y": y}
        along_direction = 0 * loss
        for letter, direction in zip(letters, directions, strict=True):
            out[letter] = grad(loss, values[letter])
            along_direction += xp.sum(xp.asarray(direction) * out[letter])
        return out | {2 * letter: grad(along_direction, values[letter]) for letter in letters}

    types = {letter: (TensorType(x.shape, "float64"), "constant")
             for letter, x in zip(letters, exact, strict=True)}
    graph = trace(program, types, dtype="float64")
    answers = derivatives(graph, {letter: np.asarray(o, float) for letter, o
                                  in zip(letters, line.operands, strict=True)})

    def agree(got_and_radius, wanted, what):
        got, radius = got_and_radius
        assert abs(got - wanted) <= radius + TOLERANCE * (1 + abs(wanted)), (
            f"{name} {what}: oracle {got}, mpmath {mpmath.nstr(wanted, 35)}")

    with mpmath.workdps(DIGITS):
        value = np.asarray(line.meaning(*exact), dtype=object)
        for place in np.ndindex(*shape):
            agree(truth_of(answers["y"], place), value[place], f"value {place}")
        for k, letter in enumerate(letters):
            for place in np.ndindex(*exact[k].shape):
                def loss(s, t, k=k, place=place):
                    moved = [x + s * each(mpmath.mpf)(d)
                             for x, d in zip(exact, directions, strict=True)]
                    moved[k][place] += t
                    return np.sum(each(mpmath.mpf)(cotangent) * line.meaning(*moved))

                first = mpmath.diff(lambda t, loss=loss: loss(mpmath.mpf(0), t), 0)
                second = mpmath.diff(loss, (mpmath.mpf(0), mpmath.mpf(0)), (1, 1))
                agree(truth_of(answers[letter], place), first, f"d/d{letter}{place}")
                agree(truth_of(answers[2 * letter], place), second, f"second d/d{letter}{place}")


@pytest.mark.parametrize(("name", "line"), [pytest.param(name, line, id=f"{name}-{k}")
                                        for name, lines in LINES.items()
                                        for k, line in enumerate(lines)])
def test_agrees_with_mpmath(name, line):
    check(name, line)


@pytest.mark.parametrize("exponent", [-3, -1, 0, 1, 2, 3, 7])
@pytest.mark.parametrize("base", [-2.5, -1.0, 0.75, 4.0])
def test_integer_powers_at_every_base(base, exponent):
    graph = trace(lambda xp, x: {"y": x**exponent, "first": grad(x**exponent, x),
                                 "second": grad(grad(x**exponent, x), x)},
                  {"x": (TensorType((), "float64"), "constant")}, dtype="float64")
    answers = derivatives(graph, {"x": np.float64(base)})
    wanted = {"y": base**exponent, "first": exponent * base ** (exponent - 1),
              "second": exponent * (exponent - 1) * base ** (exponent - 2)}
    for name, value in wanted.items():
        assert math.isclose(float(answers[name].hi), value, rel_tol=1e-15), name


def test_powers_of_zero():
    graph = trace(lambda xp, x: {f"{n}": grad(x**n, x) for n in (0, 1, 2, 3)}
                  | {f"second {n}": grad(grad(x**n, x), x) for n in (0, 1, 2, 3)},
                  {"x": (TensorType((), "float64"), "constant")}, dtype="float64")
    answers = derivatives(graph, {"x": np.float64(0)})
    assert [float(answers[f"{n}"].hi) for n in (0, 1, 2, 3)] == [0, 1, 0, 0]
    assert [float(answers[f"second {n}"].hi) for n in (0, 1, 2, 3)] == [0, 0, 2, 0]


@pytest.mark.parametrize("name", ["tanh", "erf", "log2", "acosh"])
@pytest.mark.parametrize("factor", ["slope", "value"])
def test_a_wrong_formula_is_noticed(name, factor, monkeypatch):
    right = functions.FUNCTIONS[name]
    speck = arb(2) ** -65
    wrong = {
        "slope": replace(right, series=lambda t: right.series(t) * (1 + speck)),
        "value": replace(right, value=lambda a: right.taylor(a, 0)[0] * (1 - speck)),
    }[factor]
    monkeypatch.setitem(functions.FUNCTIONS, name, wrong)
    with pytest.raises(AssertionError, match=name):
        check(name, LINES[name][0])
