"""A tape keeps what rules read and nothing else."""

import gc
import weakref

import numpy as np
import pytest

import reference_engine as engine
from reference_engine import saving
from reference_engine.saving import SHAPE, UNREAD, VALUES


@pytest.fixture(autouse=True)
def unchecked_rules():
    with engine.debug(rules=False):
        yield


def closure(dy, y, x):
    return (lambda: dy * x)()


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        (lambda dy, y, x: dy, [UNREAD, UNREAD]),
        (lambda dy, y, x: dy * y, [VALUES, UNREAD]),
        (lambda dy, y, x: dy * x, [UNREAD, VALUES]),
        (lambda dy, y, x: engine.reshape(dy, x.shape), [UNREAD, SHAPE]),
        (lambda dy, y, x: engine.reshape(dy, x.shape) * x, [UNREAD, VALUES]),
        (lambda dy, y, x: dy / x.ndim if x.size else y.dtype, [SHAPE, SHAPE]),
        (lambda dy, y, x: x + y, [VALUES, VALUES]),
        (lambda dy, y, x: dy if x is None else y[0].shape, [VALUES, VALUES]),
        (lambda dy, y, x, axis: engine.sum(dy, axis), [UNREAD, UNREAD]),
        (closure, [UNREAD, VALUES]),
        (lambda *arguments: arguments[0], [VALUES, VALUES]),
        (max, [VALUES, VALUES]),
        ("".join, [VALUES, VALUES]),
        (lambda dy, y, x: eval("dy * x"), [VALUES, VALUES]),
    ],
)
def test_what_a_rule_reads_is_seen_from_the_rule(rule, wanted):
    assert saving._reads(rule, 1) == wanted


def arrays_that_live(program, count=5):
    """How many of the arrays that a program makes are alive while the tape waits."""
    x = engine.constant(np.linspace(0.1, 1.0, 100))
    alive = []
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = x
        for _ in range(count):
            y = program(y)
            alive.append(weakref.ref(y._array))
        y = engine.sum(y)
    gc.collect()
    return sum(ref() is not None for ref in alive), tape, y, x


@pytest.mark.parametrize(
    ("program", "wanted"),
    [
        (lambda y: y + 1.0, 0),
        (lambda y: y * 2.0, 0),
        (lambda y: -y, 0),
        (lambda y: 2.0 - y / 3.0, 0),
        (lambda y: y * y, 4),
        (engine.exp, 5),  # each reads its output
        (engine.sin, 4),  # each reads its input; the last output is read by nobody
    ],
)
def test_arrays_that_no_rule_reads_are_freed_at_once(program, wanted):
    alive, tape, y, x = arrays_that_live(program)
    assert alive == wanted
    assert tape.gradient(y, x).shape == (100,)


def test_the_backward_pass_frees_as_it_goes(monkeypatch):
    x = engine.constant(np.linspace(0.1, 1.0, 100))
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = x
        for _ in range(6):
            y = engine.exp(y * 0.1)
    refs = [weakref.ref(record[3][0]._array) for record in tape._records if record[0].name == "exp"]
    counts = []

    def counting(dy, y, x):
        counts.append(sum(ref() is not None for ref in refs))
        return dy * y

    monkeypatch.setitem(engine.operators.RULES, "exp", (counting,))
    del y
    last = tape._records[-1][3][0]
    tape.gradient(last, x)
    assert counts[0] > counts[-1]
    assert counts == sorted(counts, reverse=True)


def test_a_chain_of_a_million_operators_needs_no_recursion():
    x = engine.constant(1.0)
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = x
        for _ in range(1_000_000):
            y = -y
    assert float(tape.gradient(y, x)) == 1.0
