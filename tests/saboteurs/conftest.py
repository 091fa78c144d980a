"""What all saboteurs share: the cases, the hunt for one that notices, a table of the hunts."""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from conformance import load_cases, ops, runner
from conformance.backends import Backend, get_backend
from conformance.declaration import Case
from conformance.graph import Graph
from conformance.verdict import Verdict
from reference_engine import operators

Rule = Callable[..., object]
Plant = Callable[[pytest.MonkeyPatch], object]
# what a person would use instead: the tolerances of gradcheck, here with the certified truth
GUESSED = {"rtol": 1e-3, "atol": 1e-5}
# operators that are in no catalogue, but are called by rules or in place of others
BEHIND_THE_CATALOGUE = {
    "put", "scatter_add", "one_minus_square",
    *("pad_constant", "put_diagonal", "ravel", "sum_runs", "sum_tiles", "pick",
      "sparse_map"),
    "convolution", "convolution_input_adjoint", "convolution_weight_adjoint",
    "max_pool", "avg_pool", "window_spread", "add_at",
    "eigh", "euclidean_norm", "slogdet", "svd",
    "normal_hazard", "bessel_decay", "bessel_growth", "polygamma_step", "gamma_density",
    *("permute_along", "pick_along", "place_along", "cumprod", "linear_recurrence", "shift_along"),
    "inverse_deviation", "masked_softmax", "direction",
    *("gather_at", "put_at", "accumulate_at", "add_rows", "take_rows", "multiply_at"),
    "neighbour_sum",
    *("euclidean_norm", "power_norm", "signed_power"),
    "astype", "center", "floor_divide", "resize", "row_powers",
    *("gelu_exact", "gelu_tanh", "gelu_slope", "gelu_tanh_slope", "mish_slope", "silu_slope",
      "squareplus_slope"),
    *("gaussian_nll", "huber", "kl_div_from_log", "logistic_loss", "poisson_nll", "smooth_l1",
      "sparse_softmax_cross_entropy"),
}
# what is multiplied at places is always ones; zeta refuses a slope in its exponent
NEVER_ASKED = {("multiply_at", 0), ("zeta", 0)}


def rules() -> list[tuple[str, int]]:
    """The operator and the input's position of every rule that programs of cases can reach.

    The engine has more, which are judged by the oracle alone (tests/reference_engine).
    """
    found = []
    for name, functions in operators.RULES.items():
        if name not in ops.CATALOGUE and name not in BEHIND_THE_CATALOGUE:
            continue
        variadic = name in operators.VARIADIC
        arity = ops.CATALOGUE[name].arity if name in ops.CATALOGUE else None
        found += [(name, position)
                  for position in range((arity or 3) if variadic else len(functions))
                  if functions[0 if variadic else position] is not None]
    return [rule for rule in found if rule not in NEVER_ASKED]


# the families whose cases ask for second derivatives through factors that depend on the source;
# those of the others ask for curvature alone, which some detachments leave right
CURVED = ("elementwise", "reductions", "shapes", "linear_algebra", "indexing")


def curved_rules() -> list[tuple[str, int]]:
    """The rules of which cases notice whatever is cut off from outer tapes."""
    inside = {"put", "one_minus_square"}
    return [rule for rule in rules() if rule[0] in inside
            or (rule[0] in ops.CATALOGUE and ops.get(rule[0]).group in CURVED)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `rule` is run for every rule of the engine."""
    for name, found in (("rule", rules), ("curved_rule", curved_rules)):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, found(), ids=lambda rule: f"{rule[0]}.{rule[1]}")


@dataclass(frozen=True)
class Catch:
    """The first case that noticed: its derivatives that now differ, and those that still agree."""

    case: Case
    differing: tuple[Verdict, ...]
    agreeing: tuple[Verdict, ...]


class Suite:
    """The suite in this process, asking the reference engine unless told otherwise."""

    def __init__(self) -> None:

        self.reference = get_backend("reference")
        # small ones first: most wrong rules show in the smallest case that uses them
        self.cases = sorted(load_cases().cases, key=lambda case: len(case.graph("float64").nodes))
        self.by_name = {case.name: case for case in self.cases}
        self._healthy: dict[tuple[str, str], frozenset[str]] = {}

    @functools.cache  # noqa: B019 - there is one suite in a session
    def using(self, operator: str) -> list[Case]:
        """The cases whose program has this operator."""
        return [case for case in self.cases if operator in operators_of(case.graph("float64"))]

    def running(self, operator: str, position: int) -> list[Case]:
        """The cases in which the rule of an operator for one of its inputs runs."""
        names = self.rules_run.get((operator, position), set())
        return [case for case in self.cases if case.name in names]

    @functools.cache  # noqa: B019 - there is one suite in a session
    def exercising(self, rule: tuple[str, int]) -> list[Case]:
        """The cases that run a rule, of a catalogued operator those that were written with it."""
        operator, position = rule
        cases = self.running(operator, position)
        written = {case.id for case in self.using(operator)}
        behind = operator not in ops.CATALOGUE or operator in BEHIND_THE_CATALOGUE
        return cases if behind else [c for c in cases if c.id in written]

    @functools.cached_property
    def rules_run(self) -> dict[tuple[str, int], set[str]]:
        """Names of the cases by the rules that they make the engine call."""
        found: dict[tuple[str, int], set[str]] = defaultdict(set)
        asked = ""

        def spying(operator: str, position: int, right: Rule) -> Rule:
            def rule(*arguments, **parameters):
                at = arguments[0] if operator in operators.VARIADIC else position
                found[operator, at].add(asked)
                return right(*arguments, **parameters)

            return rule

        with pytest.MonkeyPatch.context() as patch:
            for operator, functions in list(operators.RULES.items()):
                patch.setitem(operators.RULES, operator, tuple(
                    right and spying(operator, position, right)
                    for position, right in enumerate(functions)))
            for case in self.cases:
                asked = case.name
                evaluate(self.reference, case, "float64")
        return found

    def ask(self, case: Case, dtype: str, backend: Backend | None = None) -> list[Verdict]:
        """The verdicts of a case, of the reference engine as it now is or of another backend."""
        backend = backend or self.reference
        return judge(backend, case, dtype, evaluate(backend, case, dtype))

    def healthy(self, case: Case, dtype: str) -> frozenset[str]:
        """The derivatives of a case that agree; to be asked for while nothing is planted."""
        if (case.id, dtype) not in self._healthy:
            self._healthy[case.id, dtype] = frozenset(
                v.derivative for v in self.ask(case, dtype) if v.verdict == "agrees")
        return self._healthy[case.id, dtype]

    @staticmethod
    def close_enough(verdict: Verdict) -> bool:
        """Whether numpy.allclose with the usual guess of a tolerance accepts this answer."""
        if verdict.got is None:
            return False
        try:
            return bool(np.allclose(np.asarray(verdict.got, "float64"), verdict.truth, **GUESSED))
        except ValueError:  # shapes that do not even broadcast
            return False


def evaluate(backend: Backend, case: Case, dtype: str) -> runner.Outcome:
    """What `runner.evaluate` does, for backends that have no registered name."""
    graph, values = case.graph(dtype), case.values(dtype)
    if backend is get_backend("reference"):
        return runner.evaluate("reference", graph, values, "reverse", case.name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "get_backend", lambda name: backend)
        return runner.evaluate(backend.name, graph, values, "reverse", case.name)


def judge(backend: Backend, case: Case, dtype: str, outcome: runner.Outcome) -> list[Verdict]:
    return runner.judge(runner.Task(case, backend, dtype, "reverse"), outcome)[0]


def operators_of(graph: Graph) -> set[str]:
    return {graph.nodes[i].op for i in graph.program()}


@pytest.fixture(scope="session")
def suite() -> Iterator[Suite]:
    """The suite, with room for the truths of all its cases at once, and its version read once."""
    with pytest.MonkeyPatch.context() as patch:
        version = get_backend("reference").version()
        patch.setattr(type(get_backend("reference")), "version", lambda self: version)
        uncached = getattr(runner.truths, "__wrapped__", runner.truths)
        patch.setattr(runner, "truths", functools.lru_cache(maxsize=None)(uncached))
        yield Suite()


@pytest.fixture
def reachable() -> list[tuple[str, int]]:
    """What `rules` finds."""
    return rules()


@pytest.fixture
def plant_rule() -> Callable[..., Plant]:
    """plant_rule(rule, sabotage): a plant that puts sabotage(function) in its place."""
    def plant_rule(rule: tuple[str, int], sabotage: Callable[[Rule], Rule | None]) -> Plant:
        operator, position = rule
        functions = operators.RULES[operator]
        if operator in operators.VARIADIC:
            (right,) = functions
            wrong_one = sabotage(functools.partial(right, position))

            def wrong(at, *arguments, **parameters):
                if at != position:
                    return right(at, *arguments, **parameters)
                return wrong_one and wrong_one(*arguments, **parameters)

            planted = (wrong,)
        else:
            planted = (*functions[:position], sabotage(functions[position]),
                       *functions[position + 1:])
        return lambda patch: patch.setitem(operators.RULES, operator, planted)

    return plant_rule


@pytest.fixture
def hunt(suite: Suite, record_property: Callable[..., None]) -> Callable[..., Catch | None]:
    """hunt(kind, plant, cases, dtype): the first case that reports the plant as `differs`.

    Only derivatives that agree without the plant count, and they must agree again without it.
    noticed: the verdicts that count as a report.
    """
    def hunt(kind: str, plant: Plant, cases: Iterable[Case], dtype: str = "float64",
             noticed: tuple[str, ...] = ("differs",)) -> Catch | None:
        guessed_right = True
        for case in cases:
            healthy = suite.healthy(case, dtype)
            if not healthy:
                continue
            with pytest.MonkeyPatch.context() as patch:
                plant(patch)
                verdicts = [v for v in suite.ask(case, dtype) if v.derivative in healthy]
            guessed_right = guessed_right and all(map(suite.close_enough, verdicts))
            differing = tuple(v for v in verdicts if v.verdict in noticed)
            if differing:
                record_property("saboteur", [kind, True, not guessed_right])
                again = {v.derivative: v.verdict for v in suite.ask(case, dtype)}
                assert {again[name] for name in healthy} == {"agrees"}
                return Catch(case, differing, tuple(v for v in verdicts if v.verdict == "agrees"))
        record_property("saboteur", [kind, False, not guessed_right])
        return None

    return hunt


def pytest_terminal_summary(terminalreporter) -> None:
    """How many were planted and caught, and how many a guessed tolerance would have noticed."""
    planted: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    guessed: dict[str, int | None] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") != "call":
                continue
            for name, value in report.user_properties:
                if name == "saboteur":
                    kind, by_suite, by_guess = value
                    planted[kind] += 1
                    caught[kind] += by_suite
                    guessed[kind] = None if by_guess is None else guessed.get(kind, 0) + by_guess
    if not planted:
        return
    terminalreporter.section("saboteurs")
    width = max(map(len, planted))
    terminalreporter.write_line(f"{'':{width}}  planted  caught  allclose(rtol=1e-3, atol=1e-5)")
    for kind in planted:
        guess = "" if guessed[kind] is None else guessed[kind]
        terminalreporter.write_line(
            f"{kind:{width}}  {planted[kind]:7}  {caught[kind]:6}  {guess:>8}")
