"""Backends as the rest of the suite sees them: found by name, evaluated, honest about errors."""

from __future__ import annotations

import subprocess
import sys
import traceback
import warnings
from typing import Any, ClassVar

import numpy as np
import pytest

from conformance import grad, load_cases, trace
from conformance.accuracy import Line
from conformance.backends import (
    BUILT_IN,
    Backend,
    Evaluation,
    choose_backends,
    get_backend,
    list_backends,
)
from conformance.backends.printing import Expr
from conformance.backends.reference import ReferenceBackend
from conformance.errors import MissingFramework, Unsupported, UsageError
from conformance.formats import FORMATS, numpy_dtype
from conformance.graph import Graph
from conformance.typing_rules import TensorType

CHAINED, = load_cases().select(["chained_powers"])


def graph_of(function: Any, dtype: str = "float64", shape: tuple[int, ...] = (2,)) -> Graph:
    return trace(function, {"x": (TensorType(shape, dtype), "constant")}, dtype=dtype)


def cube(xp: Any, x: Any) -> dict[str, Any]:
    y = x**3
    return {"dy/dx": grad(y, x)}


class Absent(ReferenceBackend):
    name = "absent"
    module = "no_such_framework"
    distribution = "no-such-framework"
    extra = "absent"


def test_built_in_backends_are_listed() -> None:
    assert list_backends()[:5] == ("reference", "torch", "tensorflow", "jax", "autograd")


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UsageError, match="unknown backend 'tensorfow': did you mean 'tensorflow'"):
        get_backend("tensorfow")


def test_a_missing_framework_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BUILT_IN, "absent", f"{__name__}:Absent")
    monkeypatch.setitem(sys.modules, __name__, sys.modules[Absent.__module__])
    message = r"absent is not installed: pip install 'gradient-conformance\[absent\]'"
    with pytest.raises(MissingFramework, match=message):
        choose_backends(("reference", "absent"))
    with pytest.raises(MissingFramework, match=message):
        get_backend("absent").version()
    chosen, missing = choose_backends()
    assert "absent" not in [backend.name for backend in chosen]
    assert "absent" in [backend.name for backend in missing]


def test_backends_of_other_packages_are_told_what_holds_them() -> None:
    class Foreign(Absent):
        extra = ""

    assert Foreign().missing() == "absent is not installed: install no-such-framework"


def test_a_module_whose_parent_is_missing_is_not_installed() -> None:
    class Nested(Absent):
        module = "no_such_framework.eager.core"

    assert not Nested().installed()
    with pytest.raises(MissingFramework, match="absent is not installed"):
        Nested().version()


def test_a_module_that_no_distribution_holds_has_an_unknown_version(write: Any) -> None:
    class Local(Absent):
        module = "local_engine"

    folder = write("local_engine.py", "raise AssertionError('nobody needs this yet')").parent
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        assert Local().installed()
        assert Local().version() == "unknown"


@pytest.mark.parametrize("backend", BUILT_IN, indirect=True)
def test_versions(backend: Backend) -> None:
    assert backend.version()[0].isdigit()


@pytest.mark.parametrize("name", BUILT_IN)
def test_no_backend_is_imported_before_it_runs(name: str) -> None:
    module = get_backend(name).module
    script = (f"import sys; from conformance.backends import get_backend as g; b = g({name!r}); "
              f"b.installed(); b.missing(); sys.exit({module!r} in sys.modules)")
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("backend", BUILT_IN, indirect=True)
def test_evaluation(backend: Backend, dtype: str) -> None:
    evaluation = backend.evaluate(CHAINED.graph(dtype), CHAINED.values(dtype), title=CHAINED.name)
    assert evaluation.error == ""
    assert {name: float(v) for name, v in evaluation.values.items()} == {"dz/dx": 108, "dy/dx": 6}
    assert {v.dtype.name for v in evaluation.values.values()} == {dtype}
    assert evaluation.seconds > 0
    assert "def derivatives(x):" in evaluation.source


@pytest.mark.parametrize("backend", ["jax"], indirect=True)
def test_precision_does_not_leak_from_run_to_run(backend: Backend) -> None:
    for dtype in ("float32", "float64", "float32"):
        evaluation = backend.evaluate(CHAINED.graph(dtype), CHAINED.values(dtype))
        assert evaluation.values["dy/dx"].dtype == dtype


def test_unsupported_modes_and_dtypes() -> None:
    backend = get_backend("reference")
    values = CHAINED.values("float32")
    with pytest.raises(Unsupported, match="reference has no mode 'compiled', only reverse"):
        backend.program(CHAINED.graph(), values, mode="compiled")
    with pytest.raises(Unsupported, match="autograd has no float16"):
        get_backend("autograd").program(graph_of(cube, "float16"), {"x": np.ones(2, "float16")})


@pytest.mark.parametrize("backend", list_backends()[:5], indirect=True)
def test_a_program_may_ask_for_no_gradient_at_all(backend: Backend) -> None:
    graph = Line("exp").graph((2,), "float64", (0,))
    evaluation = backend.evaluate(graph, {"x": np.array([0.0, -np.inf])})
    assert evaluation.values["value"].tolist() == [1.0, 0.0]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("backend", ["reference", "torch", "tensorflow", "jax"], indirect=True)
def test_half_precision_goes_in_and_comes_out(backend: Backend, dtype: str) -> None:
    """With subnormals, and with literals that the dtype cannot hold."""
    def scaled(xp: Any, x: Any) -> dict[str, Any]:
        return {"y": x * 1.0, "dy/dx": grad(xp.sum(xp.maximum(x, 0.1) * x), x)}

    format = FORMATS[dtype]
    x = np.array([format.smallest_normal / 2, -1 / 3, 3.0, format.largest], numpy_dtype(dtype))
    tenth = format.round(0.1)
    evaluation = backend.evaluate(graph_of(scaled, dtype, (4,)), {"x": x})
    assert {value.dtype.name for value in evaluation.values.values()} == {dtype}
    assert evaluation.values["y"][1:].tolist() == x[1:].tolist()
    assert evaluation.values["dy/dx"].tolist() == [tenth, tenth, 6.0, np.inf]


@pytest.mark.parametrize("backend", ["torch"], indirect=True)
def test_a_framework_s_refusal_is_data_and_names_the_statement(backend: Backend) -> None:
    def function(xp: Any, x: Any) -> dict[str, Any]:
        dy_dx = grad(3 * x, x)
        return {"d2y/dx2": grad(dy_dx, x)}

    evaluation = backend.evaluate(graph_of(function), {"x": np.ones(2)})
    assert evaluation.values == {}
    assert evaluation.error.startswith("RuntimeError: element 0 of tensors does not require grad")
    assert evaluation.error.endswith(
        ", at line 9 of the printed code: d2y_dx2 = torch.autograd.grad(dy_dx.sum(), x, "
        "allow_unused=True, materialize_grads=True)[0]")


class Broken(ReferenceBackend):
    def array(self, values: np.ndarray, dtype: str) -> str:
        return "engine.constant(("


def test_a_printer_s_mistake_is_not_an_answer() -> None:
    with pytest.raises(SyntaxError):
        Broken().evaluate(graph_of(cube), {"x": np.ones(2)})


def test_tracebacks_show_the_printed_code() -> None:
    class Faulty(ReferenceBackend):
        spellings: ClassVar[dict[str, Any]] = {"pow": lambda call: Expr("engine.nothing(x)")}

    program = Faulty().program(graph_of(cube), {"x": np.ones(2)}, title="faulty")
    derivatives, inputs = Faulty().load(program)
    with pytest.raises(AttributeError) as caught:
        derivatives(*inputs)
    text = "".join(traceback.format_exception(caught.value))
    assert '"<reference faulty float64 reverse>", line' in text
    assert "y = engine.nothing(x)" in text


@pytest.mark.parametrize("backend", ["autograd"], indirect=True)
def test_warnings_are_neither_shown_nor_errors(backend: Backend) -> None:
    def function(xp: Any, x: Any) -> dict[str, Any]:
        return {"d": grad(grad(3 * x, x), x)}

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        evaluation = backend.evaluate(graph_of(function), {"x": np.ones(2)})
    assert evaluation == Evaluation({"d": evaluation.values["d"]}, evaluation.seconds,
                                    evaluation.source)


@pytest.mark.parametrize("backend", ["tensorflow"], indirect=True)
def test_tensorflow_starts_in_silence(backend: Backend) -> None:
    script = ("from conformance import load_cases; from conformance.backends import get_backend; "
              "case, = load_cases().select(['sum_square']); "
              "get_backend('tensorflow').evaluate(case.graph(), case.values('float32'))")
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                           check=True)
    assert found.stderr == ""


@pytest.mark.parametrize("step", ["sin", "add"])
@pytest.mark.parametrize("backend", ["reference", "torch", "tensorflow", "autograd"], indirect=True)
def test_long_programs(backend: Backend, step: str) -> None:
    def function(xp: Any, x: Any) -> dict[str, Any]:
        y = x
        for _ in range(300):
            y = xp.sin(y) if step == "sin" else y + x * y / 1000
        dy_dx = grad(y, x)
        return {"dy/dx": dy_dx, "d2y/dx2": grad(dy_dx, x)}

    evaluation = backend.evaluate(graph_of(function), {"x": np.array([0.5, -0.25])})
    assert not evaluation.error
    assert np.all(np.isfinite(evaluation.values["d2y/dx2"]))


@pytest.mark.parametrize("backend", BUILT_IN, indirect=True)
def test_empty_bool_and_integer_inputs(backend: Backend) -> None:
    def function(xp: Any, x: Any, mask: Any, nothing: Any) -> dict[str, Any]:
        y = xp.where(mask, x**2, x) * xp.sum(xp.exp(nothing) + 1)
        return {"dy/dx": grad(y + x, x), "dy/dn": grad(y, nothing)}

    values = {"x": np.array([0.5, 2.0]), "mask": np.array([True, False]),
              "nothing": np.ones((0, 2))}
    types = {name: (TensorType(v.shape, str(v.dtype)), "constant") for name, v in values.items()}
    evaluation = backend.evaluate(trace(function, types, dtype="float64"), values)
    assert not evaluation.error
    assert evaluation.values["dy/dx"].tolist() == [1.0, 1.0]
    assert evaluation.values["dy/dn"].shape == (0, 2)
