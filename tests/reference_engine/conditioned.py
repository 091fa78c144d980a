"""A rule against mpmath, in every mode of differentiation, within what conditioning allows.

    from conditioned import accurate

    accurate(engine.digamma, mpmath.digamma, [0.3, 1.7])

An element may be off by ULPS times (1 + its condition number): by how much it magnifies the
rounding of its operands, at second order too. No operator has a tolerance of its own.
"""

import mpmath as mp
import numpy as np
from modes import answers

import reference_engine as engine
from reference_engine import GradientTape

ULPS = 10  # the largest measured is 3 to 6, by the version of NumPy (beta, mixed derivative)
DIGITS = 60


def partial(reference, point, orders):
    """A partial derivative; an mpf."""
    with mp.workdps(DIGITS):
        if not any(orders):
            return +reference(*point)
        if len(point) == 1:
            return mp.diff(reference, point[0], orders[0])
        return mp.diff(reference, point, orders)


def bumped(orders, i):
    return tuple(order + (k == i) for k, order in enumerate(orders))


def allowed(reference, point, orders, unit):
    """ULPS times (1 + condition) in units of the truth, and the truth."""
    truth = partial(reference, point, orders)
    noise = abs(partial(reference, point, (0,) * len(point))) * mp.mpf(10) ** -45
    for x, order in zip(point, orders, strict=True):
        noise /= abs(x or 1) ** order
    feels = sum(abs(x * partial(reference, point, bumped(orders, i))) for i, x in enumerate(point))
    return truth, ULPS * (abs(truth) + feels) * unit + noise


def accurate(function, reference, *inputs, dtype="float64"):
    """Asserts value, gradient and second derivatives, in every mode, at points side by side."""
    inputs = [np.asarray(x, dtype) for x in inputs]
    count, unit = len(inputs), mp.mpf(float(np.finfo(dtype).eps))
    points = [tuple(mp.mpf(float(x)) for x in point) for point in zip(*inputs, strict=True)]
    tensors = [engine.constant(x) for x in inputs]
    ones, zeros = engine.constant(np.ones_like(inputs[0])), engine.constant(0 * inputs[0])
    known = {}
    for j in range(count):
        along = [ones if i == j else zeros for i in range(count)]
        for what, got in answers(function, tensors, [ones], [along, along], 2):
            quantity, i = what.split()[:2]
            orders = [0] * count
            if quantity in ("gradient", "second"):
                orders[int(i)] += 1
            if quantity in ("tangent", "second"):
                orders[j] += 1
            assert got.dtype == dtype
            for at, (point, element) in enumerate(zip(points, got.numpy(), strict=True)):
                key = (at, tuple(orders))
                if key not in known:
                    known[key] = allowed(reference, point, tuple(orders), unit)
                truth, allowance = known[key]
                error = abs(mp.mpf(float(element)) - truth)
                assert error <= allowance, (
                    f"{what}, direction {j}, at {[float(x) for x in point]}: got {element}, truth "
                    f"{mp.nstr(truth, 20)}, {float(error / allowance):.3g} of what is allowed")


def slope(function, *points):
    """Value and gradients at one point, as floats."""
    tensors = [engine.constant(float(x)) for x in points]
    with GradientTape() as tape:
        tape.watch(tensors)
        y = function(*tensors)
    return [float(y), *(float(g) for g in tape.gradient(y, tensors))]


def slopes(function, *points, dtype="float64"):
    """Value and gradients, as floats or arrays."""
    tensors = [engine.constant(x, dtype) for x in points]
    with GradientTape() as tape:
        tape.watch(tensors)
        y = function(*tensors)
    gradients = tape.gradient(y, tensors)
    return [y.numpy(), *(g.numpy() for g in gradients)]
