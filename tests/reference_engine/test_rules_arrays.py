"""Arrangement, statistics, sorting and the like in half precision, and on complex numbers."""

import ml_dtypes
import numpy as np
import pytest
from certified import check_complex
from points import generic

import reference_engine as engine

HALVES = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16}
KNOTS = np.array([-1.0, 0.0, 1.0])
CALLS = {
    "moveaxis": lambda x: engine.moveaxis(x, 0, 1),
    "rot90": engine.rot90,
    "ravel": engine.ravel,
    "repeat": lambda x: engine.repeat(x, [1, 2, 0], 0) * engine.repeat(x, 3, 0)[:3],
    "tile": lambda x: engine.tile(x, (2, 2)),
    "unstack": lambda x: engine.unstack(x)[1] * engine.split(x, 3)[0],
    "select": lambda x: engine.select([x > 0, x < -0.5], [x * x, x], 0),
    "diff": lambda x: engine.diff(x, 0, prepend=0.0),
    "trapezoid": engine.trapezoid,
    "gradient": lambda x: engine.gradient(x, [0.0, 0.5, 2.0], 0),
    "polyval": lambda x: engine.polyval(x[0], x[1]),
    "interp": lambda x: engine.interp(x, engine.constant(KNOTS.astype(x.dtype)), x[0, :3]),
    "convolve": lambda x: engine.convolve(x[0], x[1, :2]),
    "center": lambda x: engine.center(x, 0),
    "std": lambda x: engine.std(x, 0),
    "nanstd": engine.nanstd,
    "nanvar": engine.nanvar,
    "nansum": engine.nansum,
    "nanmean": lambda x: engine.nanmean(x, 1),
    "nanmax": engine.nanmax,
    "average": lambda x: engine.average(x, 0, x * x + 1),
    "logmeanexp": engine.logmeanexp,
    "sum_of_squares": engine.sum_of_squares,
    "median": engine.median,
    "quantile": lambda x: engine.quantile(x, [0.3, 0.6], 0),
    "nanmedian": engine.nanmedian,
    "sort": engine.sort,
    "topk": lambda x: engine.topk(x, 2)[0],
    "kthvalue": lambda x: engine.kthvalue(x, 2)[0],
    "unique_values": engine.unique_values,
    "cumsum": lambda x: engine.cumsum(x, 1, True, True),
    "cumulative_prod": lambda x: engine.cumulative_prod(x, 1, include_initial=True),
    "cumulative_logsumexp": lambda x: engine.cumulative_logsumexp(x, 1),
    "cumulative_max": lambda x: engine.cumulative_max(x, 1),
    "linear_recurrence": lambda x: engine.linear_recurrence(x, x + 1, 1),
    "renorm": lambda x: engine.renorm(x, 3, 0, 0.5),
}


def answers(function, x):
    """Value, gradient, and the gradient of the sum of its squares."""
    x = engine.constant(x)
    with engine.GradientTape() as outer:
        outer.watch(x)
        with engine.GradientTape() as inner:
            inner.watch(x)
            y = function(x)
        dx = inner.gradient(y, x)
        squares = engine.sum(dx * dx)
    second = outer.gradient(squares, x, unconnected_gradients="zero")
    return [answer.numpy() for answer in (y, dx, second)]


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("name", CALLS)
def test_half_precision_stays_and_is_near_what_double_gives(name, half):
    x = generic("half", (3, 4)).astype(HALVES[half])
    halves, doubles = answers(CALLS[name], x), answers(CALLS[name], x.astype("float64"))
    # A few dozen roundings, of numbers as large as the largest of the answer.
    unit = 32 * float(ml_dtypes.finfo(HALVES[half]).eps)
    for got, wanted in zip(halves, doubles, strict=True):
        assert got.dtype == HALVES[half]
        largest = max(1.0, np.abs(wanted).max())
        assert np.abs(got.astype("float64") - wanted).max() <= unit * largest


def times(a, b):
    return a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]


def plus(a, b):
    return a[0] + b[0], a[1] + b[1]


def at(pair, *key):
    return pair[0][key], pair[1][key]


def stacked(xp, pairs):
    return tuple(xp.stack([pair[part] for pair in pairs]) for part in (0, 1))


def products(xp, z):
    first = at(z, 0)
    second = times(first, at(z, 1))
    return stacked(xp, [first, second, times(second, at(z, 2))])


def recurrence(xp, a, b):
    first = at(b, 0)
    second = plus(times(at(a, 1), first), at(b, 1))
    return stacked(xp, [first, second, plus(times(at(a, 2), second), at(b, 2))])


def convolution(xp, x, w):
    return stacked(xp, [times(at(x, 0), at(w, 0)),
                        plus(times(at(x, 1), at(w, 0)), times(at(x, 0), at(w, 1))),
                        plus(times(at(x, 2), at(w, 0)), times(at(x, 1), at(w, 1))),
                        times(at(x, 2), at(w, 1))])  # fmt: skip


def polynomial(xp, c, x):
    return plus(times(plus(times(at(c, 0), x), at(c, 1)), x), at(c, 2))


def differences(xp, z):
    return tuple(part[1:] - part[:-1] for part in z)


@pytest.mark.parametrize(
    ("function", "formula", "sizes"),
    [(engine.cumulative_prod, products, [3]), (engine.linear_recurrence, recurrence, [3, 3]),
     (engine.convolve, convolution, [3, 2]), (engine.polyval, polynomial, [3, ()]),
     (engine.diff, differences, [3])],
)  # fmt: skip
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_complex_numbers(function, formula, sizes, dtype):
    shapes = [size if size == () else (size,) for size in sizes]
    inputs = [generic(f"re {i}", shape) + 1j * generic(f"im {i}", shape)
              for i, shape in enumerate(shapes)]  # fmt: skip
    check_complex(function, formula, *inputs, dtype=dtype)


def test_covariances_of_complex_numbers():
    z = generic("re", (2, 5)) + 1j * generic("im", (2, 5))
    assert np.allclose(engine.cov(z).numpy(), np.cov(z), rtol=1e-14)
    assert np.allclose(engine.cov(z[0]).numpy(), np.cov(z[0]), rtol=1e-14)


@pytest.mark.parametrize("name", ["std", "nanvar", "median"])
def test_what_has_no_meaning_for_complex_numbers_is_refused(name):
    with pytest.raises(engine.DtypeError, match="wanted real floats"):
        getattr(engine, name)(engine.constant([1j, 2.0]))
