"""Grids and what they read, against PyTorch, and what is refused."""

import numpy as np
import pytest
from certified import check
from frameworks import torch
from whole_numbers import generic, numbers, same_as_torch

import reference_engine as engine
from reference_engine.rules import sampling

F = torch.nn.functional

# Points between the elements of a 4 by 4 image, inside and outside of it, at quarters of elements.
POINTS = np.random.default_rng(5).integers(-14, 15, (2, 3, 2, 2)) / 16 * 1.25 + 1 / 32
SOLID = np.random.default_rng(6).integers(-14, 15, (1, 2, 2, 2, 3)) / 16 * 1.25 + 1 / 32


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize("padding", ["zeros", "border"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@pytest.mark.parametrize(("x", "grid"), [((2, 3, 4, 4), POINTS), ((1, 2, 4, 2, 4), SOLID)])
def test_like_torch(x, grid, mode, padding, corners):
    """torch has the second order in x alone for 2 spatial axes, and none for 3."""
    def ours(x, grid):
        return sampling.grid_sample(x, grid, mode, padding, corners)

    def theirs(x, grid):
        return F.grid_sample(x, grid, mode, padding, corners)

    x = numbers(x, low=1)
    if mode == "nearest":
        same_as_torch(lambda x: ours(x, engine.constant(grid)),
                      lambda x: theirs(x, torch.tensor(grid)), x, order=1)  # fmt: skip
        return
    # the slopes in the grid are differences of small whole numbers: few digits are lost
    same_as_torch(ours, theirs, x, grid, relative=1e-12, order=1)
    if grid is POINTS:
        same_as_torch(lambda x: ours(x, engine.constant(grid)),
                      lambda x: theirs(x, torch.tensor(grid)), x, relative=1e-12)  # fmt: skip


def test_certified():
    """One point of a 2 by 2 image, at a fraction (p, q) of the square between the centres."""
    def formula(xp, x, grid):
        q, p = (grid[0, 0, 0, 0] + 1) / 2, (grid[0, 0, 0, 1] + 1) / 2
        x = x[0, 0]
        upper, lower = (1 - q) * x[0, 0] + q * x[0, 1], (1 - q) * x[1, 0] + q * x[1, 1]
        return xp.reshape((1 - p) * upper + p * lower, (1, 1, 1, 1))

    for dtype in ("float64", "float32"):
        check(lambda x, grid: sampling.grid_sample(x, grid, align_corners=True), formula,
              generic("x", (1, 1, 2, 2)), [[[[0.25, -0.625]]]], dtype=dtype)  # fmt: skip


def test_far_outside_and_nan():
    x = engine.constant(np.full((1, 1, 2, 2), np.inf))
    grid = engine.constant([[[[1e300, 0.0], [9.0, 9.0], [np.nan, 0.0]]]])
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = sampling.grid_sample(x, grid)
    np.testing.assert_array_equal(y.numpy()[0, 0, 0], [0, 0, 0])
    assert tape.gradient(y, x).numpy().tolist() == [[[[0, 0], [0, 0]]]]


@pytest.mark.parametrize(("size", "corners"), [
    ((2, 1, 3, 4), False), ((2, 1, 3, 4), True), ((2, 1, 1, 2), False),
    ((1, 1, 2, 3, 2), False), ((1, 1, 2, 3, 2), True)])  # fmt: skip
def test_affine_grid(size, corners):
    count = len(size) - 2
    same_as_torch(lambda theta: sampling.affine_grid(theta, size, corners),
                  lambda theta: F.affine_grid(theta, size, corners),
                  4 + generic("theta", (size[0], count, count + 1)),
                  relative=1e-13, order=1)  # fmt: skip


@pytest.mark.parametrize(("call", "message"), [
    (lambda x, grid: sampling.grid_sample(x, grid[0]), r"grid \(2, 2, 2\)"),
    (lambda x, grid: sampling.grid_sample(x, grid[:1]), "two batch sizes"),
    (lambda x, grid: sampling.grid_sample(x, grid, "bicubic"), "mode='bicubic'"),
    (lambda x, grid: sampling.grid_sample(x, grid, padding_mode="wrap"), "padding_mode='wrap'"),
    (lambda x, grid: sampling.affine_grid(grid[0], (2, 1, 4, 4)), r"wanted theta \(N, d, d \+ 1\)"),
])  # fmt: skip
def test_refusals(call, message):
    with pytest.raises(engine.EngineError, match=message):
        call(engine.ones((2, 1, 4, 4)), engine.ones((2, 2, 2, 2)))
