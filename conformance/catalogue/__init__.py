"""The operator catalogue: what each operator is called, takes, accepts and returns.

One module a family, each with its OPERATORS.
"""

from conformance.catalogue import (
    activations,
    arithmetic,
    complex_numbers,
    convolution,
    core,
    cumulative,
    decompositions,
    elementwise,
    fourier,
    gathering,
    indexing,
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

FAMILIES = (core, elementwise, complex_numbers, fourier, reductions, shapes, linear_algebra,
            indexing, rearranging, products, convolution, pooling, activations, special, sorting,
            cumulative, normalization, layers, gathering, norms, losses, decompositions,
            arithmetic)
