"""Interpolation, shuffles, patches and padding: exact on whole numbers, and what is refused."""

import numpy as np
import pytest
from certified import check
from frameworks import torch
from whole_numbers import generic, same_as_torch

import reference_engine as engine
from reference_engine import operators
from reference_engine.rules import resampling

F = torch.nn.functional

MOVES = [
    ("nearest up", lambda x: resampling.interpolate(x, 7),
     lambda x: F.interpolate(x, 7), (2, 3, 4)),
    ("nearest down", lambda x: resampling.interpolate(x, (2, 5)),
     lambda x: F.interpolate(x, (2, 5)), (1, 2, 5, 3)),
    ("nearest 3", lambda x: resampling.interpolate(x, (2, 5, 1)),
     lambda x: F.interpolate(x, (2, 5, 1)), (1, 2, 3, 3, 2)),
    # twice, and three quarters of, a size: weights are quarters and eighths, so exact
    ("linear up", lambda x: resampling.interpolate(x, 8, "linear"),
     lambda x: F.interpolate(x, 8, mode="linear"), (2, 3, 4)),
    ("bilinear", lambda x: resampling.interpolate(x, (6, 4), "bilinear"),
     lambda x: F.interpolate(x, (6, 4), mode="bilinear"), (2, 2, 3, 2)),
    ("bilinear, corners", lambda x: resampling.interpolate(x, (5, 9), "bilinear", True),
     lambda x: F.interpolate(x, (5, 9), mode="bilinear", align_corners=True), (2, 2, 3, 5)),
    ("trilinear", lambda x: resampling.interpolate(x, (2, 6, 4), "trilinear"),
     lambda x: F.interpolate(x, (2, 6, 4), mode="trilinear"), (1, 2, 4, 3, 2)),
    ("bicubic", lambda x: resampling.interpolate(x, (6, 8), "bicubic"),
     lambda x: F.interpolate(x, (6, 8), mode="bicubic"), (1, 2, 3, 4)),
    ("bicubic, corners", lambda x: resampling.interpolate(x, (5, 9), "bicubic", True),
     lambda x: F.interpolate(x, (5, 9), mode="bicubic", align_corners=True), (1, 2, 3, 5)),
    ("pixel_shuffle", lambda x: resampling.pixel_shuffle(x, 2),
     lambda x: F.pixel_shuffle(x, 2), (2, 8, 3, 2)),
    ("pixel_unshuffle", lambda x: resampling.pixel_unshuffle(x, 3),
     lambda x: F.pixel_unshuffle(x, 3), (2, 2, 3, 6)),
    ("unfold", lambda x: resampling.unfold(x, (2, 3), padding=1, stride=2),
     lambda x: F.unfold(x, (2, 3), padding=1, stride=2), (2, 2, 5, 4)),
    ("unfold, dilated", lambda x: resampling.unfold(x, 2, dilation=2),
     lambda x: F.unfold(x, 2, dilation=2), (2, 2, 5, 4)),
    ("unfold, points", lambda x: resampling.unfold(x, 1), lambda x: F.unfold(x, 1), (2, 2, 3, 4)),
    ("fold", lambda x: resampling.fold(x, (5, 4), (2, 3), padding=1, stride=2),
     lambda x: F.fold(x, (5, 4), (2, 3), padding=1, stride=2), (2, 12, 6)),
    ("pad", lambda x: resampling.pad(x, [(0, 0), (1, 2), (0, 3)]),
     lambda x: F.pad(x, (0, 3, 1, 2)), (2, 3, 2)),
    ("pad, a number", lambda x: resampling.pad(x, [(1, 2)], value=-7),
     lambda x: F.pad(x, (1, 2), value=-7), (3,)),
    ("pad, nothing", lambda x: resampling.pad(x, [(0, 0)]), lambda x: x + 0, (3,)),
    ("pad, reflect", lambda x: resampling.pad(x, [(0, 0), (0, 0), (2, 1), (1, 3)], "reflect"),
     lambda x: F.pad(x, (1, 3, 2, 1), mode="reflect"), (1, 2, 3, 4)),
    ("pad, edge", lambda x: resampling.pad(x, [(0, 0), (0, 0), (2, 1), (0, 5)], "edge"),
     lambda x: F.pad(x, (0, 5, 2, 1), mode="replicate"), (1, 2, 3, 4)),
    ("pad, wrap", lambda x: resampling.pad(x, [(0, 0), (0, 0), (3, 1), (0, 2)], "wrap"),
     lambda x: F.pad(x, (0, 2, 3, 1), mode="circular"), (1, 2, 3, 4)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("ours", "theirs", "shape"), [row[1:] for row in MOVES],
    ids=[row[0] for row in MOVES])  # fmt: skip
def test_exact_on_whole_numbers(ours, theirs, shape, monkeypatch):
    same_as_torch(ours, theirs, shape)
    monkeypatch.setattr(resampling, "DENSE", 0)
    same_as_torch(ours, theirs, shape)


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (3, 7), (11, 2), (5, 4)])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_any_sizes(mode, size, corners):
    """Not exact; cubic weights have a sum of sizes of at most 1.5 an axis, so little is lost."""
    same_as_torch(lambda x: resampling.interpolate(x, size, mode, corners),
                  lambda x: F.interpolate(x, size, mode=mode, align_corners=corners),
                  100 + np.arange(20.0).reshape(1, 1, 5, 4), relative=2e-13, order=1)  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_certified(dtype):
    """Linear interpolation from 2 to 4 elements has the weights 1, 3/4, 1/4 and 1/4, 3/4, 1."""
    def formula(xp, x):
        a, b = x[:, :, 0] ** 2, x[:, :, 1] ** 2
        return xp.exp(xp.stack([a, 0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b, b], axis=2))

    check(lambda x: engine.exp(resampling.interpolate(x**2, 4, "linear")), formula,
          generic("x", (1, 2, 2)), dtype=dtype)  # fmt: skip


def test_a_weight_of_zero_reads_nothing():
    x = engine.constant([[[np.inf, 1.0, 3.0]]])
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = resampling.interpolate(x, 5, "linear", align_corners=True)
    assert y.numpy().tolist() == [[[np.inf, np.inf, 1, 2, 3]]]
    seed = [[[np.nan, 1.0, 1.0, 1.0, 1.0]]]
    np.testing.assert_array_equal(
        tape.gradient(y, x, output_gradients=seed).numpy(), [[[np.nan, 2, 1.5]]])  # fmt: skip


@pytest.mark.parametrize("row", [0, 3, 9, 11, 14, 15])
def test_a_wrong_rule_is_noticed(row, monkeypatch):
    for name in ("pick", "sparse_map", "pixel_shuffle", "unfold", "fold", "pad_constant"):
        (right,) = operators.RULES[name]
        monkeypatch.setitem(operators.RULES, name,
                            (lambda *a, right=right, **k: -right(*a, **k),))  # fmt: skip
    with pytest.raises(AssertionError, match="gradient"):
        same_as_torch(*MOVES[row][1:])


@pytest.mark.parametrize(("call", "message"), [
    (lambda x: resampling.interpolate(x, 3, "area"), "mode='area', wanted"),
    (lambda x: resampling.interpolate(x, 0), "at least 1"),
    (lambda x: resampling.interpolate(x[0, 0], 3), "batch, channels"),
    (lambda x: resampling.interpolate(x[:, :, :0], 3), "sizes of at least 1"),
    (lambda x: resampling.interpolate(x.astype("int64"), 3, "linear"), "wanted floats"),
    (lambda x: resampling.pixel_shuffle(x, 2), "channels that 4 divides"),
    (lambda x: resampling.pixel_unshuffle(x, 3), "sizes that 3 divides"),
    (lambda x: resampling.unfold(x, 5), "windows that fit"),
    (lambda x: resampling.fold(x[0], (4, 4), 2), r"wanted \(batch, a multiple of 4, 9\)"),
    (lambda x: resampling.pad(x, [(1, 1)]), "a pair an axis"),
    (lambda x: resampling.pad(x, [(0, -1)] * 4), "at least 0"),
    (lambda x: resampling.pad(x, [(0, 1)] * 4, "symmetric"), "mode='symmetric'"),
    (lambda x: resampling.pad(x, [(0, 1)] * 4, "reflect"), "size 1 on axis 0, too few"),
    (lambda x: resampling.pad(x, [(0, 1)] * 4, value=x), "wanted a Python number"),
])  # fmt: skip
def test_refusals(call, message):
    with pytest.raises(engine.EngineError, match=message):
        call(engine.ones((1, 2, 4, 4)))
