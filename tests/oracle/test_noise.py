"""Allowances: straightforward float32 arithmetic stays inside, a factor of 1.001 does not."""

import numpy as np
import pytest
from flint import arb

from conformance.errors import CannotCertify
from conformance.formats import FORMATS
from conformance.oracle import allowances, derivatives
from conformance.oracle.functions import FUNCTIONS, power
from conformance.oracle.noise import Noisy
from conformance.tracing import grad, trace
from conformance.typing_rules import TensorType

F = np.float32
ONE, TWO, HALF = F(1), F(2), F(0.5)


def truths(program, dtype="float32", **inputs):
    storage = "float32" if dtype == "bfloat16" else dtype
    arrays = {name: np.asarray(value, storage) for name, value in inputs.items()}
    types = {name: (TensorType(array.shape, dtype), "constant") for name, array in arrays.items()}
    return derivatives(trace(program, types, dtype=dtype), arrays)


def sigmoid(x):
    return ONE / (ONE + np.exp(-x))


def logsumexp(x):
    return np.max(x) + np.log(np.sum(np.exp(x - np.max(x))))


def normalised(xp, x):
    centred = x - xp.mean(x)
    return centred * xp.rsqrt(xp.var(x) + 0.01)


def normalised_backward(x):
    """The usual backward of layer normalisation, for a loss of sum(w * y)."""
    scale = ONE / np.sqrt(np.var(x) + F(0.01))
    y = (x - np.mean(x)) * scale
    return scale * (WEIGHTS - np.mean(WEIGHTS) - y * np.mean(WEIGHTS * y))


def mlp_backward(x):
    hidden = np.tanh(MATRIX @ x)
    output = np.tanh(MATRIX.T @ hidden)
    d_output = (ONE - output * output) * WEIGHTS
    return MATRIX.T @ ((ONE - hidden * hidden) * (MATRIX @ d_output))


WEIGHTS = np.array([0.5, -1.25, 2.0, 0.75], F)
MATRIX = np.array([[0.5, -1.0, 2.0, 0.25], [1.5, 0.75, -0.5, 1.0],
                   [-2.0, 0.375, 0.625, -1.5], [1.0, 0.5, -0.25, 0.875]], F)

# a loss, and its gradient as one would write it in float32
GRADIENTS = {
    "tanh of a product": (lambda xp, x: xp.tanh(x * WEIGHTS),
                          lambda x: (ONE - np.tanh(x * WEIGHTS) ** 2) * WEIGHTS),
    "chained powers": (lambda xp, x: (x**2) ** 2, lambda x: TWO * (x * x) * (TWO * x)),
    "a quotient": (lambda xp, x: xp.sin(x) / (1 + xp.square(x)),
                   lambda x: np.cos(x) / (ONE + x * x)
                   - np.sin(x) * (TWO * x) / (ONE + x * x) ** 2),
    "logsumexp": (lambda xp, x: xp.logsumexp(3 * x),
                  lambda x: np.exp(3 * x - logsumexp(3 * x)) * 3),
    "cross entropy": (lambda xp, x: -xp.sum(xp.log_softmax(x) * WEIGHTS),
                      lambda x: np.exp(x - logsumexp(x)) * np.sum(WEIGHTS) - WEIGHTS),
    "logistic loss": (lambda xp, x: xp.softplus(x) - x * WEIGHTS, lambda x: sigmoid(x) - WEIGHTS),
    "layer normalisation": (lambda xp, x: xp.sum(normalised(xp, x) * WEIGHTS), normalised_backward),
    "two layers": (lambda xp, x: xp.sum(xp.tanh(xp.matmul(MATRIX.T, xp.tanh(xp.matmul(MATRIX, x))))
                                        * WEIGHTS), mlp_backward),
    "a bell": (lambda xp, x: xp.exp(-(x**2)), lambda x: -TWO * x * np.exp(-(x * x))),
    "a product": (lambda xp, x: xp.prod(x), lambda x: np.prod(x) / x),
    "running sums": (lambda xp, x: xp.cumulative_sum(xp.exp(x), axis=0) * WEIGHTS,
                     lambda x: np.cumsum(WEIGHTS[::-1])[::-1] * np.exp(x)),
    "a root": (lambda xp, x: xp.sqrt(1 + x * x), lambda x: x / np.sqrt(ONE + x * x)),
    "an angle": (lambda xp, x: xp.atan2(x, WEIGHTS), lambda x: WEIGHTS / (x * x + WEIGHTS**2)),
    "a length": (lambda xp, x: xp.hypot(x, WEIGHTS), lambda x: x / np.hypot(x, WEIGHTS)),
    "a variance": (lambda xp, x: xp.var(x, correction=1.0),
                   lambda x: TWO * (x - np.mean(x)) / F(3)),
}
SECOND = {
    "a bell": (lambda xp, x: xp.exp(-(x**2)),
               lambda x: (F(4) * x * x - TWO) * np.exp(-(x * x))),
    "tanh": (lambda xp, x: xp.tanh(x), lambda x: -TWO * np.tanh(x) * (ONE - np.tanh(x) ** 2)),
    "sigmoid": (lambda xp, x: xp.sigmoid(x),
                lambda x: sigmoid(x) * (ONE - sigmoid(x)) * (ONE - TWO * sigmoid(x))),
    "a quotient": (lambda xp, x: 1 / (1 + x * x),
                   lambda x: (F(6) * x * x - TWO) / (ONE + x * x) ** 3),
    "logarithm": (lambda xp, x: x * xp.log(x * x), lambda x: TWO / x),
}


def points(count=12):
    draw = np.random.default_rng(20)
    # away from 0, where some of these derivatives vanish
    return [F(draw.uniform(0.2, 2.0, 4) * draw.choice([-1, 1], 4)) for _ in range(count)]


def measure(program, straightforward, order):
    """|error| / allowed of the float32 evaluation, and whether a factor 1.001 is noticed."""
    ratios, noticed = [], []
    for x in points():
        def derivative(xp, x):
            y = program(xp, x)
            for _ in range(order):
                y = grad(y, x)
            return {"g": y}

        truth = truths(derivative, x=x)["g"]
        if isinstance(truth, CannotCertify):
            raise truth
        got = straightforward(x)
        assert got.dtype == F
        error = np.abs(got.astype(float) - truth.hi - truth.lo)
        ratios += (error / truth.allowed).tolist()
        noticed += (np.abs(got * 1.001 - truth.hi) > truth.allowed).tolist()
    return max(ratios), np.mean(noticed)


@pytest.mark.parametrize("name", GRADIENTS)
def test_float32_gradients_stay_within_their_allowance(name):
    worst, noticed = measure(*GRADIENTS[name], order=1)
    assert worst < 1
    assert noticed >= 0.9


@pytest.mark.parametrize("name", SECOND)
def test_float32_second_derivatives_stay_within_their_allowance(name):
    worst, noticed = measure(*SECOND[name], order=2)
    assert worst < 1
    assert noticed >= 0.9


@pytest.mark.parametrize(("dtype", "unit"), [
    ("float16", 2.0**-11), ("bfloat16", 2.0**-8), ("float32", 2.0**-24), ("float64", 2.0**-53)])
def test_the_allowance_follows_the_dtype(dtype, unit):
    x = np.float32(0.75)  # exact in all of them
    graph = trace(lambda xp, x: {"g": grad(xp.tanh(x) * x, x)}, {"x": (TensorType((), dtype),
                                                                      "constant")}, dtype=dtype)
    got = derivatives(graph, {"x": x})["g"]
    assert 1 < got.allowed / abs(got.hi) / unit < 50


def test_exact_programs_are_allowed_nothing():
    for program in (lambda xp, x: -xp.flip(x), lambda xp, x: x):
        got = truths(lambda xp, x, program=program: {"g": grad(program(xp, x), x)}, x=[1.5, 2.5])
        assert got["g"].allowed.tolist() == [0, 0]


def test_cancellation_is_allowed_for():
    """1 - tanh^2 near saturation loses all its digits."""
    got = truths(lambda xp, x: {"near": grad(xp.tanh(x), x), "far": grad(xp.tanh(8 * x), x)}, x=1.0)
    assert got["near"].allowed / got["near"].hi < 1e-5
    assert got["far"].allowed / got["far"].hi > 0.01


def test_a_branch_within_rounding_is_noted():
    got = truths(lambda xp, x: {"g": grad(xp.maximum(xp.exp(xp.log(x)), x * (1 + 2.0**-23)), x)},
                 x=1.5)["g"]
    assert got.allowed == np.inf
    assert got.note.startswith("the branch at ")
    assert got.note.endswith("maximum is within rounding of its tie")
    assert "test_noise.py:" in got.note


def test_overflow_is_noted():
    got = truths(lambda xp, x: {"g": grad(xp.log(xp.exp(x) + 1), x)}, x=100.0)["g"]
    assert got.hi == 1
    assert got.allowed == np.inf
    assert got.note.startswith("an intermediate (")
    assert got.note.endswith("exp) may overflow float32")


def test_an_adjoint_that_overflows_is_noted():
    """The slope of log at a small number is large; the slope of that number is small."""
    def program(xp, x):
        tiny = x * 2.0**-12
        return {"g": grad(200 * xp.log(tiny), x)}

    got = truths(program, dtype="float16", x=0.75)["g"]
    assert got.allowed == np.inf
    assert got.note.startswith("the adjoint of ")
    assert got.note.endswith("multiply may overflow float16")
    assert truths(program, x=0.75)["g"].allowed < 1e-3


def test_flushing_to_zero_is_allowed():
    got = truths(lambda xp, x: {"g": grad(xp.relu(x) * 1e-40, x)}, x=1.0)["g"]
    assert got.hi > 0
    assert got.allowed >= got.hi


def test_an_inexact_literal_may_be_used_unrounded():
    got = truths(lambda xp, x: {"inexact": grad(xp.sin(x + 0.1), x),
                                "exact": grad(xp.sin(x + 0.125), x)}, x=1.25)
    assert got["inexact"].allowed > got["exact"].allowed


def test_slopes_that_are_zero_in_truth_may_be_rounded():
    """Rules divide a product by its factors, which leaves a residue where none should be."""
    got = truths(lambda xp, x: {"g": grad(grad(xp.prod(x), x)[0], x)}, x=[1.5, 0.7])["g"]
    assert got.hi[0] == 0
    assert 0 < got.allowed[0] < 1e-6


def test_every_function_has_an_allowance():
    assert set(FUNCTIONS) == set(allowances.FUNCTIONS)


def test_low_precision_far_from_zero_is_still_bounded():
    """Shifting first is exact, and saturated functions stay narrow on wide balls."""
    far = truths(lambda xp, x: {"g": grad(xp.softmax(x)[0], x)}, dtype="bfloat16",
                 x=[-1000.0, -1004.0, -1000.0])["g"]
    assert np.all(far.allowed < np.abs(far.hi) / 2)
    saturated = truths(lambda xp, x: {"g": grad(xp.tanh(xp.exp(2 * x)), x)}, dtype="bfloat16",
                       x=2.0)["g"]
    assert np.isfinite(saturated.allowed)


@pytest.mark.parametrize("exponent", [2, 3])
def test_a_computed_base_that_vanishes_has_a_finite_allowance(exponent):
    """A ball around 0 has no logarithm, but it has whole powers."""
    def program(xp, x):
        y = x[0] + 2 * x[1]
        return {"dy/dx": grad(y**exponent, x)}

    graph = trace(program, {"x": (TensorType((2,), "float32"), "constant")})
    truth = derivatives(graph, {"x": np.array([0.5, -0.25], "float32")})["dy/dx"]
    assert truth.hi.tolist() == [0.0, 0.0]
    assert np.all(truth.allowed < 1e-6)
    assert truth.note == ""


def test_slopes_that_cancel_in_a_factored_rule_are_allowed_for():
    """atanh' = 1/((1 - x)(1 + x)): near 0 its derivative is a difference of two near 1."""
    def program(xp, x):
        return {"d2y/dx2": grad(grad(xp.atanh(x), x), x)}

    x = np.array(0.015625)
    graph = trace(program, {"x": (TensorType((), "float64"), "constant")}, dtype="float64")
    truth = derivatives(graph, {"x": x})["d2y/dx2"]
    factored = 1 / (1 - x) ** 2 / (1 + x) - 1 / (1 - x) / (1 + x) ** 2
    assert abs((factored - truth.hi) - truth.lo) <= truth.allowed
    assert truth.allowed < 1e-13


def nested(name, order, x, dtype):
    """The truth of a function's derivative of some order at a point."""
    def program(xp, x):
        y = getattr(xp, name)(x)
        for _ in range(order):
            y = grad(y, x)
        return {"g": y}

    return truths(program, dtype=dtype, x=x)["g"]


# one function's derivative, as a framework spells it in the dtype of x
SPELLINGS = {
    "softplus, from its result": ("softplus", 1, 19.5, lambda x: np.exp(x - np.logaddexp(0, x))),
    "softplus, twice": ("softplus", 2, 7.4437, lambda x: (1 - 1 / (1 + np.exp(-x)))
                        / (1 + np.exp(-x))),
    "softplus, three times": ("softplus", 3, 4.82, lambda x: (1 - 1 / (1 + np.exp(-x)))
                              / (1 + np.exp(-x)) * (1 - 2 / (1 + np.exp(-x)))),
    "asinh, from its result": ("asinh", 1, 1e15, lambda x: 1 / np.cosh(np.arcsinh(x))),
    "acosh, from its result": ("acosh", 1, 1e15, lambda x: 1 / np.sinh(np.arccosh(x))),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", SPELLINGS)
def test_rules_may_be_spelled_with_a_rounded_result(name, dtype):
    function, order, x, spelling = SPELLINGS[name]
    x = np.array(x, dtype)[()]
    truth = nested(function, order, x, dtype)
    got = spelling(x)
    assert got.dtype == dtype
    assert abs(got - truth.hi - truth.lo) <= 0.8 * truth.allowed
    assert truth.allowed < 1e-2 * abs(truth.hi)


def test_functions_that_are_gone_leave_no_allowance_behind():
    """A power's allowance grows with its exponent, however many were used before."""
    used = Noisy("float32", FORMATS["float32"])
    for exponent in range(2, 300):
        fresh = Noisy("float32", FORMATS["float32"])
        radii = [arithmetic.taylor(power(exponent), arb(1), 1)[1].rad()
                 for arithmetic in (used, fresh)]
        assert radii[0] == radii[1]
