"""A rule of the engine against the certified oracle, at first and second order.

    from certified import check, check_complex, unary

    check(engine.tanh, lambda xp, x: xp.tanh(x), [[0.3, -1.2]])
    check(lambda x: engine.linalg.det(x), lambda xp, x: x[0, 0] * x[1, 1] - x[0, 1] * x[1, 0], a)
    check_complex(engine.square, lambda xp, z: (z[0]**2 - z[1]**2, 2 * z[0] * z[1]), [1 + 2j])
    unary(engine.digamma, mpmath.digamma, points, ulps=(4, 4, 8))

The formula says what the operator computes, in the catalogued operators of `xp`
(conformance/catalogue); no derivative is written anywhere. For fixed generic cotangents v of the
output and directions u_j of the inputs, the oracle proves, and the engine is asked for,

    value      y = f(x)
    gradient   g_i = d<y, v>/dx_i
    tangent    t = sum_j dy/dx_j u_j
    second     h_i = d(sum_j <g_j, u_j>)/dx_i
    curvature  sum_j dt/dx_j w_j, and
    third      d(sum_j <h_j, w_j>)/dx_i, where `order=3` asks for them

in every mode of differentiation (modes.py).

An element may be off by SPELLING times what rounding explains of the formula as it is written
(docs/decisions/0003-allowance-by-noisy-evaluation.md) and ULPS units in the last place, both times
`slack`. An allowance so large that it says nothing fails the check: choose better points, or a
formula that loses less. Where there is no derivative, CannotCertify is raised with the reason.
"""

import math
from typing import NamedTuple

import mpmath
import numpy as np
from directed import Formula, cotangent, direction, paired, several
from modes import answers

import reference_engine as engine
from conformance.comparison import ulp
from conformance.errors import CannotCertify

# An operator may be computed in another way than its formula, with a few times the roundings.
SPELLING = 2
ULPS = 2
# The largest useful allowance, as a part of the element or of SMALL times the largest one.
VAGUE = {"float64": 2.0**-20, "float32": 2.0**-7, "float16": 2.0**-2, "bfloat16": 2.0**-1}
SMALL = 2.0**-10
COMPLEX = {"float64": "complex128", "float32": "complex64"}
# A reference of one variable is computed at two precisions, which must agree.
DIGITS = (60, 90)
AGREEMENT = mpmath.mpf(10) ** -25
# Of one variable, and along 1, what a quantity is the derivative of.
ELEMENTWISE_ORDER = {"value": 0, "gradient": 1, "tangent": 1, "second": 2, "curvature": 2,
                     "third": 3}


class Accuracy(NamedTuple):
    """The worst element of one quantity: its error in ULP, and as a part of what is allowed."""

    ulps: float
    part: float


def check(function, formula, *inputs, dtype="float64", slack=1, order=2, name=None,
          make=engine.constant, normwise=False):
    """Assert that the engine's `function(*tensors)` has the value and derivatives of `formula`.

    formula: (xp, *values) -> value, or a tuple of values where the function has several outputs.
    inputs: numbers, lists or arrays, rounded to `dtype`; all are differentiated.
    slack: multiplies what is allowed; say why where it is used. order: 0 to 3 derivatives.
    name: what failures call the operator. make: (array, dtype) -> operand.
    normwise: every element may be off by what the largest of its array may, for algorithms (LU, QR)
    in which each element feels the rounding of all; higher derivatives count as no smaller than the
    gradient, since those that are 0 are sums that cancel.
    Returns the Accuracy of each quantity. Raises AssertionError with the first bad element, and
    CannotCertify where there is no derivative (a kink, the end of a domain).
    """
    return _check(function, formula, inputs, dtype, slack, order, name, make, normwise, several)


def check_complex(function, formula, *inputs, dtype="float64", slack=1, order=2, name=None,
                  make=engine.constant, normwise=False):
    """`check` with complex inputs, each given to the formula as a pair (real, imaginary).

    formula: returns a pair for a complex output, a value for a real one, a list for several.
    A gradient is dL/du + i dL/dv for x = u + i v and L = sum(re(y) re(v) + im(y) im(v)).
    dtype: of the real and imaginary parts.
    """
    return _check(function, formula, inputs, dtype, slack, order, name, make, normwise, paired)


def unary(function, reference, points, ulps, dtype="float64", order=2, name=None):
    """Assert value, first and second derivative of an elementwise function of one variable.

    reference: mpf -> mpf, right at any precision. ulps: the bounds of value, first and second
    derivative in ULP, three numbers or one for all. order: 0 to 3. Returns the largest errors.
    """
    name = name or _name_of(function)
    points = np.atleast_1d(_rounded(points, dtype))
    bounds = np.broadcast_to(np.asarray(ulps, float), (order + 1,))
    truths = [_taylor(reference, float(point), order) for point in points]
    ones = [engine.constant(np.ones_like(points))]
    worst = [0.0] * (order + 1)
    for what, got in answers(function, [engine.constant(points)], ones, [ones] * 2, order):
        k = ELEMENTWISE_ORDER[what.split()[0]]
        got = _array(f"{name}: {what}", got, points.shape, points.dtype)
        hi = np.array([float(truth[k]) for truth in truths])
        lo = np.array([float(truth[k] - mpmath.mpf(float(truth[k]))) for truth in truths])
        with np.errstate(over="ignore"):
            off = _distance(got, hi, lo) / ulp(hi, dtype)
        at = int(np.argmax(off))
        if not off[at] <= bounds[k]:
            raise AssertionError(
                f"{name}: {what} at {points[at]} in {dtype}: got {got[at]}, truth {hi[at]}, "
                f"{off[at]:.3g} ULP off, allowed {bounds[k]:.3g}")
        worst[k] = max(worst[k], float(off[at]))
    return tuple(worst)


def _taylor(reference, point, order):
    """The derivatives of a reference by mpmath, which digits lost in it would show."""
    found = []
    for digits in DIGITS:
        with mpmath.workdps(digits):
            x = mpmath.mpf(point)
            found.append([+mpmath.diff(reference, x, n) for n in range(order + 1)])
    with mpmath.workdps(DIGITS[-1]):
        for n, (rough, fine) in enumerate(zip(*found, strict=True)):
            if not abs(rough - fine) <= abs(fine) * AGREEMENT:
                raise CannotCertify(f"derivative {n} of the reference at {point} is "
                                    f"{mpmath.nstr(rough, 20)} at {DIGITS[0]} digits and "
                                    f"{mpmath.nstr(fine, 20)} at {DIGITS[-1]}")
    return found[-1]


def _check(function, formula, inputs, dtype, slack, order, name, make, normwise, outputs_of):
    name = name or _name_of(function)
    points = [_rounded(x, dtype) for x in inputs]
    traced = Formula(formula, points, dtype, outputs_of)
    truths = traced.truths(order)
    worst = {}
    found = answers(
        function, [make(p, p.dtype.name) for p in points],
        [_tensor(cotangent(k, y.shape, y), dtype) for k, y in enumerate(traced.outputs)],
        [[_tensor(direction(i, p, n), dtype) for i, p in enumerate(points)] for n in (2, 3)], order)
    count = sum(what == f"value {k}" for k, (what, _) in enumerate(found))
    if count != len(traced.outputs):
        raise AssertionError(f"{name}: got {count} output(s), the formula has "
                             f"{len(traced.outputs)}")
    for what, got in found:
        quantity, k = what.split()[:2]
        parts = _parts(truths, quantity, k)
        scale = None
        if normwise:
            scale = _size(parts)
            first = {"second": "gradient", "third": "gradient", "curvature": "tangent"}
            if quantity in first:
                scale = max(scale, _size(_parts(truths, first[quantity], k)))
        accuracy = _compare(f"{name}: {what} in {dtype}", got, parts, dtype, slack, scale)
        worst[quantity] = max(worst.get(quantity, accuracy), accuracy)
    return worst


def _parts(truths, quantity, k):
    """A truth, of real and imaginary part where it is complex."""
    names = (f"{quantity} {k} {part}" for part in ("re", "im"))
    return [truths[name] for name in names if name in truths]


def _size(parts):
    return max(float(np.max(np.abs(part.hi), initial=0)) for part in parts)


def _rounded(x, dtype):
    """An array of x in the dtype, or its complex counterpart."""
    x = np.asarray(x)
    if np.iscomplexobj(x):
        dtype = COMPLEX[dtype]
    elif dtype == "bfloat16":
        from ml_dtypes import bfloat16 as dtype
    return x.astype(dtype)


def _tensor(x, dtype):
    return engine.constant(_rounded(x, dtype))


def _compare(title, got, parts, dtype, slack, scale):
    """The Accuracy of one answer; raises AssertionError at the first element that is too far.

    scale: None, or how large the whole array counts as.
    """
    twofold = len(parts) == 2
    wanted = np.dtype(COMPLEX[dtype]) if twofold else _rounded(0, dtype).dtype
    got = _array(title, got, parts[0].hi.shape, wanted)
    got = got.astype("complex128" if twofold else "float64")
    # a complex number is as accurate as its larger part
    size = np.maximum.reduce([np.abs(part.hi) for part in parts])
    allowed = np.maximum.reduce([part.allowed for part in parts])
    if scale is not None:
        size = np.full_like(size, scale)
        allowed = np.full_like(allowed, np.max(allowed, initial=0))
    unit = ulp(size, dtype)
    allowed = slack * (SPELLING * allowed + ULPS * unit)
    largest = float(np.max(size, initial=0)) or 1.0
    useful = np.isfinite(allowed) & (allowed <= VAGUE[dtype] * np.maximum(size, SMALL * largest))
    if not useful.all():
        at = _first(~useful)
        note = next((f" ({part.note})" for part in parts if part.note), "")
        raise AssertionError(
            f"{title}, element {at}: rounding may explain {allowed[at]:.3g} of {size[at]:.3g}, "
            f"which says nothing{note}: choose other points")
    error = np.maximum.reduce([np.maximum(_distance(component, part.hi, part.lo) - part.radius, 0)
                               for part, component in zip(parts, (got.real, got.imag),
                                                          strict=False)])
    with np.errstate(over="ignore"):  # a true zero has the smallest ULP
        ulps, share, limit = error / unit, error / allowed, allowed / unit
    if not (error <= allowed).all():
        at = _first(~(error <= allowed))
        numbers = [float(part.hi[at]) for part in parts]
        truth = complex(*numbers) if twofold else numbers[0]
        raise AssertionError(f"{title}, element {at}: got {got[at]}, truth {truth}, "
                             f"{ulps[at]:.3g} ULP off, allowed {limit[at]:.3g}")
    return Accuracy(float(np.max(ulps, initial=0)), float(np.max(share, initial=0)))


def _first(mask):
    return tuple(int(i) for i in np.argwhere(mask)[0])


def _array(title, got, shape, dtype):
    if got is None:
        raise AssertionError(f"{title}: got None, which is not zero")
    got = got.numpy()
    if got.shape != shape or got.dtype != dtype:
        raise AssertionError(
            f"{title}: got {got.dtype}{list(got.shape)}, wanted {dtype}{list(shape)}")
    return got


def _distance(got, hi, lo):
    """|got - truth|; infinite where one of them is not finite."""
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs((got.astype("float64") - hi) - lo)
    return np.where(np.isfinite(got.astype("float64")) & np.isfinite(hi), error, math.inf)


def _name_of(function):
    function = getattr(function, "func", function)  # of a partial
    name = getattr(function, "__name__", repr(function))
    code = getattr(function, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if name == "<lambda>" and code else name
