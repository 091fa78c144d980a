"""Segments: exact on whole numbers, certified elsewhere, empty segments, and what they refuse."""

import numpy as np
import pytest
from certified import check
from frameworks import torch
from whole_numbers import distinct, generic, same_as_torch

import reference_engine as engine
from reference_engine import operators
from reference_engine.rules import segments

SORTED = np.array([0, 0, 1, 3, 3, 3])  # 2 is empty
MIXED = np.array([3, 0, 3, 1, 0, 3])
SOME = np.array([3, -1, 3, 1, 0, -2])
NESTED = np.array([[3, 0, 3], [1, 0, 3]])


def reduced(how, ids, initial):
    """The segments by torch's index_reduce, or scatter_reduce, from the start value."""

    def function(x):
        kept = torch.tensor(np.flatnonzero(ids.reshape(-1) >= 0))
        x = x.reshape(ids.size, *x.shape[ids.ndim :])[kept]
        where = torch.tensor(ids.reshape(-1))[kept]
        where = where.reshape(-1, *[1] * (x.ndim - 1)).expand(x.shape)
        start = torch.full((4, *x.shape[1:]), initial, dtype=x.dtype)
        return start.scatter_reduce(0, where, x, how, include_self=how in ("sum", "prod"))

    return function


@pytest.mark.parametrize("shape", [(), (2,)])
@pytest.mark.parametrize(("kind", "how", "initial"), [
    ("sum", "sum", 0), ("mean", "mean", 0),
    ("max", "amax", -np.inf), ("min", "amin", np.inf)])  # fmt: skip
def test_exact_on_whole_numbers(kind, how, initial, shape):
    x = 12 * distinct(6, *shape)  # 12, so that the means are whole
    ordered = getattr(segments, "segment_" + kind)
    any_order = getattr(segments, "unsorted_segment_" + kind)
    relative = 1e-15 if kind == "mean" else 0
    x = abs(x) if relative else x
    for function, ids in [(lambda x: ordered(x, SORTED), SORTED),
                          (lambda x: any_order(x, MIXED, 4), MIXED),
                          (lambda x: any_order(x, SOME, 4), SOME)]:  # fmt: skip
        same_as_torch(function, reduced(how, ids, initial), x, relative=relative)
    same_as_torch(lambda x: any_order(x, NESTED, 4), reduced(how, NESTED, initial),
                  x.reshape(2, 3, *shape), relative=relative)  # fmt: skip


def rows_of(ids, count):
    return [np.flatnonzero(ids == key).tolist() for key in range(count)]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("zeros", [(), (1,), (0, 2, 5)])
def test_products(zeros, dtype):
    x = generic("x", (6, 2))
    x[list(zeros), 0] = 0

    def formula(xp, x):
        rows = []
        for row in rows_of(MIXED, 4):
            product = xp.ones((2,))
            for i in row:
                product = product * x[i]
            rows.append(product)
        return xp.stack(rows)

    check(lambda x: segments.unsorted_segment_prod(x, MIXED, 4), formula, x, dtype=dtype)
    if dtype == "float64":
        check(lambda x: segments.segment_prod(x[np.argsort(MIXED, kind="stable").tolist()[0] :],
                                              SORTED[:5]),
              lambda xp, x: xp.stack([x[1] * x[2], x[3], 1 + 0 * x[1], x[4] * x[5]]),
              x)  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_softmax_and_logsumexp(dtype):
    x = 2 * generic("x", (6,))
    full = np.array([1, 0, 1, 0, 0, 1])

    def logsumexp(xp, x):
        parts = [xp.stack([x[i] for i in row]) for row in rows_of(full, 2)]
        return xp.stack([xp.log(xp.sum(xp.exp(part))) for part in parts])

    def softmax(xp, x):
        totals = [0, 0]
        for i, key in enumerate(full):
            totals[key] = totals[key] + xp.exp(x[i])
        return xp.stack([xp.exp(x[i]) / totals[key] for i, key in enumerate(full)])

    check(lambda x: segments.segment_logsumexp(x, full), logsumexp, x, dtype=dtype)
    check(lambda x: segments.segment_softmax(x, full), softmax, x, dtype=dtype)


def test_softmax_far_out_and_at_infinities():
    x = engine.constant([1e300, 1e300, -np.inf, -np.inf, 0.0, -np.inf])
    y = segments.segment_softmax(x, [0, 0, 1, 1, 2, 2]).numpy()
    np.testing.assert_array_equal(y, [0.5, 0.5, np.nan, np.nan, 1, 0])  # as softmax of all -inf
    y = segments.segment_logsumexp(x, [0, 0, 1, 1, 3, 3]).numpy()
    np.testing.assert_array_equal(y, [1e300, -np.inf, -np.inf, 0])


def test_certified_through_the_mean():
    check(lambda x: engine.exp(segments.segment_mean(x * x, [0, 0, 2], 3)),
          lambda xp, x: xp.exp(xp.stack([(x[0] * x[0] + x[1] * x[1]) / 2, 0 * x[0], x[2] * x[2]])),
          generic("x", (3,)))  # fmt: skip
    check(lambda x: segments.unsorted_segment_sqrt_n(x * x, [1, 1, 1, 0], 3),
          lambda xp, x: xp.stack([x[3] * x[3], (x[0] * x[0] + x[1] * x[1] + x[2] * x[2])
                                  / xp.sqrt(xp.asarray(3.0)), 0 * x[0]]),
          generic("x", (4,)))  # fmt: skip


def test_ties_share_equally():
    numbers = engine.constant([2.0, 2.0, 1.0, 5.0, 5.0, -np.inf])
    ids = [0, 0, 0, 1, 1, 2]
    for function, x in ((segments.segment_max, numbers), (segments.segment_min, -numbers)):
        with engine.GradientTape() as tape:
            tape.watch(x)
            y = function(x, ids)
        assert tape.gradient(y, x).numpy().tolist() == [0.5, 0.5, 0, 0.5, 0.5, 1]


def test_empty_segments_and_integers():
    x = engine.constant([[7, 1], [2, 5]])
    assert segments.segment_sum(x, [1, 1]).numpy().tolist() == [[0, 0], [9, 6]]
    least = np.iinfo("int64").min
    assert segments.segment_max(x, [1, 1]).numpy().tolist() == [[least] * 2, [7, 5]]
    least = segments.segment_min(x.astype("float64"), [1, 1])
    assert least.numpy().tolist() == [[np.inf] * 2, [2, 1]]
    assert segments.segment_prod(x, [1, 1]).numpy().tolist() == [[1, 1], [14, 5]]
    nothing = engine.zeros((0, 2))
    assert segments.segment_mean(nothing, np.zeros(0, int), 2).numpy().tolist() == [[0, 0]] * 2
    assert segments.segment_max(nothing, np.zeros(0, int)).shape == (0, 2)


@pytest.mark.parametrize(("name", "notice"), [
    ("segment_mean", lambda: test_exact_on_whole_numbers("mean", "mean", 0, ())),
    ("segment_max", lambda: test_exact_on_whole_numbers("max", "amax", -np.inf, ())),
    ("segment_softmax", lambda: test_softmax_and_logsumexp("float64")),
])  # fmt: skip
def test_a_wrong_rule_is_noticed(name, notice, monkeypatch):
    (right,) = operators.RULES[name]
    monkeypatch.setitem(operators.RULES, name, (lambda *a, **k: right(*a, **k) * (1 + 1e-12),))
    with pytest.raises(AssertionError, match=r"gradient|second"):
        notice()


@pytest.mark.parametrize(("call", "message"), [
    (lambda x: segments.segment_sum(x, [0, 2, 1]), "not sorted: use unsorted_segment_sum"),
    (lambda x: segments.segment_max(x, [-1, 0, 1]), "segment id -1, wanted 0 to 1"),
    (lambda x: segments.segment_max(x, [0, 1, 2], 2), "segment_max: got the segment id 2, .* to 1"),
    (lambda x: segments.segment_softmax(x, [0, -1, 2], 3), "segment id -1"),
    (lambda x: segments.segment_sum(x, [0, 1]), r"segment_ids of shape \(2,\), .* x's, \(3, 2\)"),
    (lambda x: segments.segment_sum(x, 0), "the front of x's"),
    (lambda x: segments.segment_sum(x, [0.5, 1, 2]), "dtype float64, wanted integers"),
    (lambda x: segments.segment_sum(x, [0, 1, 2], 2.5), "num_segments=float"),
])  # fmt: skip
def test_refusals(call, message):
    with pytest.raises(engine.EngineError, match=message):
        call(engine.ones((3, 2)))
