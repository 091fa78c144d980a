"""Diagonals, triangles and matrices put together, against their elements spelled out."""

import numpy as np
import pytest
import scipy.linalg
from certified import check
from frameworks import torch
from points import generic

from reference_engine import constant, errors, operators
from reference_engine.rules import diagonals

both = pytest.mark.parametrize("dtype", ["float64", "float32"])
offsets = pytest.mark.parametrize("offset", [0, 1, -1, 2, -2, -3])


def picked(xp, x, indices):
    return xp.take(xp.reshape(x, (-1,)), indices=np.ravel(indices).tolist(), axis=0)


def positions(*shape):
    return np.arange(np.prod(shape)).reshape(shape)


@both
@offsets
def test_trace_and_diagonal(offset, dtype):
    x = generic("x", (2, 3, 4))
    on = np.diagonal(positions(2, 3, 4), offset, -2, -1)
    if not on.size:
        assert not diagonals.trace(constant(x), offset).numpy().any()
        return

    def formula(xp, x):
        return xp.reshape(picked(xp, x, on), on.shape)

    check(lambda x: diagonals.diagonal(x, offset), formula, x, dtype=dtype)
    check(lambda x: diagonals.trace(x, offset), lambda xp, x: xp.sum(formula(xp, x), axis=-1), x,
          dtype=dtype)


@both
@offsets
def test_diag_embed(offset, dtype):
    x = generic("x", (2, 2))
    size = 2 + abs(offset)
    mask = np.eye(size, k=offset)

    def formula(xp, x):
        rows = xp.take(x, indices=np.clip(np.arange(size) + min(offset, 0), 0, 1).tolist(), axis=1)
        return xp.expand_dims(rows, axis=-1) * mask

    check(lambda x: diagonals.diag_embed(x, offset), formula, x, dtype=dtype)


@pytest.mark.parametrize("axes", [(0, 1), (1, 0), (-1, 0), (2, 1), (0, -2)])
@pytest.mark.parametrize("offset", [0, 1, -2])
def test_diagonals_in_other_axes(axes, offset):
    x = generic("x", (2, 3, 4))
    got = diagonals.diagonal(constant(x), offset, *axes).numpy()
    np.testing.assert_array_equal(got, np.diagonal(x, offset, *axes))
    got = diagonals.diag_embed(constant(x[0]), offset, *axes).numpy()
    wanted = torch.diag_embed(torch.tensor(x[0]), offset, *axes).numpy()
    np.testing.assert_array_equal(got, wanted)


def test_diag_and_diagflat():
    x = generic("x", (2, 3))
    for offset in (0, 1, -1):
        for z in (x, x[0]):
            np.testing.assert_array_equal(
                diagonals.diag(constant(z), offset).numpy(), np.diag(z, offset))
        np.testing.assert_array_equal(
            diagonals.diagflat(constant(x), offset).numpy(), np.diagflat(x, offset))
    check(diagonals.diagflat, lambda xp, x: xp.reshape(x, (6, 1)) * np.eye(6), x)


@both
@offsets
def test_triangles(offset, dtype):
    x, mask = generic("x", (2, 3, 2)), np.tri(3, 2, offset)
    check(lambda x: diagonals.tril(x, offset), lambda xp, x: x * mask, x, dtype=dtype)
    check(lambda x: diagonals.triu(x, offset + 1), lambda xp, x: x * (1 - mask), x, dtype=dtype)
    np.testing.assert_array_equal(diagonals.tril(constant(x), offset).numpy(), np.tril(x, offset))
    np.testing.assert_array_equal(diagonals.triu(constant(x), offset).numpy(), np.triu(x, offset))


def test_triangles_do_not_spread_nan():
    x = constant(np.array([[1.0, np.nan], [2.0, 3.0]]))
    np.testing.assert_array_equal(diagonals.tril(x).numpy(), [[1, 0], [2, 3]])


@both
@pytest.mark.parametrize("increasing", [False, True])
@pytest.mark.parametrize("n", [0, 1, 2, 4])
def test_vander(n, increasing, dtype):
    x = np.append(generic("x", (2,)), 0.0)  # at 0 too

    def formula(xp, x):
        powers = [xp.ones_like(x), x, x * x, x * x * x][:n]
        return xp.stack(powers if increasing else powers[::-1], axis=-1)

    got = diagonals.vander(constant(x), n, increasing).numpy()
    np.testing.assert_allclose(got, np.vander(x, n, increasing), rtol=1e-15)
    if n:
        check(lambda x: diagonals.vander(x, n, increasing), formula, x, dtype=dtype)
        check(lambda x: diagonals.vander(x, n, increasing), formula, generic("x", (2, 2)))


@both
def test_block_diag(dtype):
    shapes = [(2, 3), (1, 2), (2, 1)]
    parts = [generic(f"{i}", shape) for i, shape in enumerate(shapes)]

    def formula(xp, a, b, c):
        rows = []
        for part, shape, left in zip((a, b, c), shapes, (0, 3, 5), strict=True):
            zeros = np.zeros((shape[0], left)), np.zeros((shape[0], 6 - left - shape[1]))
            rows.append(xp.concat([zeros[0], part, zeros[1]], axis=1))
        return xp.concat(rows, axis=0)

    check(diagonals.block_diag, formula, *parts, dtype=dtype)
    got = diagonals.block_diag(*map(constant, [parts[0], [1.0, 2.0], 3.0])).numpy()
    np.testing.assert_array_equal(got, scipy.linalg.block_diag(parts[0], [1.0, 2.0], 3.0))


@pytest.mark.parametrize(
    "call",
    [
        lambda: diagonals.tril(constant([1.0])),
        lambda: diagonals.trace(constant(1.0)),
        lambda: diagonals.diagonal(constant(np.ones((2, 2))), 0, 1, 1),
        lambda: diagonals.diag(constant(np.ones((2, 2, 2)))),
        lambda: diagonals.diag_embed(constant(1.0)),
        lambda: diagonals.block_diag(constant(np.ones((2, 2, 2)))),
        lambda: diagonals.vander(constant(1.0)),
    ],
)
def test_refused(call):
    with pytest.raises(errors.ShapeError, match="wanted"):
        call()


def test_a_wrong_rule_is_noticed(monkeypatch):
    monkeypatch.setitem(operators.RULES, "tril", (lambda dy, y, x, k: diagonals.tril(dy, k - 1),))
    with pytest.raises(AssertionError, match="gradient 0"):
        test_triangles(0, "float64")
