"""Fourier transforms against sums of cosines and sines, and each transpose against its forward."""

import numpy as np
import pytest
from certified import check, check_complex
from points import Complex, complex_generic, generic

import reference_engine as engine
from reference_engine import ForwardAccumulator, GradientTape, constant, errors, operators
from reference_engine.rules import fourier

both = pytest.mark.parametrize("dtype", ["float64", "float32"])
sizes = pytest.mark.parametrize(("size", "n"), [(1, None), (2, None), (3, None), (4, None), (3, 2),
                                                (2, 3), (4, 3), (2, 4)])


def waves(n, sign):
    """exp(sign 2 pi i j k / n) as constants, n by n."""
    turns = np.outer(np.arange(n), np.arange(n)) % n
    return Complex(np.cos(2 * np.pi * turns / n), sign * np.sin(2 * np.pi * turns / n))


def resized(xp, x, n):
    """The vector x (a pair) with n elements."""
    def of(part, size):
        if n <= size:
            return part[:n]
        return xp.concat([part, np.zeros(n - size)])

    return lambda size: Complex(of(x.re, size), of(x.im, size))


def transform(sign, size, n, scale, rows=None):
    def formula(xp, x):
        z = Complex(*x) if isinstance(x, tuple) else Complex(x, 0 * x)
        z = resized(xp, z, n)(size)
        w = waves(n, sign)
        rows_ = n if rows is None else rows
        re = w.re[:rows_] @ z.re - w.im[:rows_] @ z.im
        im = w.re[:rows_] @ z.im + w.im[:rows_] @ z.re
        return re * scale, im * scale

    return formula


SCALES = {("backward", -1): lambda n: 1.0, ("backward", 1): lambda n: 1 / n,
          ("forward", -1): lambda n: 1 / n, ("forward", 1): lambda n: 1.0,
          ("ortho", -1): lambda n: n**-0.5, ("ortho", 1): lambda n: n**-0.5}


@both
@sizes
@pytest.mark.parametrize(("name", "sign"), [("fft", -1), ("ifft", 1)])
def test_complex_transforms(name, sign, size, n, dtype):
    function = getattr(fourier, name)
    length = n or size
    for norm in ("backward",) if dtype == "float32" else ("backward", "ortho", "forward"):
        formula = transform(sign, size, length, SCALES[norm, sign](length))
        for x in (complex_generic("x", (size,)), generic("x", (size,))):
            check_complex(lambda x, norm=norm: function(x, n, norm=norm), formula, x, dtype=dtype,
                          normwise=True)


@both
@sizes
@pytest.mark.parametrize(("name", "sign"), [("rfft", -1), ("ihfft", 1)])
def test_transforms_of_real(name, sign, size, n, dtype):
    function = getattr(fourier, name)
    length = n or size
    formula = transform(sign, size, length, SCALES["backward", sign](length), length // 2 + 1)
    check_complex(lambda x: function(x, n), formula, generic("x", (size,)), dtype=dtype,
                  normwise=True)


@both
@pytest.mark.parametrize(("size", "n"), [(2, None), (3, None), (2, 5), (4, 4), (3, 3), (4, 3)])
@pytest.mark.parametrize(("name", "sign"), [("hfft", -1), ("irfft", 1)])
def test_transforms_to_real(name, sign, size, n, dtype):
    function = getattr(fourier, name)
    length = n or 2 * (size - 1)
    half = length // 2 + 1
    counts = np.array([1.0] + [2.0] * (half - 1))
    if length % 2 == 0:
        counts[-1] = 1

    def formula(xp, x):
        z = Complex(*x) if isinstance(x, tuple) else Complex(x, 0 * x)
        z, w = resized(xp, z, half)(size), waves(length, sign)
        y = w.re[:, :half] @ (z.re * counts) - w.im[:, :half] @ (z.im * counts)
        return y * SCALES["backward", sign](length)

    for x in (complex_generic("x", (size,)), generic("x", (size,))):
        check_complex(lambda x: function(x, n), formula, x, dtype=dtype, normwise=True)


REAL_INPUT = ("rfft", "rfftn", "rfft2", "ihfft")
SHAPES = {"1": (4, 5), "n": (3, 4, 5)}
CALLS = [
    *((name, {"axis": axis, "n": n, "norm": norm})
      for name in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
      for axis, n, norm in ((0, None, "ortho"), (-2, 6, "forward"), (1, 3, "backward"),
                            (-1, 7, "ortho"))),
    *((name, {"axes": axes, "s": s, "norm": norm})
      for name in ("fftn", "ifftn", "rfftn", "irfftn")
      for axes, s, norm in ((None, None, "backward"), ((0, 2), (4, 4), "ortho"),
                            ((2, 0), (7, 2), "forward"), ((1,), (5,), "backward"),
                            (None, (3, 6), "ortho"))),
    *((name, {"s": s}) for name in ("fft2", "ifft2", "rfft2", "irfft2") for s in (None, (3, 6))),
]  # fmt: skip


def inner(x, w):
    return np.sum((np.conj(x) * w).real)


@pytest.mark.parametrize(("name", "options", "kind"), [
    (name, options, kind) for name, options in CALLS
    for kind in ("complex128", "float64", "complex64", "float32")
    if not (name in REAL_INPUT and kind.startswith("complex"))
])  # fmt: skip
def test_transposes(name, options, kind):
    """Values are NumPy's, <dy, F u> = <F^T dy, u>, and the tangent along u is F u."""
    make = complex_generic if kind.startswith("complex") else generic
    shape = SHAPES["1" if "axis" in options else "n"]
    x, u = (constant(make(key, shape).astype(kind)) for key in "xu")
    function, theirs = getattr(fourier, name), getattr(np.fft, name)
    with GradientTape() as tape, ForwardAccumulator(x, u) as forward:
        tape.watch(x)
        y = function(x, **options)
    wanted = {**options}
    if name in ("fftn", "ifftn", "rfftn", "irfftn") and options["axes"] is None and options["s"]:
        wanted["axes"] = (-2, -1)  # NumPy 2 wants it said
    moved = theirs(u.numpy(), **wanted)
    eps = np.finfo(kind).eps * 16
    np.testing.assert_allclose(y.numpy(), theirs(x.numpy(), **wanted), rtol=eps, atol=eps * 8)
    np.testing.assert_allclose(forward.jvp(y).numpy(), moved, rtol=eps, atol=eps * 8)
    double = kind in ("complex128", "float64")
    assert y.dtype in (("complex128", "float64") if double else ("complex64", "float32"))
    dy = (complex_generic if y.dtype.kind == "c" else generic)("dy", y.shape).astype(y.dtype)
    dx = tape.gradient(y, x, output_gradients=constant(dy))
    assert dx.dtype == kind
    scale = np.abs(dy).sum() * np.abs(moved).max()
    assert abs(inner(dx.numpy(), u.numpy()) - inner(dy, moved)) < eps * scale


def test_transforms_undo_each_other():
    x = constant(generic("x", (3, 6)))
    for there, back in (("fft", "ifft"), ("rfft", "irfft"), ("ihfft", "hfft"), ("fftn", "ifftn"),
                        ("rfftn", "irfftn"), ("fft2", "ifft2"), ("rfft2", "irfft2")):
        again = getattr(fourier, back)(getattr(fourier, there)(x)).numpy()
        np.testing.assert_allclose(again, x.numpy(), atol=1e-15)


@pytest.mark.parametrize("axes", [None, 0, (1,), (0, 1)])
def test_shifts(axes):
    x = generic("x", (4, 3))
    for name in ("fftshift", "ifftshift"):
        theirs, order = getattr(np.fft, name), np.arange(12).reshape(4, 3)
        check(lambda x, name=name: getattr(fourier, name)(x, axes),
              lambda xp, x, theirs=theirs, order=order: xp.reshape(xp.take(
                  xp.reshape(x, (12,)), indices=theirs(order, axes).ravel().tolist(), axis=0),
                  (4, 3)), x)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision(dtype):
    x = constant(generic("x", (4,)), dtype)
    with GradientTape() as tape:
        tape.watch(x)
        y = fourier.rfft(x)
    assert y.dtype == "complex64"
    np.testing.assert_allclose(y.numpy(), np.fft.rfft(generic("x", (4,))), rtol=1e-6)
    assert tape.gradient(y, x).dtype == x.dtype


def test_frequencies():
    np.testing.assert_array_equal(fourier.fftfreq(5, 0.5).numpy(), np.fft.fftfreq(5, 0.5))
    np.testing.assert_array_equal(fourier.rfftfreq(4).numpy(), np.fft.rfftfreq(4))
    assert fourier.fftfreq(4, dtype="float32").dtype == "float32"
    np.testing.assert_array_equal(engine.fft.rfftfreq(6).numpy(), np.fft.rfftfreq(6))


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: fourier.fft(constant([1.0]), norm="none"), errors.OptionError),
        (lambda: fourier.fft(constant([1.0]), n=0), errors.ShapeError),
        (lambda: fourier.fft(constant(np.ones((0,)))), errors.ShapeError),
        (lambda: fourier.irfft(constant([1.0])), errors.ShapeError),
        (lambda: fourier.fft(constant([1.0]), axis=1), errors.ShapeError),
        (lambda: fourier.fft(constant([1.0]), axis=0.5), errors.OperandError),
        (lambda: fourier.rfft(constant([1j])), errors.DtypeError),
        (lambda: fourier.fft(constant([1, 2])), errors.DtypeError),
        (lambda: fourier.fftn(constant(np.ones((2, 2))), s=(2,), axes=(0, 1)), errors.ShapeError),
        (lambda: fourier.fftn(constant(np.ones((2, 2))), axes=(0, 0)), errors.ShapeError),
        (lambda: fourier.fftn(constant(1.0)), errors.ShapeError),
    ],
)
def test_refused(call, error):
    with pytest.raises(error, match="got"):
        call()


def test_a_wrong_rule_is_noticed(monkeypatch):
    monkeypatch.setitem(operators.RULES, "rfft", (lambda dy, y, x, n, axis, norm: fourier.hfft(
        dy, n=n, axis=axis, norm=norm),))
    with pytest.raises(AssertionError, match="gradient 0"):
        test_transforms_of_real("rfft", -1, 4, None, "float64")
