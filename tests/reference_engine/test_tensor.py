"""Tensors: their dtypes, their Python operators, and what they refuse."""

import numpy as np
import pytest

import reference_engine as engine


@pytest.mark.parametrize(
    ("value", "dtype"),
    [(3.0, "float64"), (3, "int64"), (True, "bool"), ([[1, 2.5]], "float64"), ([], "float64"),
     (np.float32(3), "float32"), (np.arange(2, dtype="int8"), "int8")],
)  # fmt: skip
def test_numbers_get_the_dtype_that_numpy_gives_them(value, dtype):
    assert engine.constant(value).dtype == dtype


def test_attributes():
    x = engine.constant([[1.0, 2.0, 3.0]], dtype="float32")
    assert (x.shape, x.ndim, x.size, x.dtype, len(x)) == ((1, 3), 2, 3, np.dtype("float32"), 1)
    assert repr(x) == "Tensor([[1., 2., 3.]], shape=(1, 3), dtype=float32)"
    assert np.asarray(x, dtype="float64").dtype == "float64"
    assert [row.shape for row in x] == [(3,)]


def test_a_tensor_does_not_change():
    source = np.ones(2)
    x = engine.constant(source)
    source[0] = 5
    assert x.numpy().tolist() == [1, 1]
    with pytest.raises(ValueError, match="read-only"):
        x.numpy()[0] = 5
    with pytest.raises(AttributeError):
        x.values = 5
    assert np.array(x).flags.writeable


@pytest.mark.parametrize("operator", ["+", "-", "*", "/", "**", "<", "<=", ">", ">=", "==", "!="])
@pytest.mark.parametrize(
    "pair", ["tensor {} 2", "2 {} tensor", "tensor {} tensor", "array {} tensor", "tensor {} array"]
)
def test_operators_agree_with_numpy(operator, pair):
    array = np.array([0.5, 2.0, 3.0])
    got = eval(pair.format(operator), {"tensor": engine.constant(array), "array": array})
    wanted = eval(pair.format(operator), {"tensor": array, "array": array})
    assert isinstance(got, engine.Tensor)
    assert got.dtype == wanted.dtype
    assert got.numpy().tolist() == wanted.tolist()


def test_unary_operators_and_matmul():
    x = engine.constant([[1.0, -2.0]])
    assert (-x).numpy().tolist() == [[-1, 2]]
    assert abs(x).numpy().tolist() == [[1, 2]]
    assert (x @ np.array([1.0, 1.0])).numpy().tolist() == [-1]
    assert (np.array([3.0]) @ x).numpy().tolist() == [3, -6]


@pytest.mark.parametrize("scalar", [2, 2.5, True])
def test_python_numbers_take_the_dtype_of_the_tensor(scalar):
    x = engine.constant([1.0], dtype="float32")
    assert {(x + scalar).dtype.name, (scalar / x).dtype.name, (x**scalar).dtype.name} == {"float32"}
    assert engine.where(x > 0, x, scalar).dtype == "float32"


def test_equality_is_elementwise_and_hashing_by_identity():
    x, w = engine.constant(1.0), engine.constant(1.0)
    assert bool(x == w)
    assert len({x, w}) == 2


def test_comparing_with_none_is_false_as_everywhere():
    x = engine.constant([1.0, 2.0])
    assert (x == None) is False  # noqa: E711
    assert (x != "a") is True


@pytest.mark.parametrize(
    ("request_", "kind", "message"),
    [
        (lambda x: x.reshape(1, 2), AttributeError, r"no attribute 'reshape': call engine.reshape"),
        (lambda x: x.backward(), AttributeError, r"record with engine.GradientTape.*tape.gradient"),
        (lambda x: x.copy(), AttributeError, r"x.numpy\(\).copy\(\) may be written to"),
        (lambda x: x.wibble, AttributeError, "has no attribute 'wibble'"),
        (lambda x: x.__setitem__(0, 1.0), TypeError, r"not written to in part: engine.where"),
        (lambda x: x + None, TypeError, r"add: got NoneType \(None\), wanted a Tensor"),
        (lambda x: engine.constant(2) ** -1, TypeError, "pow: got int64 .*negative integer powers"),
        (lambda x: engine.ones(2, "int8") * x, TypeError, r"cast .* engine.astype\(x, 'float64'\)"),
    ],
)
def test_what_is_asked_of_other_arrays_is_answered_with_advice(request_, kind, message):
    with pytest.raises(kind, match=message) as caught:
        request_(engine.constant([1.0, 2.0]))
    assert isinstance(caught.value, engine.EngineError)
    assert not hasattr(engine.constant(1.0), "reshape")


def test_one_element_converts_to_a_number():
    assert float(engine.constant([[2.5]])) == 2.5
    assert bool(engine.constant([1]))


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        ("float32", "float64", "float64"),
        ("float16", "float32", "float32"),
        ("bfloat16", "float16", "float32"),
        ("bfloat16", "float32", "float32"),
        ("float64", "complex64", "complex128"),
        ("float32", "complex64", "complex64"),
        ("int8", "int32", "int32"),
        ("uint8", "int8", "int16"),
    ],
)
def test_dtypes_of_one_kind_are_promoted_as_the_array_api_says(first, second, wanted):
    if "bfloat16" in (first, second):
        pytest.importorskip("ml_dtypes")
    x, w = engine.ones(2, first), engine.ones(2, second)
    assert (x + w).dtype == (w + x).dtype == wanted


def test_a_promoted_operand_gets_its_gradient_in_its_own_dtype():
    x, w = engine.constant([1.0, 2.0], "float32"), engine.constant([3.0, 4.0])
    with engine.GradientTape() as tape:
        tape.watch([x, w])
        y = x * w
    dx, dw = tape.gradient(y, [x, w])
    assert (dx.dtype, dx.tolist(), dw.dtype) == ("float32", [3.0, 4.0], "float64")


@pytest.mark.parametrize(
    ("request_", "kind", "message"),
    [
        (
            lambda x: x + engine.constant(1),
            TypeError,
            "add: got dtypes float64 and int64, wanted dtypes of one kind: .*engine.astype",
        ),
        (
            lambda x: np.ones(2, "int8") * x,
            TypeError,
            "multiply: got dtypes int8 and float64, wanted dtypes of one kind",
        ),
        (
            lambda x: engine.constant(1) + 2.5,
            TypeError,
            r"got float \(2.5\) with a tensor of dtype int64",
        ),
        (
            lambda x: engine.constant(1, "int8") + 300,
            TypeError,
            "got int .300., which int8 cannot hold",
        ),
        (
            lambda x: x + "a",
            TypeError,
            r"got str \('a'\), wanted a Tensor, a Variable, an array or numbers",
        ),
        (lambda x: x * [x, x], TypeError, "got a list that holds Tensors.*engine.stack"),
        (lambda x: x * 1j, TypeError, r"got complex .* with a tensor of dtype float64"),
        (
            lambda x: engine.constant(np.ones(1, "longdouble")),
            TypeError,
            "got dtype float128, wanted one of bool",
        ),
        (
            lambda x: engine.constant(1.0, "float99"),
            TypeError,
            "got dtype 'float99', wanted one of bool",
        ),
        (
            lambda x: engine.constant([[1], [1, 2]]),
            ValueError,
            "unequal lengths, wanted a rectangular array",
        ),
        (
            lambda x: x + engine.ones(3),
            ValueError,
            r"add: got float64 Tensor of shape \(2,\) and float64 Tensor of",
        ),
        (
            lambda x: engine.sin(engine.constant(1)),
            TypeError,
            "sin: got int64 Tensor of shape .*engine.astype",
        ),
        (
            lambda x: engine.sum(x, axes=0),
            TypeError,
            r"sum: .*'axes'; wanted sum\(x, axis=None, keepdims=False\)",
        ),
        (
            lambda x: engine.sum(x, axis=1),
            ValueError,
            r"sum: got float64 Tensor of shape \(2,\), axis=1",
        ),
        (
            lambda x: float(x),
            ValueError,
            r"float\(\): got a float64 Tensor of shape \(2,\), wanted one element",
        ),
        (
            lambda x: bool(x),
            ValueError,
            r"bool\(\): .* wanted one element: index or reduce it first",
        ),
        (lambda x: len(x[0]), TypeError, "wanted at least one axis"),
        (lambda x: list(x[0]), TypeError, "wanted at least one axis"),
    ],
)
def test_refusals_say_what_was_got_and_what_was_wanted(request_, kind, message):
    with pytest.raises(kind, match=message) as caught:
        request_(engine.constant([1.0, 2.0]))
    assert isinstance(caught.value, engine.EngineError)
