"""Larger matrices, in stacks: values, gradients and second derivatives are PyTorch's.

Small ones are checked against certified truths, module by module; this is for what needs size:
elimination with exchanged rows, unequal leading axes, many singular values.
"""

import numpy as np
import pytest
from frameworks import torch
from points import complex_generic, generic

import reference_engine as engine
from reference_engine import GradientTape, constant

la, tla = engine.linalg, torch.linalg


def our_gram(x):
    return x @ engine.matrix_transpose(engine.conj(x)) + 2 * np.eye(x.shape[-1])


def their_gram(x):
    return x @ x.mH + 2 * torch.eye(x.shape[-1], dtype=x.dtype)


CASES = {
    "inv": (lambda x, b: la.inv(x), lambda x, b: tla.inv(x)),
    "det": (lambda x, b: la.det(x), lambda x, b: tla.det(x)),
    "logdet": (lambda x, b: la.slogdet(x)[1], lambda x, b: tla.slogdet(x)[1]),
    "solve": (la.solve, tla.solve),
    "triangular": (lambda x, b: la.solve_triangular(x, b, lower=True),
                   lambda x, b: tla.solve_triangular(x, b, upper=False)),
    "unit triangular": (lambda x, b: la.solve_triangular(x, b, unit_diagonal=True),
                        lambda x, b: tla.solve_triangular(x, b, upper=True, unitriangular=True)),
    "cholesky": (lambda x, b: la.cholesky(our_gram(x)), lambda x, b: tla.cholesky(their_gram(x))),
    "cholesky_solve": (lambda x, b: la.cholesky_solve(b, x),
                       lambda x, b: torch.cholesky_solve(b.expand(2, 6, 3), x.tril())),
    "matrix_exp": (lambda x, b: la.matrix_exp(0.3 * x), lambda x, b: tla.matrix_exp(0.3 * x)),
    "matrix_power": (lambda x, b: la.matrix_power(x, 5), lambda x, b: tla.matrix_power(x, 5)),
    "eigvalsh": (lambda x, b: la.eigvalsh(x), lambda x, b: tla.eigvalsh(0.5 * (x + x.mH))),
    "svdvals": (lambda x, b: la.svdvals(x @ b), lambda x, b: tla.svdvals(x @ b)),
    "polar": (lambda x, b: engine.matmul(*la.svd(x)[::2]),
              lambda x, b: torch.matmul(*tla.svd(x, full_matrices=False)[::2])),
    "q of tall": (lambda x, b: la.qr(x[..., :3])[0], lambda x, b: tla.qr(x[..., :3])[0]),
    "r of wide": (lambda x, b: la.qr(x[..., :3, :])[1], lambda x, b: tla.qr(x[..., :3, :])[1]),
    "pinv": (lambda x, b: la.pinv(x[..., :4]), lambda x, b: tla.pinv(x[..., :4])),
    "lstsq": (lambda x, b: la.lstsq(x[..., :4], b), lambda x, b: tla.pinv(x[..., :4]) @ b),
    "nuclear": (lambda x, b: la.matrix_norm(x, ord="nuc"), lambda x, b: tla.matrix_norm(x, "nuc")),
    "cross": (lambda x, b: la.cross(x[..., :3], b[1]),
              lambda x, b: tla.cross(x[..., :3], b[1].expand(2, 6, 3))),
    "multi_dot": (lambda x, b: la.multi_dot([x[0], x[1], b]),
                  lambda x, b: tla.multi_dot([x[0], x[1], b])),
}


@pytest.mark.parametrize("make", [generic, complex_generic])
@pytest.mark.parametrize("name", CASES)
def test_agrees(name, make):
    ours, theirs = CASES[name]
    x = make("x", (2, 6, 6)) * 0.5 + np.diag([1.0, 1.3, 1.6, 2.0, 2.3, 2.7])
    b = make("b", (6, 3))
    tx, tb = (torch.tensor(a, requires_grad=True) for a in (x, b))
    y = theirs(tx, tb)
    cotangent = complex_generic if y.dtype.is_complex else generic
    seeds = cotangent("dy", y.shape), make("u", x.shape)
    (first,) = torch.autograd.grad(y, tx, torch.tensor(seeds[0]), create_graph=True)
    second = torch.autograd.grad(first, (tx, tb), torch.tensor(seeds[1]), allow_unused=True)
    zx, zb = constant(x), constant(b)
    with GradientTape() as outside:
        outside.watch([zx, zb])
        with GradientTape() as inside:
            inside.watch(zx)
            got = ours(zx, zb)
        dx = inside.gradient(got, zx, output_gradients=constant(seeds[0]))
    h = outside.gradient(dx, [zx, zb], output_gradients=constant(seeds[1]))
    close(got, y)
    close(dx, first)
    for mine, wanted in zip(h, second, strict=True):
        if wanted is None:
            assert mine is None or not np.any(mine.numpy())
        else:
            close(mine, wanted)


def close(got, wanted):
    """Two double answers; condition numbers here reach 1e2, and enter up to three times."""
    wanted = wanted.detach().resolve_conj().numpy()
    np.testing.assert_allclose(got.numpy(), wanted, rtol=0, atol=1e-10 * np.abs(wanted).max())


EMPTY = ["inv", "det", "slogdet", "cholesky", "eigh", "eigvalsh", "svd", "svdvals", "qr", "pinv",
         "matrix_exp", "eig", "eigvals", "cofactors"]


@pytest.mark.parametrize("name", EMPTY)
@pytest.mark.parametrize("shape", [(0, 3, 3), (2, 0, 0)])
def test_empty(name, shape):
    x = constant(np.zeros(shape))
    with GradientTape() as tape:
        tape.watch(x)
        y = getattr(la, name)(x)
        y = y[-1] if isinstance(y, tuple) else y
    dx = tape.gradient(y, x, unconnected_gradients="zero")
    assert dx.shape == shape
