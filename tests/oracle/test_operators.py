"""Every operator's value, gradient and second derivative against mpmath at 60 digits.

Balls prove the arithmetic, not the formulas: only a second opinion sees a wrong recipe.
"""

import math
from dataclasses import replace
from importlib import import_module
from itertools import product
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
LINES: dict[str, list[Line]] = {}
for _family in FAMILIES:
    for _name, _lines in _family.LINES.items():
        LINES.setdefault(_name, []).extend(_lines)
# tested by other means: the graph's own kinds of node, and what returns or takes bools
APART = {"input", "constant", "literal", "grad", "jvp", "vjp", "jacobian", "stop_gradient", "where",
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


def is_complex(values):
    return any(isinstance(v, mpmath.mpc) for v in np.asarray(values, object).flat)


def in_parts(values, number):
    """The index of each part along a last axis, as truths have complex numbers, and the part."""
    if not is_complex(values):
        return [((), number)]
    return [((0,), mpmath.re(number)), ((1,), mpmath.im(number))]


def numbers(operand):
    return np.asarray(operand, complex if np.iscomplexobj(np.asarray(operand)) else float)


def weights_like(values, start):
    values = np.asarray(values, object)
    found = np.reshape(weights(values.size, start), values.shape)
    if is_complex(values):
        found = found + 1j * np.reshape(weights(values.size, start + 29), values.shape)
    return np.asarray(found)


def inner(xp, weight, values):
    """What is summed: products, of complex numbers their real parts."""
    if np.iscomplexobj(weight):
        return xp.real(xp.asarray(weight) * values)
    return xp.asarray(weight) * values


def apply(xp, name, values, parameters):
    if name == "getitem":
        return next(iter(values))[parameters["index"]]
    if ops.get(name).arity is None:
        return getattr(xp, name)(list(values), **parameters)
    return getattr(xp, name)(*values, **parameters)


def check(name: str, line: Line) -> None:
    """Compare value, gradients and second derivatives along a direction; asserts."""
    with mpmath.workdps(DIGITS):
        exact = [each(mpmath.mpmathify)(numbers(o)) for o in line.operands]
        value = np.asarray(line.meaning(*exact), dtype=object)
    letters = "abcd"[: len(exact)]
    cotangent = weights_like(value, 3)
    directions = [weights_like(x, 11 + k) for k, x in enumerate(exact)]

    def program(xp, **values):
        y = apply(xp, name, values.values(), line.parameters)
        loss = xp.sum(inner(xp, cotangent, y))
        out = {"y": y}
        along_direction = 0 * loss
        for letter, direction in zip(letters, directions, strict=True):
            out[letter] = grad(loss, values[letter])
            along_direction += xp.sum(inner(xp, direction, out[letter]))
        return out | {2 * letter: grad(along_direction, values[letter]) for letter in letters}

    inputs = {letter: numbers(o) for letter, o in zip(letters, line.operands, strict=True)}
    types = {letter: (TensorType(x.shape, str(x.dtype)), "constant")
             for letter, x in inputs.items()}
    answers = derivatives(trace(program, types, dtype="float64"), inputs)

    def agree(got_and_radius, wanted, what):
        got, radius = got_and_radius
        assert abs(got - wanted) <= radius + TOLERANCE * (1 + abs(wanted)), (
            f"{name} {what}: oracle {got}, mpmath {mpmath.nstr(wanted, 35)}")

    with mpmath.workdps(DIGITS):
        for place in np.ndindex(*value.shape):
            for part, real in in_parts(value, value[place]):
                agree(truth_of(answers["y"], place + part), real, f"value {place + part}")
        for k, letter in enumerate(letters):
            units = in_parts(exact[k], mpmath.mpc(1, 1) if is_complex(exact[k]) else 1)
            for place, (part, _) in product(np.ndindex(*exact[k].shape), units):
                unit = mpmath.mpc(0, 1) if part == (1,) else mpmath.mpf(1)

                def loss(s, t, k=k, place=place, unit=unit):
                    moved = [x + s * each(mpmath.mpmathify)(d.conj())
                             for x, d in zip(exact, directions, strict=True)]
                    moved[k][place] += t * unit
                    return mpmath.re(np.sum(each(mpmath.mpmathify)(cotangent)
                                            * line.meaning(*moved)))

                first = mpmath.diff(lambda t, loss=loss: loss(mpmath.mpf(0), t), 0)
                second = mpmath.diff(loss, (mpmath.mpf(0), mpmath.mpf(0)), (1, 1))
                at = place + part
                agree(truth_of(answers[letter], at), first, f"d/d{letter}{at}")
                agree(truth_of(answers[2 * letter], at), second, f"second d/d{letter}{at}")


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
