"""Activations against mpmath in ULP, their tails and kinks, and PyTorch's conventions there."""

import mpmath
import numpy as np
import pytest
from certified import check, unary
from halves import check_half
from mpmath import erfc, exp, log1p, mpf, tanh

import reference_engine as engine
from reference_engine import operators
from reference_engine.errors import DtypeError, OperandError, OptionError, ShapeError
from reference_engine.rules import activations, gates, losses, rectifiers

INFINITE = float("inf")


def logistic(x):
    return 1 / (1 + exp(-x))


def tanh_gelu(x):
    # the constants as the doubles that the definition has
    inner = mpmath.sqrt(2 / mpmath.pi) * (x + mpf(0.044715) * x**3)
    return x * logistic(2 * inner)


# The roots of the first and second derivatives, near -1.28 and -2.40 (silu), -0.75 and -1.41
# (gelu), -1.19 and -2.26 (mish), are left out: near a root a relative error says nothing.
POINTS = [-33.0, -12.3, -6.7, -3.9, -1.8, -0.45, -1e-9, 1e-300, 0.0, 1e-5, 0.3, 0.9, 1.9, 4.4, 13.7]
FAR = [-700.5, -341.7, -99.9]

# name: function, reference, points, ULPs of value, first and second derivative. A rounding of the
# argument u of an exponential is magnified |u| times: 3 * 38 in the approximations of gelu. The
# second derivative of tanh, where it is used, has lost tanh(x)**2 / (1 - tanh(x)**2) ULP.
SMOOTH = {
    "silu": (engine.silu, lambda x: x * logistic(x), POINTS + FAR, (3, 4, 8)),
    "quick_gelu": (engine.quick_gelu, lambda x: x * logistic(mpf(1.702) * x), POINTS,
                   (60, 60, 60)),
    "gelu": (engine.gelu, lambda x: x * erfc(-x / mpmath.sqrt(2)) / 2, POINTS, (4, 8, 8)),
    "gelu tanh": (lambda x: engine.gelu(x, "tanh"), tanh_gelu,
                  [x for x in POINTS if -9 < x < 9], (60, 60, 60)),
    "mish": (engine.mish, lambda x: x * tanh(log1p(exp(x))), POINTS + FAR, (4, 6, 12)),
    "log_sigmoid": (engine.log_sigmoid, lambda x: -log1p(exp(-x)), POINTS, (2, 3, 4)),
    "softsign": (engine.softsign, lambda x: x / (1 + abs(x)),
                 [x for x in POINTS if abs(x) > 1e-20], (2, 4, 6)),
    "tanhshrink": (engine.tanhshrink, lambda x: x - tanh(x),
                   [-1.01, -1.0, -0.3, -1e-5, 0.2, 2.5], (4, 4, 200)),
    "squareplus": (lambda x: engine.squareplus(x, 2.5),
                   lambda x: (x + mpmath.sqrt(x * x + mpf(2.5))) / 2, [*POINTS, -1e8], (3, 5, 7)),
    "log_cosh": (losses.log_cosh, lambda x: mpmath.log(mpmath.cosh(x)),
                 [-3.0, -1.0, -0.2, 1e-8, 0.7], (3, 3, 200)),
}  # fmt: skip


@pytest.mark.parametrize("name", SMOOTH)
def test_smooth_activations(name):
    function, reference, points, ulps = SMOOTH[name]
    unary(function, reference, points, ulps, name=name)
    small = [x for x in points if abs(x) < 50 and (x == 0 or abs(x) > 1e-20)]
    unary(function, reference, small, np.asarray(ulps) * 3, dtype="float32", name=name)


LINES = {
    "glu": (lambda x: engine.glu(x, axis=-2),
            lambda xp, x: x[:, :1] * xp.sigmoid(x[:, 1:]), [[[0.3, -1.2], [2.1, -0.4]]]),
    "softmin": (lambda x: engine.softmin(x, axis=0),
                lambda xp, x: xp.softmax(-x, axis=0), [[0.3, -1.2], [2.1, -0.4], [0.0, 5.0]]),
    "elu": (lambda x: engine.elu(x, 0.7),
            lambda xp, x: xp.where(x > 0, x, 0.7 * xp.expm1(x)), [0.3, -1.2, 2.1, -1e-9, -9.0]),
    "celu": (lambda x: engine.celu(x, 0.7),
             lambda xp, x: xp.where(x > 0, x, 0.7 * xp.expm1(x / 0.7)), [0.3, -1.2, 2.1, -6.0]),
    "selu": (engine.selu, lambda xp, x: 1.0507009873554805 * xp.where(
        x > 0, x, 1.6732632423543772 * xp.expm1(x)), [0.3, -1.2, 2.1]),
    "leaky_relu": (engine.leaky_relu, lambda xp, x: xp.where(x > 0, x, 0.01 * x), [0.3, -1.2]),
    "prelu": (engine.prelu, lambda xp, x, w: xp.where(
        x > 0, x, xp.reshape(w, (2, 1)) * x), [[[0.3, -1.2], [-2.1, -0.4]]] * 2, [0.25, -0.5]),
    "prelu of one weight": (engine.prelu, lambda xp, x, w: xp.where(x > 0, x, w * x),
                            [[0.3, -1.2], [-2.1, -0.4]], 0.25),
    "relu6": (engine.relu6,
              lambda xp, x: xp.minimum(xp.maximum(x, 0.0), 6.0), [-1.0, 3.0, 7.0]),
    "hardtanh": (lambda x: engine.hardtanh(x, -2.0, 0.5),
                 lambda xp, x: xp.minimum(xp.maximum(x, -2.0), 0.5), [-3.0, -1.0, 0.3, 7.0]),
    "hardsigmoid": (engine.hardsigmoid, lambda xp, x: xp.minimum(
        xp.maximum(x + 3.0, 0.0), 6.0) / 6.0, [-4.0, -1.0, 2.5, 3.5]),
    "hardswish": (engine.hardswish, lambda xp, x: x * xp.minimum(
        xp.maximum(x + 3.0, 0.0), 6.0) / 6.0, [-4.0, -1.0, 2.5, 3.5]),
    "hardshrink": (engine.hardshrink, lambda xp, x: xp.where(xp.abs(x) > 0.5, x, 0.0),
                   [-0.7, -0.2, 0.3, 4.0]),
    "softshrink": (engine.softshrink, lambda xp, x: x - xp.minimum(xp.maximum(x, -0.5), 0.5),
                   [-0.7, -0.2, 0.3, 4.0]),
    "threshold": (lambda x: engine.threshold(x, 0.1, 20.0),
                  lambda xp, x: xp.where(x > 0.1, x, 20.0), [-0.7, 0.05, 0.3, 4.0]),
    "sparse_plus": (engine.sparse_plus, lambda xp, x: xp.where(
        x > 1, x, xp.square(xp.maximum(x, -1.0) + 1.0) / 4.0), [-2.0, -0.5, 0.3, 4.0]),
    "sparse_sigmoid": (engine.sparse_sigmoid, lambda xp, x: xp.minimum(
        xp.maximum(x / 2 + 0.5, 0.0), 1.0), [-2.0, -0.5, 0.3, 4.0]),
    # the support is {0, 2}, then {1}
    "sparsemax": (engine.sparsemax, lambda xp, x: xp.stack(
        [x[0] - (x[0] + x[2] - 1.0) / 2, 0.0 * x[1], x[2] - (x[0] + x[2] - 1.0) / 2]),
        [0.5, -0.7, 0.2]),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", LINES)
def test_activations_of_pieces_and_of_axes(name, dtype):
    function, formula, *inputs = LINES[name]
    inputs = [np.asarray(x, "float32") for x in inputs] if dtype == "float32" else inputs
    order = 3 if dtype == "float64" else 2
    check(function, formula, *inputs, dtype=dtype, name=name, order=order)


@pytest.mark.parametrize("dtype", ["float16"])
@pytest.mark.parametrize("name", LINES)
def test_half_precision(name, dtype):
    function, _formula, *inputs = LINES[name]
    check_half(function, inputs, dtype)


def derivatives(function, points, dtype="float64"):
    x = engine.constant(points, dtype)
    with engine.GradientTape() as outer:
        outer.watch(x)
        with engine.GradientTape() as inner:
            inner.watch(x)
            y = function(x)
        dx = inner.gradient(y, x)
    ddx = outer.gradient(dx, x, unconnected_gradients="zero")
    return y.numpy(), dx.numpy(), ddx.numpy()


PARAMETERS = {"threshold": (0.0, 0.0), "prelu": (0.25,)}
LEFT_LIMIT = {"hardtanh": -1, "softsign": -1, "elu": -1, "celu": -1, "selu": -1.7580993408473766}
LINEAR_LEFT = {"log_sigmoid", "tanhshrink", "hardshrink", "softshrink", "leaky_relu", "prelu"}
BOUNDED = {"softsign": 1, "log_sigmoid": 0, "relu6": 6, "hardtanh": 1, "hardsigmoid": 1,
           "sparse_sigmoid": 1}  # fmt: skip
ELEMENTWISE = sorted(
    {*activations.__all__, *gates.__all__, *rectifiers.__all__} - {"glu", "softmin", "sparsemax"}
)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_tails(name, dtype):
    def function(x):
        return getattr(engine, name)(x, *PARAMETERS.get(name, ()))

    far = [-INFINITE, -1e30, 1e30, INFINITE]
    y, dx, ddx = derivatives(function, far, dtype)
    assert np.isfinite(dx).all()
    np.testing.assert_allclose(ddx, 0, atol=1e-50)
    slope = 0 if name in BOUNDED else 1.0507009873554805 if name == "selu" else 1
    right = [BOUNDED[name]] * 2 if name in BOUNDED else np.multiply(slope, far[2:])
    np.testing.assert_allclose(y[2:], right, rtol=1e-6)
    np.testing.assert_allclose(dx[2:], slope, atol=1e-50, rtol=1e-6)
    if name in LINEAR_LEFT:
        assert y[0] == -INFINITE
    else:
        np.testing.assert_allclose(y[:2], LEFT_LIMIT.get(name, 0), rtol=1e-6, atol=1e-29)
        np.testing.assert_allclose(dx[:2], 0, atol=1e-50)
    for near in ([-100.0, 100.0], [-30.0, 30.0], [0.0, -0.0]):
        assert np.isfinite(derivatives(function, near, dtype)).all()
    assert np.isnan(function(engine.constant(np.nan, dtype)).numpy())
    assert function(engine.zeros((0, 3), dtype)).shape == (0, 3)
    with pytest.raises(OperandError, match="wanted a real dtype"):
        function(engine.constant([1 + 2j]))


@pytest.mark.parametrize("name", ["silu", "gelu", "mish", "elu", "squareplus", "hardsigmoid"])
def test_integers_are_refused(name):
    with pytest.raises(DtypeError, match="wanted floats"):
        getattr(engine, name)(engine.constant([1, 2]))


# Function of torch.nn.functional, ours, and the kinks
KINKS = {
    "relu6": (engine.relu6, [0.0, 6.0]),
    "leaky_relu": (engine.leaky_relu, [0.0]),
    "elu": (engine.elu, [0.0]),
    "celu": (engine.celu, [0.0]),
    "selu": (engine.selu, [0.0]),
    "hardtanh": (engine.hardtanh, [-1.0, 1.0]),
    "hardsigmoid": (engine.hardsigmoid, [-3.0, 3.0]),
    "hardshrink": (engine.hardshrink, [-0.5, 0.5]),
    "softshrink": (engine.softshrink, [-0.5, 0.5]),
    "hardswish": (engine.hardswish, [-3.0, 3.0]),
    "softsign": (engine.softsign, [0.0]),
}


@pytest.mark.parametrize("name", KINKS)
def test_the_slope_at_a_kink_is_that_of_pytorch(name):
    torch = pytest.importorskip("torch")
    function, points = KINKS[name]
    x = torch.tensor(points, dtype=torch.float64, requires_grad=True)
    y = getattr(torch.nn.functional, name)(x)
    (dx,) = torch.autograd.grad(y.sum(), x)
    ours = derivatives(function, points)
    np.testing.assert_allclose(ours[0], y.detach().numpy(), rtol=1e-15)
    np.testing.assert_allclose(ours[1], dx.numpy(), rtol=1e-15)


@pytest.mark.parametrize("name", [*KINKS, "mish", "silu", "gelu", "tanhshrink", "softmin", "glu"])
def test_values_are_those_of_pytorch(name):
    torch = pytest.importorskip("torch")
    x = np.linspace(-8.1, 7.9, 64)
    options = {"dim": -1} if name == "softmin" else {}
    theirs = getattr(torch.nn.functional, name)(torch.tensor(x), **options)
    # absolutely, since torch's gelu cancels in the tail
    ours = getattr(engine, name)(x).numpy()
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-12, atol=1e-15)


def test_sparsemax_is_the_nearest_point_of_the_simplex():
    x = np.random.default_rng(0).normal(size=(7, 5))
    y = engine.sparsemax(x, axis=0).numpy()
    np.testing.assert_allclose(y.sum(0), 1, rtol=1e-14)
    # nearest: x - y is one number on the support, and no more than that off it
    gap = x - y
    for column in range(5):
        support = y[:, column] > 0
        assert np.ptp(gap[support, column]) < 1e-14
        assert (gap[~support, column] <= gap[support, column].max() + 1e-14).all()


def test_complaints():
    with pytest.raises(OptionError, match="gelu: got approximate='sigmoid'"):
        engine.gelu(1.0, "sigmoid")
    with pytest.raises(ShapeError, match="wanted an axis of even size"):
        engine.glu([1.0, 2.0, 3.0])
    with pytest.raises(ShapeError, match="glu"):
        engine.glu(1.0)
    with pytest.raises(OptionError, match="squareplus"):
        engine.squareplus(1.0, 0.0)
    with pytest.raises(OptionError, match="celu"):
        engine.celu(1.0, 0)
    with pytest.raises(OptionError, match="hardtanh"):
        engine.hardtanh(1.0, 2.0, 1.0)
    with pytest.raises(ShapeError, match="prelu"):
        engine.prelu([[1.0, 2.0]], [1.0, 2.0, 3.0])


def test_a_wrong_bend_is_noticed(monkeypatch):
    rule = operators.RULES["silu_slope"][0]
    wrong = (lambda dy, y, x: rule(dy, y, x) * (1 + 1e-13),)
    monkeypatch.setitem(operators.RULES, "silu_slope", wrong)
    with pytest.raises(AssertionError, match="silu: second"):
        test_smooth_activations("silu")
