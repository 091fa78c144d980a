"""Arrays scaled down where their norm is above a limit."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from certified import check
from frameworks import torch
from points import generic

import reference_engine as engine
from reference_engine.operators import public
from reference_engine.rules import limiting

rules = SimpleNamespace(**{
    name: public(getattr(limiting, name)) for name in limiting.__all__
})  # fmt: skip


def gradient(function, *inputs):
    inputs = [engine.constant(x) for x in inputs]
    with engine.GradientTape() as tape:
        tape.watch(inputs)
        y = function(*inputs)
    return [dx.numpy().tolist() for dx in tape.gradient(y, inputs)]


def two_norm(xp, x, axis):
    return xp.sqrt(xp.sum(x * x, axis=axis, keepdims=True))


CHECKS = [
    (lambda x: rules.clip_by_norm(x, 0.5), lambda xp, x: 0.5 * x / two_norm(xp, x, None)),
    (lambda x: rules.clip_by_norm(x, 0.25, 1), lambda xp, x: 0.25 * x / two_norm(xp, x, 1)),
    (lambda x: rules.clip_by_norm(x, 10.0), lambda xp, x: 1 * x),
    (lambda x: rules.renorm(x, 2, 0, 0.25), lambda xp, x: 0.25 * x / two_norm(xp, x, 1)),
    (lambda x: rules.renorm(x, 1, -1, 0.25),
     lambda xp, x: 0.25 * x / xp.sum(xp.abs(x), axis=0, keepdims=True)),
    (lambda x: rules.renorm(x, 3, 0, 0.25), lambda xp, x: 0.25 * x / xp.sum(
        xp.abs(x) ** 3, axis=1, keepdims=True) ** (1 / 3)),
    (lambda x: rules.renorm(x, math.inf, 0, 0.25),
     lambda xp, x: 0.25 * x / xp.max(xp.abs(x), axis=1, keepdims=True)),
    (lambda x: rules.clip_by_global_norm([x, 2 * x], 0.5)[0],
     lambda xp, x: (0.5 * x / xp.sqrt(5 * xp.sum(x * x)), x / xp.sqrt(5 * xp.sum(x * x)))),
    (lambda x: rules.clip_by_global_norm([x, 2 * x], 50.0)[0], lambda xp, x: (1 * x, 2 * x)),
    (lambda x: rules.clip_by_global_norm([x, 2 * x], 0.5)[1],
     lambda xp, x: xp.sqrt(5 * xp.sum(x * x))),
]  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("position", range(len(CHECKS)))
def test_values_and_derivatives(position, dtype):
    check(*CHECKS[position], generic("limiting", (2, 3)), dtype=dtype)


@pytest.mark.parametrize("p", [1, 1.5, 2, math.inf])
def test_values_are_nearly_those_of_torch(p):
    x = generic("renorm", (4, 3, 2)) * np.array([0.1, 1.0, 5.0]).reshape(3, 1)
    wanted = torch.renorm(torch.tensor(x), p, 1, 1.5).numpy()  # which subtracts about 1e-7
    assert np.allclose(rules.renorm(x, p, 1, 1.5).numpy(), wanted, rtol=2e-7)


def test_extreme_sizes_and_zeros():
    for scale in (1e200, 1e-200, 5e-324, 1.7e308):
        y = rules.clip_by_norm(np.array([scale, 0.0]), 1e-300).numpy()
        assert y[0] == pytest.approx(min(scale, 1e-300), rel=1e-15)
        assert rules.clip_by_norm(np.array([scale, -scale]), 1e300).numpy()[0] == pytest.approx(
            min(scale, 1e300 / math.sqrt(2)), rel=1e-15)  # fmt: skip
    for function in (lambda x: rules.clip_by_norm(x, 1.0), lambda x: rules.renorm(x, 2, 0, 1.0)):
        assert gradient(function, [[0.0, 0.0], [0.0, 0.0]]) == [[[1, 1], [1, 1]]]
        assert gradient(function, np.zeros((2, 0))) == [[[], []]]
    assert gradient(lambda x: rules.clip_by_norm(x, 1.0), 5.0) == [0]
    assert gradient(lambda x: rules.clip_by_global_norm([x, x], 1.0)[0][0], [0.0, 0.0]) == [[1, 1]]
    scaled, norm = rules.clip_by_global_norm([[3e200], [4e200]], 5.0)
    assert float(norm) == pytest.approx(5e200, rel=1e-15)
    assert [float(x[0]) for x in scaled] == pytest.approx([3, 4], rel=1e-15)


def test_refusals():
    with pytest.raises(engine.OptionError, match="clip_by_norm: got limit=0"):
        rules.clip_by_norm([1.0], 0)
    with pytest.raises(engine.OptionError, match=r"renorm: got p=0\.5"):
        rules.renorm([[1.0]], 0.5, 0, 1.0)
    with pytest.raises(engine.ShapeError, match="clip_by_norm: got a float64 Tensor"):
        rules.clip_by_norm([[1.0]], 1.0, 3)
    with pytest.raises(engine.ShapeError, match="renorm: got axis 2"):
        rules.renorm([[1.0]], 2, 2, 1.0)
