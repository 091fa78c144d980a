"""What operators compute, in any arithmetic; one module a family, as in the catalogue.

A module's tables, each of which it may lack:

ELEMENTWISE: name -> (arithmetic, node, *jets) -> jet or bool.
REDUCTIONS: name -> (arithmetic, node, fiber) -> jet.
ALONG_AXIS: name -> (arithmetic, node, fiber) -> one jet for each place of the fiber.
SHAPES: name -> (node, *arrays) -> array, of elements that were moved and not touched.
ARRAYS: name -> (arithmetic, node, *arrays) -> array, an object array of the node's shape.
"""

from typing import Any

from conformance.oracle.rules import (
    activations,
    arithmetic,
    complex_numbers,
    convolution,
    cumulative,
    decompositions,
    elementwise,
    fourier,
    gathering,
    layers,
    linear_algebra,
    losses,
    normalization,
    norms,
    pooling,
    products,
    rearranging,
    reductions,
    shapes,
    sorting,
    special,
)

# a rule of a later family takes the place of an earlier one's
FAMILIES = (elementwise, complex_numbers, fourier, reductions, shapes, linear_algebra, rearranging,
            products, convolution, pooling, activations, special, sorting, cumulative,
            normalization, layers, gathering, norms, losses, decompositions,
            arithmetic)


def _table(name: str) -> dict[str, Any]:
    return {op: rule for family in FAMILIES for op, rule in getattr(family, name, {}).items()}


ELEMENTWISE = _table("ELEMENTWISE")
REDUCTIONS = _table("REDUCTIONS")
ALONG_AXIS = _table("ALONG_AXIS")
SHAPES = _table("SHAPES")
ARRAYS = _table("ARRAYS")
