"""Operators that add and multiply, against PyTorch on whole numbers, where both are exact.

    same_as_torch(engine.conv2d, torch.nn.functional.conv2d, (2, 3, 5, 5), (4, 3, 3, 3))

compares the value y = f(x), the gradients g_i = d<y, v>/dx_i, the second derivatives
d(sum_i <g_i, u_i>)/d(x, v), and the last of them, which is the tangent of y along u, with what
forward mode gives: for whole x, v and u, real or complex, with no tolerance. Operators that divide
take `relative`, a bound on the relative error; the numbers are then positive, so that nothing
cancels.
"""

import numpy as np
from frameworks import torch

import reference_engine as engine


def numbers(shape, key=0, low=-4, high=5, dtype="float64"):
    """Fixed whole numbers, none of them zero, or an array that is given instead of a shape."""
    if not isinstance(shape, tuple):
        return np.asarray(shape, dtype)
    drawn = np.random.default_rng([key, *shape]).integers(low, high, shape)
    whole = np.asarray(np.where(drawn == 0, 3, drawn), dtype)
    return whole + 1j * numbers(shape, key + 50, low, high) if whole.dtype.kind == "c" else whole


def generic(key, shape):
    """Fixed numbers of 8 bits between -1 and 1, none of them zero: exact in every format."""
    return numbers(shape, key=len(key) + sum(key.encode()), low=-127, high=128) / 128


def distinct(*shape, key=0):
    """Whole numbers that all differ, in an order without a pattern: no two tie for an extreme."""
    count = int(np.prod(shape))
    return np.random.default_rng(key).permutation(count).reshape(shape) - count // 2 - 0.5


def same_as_torch(function, torch_function, *inputs, relative=0.0, order=2, dtype="float64"):
    """Assert equal values, gradients and second derivatives. Inputs: shapes, or arrays."""
    low = 1 if relative else -4
    inputs = [numbers(x, key, low, dtype=dtype) for key, x in enumerate(inputs)]
    value = torch_function(*map(torch.tensor, inputs)).numpy()
    cotangent = numbers(value.shape, 11, low, dtype=dtype)
    directions = [numbers(x.shape, 21 + i, low, dtype=dtype) for i, x in enumerate(inputs)]
    got = ours(function, inputs, cotangent, directions, order)
    wanted = theirs(torch_function, inputs, cotangent, directions, order)
    assert got.keys() == wanted.keys()
    for what, answer in got.items():
        np.testing.assert_allclose(
            answer, wanted[what], rtol=relative, atol=0, strict=True, err_msg=what
        )


def ours(function, inputs, cotangent, directions, order):
    inputs, v = [engine.constant(x) for x in inputs], engine.constant(cotangent)
    with engine.GradientTape() as outer:
        outer.watch([*inputs, v])
        with engine.GradientTape() as inner:
            inner.watch(inputs)
            y = function(*inputs)
        gradients = inner.gradient(y, inputs, output_gradients=v)
    answers = {"value": y, **{f"gradient {i}": g for i, g in enumerate(gradients)}}
    if order == 2:
        seconds = outer.gradient(gradients, [*inputs, v], output_gradients=directions,
                                 unconnected_gradients="zero")  # fmt: skip
        answers |= {f"second {i}": h for i, h in enumerate(seconds)}
        with engine.ForwardAccumulator(inputs, [engine.constant(u) for u in directions]) as forward:
            y = function(*inputs)
        answers["tangent"] = forward.jvp(y)
    return {what: answer.numpy() for what, answer in answers.items()}


def theirs(function, inputs, cotangent, directions, order):
    leaves = [torch.tensor(x, requires_grad=True) for x in (*inputs, cotangent)]
    inputs, v = leaves[:-1], leaves[-1]
    y = function(*inputs)
    gradients = torch.autograd.grad(y, inputs, v, create_graph=True)
    answers = {"value": y, **{f"gradient {i}": g for i, g in enumerate(gradients)}}
    if order == 2:
        directions = [torch.tensor(u) for u in directions]
        seconds = torch.autograd.grad(gradients, leaves, directions, allow_unused=True,
                                      materialize_grads=True)  # fmt: skip
        answers |= {f"second {i}": h for i, h in enumerate(seconds)}
        answers["tangent"] = seconds[-1]
    return {what: answer.detach().resolve_conj().numpy() for what, answer in answers.items()}
