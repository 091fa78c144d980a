"""Complex numbers from a case to its verdicts: tracing, literals, precision, printing, reports."""

import json
import os

import numpy as np
import pytest

from conformance import case, complex_uniform, grad, trace
from conformance.backends import get_backend
from conformance.errors import GraphError, NoComplexDtype
from conformance.graph import Graph, Node, Output
from conformance.reports.failure import merged
from conformance.reports.json_report import run_to_json
from conformance.reports.notation import statements
from conformance.runner import run
from conformance.serialization import validate
from conformance.typing_rules import TensorType

PAIR, REALS = TensorType((2,), "complex64"), TensorType((2,), "float32")


@case(z=complex_uniform(2))
def complex_case(xp, z):
    """A case of complex numbers."""
    return {"dy/dz": grad(xp.real(z * z), z) == 2 * xp.conj(z)}


def traced(function, kind=PAIR, dtype="float32"):
    return trace(function, {"z": (kind, "constant")}, dtype=dtype)


def types(graph, op):
    return [node.type.dtype for node in graph if node.op == op]


@pytest.mark.parametrize(("dtype", "wanted"), [("float32", "complex64"), ("float64", "complex128")])
def test_complex_numbers_take_the_precision_of_the_run(dtype, wanted):
    graph = complex_case.graph(dtype)
    assert types(graph, "input") == [wanted]
    assert types(graph, "grad") == [wanted]
    assert str(complex_case.values(dtype)["z"].dtype) == wanted


def test_numbers_take_the_dtype_of_what_they_meet():
    graph = traced(lambda xp, z: {"dz": grad(2.0 * z + z * 3, z)})
    assert types(graph, "literal") == ["complex64", "complex64"]
    graph = traced(lambda xp, z: {"dz": grad(1j * z, z)}, REALS)
    assert types(graph, "literal") == ["complex64"]
    assert types(graph, "grad") == ["float32"]


def test_constants_may_be_complex():
    graph = traced(lambda xp, z: {"dz": grad(xp.asarray([1 + 2j, 3]) * z, z)},
                   TensorType((2,), "float64"), "float64")
    (constant,) = (node for node in graph if node.op == "constant")
    assert (constant["value"], constant.type.dtype) == ((1 + 2j, 3 + 0j), "complex128")


def test_a_real_closed_form_is_written_for_a_complex_derivative_as_a_number():
    graph = traced(lambda xp, z: {"dz": grad(xp.real(z), z) == 1})
    assert graph.nodes[graph.outputs[0].closed_form].type.dtype == "complex64"


@pytest.mark.parametrize("function", [
    lambda xp, z: {"dz": grad(1j * z, z)}, lambda xp, z: {"dz": grad(xp.complex(z, z), z)},
    lambda xp, z: {"dz": grad(xp.fft(z), z)}, lambda xp, z: {"dz": grad(z * np.array([1j, 2]), z)}])
def test_there_is_no_half_of_a_complex_number(function):
    with pytest.raises(NoComplexDtype, match="no complex values with parts of float16"):
        traced(function, TensorType((2,), "float16"), "float16")


def test_half_precision_is_unsupported_and_not_an_error():
    assert not complex_case.runs_in("bfloat16")
    found = run([complex_case], ["reference"], ["float16", "float32"])
    assert [(v.dtype, v.verdict) for v in found.verdicts] == [
        ("float16", "unsupported"), ("float32", "agrees")]
    assert found.verdicts[0].reason == "there are no complex numbers of float16"
    assert not found.errors


def test_a_graph_holds_finite_complex_numbers_alone():
    for value in (complex("nan"), complex(0, float("inf"))):
        node = Node("literal", (), (("value", value),), TensorType((), "complex64"))
        with pytest.raises(GraphError, match=r"complex64.* cannot hold"):
            Graph((node,), (Output("y", 0),))
    real = Node("literal", (), (("value", 1j),), TensorType((), "float32"))
    with pytest.raises(GraphError, match=r"float32.* cannot hold 1j"):
        Graph((real,), (Output("y", 0),))


def test_json_keeps_every_bit():
    graph = traced(lambda xp, z: {"dz": grad((0.1 - 1e-300j) * z, z)})
    document = json.loads(json.dumps(graph.to_json()))
    assert Graph.from_json(document) == graph
    assert {"complex": [(0.1).hex(), (-1e-300).hex()]} in [
        node["parameters"].get("value") for node in document["nodes"]]


def test_mathematics_shows_complex_numbers():
    lines = statements(traced(lambda xp, z: {"dz": grad(z * (1 - 2j), z)}))
    assert any("1.0 - 2.0j" in line for line in lines)


def test_a_wrong_conjugate_is_found():
    class Conjugated(type(get_backend("reference"))):
        def to_numpy(self, value):
            return np.conj(super().to_numpy(value))

    from conformance.comparison import compare
    from conformance.runner import truths

    answer = Conjugated().evaluate(complex_case.graph(), complex_case.values("float32"))
    found = compare(answer.values["dy/dz"], truths(complex_case, "float32")["dy/dz"], PAIR)
    assert found.verdict == "differs"
    assert found.reason.startswith("imaginary part: ")


def test_a_number_of_two_parts_needs_its_brackets():
    source = get_backend("torch").program(
        traced(lambda xp, z: {"dz": grad((1 - 2j) * z, z)}), {"z": np.ones(2, "complex64")}).source
    assert "y = (1.0 - 2.0j) * z" in source


SABOTEURS = """
import numpy as np
from conformance.backends.reference import ReferenceBackend

class RealAnswers(ReferenceBackend):
    name = "real_answers"

    def to_numpy(self, value):
        return super().to_numpy(value).real.copy()

class Conjugates(ReferenceBackend):
    name = "conjugates"

    def to_numpy(self, value):
        return np.conj(super().to_numpy(value))
"""


@pytest.mark.parametrize(("backend", "wanted"), [
    ("RealAnswers", "got dtype float32, wanted complex64, and imaginary part: "),
    ("Conjugates", "imaginary part: rounding in float32 explains up to ")])
def test_a_report_names_the_part_and_shows_its_digits(backend, wanted, tmp_path, monkeypatch):
    (tmp_path / "complex_saboteurs.py").write_text(SABOTEURS, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
    found = run([complex_case], [f"complex_saboteurs:{backend}"], ["float32"])
    (verdict,) = found.verdicts
    assert verdict.verdict == "differs"
    assert verdict.reason.startswith(wanted)
    assert np.shape(verdict.got) == np.shape(verdict.truth) == (2, 2)
    (failure,) = merged(found.verdicts, found.verdicts)
    assert any(line.startswith("  got ") for line in failure.lines())
    validate(json.loads(json.dumps(run_to_json(found))), "results")
