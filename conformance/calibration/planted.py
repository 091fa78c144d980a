"""Mistakes planted in the reference engine, one at one place of a program: which are noticed?"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from conformance.backends import get_backend
from conformance.calibration.judging import Truths, components
from conformance.calibration.programs import Plan, RandomProgram, program
from conformance.oracle import Truth
from conformance.oracle.certify import derivatives

Answers = dict[str, np.ndarray]
# what a person would use instead: usual guesses, and the float32 defaults of torch.testing
GUESSES = {"allclose 1e-3": (1e-3, 1e-5), "allclose 1.3e-6": (1.3e-6, 1e-5)}
# mistakes of a kind in one program of arrays; one of points is many programs already
REPEATS = 6
TRIES = 8  # places that are drawn before a program has none where the mistake would matter


def scaled(error: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda dx: dx * dx.dtype.type(1 + error)


def halved(dx: np.ndarray) -> np.ndarray:
    """The 11 bits of float16, without its range."""
    fraction, exponent = np.frexp(dx)
    return np.ldexp(np.round(fraction * 2**11) / dx.dtype.type(2**11), exponent)


# what becomes of the cotangent that one rule returns for one operand
OF_A_RULE: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "factor 1+1e-2": scaled(1e-2),
    "factor 1+1e-3": scaled(1e-3),
    "factor 1+1e-4": scaled(1e-4),
    "rounded to float16": halved,
    "wrong sign": np.negative,
    "dropped term": np.zeros_like,
}
OVERWRITTEN = "overwritten"  # an adjoint that should have been added to
KINDS = (*OF_A_RULE, OVERWRITTEN)


@dataclass
class Plant:
    """Counts the calls of rules and of accumulations, and spoils the one that it is told to."""

    kind: str = ""
    at: int = -1
    rules: int = 0
    accumulations: int = 0

    def ask(self, derivatives: Callable[[], Any], kind: str = "", at: int = -1) -> Any:
        self.kind, self.at, self.rules, self.accumulations = kind, at, 0, 0
        return derivatives()

    def rule(self, right: Callable[..., Any]) -> Callable[..., Any]:
        def rule(*arguments: Any, **parameters: Any) -> Any:
            dx = right(*arguments, **parameters)
            if dx is None:
                return None
            here = self.rules == self.at and self.kind in OF_A_RULE
            self.rules += 1
            return OF_A_RULE[self.kind](_array(dx)) if here else dx

        return rule

    def accumulate(self, right: Callable[..., Any]) -> Callable[..., Any]:
        def accumulate(dx: Any, more: Any) -> Any:
            here = self.accumulations == self.at and self.kind == OVERWRITTEN
            self.accumulations += 1
            return more if here else right(dx, more)

        return accumulate


def _array(dx: Any) -> np.ndarray:
    return np.asarray(dx.numpy() if hasattr(dx, "numpy") else dx)


@contextmanager
def planting() -> Iterator[Plant]:
    """The reference engine with every rule and its accumulation under a plant's eyes."""
    engine = get_backend("reference").framework()
    rules, backward, plant = engine.operators.RULES, engine.backward, Plant()
    healthy, accumulate = dict(rules), backward.accumulate
    try:
        for name, functions in healthy.items():
            rules[name] = tuple(f and plant.rule(f) for f in functions)
        backward.accumulate = plant.accumulate(accumulate)
        yield plant
    finally:
        backward.accumulate = accumulate
        for name, functions in healthy.items():
            rules[name] = functions


@dataclass
class Trials:
    """Of one kind of mistake: programs in which it matters, and those in which who noticed."""

    programs: int = 0
    found: int = 0
    guessed: dict[str, int] = field(default_factory=lambda: dict.fromkeys(GUESSES, 0))

    def numbers(self) -> list[int]:
        return [self.programs, self.found, *self.guessed.values()]


def sabotage(plan: Plan, index: int) -> dict[str, Any]:
    """One program with each kind of mistake, as a line of the journal."""
    made = program(plan, index)
    truths = derivatives(made.graph, made.inputs)
    line: dict[str, Any] = {"index": index, "nodes": made.size, "points": made.points,
                            "mistakes": {}}
    if not all(isinstance(truth, Truth) for truth in truths.values()):
        return line
    reference = get_backend("reference")
    printed, inputs = reference.load(reference.program(made.graph, made.inputs))

    def answers() -> Answers:
        return {name: reference.to_numpy(x) for name, x in printed(*inputs).items()}

    draw = random.Random(f"{plan.seed}/{index}/planted")
    with planting() as plant, np.errstate(all="ignore"):
        right = plant.ask(answers)
        counts = {kind: plant.accumulations if kind == OVERWRITTEN else plant.rules
                  for kind in KINDS}
        for kind in KINDS:
            wrong = [_that_matters(plant, answers, kind, counts[kind], right, draw)
                     for _ in range(1 if made.points else REPEATS)]
            trials = [judge(made, truths, right, w).numbers() for w in wrong if w is not None]
            if trials:
                line["mistakes"][kind] = np.sum(trials, axis=0).tolist()
    return line


def _that_matters(plant: Plant, answers: Callable[[], Answers], kind: str, places: int,
                  right: Answers, draw: random.Random) -> Answers | None:
    """The answers with a mistake somewhere, drawn again while it changes nothing."""
    for _ in range(TRIES if places else 0):
        wrong = plant.ask(answers, kind, draw.randrange(places))
        if any(not np.array_equal(right[name], wrong[name], equal_nan=True) for name in right):
            return wrong
    return None


def judge(made: RandomProgram, truths: Truths, right: Answers, wrong: Answers) -> Trials:
    """Each point of a program of points is a program of its own."""
    trials = Trials()
    count = made.points or 1
    changed, differs = np.zeros(count, bool), np.zeros(count, bool)
    close = {guess: np.ones(count, bool) for guess in GUESSES}
    kinds = {o.name: made.graph.nodes[o.node].type for o in made.graph.outputs}
    for name, truth in truths.items():
        changed |= _by_point(right[name] != wrong[name], made)
        noticed = np.zeros(kinds[name].shape, bool)
        for place, one in components(wrong[name], truth, kinds[name]):
            noticed[place] = one.verdict == "differs"
        differs |= _by_point(noticed, made)
        for guess, (rtol, atol) in GUESSES.items():
            close[guess] &= ~_by_point(~np.isclose(wrong[name], truth.hi, rtol, atol), made)
    trials.programs = int(changed.sum())
    trials.found = int((changed & differs).sum())
    for guess in GUESSES:
        trials.guessed[guess] = int((changed & ~close[guess]).sum())
    return trials


def _by_point(flags: np.ndarray, made: RandomProgram) -> np.ndarray:
    return flags if made.points else np.array([flags.any()])
