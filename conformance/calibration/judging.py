"""Random programs on backends: every component of every gradient, by the suite's own comparison."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from conformance.calibration.programs import Plan, RandomProgram, program
from conformance.comparison import Comparison, compare, ulp
from conformance.errors import CannotCertify
from conformance.oracle import Kink, Truth
from conformance.oracle.certify import derivatives  # which keeps no random programs on disk
from conformance.runner import evaluate
from conformance.typing_rules import TensorType
from conformance.workers import NoAnswer

Truths = Mapping[str, Truth | Kink | CannotCertify]
DIGITS = 4  # of what is kept of every component


@dataclass
class Tally:
    """What one backend answered to one program.

    verdicts: components by verdict. reasons: of those that do not agree. ratios: error as a part
    of what was allowed. allowances: what was allowed as a part of the truth. Of true zeros that are
    answered by zeros (`zeros`), of which there are many, neither is kept.
    """

    verdicts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    ratios: list[float] = field(default_factory=list)
    allowances: list[float] = field(default_factory=list)
    zeros: int = 0
    failing: list[str] = field(default_factory=list)
    seconds: float = 0.0


def examine(plan: Plan, index: int, backends: tuple[str, ...]) -> dict[str, Any]:
    """One program on some backends, as a line of the journal."""
    made = program(plan, index)
    started = time.perf_counter()
    truths = derivatives(made.graph, made.inputs)
    line: dict[str, Any] = {
        "index": index, "nodes": made.size, "points": made.points,
        "oracle": round(time.perf_counter() - started, 3),
        "components": sum(_size(made, name) for name in truths),
        "refused": dict(refused(made, truths)), "backends": {}}
    for backend in backends:
        line["backends"][backend] = as_json(tally(made, truths, backend))
    return line


def refused(made: RandomProgram, truths: Truths) -> Counter[str]:
    """Components without one certified truth, by kind of refusal."""
    found: Counter[str] = Counter()
    for name, truth in truths.items():
        if not isinstance(truth, Truth):
            kind = str(truth).partition(":")[0] if isinstance(truth, CannotCertify) else "kink"
            found[kind] += _size(made, name)
    return found


def tally(made: RandomProgram, truths: Truths, backend: str) -> Tally:
    """Every certified component, judged."""
    found = Tally()
    started = time.perf_counter()
    answer = evaluate(backend, made.graph, made.inputs, "reverse", f"program {made.index}")
    found.seconds = time.perf_counter() - started
    problem = (answer.verdict, answer.reason) if isinstance(answer, NoAnswer) else (
        ("raised", answer.error) if answer.error else None)
    if problem:
        found.verdicts[problem[0]] += sum(_size(made, name) for name in truths)
        found.reasons[problem[1][:120]] += 1
        return found
    for name, truth in truths.items():
        if isinstance(truth, Truth):
            _add(found, name, answer.values.get(name), truth, _type(made, name))
    return found


def _add(found: Tally, name: str, got: np.ndarray | None, truth: Truth, kind: TensorType) -> None:
    for place, one in components(got, truth, kind):
        found.verdicts[one.verdict] += 1
        if one.verdict != "agrees":
            found.reasons[f"{one.verdict}: {_plain(one.reason)}"] += 1
        if one.verdict not in ("agrees", "inconclusive"):
            found.failing.append(f"{name}{list(place)}: {one.reason}")
    if got is not None and got.shape == truth.hi.shape:
        _measure(found, np.asarray(got, "float64"), truth, kind.dtype)


def components(got: np.ndarray | None, truth: Truth,
               kind: TensorType) -> Iterator[tuple[tuple[int, ...], Comparison]]:
    """The verdict of each element alone; all agree where the whole does."""
    whole = compare(got, truth, kind)
    alone = TensorType((), kind.dtype)
    for place in np.ndindex(*kind.shape):
        if whole.verdict == "agrees" or got is None or got.shape != kind.shape:
            yield place, whole
        else:
            yield place, compare(got[place], element(truth, place), alone)


def element(truth: Truth, place: tuple[int, ...]) -> Truth:
    """The truth of one element, 0-d."""
    return replace(truth, **{f.name: np.asarray(value[place]) for f in fields(truth)
                             if isinstance(value := getattr(truth, f.name), np.ndarray)})


def _measure(found: Tally, got: np.ndarray, truth: Truth, dtype: str) -> None:
    """Keep the ratios of the components that have a bound."""
    zero = (got == 0) & (truth.hi == 0)
    found.zeros += int(zero.sum())
    there = ~zero & np.isfinite(truth.allowed)
    with np.errstate(all="ignore"):
        error = np.abs(got - truth.hi - truth.lo)
        allowed = np.maximum(truth.allowed, ulp(truth.hi, dtype) / 2)
        ratio, relative = error / allowed, truth.allowed / np.abs(truth.hi)
    found.ratios += [short(x) for x in ratio[there]]
    found.allowances += [short(x) for x in relative[there]]


def short(number: float) -> float:
    """A number as the journal keeps it."""
    return float(f"{number:.{DIGITS}g}")


def _plain(reason: str) -> str:
    """A reason without its numbers, so that like ones are counted together."""
    words = ("N" if any(c.isdigit() for c in word) and not word.startswith("float") else word
             for word in reason.split())
    return " ".join(words)[:120]


def as_json(found: Tally) -> dict[str, Any]:
    line = {f.name: getattr(found, f.name) for f in fields(found)}
    return {**line, "verdicts": dict(found.verdicts), "reasons": dict(found.reasons),
            "seconds": round(found.seconds, 3)}


def _type(made: RandomProgram, name: str) -> TensorType:
    return next(made.graph.nodes[o.node].type for o in made.graph.outputs if o.name == name)


def _size(made: RandomProgram, name: str) -> int:
    return _type(made, name).size
