"""Inferred shapes are NumPy's real ones, and what NumPy refuses is refused."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from conformance import ops
from conformance.errors import ShapeError
from conformance.typing_rules import TensorType, broadcast_shapes, normalize_axes, normalize_axis

REFUSED = "refused"
shapes = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3)
some_dims = hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=3)
axis = st.integers(-5, 4)
axes = st.lists(axis, max_size=3).map(tuple)


def pairs(side=3):
    """Two shapes, which broadcast more often than not."""
    fitting = hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, min_side=0,
                                                max_side=side).map(lambda m: m.input_shapes)
    return st.one_of(fitting, st.tuples(shapes, shapes))


def inferred(name, *operand_shapes, dtypes="float64", **parameters):
    op = ops.get(name)
    if isinstance(dtypes, str):
        dtypes = [dtypes] * len(operand_shapes)
    types = tuple(TensorType(s, d) for s, d in zip(operand_shapes, dtypes, strict=True))
    try:
        return op.infer(types, op.bind(parameters)).shape
    except ShapeError:
        return REFUSED


def real(function, *arguments, **parameters):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NaN of empty reductions
        try:
            return np.shape(function(*arguments, **parameters))
        except (ValueError, IndexError, TypeError):
            return REFUSED


# the families of which NumPy has all
HERE = {name: op for name, op in ops.CATALOGUE.items()
        if op.group in ("elementwise", "reductions", "shapes", "indexing") or name == "matmul"}
UNARY = {name for name, op in HERE.items()
         if op.arity == 1 and not op.parameters and name != "matrix_transpose"}


@given(shape=shapes, name=st.sampled_from(sorted(UNARY)))
def test_elementwise_operators_keep_the_shape(name, shape):
    assert inferred(name, shape) == shape


BINARY = {"add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide,
          "pow": np.power, "maximum": np.maximum, "minimum": np.minimum, "atan2": np.arctan2,
          "hypot": np.hypot, "logaddexp": np.logaddexp, "less": np.less,
          "less_equal": np.less_equal, "greater": np.greater, "greater_equal": np.greater_equal,
          "equal": np.equal, "not_equal": np.not_equal, "matmul": np.matmul}


def test_every_binary_operator_is_compared_with_numpy():
    binary = {name for name, op in HERE.items() if op.arity == 2}
    assert set(BINARY) == binary


@given(operands=pairs())
def test_binary_operators(operands):
    arrays = [np.ones(shape) for shape in operands]
    for name, function in BINARY.items():
        assert inferred(name, *operands) == real(function, *arrays), name


@given(data=st.data(), inner=st.integers(0, 3), batch=pairs(2))
def test_matmul_of_stacks_of_matrices(data, inner, batch):
    rows, columns = data.draw(st.integers(0, 3)), data.draw(st.integers(0, 3))
    a = data.draw(st.sampled_from([(inner,), (*batch[0], rows, inner)]))
    b = data.draw(st.sampled_from([(inner,), (*batch[1], inner, columns)]))
    assert inferred("matmul", a, b) == real(np.matmul, np.ones(a), np.ones(b))


@given(branches=pairs(), condition=shapes)
def test_where(branches, condition):
    arrays = [np.ones(shape) for shape in branches]
    dtypes = ["bool", "float32", "float32"]
    assert inferred("where", condition, *branches, dtypes=dtypes) == real(
        np.where, np.ones(condition, bool), *arrays)


@given(shape=shapes, bounds=st.tuples(*[st.none() | st.integers(-2, 2)] * 2))
def test_clip(shape, bounds):
    low, high = bounds
    assume((low, high) != (None, None))
    assume(low is None or high is None or low <= high)
    assert inferred("clip", shape, min=low, max=high) == real(np.clip, np.ones(shape), low, high)


REDUCTIONS = {"sum": np.sum, "mean": np.mean, "prod": np.prod, "max": np.max, "min": np.min,
              "var": np.var, "logsumexp": np.sum}


@given(shape=shapes, over=st.none() | axis | axes, keepdims=st.booleans())
def test_reductions(shape, over, keepdims):
    assume(shape or over in (None, ()))  # NumPy lets 0-d arrays have an axis 0
    for name, function in REDUCTIONS.items():
        truth = real(function, np.ones(shape), axis=over, keepdims=keepdims)
        empty = truth != REFUSED and 0 in [shape[a] for a in normalize_axes(over, len(shape))]
        if empty and name in ("var", "logsumexp", "max", "min"):
            truth = REFUSED
        assert inferred(name, shape, axis=over, keepdims=keepdims) == truth, name


@given(shape=some_dims, along=axis)
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "cumulative_sum"])
def test_operators_along_an_axis(name, shape, along):
    assert inferred(name, shape, axis=along) == real(np.cumsum, np.ones(shape), axis=along)


@given(shape=shapes, wanted=st.lists(st.integers(-1, 6), max_size=4).map(tuple))
def test_reshape(shape, wanted):
    assert inferred("reshape", shape, shape=wanted) == real(np.reshape, np.ones(shape), wanted)


@given(data=st.data(), shape=shapes)
def test_reshape_to_what_fits(data, shape):
    size = math.prod(shape)
    divisor = data.draw(st.sampled_from([n for n in range(1, size + 1) if size % n == 0] or [1]))
    for wanted in ((divisor, -1), (-1, divisor, 1)):
        assert inferred("reshape", shape, shape=wanted) == real(np.reshape, np.ones(shape), wanted)


@given(data=st.data(), shape=shapes)
def test_permute_dims(data, shape):
    permuted = st.permutations(range(len(shape))).map(tuple)
    negative = permuted.map(lambda p: tuple(a - len(shape) for a in p))
    order = data.draw(st.one_of(permuted, negative, axes))
    assert inferred("permute_dims", shape, axes=order) == real(np.transpose, np.ones(shape), order)


@given(shape=shapes, new=axis)
def test_expand_dims(shape, new):
    assert inferred("expand_dims", shape, axis=new) == real(np.expand_dims, np.ones(shape), new)


@given(shape=hnp.array_shapes(min_dims=1, max_dims=4, max_side=2), removed=axis | axes)
def test_squeeze(shape, removed):
    assert inferred("squeeze", shape, axis=removed) == real(np.squeeze, np.ones(shape), removed)


@given(operands=pairs())
def test_broadcast_to(operands):
    shape, wanted = operands
    assert inferred("broadcast_to", shape, shape=wanted) == real(
        np.broadcast_to, np.ones(shape), wanted)


@given(shape=shapes, flipped=st.none() | axis | axes)
def test_flip(shape, flipped):
    assert inferred("flip", shape, axis=flipped) == real(np.flip, np.ones(shape), axis=flipped)


@given(shape=shapes, shift=st.integers(-5, 5), along=st.none() | axis)
def test_roll(shape, shift, along):
    assert inferred("roll", shape, shift=shift, axis=along) == real(
        np.roll, np.ones(shape), shift, axis=along)


@given(shape=shapes)
def test_matrix_transpose(shape):
    assert inferred("matrix_transpose", shape) == real(np.swapaxes, np.ones(shape), -1, -2)


@given(data=st.data(), shape=shapes, joined=axis)
def test_concat(data, shape, joined):
    longer = st.integers(0, 3).map(
        lambda n: tuple(n if i == joined % len(shape) else m for i, m in enumerate(shape))
        if shape else ())
    operands = data.draw(st.lists(st.one_of(longer, st.just(shape), shapes), max_size=3))
    arrays = [np.ones(operand) for operand in operands]
    assert inferred("concat", *operands, axis=joined) == real(np.concatenate, arrays, axis=joined)


@given(data=st.data(), shape=shapes, new=axis)
def test_stack(data, shape, new):
    operands = data.draw(st.lists(st.one_of(st.just(shape), shapes), max_size=3))
    arrays = [np.ones(operand) for operand in operands]
    assert inferred("stack", *operands, axis=new) == real(np.stack, arrays, axis=new)


parts = st.one_of(st.integers(-4, 4), st.none(), st.just(Ellipsis), st.builds(
    slice, st.none() | st.integers(-5, 5), st.none() | st.integers(-5, 5),
    st.none() | st.integers(-3, 3)))


@given(shape=shapes, index=st.lists(parts, max_size=5).map(tuple))
def test_getitem(shape, index):
    assert inferred("getitem", shape, index=index) == real(lambda x: x[index], np.ones(shape))


@given(shape=some_dims, indices=st.lists(st.integers(0, 3), max_size=4).map(tuple), along=axis)
def test_take(shape, indices, along):
    assume(0 not in shape or not indices)  # NumPy does not look when there is nothing to take
    assert inferred("take", shape, indices=indices, axis=along) == real(
        np.take, np.ones(shape), np.array(indices, int), axis=along)


def test_every_operator_is_compared_with_numpy():
    here = {name.removeprefix("test_") for name in globals()}
    along = {"softmax", "log_softmax", "cumulative_sum"}
    missing = set(HERE) - here - UNARY - set(BINARY) - set(REDUCTIONS) - along
    assert missing == set()


# --- dtypes ------------------------------------------------------------------------------------

F, G, I, B = (TensorType((2,), d) for d in ("float32", "float64", "int64", "bool"))  # noqa: E741


@pytest.mark.parametrize(("name", "types", "dtype"), [
    ("add", (F, F), "float32"),
    ("less", (F, F), "bool"),
    ("less", (I, I), "bool"),
    ("equal", (B, B), "bool"),
    ("where", (B, G, G), "float64"),
    ("where", (B, I, I), "int64"),
    ("where", (B, B, B), "bool"),
    ("zeros_like", (I,), "int64"),
    ("stop_gradient", (F,), "float32"),
    ("matrix_transpose", (TensorType((2, 2), "bool"),), "bool"),
    ("stack", (I, I), "int64"),
    ("grad", (F, G), "float64"),
])
def test_dtypes_of_results(name, types, dtype):
    op = ops.get(name)
    assert op.infer(types, op.bind({})).dtype == dtype


@pytest.mark.parametrize(("name", "types", "parameters", "said"), [
    # --- dtypes
    ("add", (F, G), {}, "operands of different dtypes, float32 and float64; nothing is promoted"),
    ("add", (F, I), {}, "wants floating-point operands, got int64; write 3.0 rather than 3"),
    ("multiply", (F, B), {}, "got bool; use a condition as in xp.where(x > 0, x, 0.0)"),
    ("sin", (I,), {}, "wants floating-point operands, got int64; write 3.0 rather than 3"),
    ("sum", (I,), {}, "wants floating-point operands, got int64"),
    ("matmul", (I, I), {}, "wants floating-point operands, got int64"),
    ("equal", (F, I), {}, "different dtypes, float32 and int64; nothing is promoted; write 3.0"),
    ("less", (B, B), {}, "wants numbers to compare, got bool; xp.equal and xp.not_equal"),
    ("where", (F, F, F), {}, "wants a bool condition first, got float32[2]; compare, as in x > 0"),
    ("where", (B, F, I), {}, "different dtypes, float32 and int64"),
    ("concat", (F, I), {}, "different dtypes, float32 and int64"),
    ("grad", (I, F), {}, "its target has dtype int64, which is not differentiable; write floats"),
    ("grad", (F, B), {}, "its source has dtype bool, which is not differentiable"),
    # --- parameters
    ("clip", (F,), {}, "wants a bound: min, max or both"),
    ("clip", (F,), {"min": "0"}, "wants a Python number as min, got '0'; xp.maximum"),
    ("clip", (F,), {"max": True}, "wants a Python number as max, got True"),
    ("clip", (F,), {"max": math.nan}, "wants a Python number as max, got nan"),
    ("clip", (F,), {"min": 2, "max": 1}, "its min 2 is greater than its max 1"),
    ("sum", (F,), {"axis": 1}, "axis 1 is out of range for 1 dimension(s)"),
    ("sum", (F,), {"axis": (0, -1)}, "axis (0, -1) names a dimension twice"),
    ("sum", (F,), {"axis": 0.0}, "an axis must be an int, got 0.0"),
    ("sum", (F,), {"axis": True}, "an axis must be an int, got True"),
    ("sum", (F,), {"keepdims": 1}, "wants True or False as keepdims, got 1"),
    ("var", (F,), {"correction": True}, "wants a Python number as correction, got True"),
    ("max", (TensorType((0, 2), "float32"),), {}, "cannot reduce over an empty dimension of "),
    ("softmax", (F,), {"axis": None}, "an axis must be an int, got None"),
    ("cumulative_sum", (F,), {}, "needs the parameter 'axis'"),
    # --- shapes
    ("add", (F, TensorType((3,), "float32")), {}, "shapes (2,) and (3,) do not broadcast"),
    ("reshape", (F,), {"shape": (3, -1)}, "cannot give float32[2], of 2 element(s), the shape"),
    ("reshape", (F,), {"shape": 2}, "a tuple of lengths such as (2, 3), got 2"),
    ("reshape", (F,), {"shape": (-1, -1)}, "wants a shape"),
    ("reshape", (F,), {"shape": (2.0,)}, "wants a shape"),
    ("reshape", (F,), {"shape": (True, 2)}, "wants a shape"),
    ("permute_dims", (F,), {"axes": None}, "every dimension of float32[2] once, such as (0,)"),
    ("permute_dims", (F,), {"axes": 0}, "wants axes that name every dimension"),
    ("expand_dims", (F,), {"axis": 3}, "axis 3 is out of range for 2 dimension(s)"),
    ("squeeze", (F,), {"axis": 0}, "cannot squeeze axis 0 of float32[2]: its length is not 1"),
    ("squeeze", (F,), {"axis": None}, "wants the axis, or a tuple of axes, to remove, got None"),
    ("broadcast_to", (F,), {"shape": (2, 3)}, "cannot broadcast float32[2] to (2, 3)"),
    ("roll", (F,), {"shift": (1,)}, "wants an int as shift, got (1,)"),
    ("roll", (F,), {"shift": True}, "wants an int as shift, got True"),
    ("matrix_transpose", (F,), {}, "wants at least 2 dimensions, got float32[2]"),
    ("concat", (), {}, "wants at least one tensor in its list, got none"),
    ("concat", (TensorType((), "float32"),) * 2, {}, "without dimensions; xp.stack can"),
    ("concat", (F, TensorType((2, 2), "float32")), {}, "cannot join float32[2], float32[2, 2]"),
    ("stack", (), {}, "wants a list of tensors of one shape, got none"),
    ("stack", (F, TensorType((3,), "float32")), {}, "one shape, got float32[2], float32[3]"),
    ("matmul", (F, TensorType((), "float32")), {}, "wants at least 1 dimension on each side"),
    ("matmul", (F, TensorType((3, 2), "float32")), {}, "inner dimensions differ: float32[2] @ "),
    # --- indexing
    ("getitem", (F,), {"index": 0}, "wants its index as a tuple, got 0"),
    ("getitem", (F,), {"index": (2,)}, "cannot index float32[2]: index 2 is out of bounds"),
    ("getitem", (F,), {"index": (0, 0)}, "cannot index float32[2]: too many indices"),
    ("getitem", (F,), {"index": (..., ...)}, "cannot index float32[2]: an index can only have"),
    ("getitem", (F,), {"index": (slice(0, 1, 0),)}, "cannot index float32[2]: slice step"),
    ("getitem", (F,), {"index": (slice(0.0, 1),)}, "a slice's bounds are ints, got 0.0"),
    ("getitem", (F,), {"index": (True,)}, "cannot index with True: index with ints and slices"),
    ("getitem", (F,), {"index": ((0, 1),)}, "select with xp.take(x, [0, 2], axis=0)"),
    ("take", (F,), {"indices": (2,), "axis": 0}, "index 2 is out of range for axis 0 of float32"),
    ("take", (F,), {"indices": (-1,), "axis": 0}, "from 0 and are not negative"),
    ("take", (F,), {"indices": 0, "axis": 0}, "wants a list of ints as indices, such as [0, 2]"),
    ("take", (F,), {"indices": ((0,), (1,)), "axis": 0}, "wants a list of ints as indices"),
])
def test_what_is_refused_and_why(name, types, parameters, said):
    op = ops.get(name)
    with pytest.raises(ShapeError) as caught:
        op.infer(types, op.bind(parameters))
    assert said in str(caught.value)


@pytest.mark.parametrize(("shape", "dtype", "said"), [
    ((2,), "float128", "unknown dtype 'float128'; known are float16, bfloat16"),
    ([2], "float32", "a tuple of lengths such as (2, 3), got [2]"),
    ((-1,), "float32", "got (-1,)"),
    ((2.0,), "float32", "got (2.0,)"),
])
def test_types_are_checked(shape, dtype, said):
    with pytest.raises(ShapeError) as caught:
        TensorType(shape, dtype)
    assert said in str(caught.value)


def test_types_describe_themselves():
    assert str(TensorType((2, 3), "float32")) == "float32[2, 3]"
    assert TensorType((2, 0), "bool").size == 0
    assert TensorType((), "float16").size == 1
    assert [F.is_float, TensorType((), "bfloat16").is_float, I.is_float, B.is_float] == [
        True, True, False, False]


def test_axes_and_shapes():
    assert normalize_axis(-1, 3) == 2
    assert normalize_axes(None, 2) == (0, 1)
    assert normalize_axes((-1, 0), 2) == (1, 0)
    assert broadcast_shapes((2, 1), (3,), ()) == (2, 3)


@pytest.mark.parametrize("order", [0.5, -1, None])
def test_a_norm_has_an_order_from_one(order):
    assert inferred("vector_norm", (2, 3), ord=order) == REFUSED
    assert inferred("vector_norm", (2, 3), ord=math.inf, axis=1) == (2,)
