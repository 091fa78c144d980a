"""The operator catalogue: what each operator is called, takes, accepts and returns.

One module a family, each with its OPERATORS.
"""

from conformance.catalogue import (
    activations,
    convolution,
    core,
    cumulative,
    elementwise,
    indexing,
    layers,
    linear_algebra,
    normalization,
    pooling,
    products,
    rearranging,
    reductions,
    shapes,
    sorting,
    special,
)

FAMILIES = (core, elementwise, reductions, shapes, linear_algebra, indexing, rearranging, products,
            convolution, pooling, activations, special, sorting, cumulative, normalization, layers)
