"""Values compute with Python's operators, and refuse with one clear error what needs a number."""

import inspect
import math
import operator

import numpy as np
import pytest

from conformance import grad, trace
from conformance.errors import BranchError, CaseError, ShapeError, UnknownOperator
from conformance.paths import display_path
from conformance.typing_rules import TensorType

HERE = display_path(__file__)
SCALAR, PAIR = TensorType((), "float32"), TensorType((2,), "float32")
MATRIX, COUNT = TensorType((2, 3), "float32"), TensorType((), "int64")
KINDS = {"x": PAIR, "w": PAIR, "s": SCALAR, "m": MATRIX, "i": COUNT, "cube": TensorType(
    (2, 3, 4), "float32")}


def traced(function, dtype="float32", **types):
    """Trace a function whose parameters' names say their types."""
    wanted = list(inspect.signature(function).parameters)[1:]
    types = {name: (types.get(name, KINDS[name]), "constant") for name in wanted}
    return trace(function, types, dtype=dtype)


def program(graph):
    """Nodes as text: `multiply(0, 1)`, with parameters where there are any."""
    return [f"{n.op}{n.inputs}" + "".join(f" {k}={v!r}" for k, v in n.parameters if n.op != "input")
            for n in graph]


def only(graph, op: str):
    (node,) = (n for n in graph if n.op == op)
    return node


# --- operators ---------------------------------------------------------------------------------

BINARY = {operator.add: "add", operator.sub: "subtract", operator.mul: "multiply",
          operator.truediv: "divide", operator.pow: "pow"}
ORDER = {operator.lt: "less", operator.le: "less_equal", operator.gt: "greater",
         operator.ge: "greater_equal"}
FLIPPED = {"less": "greater", "less_equal": "greater_equal", "greater": "less",
           "greater_equal": "less_equal"}


@pytest.mark.parametrize("function", BINARY, ids=lambda f: f.__name__)
@pytest.mark.parametrize("other", [3, 2.5, np.array([1.0, 2.0]), np.float64(0.5), np.int64(3)],
                         ids=lambda o: type(o).__name__)
def test_operators_take_numbers_and_arrays_on_both_sides(function, other):
    def right(xp, x):
        return {"dy/dx": grad(function(x, other), x)}

    def left(xp, x):
        return {"dy/dx": grad(function(other, x), x)}

    leaf = "constant" if isinstance(other, np.ndarray) else "literal"
    for graph, operands in ((traced(right), (0, 1)), (traced(left), (1, 0))):
        assert graph.nodes[1].op == leaf
        assert (graph.nodes[2].op, graph.nodes[2].inputs) == (BINARY[function], operands)


@pytest.mark.parametrize("function", ORDER, ids=lambda f: f.__name__)
@pytest.mark.parametrize("other", [0, 0.5, np.array([1.0, 2.0])], ids=lambda o: type(o).__name__)
def test_comparisons_on_both_sides(function, other):
    def right(xp, x):
        return {"dy/dx": grad(xp.where(function(x, other), x, 0.0), x)}

    def left(xp, x):
        return {"dy/dx": grad(xp.where(function(other, x), x, 0.0), x)}

    name = ORDER[function]
    assert only(traced(right), name).type.dtype == "bool"
    ops = {n.op: n.inputs for n in traced(left)}
    # Python turns `0 < x` into `x > 0`, NumPy does not
    assert ops.get(name) == (1, 0) or ops.get(FLIPPED[name]) == (0, 1)


def test_matmul_with_arrays_on_both_sides():
    def function(xp, m):
        return {"d": grad(np.ones((4, 2)) @ m @ np.ones(3), m)}

    assert [n.type.shape for n in traced(function) if n.op == "matmul"] == [(4, 3), (4,)]


def test_values_describe_themselves():
    def function(xp, m):
        assert (m.shape, m.ndim, m.size, m.dtype, len(m)) == ((2, 3), 2, 6, "float32", 2)
        assert repr(m) == f"{m}" == f"{m:.3f}" == "<traced float32[2, 3]>"
        assert (m.T.shape, m.mT.shape, (+m) is m) == ((3, 2), (3, 2), True)
        first, second = m
        assert first.shape == second.shape == (3,)
        assert xp.asarray(m) is m
        assert (xp.pi, xp.e, xp.inf) == (math.pi, math.e, math.inf)
        assert {"sin", "asarray", "pi"} <= set(dir(xp))
        assert {m: 1}[m] == 1
        return {"d": grad(first * second, m)}

    traced(function)


def test_changing_in_place_makes_a_new_value():
    def function(xp, x):
        y = x
        y += 1
        y *= x
        return {"dy/dx": grad(y, x)}

    assert program(traced(function))[2:4] == ["add(0, 1)", "multiply(2, 0)"]


def test_names_that_python_asks_for_are_attribute_errors():
    def function(xp, x):
        assert not hasattr(x, "__array_interface__")
        assert not hasattr(xp, "_repr_html_")
        return {"d": grad(x * x, x)}

    traced(function)


# --- errors ------------------------------------------------------------------------------------

def marked(function, mark="# <-"):
    """The line of a function that carries the mark."""
    lines, first = inspect.getsourcelines(function)
    (line,) = (first + i for i, text in enumerate(lines) if text.rstrip().endswith(mark))
    return line


ELSEWHERE = []


def leak(xp, x):
    ELSEWHERE.append(x)
    return {"d": grad(x * x, x)}


def refused(error, *said):
    def mark(function):
        REFUSED.append(pytest.param(function, error, said, id=function.__name__))

    return mark


REFUSED = []
CASES_ARE_TRACED_ONCE = "has no value yet: a case is traced once, before any input is known; "
BRANCH = ("this branches (`if`, `while`, `and`, `assert`, `max`, a < b < c), but a traced ",
          CASES_ARE_TRACED_ONCE + "write xp.where(condition, a, b), xp.maximum(a, b)")
NUMBER = ("this needs a number (float, int, round, math), but a traced float32[] ",
          CASES_ARE_TRACED_ONCE + "write xp.sin(x) rather than math.sin(x)")
COUNTS = ("this counts or indexes with a number, but a traced int64[] ",
          CASES_ARE_TRACED_ONCE + "write the number, or take it from x.shape")
MASK = ("`==` states a closed form of a result; to compare elementwise write xp.equal(a, b)",)


@refused(BranchError, *BRANCH)
def if_(xp, s):
    if s > 0:  # <-
        return {}


@refused(BranchError, *BRANCH)
def while_(xp, s):
    while s < 1:  # <-
        s = s + 1


@refused(BranchError, *BRANCH)
def and_(xp, s):
    return s > 0 and s < 1  # <-


@refused(BranchError, *BRANCH)
def not_(xp, s):
    return not s  # <-


@refused(BranchError, *BRANCH)
def chained(xp, s):
    return 0 < s < 1  # <-


@refused(BranchError, *BRANCH)
def assert_(xp, s):
    assert s  # <-


@refused(BranchError, *BRANCH)
def max_(xp, s):
    return max(s, 0.0)  # <-


@refused(BranchError, *NUMBER)
def float_(xp, s):
    return float(s)  # <-


@refused(BranchError, *NUMBER)
def int_(xp, s):
    return int(s)  # <-


@refused(BranchError, *NUMBER)
def round_(xp, s):
    return round(s)  # <-


@refused(BranchError, *NUMBER)
def math_sin(xp, s):
    return math.sin(s)  # <-


@refused(BranchError, *NUMBER)
def math_floor(xp, s):
    return math.floor(s)  # <-


@refused(BranchError, *COUNTS)
def range_(xp, i):
    return range(i)  # <-


@refused(BranchError, *COUNTS)
def list_index(xp, i):
    return [1, 2][i]  # <-


@refused(ShapeError, "getitem(float32[2]): cannot index with <traced int64[]>: index with ints ",
         "select with xp.take(x, [0, 2], axis=0) or xp.where(condition, x, 0.0)")
def traced_index(xp, x, i):
    return x[i]  # <-


@refused(ShapeError, "getitem(float32[2]): cannot index with <traced bool[2]>: ", "or xp.where(")
def mask_index(xp, x):
    return x[x > 0]  # <-


@refused(ShapeError, "getitem(float32[2]): a slice's bounds are ints, got <traced int64[]>")
def traced_slice(xp, x, i):
    return x[:i]  # <-


@refused(ShapeError, "getitem(float32[2]): cannot index float32[2]: too many indices")
def too_many_indices(xp, x):
    return x[0, 0]  # <-


@refused(CaseError, "values cannot be assigned to; build a new one with xp.where, xp.concat or ")
def assignment(xp, x):
    x[0] = 1.0  # <-


@refused(CaseError, "a float32[] has no length and no rows; give it a dimension")
def loop_over_a_number(xp, s):
    for _ in s:  # <-
        pass


@refused(CaseError, *MASK)
def equal_as_a_mask(xp, x):
    return xp.where(x == 0, x, 1.0)  # <-


@refused(CaseError, *MASK)
def equal_as_a_factor(xp, x):
    return 2 * (x == 0)  # <-


@refused(CaseError, *MASK)
def equal_times(xp, x):
    return (x == 0) * 2  # <-


@refused(CaseError, *MASK)
def if_equal(xp, x):
    if x == 0:  # <-
        pass


@refused(CaseError, *MASK)
def in_list(xp, x, w):
    return x in [w]  # <-


@refused(CaseError, *MASK)
def closed_form_twice(xp, x):
    return {"d": grad(x * x, x) == 2 * x == x + x}  # <-


@refused(CaseError, "to compare elementwise write xp.not_equal(a, b)")
def not_equal(xp, x):
    return x != 0  # <-


@refused(CaseError, "np.sin cannot see inside a traced value; write xp.sin")
def np_sin(xp, x):
    return np.sin(x)  # <-


@refused(CaseError, "np.arcsin cannot see inside a traced value; write xp.asin")
def np_arcsin(xp, x):
    return np.arcsin(x)  # <-


@refused(CaseError, "np.sum cannot see inside a traced value; write xp.sum")
def np_sum(xp, x):
    return np.sum(x)  # <-


@refused(CaseError, "np.concatenate cannot see inside a traced value; write xp.concat")
def np_concatenate(xp, x):
    return np.concatenate([x, x])  # <-


@refused(CaseError, "np.floor cannot see inside a traced value; write xp.floor")
def np_floor(xp, x):
    return np.floor(x)  # <-


@refused(CaseError, "np.spacing cannot see inside a traced value; write xp.sin(x) rather than np.s")
def np_spacing(xp, x):
    return np.spacing(x)  # <-


@refused(CaseError, "NumPy cannot see inside a traced value; ", "xp.stack([a, b]) rather than an ")
def np_array(xp, x):
    return np.array([x, x])  # <-


@refused(CaseError, "NumPy cannot see inside a traced value; ", "xp.stack([a, b]) rather than an ")
def asarray_of_values(xp, s):
    return xp.asarray([s, s])  # <-


@refused(CaseError, "a traced value has no attribute 'sum'; write xp.sum(x)")
def method(xp, x):
    return x.sum()  # <-


@refused(CaseError, "a traced value has no attribute 'detach'; write xp.stop_gradient")
def detach(xp, x):
    return x.detach()  # <-


@refused(CaseError, "a traced value has no attribute 'item'; it has shape, ndim, size, dtype, T ")
def item(xp, x):
    return x.item()  # <-


@refused(CaseError, ".T wants 2 dimensions, got float32[2, 3, 4]; write xp.permute_dims(x, axes)")
def transpose(xp, cube):
    return cube.T  # <-


@refused(CaseError, "traced values have no %; conformance/catalogue lists the operators")
def modulo(xp, x):
    return x % 2  # <-


@refused(CaseError, "traced values have no //; ")
def floor_divide(xp, x):
    return 2 // x  # <-


@refused(CaseError, "traced values have no &; write xp.where inside xp.where")
def conjunction(xp, x):
    return (x > 0) & (x < 1)  # <-


@refused(CaseError, "traced values have no ~; write xp.where inside xp.where")
def inversion(xp, x):
    return ~(x > 0)  # <-


@refused(UnknownOperator, "xp.tanhh: there is no operator 'tanhh'; did you mean xp.tanh")
def unknown(xp, x):
    return xp.tanhh(x)  # <-


@refused(UnknownOperator, "xp.power: there is no operator 'power'; write xp.pow")
def alias(xp, x):
    return xp.power(x, 2)  # <-


@refused(UnknownOperator, "there is no operator 'grad'; write grad(target, source)")
def xp_grad(xp, x):
    return xp.grad(x, x)  # <-


@refused(UnknownOperator, "there is no operator 'literal'; write the number")
def xp_literal(xp, x):
    return xp.literal(3.0)  # <-


@refused(ShapeError, "add(float32[2], float32[2, 3]): shapes (2,) and (2, 3) do not broadcast")
def shapes(xp, x, m):
    return x + m  # <-


@refused(ShapeError, "matmul(float32[2, 3], float32[2]): inner dimensions differ: float32[2, 3] @")
def inner(xp, x, m):
    return m @ x  # <-


@refused(ShapeError, "sum(float32[2]): has no parameter 'dim'; did you mean 'axis'?")
def keyword(xp, x):
    return xp.sum(x, dim=0)  # <-


@refused(ShapeError, "sum(float32[2]): axis 1 is out of range for 1 dimension(s)")
def axis(xp, x):
    return xp.sum(x, axis=1)  # <-


@refused(ShapeError, "sum(float32[2]): an axis must be an int, got <traced int64[]>")
def traced_axis(xp, x, i):
    return xp.sum(x, axis=i)  # <-


@refused(ShapeError, "sum: takes 1 operand(s), axis, keepdims; got 'axis' twice")
def axis_twice(xp, x):
    return xp.sum(x, 0, axis=0)  # <-


@refused(ShapeError, "exp: takes 1 operand(s); got 2 argument(s)")
def too_many_arguments(xp, x):
    return xp.exp(x, 0)  # <-


@refused(ShapeError, "add: takes 2 operand(s), got 1")
def too_few_operands(xp, x):
    return xp.add(x)  # <-


@refused(ShapeError, "concat: wants its tensors in one list, as in xp.concat([a, b])")
def concat_of_two(xp, x, w):
    return xp.concat(x, w)  # <-


@refused(ShapeError, "stack: wants its tensors in one list, as in xp.stack([a, b])")
def stack_of_nothing(xp, x):
    return xp.stack()  # <-


@refused(ShapeError, "concat(float32[2], float32[2, 3]): cannot join float32[2], float32[2, 3]")
def concat_of_ranks(xp, x, m):
    return xp.concat([x, m])  # <-


@refused(ShapeError, "multiply(int64[], float32[2]): wants floating-point operands, got int64; ",
         "write 3.0 rather than 3")
def integers(xp, i, x):
    return i * x  # <-


@refused(ShapeError, "multiply(float32[2], bool[2]): wants floating-point operands, got bool; ",
         "use a condition as in xp.where(x > 0, x, 0.0)")
def mask_as_a_factor(xp, x):
    return x * (x > 0)  # <-


@refused(ShapeError, "greater: the number 0.5 meets int64 values; write floats (3.0 rather than 3)")
def float_meets_integers(xp, i):
    return i > 0.5  # <-


@refused(ShapeError, f"multiply: the int {10**30} needs more than 64 bits; write a float")
def huge_int(xp, x):
    return x * 10**30  # <-


@refused(CaseError, "an operand is a value, a number or a NumPy array, got [1.0, 2.0] (list); ",
         "wrap a list in xp.asarray(...)")
def list_operand(xp, x):
    return x * [1.0, 2.0]  # <-


@refused(ShapeError, "less(float32[2], complex64[]): complex numbers have no order; compare xp.")
def complex_order(xp, x):
    return x < 1j  # <-


@refused(ShapeError, "wants real operands, got complex64; take xp.real, xp.imag or xp.abs first")
def complex_maximum(xp, x):
    return xp.relu(x * 1j)  # <-


@refused(ShapeError, "wants complex numbers, got float32[2]; xp.complex(x, 0.0) makes them")
def part_of_a_real_number(xp, x):
    return xp.imag(x)  # <-


@refused(CaseError, "got None (NoneType)")
def none_operand(xp, x):
    return xp.maximum(x, None)  # <-


@refused(CaseError, "a constant holds numbers or booleans, got ['a']")
def strings(xp, x):
    return xp.asarray(["a"])  # <-


@refused(CaseError, "nested lists must form a rectangle: ")
def ragged(xp, x):
    return xp.asarray([[1.0], [1.0, 2.0]])  # <-


@refused(ShapeError, "zeros: wants a shape such as (2, 3), got (-1,): ")
def negative_shape(xp, x):
    return xp.zeros((-1,))  # <-


@refused(ShapeError, "asarray: has no parameter 'dtype'; floats take the dtype of the run")
def dtype(xp, x):
    return xp.asarray([1.0], dtype="float32")  # <-


@refused(CaseError, "grad's source must be one traced value of the case, got 3.0; ",
         "write grad(y, x), a call for each source")
def grad_of_a_number(xp, x):
    return grad(x, 3.0)  # <-


@refused(CaseError, "grad's source must be one traced value of the case, got [<traced float32[2]>")
def grad_of_a_list(xp, x, w):
    return grad(x * w, [x, w])  # <-


@refused(CaseError, "grad's target must be one traced value of the case, "
         "got <<traced float32[2]> == closed form>")
def grad_of_a_claim(xp, x):
    dy_dx = grad(x * x, x) == 2 * x
    return {"d": grad(dy_dx, x)}  # <-


@refused(ShapeError, "grad(float32[2], int64[]): its source has dtype int64, which is not ",
         "write floats (3.0 rather than 3)")
def grad_for_an_integer(xp, x, i):
    return grad(x, i)  # <-


@refused(ShapeError, "grad(bool[2], float32[2]): its target has dtype bool")
def grad_of_a_condition(xp, x):
    return grad(x > 0, x)  # <-


@refused(CaseError, "a traced value of another case was used here; a case computes with its own")
def another_cases_value(xp, x):
    traced(leak)
    return x * ELSEWHERE[-1]  # <-


@pytest.mark.parametrize(("function", "error", "said"), REFUSED)
def test_what_a_case_cannot_do(function, error, said):
    with pytest.raises(CaseError) as caught:
        traced(function)
    assert type(caught.value) is error
    for part in said:
        assert part in str(caught.value)
    assert str(caught.value).startswith(f"{HERE}:{marked(function)}: ")
    assert caught.value.__cause__ is None
