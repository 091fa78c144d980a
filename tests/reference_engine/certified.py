"""A rule of the engine against the certified oracle, at first and second order.

    from certified import check, check_complex, unary

    check(engine.tanh, lambda xp, x: xp.tanh(x), [[0.3, -1.2]])
    check(lambda x: engine.linalg.det(x), lambda xp, x: x[0, 0] * x[1, 1] - x[0, 1] * x[1, 0], a)
    check_complex(engine.square, lambda xp, z: (z[0]**2 - z[1]**2, 2 * z[0] * z[1]), [1 + 2j])
    unary(engine.digamma, mpmath.digamma, points, ulps=(4, 4, 8))

The formula says what the operator computes, in the catalogued operators of `xp`
(conformance/ops.py); no derivative is written anywhere. For fixed generic cotangents v of the
output and directions u_j of the inputs, the oracle proves, and the engine is asked for,

    value      y = f(x)
    gradient   g_i = d<y, v>/dx_i
    tangent    t = sum_j dy/dx_j u_j, which the engine gives as d(sum_j <g_j, u_j>)/dv
    second     h_i = d(sum_j <g_j, u_j>)/dx_i, reverse over reverse

An element may be off by SPELLING times what rounding explains of the formula as it is written
(docs/decisions/0003-allowance-by-noisy-evaluation.md) and ULPS units in the last place, both times
`slack`. An allowance so large that it says nothing fails the check: choose better points, or a
formula that loses less. Where there is no derivative, CannotCertify is raised with the reason.
"""

import math
from typing import NamedTuple

import mpmath
import numpy as np
from flint import arb

import reference_engine as engine
from conformance.comparison import ulp
from conformance.errors import CannotCertify
from conformance.graph import Output
from conformance.inputs import uniform
from conformance.oracle import certify
from conformance.oracle.evaluate import Evaluation, Step
from conformance.oracle.jets import ZERO, Arithmetic, Missing, working_precision
from conformance.oracle.merging import merge
from conformance.tracing import grad, trace
from conformance.typing_rules import TensorType

# An operator may be computed in another way than its formula, with a few times the roundings.
SPELLING = 2
ULPS = 2
# The largest useful allowance, as a part of the element or of SMALL times the largest one.
VAGUE = {"float64": 2.0**-30, "float32": 2.0**-8, "float16": 2.0**-4, "bfloat16": 2.0**-2}
SMALL = 2.0**-10
COMPLEX = {"float64": "complex128", "float32": "complex64"}
# Numbers that one check may compute: input elements times the elements of all nodes.
LARGEST_CHECK = 40_000
# An infinitesimal beside those that Evaluation takes for its gradients, which are the lowest free.
DIRECTION = 1 << 30


class Accuracy(NamedTuple):
    """The worst element of one quantity: its error in ULP, and as a part of what is allowed."""

    ulps: float
    part: float


def check(function, formula, *inputs, dtype="float64", slack=1, order=2, name=None,
          make=engine.constant):
    """Assert that the engine's `function(*tensors)` has the value and derivatives of `formula`.

    formula: (xp, *values) -> value, or a tuple of values where the function has several outputs.
    inputs: numbers, lists or arrays, rounded to `dtype`; all are differentiated.
    slack: multiplies what is allowed; say why where it is used. order: 0, 1 or 2 derivatives.
    name: what failures call the operator. make: (array, dtype) -> operand.
    Returns the Accuracy of each quantity. Raises AssertionError with the first bad element, and
    CannotCertify where there is no derivative (a kink, the end of a domain).
    """
    return _check(function, formula, inputs, dtype, slack, order, name, make, _several)


def check_complex(function, formula, *inputs, dtype="float64", slack=1, order=2, name=None,
                  make=engine.constant):
    """`check` with complex inputs, each given to the formula as a pair (real, imaginary).

    formula: returns a pair for a complex output, a value for a real one, a list for several.
    A gradient is dL/du + i dL/dv for x = u + i v and L = sum(re(y) re(v) + im(y) im(v)).
    dtype: of the real and imaginary parts.
    """
    return _check(function, formula, inputs, dtype, slack, order, name, make, _paired)


def unary(function, reference, points, ulps, dtype="float64", order=2, name=None):
    """Assert value, first and second derivative of an elementwise function of one variable.

    reference: mpf -> mpf, right at any precision. ulps: the bounds of value, first and second
    derivative in ULP, three numbers or one for all. Returns the largest errors.
    """
    name = name or _name_of(function)
    points = np.atleast_1d(np.asarray(points, "float64")).astype(dtype)
    bounds = np.broadcast_to(np.asarray(ulps, float), (3,))
    truths = [_taylor(reference, float(point), order) for point in points]
    ones = [engine.constant(np.ones_like(points))]
    answers = dict(_ask(function, [engine.constant(points)], ones, ones, order))
    worst = []
    for k, what in enumerate(("value", "gradient", "second")[: order + 1]):
        got = _array(f"{name}: {what}", answers[f"{what} 0"], points.shape, points.dtype)
        hi = np.array([float(truth[k]) for truth in truths])
        lo = np.array([float(truth[k] - mpmath.mpf(float(truth[k]))) for truth in truths])
        with np.errstate(over="ignore"):
            off = _distance(got, hi, lo) / ulp(hi, dtype)
        at = int(np.argmax(off))
        if not off[at] <= bounds[k]:
            raise AssertionError(
                f"{name}: {what} at {points[at]} in {dtype}: got {got[at]}, truth {hi[at]}, "
                f"{off[at]:.3g} ULP off, allowed {bounds[k]:.3g}")
        worst.append(float(off[at]))
    return tuple(worst)


def generic(key, shape):
    """Fixed numbers of 8 bits between 1/4 and 1 in size, of either sign: exact in every format."""
    sizes = uniform(*shape, low=0.25, high=1.0).exact(f"{key}/sizes")
    return np.copysign(sizes, uniform(*shape).exact(f"{key}/signs"))


# --- the check -----------------------------------------------------------------------------------

def _check(function, formula, inputs, dtype, slack, order, name, make, outputs_of):
    name = name or _name_of(function)
    points = [_rounded(x, dtype) for x in inputs]
    directions = [_like(f"direction {i}", p.shape, p) for i, p in enumerate(points)]
    graph, kinds = _graph(formula, points, dtype, outputs_of)
    shapes = [graph.nodes[_node(graph, f"value {k} re")].type.shape for k in range(len(kinds))]
    cotangents = [_like(f"cotangent {k}", shape, kind)
                  for k, (shape, kind) in enumerate(zip(shapes, kinds, strict=True))]
    truths = _truths(graph, _slots(points), _slots(directions), dtype, order)
    operands = [make(p, p.dtype.name) for p in points]
    seeds = [[engine.constant(s) for s in group] for group in (
        [c.astype(_dtype(c, dtype)) for c in cotangents],
        [d.astype(_dtype(d, dtype)) for d in directions])]
    worst = {}
    for what, got in _ask(function, operands, *seeds, order):
        found = _compare(name, what, got, truths, dtype, slack)
        kind = what.split()[0]
        worst[kind] = max(worst.get(kind, found), found)
    return worst


def _several(result):
    values = result if isinstance(result, (tuple, list)) else [result]
    return [(value,) for value in values]


def _paired(result):
    values = result if isinstance(result, list) else [result]
    return [value if isinstance(value, tuple) else (value,) for value in values]


def _rounded(x, dtype):
    x = np.asarray(x)
    wide = x if x.dtype.kind in "fc" else x.astype("float64")
    return wide.astype(_dtype(wide, dtype))


def _dtype(x, dtype):
    return COMPLEX[dtype] if np.iscomplexobj(x) else dtype


def _like(key, shape, kind):
    real = generic(f"{key}/re", shape)
    return real + 1j * generic(f"{key}/im", shape) if np.iscomplexobj(kind) else real


def _slots(arrays):
    """name -> float array: complex arrays are two inputs of the graph."""
    slots = {}
    for i, x in enumerate(arrays):
        slots[f"x{i} re"] = x.real
        if np.iscomplexobj(x):
            slots[f"x{i} im"] = x.imag
    return slots


def _graph(formula, points, dtype, outputs_of):
    """The values and gradients of a formula, merged; and for each output a number of its kind."""
    slots = _slots(points)
    types = {slot.replace(" ", "_"): (TensorType(x.shape, dtype), "constant")
             for slot, x in slots.items()}
    kinds = []

    def case(xp, **values):
        leaves = dict(zip(slots, values.values(), strict=True))
        arguments = [(leaves[f"x{i} re"], leaves[f"x{i} im"]) if np.iscomplexobj(p)
                     else leaves[f"x{i} re"] for i, p in enumerate(points)]
        results, total = {}, None
        for k, parts in enumerate(outputs_of(formula(xp, *arguments))):
            kinds.append(1j if len(parts) == 2 else 1.0)
            for part, y in zip(("re", "im"), parts, strict=False):
                results[f"value {k} {part}"] = y
                term = y * xp.asarray(generic(f"cotangent {k}/{part}", y.shape))
                # a lone output is not summed here, so that no addition is allowed for
                total = term if total is None else xp.sum(total) + xp.sum(term)
        for slot, leaf in leaves.items():
            results["gradient " + slot[1:]] = grad(total, leaf)
        return results

    graph = trace(case, types, dtype=dtype)
    graph = merge(graph, tuple(Output(o.name, o.node) for o in graph.outputs))
    cost = sum(x.size for x in slots.values()) * sum(node.type.size for node in graph)
    if cost > LARGEST_CHECK:
        raise ValueError(f"a check of {cost} numbers is slow, wanted at most {LARGEST_CHECK} "
                         "(input elements times the elements of all nodes): take smaller inputs")
    return graph, kinds


def _node(graph, name):
    return next(o.node for o in graph.outputs if o.name == name)


# --- the truth -----------------------------------------------------------------------------------

class Directed(Evaluation):
    """An evaluation at x + t u: the coefficient of t is the derivative along the directions."""

    def __init__(self, graph, inputs, arithmetic, directions):
        super().__init__(graph, inputs, arithmetic)
        self.directions = directions
        self.leaves = {}

    def compute(self, key):
        position, shifts = key
        node = self.graph.nodes[position]
        if node.op == "input":
            own = [(bit, element) for bit, source, element in shifts if source == position]
            return Step(self, position, node).finish(self.leaf(position), own)
        value = super().compute(key)
        if node.op == "stop_gradient":
            value = value.copy()
            for k, jet in enumerate(value.flat):
                value.flat[k] = {0: jet[0]} if isinstance(jet, dict) else jet
        return value

    def leaf(self, position):
        """The jets of an input, made once: what is computed from one object is found again."""
        if position not in self.leaves:
            value = Step(self, position, self.graph.nodes[position]).leaf()
            name = self.graph.nodes[position]["name"].replace("_", " ")
            if self.directions:
                for jet, u in zip(value.flat, self.directions[name].flat, strict=True):
                    if type(jet) is not Missing:
                        jet[DIRECTION] = arb(float(u))
            self.leaves[position] = value
        return self.leaves[position]


def _truths(graph, points, directions, dtype, order):
    """`value 0 re`, `tangent 0 re`, `gradient 0 re`, `second 0 re` ... -> Truth."""
    inputs = {slot.replace(" ", "_"): x for slot, x in points.items()}
    directions = directions if order == 2 else {}
    outputs = [o for o in graph.outputs if order or o.name.startswith("value")]
    along = {"value": "tangent", "gradient": "second"}
    exact, precision = {}, certify.FIRST_PRECISION
    wanted = {o.name: (o.node, 0) for o in outputs}
    if order == 2:
        wanted |= {" ".join((along[kind], rest)): (o.node, DIRECTION) for o in outputs
                   for kind, rest in [o.name.split(" ", 1)]}

    def coefficients(evaluation, node, mask):
        value = evaluation.value(node)
        found = np.empty(value.shape, object)
        for k, jet in enumerate(value.flat):
            found.flat[k] = jet if type(jet) is Missing else {0: jet.get(mask, ZERO)}
        return found

    while len(exact) < len(wanted):
        with working_precision(precision):
            evaluation = Directed(graph, inputs, lambda _: Arithmetic(), directions)
            for name, (node, mask) in wanted.items():
                if name not in exact:
                    balls = _settled(name, coefficients(evaluation, node, mask), precision)
                    if balls is not None:
                        exact[name] = balls
        precision *= 2
    with working_precision(certify.FIRST_PRECISION):
        noisy = Directed(graph, inputs, certify.noisy_arithmetic, directions)
        return {name: certify.as_truth(exact[name], coefficients(noisy, node, mask),
                                       certify.adjoints.overflow(noisy, node))
                for name, (node, mask) in wanted.items()}


def _settled(name, value, precision):
    """Balls that are good enough, None while more precision may help; raises CannotCertify."""
    last = precision >= certify.LAST_PRECISION
    balls = np.empty(value.shape, object)
    for k, jet in enumerate(value.flat):
        if type(jet) is Missing:
            if jet.final or last:
                raise CannotCertify(f"{name}: {jet.refusal()}")
            return None
        if not certify.is_good(jet[0], precision):
            if last:
                raise CannotCertify(f"{name}: not certain at a precision of {precision} bits")
            return None
        balls.flat[k] = jet[0]
    return balls


def _taylor(reference, point, order):
    """The derivatives of a reference, computed at two precisions that must agree."""
    found = []
    for digits in (60, 90):
        with mpmath.workdps(digits):
            x = mpmath.mpf(point)
            found.append([+mpmath.diff(reference, x, n) for n in range(order + 1)])
    with mpmath.workdps(90):
        for n, (rough, fine) in enumerate(zip(*found, strict=True)):
            if not abs(rough - fine) <= abs(fine) * mpmath.mpf(10) ** -25:
                raise CannotCertify(f"derivative {n} of the reference at {point} is "
                                    f"{mpmath.nstr(rough, 20)} at 60 digits and "
                                    f"{mpmath.nstr(fine, 20)} at 90")
    return found[1]


# --- the engine ----------------------------------------------------------------------------------

def _ask(function, inputs, cotangents, directions, order):
    """(quantity, what the engine answers), for every quantity."""
    def outputs(result):
        return list(result) if isinstance(result, (tuple, list)) else [result]

    values = outputs(function(*inputs))
    answers = [(f"value {k}", y) for k, y in enumerate(values)]
    if len(values) != len(cotangents):
        raise AssertionError(f"got {len(values)} outputs, the formula has {len(cotangents)}")
    fit = all((y.shape, y.dtype) == (v.shape, v.dtype)
              for y, v in zip(values, cotangents, strict=True))
    if order == 0 or not fit:  # which is reported with the value
        return answers
    with engine.GradientTape() as outer:
        outer.watch([*inputs, *cotangents])
        with engine.GradientTape() as inner:
            inner.watch(inputs)
            ys = outputs(function(*inputs))
        gradients = inner.gradient(ys, inputs, output_gradients=cotangents)
    for k, (y, again) in enumerate(zip(values, ys, strict=True)):
        if not np.array_equal(y.numpy(), again.numpy(), equal_nan=True):
            answers.append((f"value {k} on a tape", again))
    answers += [(f"gradient {i}", g) for i, g in enumerate(gradients)]
    if order == 1:
        return answers
    there = [i for i, g in enumerate(gradients) if g is not None]
    seconds = outer.gradient(
        [gradients[i] for i in there], [*inputs, *cotangents],
        output_gradients=[directions[i] for i in there], unconnected_gradients="zero")
    answers += [(f"second {i}", h) for i, h in enumerate(seconds[: len(inputs)])]
    answers += [(f"tangent {k}", t) for k, t in enumerate(seconds[len(inputs):])]
    return answers


# --- the comparison ------------------------------------------------------------------------------

def _compare(name, what, got, truths, dtype, slack):
    """The Accuracy of one answer; raises AssertionError at the first element that is too far."""
    key = " ".join(what.split()[:2])
    parts = [truths[f"{key} {part}"] for part in ("re", "im") if f"{key} {part}" in truths]
    title = f"{name}: {what} in {dtype}"
    wanted = np.dtype(COMPLEX[dtype] if len(parts) == 2 else dtype)
    got = _array(title, got, parts[0].hi.shape, wanted)
    got = got.astype("complex128" if len(parts) == 2 else "float64")
    # a complex number is as accurate as its larger part
    unit = np.maximum.reduce([ulp(part.hi, dtype) for part in parts])
    allowed = np.maximum.reduce([part.allowed for part in parts])
    allowed = slack * (SPELLING * allowed + ULPS * unit)
    size = np.maximum.reduce([np.abs(part.hi) for part in parts])
    largest = float(np.max(size, initial=0.0)) or 1.0
    useful = allowed <= VAGUE[dtype] * np.maximum(size, SMALL * largest)
    useless = ~(useful & np.isfinite(allowed))
    for at in np.argwhere(useless)[:1]:
        at = tuple(int(i) for i in at)
        note = next((part.note for part in parts if part.note), "")
        raise AssertionError(
            f"{title}, element {at}: rounding may explain {allowed[at]:.3g} of {size[at]:.3g}, "
            f"which says nothing{f' ({note})' if note else ''}: choose other points")
    worst = Accuracy(0.0, 0.0)
    for part, component in zip(parts, (got.real, got.imag), strict=False):
        error = np.maximum(_distance(component, part.hi, part.lo) - part.radius, 0.0)
        for at in np.argwhere(~(error <= allowed))[:1]:
            at = tuple(int(i) for i in at)
            raise AssertionError(
                f"{title}, element {at}: got {got[at]!r}, truth {_shown(parts, at)}, "
                f"{error[at] / unit[at]:.3g} ULP off, allowed {allowed[at] / unit[at]:.3g}")
        if error.size:
            worst = Accuracy(max(worst.ulps, float(np.max(error / unit))),
                             max(worst.part, float(np.max(error / allowed))))
    return worst


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
    return np.where(np.isfinite(got) & np.isfinite(hi), error, math.inf)


def _shown(parts, at):
    numbers = [float(part.hi[at]) for part in parts]
    return repr(complex(*numbers) if len(numbers) == 2 else numbers[0])


def _name_of(function):
    name = getattr(function, "__name__", repr(function))
    code = getattr(function, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if name == "<lambda>" and code else name
