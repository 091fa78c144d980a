"""einsum against sums of products that are spelled out."""

import numpy as np
import pytest
from certified import check
from points import generic

from reference_engine import constant, errors, operators
from reference_engine.rules.einsum import einsum


def spelled(subscripts, *shapes):
    """A formula for explicit `subscripts`: every operand stretched over all labels, then a sum."""
    inputs, output = subscripts.split("->")
    terms = inputs.split(",")
    sizes = {}
    for term, shape in zip(terms, shapes, strict=True):
        for label, size in zip(term, shape, strict=True):
            sizes[label] = max(size, sizes.get(label, 0)) if size else 0
    labels = output + "".join(sorted(set(sizes) - set(output)))

    def formula(xp, *operands):
        product = None
        for x, term, shape in zip(operands, terms, shapes, strict=True):
            known = dict(zip(term, shape, strict=True))
            axes = [known.get(a, 1) for a in labels]
            indices = np.indices(axes).reshape(len(axes), -1)
            at = tuple(indices[labels.index(a)] for a in term)
            flat = np.ravel_multi_index(at, shape) if term else np.zeros(indices.shape[1], int)
            part = xp.take(xp.reshape(x, (-1,)), indices=flat.tolist(), axis=0)
            part = xp.reshape(part, tuple(axes))
            product = part if product is None else product * part
        product = xp.broadcast_to(product, tuple(sizes[a] for a in labels))
        summed = tuple(range(len(output), len(labels)))
        return xp.sum(product, axis=summed) if summed else product

    return formula


SPELLINGS = [
    ("ij->ji", (2, 3)),
    ("ij->", (2, 3)),
    ("ii->i", (3, 3)),
    ("ii->", (3, 3)),
    ("iij->ji", (2, 2, 3)),
    ("iii->i", (2, 2, 2)),
    ("i,i->", (3,), (3,)),
    ("i,i->i", (3,), (3,)),
    ("i,j->ij", (2,), (3,)),
    ("ij,jk->ik", (2, 3), (3, 2)),
    ("ij,jk->ki", (2, 3), (3, 2)),
    ("bij,bjk->bik", (2, 2, 3), (2, 3, 2)),
    ("ij,ij->i", (2, 3), (2, 3)),
    ("ij,k->i", (2, 3), (2,)),
    ("ii,ij->j", (3, 3), (3, 2)),
    ("ii,jk->", (2, 2), (2, 3)),
    (",i->i", (), (3,)),
    ("ij,jk,kl->il", (2, 2), (2, 3), (3, 2)),
    ("i,i,i->i", (3,), (3,), (3,)),
    ("ij,ji,j->", (2, 3), (3, 2), (3,)),
    ("ij,j->i", (2, 1), (3,)),  # an axis of size 1 stretches
    ("ij,jk->ik", (2, 3), (1, 2)),
    ("ij,ij->ij", (1, 3), (2, 1)),
    ("i,i->", (3,), (1,)),
    ("ii,i->", (1, 1), (3,)),
]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("subscripts", "shapes"), [(s, shapes) for s, *shapes in SPELLINGS])
def test_rule(subscripts, shapes, dtype):
    inputs = [generic(f"{subscripts}{i}", shape) for i, shape in enumerate(shapes)]
    check(lambda *x: einsum(subscripts, *x), spelled(subscripts, *shapes), *inputs,
          dtype=dtype, name=f"einsum {subscripts}")


@pytest.mark.parametrize(
    ("subscripts", "explicit", "shapes"),
    [
        ("ij,jk", "ij,jk->ik", [(2, 3), (3, 2)]),
        ("ba", "ba->ab", [(2, 3)]),
        (" i j -> j ", "ij->j", [(2, 3)]),
        ("ii", "ii->", [(2, 2)]),
        ("...ij,...jk", "xij,jk->xik", [(2, 2, 2), (2, 3)]),
        ("i...,i...->...i", "ixy,iy->xyi", [(2, 2, 3), (2, 3)]),
        ("...i->...", "xi->x", [(2, 3)]),
        ("...i->i", "xi->i", [(2, 3)]),
        ("...,...->...", "xy,y->xy", [(2, 3), (3,)]),
    ],
)  # fmt: skip
def test_shorthand(subscripts, explicit, shapes):
    inputs = [generic(f"{subscripts}{i}", shape) for i, shape in enumerate(shapes)]
    check(lambda *x: einsum(subscripts, *x), spelled(explicit, *shapes), *inputs)
    got = einsum(subscripts, *map(constant, inputs)).numpy()
    if "->i" not in subscripts:  # where NumPy refuses to sum over the dots
        np.testing.assert_allclose(got, np.einsum(subscripts.strip(), *inputs), rtol=1e-15)


@pytest.mark.parametrize(
    ("subscripts", "shapes"),
    [
        ("bhqd,bhkd->bhqk", [(3, 4, 9, 8), (3, 4, 7, 8)]),
        ("aij,jab->iab", [(5, 9, 11), (11, 5, 12)]),
        ("ijj,kj->ik", [(30, 9, 9), (20, 9)]),
        ("ijl,kj->ik", [(30, 9, 5), (20, 9)]),
        ("ij,kl->lijk", [(9, 8), (8, 9)]),
        ("ij,jk,kl,li->", [(20, 21), (21, 22), (22, 23), (23, 20)]),
    ],
)
def test_large_products(subscripts, shapes):
    """Against NumPy's own loops, and a rule against the derivative along a direction."""
    inputs = [generic(f"{i}", shape) for i, shape in enumerate(shapes)]
    y = einsum(subscripts, *map(constant, inputs))
    np.testing.assert_allclose(y.numpy(), np.einsum(subscripts, *inputs), rtol=1e-12, atol=1e-12)
    dy = generic("dy", y.shape)
    for i, x in enumerate(inputs):
        dx = operators.RULES["einsum"][0](
            i, constant(dy), None, *map(constant, inputs), subscripts=subscripts)
        along = generic("along", x.shape)
        moved = np.einsum(subscripts, *inputs[:i], along, *inputs[i + 1:])
        scale = np.abs(operators.values(dx) * along).sum()
        assert abs(np.sum(operators.values(dx) * along) - np.sum(moved * dy)) < 1e-13 * scale


@pytest.mark.parametrize("shapes", [[(0, 3), (3, 2)], [(2, 0), (0, 2)]])
def test_empty(shapes):
    x, w = (np.ones(shape) for shape in shapes)
    np.testing.assert_array_equal(einsum("ij,jk", constant(x), constant(w)).numpy(), x @ w)


@pytest.mark.parametrize(
    ("subscripts", "shapes", "error"),
    [
        ("ij", [(2,)], errors.ShapeError),
        ("i", [(2, 2)], errors.ShapeError),
        ("ij,jk", [(2, 2)], errors.OptionError),
        ("i1", [(2, 2)], errors.OptionError),
        ("i......", [(2, 2)], errors.OptionError),
        ("ij->k", [(2, 2)], errors.OptionError),
        ("ij->ii", [(2, 2)], errors.OptionError),
        ("ij,jk", [(2, 2), (3, 2)], errors.ShapeError),
        ("ii", [(2, 3)], errors.ShapeError),
        ("ii", [(1, 3)], errors.ShapeError),
    ],
)
def test_refused(subscripts, shapes, error):
    with pytest.raises(error, match="einsum"):
        einsum(subscripts, *(constant(np.ones(shape)) for shape in shapes))


def test_a_wrong_rule_is_noticed(monkeypatch):
    right = operators.RULES["einsum"][0]
    monkeypatch.setitem(operators.RULES, "einsum", (
        lambda position, dy, y, *x, subscripts: right(0, dy, y, *x, subscripts=subscripts),))
    with pytest.raises(AssertionError):
        test_rule("i,i->i", [(3,), (3,)], "float64")
