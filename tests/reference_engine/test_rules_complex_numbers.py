"""Rules at complex numbers against the certified oracle, which knows only their two real parts."""

import functools

import numpy as np
import pytest
from certified import check_complex

import reference_engine as engine
from conformance.inputs import uniform
from reference_engine import operators


class Pair(tuple):
    """A complex number of real values, for formulas; written from the textbook definitions."""

    __slots__ = ()

    def __new__(cls, real, imag):
        return super().__new__(cls, (real, imag))

    def __add__(self, other):
        other = pair(other)
        return Pair(self[0] + other[0], self[1] + other[1])

    __radd__ = __add__

    def __neg__(self):
        return Pair(-self[0], -self[1])

    def __sub__(self, other):
        return self + -pair(other)

    def __rsub__(self, other):
        return -self + other

    def __mul__(self, other):
        (a, b), (c, d) = self, pair(other)
        return Pair(a * c - b * d, a * d + b * c)

    __rmul__ = __mul__

    def __truediv__(self, other):
        (a, b), (c, d) = self, pair(other)
        size = c * c + d * d
        return Pair((a * c + b * d) / size, (b * c - a * d) / size)

    def __rtruediv__(self, other):
        return pair(other) / self


def pair(number):
    return number if isinstance(number, Pair) else Pair(number, 0.0)


def exp(xp, z):
    return Pair(xp.exp(z[0]) * xp.cos(z[1]), xp.exp(z[0]) * xp.sin(z[1]))


def log(xp, z):
    return Pair(xp.log(xp.hypot(*z)), xp.atan2(z[1], z[0]))


def sqrt(xp, z):
    return exp(xp, log(xp, z) * 0.5)


def sin(xp, z):
    return Pair(xp.sin(z[0]) * xp.cosh(z[1]), xp.cos(z[0]) * xp.sinh(z[1]))


def cos(xp, z):
    return Pair(xp.cos(z[0]) * xp.cosh(z[1]), -xp.sin(z[0]) * xp.sinh(z[1]))


def sinh(xp, z):
    return Pair(xp.sinh(z[0]) * xp.cos(z[1]), xp.cosh(z[0]) * xp.sin(z[1]))


def cosh(xp, z):
    return Pair(xp.cosh(z[0]) * xp.cos(z[1]), xp.sinh(z[0]) * xp.sin(z[1]))


def asin(xp, z):
    return -I * log(xp, I * z + sqrt(xp, 1.0 - z * z))


I = Pair(0.0, 1.0)  # noqa: E741 - what else
UNARY = {
    "negative": lambda xp, z: -z,
    "square": lambda xp, z: z * z,
    "reciprocal": lambda xp, z: 1.0 / z,
    "exp": exp,
    "expm1": lambda xp, z: exp(xp, z) - 1.0,
    "log": log,
    "log1p": lambda xp, z: log(xp, 1.0 + z),
    "log2": lambda xp, z: log(xp, z) * (1 / xp.log(xp.asarray(2.0))),
    "log10": lambda xp, z: log(xp, z) * (1 / xp.log(xp.asarray(10.0))),
    "sqrt": sqrt,
    "rsqrt": lambda xp, z: 1.0 / sqrt(xp, z),
    "sin": sin,
    "cos": cos,
    "tan": lambda xp, z: sin(xp, z) / cos(xp, z),
    "sinh": sinh,
    "cosh": cosh,
    "tanh": lambda xp, z: sinh(xp, z) / cosh(xp, z),
    "asin": asin,
    "acos": lambda xp, z: pair(2 * xp.atan(xp.asarray(1.0))) - asin(xp, z),
    "atan": lambda xp, z: (log(xp, 1.0 - I * z) - log(xp, 1.0 + I * z)) * Pair(0.0, 0.5),
    "acosh": lambda xp, z: log(xp, z + sqrt(xp, z + 1.0) * sqrt(xp, z - 1.0)),
    "atanh": lambda xp, z: (log(xp, 1.0 + z) - log(xp, 1.0 - z)) * 0.5,
    "sigmoid": lambda xp, z: 1.0 / (1.0 + exp(xp, -z)),
    "conj": lambda xp, z: Pair(z[0], -z[1]),
    "abs": lambda xp, z: xp.hypot(*z),
    "sign": lambda xp, z: z / xp.hypot(*z),
    "real": lambda xp, z: z[0],
    "imag": lambda xp, z: z[1],
    "identity": lambda xp, z: z,
}
BINARY = {
    "add": lambda xp, z, w: z + w,
    "subtract": lambda xp, z, w: z - w,
    "multiply": lambda xp, z, w: z * w,
    "divide": lambda xp, z, w: z / w,
    "pow": lambda xp, z, w: exp(xp, w * log(xp, z)),
}


def linear(name, **parameters):
    """An operator that works on both parts alike, as function and formula."""
    def apply(xp, *x):
        return getattr(xp, name)(*x, **parameters)

    def formula(xp, *z):
        return Pair(*(apply(xp, *parts) for parts in zip(*z, strict=True)))

    return name, functools.partial(apply, engine), formula


def product(xp, z):
    result = Pair(z[0][..., 0], z[1][..., 0])
    for k in range(1, z[0].shape[-1]):
        result = result * Pair(z[0][..., k], z[1][..., k])
    return result


def matmul(xp, z, w):
    return Pair(z[0] @ w[0] - z[1] @ w[1], z[0] @ w[1] + z[1] @ w[0])


ARRAYS = [
    (*linear("sum", axis=1), 1),
    (*linear("mean", axis=0, keepdims=True), 1),
    (*linear("cumulative_sum", axis=1), 1),
    (*linear("reshape", shape=(3, 2)), 1),
    (*linear("permute_dims", axes=(1, 0)), 1),
    (*linear("broadcast_to", shape=(2, 2, 3)), 1),
    (*linear("flip"), 1),
    (*linear("roll", shift=1), 1),
    (*linear("take", indices=[2, 0, 2], axis=1), 1),
    ("getitem", lambda z: z[1, ::2], lambda xp, z: (z[0][1, ::2], z[1][1, ::2]), 1),
    ("concat", lambda z, w: engine.concat([z, w]),
     lambda xp, z, w: (xp.concat([z[0], w[0]]), xp.concat([z[1], w[1]])), 2),
    ("where", lambda z, w: engine.where(np.eye(2, 3) == 1, z, w), lambda xp, z, w: tuple(
        xp.where(np.eye(2, 3) == 1, z[k], w[k]) for k in range(2)), 2),
    ("prod", lambda z: engine.prod(z, axis=-1), product, 1),
    ("matmul", lambda z, w: z @ engine.matrix_transpose(w),
     lambda xp, z, w: matmul(xp, z, (w[0].mT, w[1].mT)), 2),
]


QUADRANTS = np.array([[1], [1j], [-1], [-1j]])


def points(key, shape=(2, 3)):
    """Complex numbers in the first quadrant, away from every branch cut."""
    return (uniform(*shape, low=0.2, high=0.9).exact(f"{key}/re")
            + 1j * uniform(*shape, low=0.2, high=1.2).exact(f"{key}/im"))


def on_pairs(formula):
    def of(xp, *x):
        result = formula(xp, *(Pair(*z) if isinstance(z, tuple) else z for z in x))
        return tuple(result) if isinstance(result, tuple) else result

    return of


DTYPES = pytest.mark.parametrize("dtype", ["float64", "float32"])


@DTYPES
@pytest.mark.parametrize("name", UNARY)
def test_elementwise(name, dtype):
    check_complex(getattr(engine, name), on_pairs(UNARY[name]), points(name, (4, 2)) * QUADRANTS,
                  dtype=dtype)


@DTYPES
@pytest.mark.parametrize("name", BINARY)
def test_elementwise_of_two(name, dtype):
    check_complex(getattr(engine, name), on_pairs(BINARY[name]),
                  points(f"{name} x", (4, 2)) * QUADRANTS, points(f"{name} w", (2,)), dtype=dtype)


@pytest.mark.parametrize("name", BINARY)
def test_complex_and_real(name):
    real = uniform(3, low=0.2, high=0.9).exact(name)
    check_complex(getattr(engine, name), on_pairs(
        lambda xp, z, w: BINARY[name](xp, z, Pair(w, 0.0))), points(name), real)


@pytest.mark.parametrize(("name", "function", "formula", "count"), ARRAYS)
def test_arrays(name, function, formula, count):
    check_complex(function, on_pairs(formula), *(points(f"{name} {i}") for i in range(count)),
                  name=name)


def test_a_missing_conjugate_is_noticed(monkeypatch):
    monkeypatch.setitem(operators.RULES, "exp", (lambda dy, y, x: dy * operators.values(y).conj(),))
    with pytest.raises(AssertionError, match=r"exp: gradient 0 .* truth \("):
        check_complex(engine.exp, on_pairs(exp), points("exp"))
