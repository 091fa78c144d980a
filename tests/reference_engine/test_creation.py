"""Tensors made from numbers, and casts."""

import pytest

import reference_engine as engine


def test_filled_tensors():
    assert engine.zeros(2).dtype == "float64"
    assert engine.ones((2, 0)).shape == (2, 0)
    assert engine.full((2,), 7).numpy().tolist() == [7, 7]
    assert engine.full((), 7).dtype == "int64"
    x = engine.constant([1.5], "float32")
    for like, wanted in [
        (engine.zeros_like(x), 0),
        (engine.ones_like(x), 1),
        (engine.full_like(x, 2.5), 2.5),
    ]:
        assert (like.dtype, like.numpy().tolist()) == ("float32", [wanted])


def test_a_tensor_is_its_own_constant_so_that_gradients_flow():
    x = engine.constant(3.0)
    assert engine.asarray(x) is x


def test_a_cast_returns_the_gradient_in_the_dtype_of_its_source():
    x = engine.constant([1.0, 2.0], "float32")
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = engine.constant(x, "float64") ** 2
    gradient = tape.gradient(y, x)
    assert (y.dtype, gradient.dtype, gradient.numpy().tolist()) == ("float64", "float32", [2, 4])


def test_no_gradient_flows_through_an_integer():
    x = engine.constant([1.0, 2.0])
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = engine.astype(engine.astype(x, "int64"), "float64")
    assert tape.gradient(y, x) is None


def test_refusals():
    with pytest.raises(engine.ShapeError, match="ones: got shape -1"):
        engine.ones(-1)
    with pytest.raises(engine.DtypeError, match="got dtype None"):
        engine.astype(engine.ones(1), None)


def test_the_array_apis_keywords():
    assert engine.full((2,), fill_value=3, device="cpu").tolist() == [3, 3]
    assert engine.zeros((), dtype=None).dtype == engine.eye(2, dtype=None).dtype == "float64"
    with pytest.raises(engine.OptionError, match=r"arange: got device='cuda'"):
        engine.arange(3, device="cuda")
    x = engine.constant([1, 2, 3], "int8")
    assert engine.sum(x, dtype="float32").dtype == "float32"
    assert float(engine.prod(x, axis=0, dtype=None)) == 6
    assert engine.cumulative_sum(x, include_initial=True, dtype="int64").tolist() == [0, 1, 3, 6]
    assert engine.expand_dims(x).shape == (1, 3)


def test_a_sum_in_another_dtype_gives_its_gradient_in_the_sources():
    x = engine.constant([1.0, 2.0], "float32")
    with engine.GradientTape() as tape:
        tape.watch(x)
        y = engine.sum(x, dtype="float64")
    gradient = tape.gradient(y, x)
    assert (y.dtype, gradient.dtype, gradient.tolist()) == ("float64", "float32", [1.0, 1.0])


def test_a_shape_in_two_arguments_is_recognised():
    with pytest.raises(engine.DtypeError, match=r"a shape is one tuple, as in ones\(\(2, 3\)\)"):
        engine.ones(2, 3)
