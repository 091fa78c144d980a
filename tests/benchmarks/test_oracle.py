"""How long certainty takes: `pytest tests/benchmarks/test_oracle.py --benchmark-enable`."""

import random

import numpy as np
import pytest

from conformance import grad, hessian, trace
from conformance.oracle import certify
from conformance.typing_rules import TensorType

INPUTS, OPERATIONS = 20, 150
RANDOM = np.random.default_rng(0)


def chained(xp, x):
    """150 operations on 20 numbers, each of which counts."""
    rng = random.Random(3)
    values = [x[i] for i in range(INPUTS)]
    result = xp.sum(x)
    for k in range(OPERATIONS // 3):
        name = rng.choice(("sin", "tanh", "sigmoid", "exp", "atan", "multiply", "subtract"))
        a, b = rng.choice(values), values[-1 - rng.randrange(INPUTS)]
        if name in ("multiply", "subtract"):
            values.append(getattr(xp, name)(a, b))
        else:
            values.append(getattr(xp, name)(xp.sin(a) if name == "exp" else a))
        result = result + values[-1] * (0.125 if k % 2 else 0.25)
    return result


def gradient(xp, x):
    return {"g": grad(chained(xp, x), x)}


def curvature(xp, x):
    return {"h": hessian(chained(xp, x), x)}


def product(xp, a, b):
    return {"da": grad(xp.sum(xp.tanh(a @ b) * b), a)}


def convolution(xp, x, w):
    return {"dw": grad(xp.sum(xp.sin(xp.conv2d(x, w, padding=1))), w)}


PROGRAMS = {
    "gradient of 150 operations, 20 inputs": (gradient, {"x": (INPUTS,)}),
    "Hessian of 150 operations, 20 inputs": (curvature, {"x": (INPUTS,)}),
    "gradient through a 128 x 128 product": (product, {"a": (128, 128), "b": (128, 128)}),
    "gradient of a 1x8x32x32 convolution": (convolution,
                                            {"x": (1, 8, 32, 32), "w": (16, 8, 3, 3)}),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_certain_truth(name, benchmark):
    """The truth alone; what rounding allows costs about as much again."""
    function, shapes = PROGRAMS[name]
    arrays = {key: (RANDOM.normal(size=shape) / shape[-1] ** 0.5).astype("float32")
              for key, shape in shapes.items()}
    types = {key: (TensorType(array.shape, "float32"), "constant")
             for key, array in arrays.items()}
    graph = trace(function, types, dtype="float32")
    operations = len(graph.nodes) - len(arrays)
    assert operations >= OPERATIONS or len(arrays) == 2
    found = benchmark.pedantic(certify.certified, (graph, arrays), rounds=5, warmup_rounds=1)
    assert not any(isinstance(balls, Exception) for balls in found.values())
