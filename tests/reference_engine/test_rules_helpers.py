"""Operators that rules are made of, against truths of their own to second order.

As parts of a public operator's first or second derivative they would be differentiated twice in its
third and fourth alone. A linear one is cubed: only then does its rule see a cotangent that depends
on x.
"""

import mpmath
import numpy as np
import pytest
from certified import check, unary
from mpmath import exp, log1p, mpf, tanh
from points import generic

import reference_engine as engine
from reference_engine.operators import apply
from reference_engine.rules import activations, fourier, gates, special
from reference_engine.rules.einsum import on_diagonals

# the roots of these functions and of their derivatives are left out
POINTS = [-6.7, -3.1, -1.7, -0.45, 0.3, 1.3, 1.9, 4.4]


def logistic(x):
    return 1 / (1 + exp(-x))


def silu_slope(x):
    return logistic(x) * (1 + x * logistic(-x))


def gelu_tanh_slope(x):
    scale = 2 * mpmath.sqrt(2 / mpmath.pi)
    u = scale * (x + mpf(0.044715) * x**3)
    return logistic(u) * (1 + x * logistic(-u) * scale * (1 + 3 * mpf(0.044715) * x * x))


def mish_gate(x):
    return tanh(log1p(exp(x)))


def mish_gate_slope(x):
    return (1 - mish_gate(x)**2) * logistic(x)


# The function and mathematics. A second derivative of these sums terms that cancel partly, and a
# rounding of the argument u of an exponential is magnified |u| times.
OF_ONE = {
    "squareplus_slope": (lambda x: activations.squareplus_slope(x, 2.5),
                         lambda x: (1 + x / mpmath.sqrt(x * x + mpf(2.5))) / 2, 20),
    "silu_slope": (gates.silu_slope, silu_slope, 60),
    "normal_density": (gates.normal_density, mpmath.npdf, 20),
    "gelu_slope": (gates.gelu_slope, lambda x: mpmath.ncdf(x) + x * mpmath.npdf(x), 60),
    "gelu_tanh_slope": (gates.gelu_tanh_slope, gelu_tanh_slope, 2000),
    "mish_gate": (gates.mish_gate, mish_gate, 60),
    "mish_gate_slope": (gates.mish_gate_slope, mish_gate_slope, 60),
    "mish_slope": (gates.mish_slope, lambda x: mish_gate(x) + x * mish_gate_slope(x), 60),
    "normal_hazard": (special._hazard, lambda x: mpmath.npdf(x) / mpmath.ncdf(x), 20),
    "bessel_growth": (lambda x: apply("bessel_growth", x, order=2),
                      lambda x: (mpmath.besseli(0, x) + mpmath.besseli(2, x)) / 2, 20),
    # the integral of exp(-|x| (1 - cos t)) (1 - cos t)**2 by its expansion in powers of cos t
    "bessel_decay": (lambda x: apply("bessel_decay", x, order=2),
                     lambda x: exp(-abs(x)) * (3 * mpmath.besseli(0, x) + mpmath.besseli(2, x)
                                               - 4 * mpmath.besseli(1, abs(x))) / 2, 20),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_ONE)
def test_operators_of_one(name):
    function, reference, ulps = OF_ONE[name]
    # the third derivative of log_ndtr has lost about x**4 / 4 ULP in the left tail
    points = [x for x in POINTS if x > -2] if name == "normal_hazard" else POINTS
    unary(function, reference, points, ulps, name=name)


def polygamma_step(x, w):
    return mpmath.digamma(x + w) - mpmath.digamma(x)


def gamma_density(x, w):
    return w**(x - 1) * exp(-w) / mpmath.gamma(x)


@pytest.mark.parametrize(("function", "reference"), [
    (special._step, polygamma_step),
    (lambda x, w: apply("gamma_density", x, w), gamma_density),
], ids=["polygamma_step", "gamma_density"])  # fmt: skip
def test_operators_of_two(function, reference):
    """In one operand, and in a diagonal of both, which mixes their second derivatives.

    Those are sums of terms that are up to some hundred times as large as they are.
    """
    for w in (0.3, 1.7, 5.5):
        unary(lambda x, w=w: function(x, engine.full_like(x, w)),
              lambda x, w=w: reference(x, mpf(w)), [0.4, 1.3, 2.9, 7.1], 1000)
        unary(lambda x, w=w: function(engine.full_like(x, w), x),
              lambda x, w=w: reference(mpf(w), x), [0.4, 1.3, 2.9, 7.1], 1000)
        unary(lambda x, w=w: function(w * x, x), lambda x, w=w: reference(mpf(w) * x, x),
              [0.4, 1.3, 2.9, 7.1], 1000)


HADAMARD = np.array([[1.0, 1.0], [1.0, -1.0]])

def hadamard(xp, x):
    return HADAMARD @ x @ HADAMARD


LINEAR = {
    "on_diagonals": (lambda x: on_diagonals(x, "ii", (2, 2)),
                     lambda xp, x: xp.reshape(xp.stack([x[0], 0 * x[0], 0 * x[0], x[1]]), (2, 2)),
                     (2,)),
    "resize": (lambda x: fourier.resize(x, (3, 1)),
               lambda xp, x: xp.concat([x[:, :1], np.zeros((1, 1))]), (2, 2)),
    "fftn": (lambda x: engine.real(engine.fft.fftn(x)), hadamard, (2, 2)),
    "ifftn": (lambda x: engine.real(engine.fft.ifftn(x)), lambda xp, x: hadamard(xp, x) / 4.0,
              (2, 2)),
    "rfftn": (lambda x: engine.real(engine.fft.rfftn(x)), hadamard, (2, 2)),
    "irfftn": (lambda x: engine.fft.irfftn(x, s=(2, 2), axes=(0, 1)),
               lambda xp, x: hadamard(xp, x) / 4.0, (2, 2)),
    "sum_runs": (lambda x: apply("sum_runs", x, repeats=2, axis=0, size=2),
                 lambda xp, x: xp.stack([x[0] + x[1], x[2] + x[3]]), (4,)),
    "sum_tiles": (lambda x: apply("sum_tiles", x, repetitions=(2,), shape=(2,)),
                  lambda xp, x: x[:2] + x[2:], (4,)),
    "undiff": (lambda x: apply("undiff", x, axis=0, n=1, size=3),
               lambda xp, x: xp.stack([-x[0], x[0] - x[1], x[1]]), (2,)),
    "heaviside": (lambda x: engine.heaviside(engine.zeros_like(x), x), lambda xp, x: 1.0 * x, (3,)),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", LINEAR)
def test_cubes_of_linear_operators(name, dtype):
    function, formula, shape = LINEAR[name]
    check(lambda x: function(x)**3, lambda xp, x: formula(xp, x)**3, generic("x", shape),
          dtype=dtype, name=name)


def test_third_derivatives_of_a_convolution():
    def formula(xp, x, w):
        y = xp.stack([x[0, 0, i] * w[0, 0, 0] + x[0, 0, i + 1] * w[0, 0, 1] for i in range(2)])
        return xp.reshape(y, (1, 1, 2))**2

    check(lambda x, w: engine.conv1d(x, w)**2, formula, generic("x", (1, 1, 3)),
          generic("w", (1, 1, 2)), order=3)


def test_third_derivatives_of_norms_of_windows():
    check(lambda x: engine.lp_pool1d(x, 3, 2, 1),
          lambda xp, x: xp.reshape(xp.stack(
              [(x[0, 0, i]**3 + x[0, 0, i + 1]**3)**(1 / 3) for i in range(3)]), (1, 1, 3)),
          np.abs(generic("x", (1, 1, 4))), order=3)
