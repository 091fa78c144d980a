"""Products of tensors and powers of matrices, against their elements spelled out."""

import numpy as np
import pytest
from certified import check, check_complex
from frameworks import torch
from points import Complex, complex_generic, generic

from reference_engine import GradientTape, constant, errors, operators
from reference_engine.rules import products
from reference_engine.rules.einsum import einsum

both = pytest.mark.parametrize("dtype", ["float64", "float32"])


def inputs(*shapes):
    return [generic(f"input {i}", shape) for i, shape in enumerate(shapes)]


@both
@pytest.mark.parametrize(
    ("axes", "shapes"),
    [
        (1, [(2, 3), (3, 2)]),
        (2, [(2, 2, 3), (2, 3, 2)]),
        (0, [(2,), (3,)]),
        (0, [(), (3,)]),
        (((0, -1), (2, 0)), [(2, 2, 3), (3, 2, 2)]),
        (((2, 0), (0, 2)), [(2, 2, 3), (3, 2, 2)]),
        ((1, 0), [(2, 3), (3, 2)]),
    ],
)
def test_tensordot(axes, shapes, dtype):
    x, w = inputs(*shapes)
    if isinstance(axes, int):
        over = list(range(x.ndim - axes, x.ndim)), list(range(axes))
    else:
        over = tuple(np.mod(np.atleast_1d(a), z.ndim).tolist()
                     for a, z in zip(axes, (x, w), strict=True))
    free = [[a for a in range(z.ndim) if a not in o] for z, o in zip((x, w), over, strict=True)]

    def formula(xp, x_, w_):
        count = int(np.prod([x.shape[a] for a in over[0]], dtype=int))
        left = xp.permute_dims(x_, axes=(*free[0], *over[0])) if x.ndim else x_
        right = xp.permute_dims(w_, axes=(*over[1], *free[1]))
        y = xp.matmul(xp.reshape(left, (-1, count)), xp.reshape(right, (count, -1)))
        return xp.reshape(y, (*(x.shape[a] for a in free[0]), *(w.shape[a] for a in free[1])))

    check(lambda x, w: products.tensordot(x, w, axes), formula, x, w, dtype=dtype)
    np.testing.assert_allclose(
        products.tensordot(constant(x), constant(w), axes).numpy(), np.tensordot(x, w, axes),
        rtol=1e-14)


@both
@pytest.mark.parametrize(
    ("axis", "shapes"), [(-1, [(3,), (3,)]), (-2, [(3, 2), (4, 3, 1)]), (0, [(3, 2), (3, 2)])]
)
def test_vecdot(axis, shapes, dtype):
    check(lambda x, w: products.vecdot(x, w, axis), lambda xp, x, w: xp.sum(x * w, axis=axis),
          *inputs(*shapes), dtype=dtype)


@both
def test_composed_products(dtype):
    check(products.vdot, lambda xp, x, w: xp.sum(x * xp.reshape(w, (2, 3))),
          *inputs((2, 3), (6,)), dtype=dtype)
    check(products.dot, lambda xp, x, w: xp.matmul(x, w), *inputs((2, 3), (3, 2)), dtype=dtype)
    check(products.dot, lambda xp, x, w: x * w, *inputs((2, 3), ()), dtype=dtype)
    check(products.inner, lambda xp, x, w: xp.matmul(x, xp.matrix_transpose(w)),
          *inputs((2, 3), (4, 3)), dtype=dtype)
    check(products.outer, lambda xp, x, w: xp.reshape(x, (2, 1)) * w,
          *inputs((2,), (3,)), dtype=dtype)


def test_dot_and_inner_agree_with_numpy():
    for name in ("dot", "inner", "kron", "vdot"):
        shapes = {"dot": [((2, 3, 4), (5, 4, 2)), ((3,), (3,)), ((), (2,)), ((2, 3), (3,))],
                  "inner": [((2, 3), (4, 2, 3)), ((3,), (3,)), ((2,), ())],
                  "kron": [((2, 3), (2,)), ((2,), (3, 2, 2)), ((), (2, 2))],
                  "vdot": [((2, 3), (6,))]}[name]
        for pair in shapes:
            x, w = inputs(*pair)
            got = getattr(products, name)(constant(x), constant(w)).numpy()
            np.testing.assert_allclose(got, getattr(np, name)(x, w), rtol=1e-14)


@both
@pytest.mark.parametrize("shapes", [[(2, 3), (3, 2)], [(2,), (3,)], [(2, 2), (3,)], [(), (3,)]])
def test_kron(shapes, dtype):
    x, w = inputs(*shapes)
    ndim = max(x.ndim, w.ndim)
    a, b = ((1,) * (ndim - z.ndim) + z.shape for z in (x, w))

    def formula(xp, x, w):
        left = xp.reshape(x, tuple(size for s in a for size in (s, 1)))
        right = xp.reshape(w, tuple(size for s in b for size in (1, s)))
        return xp.reshape(left * right, tuple(p * q for p, q in zip(a, b, strict=True)))

    check(products.kron, formula, x, w, dtype=dtype)


@both
@pytest.mark.parametrize(("axis", "shapes"), [(-1, [(2, 3), (3,)]), (0, [(3, 2), (3, 1)])])
def test_cross(axis, shapes, dtype):
    def formula(xp, x, w):
        def part(z, i):
            return z[..., i] if axis == -1 else z[i]

        return xp.stack(
            [part(x, i - 2) * part(w, i - 1) - part(x, i - 1) * part(w, i - 2) for i in range(3)],
            axis=axis)

    check(lambda x, w: products.cross(x, w, axis), formula, *inputs(*shapes), dtype=dtype)
    x, w = inputs((2, 3), (4, 1, 3))
    np.testing.assert_allclose(
        products.cross(constant(x), constant(w)).numpy(), np.cross(x, w), rtol=1e-15)


@both
def test_mv(dtype):
    check(products.mv, lambda xp, x, v: xp.matmul(x, v), *inputs((2, 3), (3,)), dtype=dtype)


@both
@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("addmm", [(2,), (2, 3), (3, 2)]),
        ("baddbmm", [(2, 1, 2), (2, 2, 3), (2, 3, 2)]),
        ("addmv", [(), (2, 3), (3,)]),
        ("addr", [(2, 3), (2,), (3,)]),
    ],
)
@pytest.mark.parametrize(("beta", "alpha"), [(1, 1), (0.5, -2), (1, 0)])
def test_adds_product(name, shapes, beta, alpha, dtype):
    def formula(xp, bias, x, w):
        y = xp.reshape(x, (2, 1)) * w if name == "addr" else xp.matmul(x, w)
        return bias * beta + y * alpha

    check(lambda *z: getattr(products, name)(*z, beta=beta, alpha=alpha), formula,
          *inputs(*shapes), dtype=dtype, name=name)
    z = inputs(*shapes)
    got = getattr(products, name)(*map(constant, z), beta=beta, alpha=alpha).numpy()
    wanted = getattr(torch, name)(*map(torch.tensor, z), beta=beta, alpha=alpha).numpy()
    np.testing.assert_allclose(got, wanted, rtol=1e-13)


def test_a_beta_of_zero_ignores_the_bias():
    bias, x, w = constant(np.full((2, 2), np.nan)), *map(constant, inputs((2, 3), (3, 2)))
    with GradientTape() as tape:
        tape.watch([bias, x])
        y = products.addmm(bias, x, w, beta=0)
    np.testing.assert_allclose(y.numpy(), x.numpy() @ w.numpy())
    to_bias, to_x = tape.gradient(y, [bias, x])
    assert not to_bias.numpy().any()
    assert np.isfinite(to_x.numpy()).all()


def test_multi_dot():
    shapes = [(2, 3), (3, 4), (4, 2), (2, 2)]
    check(lambda *x: products.multi_dot(x), lambda xp, a, b, c, d: ((a @ b) @ c) @ d,
          *inputs(*shapes))
    check(lambda *x: products.multi_dot(x), lambda xp, a, b, c: xp.matmul(xp.matmul(a, b), c),
          *inputs((3,), (3, 2), (2,)))
    tall = inputs((10, 100), (100, 5), (5, 50), (50, 1))
    np.testing.assert_allclose(
        products.multi_dot([constant(x) for x in tall]).numpy(), np.linalg.multi_dot(tall),
        rtol=1e-12)


@both
@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 6])
def test_matrix_power(n, dtype):
    def formula(xp, x):
        if n == 0:
            return x * 0 + np.eye(2)
        y = x
        for _ in range(n - 1):
            y = y @ x
        return y

    check(lambda x: products.matrix_power(x, n), formula, generic("x", (2, 2, 2)), dtype=dtype)


@both
@pytest.mark.parametrize("n", [-1, -2, -3])
def test_negative_matrix_power(n, dtype):
    def formula(xp, x):
        adjugate = xp.stack([xp.stack([x[1, 1], -x[0, 1]]), xp.stack([-x[1, 0], x[0, 0]])])
        inverse = adjugate / (x[0, 0] * x[1, 1] - x[0, 1] * x[1, 0])
        y = inverse
        for _ in range(-n - 1):
            y = y @ inverse
        return y

    check(lambda x: products.matrix_power(x, n), formula, [[2.0, 0.5], [-0.25, 1.5]], dtype=dtype)


@both
def test_complex(dtype):
    x, w = complex_generic("x", (2, 3)), complex_generic("w", (2, 3))

    def product(xp, x, w):
        return Complex(*x) * Complex(*w)

    def dotted(xp, x, w):
        y = Complex(*x).conj() * Complex(*w)
        return xp.sum(y.re, axis=-1), xp.sum(y.im, axis=-1)

    check_complex(products.vecdot, dotted, x, w, dtype=dtype)
    check_complex(lambda x, w: products.tensordot(x, w, ((0,), (0,))),
                  lambda xp, x, w: (Complex(*map(xp.matrix_transpose, x)) @ Complex(*w)).pair(),
                  x, w, dtype=dtype)
    check_complex(lambda x, w: einsum("ij,ij->", x, w),
                  lambda xp, x, w: tuple(map(xp.sum, product(xp, x, w).pair())), x, w, dtype=dtype)
    check_complex(lambda x, w: products.kron(x[0], w[0]), lambda xp, x, w: (
        Complex(*(xp.reshape(xp.expand_dims(v[0], axis=-1) * np.ones(3), (9,)) for v in x))
        * Complex(*(xp.reshape(v[0] * np.ones((3, 1)), (9,)) for v in w))).pair(),
        x, w, dtype=dtype)
    check_complex(lambda x, w: products.cross(x, w)[..., 2], lambda xp, x, w: (
        Complex(x[0][:, 0], x[1][:, 0]) * Complex(w[0][:, 1], w[1][:, 1])
        - Complex(x[0][:, 1], x[1][:, 1]) * Complex(w[0][:, 0], w[1][:, 0])).pair(),
        x, w, dtype=dtype)
    square = complex_generic("square", (2, 2))
    check_complex(lambda x: products.matrix_power(x, 3), lambda xp, x: (
        Complex(*x) @ Complex(*x) @ Complex(*x)).pair(), square, dtype=dtype)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision(dtype):
    """Computed in float32 and rounded once."""
    x, w = (constant(z, dtype) for z in inputs((3, 3), (3, 3)))
    singles = [np.asarray(z.numpy(), "float32") for z in (x, w)]
    for function, theirs in (
        (products.dot, np.dot), (products.inner, np.inner), (products.kron, np.kron),
        (products.vdot, np.vdot), (lambda x, w: products.tensordot(x, w, 2), np.tensordot),
        (lambda x, w: einsum("ij,kj->ik", x, w), lambda x, w: x @ w.T),
        (lambda x, w: products.mv(x, w[0]), lambda x, w: x @ w[0]),
        (lambda x, w: products.vecdot(x, w), lambda x, w: np.sum(x * w, axis=-1)),
    ):
        with GradientTape() as tape:
            tape.watch(x)
            y = function(x, w)
        assert y.dtype == x.dtype
        wanted = np.asarray(theirs(*singles), x.dtype).astype(float)
        np.testing.assert_allclose(y.numpy().astype(float), wanted, rtol=2**-7, atol=2**-9)
        assert tape.gradient(y, x).dtype == x.dtype


REFUSED = [
    (products.tensordot, [(2, 3), (3, 3)]),
    (products.vecdot, [(2,), (3,)]),
    (products.outer, [(2, 2), (3,)]),
    (products.cross, [(2,), (2,)]),
    (products.mv, [(2, 3), (2,)]),
    (products.addmm, [(2,), (2,), (2, 2)]),
    (products.inner, [(2,), (3,)]),
]


@pytest.mark.parametrize(("function", "shapes"), REFUSED)
def test_refused(function, shapes):
    with pytest.raises(errors.ShapeError):
        function(*map(constant, inputs(*shapes)))


def test_refused_matrices():
    with pytest.raises(errors.ShapeError, match="square"):
        products.matrix_power(constant(np.ones((2, 3))), 2)
    with pytest.raises(errors.MatrixError, match="Singular"):
        products.matrix_power(constant(np.ones((2, 2))), -2)
    with pytest.raises(errors.ShapeError, match="multi_dot"):
        products.multi_dot([constant(np.ones((2, 2, 2))), constant(np.ones((2, 2)))])


def test_a_wrong_rule_is_noticed(monkeypatch):
    right = operators.RULES["kron"]
    monkeypatch.setitem(operators.RULES, "kron", (
        right[0], lambda dy, y, x, w: dy[:3, :2] * x[0, 0]))
    with pytest.raises(AssertionError, match="gradient 1"):
        test_kron([(2, 3), (3, 2)], "float64")
