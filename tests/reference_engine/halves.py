"""Half precision, where a certified bound of a long formula says little: near float64's answer."""

import numpy as np

import reference_engine as engine

# Roundings of a rule's own steps, in half precision, of what is as large as the largest element.
STEPS = 24


def check_half(function, inputs, dtype):
    """Assert that value and gradients are of `dtype` and near float64's at the rounded inputs."""
    halves = [engine.constant(x, dtype) for x in inputs]
    doubles = [engine.astype(x, "float64") for x in halves]
    eps = 2.0**-10 if dtype == "float16" else 2.0**-7
    for got, wanted in zip(_answers(function, halves), _answers(function, doubles), strict=True):
        assert got.dtype == halves[0].dtype
        got, wanted = got.numpy().astype("float64"), wanted.numpy()
        allowed = STEPS * eps * max(np.max(np.abs(wanted), initial=0.0), 1.0)
        np.testing.assert_allclose(got, wanted, rtol=0, atol=allowed)


def _answers(function, inputs):
    with engine.GradientTape() as tape:
        tape.watch(inputs)
        y = function(*inputs)
    return [y, *tape.gradient(y, inputs)]
