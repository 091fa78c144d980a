"""What a GradientTape records, answers, and refuses."""

import threading

import numpy as np
import pytest

import reference_engine as engine
from reference_engine import operators, recording


def values(tensors):
    return [None if t is None else t.numpy().tolist() for t in tensors]


@pytest.fixture(autouse=True)
def no_tape_is_left_recording():
    yield
    assert recording.active_tapes() == []


def test_one_recording_answers_for_the_result_and_for_an_intermediate_value():
    x = engine.constant(3.0)
    with engine.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x**2
        z = engine.square(y)
    assert float(tape.gradient(z, x)) == 108
    assert float(tape.gradient(z, y)) == 18
    assert float(tape.gradient(y, x)) == 6


def test_sources_come_back_in_their_structure():
    x, w = engine.constant(2.0), engine.constant(3.0)
    with engine.GradientTape(persistent=True) as tape:
        tape.watch([x, w])
        y = x * w
    as_list, as_tuple = tape.gradient(y, [x, w]), tape.gradient(y, (w, x))
    assert (type(as_list), values(as_list)) == (list, [3.0, 2.0])
    assert (type(as_tuple), values(as_tuple)) == (tuple, [2.0, 3.0])
    as_dict = tape.gradient(y, {"w": w, "rest": [x, x]})
    assert as_dict.keys() == {"w", "rest"}
    assert values([as_dict["w"], *as_dict["rest"]]) == [
        2.0,
        3.0,
        3.0,
    ]


def test_targets_are_summed_and_so_are_their_elements():
    x = engine.constant([1.0, 2.0])
    with engine.GradientTape() as tape:
        tape.watch(x)
        targets = [x**2, 3 * x]
    assert values([tape.gradient(targets, x)]) == [[5.0, 7.0]]


def test_the_same_target_twice_counts_twice():
    x = engine.constant(3.0)
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = x**2
    assert float(tape.gradient([y, y], x)) == 12


def test_a_target_that_is_an_intermediate_of_another():
    x = engine.constant(3.0)
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = x**2
        z = y**2
    assert values(tape.gradient([y, z], [x, y])) == [114.0, 19.0]


def test_a_watched_tensor_has_derivative_one_of_itself():
    x = engine.constant([3.0, 4.0])
    with engine.GradientTape() as tape:
        tape.watch(x)
    assert values([tape.gradient(x, x)]) == [[1.0, 1.0]]


@pytest.mark.parametrize(
    "cotangent", [[2.0, 5.0], np.array([2.0, 5.0]), engine.constant([2.0, 5.0])]
)
def test_output_gradients_weigh_the_target(cotangent):
    x = engine.constant([1.0, 3.0])
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = x**2
    assert values([tape.gradient(y, x, output_gradients=cotangent)]) == [[4.0, 30.0]]


def test_output_gradients_for_several_targets_where_none_means_ones():
    x = engine.constant(3.0)
    with engine.GradientTape() as tape:
        tape.watch(x)
        targets = [x**2, 5 * x]
    assert float(tape.gradient(targets, x, output_gradients=[10.0, None])) == 65


def test_an_unconnected_source_has_none_or_zeros():
    x, w = engine.constant([1.0, 2.0]), engine.constant(3.0, "float32")
    with engine.GradientTape(persistent=True) as tape:
        tape.watch([x, w])
        y = x * 2
    assert tape.gradient(y, [x, w])[1] is None
    zero = tape.gradient(y, w, unconnected_gradients="zero")
    assert float(zero) == 0
    assert zero.dtype == "float32"


def test_what_was_not_watched_has_no_gradient_though_it_was_used():
    x, w = engine.constant(2.0), engine.constant(3.0)
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = x * w
    assert values(tape.gradient(y, [x, w])) == [3.0, None]


def test_watching_late_sees_later_uses_only():
    x, w = engine.constant(2.0), engine.constant(3.0)
    with engine.GradientTape() as tape:
        tape.watch(x)
        early = x * w
        tape.watch(w)
        late = early + w
    assert values(tape.gradient(late, [x, w])) == [3.0, 1.0]


def test_a_target_computed_outside_the_tape_is_unconnected():
    x = engine.constant(2.0)
    with engine.GradientTape() as tape:
        tape.watch(x)
    assert tape.gradient(x * x, x) is None


def test_stop_gradient_is_a_constant():
    x = engine.constant(3.0)
    with engine.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * engine.stop_gradient(x)
        z = engine.stop_gradient(x)
    assert float(tape.gradient(y, x)) == 3
    assert tape.gradient(z, x) is None


def test_nested_tapes_reach_any_order():
    x = engine.constant(2.0)

    def derivative(order):
        if order == 0:
            return x**5
        with engine.GradientTape() as tape:
            tape.watch(x)
            y = derivative(order - 1)
        return tape.gradient(y, x)

    assert [float(derivative(order)) for order in range(6)] == [32, 80, 160, 240, 240, 120]


def test_a_persistent_tape_differentiates_its_own_gradient():
    x = engine.constant(2.0)
    with engine.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x**3
        dy_dx = tape.gradient(y, x)
    assert float(tape.gradient(dy_dx, x)) == 12


def test_a_gradient_inside_its_block_ends_the_recording_of_a_tape_that_is_not_persistent():
    x = engine.constant(2.0)
    with engine.GradientTape() as tape:
        tape.watch(x)
        assert float(tape.gradient(x**3, x)) == 12
        assert recording.active_tapes() == []


def test_a_gradient_of_a_gradient_penalty():
    x = engine.constant([1.0, 2.0])
    with engine.GradientTape() as outer:
        outer.watch(x)
        with engine.GradientTape() as inner:
            inner.watch(x)
            y = engine.sum(x**3)
        penalty = engine.sum(inner.gradient(y, x) ** 2)
    assert values([outer.gradient(penalty, x)]) == [[36.0, 288.0]]


def test_output_gradients_are_differentiable_which_gives_forward_mode():
    x, weight = engine.constant([1.0, 2.0]), engine.constant([1.0, 1.0])
    with engine.GradientTape() as outer:
        outer.watch(weight)
        with engine.GradientTape() as inner:
            inner.watch(x)
            y = x**2
        pulled_back = inner.gradient(y, x, output_gradients=weight)
    assert values([outer.gradient(pulled_back, weight, output_gradients=[10.0, 0.0])]) == [
        [20.0, 0.0]
    ]


def test_a_block_entered_again_goes_on_with_the_recording():
    x = engine.constant(3.0)
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = x**2
    unseen = y**2
    with tape:
        z = y**2
    assert values([tape.gradient([z, unseen], x)]) == [108.0]


def test_a_block_entered_again_after_the_answer_starts_afresh():
    x = engine.constant(3.0)
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = x**2
    tape.gradient(y, x)
    with tape:
        tape.watch(x)
        z = x**3
    assert float(tape.gradient(z, x)) == 27


def test_a_second_gradient_needs_a_persistent_tape():
    x = engine.constant(3.0)
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = x**2
    tape.gradient(y, x)
    with pytest.raises(
        engine.TapeError, match=r"already answered once.*GradientTape\(persistent=True\)"
    ):
        tape.gradient(y, x)


def test_a_refused_request_does_not_use_the_tape_up():
    x = engine.constant(3.0)
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = x**2
    with pytest.raises(engine.OperandError):
        tape.gradient(y, "x")
    assert float(tape.gradient(y, x)) == 6


def test_an_exception_in_the_body_leaves_nothing_behind():
    with pytest.raises(KeyError), engine.GradientTape(), engine.GradientTape():
        raise KeyError
    assert recording.active_tapes() == []


def test_each_thread_has_its_own_tapes():
    seen = []
    with engine.GradientTape():
        thread = threading.Thread(target=lambda: seen.append(list(recording.active_tapes())))
        thread.start()
        thread.join()
        assert len(recording.active_tapes()) == 1
    assert seen == [[]]


def test_only_the_records_between_target_and_sources_are_visited(monkeypatch):
    x = engine.constant(3.0)
    with engine.GradientTape(persistent=True) as tape:
        tape.watch(x)
        before = engine.exp(x)
        start = x * before
        end = start**2
        engine.sin(end)
    visited = []
    for name in ("exp", "multiply", "pow", "sin"):
        spies = [lambda dy, *_, name=name: visited.append(name) or dy] * len(operators.RULES[name])
        monkeypatch.setitem(operators.RULES, name, tuple(spies))
    tape.gradient(end, start)
    assert visited == ["pow"]


def test_an_integer_has_no_derivative():
    n = engine.constant(3)
    with (
        engine.GradientTape() as tape,
        pytest.warns(engine.GradientWarning, match=r"int64 Tensor of shape .* None") as warned,
    ):
        tape.watch(n)
    assert warned[0].filename == __file__
    with pytest.warns(engine.GradientWarning, match="as target, wanted floats"):
        assert tape.gradient(n * n, n) is None


def test_refusals_say_what_to_do():
    x = engine.constant([3.0, 4.0])
    tape = engine.GradientTape(persistent=True)
    with pytest.raises(engine.TapeError, match=r"not recording.*call it inside `with GradientTape"):
        tape.watch(x)
    with tape:
        with pytest.raises(engine.TapeError, match="already recording: make another"), tape:
            pass
        with pytest.raises(
            engine.OperandError, match=r"watch\(\) wants .* got str \('x'\): make one with constant"
        ):
            tape.watch("x")
    with pytest.raises(engine.OperandError) as caught:
        tape.gradient(x, 3.0)
    here = f" ({__file__}:{caught.tb.tb_lineno})"
    assert str(caught.value) == (
        "gradient() wants Tensors or Variables as sources, got float (3.0): watch a constant(3.0)"
        + here
    )
    with pytest.raises(engine.OperandError, match="as target, got NoneType"):
        tape.gradient(None, x)
    with pytest.raises(engine.OptionError, match='got \'zeros\', wanted "none" or "zero"'):
        tape.gradient(x, x, unconnected_gradients="zeros")
    with pytest.raises(
        engine.ShapeError, match=r"shape \(\), wanted the shape of its target, \(2,\)"
    ):
        tape.gradient(x, x, output_gradients=1.0)
    with pytest.raises(engine.ShapeError, match=r"list of 2 and list of 1.*one for each target"):
        tape.gradient([x, x], x, output_gradients=[1.0])
    with pytest.raises(engine.DtypeError, match="int8 and float64"):
        tape.gradient(x, x, output_gradients=np.ones(2, "int8"))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda dy, y, x: dy[:1], r"gave float64 array of shape \(1,\), wanted .* shape \(2,\)"),
        (lambda dy, y, x: engine.astype(dy, "float32"), "gave float32 array"),
        (lambda dy, y, x: 1.0, r"gave float \(1.0\)"),
    ],
)
def test_a_rule_that_breaks_its_contract_is_named(monkeypatch, wrong, message):
    monkeypatch.setitem(engine.operators.RULES, "tanh", (wrong,))
    x = engine.constant([3.0, 4.0])
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = engine.tanh(x)
    with pytest.raises(engine.RuleError, match="the rule of tanh for input 0 " + message):
        tape.gradient(y, x)


def test_a_rule_too_few_is_named(monkeypatch):
    monkeypatch.setitem(engine.operators.RULES, "add", (lambda dy, y, x, w: dy,))
    x = engine.constant(3.0)
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = x + x
    with pytest.raises(
        engine.RuleError, match="add: got 1 rules, wanted one for each of its 2 inputs"
    ):
        tape.gradient(y, x)
