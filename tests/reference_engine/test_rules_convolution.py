"""Convolutions: exact on whole numbers, certified elsewhere, and what they refuse."""

import functools
import itertools

import numpy as np
import pytest
from certified import check
from frameworks import jax, torch
from whole_numbers import generic, numbers, same_as_torch

import reference_engine as engine
from reference_engine import operators
from reference_engine.rules import convolution

F = torch.nn.functional

PLAIN = [
    # function, x, weight, bias, options
    ("conv1d", (2, 3, 7), (4, 3, 3), None, {}),
    ("conv1d", (2, 3, 7), (4, 3, 3), (4,), {"padding": 2, "stride": 2}),
    ("conv1d", (1, 4, 9), (6, 2, 2), (6,), {"groups": 2, "dilation": 3, "padding": 1}),
    ("conv1d", (2, 3, 5), (2, 3, 1), None, {}),
    ("conv2d", (2, 3, 5, 6), (4, 3, 3, 2), (4,), {"padding": 1}),
    ("conv2d", (2, 3, 5, 6), (2, 3, 3, 2), None, {"padding": (2, 1)}),
    ("conv2d", (2, 3, 5, 6), (4, 3, 3, 2), None, {"padding": (3, 2)}),
    ("conv2d", (2, 3, 8, 7), (4, 3, 3, 2), None, {"stride": (2, 3), "padding": (1, 0)}),
    ("conv2d", (2, 3, 8, 7), (5, 3, 2, 3), None, {"dilation": (2, 1), "stride": 2}),
    ("conv2d", (2, 4, 5, 5), (4, 1, 3, 3), (4,), {"groups": 4, "padding": "same"}),
    ("conv2d", (2, 4, 5, 5), (2, 2, 3, 3), None, {"groups": 2}),
    ("conv2d", (2, 3, 4, 4), (5, 3, 1, 1), None, {"padding": "valid"}),
    ("conv2d", (2, 3, 4, 4), (5, 3, 1, 1), None, {"stride": 2}),
    ("conv2d", (2, 3, 5, 5), (2, 3, 2, 4), None, {"padding": "same", "dilation": 2}),
    ("conv2d", (0, 3, 5, 5), (2, 3, 2, 2), None, {}),
    ("conv3d", (2, 2, 4, 3, 5), (3, 2, 2, 3, 2), (3,), {"padding": (0, 1, 1), "stride": 2}),
    ("conv3d", (1, 4, 3, 3, 3), (2, 2, 2, 2, 2), None, {"groups": 2, "dilation": 2}),
]  # fmt: skip
TRANSPOSED = [
    ("conv_transpose1d", (2, 3, 4), (3, 2, 3), (2,), {}),
    ("conv_transpose1d", (2, 4, 4), (4, 3, 2), None,
     {"stride": 3, "output_padding": 2, "groups": 2}),
    ("conv_transpose2d", (2, 3, 3, 4), (3, 2, 3, 3), (2,), {"padding": 1}),
    ("conv_transpose2d", (2, 2, 3, 4), (2, 5, 3, 3), None, {"padding": 1}),
    ("conv_transpose2d", (1, 3, 3, 2), (3, 2, 3, 2), None,
     {"stride": (2, 3), "output_padding": (1, 2), "padding": (1, 0), "dilation": 2}),
    ("conv_transpose3d", (1, 2, 2, 3, 2), (2, 2, 2, 2, 3), (2,), {"stride": 2}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "x", "weight", "bias", "options"), PLAIN + TRANSPOSED)
def test_exact_on_whole_numbers(name, x, weight, bias, options):
    inputs = [x, weight, *([] if bias is None else [bias])]
    ours = functools.partial(getattr(convolution, name), **options)
    same_as_torch(ours, functools.partial(getattr(F, name), **options), *inputs)


@pytest.mark.parametrize(("name", "x", "weight", "bias", "options"), [PLAIN[5], TRANSPOSED[1]])
def test_exact_on_complex_whole_numbers(name, x, weight, bias, options):
    same_as_torch(functools.partial(getattr(convolution, name), **options),
                  functools.partial(getattr(F, name), **options),
                  x, weight, dtype="complex128")  # fmt: skip


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_the_rounded_result_of_float32(dtype):
    """Products of whole numbers, whose sums are exact in float32."""
    x, weight = numbers((2, 3, 5, 5)) / 8, numbers((4, 3, 3, 3)) / 8
    got = convolution.conv2d(engine.constant(x, dtype), engine.constant(weight, dtype))
    wanted = F.conv2d(torch.tensor(x), torch.tensor(weight)).numpy().astype(got.dtype)
    np.testing.assert_array_equal(got.numpy(), wanted, strict=True)


@pytest.mark.parametrize("padding", ["same", "valid", ((2, 0), (1, 3))])
def test_paddings_that_torch_has_not(padding):
    x, weight = generic("x", (1, 2, 7, 6)), generic("w", (3, 2, 3, 2))
    wide = padding if isinstance(padding, tuple) else padding.upper()
    wanted = jax.lax.conv_general_dilated(np.float32(x), np.float32(weight), (3, 2), wide)
    got = convolution.conv2d(engine.constant(x), weight, stride=(3, 2), padding=padding)
    np.testing.assert_allclose(got.numpy(), wanted, rtol=2e-6, atol=1e-6)


def windowed(xp, x, weight, padding, stride):
    """The definition, a kernel position at a time, for one group and two spatial axes."""
    for axis, pad in ((2, padding), (3, padding)):
        zeros = xp.zeros([*x.shape[:axis], pad, *x.shape[axis + 1 :]])
        x = xp.concat([zeros, x, zeros], axis=axis)
    kernel = weight.shape[2:]
    counts = [(n - k) // stride + 1 for n, k in zip(x.shape[2:], kernel, strict=True)]
    total = 0
    for i, j in itertools.product(*map(range, kernel)):
        rows = slice(i, i + stride * (counts[0] - 1) + 1, stride)
        part = x[:, :, rows, j : j + stride * (counts[1] - 1) + 1 : stride]
        flat = xp.reshape(part, (x.shape[0], x.shape[1], counts[0] * counts[1]))
        total = total + xp.matmul(weight[:, :, i, j], flat)
    return xp.reshape(total, (x.shape[0], weight.shape[0], *counts))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("padding", "stride"), [(0, 1), (1, 1), (1, 2)])
def test_certified(dtype, padding, stride):
    def function(x, weight):
        return convolution.conv2d(x, weight, padding=padding, stride=stride)

    def formula(xp, x, weight):
        return windowed(xp, x, weight, padding, stride)

    check(function, formula, generic("x", (1, 2, 3, 3)), generic("w", (2, 2, 2, 2)), dtype=dtype)


def test_large_batches_go_in_parts(monkeypatch):
    monkeypatch.setattr(convolution, "columns", functools.partial(convolution.columns, limit=300))
    same_as_torch(lambda x, w: convolution.conv2d(x, w, padding=1),
                  lambda x, w: F.conv2d(x, w, padding=1), (5, 3, 4, 4), (2, 3, 3, 3))  # fmt: skip


def test_third_order_of_a_cubic():
    """sum(conv(x, w) ** 3) has the third derivative 6 conv(u, w) ** 3 along u."""
    x, w, u = (engine.constant(generic(k, s)) for k, s in
               [("x", (1, 2, 5)), ("w", (2, 2, 3)), ("u", (1, 2, 5))])  # fmt: skip

    def along(function):
        def slope(x):
            with engine.GradientTape() as tape:
                tape.watch(x)
                y = function(x)
            return engine.sum(tape.gradient(y, x) * u)

        return slope

    third = along(along(along(lambda x: engine.sum(convolution.conv1d(x, w) ** 3))))(x)
    wanted = 6 * np.sum(convolution.conv1d(u, w).numpy() ** 3)
    assert third.numpy() == pytest.approx(wanted, rel=1e-13)


@pytest.mark.parametrize("name", ["convolution", "convolution_input_adjoint",
                                  "convolution_weight_adjoint"])  # fmt: skip
def test_a_wrong_rule_is_noticed(name, monkeypatch):
    first, second = operators.RULES[name]
    wrong = (first, lambda *a, **k: 2 * second(*a, **k))
    monkeypatch.setitem(operators.RULES, name, wrong)
    with pytest.raises(AssertionError, match=r"gradient|second"):
        same_as_torch(convolution.conv1d, F.conv1d, (2, 3, 7), (4, 3, 3))


@pytest.mark.parametrize(("arguments", "options", "message"), [
    (((2, 3, 5), (4, 3, 3)), {}, r"conv2d: got x of shape \(2, 3, 5\), wanted \(batch, channels\)"),
    (((2, 3, 5, 5), (4, 2, 3, 3)), {}, "conv2d: got x .* wanted 2 channels in x"),
    (((2, 3, 5, 5), (4, 3, 3)), {}, r"got weight of shape \(4, 3, 3\), wanted 4 axes"),
    (((2, 3, 5, 5), (4, 3, 6, 3)), {}, r"windows that reach over \(6, 3\)"),
    (((2, 4, 5, 5), (3, 2, 3, 3)), {"groups": 2}, "a first axis that the groups divide"),
    (((2, 3, 5, 5), (4, 3, 3, 3)), {"groups": 0}, "groups=0"),
    (((2, 3, 5, 5), (4, 3, 3, 3)), {"stride": 0}, "stride=0, wanted 2 entries"),
    (((2, 3, 5, 5), (4, 3, 3, 3)), {"padding": (1, 1, 1)}, "wanted 2 ints or pairs"),
    (((2, 3, 5, 5), (4, 3, 3, 3)), {"padding": "full"}, '"same" or "valid"'),
    (((2, 3, 5, 5), (4, 3, 3, 3)), {"dilation": 1.5}, "wanted an int or a tuple"),
    (((2, 3, 5, 5), (4, 3, 3, 3), (3,)), {}, r"bias of shape \(3,\), wanted \(4,\)"),
])  # fmt: skip
def test_refusals(arguments, options, message):
    with pytest.raises(engine.EngineError, match=message):
        convolution.conv2d(*map(engine.ones, arguments), **options)


@pytest.mark.parametrize(("options", "message"), [
    ({"output_padding": 1}, "wanted less than the stride"),
    ({"padding": 9}, "which leaves sizes"),
    ({"padding": "same"}, "wanted ints or pairs"),
])  # fmt: skip
def test_refusals_of_the_transpose(options, message):
    with pytest.raises(engine.EngineError, match=message):
        convolution.conv_transpose1d(engine.ones((1, 2, 4)), engine.ones((2, 3, 3)), **options)
    with pytest.raises(engine.ShapeError, match=r"channels of x"):
        convolution.conv_transpose1d(engine.ones((1, 2, 4)), engine.ones((3, 3, 3)))
