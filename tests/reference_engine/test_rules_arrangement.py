"""Operators that turn, repeat, join and split arrays."""

import functools
from types import SimpleNamespace

import numpy as np
import pytest
from certified import check
from points import generic

import reference_engine as engine
from reference_engine import operators
from reference_engine.operators import public
from reference_engine.rules import arrangement, repetition

rules = SimpleNamespace(**{
    name: public(getattr(module, name)) for module in (arrangement, repetition)
    for name in module.__all__
})  # fmt: skip

CONDITIONS = [np.array([True, False, False]), np.array([[True], [False]])]
CHECKS = {
    "moveaxis": [
        (lambda x: rules.moveaxis(x, 0, -1), lambda xp, x: xp.permute_dims(x, (1, 2, 0)),
         (2, 3, 4)),
        (lambda x: rules.moveaxis(x, [0, 1], [-1, 0]), lambda xp, x: xp.permute_dims(x, (1, 2, 0)),
         (2, 3, 4)),
    ],
    "swapaxes": [
        (lambda x: rules.swapaxes(x, 0, -1), lambda xp, x: xp.permute_dims(x, (2, 1, 0)), (2, 3, 2))
    ],
    "rot90": [
        (rules.rot90, lambda xp, x: xp.flip(xp.permute_dims(x, (1, 0)), axis=0), (2, 3)),
        (lambda x: rules.rot90(x, -1, (1, 2)),
         lambda xp, x: xp.permute_dims(xp.flip(x, axis=1), (0, 2, 1)), (2, 2, 3)),
        (lambda x: rules.rot90(x, 6), lambda xp, x: xp.flip(x), (2, 2)),
    ],
    "ravel": [(rules.ravel, lambda xp, x: xp.reshape(x, (-1,)), shape)
              for shape in [(2, 3), (), (0, 2)]],
    "flatten": [
        (lambda x: rules.flatten(x, 1), lambda xp, x: xp.reshape(x, (2, 6)), (2, 3, 2)),
        (rules.flatten, lambda xp, x: xp.reshape(x, (1,)), ()),
        (lambda x: rules.flatten(x, 0, -2), lambda xp, x: xp.reshape(x, (0, 4)), (3, 0, 4)),
    ],
    "unflatten": [
        (lambda x: rules.unflatten(x, -1, (3, -1)), lambda xp, x: xp.reshape(x, (2, 3, 2)), (2, 6))
    ],
    "atleast": [
        (rules.atleast_1d, lambda xp, x: xp.reshape(x, (1,)), ()),
        (rules.atleast_2d, lambda xp, x: xp.reshape(x, (1, 3)), (3,)),
        (rules.atleast_3d, lambda xp, x: xp.reshape(x, (1, 3, 1)), (3,)),
        (rules.atleast_3d, lambda xp, x: xp.reshape(x, (2, 3, 1)), (2, 3)),
        (rules.atleast_2d, lambda xp, x: 1 * x, (2, 1, 2)),
    ],
    "flips": [
        (rules.fliplr, lambda xp, x: xp.flip(x, axis=1), (2, 3)),
        (rules.flipud, lambda xp, x: xp.flip(x, axis=0), (3,)),
    ],
    "repeat": [
        (lambda x: rules.repeat(x, 2), lambda xp, x: xp.take(xp.reshape(x, (-1,)),
         [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5], axis=0), (2, 3)),
        (lambda x: rules.repeat(x, 3, -1),
         lambda xp, x: xp.take(x, [0, 0, 0, 1, 1, 1], axis=1), (3, 2)),
        (lambda x: rules.repeat(x, [2, 0, 3], 1),
         lambda xp, x: xp.take(x, [0, 0, 2, 2, 2], axis=1), (2, 3, 2)),
        (lambda x: rules.repeat(x, [0, 0], 0), lambda xp, x: xp.take(x, [0], axis=0)[:0], (2, 2)),
        (lambda x: rules.repeat(x, [2]), lambda xp, x: xp.stack([x, x]), ()),
        (lambda x: rules.repeat(x, 0, 0), lambda xp, x: x[:0], (2, 2)),
    ],
    "tile": [
        (lambda x: rules.tile(x, 2), lambda xp, x: xp.concat([x, x], axis=1), (2, 3)),
        (lambda x: rules.tile(x, (2, 1, 3)),
         lambda xp, x: xp.stack([xp.concat([x, x, x], axis=1)] * 2), (2, 2)),
        (lambda x: rules.tile(x, (2, 1)), lambda xp, x: xp.concat([x, x], axis=1), (1, 2, 2)),
        (lambda x: rules.tile(x, 0), lambda xp, x: x[:0], (3,)),
        (lambda x: rules.tile(x, ()), lambda xp, x: 1 * x, ()),
    ],
    "splits": [
        (lambda x: rules.unstack(x, 1)[2], lambda xp, x: x[:, 2], (2, 3)),
        (rules.unstack, lambda xp, x: (x[0], x[1], x[2]), (3, 2)),
        (lambda x: rules.split(x, [1, 4], -1),
         lambda xp, x: (x[:, :1], x[:, 1:4], x[:, 4:]), (2, 5)),
        (lambda x: rules.split(x, [3, 1])[2], lambda xp, x: x[1:], (4,)),
        (lambda x: engine.concat(rules.split(x, 2, 1)[::-1], 1),
         lambda xp, x: xp.take(x, [2, 3, 0, 1], axis=1), (2, 4)),
        (lambda x: rules.array_split(x, 3)[0] * rules.array_split(x, 3)[1],
         lambda xp, x: x[0:2] * x[2:4], (6,)),
        (lambda x: rules.split(x, [1, 4])[1], lambda xp, x: x[1:4], (5,)),
    ],
    "joins": [
        (lambda x, w: rules.hstack([x, w]), lambda xp, x, w: xp.concat([x, w]), (2,), (3,)),
        (lambda x, w: rules.hstack([x, w]), lambda xp, x, w: xp.concat([x, w], axis=1),
         (2, 2), (2, 1)),
        (lambda x, w: rules.vstack([x, w]), lambda xp, x, w: xp.stack([x, w]), (3,), (3,)),
        (lambda x, w: rules.dstack([x, w]),
         lambda xp, x, w: xp.reshape(xp.stack([x, w], axis=1), (1, 3, 2)), (3,), (3,)),
        (lambda x, w: rules.column_stack([x, w]),
         lambda xp, x, w: xp.concat([xp.reshape(x, (3, 1)), w], axis=1), (3,), (3, 2)),
    ],
    "broadcasts": [
        (lambda x, w: functools.reduce(engine.multiply, rules.broadcast_arrays(x, w)),
         lambda xp, x, w: x * w, (3, 1), (2,)),
        (lambda x, w: functools.reduce(engine.multiply, rules.meshgrid(x, w)),
         lambda xp, x, w: xp.reshape(x, (1, 3)) * xp.reshape(w, (2, 1)), (3,), (2,)),
        (lambda x, w: functools.reduce(engine.multiply, rules.meshgrid(x, w, indexing="ij")),
         lambda xp, x, w: xp.reshape(x, (3, 1)) * xp.reshape(w, (1, 2)), (3,), (2,)),
        (lambda x, w: rules.select(CONDITIONS, [x, w], 0.5),
         lambda xp, x, w: xp.where(xp.asarray(CONDITIONS[0]), x, xp.where(
             xp.asarray(CONDITIONS[1]), w, 0.5 + 0 * w)), (2, 3), (3,)),
    ],
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", CHECKS)
def test_values_and_derivatives(name, dtype):
    for function, formula, *shapes in CHECKS[name]:
        inputs = [generic(f"{name} {i}", shape) for i, shape in enumerate(shapes)]
        check(function, formula, *inputs, dtype=dtype, name=name)


@pytest.mark.parametrize(
    ("got", "wanted"),
    [(lambda x: rules.moveaxis(x, (0, 2), (1, 0)), lambda x: np.moveaxis(x, (0, 2), (1, 0))),
     (lambda x: rules.repeat(x, [1, 0, 2], 1), lambda x: np.repeat(x, [1, 0, 2], 1)),
     (lambda x: rules.tile(x, (2, 1, 2, 1)), lambda x: np.tile(x, (2, 1, 2, 1))),
     (lambda x: rules.array_split(x, 3, -1)[2], lambda x: np.array_split(x, 3, -1)[2]),
     (lambda x: rules.split(x, [1, 1, 7], 1)[3], lambda x: np.split(x, [1, 1, 7], 1)[3]),
     (lambda x: rules.dstack([x, x]), lambda x: np.dstack([x, x])),
     (lambda x: rules.rot90(x, 3, (2, 0)), lambda x: np.rot90(x, 3, (2, 0)))],
)  # fmt: skip
@pytest.mark.parametrize("dtype", ["float32", "int16"])
def test_values_are_those_of_numpy(got, wanted, dtype):
    x = np.arange(24).reshape(2, 3, 4).astype(dtype)
    y = got(engine.constant(x)).numpy()
    assert y.dtype == dtype
    assert y.tolist() == wanted(x).tolist()


def test_a_grid_of_three():
    x, w, v = np.arange(2.0), np.arange(3.0), np.arange(4.0)
    for indexing in ("xy", "ij"):
        got = rules.meshgrid(x, w, v, indexing=indexing)
        wanted = np.meshgrid(x, w, v, indexing=indexing)
        assert [g.numpy().tolist() for g in got] == [g.tolist() for g in wanted]
    assert rules.meshgrid() == []
    assert [g.shape for g in rules.meshgrid(2.0)] == [(1,)]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [(lambda: rules.repeat([1.0, 2.0], [1, 2, 3]), engine.ShapeError, r"got \(3,\) repeats for 2"),
     (lambda: rules.repeat([1.0, 2.0], 0.5), engine.OperandError, "wanted whole numbers from 0"),
     (lambda: rules.repeat([1.0, 2.0], -1), engine.OperandError, "got repeats -1"),
     (lambda: rules.repeat([1.0], 2, 1), engine.ShapeError, "repeat: got axis 1 for 1 axes"),
     (lambda: rules.split(engine.zeros(5), 2), engine.ShapeError, "wanted ones of equal size"),
     (lambda: rules.array_split(engine.zeros(5), 0), engine.ShapeError, "got 0 sections"),
     (lambda: rules.unstack(1.0), engine.ShapeError, "unstack: got axis 0 for 0 axes"),
     (lambda: rules.flatten(engine.zeros((2, 2)), 1, 0), engine.ShapeError, "end_axis"),
     (lambda: rules.unflatten(engine.zeros(6), 0, (4, 2)), engine.ShapeError, "unflatten: got"),
     (lambda: rules.rot90(engine.zeros(3)), engine.ShapeError, "rot90: got"),
     (lambda: rules.fliplr(engine.zeros(3)), engine.ShapeError, "at least 2 axes"),
     (lambda: rules.meshgrid(engine.zeros((2, 2))), engine.ShapeError, "wanted 1-D arrays"),
     (lambda: rules.meshgrid(1.0, indexing="yx"), engine.OptionError, "got indexing='yx'"),
     (lambda: rules.broadcast_arrays(engine.zeros(2), engine.zeros(3)), engine.ShapeError,
      r"got shapes \(2,\) and \(3,\)"),
     (lambda: rules.select([], []), engine.OperandError, "at least one"),
     (lambda: rules.swapaxes(engine.zeros(2), 0, 1), engine.ShapeError, "swapaxes: got"),
     (lambda: rules.moveaxis(engine.zeros(2), 0, 3), engine.ShapeError, "moveaxis: got")],
)  # fmt: skip
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_wrong_rule_is_noticed(monkeypatch):
    wrong = lambda dy, y, x, repeats, axis: engine.take(  # noqa: E731 - one repeat, not their sum
        dy, np.cumsum(repeats) - 1, axis)
    monkeypatch.setitem(operators.RULES, "repeat", (wrong,))
    with pytest.raises(AssertionError, match="gradient"):
        check(lambda x: rules.repeat(x, [2, 1]),
              lambda xp, x: xp.take(x, [0, 0, 1], axis=0), generic("wrong", (2,)))  # fmt: skip
