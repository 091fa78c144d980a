"""Every rule of the engine made wrong, and a test that notices: a plugin of pytest.

    python -m pytest -p wrong_rules tests/reference_engine               the tests that noticed last
    python -m pytest -p wrong_rules tests/reference_engine --hunt        all tests for those left

(with tests/reference_engine in PYTHONPATH). Two ways of being wrong, for the rule of each input of
each differentiable operator: `first`, its answer times 1 + 2^-8; and `second`, the right answer,
whose own derivative is off by 2^-8, as only a test of second derivatives can see. An answer that is
0 everywhere is wrong by 2^-8 itself.

A test counts that passes while all rules are wrapped and right, and fails while one is wrong. So
none is caught by a test that merely dislikes wrapped rules. noticed_by.json has one for each rule.
Where that test is gone, those of its module and of the operator's are asked.
"""

import json
import time
import zlib
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from _pytest.runner import runtestprotocol

from reference_engine import operators
from reference_engine.tensor import Tensor

OFF = 1 + 2.0**-8
RECORD = Path(__file__).with_name("noticed_by.json")
# Tests that compare with a truth from elsewhere, rather than one mode of the engine with another.
INDEPENDENT = ("test_rules", "test_linalg_against_torch")
# Rules that may be wrong without being wrong: why no test can tell.
EQUIVALENT: dict[str, str] = {}


class Wrapped:
    """A rule that may be wrong, and reads what the right one reads."""

    def __init__(self, rules, name, position, right, variadic):
        self.rules, self.name, self.position, self.right = rules, name, position, right
        self.variadic = variadic
        if hasattr(right, "__code__"):
            self.__code__ = right.__code__

    def __call__(self, *arguments, **parameters):
        position = arguments[0] if self.variadic else self.position
        dx = self.right(*arguments, **parameters)
        return None if dx is None else self.rules.answer(f"{self.name} {position}", dx)


class Rules:
    """All rules, wrapped; one of them is wrong at a time."""

    def __init__(self, always_zero):
        self.always_zero = always_zero  # `operator position` of rules
        self.wrong = None  # `operator position kind`
        self.called = set()
        self.not_zero = set()
        self.modules = {}
        for name, factor in (("bent", 1.0), ("bent more", OFF)):
            operators.FORWARDS[name] = lambda dx: dx
            operators.rule(name, lambda dy, y, dx, factor=factor: dy * dy.dtype.type(factor),
                           jvp="elementwise")
        for name, op in list(operators.OPS.items()):
            if name.startswith("bent") or not op.differentiable:
                continue
            if "no_gradient" in getattr(op.rules[0], "__qualname__", ""):
                continue
            for position in range(2 if op.variadic else len(op.rules)):
                right = op.rules[0 if op.variadic else position]
                if right is not None:
                    module = getattr(right, "__module__", None) or right.func.__module__
                    self.modules[f"{name} {position}"] = module.rpartition(".")[2]
            operators.RULES[name] = tuple([
                right and Wrapped(self, name, position, right, op.variadic)
                for position, right in enumerate(op.rules)])

    def ways_to_be_wrong(self):
        """All of them; what is 0 everywhere has no derivative to be wrong."""
        return [wrong for rule in self.modules for wrong in (f"{rule} first", f"{rule} second")
                if wrong not in EQUIVALENT
                and not (rule in self.always_zero and wrong.endswith("second"))]

    def answer(self, rule, dx):
        """What a rule says, given what it should say."""
        recorded = type(dx) is Tensor and dx.key is not None
        if self.wrong is None:  # the same with a right answer
            self.called.add(f"{rule} first")
            if recorded:
                self.called.add(f"{rule} second")
            if rule not in self.not_zero and np.any(dx.numpy() if type(dx) is Tensor else dx):
                self.not_zero.add(rule)
            return operators.apply("bent", dx)
        if self.wrong == f"{rule} first":
            one = dx.dtype.type
            return dx + one(OFF - 1) if rule in self.always_zero else dx * one(OFF)
        return operators.apply("bent more", dx) if self.wrong == f"{rule} second" else dx


class Hunt:
    """Which test notices which wrong rule."""

    def __init__(self, session):
        self.session = session
        self.items = {f"{item.path.name}::{item.nodeid.partition('::')[2]}": item
                      for item in session.items if item.path.name.startswith(INDEPENDENT)}
        record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
        self.always_zero = set(record.get("always zero", ()))
        self.noticed_by = record.get("noticed by", {})
        self.rules = Rules(self.always_zero)
        self.right = {}  # test -> whether it passes with right rules
        self.seconds = {}
        self.callers = defaultdict(set)

    def passes(self, name, wrong=None):
        """Whether a test passes while one rule is wrong."""
        self.rules.wrong = wrong
        start = time.perf_counter()
        # all fixtures of modules anew, so that none keeps what another rule made
        reports = runtestprotocol(self.items[name], log=False, nextitem=None)
        self.seconds[name] = time.perf_counter() - start
        self.rules.wrong = None
        return all(report.outcome == "passed" for report in reports)

    def passes_when_right(self, name):
        if name not in self.right:
            self.rules.called.clear()
            self.right[name] = self.passes(name)
            if self.right[name]:
                for rule in self.rules.called:
                    self.callers[rule].add(name)
        return self.right[name]

    def notices(self, name, wrong):
        return (name in self.items and self.passes_when_right(name)
                and not self.passes(name, wrong))

    def run(self, sample, everywhere, tell):
        """The wrong rules that no test notices."""
        wanted = [wrong for wrong in self.rules.ways_to_be_wrong()
                  if zlib.crc32(wrong.encode()) % sample == 0]
        left = [wrong for wrong in wanted if not self.notices(self.noticed_by.get(wrong), wrong)]
        tell(f"{len(wanted)} wrong rules, {len(left)} not noticed by a test on record")
        if left:
            self.learn(left, everywhere)
        survivors = []
        for wrong in left:
            tests = sorted(self.callers[wrong], key=self.seconds.get)
            found = next((name for name in tests if not self.passes(name, wrong)), None)
            if found is None:
                survivors.append(wrong)
                tell(f"nobody notices: {wrong}, of {len(tests)} tests")
            else:
                self.noticed_by[wrong] = found
            if everywhere:
                self.save()
        return survivors

    def learn(self, left, everywhere):
        """Which tests call which rules."""
        modules = {self.noticed_by.get(wrong, "").partition("::")[0] for wrong in left}
        for wrong in left:
            modules.add(f"test_rules_{self.rules.modules[wrong.rpartition(' ')[0]]}.py")
        for name in self.items:
            if everywhere or name.partition("::")[0] in modules:
                self.passes_when_right(name)
        if everywhere:
            self.always_zero.clear()
            self.always_zero.update(
                rule for rule in self.rules.modules if rule not in self.rules.not_zero
                and f"{rule} first" in self.callers)

    def save(self):
        known = [wrong for wrong in self.rules.ways_to_be_wrong() if wrong in self.noticed_by]
        RECORD.write_text(json.dumps({
            "always zero": sorted(self.always_zero),
            "noticed by": {wrong: self.noticed_by[wrong] for wrong in known}}, indent=1) + "\n")


def pytest_addoption(parser):
    parser.addoption("--hunt", action="store_true", help="ask all tests, and record who noticed")
    parser.addoption("--sample", type=int, default=1, help="one of so many wrong rules")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    reporter = session.config.pluginmanager.getplugin("terminalreporter")
    hunt = Hunt(session)
    survivors = hunt.run(session.config.getoption("sample"), session.config.getoption("hunt"),
                         reporter.write_line)
    for wrong in survivors:
        reporter.write_line(f"NOT NOTICED: {wrong}")
    session.testsfailed = len(survivors)
    return True
