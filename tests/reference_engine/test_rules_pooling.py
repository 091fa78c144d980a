"""Pooling: exact on whole numbers, certified elsewhere, ties, and what is refused."""

import functools

import numpy as np
import pytest
from certified import check
from frameworks import torch
from whole_numbers import distinct, generic, same_as_torch

import reference_engine as engine
from reference_engine import operators
from reference_engine.rules import pooling

F = torch.nn.functional

GREATEST = [
    ("max_pool1d", (2, 3, 7), 2, {}),
    ("max_pool1d", (2, 3, 7), 3, {"stride": 1, "padding": 1}),
    ("max_pool1d", (1, 2, 9), 3, {"stride": 2, "dilation": 2, "padding": 1}),
    ("max_pool2d", (2, 3, 6, 5), 2, {}),
    ("max_pool2d", (2, 2, 6, 5), (3, 2), {"stride": (1, 2), "padding": (1, 0)}),
    ("max_pool2d", (0, 2, 4, 4), 2, {}),
    ("max_pool3d", (1, 2, 4, 3, 5), 2, {"stride": 1, "padding": 1}),
    ("adaptive_max_pool1d", (2, 3, 7), 3, {}),
    ("adaptive_max_pool2d", (2, 2, 5, 7), (3, 2), {}),
    ("adaptive_max_pool2d", (2, 2, 6, 4), (3, 2), {}),
    ("adaptive_max_pool3d", (1, 2, 4, 3, 5), 2, {}),
]  # fmt: skip
MEANS = [
    ("avg_pool1d", (2, 3, 7), 2, {}, 0),
    ("avg_pool1d", (2, 3, 7), 3, {"stride": 1, "padding": 1}, 1e-14),
    ("avg_pool2d", (2, 3, 6, 5), 2, {}, 0),
    ("avg_pool2d", (2, 3, 6, 5), (2, 4), {"stride": 1, "padding": 1}, 0),
    ("avg_pool2d", (2, 3, 6, 5), 3, {"padding": 1, "count_include_pad": False}, 1e-14),
    ("avg_pool3d", (1, 2, 4, 3, 5), 2, {"stride": (1, 2, 1), "padding": 1}, 0),
    ("adaptive_avg_pool1d", (2, 3, 7), 3, {}, 1e-14),
    ("adaptive_avg_pool1d", (2, 3, 4), 6, {}, 1e-14),
    ("adaptive_avg_pool2d", (2, 2, 5, 7), (3, 2), {}, 1e-14),
    ("adaptive_avg_pool2d", (2, 2, 4, 8), 4, {}, 0),
    ("adaptive_avg_pool3d", (1, 2, 4, 3, 5), 2, {}, 1e-14),
]  # fmt: skip


@pytest.mark.parametrize(("name", "shape", "kernel", "options"), GREATEST)
def test_greatest_is_exact(name, shape, kernel, options):
    same_as_torch(lambda x: getattr(pooling, name)(x, kernel, **options),
                  lambda x: getattr(F, name)(x, kernel, **options), distinct(*shape))  # fmt: skip


@pytest.mark.parametrize(("name", "shape", "kernel", "options", "relative"), MEANS)
def test_means_of_whole_numbers(name, shape, kernel, options, relative):
    same_as_torch(lambda x: getattr(pooling, name)(x, kernel, **options),
                  lambda x: getattr(F, name)(x, kernel, **options), shape,
                  relative=relative)  # fmt: skip


@pytest.mark.parametrize(
    "x", [np.ones((1, 2, 5, 4)), -np.ones((1, 1, 5, 4)), np.zeros((1, 1, 4, 5))])  # fmt: skip
def test_of_ties_the_first_has_the_gradient(x):
    for ours, theirs in [
        (functools.partial(pooling.max_pool2d, kernel=3, stride=1, padding=1),
         functools.partial(F.max_pool2d, kernel_size=3, stride=1, padding=1)),
        (functools.partial(pooling.adaptive_max_pool2d, size=(2, 3)),
         functools.partial(F.adaptive_max_pool2d, output_size=(2, 3))),
    ]:  # fmt: skip
        same_as_torch(ours, theirs, x)


def test_infinities_and_nan():
    x = engine.constant([[[-np.inf, -np.inf, 1.0, np.nan, np.inf, 2.0]]])
    for function in (pooling.max_pool1d, lambda x, k: pooling.adaptive_max_pool1d(x, 3)):
        with engine.GradientTape() as tape:
            tape.watch(x)
            y = function(x, 2)
        np.testing.assert_array_equal(y.numpy(), [[[-np.inf, np.nan, np.inf]]])
        assert tape.gradient(y, x).numpy().tolist() == [[[1, 0, 0, 1, 1, 0]]]
    whole = engine.constant([[[3, -5, -7]]])
    assert pooling.max_pool1d(whole, 3, 1, 1).numpy().tolist() == [[[3, 3, -5]]]


def average(xp, x, kernel, stride):
    count = (x.shape[2] - kernel) // stride + 1
    parts = [x[:, :, i : i + stride * (count - 1) + 1 : stride] for i in range(kernel)]
    return sum(parts[1:], parts[0]) / kernel


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_certified(dtype):
    x = generic("x", (1, 2, 7))
    check(lambda x: engine.exp(pooling.avg_pool1d(x * x, 3, 2)),
          lambda xp, x: xp.exp(average(xp, x * x, 3, 2)), x, dtype=dtype)  # fmt: skip
    check(lambda x: engine.exp(pooling.max_pool1d(x * x * x, 3, 2)),
          lambda xp, x: xp.exp(xp.stack(
              [xp.max((x * x * x)[:, :, i : i + 3], axis=2) for i in (0, 2, 4)], axis=2)),
          x, dtype=dtype)  # fmt: skip
    check(lambda x: engine.exp(pooling.adaptive_avg_pool1d(x * x, 3)),
          lambda xp, x: xp.exp(xp.stack([xp.mean((x * x)[:, :, i:j], axis=2)
                                         for i, j in ((0, 3), (2, 5), (4, 7))], axis=2)),
          x, dtype=dtype)  # fmt: skip


@pytest.mark.parametrize("norm", [1, 2, 3.5])
def test_norms(norm):
    def formula(xp, x):
        return average(xp, xp.abs(x) ** norm, 2, 2) ** (1 / norm) * 2 ** (1 / norm)

    check(lambda x: pooling.lp_pool1d(x, norm, 2), formula, generic("x", (1, 2, 6)))


def test_a_window_of_zeros_has_norm_and_slope_zero():
    x = engine.constant([[[0.0, 0.0, 3.0, -4.0]]])
    with engine.GradientTape() as outer:
        outer.watch(x)
        with engine.GradientTape() as inner:
            inner.watch(x)
            y = pooling.lp_pool1d(x, 2, 2)
        slope = inner.gradient(y, x)
    np.testing.assert_allclose(slope.numpy(), [[[0, 0, 0.6, -0.8]]], rtol=1e-15)
    np.testing.assert_allclose(outer.gradient(slope, x).numpy()[0, 0, :2], 0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtypes_stay(dtype):
    x = engine.constant(generic("x", (1, 2, 6, 6)), dtype)
    for function in (pooling.max_pool2d, pooling.avg_pool2d, pooling.adaptive_avg_pool2d,
                     pooling.adaptive_max_pool2d,
                     lambda x, k: pooling.lp_pool2d(x, 2, k)):  # fmt: skip
        with engine.GradientTape() as tape:
            tape.watch(x)
            y = function(x, 4)
        assert (y.dtype, tape.gradient(y, x).dtype) == (dtype, dtype)


@pytest.mark.parametrize(("name", "notice"), [
    ("max_pool", lambda: test_greatest_is_exact("max_pool1d", (1, 2, 4), 2, {})),
    ("avg_pool", lambda: test_means_of_whole_numbers("avg_pool1d", (1, 2, 4), 2, {}, 0)),
    ("window_sum", lambda: test_norms(2)),
    ("window_spread", lambda: test_norms(2)),
])  # fmt: skip
def test_a_wrong_rule_is_noticed(name, notice, monkeypatch):
    (right,) = operators.RULES[name]
    monkeypatch.setitem(operators.RULES, name, (lambda *a, **k: right(*a, **k) * (1 + 1e-12),))
    with pytest.raises(AssertionError, match=r"gradient|second"):
        notice()


@pytest.mark.parametrize(("call", "message"), [
    (lambda x: pooling.max_pool1d(x, 2), r"max_pool1d: got x of shape .* 1 spatial"),
    (lambda x: pooling.max_pool2d(x, 2, padding=2), "wanted at most half of that"),
    (lambda x: pooling.max_pool2d(x, 5), "wanted windows that fit"),
    (lambda x: pooling.max_pool2d(x, (2, 2, 2)), "wanted 2 entries"),
    (lambda x: pooling.avg_pool2d(x, 0), "at least 1"),
    (lambda x: pooling.avg_pool2d(engine.ones((1, 1, 4, 4), "int64"), 2), "avg_pool2d: got int64"),
    (lambda x: pooling.adaptive_avg_pool2d(x, 2.5), "size=float"),
    (lambda x: pooling.adaptive_max_pool2d(x[:, :, :0], 2), "spatial axes of at least 1"),
])  # fmt: skip
def test_refusals(call, message):
    with pytest.raises(engine.EngineError, match=message):
        call(engine.ones((1, 2, 4, 4)))
