"""What is true of a formula: value, gradient, and the derivatives of both along fixed directions.

A formula is traced, and evaluated by the oracle at x + s u + t w with infinitesimal s and t. The
coefficient of s in a value is its tangent, and in a gradient the second derivative applied to u;
that of s t is a derivative more: one evaluation an input element proves all of them. No derivative
is written here either.
"""

from functools import cache

import numpy as np
from flint import arb

from conformance.errors import CannotCertify
from conformance.graph import Output
from conformance.inputs import uniform
from conformance.oracle import certify
from conformance.oracle.evaluate import Evaluation, Step
from conformance.oracle.jets import LEVEL_BITS, ZERO, Arithmetic, Missing, working_precision
from conformance.oracle.merging import merge
from conformance.tracing import grad, trace
from conformance.typing_rules import TensorType

# How much one check may compute: input elements times elements of all nodes, at 10 us each.
LARGEST_CHECK = 60_000
# Infinitesimals beside those that Evaluation takes for its gradients, which are the lowest free.
DIRECTIONS = (1 << 4 * LEVEL_BITS, 1 << 5 * LEVEL_BITS)
# order -> coefficient that it adds, and what that is called in a value and in a gradient
ALONG = {
    2: (DIRECTIONS[0], {"value": "tangent", "gradient": "second"}),
    3: (DIRECTIONS[0] | DIRECTIONS[1], {"value": "curvature", "gradient": "third"}),
}


def generic(key, shape, like=1.0):
    """Fixed numbers of 8 bits between 1/4 and 1 in size, exact in every format, of either sign.

    Each part is such a number where `like` is complex.
    """
    if np.iscomplexobj(like):
        return generic(f"{key} re", shape) + 1j * generic(f"{key} im", shape)
    return _real(key, shape).copy()


@cache
def _real(key, shape):
    sizes = uniform(*shape, low=0.25, high=1.0).exact(f"{key}/sizes")
    return np.copysign(sizes, uniform(*shape).exact(f"{key}/signs"))


def cotangent(k, shape, like=1.0):
    """That of output k."""
    return generic(f"cotangent {k}", shape, like)


def direction(i, x, order=2):
    """That in which input i, the array x, moves for the derivative of this order."""
    return generic(f"direction {i} of order {order}", x.shape, x)


def several(result):
    """The outputs of a real formula, each a tuple of its real parts."""
    values = result if isinstance(result, (tuple, list)) else [result]
    return [(value,) for value in values]


def paired(result):
    """The outputs of a formula in which a complex number is a pair."""
    values = result if isinstance(result, list) else [result]
    return [value if isinstance(value, tuple) else (value,) for value in values]


class Formula:
    """A formula traced at the shapes of its points.

    points: arrays, rounded to `dtype` already; a complex one is a pair of real inputs.
    outputs: for each output an array of its shape, complex where it has two parts.
    """

    def __init__(self, formula, points, dtype, outputs_of=several):
        self.points, self.dtype, self.outputs = points, dtype, []
        slots = _slots(points)

        def case(xp, **leaves):
            arguments = [(leaves[f"x{i}_re"], leaves[f"x{i}_im"]) if np.iscomplexobj(p)
                         else leaves[f"x{i}_re"] for i, p in enumerate(points)]
            results, target = {}, None
            for k, parts in enumerate(outputs_of(formula(xp, *arguments))):
                like = 1j if len(parts) == 2 else 1.0
                self.outputs.append(np.zeros(parts[0].shape, type(like)))
                weights = cotangent(k, parts[0].shape, like)
                for part, y, v in zip(("re", "im"), parts, (weights.real, weights.imag),
                                      strict=False):
                    results[f"value {k} {part}"] = y
                    term = y * xp.asarray(v)
                    # a lone output is not summed, so that no addition is allowed for
                    target = term if target is None else xp.sum(target) + xp.sum(term)
            for slot, leaf in leaves.items():
                results["gradient " + slot[1:].replace("_", " ")] = grad(target, leaf)
            return results

        graph = trace(case, {slot: (TensorType(x.shape, dtype), "constant")
                             for slot, x in slots.items()}, dtype=dtype)
        self.graph = merge(graph, tuple(Output(o.name, o.node) for o in graph.outputs))
        cost = sum(x.size for x in slots.values()) * sum(node.type.size for node in self.graph)
        if cost > LARGEST_CHECK:
            raise ValueError(f"a check of {cost} numbers is slow, wanted at most {LARGEST_CHECK} "
                             "(input elements times elements of all nodes): take smaller inputs")

    def truths(self, order=2):
        """`value 0 re`, `tangent 0 re`, `gradient 0 re`, `second 0 re` ... -> Truth.

        Raises CannotCertify for the first that has no proof.
        """
        wanted = {o.name: (o.node, 0) for o in self.graph.outputs
                  if order or o.name.startswith("value")}
        for reached in range(2, order + 1):
            mask, called = ALONG[reached]
            for output in self.graph.outputs:
                kind, rest = output.name.split(" ", 1)
                wanted[f"{called[kind]} {rest}"] = output.node, mask
        exact, precision = {}, certify.FIRST_PRECISION
        while len(exact) < len(wanted):
            with working_precision(precision):
                evaluation = self._evaluation(lambda _: Arithmetic(), order)
                for name, place in wanted.items():
                    if name not in exact:
                        balls = _settled(name, _coefficient(evaluation, *place), precision)
                        if balls is not None:
                            exact[name] = balls
            precision *= 2
        with working_precision(certify.FIRST_PRECISION):
            noisy = self._evaluation(certify.noisy_arithmetic, order)
            return {name: certify.as_truth(exact[name], _coefficient(noisy, *place),
                                           certify.adjoints.overflow(noisy, place[0]))
                    for name, place in wanted.items()}

    def _evaluation(self, arithmetic, order):
        directions = [_slots([direction(i, p, n) for i, p in enumerate(self.points)])
                      for n in range(2, order + 1)]
        return Directed(self.graph, _slots(self.points), arithmetic, directions)


class Directed(Evaluation):
    """An evaluation in which all inputs move along each of some directions."""

    def __init__(self, graph, inputs, arithmetic, directions):
        super().__init__(graph, inputs, arithmetic)
        self.directions = directions
        self.leaves = {}

    def compute(self, key):
        position, shifts = key
        node = self.graph.nodes[position]
        if node.op == "input":
            own = [(shift, None) for shift in shifts if shift.node == position]
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
            node = self.graph.nodes[position]
            value = Step(self, position, node).leaf()
            for infinitesimal, moves in zip(DIRECTIONS, self.directions, strict=False):
                for jet, u in zip(value.flat, moves[node["name"]].flat, strict=True):
                    if type(jet) is not Missing:
                        jet[infinitesimal] = arb(float(u))
            self.leaves[position] = value
        return self.leaves[position]


def _slots(arrays):
    """Name -> real array: a complex array is two inputs of the graph."""
    slots = {}
    for i, x in enumerate(arrays):
        slots[f"x{i}_re"] = x.real
        if np.iscomplexobj(x):
            slots[f"x{i}_im"] = x.imag
    return slots


def _coefficient(evaluation, node, mask):
    value = evaluation.value(node)
    found = np.empty(value.shape, object)
    for k, jet in enumerate(value.flat):
        found.flat[k] = jet if type(jet) is Missing else {0: jet.get(mask, ZERO)}
    return found


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
