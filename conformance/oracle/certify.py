"""From balls to proven numbers: raise the precision until every digit asked for is certain."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from flint import arb

from conformance.errors import CannotCertify, ClosedFormError
from conformance.formats import FORMATS
from conformance.graph import Graph, Node, Output
from conformance.oracle import Kink, Truth, adjoints, allowances, kinks, scales
from conformance.oracle.evaluate import Evaluation, real_numbers
from conformance.oracle.jets import Arithmetic, Missing, working_precision
from conformance.oracle.merging import merge
from conformance.oracle.noise import Noisy
from conformance.typing_rules import real_of

FIRST_PRECISION = 128
LAST_PRECISION = 8192
GOOD_BITS = 80
NEGLIGIBLE_EXPONENT = -1200
# Beyond this precision a truth between two float64 numbers counts as halfway: either is nearest.
ROUNDING_PRECISION = 1024
# Refusals that may be of a kink: a norm at 0 is a square root at the end of its domain.
AT_KINKS = ("kink", "domain")
# An allowance beyond this part of an element is measured by the terms that cancel in it.
USEFUL = 0.05
# A closed form that rounding may change by more than this part of the derivative says nothing,
# unless the change is negligible beside the largest element (or 1): some elements are true zeros.
VAGUE = 2.0**-10
NEGLIGIBLE = 2.0**-30

Inputs = Mapping[str, np.ndarray]


def derivatives(graph: Graph, inputs: Inputs) -> dict[str, Truth | Kink | CannotCertify]:
    """The truth of every output by name, what it may be at a kink, or why there is none."""
    outputs = tuple(Output(o.name, o.node) for o in graph.outputs)
    merged = merge(graph, outputs)
    certain = certified(merged, inputs)
    found: dict[str, Truth | Kink | CannotCertify] = {}
    with working_precision(FIRST_PRECISION):
        noisy = Evaluation(merged, inputs, noisy_arithmetic)
        for o in merged.outputs:
            truth = certain[o.name]
            found[o.name] = truth if isinstance(truth, CannotCertify) else as_truth(
                truth, real_numbers(noisy, o.node), adjoints.overflow(noisy, o.node))
    _weigh_cancelling(merged, inputs, found)
    for o in outputs:
        refusal = found[o.name]
        if isinstance(refusal, CannotCertify) and refusal.kind in AT_KINKS:
            found[o.name] = kinks.derivative_at_kink(merge(graph, (o,)), inputs, refusal)
    return found


def _weigh_cancelling(graph: Graph, inputs: Inputs,
                 found: dict[str, Truth | Kink | CannotCertify]) -> None:
    """Give elements of which rounding may change much the size of what cancels in them."""
    vague = tuple(o for o in graph.outputs if isinstance(truth := found[o.name], Truth)
                  and (truth.allowed > USEFUL * np.abs(truth.hi)).any())
    if vague:
        sizes = scales.scales(merge(graph, vague), inputs)
        found.update({o.name: replace(found[o.name], scale=sizes[o.name]) for o in vague})


def check_closed_forms(graph: Graph, inputs: Inputs) -> None:
    """Raise ClosedFormError at the first element whose closed form misses its derivative."""
    claimed = tuple(o for o in graph.outputs if o.closed_form is not None)
    if not claimed:
        return
    merged = merge(graph, claimed)
    certain = certified(merged, inputs)
    with working_precision(FIRST_PRECISION):
        noisy = Evaluation(merged, inputs, noisy_arithmetic)
        for output in merged.outputs:
            truth, position = certain[output.name], output.closed_form
            if position is not None and not isinstance(truth, CannotCertify):
                _check_closed_form(output.name, merged.nodes[position], truth,
                                   real_numbers(noisy, position))


def _check_closed_form(name: str, node: Node, truth: np.ndarray, closed: np.ndarray) -> None:
    format = FORMATS[node.type.real.dtype]
    last_rounding = 1 + arb(0, allowances.CLOSED_FORM * format.unit_roundoff)
    claims = np.broadcast_to(closed, truth.shape).flat
    size = max([1.0, *(upper_double(abs(certain)) for certain in truth.flat)])
    for place, says, certain in zip(np.ndindex(*truth.shape), claims, truth.flat, strict=True):
        element = f"{name}{list(place) if place else ''}"
        if type(says) is Missing:
            if says.kind == "overflow" and not abs(certain) <= format.largest:
                continue  # so does the derivative
            if says.kind == "overflow" or not says.final:
                raise ClosedFormError(f"the closed form of {element} says nothing at these "
                                      f"inputs: {says.note()}", node.where)
            raise ClosedFormError(f"the closed form of {element} has no value: {says.refusal()}",
                                  node.where)
        claim = says[0] * last_rounding
        if not claim.overlaps(certain):
            raise ClosedFormError(
                f"the closed form of {element} is wrong: it says {_digits(says[0])}, "
                f"the certified derivative is {_digits(certain)}", node.where)
        if not (claim.rad() <= VAGUE * abs(certain) or claim.rad() <= NEGLIGIBLE * size):
            raise ClosedFormError(
                f"the closed form of {element} says nothing at these inputs: it loses so much to "
                f"rounding that {_digits(says[0])} may be off by {claim.rad().str(2, radius=False)}"
                f"; the certified derivative is {_digits(certain)}", node.where)


def _digits(ball: arb) -> str:
    return ball.mid().str(17, radius=False)


def noisy_arithmetic(dtype: str) -> Arithmetic:
    part = real_of(dtype)
    return Noisy(dtype, FORMATS[part]) if part in FORMATS else Arithmetic()


def certified(graph: Graph, inputs: Inputs) -> dict[str, np.ndarray | CannotCertify]:
    """For each output, an object array of balls that are good enough, or the refusal."""
    found: dict[str, np.ndarray | CannotCertify] = {}
    precision = FIRST_PRECISION
    while len(found) < len(graph.outputs):
        with working_precision(precision):
            evaluation = Evaluation(graph, inputs, lambda dtype: Arithmetic())
            for output in graph.outputs:
                if output.name not in found:
                    result = _settled(real_numbers(evaluation, output.node), precision)
                    if result is not None:
                        found[output.name] = result
        precision *= 2
    return found


def _settled(value: np.ndarray, precision: int) -> np.ndarray | CannotCertify | None:
    """The balls of an output, or its refusal; None while more precision may help."""
    last = precision >= LAST_PRECISION
    balls = np.empty(value.shape, object)
    for k, jet in enumerate(value.flat):
        if type(jet) is Missing:
            return CannotCertify(jet.refusal(), jet.kind) if jet.final or last else None
        ball = jet[0]
        if not is_good(ball, precision):
            return CannotCertify(f"precision: {_digits(ball)} is not certain to {GOOD_BITS} bits "
                                 f"at a working precision of {precision}") if last else None
        balls.flat[k] = ball
    return balls


def is_good(ball: arb, precision: int) -> bool:
    """Enough certain bits, and its rounding to float64 certain."""
    if not ball.is_finite():
        return False
    if ball.is_exact():
        return True
    if ball.rel_accuracy_bits() < GOOD_BITS and not ball.rad() < arb(2) ** NEGLIGIBLE_EXPONENT:
        return False
    return (precision >= ROUNDING_PRECISION
            or nearest_double(ball.lower()) == nearest_double(ball.upper()))


def as_truth(balls: np.ndarray, noisy: np.ndarray, note: str = "") -> Truth:
    """Certified balls and their noisy counterparts as float64 arrays; a note allows anything."""
    hi, lo, radius, allowed = (np.zeros(balls.shape) for _ in range(4))
    anything = bool(note)
    for k, (ball, jet) in enumerate(zip(balls.flat, noisy.flat, strict=True)):
        hi.flat[k], lo.flat[k], radius.flat[k] = split(ball)
        if type(jet) is Missing or anything:
            allowed.flat[k] = math.inf
        if type(jet) is Missing:
            note = note or jet.note()
        elif not anything:
            allowed.flat[k] = upper_double((jet[0] - ball).abs_upper())
            if math.isinf(allowed.flat[k]):
                note = note or "the rounding error cannot be bounded"
    return Truth(hi, lo, radius, allowed, note=note)


def split(ball: arb) -> tuple[float, float, float]:
    """hi, lo and a bound on what they leave."""
    hi = nearest_double(ball.mid())
    if math.isinf(hi):
        return hi, 0.0, math.inf
    rest = ball - arb(hi)
    lo = nearest_double(rest.mid())
    return hi, lo, upper_double((rest - arb(lo)).abs_upper())


def nearest_double(exact: arb) -> float:
    """An exact ball rounded to nearest, ties to even; beyond the range, infinite."""
    if exact.is_zero():
        return 0.0
    mantissa, exponent = (int(part) for part in exact.man_exp())
    top = mantissa.bit_length() + exponent
    infinite = math.inf if mantissa > 0 else -math.inf
    if top > 1024:
        return infinite
    if top < -1074:
        return 0.0
    try:
        return float(mantissa << exponent) if exponent >= 0 else mantissa / (1 << -exponent)
    except OverflowError:
        return infinite


def upper_double(magnitude: arb) -> float:
    """A float64 that is no smaller than a non-negative ball."""
    if not magnitude.is_finite():
        return math.inf
    bound = magnitude.upper()
    double = nearest_double(bound)
    return double if arb(double) >= bound else math.nextafter(double, math.inf)
