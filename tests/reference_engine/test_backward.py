"""Cotangents that add up: in buffers of the tape's own, and in nobody else's."""

import numpy as np
import pytest

import reference_engine as engine
from reference_engine import backward, operators

N = backward.IN_PLACE


@pytest.fixture
def large():
    return engine.constant(np.linspace(0.5, 1.5, N))


@pytest.mark.parametrize("size", [3, N])
def test_many_uses_of_one_tensor(size):
    x = engine.constant(np.linspace(0.5, 1.5, size))
    with engine.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x + engine.flip(x) + x + engine.sin(x) + x
    wanted = 2 * x.numpy() + 3 + np.cos(x.numpy())
    for _ in range(2):  # the second answer shows what the first wrote to
        np.testing.assert_allclose(tape.gradient(y, x).numpy(), wanted, rtol=1e-15)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_many_copies_add_up_in_half_precision(dtype):
    if dtype == "bfloat16":
        pytest.importorskip("ml_dtypes")
    bias, x = engine.zeros(2, dtype), engine.ones((1000, 2), dtype)
    with engine.GradientTape() as tape:
        tape.watch(bias)
        y = x + bias
    assert tape.gradient(y, bias).tolist() == [1000.0, 1000.0]


def test_the_users_output_gradients_are_not_written_to(large):
    seed = np.ones(N)
    given = engine.constant(seed)
    with engine.GradientTape(persistent=True) as tape:
        tape.watch(large)
        y = large + large + large
    assert tape.gradient(y, large, given).tolist() == [3.0] * N
    assert given.tolist() == seed.tolist()


def test_an_intermediate_source_keeps_its_own_cotangent(large):
    with engine.GradientTape() as tape:
        tape.watch(large)
        y = large * 2.0
        z = y + y + large
    dx, dy = tape.gradient(z, [large, y])
    assert (set(dx.tolist()), set(dy.tolist())) == ({5.0}, {2.0})


@pytest.mark.parametrize(
    "rule",
    [
        lambda dy, y, x: dy[0],  # the cotangent itself
        lambda dy, y, x: dy[0][:],  # a view of it
        lambda dy, y, x: dy[0] + 0 * dy[1],
    ],
)
def test_answers_that_are_not_a_rules_own_are_not_added_to(large, monkeypatch, rule):
    monkeypatch.setitem(operators.FORWARDS, "test_pair", lambda x: (x * 1, x * 2))
    monkeypatch.setitem(operators.RULES, "test_pair", (rule,))
    seed = engine.constant(np.full(N, 2.0))
    with engine.GradientTape(persistent=True) as tape:
        tape.watch(large)
        first, _ = operators.apply("test_pair", large)
        y = first + large + large
    for _ in range(2):
        assert set(tape.gradient(y, large, seed).tolist()) == {6.0}
    assert set(seed.tolist()) == {2.0}


def test_a_wrong_shape_is_refused_at_the_source(monkeypatch):
    monkeypatch.setitem(operators.RULES, "sin", (lambda dy, y, x: dy[:1],))
    x = engine.constant([1.0, 2.0])
    with engine.debug(rules=False), engine.GradientTape() as tape:
        tape.watch(x)
        y = engine.sin(x)
    with engine.debug(rules=False), pytest.raises(engine.RuleError, match="rules=True"):
        tape.gradient(y, x)


def test_stopped_recording_lets_other_tapes_come_and_go():
    x = engine.constant(3.0)
    with engine.GradientTape(persistent=True) as tape:
        tape.watch(x)
        with tape.stop_recording():
            inner = engine.GradientTape()
            inner.__enter__()
            inner.watch(x)
        y = x * x
        inner.__exit__(None, None, None)
    assert float(tape.gradient(y, x)) == float(inner.gradient(y, x)) == 6.0


def test_points_between_tensors_have_gradients():
    start, stop = engine.constant(1.0), engine.constant(3.0)
    with engine.GradientTape() as tape:
        tape.watch([start, stop])
        points = engine.linspace(start, stop, 5)
    assert points.tolist() == [1.0, 1.5, 2.0, 2.5, 3.0]
    assert [float(g) for g in tape.gradient(points, [start, stop])] == [2.5, 2.5]
