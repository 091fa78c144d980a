"""Generic points for tests of rules: fixed by a key, exact in every format."""

import numpy as np

from conformance.inputs import uniform


def generic(key, shape):
    """Numbers between 1/4 and 1 in size, of either sign."""
    sizes = uniform(*shape, low=0.25, high=1.0).exact(f"{key}/sizes")
    return np.copysign(sizes, uniform(*shape).exact(f"{key}/signs"))
