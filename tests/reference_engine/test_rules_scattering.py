"""Gather, scatter and masks: exact on whole numbers, certified elsewhere, and what they refuse."""

import numpy as np
import pytest
from certified import check
from frameworks import torch
from whole_numbers import distinct, generic, numbers, same_as_torch

import reference_engine as engine
from reference_engine import operators
from reference_engine.rules import accumulation, places, scattering

ALONG = np.array([[0, 2, 2, 1], [1, 1, 0, 0]])  # for (3, 4) along axis 0, with duplicates
ONCE = np.array([[0, 2, 2, 1], [1, 1, 0, 0]])  # every column without duplicates
ROWS = np.array([2, 0, 2, 1])
NESTED = np.array([[[2, 0], [0, 3]], [[2, 0], [1, 1]]])
MASK = np.array([[True, False, True], [False, False, True]])


def t(array):
    return torch.tensor(array)


def reads(x, places_):
    """What indexing of NumPy's reads, as a product with ones and zeros, for torch."""
    return torch.take(x, t(np.asarray(places_)))


TABLE = [
    ("take_along_axis", lambda x: scattering.take_along_axis(x, ALONG, 0),
     lambda x: torch.gather(x, 0, t(ALONG)), [(3, 4)]),
    ("take_along_axis, broadcast indices", lambda x: scattering.take_along_axis(x, [[2], [-1]], -2),
     lambda x: x[[2, 2]], [(3, 4)]),
    ("take_along_axis, broadcast x", lambda x: scattering.take_along_axis(x, ALONG - 1, 0),
     lambda x: torch.take_along_dim(x, (t(ALONG) + 2) % 3, 0), [(3, 1)]),
    ("gather", lambda x: scattering.gather(x, ALONG[:, :1], 0),
     lambda x: torch.gather(x, 0, t(ALONG[:, :1])), [(3, 4)]),
    ("gather, 3 axes", lambda x: scattering.gather(x, ALONG[None] % 2, -1),
     lambda x: torch.gather(x, -1, t(ALONG[None] % 2)), [(2, 3, 2)]),
    ("gather, empty", lambda x: scattering.gather(x, np.zeros((0, 4), int), 0),
     lambda x: x[:0], [(3, 4)]),
    ("put_along_axis", lambda x, u: scattering.put_along_axis(x, ONCE, u, 0),
     lambda x, u: x.scatter(0, t(ONCE), u), [(3, 4), (2, 4)]),
    ("scatter, shorter", lambda x, u: scattering.scatter(x, ONCE[:, :2], u, 0),
     lambda x, u: x.scatter(0, t(ONCE[:, :2]), u), [(3, 4), (2, 2)]),
    ("scatter, of one value", lambda x, u: scattering.scatter_add(x, ONCE, u, 0),
     lambda x, u: x.scatter_add(0, t(ONCE), u.expand(2, 4)), [(3, 4), ()]),
    ("scatter_add", lambda x, u: scattering.scatter_add(x, ALONG, u, 0),
     lambda x, u: x.scatter_add(0, t(ALONG), u), [(3, 4), (2, 4)]),
    ("scatter_max", lambda x, u: scattering.scatter_max(x, ALONG, u, 0),
     lambda x, u: x.scatter_reduce(0, t(ALONG), u, "amax"),
     [distinct(3, 4), distinct(2, 4, key=1)]),
    ("scatter_min", lambda x, u: scattering.scatter_min(x, ALONG, u, 0),
     lambda x, u: x.scatter_reduce(0, t(ALONG), u, "amin"),
     [distinct(3, 4), distinct(2, 4, key=1)]),
    ("gather_nd", lambda x: scattering.gather_nd(x, NESTED),
     lambda x: x[t(NESTED[..., 0]), t(NESTED[..., 1])], [(3, 4)]),
    ("gather_nd, blocks", lambda x: scattering.gather_nd(x, NESTED % 2),
     lambda x: x[t(NESTED[..., 0] % 2), t(NESTED[..., 1] % 2)], [(3, 4, 2)]),
    ("gather_nd, all", lambda x: scattering.gather_nd(x, np.zeros((2, 0), int)),
     lambda x: torch.stack([x, x]), [(3,)]),
    ("scatter_nd", lambda u: scattering.scatter_nd(NESTED, u, (3, 4)),
     lambda u: torch.zeros(3, 4, dtype=u.dtype).index_put(
         (t(NESTED[..., 0]), t(NESTED[..., 1])), u, accumulate=True), [(2, 2)]),
    ("tensor_scatter_nd_add", lambda x, u: scattering.tensor_scatter_nd_add(x, NESTED, u),
     lambda x, u: x.index_put((t(NESTED[..., 0]), t(NESTED[..., 1])), u, accumulate=True),
     [(3, 4), (2, 2)]),
    ("tensor_scatter_nd_update", lambda x, u: scattering.tensor_scatter_nd_update(x, [[2], [0]], u),
     lambda x, u: x.index_put((t([2, 0]),), u), [(3, 4), (2, 4)]),
    ("index_add", lambda x, u: scattering.index_add(x, ROWS, u, 1),
     lambda x, u: x.index_add(1, t(ROWS), u), [(2, 3, 2), (2, 4, 2)]),
    ("index_copy", lambda x, u: scattering.index_copy(x, [2, -3], u, -1),
     lambda x, u: x.index_copy(-1, t([2, 0]), u), [(2, 3), (2, 2)]),
    ("index_fill", lambda x: scattering.index_fill(x, [2, 0], 7, 0),
     lambda x: x.index_fill(0, t([2, 0]), 7), [(3, 2)]),
    ("masked_fill", lambda x: scattering.masked_fill(x, MASK[0], -1.5),
     lambda x: x.masked_fill(t(MASK[0]), -1.5), [(2, 3)]),
    ("masked_select", lambda x: scattering.masked_select(x, MASK),
     lambda x: x.masked_select(t(MASK)), [(2, 3)]),
    ("masked_select, broadcast", lambda x: scattering.masked_select(x, MASK),
     lambda x: x.masked_select(t(MASK)), [(2, 1)]),
    ("masked_scatter", lambda x, u: scattering.masked_scatter(x, MASK, u),
     lambda x, u: x.masked_scatter(t(MASK), u), [(2, 3), (2, 2)]),
    ("embedding", lambda w: scattering.embedding(NESTED, w),
     lambda w: torch.nn.functional.embedding(t(NESTED), w), [(4, 3)]),
    ("embedding, padded", lambda w: scattering.embedding(ROWS, w, padding_idx=-1),
     lambda w: torch.nn.functional.embedding(t(ROWS), w, padding_idx=2), [(3, 2)]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("function", "torch_function", "inputs"),
    [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])  # fmt: skip
def test_exact_on_whole_numbers(function, torch_function, inputs):
    same_as_torch(function, torch_function, *inputs)


@pytest.mark.parametrize("name", ["gather", "scatter_add", "put_along_axis", "index_add"])
def test_exact_on_complex_whole_numbers(name):
    function, torch_function, inputs = next(row[1:] for row in TABLE if row[0] == name)
    same_as_torch(function, torch_function, *inputs, dtype="complex128")


def test_ties_share_equally():
    """x, and all updates that reach the extreme, in equal parts: torch's amax does the same."""
    x, u = numbers([1.0, 5.0, 0.0]), numbers([3.0, 3.0, 5.0, 2.0])
    same_as_torch(lambda x, u: scattering.scatter_max(x, [0, 0, 1, 2], u, 0),
                  lambda x, u: x.scatter_reduce(0, t([0, 0, 1, 2]), u, "amax"), x, u)  # fmt: skip
    x = engine.constant(x)
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = scattering.scatter_min(x, [0, 0, 0], [1.0, 1.0, 9.0], 0)
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), [1 / 3, 1, 1], rtol=1e-15)


def test_of_values_that_replace_the_last_stays():
    x, u = engine.constant([1.0, 2.0, 3.0]), engine.constant([10.0, 20.0, 30.0])
    with engine.GradientTape() as tape:
        tape.watch([x, u])
        y = scattering.put_along_axis(x, [1, 1, 0], u, 0)
    assert y.numpy().tolist() == [30, 20, 3]
    dx, du = tape.gradient(y, [x, u])
    assert (dx.numpy().tolist(), du.numpy().tolist()) == ([0, 0, 1], [0, 1, 1])


def test_what_is_replaced_spoils_no_gradient():
    x = engine.constant([np.inf, np.nan, 3.0])
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = scattering.masked_fill(x, x.numpy() != 3, 0.0)
    assert tape.gradient(y, x, output_gradients=[np.nan, np.inf, 2.0]).numpy().tolist() == [0, 0, 2]


def products(keys, count):
    """Products by key and of an x in front, spelled with slices."""

    def formula(xp, x, u):
        rows = []
        for key in range(count):
            product = x[key]
            for i, k in enumerate(keys):
                product = product * u[i] if k == key else product
            rows.append(product)
        return xp.stack(rows)

    return formula


@pytest.mark.parametrize("zeros", [(), (1,), (1, 4), (0, 1, 4)])
def test_products_and_their_zeros(zeros):
    keys, x, u = [1, 0, 1, 3, 1, 0, 1], generic("x", (4,)), generic("u", (7,))
    u[list(zeros)] = 0
    for dtype in ("float64", "float32"):
        check(lambda x, u: scattering.scatter_prod(x, keys, u, 0), products(keys, 4), x, u,
              dtype=dtype)  # fmt: skip
    x[1] = 0
    check(lambda x, u: scattering.scatter_prod(x, keys, u, 0), products(keys, 4), x, u)


def test_certified():
    """Nonlinear around the operators, so that their second derivatives are not all constant."""
    def read(x):
        return engine.exp(scattering.take_along_axis(x * x, ALONG, 0))

    def formula(xp, x):
        rows = [xp.stack([(x * x)[i, j] for j, i in enumerate(row)]) for row in ALONG.tolist()]
        return xp.exp(xp.stack(rows))

    for dtype in ("float64", "float32"):
        check(read, formula, generic("x", (3, 4)), dtype=dtype)

    def written(x, u):
        return engine.exp(scattering.scatter_add(x * x, [1, 0, 1], u * u, 0))

    def sums(xp, x, u):
        return xp.exp(x * x + xp.stack([u[1] * u[1], u[0] * u[0] + u[2] * u[2], 0 * u[0]]))

    check(written, sums, generic("x", (3,)), generic("u", (3,)))


@pytest.mark.parametrize("length", [1, 3, accumulation.LONG_ROW])
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128", "int64"])
def test_rows_add_up_whatever_their_length(length, dtype):
    indices, rows = np.array([[3, 0], [3, 3]]), numbers((2, 2, length)).astype(dtype)
    wanted = np.zeros((5, length), dtype)
    np.add.at(wanted, indices, rows)
    np.testing.assert_array_equal(accumulation.sum_rows(rows, indices, 5), wanted, strict=True)


def test_one_hot():
    wanted = torch.nn.functional.one_hot(t(ROWS), 3).numpy()
    np.testing.assert_array_equal(scattering.one_hot(ROWS, 3).numpy(), wanted)
    np.testing.assert_array_equal(scattering.one_hot(ROWS, 3, axis=0).numpy(), wanted.T)
    assert scattering.one_hot([5, -1], 2, dtype="float32").numpy().tolist() == [[0, 0], [0, 0]]
    assert scattering.one_hot(1, 2, 5.0, -5.0).numpy().tolist() == [-5, 5]


@pytest.mark.parametrize("name", ["gather_at", "accumulate_at", "put_at", "index_add", "embedding"])
def test_a_wrong_rule_is_noticed(name, monkeypatch):
    rules = operators.RULES[name]
    monkeypatch.setitem(operators.RULES, name, (*rules[:-1], lambda *a, **k: -rules[-1](*a, **k)))
    names = {"gather_at": "gather", "accumulate_at": "scatter_add", "put_at": "put_along_axis",
             "index_add": "index_add", "embedding": "embedding, padded"}  # fmt: skip
    row = next(row for row in TABLE if row[0] == names[name])
    with pytest.raises(AssertionError, match="gradient"):
        same_as_torch(row[1], row[2], *row[3])


@pytest.mark.parametrize(("call", "message"), [
    (lambda x: scattering.gather(x, [[3]], 0), "gather: got index 3, .* axis of size 3"),
    (lambda x: scattering.gather(x, [[0], [-4]], 0), "gather: got index -4"),
    (lambda x: scattering.gather(x, [0], 0), "wanted as many axes"),
    (lambda x: scattering.gather(x, [[0.5]], 0), "gather: got indices of dtype float64"),
    (lambda x: scattering.gather(x, [[0]], 2), "gather: got axis=2"),
    (lambda x: scattering.gather(x, [[0]], True), "wanted an int"),
    (lambda x: scattering.gather(x, [[0] * 5], 0), "differ on axis 1"),
    (lambda x: scattering.take_along_axis(x, [[0, 0]], 0), "differ on axis 1"),
    (lambda x: scattering.scatter(x, [[0]], [1.0], 0), r"updates of shape \(1,\), wanted \(1, 1\)"),
    (lambda x: scattering.gather_nd(x, [[0, 4]]), "gather_nd: got index 4, .* size 4"),
    (lambda x: scattering.gather_nd(x, [[0, 0, 0]]), "a last axis of at most 2"),
    (lambda x: scattering.scatter_nd([[3]], x[:1], (3, 4)), "scatter_nd: got index 3"),
    (lambda x: scattering.index_add(x, [0, 9], x[:2], 0), "index_add: got index 9"),
    (lambda x: scattering.index_add(x, [0], x, 0), r"updates of shape \(3, 4\), wanted \(1, 4\)"),
    (lambda x: scattering.index_copy(x, [[0]], x, 0), "wanted one axis"),
    (lambda x: scattering.masked_fill(x, [1], 0), "dtype int64, wanted bool"),
    (lambda x: scattering.masked_fill(x, [True, False], 0), r"got mask \(2,\), wanted \(3, 4\)"),
    (lambda x: scattering.masked_fill(x, True, x), "use engine.where"),
    (lambda x: scattering.masked_select(x, [True, False]), "masked_select: got x"),
    (lambda x: scattering.masked_scatter(x, True, x[:1]), "got 4 elements of source, wanted .* 12"),
    (lambda x: scattering.embedding([3], x), "embedding: got index 3, .* size 3"),
    (lambda x: scattering.embedding([0], 1.0), "at least one axis"),
])  # fmt: skip
def test_refusals(call, message):
    with pytest.raises(engine.EngineError, match=message):
        call(engine.ones((3, 4)))


def test_the_error_of_an_index_is_an_index_error():
    with pytest.raises(IndexError):
        scattering.gather(engine.ones(3), [3], 0)
    assert places.counted_from_front("f", np.array([-1, 0]), 3).tolist() == [2, 0]


SAME = np.zeros(1000, int)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("function", [
    lambda s, x: engine.index_add(s, SAME, x, 0), lambda s, x: engine.scatter_add(s, SAME, x, 0),
    lambda s, x: engine.segment_sum(x, SAME), lambda s, x: engine.take(s, SAME),
    lambda s, x: s[SAME], lambda s, x: engine.embedding(SAME, engine.reshape(s, (1, 1))),
    lambda s, x: engine.gather(s, SAME, 0),
], ids=["index_add", "scatter_add", "segment_sum", "take", "getitem", "embedding", "gather"])
def test_half_precision_adds_up(function, dtype):
    """In bfloat16, 256 + 1 is 256: a sum, or the gradient of what is read a thousand times."""
    s, x = engine.zeros(1, dtype), engine.ones(1000, dtype)
    with engine.GradientTape() as tape:
        tape.watch(s)
        y = function(s, x)
    total = y[0] if y.size == 1 else tape.gradient(y, s)[0]
    assert (float(total), str(total.dtype)) == (1000, dtype)
