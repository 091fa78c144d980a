"""One random program in full: what a backend was given, what it answered, what is true."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.backends import get_backend
from conformance.calibration.judging import Truths, components
from conformance.calibration.programs import Plan, RandomProgram, program
from conformance.errors import CannotCertify
from conformance.oracle import Truth
from conformance.oracle.certify import derivatives
from conformance.runner import evaluate
from conformance.workers import NoAnswer


def lines(plan: Plan, index: int, backends: tuple[str, ...]) -> Iterator[str]:
    """The program as each backend's source, and every component that does not agree."""
    made = program(plan, index)
    truths = derivatives(made.graph, made.inputs)
    for backend in backends:
        yield f"# --- {backend}"
        yield get_backend(backend).program(made.graph, made.inputs).source
        yield from (f"# {text}" for text in _judged(made, truths, backend))


def _judged(made: RandomProgram, truths: Truths, backend: str) -> Iterator[str]:
    answer = evaluate(backend, made.graph, made.inputs, "reverse", f"program {made.index}")
    if isinstance(answer, NoAnswer) or answer.error:
        yield answer.reason if isinstance(answer, NoAnswer) else answer.error
        return
    for output in made.graph.outputs:
        truth, got = truths[output.name], answer.values[output.name]
        if not isinstance(truth, Truth):
            yield f"{output.name}: {truth if isinstance(truth, CannotCertify) else 'at a kink'}"
            continue
        agree = 0
        for place, one in components(got, truth, made.graph.nodes[output.node].type):
            if one.verdict == "agrees":
                agree += 1
                continue
            yield (f"{output.name}{list(place)} {one.verdict}: got {got[place]!s}, truth "
                   f"{truth.hi[place]:.17g}, allowed ± {truth.allowed[place]:.3g}; {one.reason}")
        yield f"{output.name}: {agree} of {truth.hi.size} agree"
