"""Sorting, choosing by order, and answers without a derivative."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from certified import check
from frameworks import torch
from points import generic

import reference_engine as engine
from reference_engine import operators
from reference_engine.operators import public
from reference_engine.rules import searching, sorting

rules = SimpleNamespace(**{
    name: public(getattr(module, name)) for module in (sorting, searching)
    for name in module.__all__
})  # fmt: skip
INF, NAN = math.inf, math.nan


def gradient(function, *inputs):
    inputs = [engine.constant(x) for x in inputs]
    with engine.GradientTape() as tape:
        tape.watch(inputs)
        y = function(*inputs)
    return [dx.numpy().tolist() for dx in tape.gradient(y, inputs)]


def picked(order, axis):
    """The formula that takes along `axis` the elements at `order`, an array of places."""

    def formula(xp, x):
        rows = [x[place] for place in np.ndindex(x.shape)]
        numbers = np.arange(x.size).reshape(x.shape)
        chosen = np.take_along_axis(numbers, order, axis)
        return xp.reshape(xp.stack([rows[i] for i in chosen.ravel()]), order.shape)

    return formula


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("shape", "axis"), [((6,), -1), ((3, 4), 0), ((2, 4, 2), 1), ((1,), 0)])
def test_values_and_derivatives(shape, axis, dtype):
    x = generic("sorting", shape)
    order = np.argsort(x, axis=axis)
    down = np.flip(order, axis)
    first = (slice(None),) * (axis % x.ndim) + (slice(0, 1),)
    many = (*first[:-1], slice(0, 2))
    for function, indices in [
        (rules.sort, order),
        (lambda x, axis: rules.sort(x, axis, descending=True), down),
        (lambda x, axis: rules.topk(x, min(2, x.shape[axis]), axis)[0], down[many]),
        (lambda x, axis: rules.topk(x, 1, axis, largest=False)[0], order[first]),
        (lambda x, axis: rules.topk(x, 0, axis)[0], order[(*first[:-1], slice(0, 0))]),
        (lambda x, axis: rules.kthvalue(x, 1, axis, True)[0], order[first]),
        (lambda x, axis: rules.max_with_indices(x, axis, True)[0], down[first]),
        (lambda x, axis: rules.min_with_indices(x, axis, True)[0], order[first]),
        (lambda x, axis: sorting.permute_along(x, down, axis % x.ndim), down),
        (lambda x, axis: sorting.pick_along(x, down[many], axis % x.ndim), down[many]),
    ]:
        if indices.size:
            check(lambda x, f=function: f(x, axis), picked(indices, axis), x, dtype=dtype)
        else:
            assert function(engine.constant(x), axis).shape == indices.shape


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_other_ways_to_sort(dtype):
    x = generic("others", (3, 2))
    check(rules.msort, picked(np.argsort(x, axis=0), 0), x, dtype=dtype)
    numbers = np.array([2.0, -1.0, 2.0, 0.5, -1.0])
    check(rules.unique_values, lambda xp, x: xp.take(x, [1, 3, 0], axis=0), numbers, dtype=dtype)
    check(lambda x: sorting.place_along(x, np.array([3, 1]), 0, 4) * engine.constant([1, 2, 3, 4.0]
          ).astype(dtype), lambda xp, x: xp.stack([0 * x[0], 2 * x[1], 0 * x[0], 4 * x[0]]),
          generic("placed", (2,)), dtype=dtype)  # fmt: skip


SPECIAL = [[3.0, NAN, -INF, 2.0, INF, -0.0, 0.0, NAN, 2.0], [1.0] * 9]


@pytest.mark.parametrize("descending", [False, True])
def test_orders_are_those_of_torch(descending):
    wanted = torch.sort(torch.tensor(SPECIAL), stable=True, descending=descending)
    got = rules.argsort(SPECIAL, descending=descending)
    assert got.dtype == "int64"
    assert got.numpy().tolist() == wanted.indices.tolist()
    values = rules.sort(SPECIAL, descending=descending).numpy()
    assert np.array_equal(values, wanted.values.numpy().astype("float64"), equal_nan=True)


def test_extremes_with_indices_are_those_of_torch():
    x = torch.tensor([SPECIAL[0], [1.0, 5.0, 5.0, -2.0, -2.0, 0.0, 1.0, 1.0, 1.0]])
    for name in ("max", "min"):
        wanted = getattr(torch, name)(x, dim=1)
        values, indices = getattr(rules, f"{name}_with_indices")(x.numpy())
        assert indices.numpy().tolist() == wanted.indices.tolist()
        assert np.array_equal(values.numpy(), wanted.values.numpy(), equal_nan=True)
    for k in (1, 4, 9):
        values, indices = rules.kthvalue(x.numpy()[1], k)
        assert float(values) == float(torch.kthvalue(x[1], k).values)
        assert float(x[1][int(indices)]) == float(values)
    values, indices = rules.topk(x.numpy(), 3)
    assert np.array_equal(values.numpy(), torch.topk(x, 3).values.numpy(), equal_nan=True)
    assert indices.numpy()[1].tolist() == [1, 2, 0]


@pytest.mark.parametrize("largest", [False, True])
def test_the_first_of_an_order_are_found_without_the_rest(largest):
    x = np.random.default_rng(0).integers(-4, 5, (5, 60, 2)).astype("float64")  # many are equal
    x[0, ::3] = INF
    x[1, ::7] = NAN
    x[2, 1:, 0] = NAN
    for k in (1, 3, 7):
        wanted = sorting._order(x, 1, largest)[:, :k]
        assert rules.topk(x, k, 1, largest)[1].numpy().tolist() == wanted.tolist()
    assert rules.topk(np.arange(20), 2, largest=False)[0].numpy().tolist() == [0, 1]


def test_the_cotangent_goes_to_the_one_element_that_was_chosen():
    x = [2.0, 5.0, 5.0, 2.0]
    assert gradient(lambda x: rules.sort(x) * [1.0, 2.0, 3.0, 4.0], x) == [[1, 3, 4, 2]]
    weights = [1.0, 2.0, 3.0, 4.0]
    down = gradient(lambda x: rules.sort(x, descending=True) * weights, x)
    assert down == [[3, 1, 2, 4]]
    assert gradient(lambda x: rules.max_with_indices(x)[0], x) == [[0, 1, 0, 0]]
    assert gradient(lambda x: rules.min_with_indices(x)[0], x) == [[1, 0, 0, 0]]
    assert gradient(lambda x: rules.kthvalue(x, 2)[0], x) == [[0, 0, 0, 1]]
    assert gradient(rules.unique_values, x) == [[1, 1, 0, 0]]


def test_nothing_to_sort():
    for function in (rules.sort, rules.msort, rules.unique_values):
        assert gradient(function, []) == [[]]
    assert gradient(lambda x: rules.topk(x, 0)[0], []) == [[]]
    assert gradient(lambda x: rules.sort(x, 0), np.zeros((0, 2))) == [[]]
    assert gradient(rules.unique_values, 3.0) == [1]


def test_integers_are_sorted_too():
    x = engine.constant([3, 1, 2])
    assert rules.sort(x).numpy().tolist() == [1, 2, 3]
    assert rules.sort(x, descending=True).dtype == x.dtype


def test_answers_without_a_derivative():
    x = engine.constant([[0.0, 3.0, -1.0], [3.0, 0.0, NAN]])
    assert rules.argmax(x[0]).numpy() == 1
    assert rules.argmax(x, 1, True).numpy().tolist() == [[1], [2]]
    assert int(rules.argmin(x[0])) == 2
    assert rules.any(x, 1).numpy().tolist() == [True, True]
    assert rules.all(x, (0, 1)).numpy() == np.False_
    assert rules.all(engine.zeros(0)).numpy() == np.True_
    assert rules.count_nonzero(x, axis=1).numpy().tolist() == [2, 2]
    assert int(rules.count_nonzero(x)) == 4
    assert [i.numpy().tolist() for i in rules.nonzero(x)] == [[0, 0, 1, 1], [1, 2, 0, 2]]
    places = rules.searchsorted([1.0, 2.0, 2.0], [[2.0, 0.0], [3.0, NAN]])
    assert places.numpy().tolist() == [[1, 0], [3, 3]]
    assert rules.searchsorted([1.0, 2.0], 2.0, side="right").numpy() == 2
    assert rules.searchsorted([2.0, 1.0], [1.5], sorter=[1, 0]).numpy().tolist() == [1]
    for function in (rules.argmax, rules.any, rules.count_nonzero, rules.argsort):
        with engine.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        with pytest.warns(engine.GradientWarning):
            assert tape.gradient(y, x) is None


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [(lambda: rules.sort(1.0), engine.ShapeError, "sort: got axis -1 for 0 axes"),
     (lambda: rules.topk([1.0, 2.0], 3), engine.OptionError, "topk: got k=3, wanted .* 0 to 2"),
     (lambda: rules.topk([1.0, 2.0], True), engine.OptionError, "got k=True"),
     (lambda: rules.kthvalue([1.0], 0), engine.OptionError, "kthvalue: got k=0"),
     (lambda: rules.max_with_indices([]), engine.OptionError, "max_with_indices"),
     (lambda: rules.argmax([]), engine.ShapeError, "argmax: got"),
     (lambda: rules.nonzero(1.0), engine.ShapeError, "nonzero: got a 0-d x"),
     (lambda: rules.searchsorted([[1.0]], 1.0), engine.ShapeError, "wanted one axis"),
     (lambda: rules.searchsorted([1.0], 1.0, "both"), engine.OptionError, "side='both'"),
     (lambda: rules.searchsorted([1.0], 1.0, sorter=[0.0]), engine.DtypeError, "integers")],
)  # fmt: skip
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_wrong_rule_is_noticed(monkeypatch):
    wrong = lambda dy, y, x, order, axis: (  # noqa: E731 - the order, not its inverse
        sorting.permute_along(dy, order, axis))
    monkeypatch.setitem(operators.RULES, "permute_along", (wrong,))
    x = np.array([3.0, 1.0, 2.0])
    with pytest.raises(AssertionError, match="gradient"):
        check(rules.sort, picked(np.argsort(x), 0), x)
