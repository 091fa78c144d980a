"""A case as mathematics."""

import pytest

from conformance import array, grad, load_cases, trace
from conformance.reports.notation import statements
from conformance.typing_rules import TensorType

SCALAR, VECTOR, MATRIX = (TensorType(shape, "float32") for shape in [(), (3,), (2, 3)])


def lines(function, **types):
    return statements(trace(function, {name: (t, "constant") for name, t in types.items()},
                            dtype="float32"))


def test_every_case_of_the_suite_can_be_written():
    library = load_cases()
    assert len(library.cases) > 300
    for case in library.cases:
        for dtype in ("float32", "float64"):
            graph = case.graph(dtype)
            written = statements(graph)
            assert [line.partition(":  ")[0] for line in written[-len(graph.outputs):]] == [
                output.name for output in graph.outputs]


def test_statements_then_derivatives_with_their_closed_forms():
    def chain(xp, x):
        y = x**2
        z = y**2
        return {"dz/dx": grad(z, x) == 4 * x**3, "dy/dx": grad(y, x)}

    assert lines(chain, x=SCALAR) == [
        "y = x**2", "z = y**2", "dz/dx:  ∂z/∂x = 4 * x**3", "dy/dx:  ∂y/∂x"]


def test_the_gradient_of_an_array_is_that_of_its_sum():
    def norm(xp, x):
        y = xp.sqrt(xp.abs(x) + 1)
        return {"dy/dx": grad(y, x)}

    assert lines(norm, x=VECTOR) == ["y = √(|x| + 1)", "dy/dx:  ∂Σ y/∂x"]


def test_a_nested_derivative_is_called_as_the_case_calls_it():
    def second(xp, x):
        y = x**3
        dy_dx = grad(y, x)
        return {"dy/dx": dy_dx, "d2y/dx2": grad(dy_dx, x) == 6 * x}

    assert lines(second, x=SCALAR)[1:] == ["dy/dx:  ∂y/∂x", "d2y/dx2:  ∂(dy/dx)/∂x = 6 * x"]


def test_a_derivative_that_is_no_output_is_a_statement():
    def penalty(xp, x):
        y = xp.sum(xp.exp(x))
        slope = grad(y, x)
        z = xp.sum(slope**2)
        return {"dz/dx": grad(z, x)}

    assert lines(penalty, x=VECTOR) == [
        "y = sum(exp(x))", "slope = ∂y/∂x", "z = sum(slope**2)", "dz/dx:  ∂z/∂x"]


@pytest.mark.parametrize(("written", "wanted"), [
    (lambda xp, x: xp.matrix_transpose(x) @ x, "xᵀ @ x"),
    (lambda xp, x: xp.matrix_transpose(x + 1) * 2, "(x + 1)ᵀ * 2"),
    (lambda xp, x: x[0, 1:] / (x[1, 1:] - 3), "x[0, 1:] / (x[1, 1:] - 3)"),
    (lambda xp, x: xp.sum(x, axis=1, keepdims=True) - x, "sum(x, axis=1, keepdims=True) - x"),
    (lambda xp, x: xp.where(x > 0, x, 0.0), "where(x > 0, x, 0.0)"),
    (lambda xp, x: xp.stop_gradient(x) * -x, "stop_gradient(x) * -x"),
    (lambda xp, x: (x**2) ** 3, "(x**2) ** 3"),
])
def test_operators_read_as_mathematics(written, wanted):
    def program(xp, x):
        return {"dy/dx": grad(written(xp, x), x)}

    (line,) = lines(program, x=MATRIX)[-1:]
    assert line in (f"dy/dx:  ∂Σ ({wanted})/∂x", f"dy/dx:  ∂Σ {wanted}/∂x") or (
        lines(program, x=MATRIX)[0].endswith(f" = {wanted}"))


def test_arrays_are_written_out():
    def weighted(xp, x):
        y = x * xp.asarray([0.5, 1.0, 2.0])
        return {"dy/dx": grad(y, x)}

    assert array is not None
    assert lines(weighted, x=VECTOR)[0] == "y = x * [0.5, 1.0, 2.0]"
