"""Types of complex values: what is promoted, what is refused, and shapes as NumPy has them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from conformance import ops
from conformance.errors import NoComplexDtype, ShapeError
from conformance.typing_rules import TensorType, complex_of, real_of


def infer(name, *types, **parameters):
    op = ops.get(name)
    return op.infer(tuple(TensorType(*t) for t in types), op.bind(parameters))


@pytest.mark.parametrize("name", ["add", "multiply", "divide", "pow"])
def test_real_beside_complex_is_promoted(name):
    mixed = infer(name, ((2, 1), "float32"), ((3,), "complex64"))
    assert mixed == TensorType((2, 3), "complex64")
    assert infer(name, ((3,), "complex128"), ((), "float64")).dtype == "complex128"


def test_another_precision_is_not_promoted():
    with pytest.raises(ShapeError, match="complex64 and float64; nothing is promoted"):
        infer("add", ((), "float64"), ((), "complex64"))


@pytest.mark.parametrize(("name", "kind", "wanted"), [
    ("exp", "complex64", "complex64"), ("abs", "complex64", "float32"),
    ("abs", "float64", "float64"),
    ("real", "complex128", "float64"), ("angle", "complex64", "float32"),
    ("conj", "complex64", "complex64"), ("sum", "complex64", "complex64"),
    ("fft", "float32", "complex64"), ("rfft", "float64", "complex128"),
    ("irfft", "complex64", "float32"), ("fftn", "complex64", "complex64"),
    ("fftshift", "float32", "float32"),
])
def test_dtypes(name, kind, wanted):
    assert infer(name, ((3, 4), kind)).dtype == wanted


@pytest.mark.parametrize(("name", "kind", "said"), [
    ("relu", "complex64", "wants real operands, got complex64; take xp.real, xp.imag or xp.abs"),
    ("max", "complex64", "wants real operands"),
    ("real", "float32", "wants complex numbers, got float32[3]; xp.complex(x, 0.0) makes them"),
    ("irfft", "float32", "wants complex numbers"),
    ("rfft", "complex64", "wants real numbers, got complex64[3]; xp.fft takes complex ones"),
    ("rfftn", "complex64", "xp.fftn takes complex ones"),
])
def test_what_is_refused(name, kind, said):
    with pytest.raises(ShapeError) as caught:
        infer(name, ((3,), kind))
    assert said in str(caught.value)


@pytest.mark.parametrize(("parameters", "said"), [
    ({"norm": "half"}, "wants a norm, one of backward, ortho, forward, got 'half'"),
    ({"n": 0}, "wants a length n of at least 1, got 0"),
    ({"n": 2.0}, "wants a length n of at least 1, got 2.0"),
    ({"axis": 1}, "axis 1 is out of range"),
])
def test_parameters_that_are_refused(parameters, said):
    with pytest.raises(ShapeError) as caught:
        infer("fft", ((3,), "complex64"), **parameters)
    assert said in str(caught.value)


def test_axes_are_a_tuple():
    with pytest.raises(ShapeError, match=r"wants axes as a tuple such as \(0, 1\), got 0"):
        infer("fftn", ((3,), "complex64"), axes=0)


@given(shape=hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=5), data=st.data(),
       n=st.none() | st.integers(1, 7))
def test_shapes_are_numpys(shape, data, n):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    for name in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"):
        real = name in ("rfft", "ihfft")
        if n is None and name in ("irfft", "hfft") and shape[axis] == 1:
            continue  # of no length
        given_ = np.ones(shape, float if real else complex)
        wanted = getattr(np.fft, name)(given_, n=n, axis=axis)
        got = infer(name, (shape, "float64" if real else "complex128"), n=n, axis=axis)
        assert (got.shape, got.dtype) == (wanted.shape, str(wanted.dtype)), name
    for name in ("fftn", "rfftn"):
        wanted = getattr(np.fft, name)(np.ones(shape), axes=(axis,))
        assert infer(name, (shape, "float64"), axes=(axis,)).shape == wanted.shape


def test_precisions_and_parts():
    assert [complex_of("float32"), complex_of("float64")] == ["complex64", "complex128"]
    assert [real_of("complex64"), real_of("float16"), real_of("int64")] == [
        "float32", "float16", "int64"]
    with pytest.raises(NoComplexDtype, match="parts of bfloat16"):
        complex_of("bfloat16")
    assert TensorType((2, 3), "complex64").shape_in_parts == (2, 3, 2)
    assert TensorType((2, 3), "float32").shape_in_parts == (2, 3)
