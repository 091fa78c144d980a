"""Flags of torch.autograd.grad: each one that is printed is needed, and none is missing."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from conformance import grad, load_cases, trace
from conformance.backends import get_backend
from conformance.backends.base import Program
from conformance.errors import Unsupported
from conformance.graph import Graph
from conformance.typing_rules import TensorType

pytestmark = pytest.mark.skipif(not get_backend("torch").installed(), reason="needs torch")
REFUSALS = ("does not require grad", "is not implemented")
FLAGS = ("retain_graph=True", "create_graph=True", "allow_unused=True, materialize_grads=True",
         "requires_grad=True", ".requires_grad_()")
VALUES = {"x": np.array([0.5, -1.25]), "w": np.array([2.0, 0.75])}

Programs = dict[str, Callable[..., Any]]
PROGRAMS: Programs = {
    "two targets share a part": lambda xp, x, w: _targets(xp, x, xp.exp(x * w)),
    "nothing that is shared saves anything": lambda xp, x, w: {
        "a": grad(xp.sum(x + w, axis=0), x), "b": grad(xp.exp(x + w), x)},
    "two targets share only an input": lambda xp, x, w: {
        "a": grad(xp.exp(x), x), "b": grad(xp.sin(x), x)},
    "second order after first": lambda xp, x, w: _second(xp, x, x**3 * w),
    "first order after second": lambda xp, x, w: _mixed(xp, x, w, xp.exp(x) * xp.sin(w)),
    "all mixed partials": lambda xp, x, w: _all(xp, x, w, xp.atan2(x, w) * xp.hypot(x, w)),
    "a shared square": lambda xp, x, w: _all(xp, x, w, (x + w) ** 2),
    "stopped gradient": lambda xp, x, w: {
        "a": grad(xp.stop_gradient(grad(x**3, x)) * x * w, x)},
    "linear gradient": lambda xp, x, w: {"a": grad(grad(3 * x, x) * x * w, x)},
    "gradient as a source": lambda xp, x, w: _source(xp, grad(x**3, x)),
    "unconnected": lambda xp, x, w: {
        "a": grad(xp.exp(x) * w, w), "b": grad(x * x, w), "c": grad(x, x)},
    "third order": lambda xp, x, w: {
        "a": grad(grad(grad(xp.sin(x * w), x), w), x), "b": grad(grad(x**3, x), x)},
    "asked twice": lambda xp, x, w: _twice(xp.exp(x) * w, x),
    "a penalty and an unconnected source": lambda xp, x, w: {
        "a": grad(_penalty(xp, grad(x**3, x)), w)},
    "a penalty that is connected otherwise": lambda xp, x, w: {
        "a": grad(_penalty(xp, grad(x**3, x)) + x, w)},
    "two penalties and an unconnected source": lambda xp, x, w: {
        "a": grad(_penalty(xp, grad(x**3, x), grad(xp.exp(x), x)), w)},
    "one of two penalties alone": lambda xp, x, w: _alone(
        xp, w, grad(x**3, x), grad(xp.exp(x), x)),
    "a penalty on a gradient that hands another one on": lambda xp, x, w: {
        "a": grad(_penalty(xp, grad(grad(x**3, x) * w, w)), xp.sin(w))},
    "a source computed from a gradient": lambda xp, x, w: _source(xp, 2 * grad(x**3, x)),
    "a source beside its target": lambda xp, x, w: _beside(x, 2 * grad(x**3, x)),
    "a constant gradient as a source": lambda xp, x, w: _source(xp, grad(3 * x, x)),
    "siblings of a second derivative of a power": lambda xp, x, w: _siblings(x**w, x, w),
    "siblings of a second derivative of an angle": lambda xp, x, w: _siblings(
        xp.atan2(x, w), x, w),
    "siblings of a second derivative of a quotient": lambda xp, x, w: _siblings(x / w, x, w),
    "siblings of a second derivative of a product": lambda xp, x, w: _siblings(
        xp.sin(x) * xp.exp(w), x, w),
    "a penalty on a piecewise slope": lambda xp, x, w: {
        "a": grad(_penalty(xp, grad(xp.abs(x), x)), w)},
}


def _penalty(xp: Any, *gradients: Any) -> Any:
    return sum(xp.sum(g * g) for g in gradients)


def _alone(xp: Any, w: Any, g: Any, h: Any) -> dict[str, Any]:
    return {"a": grad(_penalty(xp, g, h), w), "b": grad(_penalty(xp, h), w)}


def _beside(x: Any, h: Any) -> dict[str, Any]:
    return {"a": grad(h**2 + x, h)}


def _targets(xp: Any, x: Any, h: Any) -> dict[str, Any]:
    return {"a": grad(xp.sin(h), x), "b": grad(h**2, x), "c": grad(h + x, x)}


def _second(xp: Any, x: Any, y: Any) -> dict[str, Any]:
    dy_dx = grad(y, x)
    return {"a": dy_dx, "b": grad(dy_dx, x)}


def _mixed(xp: Any, x: Any, w: Any, y: Any) -> dict[str, Any]:
    return {"a": grad(grad(y, x), w), "b": grad(y, w), "c": grad(y**2, x)}


def _all(xp: Any, x: Any, w: Any, y: Any) -> dict[str, Any]:
    dy_dx, dy_dw = grad(y, x), grad(y, w)
    return {"xx": grad(dy_dx, x), "xw": grad(dy_dx, w), "wx": grad(dy_dw, x), "ww": grad(dy_dw, w)}


def _siblings(y: Any, x: Any, w: Any) -> dict[str, Any]:
    a = grad(y, x)
    aa, ab = grad(a, x), grad(a, w)
    return {"aax": grad(aa, x), "aaw": grad(aa, w), "abw": grad(ab, w)}


def _source(xp: Any, g: Any) -> dict[str, Any]:
    return {"a": grad(g**2, g)}


def _twice(y: Any, x: Any) -> dict[str, Any]:
    return {"a": grad(y, x), "b": grad(y, x)}


def traced(function: Callable[..., Any]) -> Graph:
    types = {name: (TensorType((2,), "float64"), "constant") for name in "xw"}
    return trace(function, types, dtype="float64")


def printed(function: Callable[..., Any]) -> Program:
    return get_backend("torch").program(traced(function), VALUES)


def run(program: Program, source: str) -> dict[str, np.ndarray]:
    namespace: dict[str, Any] = {"__name__": "printed"}
    exec(source, namespace)
    results = namespace["derivatives"](*(namespace[name] for name in program.inputs))
    return {name: value.numpy(force=True) for name, value in results.items()}


def needless(program: Program) -> list[str]:
    """The flags without which the program still runs and answers the same."""
    wanted, found = run(program, program.source), []
    for flag in FLAGS:
        for match in re.finditer(rf"(,\s*)?{re.escape(flag)}", program.source):
            without = program.source[:match.start()] + program.source[match.end():]
            try:
                got = run(program, without)
            except (RuntimeError, TypeError):
                continue
            if all(np.array_equal(got[name], wanted[name]) for name in wanted):
                found.append(f"{flag} at {match.start()} in\n{program.source}")
    return found


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_flag_is_needless(name: str) -> None:
    assert needless(printed(PROGRAMS[name])) == []


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_the_reference_answers(name: str) -> None:
    """No program raises for want of a flag."""
    graph = traced(PROGRAMS[name])
    got, wanted = (get_backend(b).evaluate(graph, VALUES) for b in ("torch", "reference"))
    assert not got.error
    for key, value in got.values.items():
        np.testing.assert_allclose(value, wanted.values[key], rtol=1e-12, err_msg=key)


def test_zeros_that_torch_has_not_made_yet_are_read() -> None:
    graph = traced(lambda xp, x, w: {"a": grad(_penalty(xp, grad(xp.abs(x), x)), x)})
    evaluation = get_backend("torch").evaluate(graph, VALUES)
    assert not evaluation.error
    assert evaluation.values["a"].tolist() == [0.0, 0.0]


def test_flags_of_the_suite_s_own_cases() -> None:
    """Few are needless: where torch gives a zero of its own accord."""
    backend, found, count = get_backend("torch"), [], 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for case in load_cases().cases:
            try:
                program = backend.program(case.graph("float64"), case.values("float64"))
            except Unsupported:
                continue
            count += sum(program.source.count(flag) for flag in FLAGS)
            try:
                found += needless(program)
            except (RuntimeError, NotImplementedError) as error:
                # torch knows a constant from what is only unconnected, and refuses; and it lacks
                # some derivatives of derivatives
                assert any(words in str(error) for words in REFUSALS), case.id  # noqa: PT017
    assert not [text for text in found if text.startswith("requires")], found
    assert len(found) < count / 50
