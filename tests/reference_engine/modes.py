"""What the engine answers for a function's derivatives, in every mode that it has.

For cotangents v, directions u of the second derivative and w of the third, each of

    gradient   d<f(x), v>/dx: by a tape that nobody watches, whose rules work on plain arrays and
               read what was kept for them; and by one that another watches, on Tensors
    tangent    df(x) along u: by an accumulator, and as d<gradient, u>/dv
    second     d<gradient, u>/dx: reverse over reverse, forward over reverse, reverse over forward
    curvature  tangent along w: forward over forward
    third      d<second, w>/dx: reverse over reverse over reverse, forward over reverse over reverse
"""

import numpy as np

import reference_engine as engine
from reference_engine import ForwardAccumulator, GradientTape

QUANTITIES = ("value", "gradient", "second", "third")


def outputs(result):
    """A function's Tensors as a list, one or several."""
    return list(result) if isinstance(result, (tuple, list)) else [result]


def answers(function, inputs, cotangents, directions, order):
    """Pairs of a quantity, `gradient 0` or `gradient 0 by a watched tape`, and what came out."""
    values = outputs(function(*inputs))
    first = _named("value", values)
    fit = len(values) == len(cotangents) and all(
        (y.shape, y.dtype) == (v.shape, v.dtype) for y, v in zip(values, cotangents, strict=True))
    if order == 0 or not fit:  # the caller says so of the value
        return first
    asked = Question(function, inputs, cotangents, directions)
    with engine.debug(rules=False):  # which would keep more for the rules than they ask for
        found = asked.backward(1)
    if order >= 2:
        found += [(f"{what} by nested tapes", dx) for what, dx in asked.backward(order)]
        found += [*asked.forward(), *asked.forward_over_reverse(2), *asked.reverse_over_forward()]
    if order == 3:
        found += [*asked.forward_over_forward(), *asked.forward_over_reverse(3)]
    return first + [(what, x) for what, x in found if not _is_again(what, x, values)]


def _is_again(what, x, values):
    """Whether this is a value that came out before, bit for bit."""
    quantity, k = what.split()[:2]
    return quantity == "value" and np.array_equal(x.numpy(), values[int(k)].numpy(), equal_nan=True)


class Question:
    """A function, where its derivatives are wanted, and the cotangents and directions."""

    def __init__(self, function, inputs, cotangents, directions):
        self.function, self.inputs, self.cotangents = function, inputs, cotangents
        self.directions = directions

    def values(self):
        return outputs(self.function(*self.inputs))

    def backward(self, order):
        """Gradients, gradients of <gradients, u> and so on, each by a tape around the last."""
        found = []
        self._nested(order, found)
        return found

    def _nested(self, order, found):
        sources = [*self.inputs, *self.cotangents] if order == 2 else self.inputs
        with GradientTape() as tape:
            tape.watch(sources)
            ys = self._nested(order - 1, found) if order > 1 else self.values()
        if order == 1:
            found += _named("value", ys)
            dxs = tape.gradient(ys, sources, output_gradients=self.cotangents)
        else:
            dxs = _gradient(tape, ys, sources, self.directions[order - 2])
        found += _named(QUANTITIES[order], dxs[: len(self.inputs)])
        found += _named("tangent", dxs[len(self.inputs):])
        return dxs[: len(self.inputs)]

    def _along(self, order):
        return ForwardAccumulator(self.inputs, self.directions[order - 2])

    def forward(self):
        with self._along(2) as accumulator:
            ys = self.values()
        return [*_named("value", ys, "on an accumulator"),
                *_named("tangent", _jvp(accumulator, ys), "by an accumulator")]

    def forward_over_reverse(self, order):
        """The derivative of that order - 1, along the direction of the order."""
        with self._along(order) as accumulator:
            dxs = self._nested(order - 1, [])
        way = "by forward over reverse"
        return _named(QUANTITIES[order], [
            engine.zeros_like(x) if dx is None else _jvp(accumulator, dx)
            for x, dx in zip(self.inputs, dxs, strict=True)], way)

    def reverse_over_forward(self):
        with GradientTape() as tape:
            tape.watch(self.inputs)
            with self._along(2) as accumulator:
                tangents = _jvp(accumulator, self.values())
        return _named("second", _gradient(tape, tangents, self.inputs, self.cotangents),
                      "by reverse over forward")

    def forward_over_forward(self):
        with self._along(3) as outer, self._along(2) as inner:
            tangents = _jvp(inner, self.values())
        return _named("curvature", _jvp(outer, tangents), "by forward over forward")


def _named(quantity, tensors, way=""):
    return [(f"{quantity} {i} {way}".rstrip(), x) for i, x in enumerate(tensors)]


def _jvp(accumulator, ys):
    return accumulator.jvp(ys, unconnected_gradients="zero")


def _gradient(tape, ys, sources, seeds):
    """Zeros where nothing connects: of a linear function, say, whose gradient is a constant."""
    there = [(y, seed) for y, seed in zip(ys, seeds, strict=True) if y is not None]
    return tape.gradient([y for y, _ in there], sources, [seed for _, seed in there], "zero")
