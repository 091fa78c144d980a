"""That a check against the certified oracle notices what is wrong, and refuses to say nothing."""

import mpmath
import numpy as np
import pytest
from certified import check, unary
from directed import Formula, cotangent, direction, paired

import reference_engine as engine
from conformance.errors import CannotCertify
from conformance.oracle import derivatives
from conformance.tracing import grad, trace
from conformance.typing_rules import TensorType
from reference_engine import operators

POINTS = [[0.3, -1.2, 0.7], [1.1, 0.2, -0.4], [0.9, 1.3, 0.5]]


def tanh(xp, x):
    return xp.tanh(x)


@pytest.fixture
def plant(monkeypatch):
    """Replace the rules of an operator."""
    return lambda name, *rules: monkeypatch.setitem(operators.RULES, name, rules)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_right_rules_pass(dtype):
    check(engine.tanh, tanh, POINTS, dtype=dtype)
    check(engine.matmul, lambda xp, x, w: x @ w, POINTS, POINTS, dtype=dtype)
    check(engine.multiply, lambda xp, x, w: x * w, POINTS, 0.7, dtype=dtype)
    check(engine.softmax, lambda xp, x: xp.exp(x) / xp.sum(xp.exp(x), axis=-1, keepdims=True),
          POINTS, dtype=dtype)


def test_every_quantity_is_compared_and_measured():
    found = check(engine.tanh, tanh, POINTS)
    assert set(found) == {"value", "gradient", "tangent", "second"}
    assert 0 < found["second"].ulps < 10
    assert all(accuracy.part < 0.5 for accuracy in found.values())
    assert set(check(engine.tanh, tanh, POINTS, order=1)) == {"value", "gradient"}
    assert set(check(engine.sign, lambda xp, x: xp.sign(x), [0.0], order=0)) == {"value"}


def test_a_factor_that_is_hardly_wrong(plant):
    plant("tanh", lambda dy, y, x: dy * (1 - y * y) * (1 + 1e-9))
    with pytest.raises(AssertionError, match=r"tanh: gradient 0 in float64, element \(0, 0\): got"):
        check(engine.tanh, tanh, POINTS)


def test_a_rule_wrong_in_its_derivative_alone(plant):
    plant("tanh", lambda dy, y, x: dy * (1 - engine.constant(np.array(y)) ** 2))
    check(engine.tanh, tanh, POINTS, order=1)
    with pytest.raises(AssertionError, match="tanh: second 0"):
        check(engine.tanh, tanh, POINTS)


def test_a_gradient_that_is_not_summed_over_what_was_broadcast(plant):
    plant("add", lambda dy, y, x, w: dy, lambda dy, y, x, w: dy[0] if dy.ndim > w.ndim else dy)
    with pytest.raises(AssertionError, match=r"add: gradient 1 in float64, element \(0,\): got"):
        check(engine.add, lambda xp, x, w: x + w, POINTS, [0.1, 0.2, 0.3])


def test_a_wrong_forward(monkeypatch):
    monkeypatch.setitem(operators.FORWARDS, "tanh", lambda x: np.tanh(x) * (1 + 1e-14))
    with pytest.raises(AssertionError, match="tanh: value 0"):
        check(engine.tanh, tanh, POINTS)


def test_elements_that_feel_the_rounding_of_all():
    def noisy(x):  # residues of cancelled sums where the formula has zeros
        return x * engine.constant(np.eye(3)) + (engine.sum(x) - engine.sum(x + 1) + 9) * 0.01

    def formula(xp, x):
        return x * np.eye(3)

    with pytest.raises(AssertionError, match="noisy: value 0"):
        check(noisy, formula, POINTS)
    found = check(noisy, formula, POINTS, normwise=True)
    assert 0 < found["value"].part < 1
    with pytest.raises(AssertionError, match="noisy: value 0"):
        check(noisy, lambda xp, x: formula(xp, x) + 1e-13, POINTS, normwise=True)


def test_nan(plant):
    plant("tanh", lambda dy, y, x: dy * (1 - y * y) * float("nan"))
    with pytest.raises(AssertionError, match=r"gradient 0.*got .*nan"):
        check(engine.tanh, tanh, POINTS)


def test_none_is_not_zero(plant):
    plant("tanh", None)
    with pytest.raises(AssertionError, match="tanh: gradient 0 in float64: got None"):
        check(engine.tanh, tanh, POINTS)


def test_shapes_and_dtypes():
    with pytest.raises(AssertionError, match=r"got float64\[3\], wanted float64\[3, 1\]"):
        check(lambda x: engine.sum(x, axis=1), lambda xp, x: xp.sum(x, axis=1, keepdims=True),
              POINTS, name="sum")
    with pytest.raises(AssertionError, match=r"got float32\[\], wanted float64\[\]"):
        check(lambda x: engine.astype(x, "float32"), lambda xp, x: x, 0.5, name="astype")


def test_an_allowance_that_says_nothing():
    with pytest.raises(AssertionError, match=r"says nothing.*choose other points"):
        check(engine.expm1, lambda xp, x: xp.exp(x) - 1, 1e-14)
    with pytest.raises(AssertionError, match="says nothing"):  # is not finite
        check(engine.exp, lambda xp, x: xp.exp(x), 709.9)


def test_a_kink_and_the_end_of_a_domain():
    with pytest.raises(CannotCertify, match="kink"):
        check(engine.abs, lambda xp, x: xp.abs(x), [1.0, 0.0])
    with pytest.raises(CannotCertify, match="domain"):
        check(engine.log, lambda xp, x: xp.log(x), [1.0, -1.0])


def test_a_check_that_would_take_long():
    with pytest.raises(ValueError, match="smaller inputs"):
        check(engine.tanh, tanh, np.ones((20, 200)))


def test_what_a_formula_stops_has_no_tangent():
    check(lambda x: engine.stop_gradient(x) * x, lambda xp, x: xp.stop_gradient(x) * x, POINTS)


def test_a_reference_of_one_variable(plant):
    points = [0.1, -0.7, 0.4]
    assert 0 < max(unary(engine.tanh, mpmath.tanh, points, ulps=(2, 4, 8))) <= 8
    unary(engine.tanh, mpmath.tanh, points, ulps=(2, 4, 8), dtype="float32")
    with pytest.raises(AssertionError, match=r"tanh: value 0 at .* ULP off, allowed 0.01"):
        unary(engine.tanh, mpmath.tanh, points, ulps=0.01)
    plant("tanh", lambda dy, y, x: dy * (1 - engine.constant(np.array(y)) ** 2))
    with pytest.raises(AssertionError, match=r"tanh: second 0 .*at 0.1"):
        unary(engine.tanh, mpmath.tanh, points, ulps=8)


def test_a_reference_that_loses_its_digits():
    with pytest.raises(CannotCertify, match="at 60 digits"):
        unary(engine.exp, lambda x: (mpmath.exp(x) - 1) / x, [1e-50], ulps=1e9)


def det(xp, x):
    return sum(x[0, i] * (x[1, i - 2] * x[2, i - 1] - x[1, i - 1] * x[2, i - 2]) for i in range(3))


@pytest.mark.parametrize(("formula", "arity"), [
    (tanh, 1),
    (det, 1),
    (lambda xp, x: xp.logsumexp(x, axis=0), 1),
    (lambda xp, x: xp.prod(x), 1),
    (lambda xp, x: xp.exp(xp.sum(x * x)) / (1 + xp.sum(xp.sin(x) ** 2)), 1),
    (lambda xp, x: xp.stop_gradient(x * x) * xp.exp(x), 1),
    (lambda xp, x, w: x @ w, 2),
    (lambda xp, x, w: xp.abs(x) ** w, 2),
])
def test_truths_along_directions_are_those_of_gradients_of_gradients(formula, arity):
    points = [np.array(POINTS)] * arity

    def nested(xp, **inputs):
        values = list(inputs.values())
        y = formula(xp, *values)
        first = [grad(y * xp.asarray(cotangent(0, y.shape)), x) for x in values]
        along = sum(xp.sum(g * xp.asarray(direction(i, p)))
                    for i, (g, p) in enumerate(zip(first, points, strict=True)))
        return {f"{kind} {i} re": g for i, x in enumerate(values)
                for kind, g in (("gradient", first[i]), ("second", grad(along, x)))}

    graph = trace(nested, {f"x{i}": (TensorType(x.shape, "float64"), "constant")
                           for i, x in enumerate(points)}, dtype="float64")
    expected = derivatives(graph, {f"x{i}": x for i, x in enumerate(points)})
    found = Formula(formula, points, "float64").truths()
    for name, truth in expected.items():
        np.testing.assert_array_equal(found[name].hi, truth.hi)
        np.testing.assert_array_equal(found[name].lo, truth.lo)
        # never more is allowed, and not much less: sums over j are made on the way
        assert (found[name].allowed <= 1.01 * truth.allowed).all()
        assert (found[name].allowed >= 0.2 * truth.allowed).all()


@pytest.mark.parametrize("formula", [tanh, det, lambda xp, x: xp.softmax(x) ** 1.5])
def test_truths_along_directions_are_slopes_in_a_plane(formula):
    x = np.array(POINTS)
    found = Formula(formula, [x], "float64").truths(order=3)

    def plane(xp, x, s, t):
        y = formula(xp, x + s * direction(0, x.type) + t * direction(0, x.type, order=3))
        along_u = grad(y * xp.asarray(cotangent(0, y.shape)), s)
        along_both = grad(along_u, t)
        return {"tangent": along_u, "curvature": along_both,
                "second": grad(along_u, x), "third": grad(along_both, x)}

    expected = derivatives(
        trace(plane, {name: (TensorType(shape, "float64"), "constant")
                      for name, shape in (("x", x.shape), ("s", ()), ("t", ()))}, dtype="float64"),
        {"x": x, "s": np.array(0.0), "t": np.array(0.0)})
    for name in ("second", "third"):
        np.testing.assert_array_equal(found[f"{name} 0 re"].hi, expected[name].hi)
    for name in ("tangent", "curvature"):
        truth = found[f"{name} 0 re"].hi
        np.testing.assert_allclose(np.sum(truth * cotangent(0, truth.shape)), expected[name].hi,
                                   rtol=1e-13)


def test_truths_of_complex_numbers_are_conjugates():
    z = np.array([0.3 - 0.7j, 1.1 + 0.4j])
    found = Formula(lambda xp, z: (z[0] ** 2 - z[1] ** 2, 2 * z[0] * z[1]), [z], "float64",
                    paired).truths()
    v, u = cotangent(0, z.shape, z), direction(0, z)
    for name, expected in (("value", z * z), ("tangent", 2 * z * u),
                           ("gradient", np.conj(2 * z) * v), ("second", np.conj(2 * u) * v)):
        truth = found[f"{name} 0 re"].hi + 1j * found[f"{name} 0 im"].hi
        np.testing.assert_allclose(truth, expected, rtol=1e-14)


def test_a_third_derivative(plant):
    assert set(check(engine.tanh, tanh, POINTS, order=3)) == {
        "value", "gradient", "tangent", "second", "third", "curvature"}
    assert max(unary(engine.exp, mpmath.exp, [0.3, 1.5], ulps=2, order=3)) <= 2


def test_a_rule_wrong_in_its_second_derivative_alone(plant, monkeypatch):
    monkeypatch.setitem(operators.FORWARDS, "tanh", np.exp)
    plant("exp", lambda dy, y, x: dy * engine.tanh(x))
    plant("tanh", lambda dy, y, x: dy * engine.constant(np.array(y)))
    check(engine.exp, lambda xp, x: xp.exp(x), POINTS)
    with pytest.raises(AssertionError, match="exp: third 0"):
        check(engine.exp, lambda xp, x: xp.exp(x), POINTS, order=3)
