"""Shapes: values against NumPy's, and refusals; gradients are in test_rules.py."""

import numpy as np
import pytest

import reference_engine as engine

ARRAY = np.arange(24.0).reshape(2, 3, 4)


@pytest.mark.parametrize(
    ("function", "wanted"),
    [
        (lambda x: engine.reshape(x, [4, -1]), ARRAY.reshape(4, 6)),
        (lambda x: engine.permute_dims(x, (2, 0, 1)), ARRAY.transpose(2, 0, 1)),
        (lambda x: engine.matrix_transpose(x), np.swapaxes(ARRAY, -1, -2)),
        (lambda x: engine.squeeze(engine.expand_dims(x, 1), 1), ARRAY),
        (lambda x: engine.broadcast_to(x, (2, 2, 3, 4)), np.stack([ARRAY, ARRAY])),
        (lambda x: engine.flip(x, axis=(0, 2)), np.flip(ARRAY, (0, 2))),
        (lambda x: engine.roll(x, (1, 2), axis=(0, 1)), np.roll(ARRAY, (1, 2), (0, 1))),
        (lambda x: engine.concat([x, x], axis=-1), np.concatenate([ARRAY, ARRAY], -1)),
        (lambda x: engine.concat([x, 1.0], axis=None), np.append(ARRAY, 1.0)),
        (lambda x: engine.stack((x, x), axis=1), np.stack([ARRAY, ARRAY], 1)),
    ],
)
def test_values(function, wanted):
    np.testing.assert_array_equal(function(engine.constant(ARRAY)), wanted)


def test_a_list_that_changes_after_the_call_does_not_change_the_gradient():
    x, axes = engine.constant(ARRAY), [2, 0, 1]
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = engine.permute_dims(x, axes)
        axes[:] = [0, 1, 2]
    assert tape.gradient(y, x).shape == x.shape


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (
            lambda x: engine.reshape(x, (5, 5)),
            r"reshape: got float64 Tensor of shape \(2, 3, 4\), shape=\(5, 5\)",
        ),
        (lambda x: engine.squeeze(x, 0), "squeeze: got float64 Tensor of shape"),
        (lambda x: engine.broadcast_to(x, (2,)), r"broadcast_to: .*shape=\(2,\)"),
        (lambda x: engine.concat([x, x[0]]), "concat: .* and float64 Tensor of shape .*axis=0"),
        (
            lambda x: engine.concat([]),
            "concat: got nothing, wanted a list or tuple of at least one Tensor",
        ),
        (
            lambda x: engine.stack(x),
            "stack: got float64 Tensor of shape .*, wanted a list or tuple",
        ),
    ],
)
def test_refusals(function, message):
    with pytest.raises(engine.EngineError, match=message):
        function(engine.constant(ARRAY))
