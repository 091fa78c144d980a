"""The size of what cancels in a derivative that is zero: a sum of absolute values over paths."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from flint import acb, arb

from conformance.graph import Graph
from conformance.oracle.evaluate import Evaluation, Key, real_numbers
from conformance.oracle.jets import Arithmetic, Jet, Missing, working_precision
from conformance.oracle.walking import filled

PRECISION = 128
# far above the rounding of PRECISION bits, and so small that its square does not count
PART = arb(2) ** -64


class Weighing(Arithmetic):
    """Jets whose seeds are balls of the relative radius PART; nothing rounds."""

    noisy = True  # finished values come to `settle`

    def subtract(self, a: Jet, b: Jet) -> Jet:
        return self.add((a, self.negative(b)))  # x - x cancels, but has terms

    def settle(self, jet: Jet, uses: int) -> Jet:
        """Slopes that are exact are seeds, but for those that only ever met exact factors."""
        return {monomial: widened(x) if monomial else x for monomial, x in jet.items()}


class Weighed(Evaluation):
    """The evaluation of a graph whose inputs and arrays are balls of the relative radius PART too.

    Balls forget all correlation, so the radius of a result is PART times the sum, over all paths
    from a leaf to it, of the absolute values of what the path contributes. A derivative weighs the
    sum of |products of partials|, and what it would change if every input changed by its own size.
    """

    def compute(self, key: Key) -> np.ndarray:
        value = super().compute(key)
        node = self.graph.nodes[key[0]]
        if node.op in ("input", "constant") and node.type.is_inexact:
            # numbers written alone stay exact, as exponents that are integers must
            flat = [jet if type(jet) is Missing else {**jet, 0: widened(jet[0])}
                    for jet in value.flat]
            return filled(flat, value.shape)
        return value


def widened(x: arb | acb) -> arb | acb:
    if not x.is_exact() or x.is_zero():
        return x
    part = arb(0, PART)
    return x * (1 + (acb(part, part) if isinstance(x, acb) else part))


def scales(graph: Graph, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """For each element of each output, the sum of the sizes of its terms; 0 where it has none.

    An allowance that is a small part of it is small, whatever is left of the terms.
    """
    with working_precision(PRECISION):
        evaluation = Weighed(graph, inputs, lambda dtype: Weighing())
        return {output.name: _radii(real_numbers(evaluation, output.node))
                for output in graph.outputs}


def _radii(value: np.ndarray) -> np.ndarray:
    found = [0.0 if type(jet) is Missing else float(jet[0].rad() / PART) for jet in value.flat]
    return np.array(found).reshape(value.shape)
