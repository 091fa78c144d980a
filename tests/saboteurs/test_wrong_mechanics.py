"""Right rules put together wrongly, and rules with one thing forgotten."""

from __future__ import annotations

import math

import numpy as np
import pytest

import reference_engine as engine
from conformance import ops
from conformance.lowering import lowered
from reference_engine import backward, operators, tape
from reference_engine.rules.indexing import put
from reference_engine.rules.reductions import _spread as spread_to

# --- broadcasting, second uses, seeds -------------------------------------------------------------


def reducing_with(over_added, over_stretched):
    """An `unbroadcast` that does something other than to sum."""
    def unbroadcast(dx, shape):
        added = tuple(range(dx.ndim - len(shape)))
        if added:
            dx = over_added(dx, added)
        stretched = tuple(axis for axis, (size, got) in enumerate(zip(shape, dx.shape, strict=True))
                          if size == 1 != got)
        return over_stretched(dx, stretched) if stretched else dx

    return unbroadcast


def slice_of(place):
    """The copies of one place along some axes, as if the others did not count."""
    def over(keep):
        def reduce(dx, axes):
            kept = slice(place, None if place == -1 else place + 1)
            dx = dx[tuple(kept if axis in axes else slice(None) for axis in range(dx.ndim))]
            return dx if keep else engine.squeeze(dx, axes)

        return reduce

    return reducing_with(over(False), over(True))


def summed_at_the_end(dx, shape):
    """Takes the last axes for those that broadcasting added, where their sizes allow it."""
    added = dx.ndim - len(shape)
    if added and dx.shape[:len(shape)] == shape:
        return engine.sum(dx, axis=tuple(range(len(shape), dx.ndim)))
    return UNBROADCAST(dx, shape)


def added_axes_forgotten(dx, shape):
    """Sums stretched axes alone; the added ones keep their first slice."""
    return reducing_with(lambda dx, axes: dx[(0,) * len(axes)],
                         lambda dx, axes: engine.sum(dx, axis=axes, keepdims=True))(dx, shape)


UNBROADCAST = backward.unbroadcast
WRONG_UNBROADCAST = {
    "first_copy": slice_of(0),
    "last_copy": slice_of(-1),
    "mean": reducing_with(lambda dx, axes: engine.mean(dx, axis=axes),
                          lambda dx, axes: engine.mean(dx, axis=axes, keepdims=True)),
    "largest": reducing_with(lambda dx, axes: engine.max(dx, axis=axes),
                             lambda dx, axes: engine.max(dx, axis=axes, keepdims=True)),
    "only_stretched_axes": added_axes_forgotten,
    "axes_from_the_end": summed_at_the_end,
}

WRONG_ACCUMULATE = {
    "overwriting": lambda dx, more: more,
    "first_use_only": lambda dx, more: dx,
    "mean_of_uses": lambda dx, more: 0.5 * (dx + more),
    "largest_use": engine.maximum,
    "difference": lambda dx, more: dx - more,
    "product": lambda dx, more: dx * more,
}

each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


@each_dtype
@pytest.mark.parametrize("wrong", WRONG_UNBROADCAST)
def test_wrong_unbroadcasting_is_noticed(suite, hunt, wrong, dtype) -> None:
    assert hunt("un-broadcasting",
                lambda patch: patch.setattr(backward, "unbroadcast", WRONG_UNBROADCAST[wrong]),
                broadcasting(suite), dtype)


def broadcasting(suite):
    return [case for case in suite.cases if case.where.file.endswith("broadcasting.py")]


def test_the_engine_itself_refuses_to_forget_unbroadcasting(suite, hunt) -> None:
    """A shape that is left as it was does not fit something, at the latest its source."""
    found = hunt("un-broadcasting", lambda patch: patch.setattr(
        backward, "unbroadcast", lambda dx, shape: dx), suite.cases, noticed=("differs", "raised"))
    assert found.differing[0].verdict == "raised"


@each_dtype
@pytest.mark.parametrize("wrong", WRONG_ACCUMULATE)
def test_wrong_accumulation_is_noticed(suite, hunt, wrong, dtype) -> None:
    assert hunt("second use of an input",
                lambda patch: patch.setattr(backward, "accumulate", WRONG_ACCUMULATE[wrong]),
                suite.cases, dtype)


@pytest.mark.parametrize("seed", [
    pytest.param(lambda y: np.full(y.shape, 1 / max(y.size, 1), y.dtype), id="mean_of_the_target"),
    pytest.param(lambda y: np.eye(1, y.size, dtype=y.dtype).reshape(y.shape),
                 id="first_element_of_the_target"),
    pytest.param(lambda y: np.full(y.shape, 1.001, y.dtype), id="off_by_a_thousandth"),
])
def test_wrong_seed_is_noticed(suite, hunt, seed) -> None:
    assert hunt("seed", lambda patch: patch.setattr(tape, "ones", seed), suite.cases)


# --- outer tapes ----------------------------------------------------------------------------------

LINEAR_INSIDE_THE_ENGINE = {"put", "scatter_add"}


def constant(x):
    # what stands for an operand of which the tape kept the shape alone is a constant already
    return engine.constant(operators.values(x)) if hasattr(x, "strides") or hasattr(
        x, "numpy") else x


def detached(right):
    """The rule's arithmetic done in NumPy, which no tape sees."""
    return lambda *arguments, **parameters: constant(right(*arguments, **parameters))


def inputs_detached(right):
    """What the rule saved from the forward pass is a constant to outer tapes."""
    return lambda dy, y, *inputs, **parameters: right(
        dy, constant(y), *map(constant, inputs), **parameters)


def cotangent_detached(right):
    return lambda dy, y, *inputs, **parameters: right(constant(dy), y, *inputs, **parameters)


DETACHMENTS = {
    "rule detached": detached,
    "saved values detached": inputs_detached,
    "cotangent detached": cotangent_detached,
}


def is_constant(operator) -> bool:
    return operator in ops.CATALOGUE and ops.get(operator).linearity == "constant"


def has_no_curvature(operator) -> bool:
    if operator not in ops.CATALOGUE:
        return operator in LINEAR_INSIDE_THE_ENGINE
    # the slope does not change with the input, so that detaching the input loses nothing
    if operator == "abs":  # of a complex number it does
        return False
    return ops.get(operator).linearity in ("linear", "piecewise", "constant")


@pytest.mark.parametrize("kind", DETACHMENTS)
def test_rule_detached_from_outer_tapes_is_noticed(suite, hunt, plant_rule, curved_rule,
                                                   kind) -> None:
    """First order stays right, and second order alone tells."""
    rule = curved_rule
    plant = plant_rule(rule, DETACHMENTS[kind])
    if is_constant(rule[0]) or (kind == "saved values detached" and has_no_curvature(rule[0])):
        assert disagreeing(suite, plant, suite.exercising(rule)) == []
        return
    cases = [case for case in suite.exercising(rule) if max(levels(case).values()) > 1]
    found = hunt(kind, plant, cases)
    assert found, f"{rule} {kind}: passes {[case.name for case in cases]}"
    assert all(levels(found.case)[v.derivative] > 1 for v in found.differing)


@pytest.mark.parametrize("operator", ["multiply", "pow", "tanh", "exp", "matmul", "square", "sum"])
def test_first_order_does_not_see_a_detached_rule(suite, plant_rule, operator) -> None:
    first_order = [c for c in suite.exercising((operator, 0)) if set(levels(c).values()) <= {0, 1}]
    assert first_order
    assert disagreeing(suite, plant_rule((operator, 0), detached), first_order) == []


def levels(case) -> dict[str, int]:
    """How many gradients each derivative nests."""
    graph = lowered(case.graph("float64"))
    return {output.name: graph.levels[output.node] for output in graph.outputs}


def disagreeing(suite, plant, cases, expected=("agrees",)) -> list[tuple[str, str]]:
    """The derivatives that agree without the plant and get no expected verdict with it."""
    found = []
    for case in cases:
        healthy = suite.healthy(case, "float64")
        with pytest.MonkeyPatch.context() as patch:
            plant(patch)
            verdicts = suite.ask(case, "float64")
        found += [(case.name, v.derivative) for v in verdicts
                  if v.derivative in healthy and v.verdict not in expected]
    return found


# --- rules with one thing forgotten ---------------------------------------------------------------


def transposed(x, allowed):
    """x transposed where nobody would see it by its shape, and as it should be elsewhere."""
    return x if allowed else engine.matrix_transpose(x)


def square_matrices(*operands):
    return len({size for x in operands for size in x.shape[-2:]}) == 1


def another_axis(x, axis):
    """An axis of the same size as `axis`, if there is one: the shape does not tell them apart."""
    if not isinstance(axis, int):
        return axis
    same = [a for a in range(x.ndim) if x.shape[a] == x.shape[axis] and a != axis % x.ndim]
    return same[0] if same else axis


def across(x, axis):
    """The other axis of a matrix, whatever its size."""
    return (axis + 1) % x.ndim if isinstance(axis, int) and x.ndim else axis


def take_overwriting(dy, y, x, indices, axis):
    dx = np.zeros(x.shape, x.dtype)
    dx[(slice(None),) * axis + (indices,)] = operators.values(dy)
    return engine.constant(dx)


def put_moved(dy, y, x, key):
    """Every element one place further on."""
    return engine.roll(put(dy, key, x.shape), 1)


def put_forward(dy, y, x, key):
    """Negative strides taken for positive ones."""
    parts = key if isinstance(key, tuple) else (key,)
    turned = any(isinstance(part, slice) and (part.step or 1) < 0 for part in parts)
    dx = put(dy, key, x.shape)
    return engine.flip(dx) if turned else dx


def count(x, axis):
    return x.size // max(engine.sum(x, axis=axis).size, 1)


def _spread(dy, x, axis):
    return spread_to(dy, x.shape, axis)


def softmax_across(dy, y, x, axis):
    return y * (dy - engine.sum(dy * y, axis=across(x, axis), keepdims=True))


FORGOTTEN = {
    "matmul_left_transposed": ("matmul", 0, lambda dy, y, x, w:
                               dy @ transposed(w, square_matrices(w))),
    "matmul_right_transposed": ("matmul", 1, lambda dy, y, x, w:
                                transposed(x, square_matrices(x)) @ dy),
    "matmul_cotangent_transposed": ("matmul", 0, lambda dy, y, x, w: (
        transposed(dy, not square_matrices(dy, w)) @ engine.matrix_transpose(w))),
    "matmul_factors_exchanged": ("matmul", 0, lambda dy, y, x, w:
                                 engine.matrix_transpose(w) @ dy if square_matrices(dy, w)
                                 else dy @ engine.matrix_transpose(w)),
    "sum_spread_along_another_axis": ("sum", 0, lambda dy, y, x, axis, keepdims: _spread(
        dy, x, axis if keepdims else another_axis(x, axis))),
    "mean_divided_by_the_whole_size": ("mean", 0, lambda dy, y, x, axis, keepdims:
                                       _spread(dy / x.size, x, axis)),
    "mean_not_divided": ("mean", 0, lambda dy, y, x, axis, keepdims: _spread(dy, x, axis)),
    "var_without_its_correction": ("var", 0, lambda dy, y, x, axis, correction, keepdims: _spread(
        dy / count(x, axis), x, axis) * 2 * (x - engine.mean(x, axis=axis, keepdims=True))),
    "var_around_zero": ("var", 0, lambda dy, y, x, axis, correction, keepdims: _spread(
        dy / (count(x, axis) - correction), x, axis) * 2 * x),
    "softmax_across_the_axis": ("softmax", 0, softmax_across),
    "softmax_without_its_coupling": ("softmax", 0, lambda dy, y, x, axis: dy * y * (1 - y)),
    "log_softmax_across_the_axis": ("log_softmax", 0, lambda dy, y, x, axis: dy - engine.exp(y)
                                    * engine.sum(dy, axis=across(x, axis), keepdims=True)),
    "log_softmax_without_its_coupling": ("log_softmax", 0, lambda dy, y, x, axis:
                                         dy * (1 - engine.exp(y))),
    "cumulative_sum_not_reversed": ("cumulative_sum", 0, lambda dy, y, x, axis:
                                    engine.cumulative_sum(dy, axis)),
    "cumulative_sum_across_the_axis": ("cumulative_sum", 0, lambda dy, y, x, axis: engine.flip(
        engine.cumulative_sum(engine.flip(dy, across(x, axis)), across(x, axis)),
        across(x, axis))),
    "logsumexp_spread_evenly": ("logsumexp", 0, lambda dy, y, x, axis, keepdims:
                                _spread(dy / count(x, axis), x, axis)),
    "flip_not_flipped_back": ("flip", 0, lambda dy, y, x, axis: dy),
    "flip_across_the_axis": ("flip", 0, lambda dy, y, x, axis: engine.flip(dy, across(x, axis))),
    "roll_further_instead_of_back": ("roll", 0, lambda dy, y, x, shift, axis:
                                     engine.roll(dy, shift, axis)),
    "permute_dims_without_its_inverse": ("permute_dims", 0, lambda dy, y, x, axes: engine.reshape(
        engine.permute_dims(dy, axes), x.shape)),
    "transpose_reshaped": ("matrix_transpose", 0, lambda dy, y, x: engine.reshape(dy, x.shape)),
    "where_without_its_mask": ("where", 1, lambda dy, y, c, x, w: dy),
    "where_without_its_other_mask": ("where", 2, lambda dy, y, c, x, w: dy),
    "where_with_its_masks_exchanged": ("where", 1, lambda dy, y, c, x, w: engine.where(c, 0, dy)),
    "relu_without_its_mask": ("relu", 0, lambda dy, y, x: dy),
    "clip_without_its_mask": ("clip", 0, lambda dy, y, x, min, max: dy),
    "clip_without_its_lower_bound": ("clip", 0, lambda dy, y, x, min, max: engine.where(
        x <= (math.inf if max is None else max), dy, 0)),
    "clip_without_its_upper_bound": ("clip", 0, lambda dy, y, x, min, max: engine.where(
        x >= (-math.inf if min is None else min), dy, 0)),
    "max_without_its_mask": ("max", 0, lambda dy, y, x, axis, keepdims: _spread(dy, x, axis)),
    "max_for_the_least": ("max", 0, lambda dy, y, x, axis, keepdims: engine.where(
        x == _spread(engine.min(x, axis=axis), x, axis), _spread(dy, x, axis), 0)),
    "maximum_for_the_smaller": ("maximum", 0, lambda dy, y, x, w: engine.where(x < w, dy, 0)),
    "take_overwriting_duplicates": ("take", 0, take_overwriting),
    "getitem_one_place_on": ("getitem", 0, put_moved),
    "getitem_with_strides_turned": ("getitem", 0, put_forward),
    "divide_without_its_square": ("divide", 1, lambda dy, y, x, w: -dy * x / w),
    "pow_without_one_less": ("pow", 0, lambda dy, y, x, w: dy * w * y),
    "pow_without_its_logarithm": ("pow", 1, lambda dy, y, x, w: dy * y),
    "atan2_exchanged": ("atan2", 0, lambda dy, y, x, w: dy * x / (x * x + w * w)),
    "sigmoid_of_the_output": ("sigmoid", 0, lambda dy, y, x: dy * x * (1 - x)),
    "exp_of_its_first_terms": ("exp", 0, lambda dy, y, x: dy * (1 + x + x * x / 2)),
    "erf_without_its_constant": ("erf", 0, lambda dy, y, x: dy * engine.exp(-x * x)),
    "log2_as_log": ("log2", 0, lambda dy, y, x: dy / x),
    "prod_divided_by_the_factor": ("prod", 0, lambda dy, y, x, axis, keepdims:
                                   _spread(dy * y, x, axis) / x),
    "multiply_lost_where_x_is_zero": ("multiply", 0, lambda dy, y, x, w: engine.where(
        x == 0, 0, dy * w)),
    "multiply_lost_where_the_product_is_zero": ("multiply", 0, lambda dy, y, x, w: engine.where(
        y == 0, 0, dy * w)),
    "pow_through_the_logarithm": ("pow", 0, lambda dy, y, x, w: dy * w * engine.exp(
        (w - 1) * engine.log(x))),
    "square_without_its_sign": ("square", 0, lambda dy, y, x: 2 * dy * engine.abs(x)),
    "sqrt_in_half_precision": ("sqrt", 0, lambda dy, y, x: engine.constant(
        operators.values(0.5 * dy / y).astype("float16").astype(x.dtype))),
}


@pytest.mark.parametrize("name", FORGOTTEN)
def test_rule_with_one_thing_forgotten_is_noticed(suite, hunt, plant_rule, name) -> None:
    operator, position, wrong = FORGOTTEN[name]
    assert hunt("one thing forgotten", plant_rule((operator, position), lambda right: wrong),
                suite.exercising((operator, position)))


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("operator", ["concat", "stack"])
def test_piece_of_another_operand_is_noticed(suite, hunt, plant_rule, operator, place) -> None:
    """The cotangents of a joined array go to the wrong operands where the shapes allow it."""
    (right,) = operators.RULES[operator]

    def neighbour(own):
        def rule(dy, y, *tensors, axis):
            other = (place + 1) % len(tensors)
            if tensors[other].shape == tensors[place].shape:
                return right(other, dy, y, *tensors, axis=axis)
            return own(dy, y, *tensors, axis=axis)

        return rule

    assert hunt("one thing forgotten", plant_rule((operator, place), neighbour),
                suite.exercising((operator, place)))


CONVENTIONS = {
    "maximum_to_the_first": ("maximum", 0, lambda dy, y, x, w: engine.where(x >= w, dy, 0)),
    "maximum_not_to_the_second": ("maximum", 1, lambda dy, y, x, w: engine.where(w > x, dy, 0)),
    "relu_has_slope_one_at_zero": ("relu", 0, lambda dy, y, x: engine.where(x >= 0, dy, 0)),
    "abs_has_slope_one_at_zero": ("abs", 0, lambda dy, y, x: engine.where(x >= 0, dy, -dy)),
    "clip_has_slope_zero_at_its_bounds": ("clip", 0, lambda dy, y, x, min, max: engine.where(
        x > (-math.inf if min is None else min), engine.where(
            x < (math.inf if max is None else max), dy, 0), 0)),
}


@pytest.mark.parametrize("name", CONVENTIONS)
def test_conventions_at_kinks_are_not_called_wrong(suite, plant_rule, name) -> None:
    """An engine may settle a tie as it likes: that is no difference, but a change on record."""
    operator, position, other = CONVENTIONS[name]
    # complex numbers have no order, and abs(z) has a rule of its own
    cases = [case for case in suite.exercising((operator, position))
             if not any(node.type.is_complex for node in case.graph("float64"))]
    assert cases
    plant = plant_rule((operator, position), lambda right: other)
    assert disagreeing(suite, plant, cases, expected=("agrees", "changed")) == []
    assert disagreeing(suite, plant, cases)


def test_a_slope_given_whole_to_each_of_a_tie_is_noticed(suite, plant_rule) -> None:
    """A tie's shares sum to one."""
    def whole(right):
        return lambda dy, y, x, axis, keepdims: engine.where(
            x == _spread(y, x, axis), _spread(dy, x, axis), 0)

    found = disagreeing(suite, plant_rule(("max", 0), whole), suite.exercising(("max", 0)))
    assert ("tie_in_a_reduction.max", "dy/dx") in found


# --- the result of gradient() ---------------------------------------------------------------------


def changing_answers(change):
    """A plant: gradient() answers change(dx), or None where it did."""
    right = tape.GradientTape.gradient

    def gradient(self, target, sources, *arguments, **keywords):
        answer = right(self, target, sources, *arguments, **keywords)
        answers = [dx if dx is None else change(dx)
                   for dx in (answer if isinstance(answer, list) else [answer])]
        return answers if isinstance(answer, list) else answers[0]

    return lambda patch: patch.setattr(tape.GradientTape, "gradient", gradient)


def rounded_to(dtype):
    return lambda dx: engine.constant(dx.numpy().astype(dtype).astype(dx.dtype))


# what gradient() makes of its answer, and a word of the reason that must be given
ANSWERS = {
    "other_dtype": (lambda dx: engine.astype(
        dx, "float64" if dx.dtype == np.float32 else "float32"), "dtype"),
    "one_axis_more": (lambda dx: engine.expand_dims(dx, 0), "shape"),
    "flat": (lambda dx: engine.reshape(dx, (-1,)), "shape"),
    "summed": (engine.sum, "shape"),
    "transposed_if_square": (lambda dx: engine.matrix_transpose(dx)
                             if dx.ndim > 1 and square_matrices(dx) else dx, "rounding"),
    "reversed": (engine.flip, "rounding"),
    "none": (lambda dx: None, "None"),
    "none_for_zeros": (lambda dx: dx if dx.numpy().any() else None, "None"),
    "in_single_precision": (rounded_to("float32"), "rounding"),
    "in_half_precision": (rounded_to("float16"), "rounding"),
    "clipped_to_length_one": (lambda dx: engine.clip(dx, -1.0, 1.0), "rounding"),
}


@pytest.mark.parametrize(("name", "dtype"), [
    (name, dtype) for name in ANSWERS for dtype in ("float32", "float64")
    if (name, dtype) != ("in_single_precision", "float32")])
def test_wrong_answer_is_noticed(suite, hunt, name, dtype) -> None:
    change, reason = ANSWERS[name]
    found = hunt("answer of gradient()", changing_answers(change), suite.cases, dtype)
    assert reason in found.differing[0].reason


def test_gradients_left_from_the_last_request_are_noticed(suite, hunt) -> None:
    """Each request adds to what earlier requests of the same tape and source left behind."""
    right = tape.GradientTape.gradient

    def gradient(self, target, sources, *arguments, **keywords):
        answer = right(self, target, sources, *arguments, **keywords)
        if isinstance(answer, list) or answer is None:
            return answer
        left = self.__dict__.setdefault("left", {})
        if id(sources) in left:
            answer = answer + left[id(sources)]
        left[id(sources)] = answer
        return answer

    assert hunt("answer of gradient()",
                lambda patch: patch.setattr(tape.GradientTape, "gradient", gradient), suite.cases)


# --- buffers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("operator", ["sin", "square", "log", "multiply", "divide"])
def test_input_overwritten_by_the_output_is_noticed(suite, hunt, operator) -> None:
    """The forward function works in place, so that the rule finds the output in the input."""
    right = operators.FORWARDS[operator]

    def in_place(x, *others):
        y = right(x, *others)
        if isinstance(x, np.ndarray) and x.flags.writeable and x.shape == np.shape(y):
            x[...] = y
        return np.copy(y)

    assert hunt("buffer written to",
                lambda patch: patch.setitem(operators.FORWARDS, operator, in_place),
                suite.using(operator))


def test_source_changed_after_the_recording_is_noticed(suite, hunt) -> None:
    """Somebody updates the source in place between the recording and the request."""
    right = tape.GradientTape.gradient

    def gradient(self, target, sources, *arguments, **keywords):
        for source in sources if isinstance(sources, list) else [sources]:
            buffer = source.numpy().base
            if buffer is not None:
                buffer[...] += 0.5
        return right(self, target, sources, *arguments, **keywords)

    assert hunt("buffer written to",
                lambda patch: patch.setattr(tape.GradientTape, "gradient", gradient), suite.cases)


def test_output_of_the_last_call_is_noticed(suite, hunt, plant_rule) -> None:
    """A rule that keeps its saved values in one place finds those of the operator's last call."""
    saved = {}
    right = operators.FORWARDS["sin"]

    def forward(x):
        saved["x"] = engine.constant(np.copy(x))
        return right(x)

    def stale(dy, y, x):
        last = saved["x"]
        return dy * engine.cos(last if last.shape == x.shape else x)

    def plant(patch):
        patch.setitem(operators.FORWARDS, "sin", forward)
        patch.setitem(operators.RULES, "sin", (stale,))

    first_order = [c for c in suite.using("sin") if set(levels(c).values()) == {1}]
    assert hunt("buffer written to", plant, first_order)
