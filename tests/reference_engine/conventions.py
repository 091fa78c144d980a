"""What engines answer where a derivative does not exist or is a matter of taste.

    python tests/reference_engine/conventions.py

prints the table of docs/reference-engine.md, of the engines that are installed.
"""

import importlib
from typing import NamedTuple

import numpy as np

ENGINES = ("reference engine", "torch", "TensorFlow", "JAX")
NOTHING = "-"


class Row(NamedTuple):
    """Where (x, and w if there is one), and how each engine spells it."""

    x: str
    w: str
    spelled: tuple[str, str, str, str]


def rows():
    """The lines of TABLE."""
    for line in TABLE.strip().splitlines():
        if line.strip():
            x, w, *spelled = [cell.strip() for cell in line.split("|")]
            yield Row(x, w, tuple(spelled))


# x | w | reference engine | torch | TensorFlow | JAX; `=` is the reference engine's spelling
TABLE = """
0 | - | abs(x) | = | = | =
0j | - | abs(x) | = | = | =
0 | - | relu(x) | F.relu(x) | nn.relu(x) | nn.relu(x)
[0, 6] | - | relu6(x) | F.relu6(x) | nn.relu6(x) | nn.relu6(x)
0 | - | leaky_relu(x) | F.leaky_relu(x) | nn.leaky_relu(x, 0.01) | nn.leaky_relu(x)
[-1, 1] | - | hardtanh(x) | F.hardtanh(x) | - | nn.hard_tanh(x)
0 | - | selu(x) | F.selu(x) | nn.selu(x) | nn.selu(x)
0 | - | heaviside(x, 0.5) | heaviside(x, tensor(0.5)) | - | heaviside(x, 0.5)
1 | 1 | maximum(x, w) | = | = | =
[1, 1, 0] | - | max(x) | amax(x) | reduce_max(x) | =
[0, 1] | - | clip(x, 0, 1) | clip(x, 0, 1) | clip_by_value(x, 0, 1) | clip(x, 0, 1)
[0, 1] | - | floor(x) | = | = | =
0 | - | sqrt(x) | = | = | =
0 | 0 | x ** w | = | = | =
0 | - | x ** 0 | = | = | =
-2 | 3 | x ** w | = | = | =
0 | 0 | hypot(x, w) | = | - | =
[0, 0] | - | linalg.vector_norm(x) | = | norm(x) | linalg.norm(x)
[1, -1] | - | linalg.vector_norm(x, ord=inf) | = | norm(x, inf) | linalg.norm(x, inf)
[2, 2] | - | std(x) | std(x, correction=0) | math.reduce_std(x) | std(x)
[1, 2, 2, 3] | - | median(x) | quantile(x, 0.5) | - | median(x)
[1, 2, 2] | [1, 2, 4] | sort(x) * w | sort(x)[0] * w | = | =
[0, 0, 3] | - | prod(x) | = | reduce_prod(x) | =
[0, 2, 3] | - | cumulative_prod(x) | cumprod(x, 0) | math.cumprod(x) | cumprod(x)
[1, 1, 0] | - | cumulative_max(x) | cummax(x, 0)[0] | - | lax.cummax(x)
[[[1, 1]]] | - | max_pool1d(x, 2) | F.max_pool1d(x, 2) | pool(x) | -
[1, 1, 0] | - | segment_max(x, [0, 0, 1]) | - | math.segment_max(x, [0, 0, 1]) | segment_max(x)
0 | - | where(x > 0, sqrt(x), 0.0 * x) | = | = | =
0 | 0 | xlogy(x, w) | special.xlogy(x, w) | math.xlogy(x, w) | special.xlogy(x, w)
0 | 2 | xlogy(x, w) | special.xlogy(x, w) | math.xlogy(x, w) | special.xlogy(x, w)
0 | - | sinc(x) | = | - | =
0 | 0 | atan2(x, w) | = | = | arctan2(x, w)
[-inf, -inf] | - | logsumexp(x) | logsumexp(x, 0) | reduce_logsumexp(x) | nn.logsumexp(x)
[[1, 0], [0, 1]] | - | linalg.eigh(x)[1][0, 0] | = | linalg.eigh(x)[1][0, 0] | =
[[1, 0], [0, 1]] | - | linalg.eigvalsh(x)[0] | = | linalg.eigvalsh(x)[0] | =
[[1, 2], [2, 4]] | - | linalg.det(x) | = | linalg.det(x) | =
[[1, 2], [2, 4]] | - | linalg.inv(x) | = | linalg.inv(x) | =
[[4, 2], [2, 5]] | - | linalg.cholesky(x)[1, 0] | = | linalg.cholesky(x)[1, 0] | =
[[2, 1], [1, 3]] | - | linalg.eigvalsh(x)[0] | = | linalg.eigvalsh(x)[0] | =
"""


def answer(engine, row):
    """The gradient as text: that for x, and that for w if there is one."""
    spelled = row.spelled[ENGINES.index(engine)]
    if spelled == NOTHING:
        return NOTHING
    if spelled == "=":
        spelled = row.spelled[0]
    points = [_point(text) for text in (row.x, row.w) if text != NOTHING]
    with np.errstate(all="ignore"):
        try:
            found = GRADIENTS[engine](spelled, points)
        except Exception as error:
            if isinstance(error, (NameError, AttributeError, SyntaxError)):
                raise
            return "raises"
    return " and ".join(_told(dx) for dx in found)


def _point(text):
    point = np.array(eval(text, {"inf": np.inf}))
    return point.astype("complex128" if point.dtype.kind == "c" else "float64")


def _told(dx):
    if dx is None:
        return "None"
    return str(_rounded(np.asarray(dx).tolist())).replace("'", "")


def _rounded(x):
    if isinstance(x, list):
        return [_rounded(element) for element in x]
    if isinstance(x, complex):
        return f"{x:.4g}"
    return f"{x + 0.0:.4g}"


def _names(*modules, **others):
    """A space of names in which the modules are looked up in turn."""

    class Names(dict):
        def __missing__(self, name):
            for module in modules:
                if hasattr(module, name):
                    return getattr(module, name)
            raise NameError(f"{name} is in none of {modules}")

    return Names(others, inf=np.inf)


def _of_the_reference_engine(spelled, points):
    import reference_engine as engine

    inputs = [engine.constant(point) for point in points]
    with engine.GradientTape() as tape:
        tape.watch(inputs)
        y = eval(spelled, {}, _names(engine, **dict(zip("xw", inputs, strict=False))))
    return [dx if dx is None else dx.numpy() for dx in tape.gradient(y, inputs)]


def _of_torch(spelled, points):
    import torch

    inputs = [torch.tensor(point, requires_grad=True) for point in points]
    names = _names(torch, F=torch.nn.functional, **dict(zip("xw", inputs, strict=False)))
    y = eval(spelled, {}, names)
    found = torch.autograd.grad(y.sum(), inputs, allow_unused=True)
    return [dx if dx is None else dx.numpy() for dx in found]


def _of_tensorflow(spelled, points):
    import tensorflow as tf

    inputs = [tf.constant(point) for point in points]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        y = eval(spelled, {}, _names(
            tf, pool=lambda x: tf.nn.max_pool1d(tf.reshape(x, (1, 2, 1)), 2, 2, "VALID"),
            **dict(zip("xw", inputs, strict=False))))
    return [dx if dx is None else tf.convert_to_tensor(dx).numpy()
            for dx in tape.gradient(y, inputs)]


def _of_jax(spelled, points):
    import jax

    jax.config.update("jax_enable_x64", True)

    def function(*inputs):
        y = eval(spelled, {}, _names(
            jax.numpy, lax=jax.lax, nn=jax.nn, special=jax.scipy.special,
            segment_max=lambda x: jax.ops.segment_max(x, np.array([0, 0, 1])),
            **dict(zip("xw", inputs, strict=False))))
        return jax.numpy.sum(y).real

    found = jax.grad(function, argnums=tuple(range(len(points))))(*points)
    return [np.conj(dx) for dx in found]  # JAX gives the conjugate of what others do


GRADIENTS = dict(zip(ENGINES, (_of_the_reference_engine, _of_torch, _of_tensorflow, _of_jax),
                     strict=True))


def line(row, answers):
    """A row of the table in the guide."""
    where = f"x = {row.x}" + (f", w = {row.w}" if row.w != NOTHING else "")
    return f"| `{row.spelled[0]}` | {where} | {' | '.join(answers)} |"


if __name__ == "__main__":
    for name in ("torch", "tensorflow", "jax"):
        importlib.import_module(name)
    for row in rows():
        print(line(row, [answer(engine, row) for engine in ENGINES]))
