"""What slides over spatial axes: shapes, refusals, and the pairs that a convolution sums."""

import numpy as np
import pytest

from conformance import ops
from conformance.errors import ShapeError
from conformance.graph import Node
from conformance.typing_rules import TensorType
from conformance.window_rules import Windows, pairs


def shape_of(name, *shapes, **parameters):
    op = ops.get(name)
    types = tuple(TensorType(shape, "float32") for shape in shapes)
    return op.infer(types, op.bind(parameters)).shape


@pytest.mark.parametrize(("name", "shapes", "parameters", "wanted"), [
    ("conv1d", ((2, 3, 7), (4, 3, 2)), {}, (2, 4, 6)),
    ("conv1d", ((2, 3, 7), (4, 3, 2)), {"stride": 2, "padding": 1, "dilation": 3}, (2, 4, 3)),
    ("conv2d", ((1, 4, 5, 6), (6, 2, 3, 2)), {"stride": (2, 1), "groups": 2}, (1, 6, 2, 5)),
    ("conv3d", ((1, 1, 2, 3, 4), (1, 1, 2, 2, 2)), {"padding": (0, 1, 0)}, (1, 1, 1, 4, 3)),
    ("conv_transpose1d", ((2, 3, 4), (3, 2, 3)), {"stride": 2}, (2, 2, 9)),
    ("conv_transpose1d", ((2, 4, 4), (4, 2, 3)),
     {"stride": 2, "padding": 1, "output_padding": 1, "groups": 2}, (2, 4, 8)),
    ("conv_transpose2d", ((1, 1, 2, 2), (1, 1, 2, 2)), {"dilation": (1, 3)}, (1, 1, 3, 5)),
    ("max_pool1d", ((1, 2, 7),), {"kernel": 3}, (1, 2, 2)),
    ("avg_pool2d", ((1, 2, 4, 5),), {"kernel": (2, 3), "stride": 1, "padding": (1, 0)},
     (1, 2, 5, 3)),
    ("adaptive_avg_pool2d", ((1, 2, 4, 5),), {"size": (3, 1)}, (1, 2, 3, 1)),
])
def test_shapes(name, shapes, parameters, wanted):
    assert shape_of(name, *shapes, **parameters) == wanted


@pytest.mark.parametrize(("name", "shapes", "parameters", "said"), [
    ("conv1d", ((2, 3, 7), (4, 2, 2)), {}, "has not the 2 channels that"),
    ("conv1d", ((2, 3, 7), (4, 3)), {}, "wants a weight of 3 dimensions"),
    ("conv1d", ((2, 3, 7), (4, 3, 0)), {}, "whose kernel is not empty"),
    ("conv1d", ((3, 7), (4, 3, 2)), {}, "wants 3 dimensions (batch, channels, *spatial)"),
    ("conv1d", ((2, 4, 7), (4, 2, 2)), {"groups": 3}, "wants groups that divide"),
    ("conv1d", ((2, 3, 2), (4, 3, 3)), {}, "windows reach over (3,), which is more than"),
    ("conv1d", ((2, 3, 7), (4, 3, 2)), {"stride": 0}, "wants a stride of at least 1, got 0"),
    ("conv2d", ((1, 1, 4, 4), (1, 1, 2, 2)), {"padding": (1,)},
     "wants an int as padding, or one for each of 2 spatial axes, got (1,)"),
    ("conv2d", ((1, 1, 4, 4), (1, 1, 2, 2)), {"dilation": 1.0}, "wants an int as dilation"),
    ("conv_transpose1d", ((1, 2, 3), (3, 1, 2)), {}, "has not the 3 channels that"),
    ("conv_transpose1d", ((1, 2, 3), (2, 1, 2)), {"output_padding": 1},
     "wants an output_padding below the stride (1,), got (1,)"),
    ("conv_transpose1d", ((1, 2, 1), (2, 1, 2)), {"padding": 1}, "leaves nothing of"),
    ("max_pool1d", ((1, 1, 4),), {"kernel": 2, "padding": 2}, "at most half the kernel"),
    ("max_pool1d", ((1, 1, 4),), {"kernel": 5}, "windows reach over (5,)"),
    ("adaptive_avg_pool1d", ((1, 1, 0),), {"size": 1}, "spatial dimensions that are not empty"),
])
def test_refusals(name, shapes, parameters, said):
    with pytest.raises(ShapeError) as caught:
        shape_of(name, *shapes, **parameters)
    assert said in str(caught.value)


def node(name, shapes, **parameters):
    op = ops.get(name)
    types = tuple(TensorType(shape, "float64") for shape in shapes)
    bound = op.bind(parameters)
    return Node(name, (0, 1), tuple(bound.items()), op.infer(types, bound))


@pytest.mark.parametrize(("name", "shapes", "parameters"), [
    ("conv2d", ((2, 4, 3, 4), (2, 2, 2, 3)), {"groups": 2, "padding": (1, 2), "stride": 2}),
    ("conv_transpose2d", ((2, 4, 3, 4), (4, 1, 2, 3)),
     {"groups": 2, "padding": (1, 0), "stride": (1, 2), "output_padding": (0, 1)}),
])
def test_pairs_are_the_whole_convolution(name, shapes, parameters):
    """Against the reference engine, on whole numbers, which no order of sums can round."""
    import reference_engine as engine

    rng = np.random.default_rng(5)
    x, w = (rng.integers(-9, 10, shape).astype("float64") for shape in shapes)
    convolution = node(name, shapes, **parameters)
    found = [x.ravel()[at] @ w.ravel()[with_] for at, with_ in pairs(convolution, shapes)]
    wanted = getattr(engine, name)(engine.constant(x), engine.constant(w), **parameters).numpy()
    np.testing.assert_array_equal(np.reshape(found, convolution.type.shape), wanted)


def test_a_real_layer_is_listed_in_memory_that_is_there():
    shapes = ((1, 8, 32, 32), (16, 8, 3, 3))
    found = pairs(node("conv2d", shapes, padding=1), shapes)
    assert (len(found), len(found[0][0]), len(found[33][0])) == (16 * 1024, 8 * 4, 8 * 9)


def test_windows_reach_over_their_gaps():
    assert Windows((3, 1), (1, 1), (0, 0), (2, 5)).reach() == (5, 1)
