"""The operators and their gradients, side by side; `__all__` of a module lists its public ones."""

from . import (
    complex_numbers,
    elementwise,
    indexing,
    linear_algebra,
    reductions,
    selection,
    shapes,
)

MODULES = (
    complex_numbers,
    elementwise,
    indexing,
    linear_algebra,
    reductions,
    selection,
    shapes,
)
