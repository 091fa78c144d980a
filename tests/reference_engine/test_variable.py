"""Variables: watched by themselves, assigned in place."""

import copy
import pickle

import pytest

import reference_engine as engine


def test_a_variable_is_watched_when_it_is_read():
    v = engine.Variable([1.0, 2.0])
    with engine.GradientTape() as tape:
        y = engine.sum(v * v)
    assert tape.gradient(y, v).numpy().tolist() == [2, 4]


def test_second_derivative_of_a_variable():
    v = engine.Variable(3.0)
    with engine.GradientTape() as outer:
        with engine.GradientTape() as inner:
            y = v**3
        dy_dv = inner.gradient(y, v)
    assert float(outer.gradient(dy_dv, v)) == 18


@pytest.mark.parametrize("trainable", [True, False])
def test_a_tape_may_decline_and_then_watches_what_it_is_told(trainable):
    v, w = engine.Variable(3.0, trainable=trainable), engine.Variable(5.0)
    with engine.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(v)
        y = v * w
    assert [None if g is None else float(g) for g in tape.gradient(y, [v, w])] == [5, None]


def test_a_variable_not_trainable_is_not_watched():
    v = engine.Variable(3.0, trainable=False)
    with engine.GradientTape() as tape:
        y = v * v
    assert tape.gradient(y, v) is None


def test_a_read_before_the_tape_is_a_constant():
    v = engine.Variable(3.0)
    before = v * 2
    with engine.GradientTape() as tape:
        y = before * v
    assert float(tape.gradient(y, v)) == 6


def test_assignment_in_a_recording_leaves_what_was_recorded():
    v = engine.Variable(3.0)
    with engine.GradientTape() as tape:
        y = v * v
        v.assign(10)
        z = y + 5 * v
    assert float(z) == 59
    assert float(tape.gradient(z, v)) == 11


def test_assignments():
    v = engine.Variable([1.0, 2.0], dtype="float32")
    assert v.assign([3.0, 4.0]) is v
    assert v.assign_add([1.0, 1.0]).assign_sub(2).numpy().tolist() == [2, 3]
    assert repr(v) == "Variable([2.0, 3.0], shape=(2,), dtype=float32)"
    assert v[1].dtype == "float32"
    assert len(v) == 2
    assert len({v, engine.Variable(1.0)}) == 2


def test_a_snapshot_outlives_assignment():
    v = engine.Variable([1.0])
    before = v.numpy()
    v.assign([2.0])
    assert before.tolist() == [1]


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))]
)
def test_a_copy_is_a_variable_of_its_own(copied):
    v = engine.Variable(2.0, "float32", trainable=False, name="scale")
    t = copied(v)
    assert (t.dtype, t.trainable, t.name, float(t)) == ("float32", False, "scale", 2.0)
    with engine.GradientTape() as tape:
        tape.watch([v, t])
        y = v * t * t
    assert [float(g) for g in tape.gradient(y, [v, t])] == [4, 8]


def test_a_tensor_does_not_change_and_so_is_its_own_copy():
    x = engine.constant([1.0, 2.0])
    assert copy.deepcopy(x) is copy.copy(x) is x
    with engine.GradientTape() as tape:
        tape.watch(x)
        elsewhere = pickle.loads(pickle.dumps(x))
        y = x * elsewhere
    dx, of_the_copy = tape.gradient(y, [x, elsewhere])
    assert (dx.tolist(), of_the_copy) == ([1.0, 2.0], None)


def test_what_a_variable_keeps():
    v = engine.Variable([1.0, 2.0], dtype="float32")
    with pytest.raises(
        ValueError, match=r"assign: got a float32 Tensor of shape \(\), wanted shape \(2,\)"
    ):
        v.assign(1.0)
    with pytest.raises(TypeError, match="assign: got dtype float64, wanted float32: cast it"):
        v.assign(engine.constant([1.0, 2.0]))
