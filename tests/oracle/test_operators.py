"""Every operator's value, gradient and second derivative against mpmath at 60 digits.

Balls prove the arithmetic, not the formulas: only a second opinion sees a wrong recipe.
"""

import math
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import mpmath
import numpy as np
import opinions
import pytest
from flint import arb
from opinions import Line, each

from conformance import ops
from conformance.errors import CannotCertify
from conformance.oracle import derivatives, functions
from conformance.tracing import grad, trace
from conformance.typing_rules import TensorType

DIGITS = 60
# what mpmath's difference quotients may be off by, at 60 digits; the rest is the proven radius
TOLERANCE = mpmath.mpf(10) ** -38

FAMILIES = [import_module(f"opinions.{path.stem}")
            for path in sorted(Path(opinions.__file__).parent.glob("[a-z]*.py"))]
LINES = {name: lines for family in FAMILIES for name, lines in family.LINES.items()}
# tested by other means: the graph's own kinds of node, and what returns or takes bools
APART = {"input", "constant", "literal", "grad", "stop_gradient", "where",
         "less", "less_equal", "greater", "greater_equal", "equal", "not_equal"}


def test_every_operator_has_a_line():
    missing = set(ops.CATALOGUE) - set(LINES) - APART
    assert not missing, f"no second opinion on {sorted(missing)}: add it to tests/oracle/opinions"


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
