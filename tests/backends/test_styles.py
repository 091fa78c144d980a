"""How gradients are asked for: what is printed is what a careful person writes."""

from __future__ import annotations

import re
from collections.abc import Callable
from textwrap import dedent, indent
from typing import Any

import numpy as np
import pytest

from conformance import grad, load_cases, trace
from conformance.backends import BUILT_IN, Backend, get_backend
from conformance.typing_rules import TensorType

NOTEBOOK = {case.name: case for case in load_cases().select(["cases/notebook.py"])}

GOLDEN = {
    ("sum_square", "tensorflow"): """
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = tf.reduce_sum(x)
            z = tf.square(y)
        dz_dx = tape.gradient(z, x)
        dy_dx = tape.gradient(y, x)""",
    ("sum_square", "reference"): """
        with engine.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = engine.sum(x)
            z = engine.square(y)
        dz_dx = tape.gradient(z, x)
        dy_dx = tape.gradient(y, x)""",
    ("sum_square", "torch"): """
        y = torch.sum(x)
        z = torch.square(y)
        dz_dx = torch.autograd.grad(z, x)[0]
        dy_dx = torch.autograd.grad(y, x)[0]""",
    ("sum_square", "jax"): """
        def z_of_x(x):
            y = jnp.sum(x)
            return jnp.square(y)
        dz_dx = jax.grad(z_of_x)(x)
        def y_of_x(x):
            return jnp.sum(x)
        dy_dx = jax.grad(y_of_x)(x)""",
    ("sum_square", "autograd"): """
        def z_of_x(x):
            y = np.sum(x)
            return np.square(y)
        dz_dx = grad(z_of_x)(x)
        def y_of_x(x):
            return np.sum(x)
        dy_dx = grad(y_of_x)(x)""",
    ("chained_powers", "tensorflow"): """
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = x**2
            z = y**2
        dz_dx = tape.gradient(z, x)
        dy_dx = tape.gradient(y, x)""",
    ("chained_powers", "reference"): """
        with engine.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = x**2
            z = y**2
        dz_dx = tape.gradient(z, x)
        dy_dx = tape.gradient(y, x)""",
    ("chained_powers", "torch"): """
        y = x**2
        z = y**2
        dz_dx = torch.autograd.grad(z, x, retain_graph=True)[0]
        dy_dx = torch.autograd.grad(y, x)[0]""",
    ("chained_powers", "jax"): """
        def z_of_x(x):
            y = x**2
            return y**2
        dz_dx = jax.grad(z_of_x)(x)
        def y_of_x(x):
            return x**2
        dy_dx = jax.grad(y_of_x)(x)""",
    ("chained_powers", "autograd"): """
        def z_of_x(x):
            y = x**2
            return y**2
        dz_dx = grad(z_of_x)(x)
        def y_of_x(x):
            return x**2
        dy_dx = grad(y_of_x)(x)""",
    ("second_derivative", "tensorflow"): """
        with tf.GradientTape() as outer_tape:
            with tf.GradientTape() as tape:
                y = x**3
            dy_dx = tape.gradient(y, x)
        d2y_dx2 = outer_tape.gradient(dy_dx, x)""",
    ("second_derivative", "reference"): """
        with engine.GradientTape() as outer_tape:
            with engine.GradientTape() as tape:
                y = x**3
            dy_dx = tape.gradient(y, x)
        d2y_dx2 = outer_tape.gradient(dy_dx, x)""",
    ("second_derivative", "torch"): """
        y = x**3
        dy_dx = torch.autograd.grad(y, x, create_graph=True)[0]
        d2y_dx2 = torch.autograd.grad(dy_dx, x)[0]""",
    ("second_derivative", "jax"): """
        def y_of_x(x):
            return x**3
        dy_dx = jax.grad(y_of_x)(x)
        d2y_dx2 = jax.grad(jax.grad(y_of_x))(x)""",
    ("second_derivative", "autograd"): """
        def y_of_x(x):
            return x**3
        dy_dx = grad(y_of_x)(x)
        d2y_dx2 = grad(grad(y_of_x))(x)""",
}
WHOLE = {
    "tensorflow": '''\
        import tensorflow as tf

        x = tf.Variable(1.0)


        def derivatives(x):
        {body}
            return {{"dy/dx": dy_dx, "d2y/dx2": d2y_dx2}}


        if __name__ == "__main__":
            for name, value in derivatives(x).items():
                print(name, "=", value)
        ''',
    "jax": '''\
        import jax
        import jax.numpy as jnp

        jax.config.update("jax_enable_x64", True)

        x = jnp.array(1.0)


        def derivatives(x):
        {body}
            return {{"dy/dx": dy_dx, "d2y/dx2": d2y_dx2}}


        if __name__ == "__main__":
            for name, value in derivatives(x).items():
                print(name, "=", value)
        ''',
}


def printed(backend: str, function: Callable[..., Any], kind: str = "constant",
            **shapes: tuple[int, ...]) -> str:
    """The lines of the printed function, without its return."""
    types = {name: (TensorType(shape, "float32"), kind) for name, shape in shapes.items()}
    values = {name: np.full(shape, 0.5, "float32") for name, shape in shapes.items()}
    return body(get_backend(backend).program(trace(function, types), values).source)


def body(source: str) -> str:
    return dedent(re.search(r"def derivatives\(.*?\):\n(.*)    return \{", source, re.S)[1])


def expect(text: str) -> str:
    return dedent(text).strip() + "\n"


@pytest.mark.parametrize(("name", "backend"), GOLDEN)
def test_notebook(name: str, backend: str) -> None:
    case = NOTEBOOK[name]
    source = get_backend(backend).program(case.graph(), case.values("float32")).source
    assert body(source) == expect(GOLDEN[name, backend])


@pytest.mark.parametrize(("backend", "dtype"), [("tensorflow", "float32"), ("jax", "float64")])
def test_whole_programs(backend: str, dtype: str) -> None:
    case = NOTEBOOK["second_derivative"]
    source = get_backend(backend).program(case.graph(dtype), case.values(dtype)).source
    inside = indent(expect(GOLDEN[case.name, backend]), "    ").rstrip()
    assert source == dedent(WHOLE[backend]).format(body=inside)


# --- tapes -------------------------------------------------------------------------------------
def test_one_call_needs_no_persistence() -> None:
    def function(xp: Any, x: Any, w: Any) -> dict[str, Any]:
        y = xp.exp(x) * w
        return {"dy/dx": grad(y, x), "dy/dw": grad(y, w)}

    assert printed("tensorflow", function, x=(), w=()) == expect("""
        with tf.GradientTape() as tape:
            tape.watch(x)
            tape.watch(w)
            y = tf.exp(x) * w
        dy_dx, dy_dw = tape.gradient(y, [x, w])""")


def test_the_same_request_twice_needs_persistence() -> None:
    def function(xp: Any, x: Any) -> dict[str, Any]:
        y = x**3
        return {"first": grad(y, x), "second": grad(y, x)}

    assert printed("tensorflow", function, x=()) == expect("""
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = x**3
        first = tape.gradient(y, x)
        second = tape.gradient(y, x)""")


@pytest.mark.parametrize("backend", ["tensorflow", "reference"])
def test_variables_are_not_watched(backend: str) -> None:
    def function(xp: Any, x: Any) -> dict[str, Any]:
        h = xp.exp(x)
        return {"dy/dh": grad(h**2, h), "d2y/dx2": grad(grad(h**2, x), x)}

    assert "watch" not in printed(backend, function, kind="variable", x=())


def test_intermediates_are_watched_where_nothing_watched_leads_to_them() -> None:
    def function(xp: Any, x: Any) -> dict[str, Any]:
        h = xp.exp(x)
        k = xp.sin(h)
        y = k**2
        return {"dy/dh": grad(y, h), "dy/dk": grad(y, k)}

    assert printed("tensorflow", function, x=()) == expect("""
        with tf.GradientTape() as tape:
            h = tf.exp(x)
            tape.watch(h)
            k = tf.sin(h)
            y = k**2
        dy_dh, dy_dk = tape.gradient(y, [h, k])""")


def test_an_intermediate_above_a_stop_is_watched() -> None:
    def function(xp: Any, x: Any) -> dict[str, Any]:
        h = xp.stop_gradient(xp.exp(x))
        y = h * x
        return {"dy/dh": grad(y, h), "dy/dx": grad(y, x)}

    assert printed("tensorflow", function, x=()) == expect("""
        with tf.GradientTape() as tape:
            tape.watch(x)
            h = tf.stop_gradient(tf.exp(x))
            tape.watch(h)
            y = h * x
        dy_dh, dy_dx = tape.gradient(y, [h, x])""")
    assert "h = torch.exp(x).detach().requires_grad_()" in printed("torch", function, x=())


def test_each_tape_watches_what_it_is_asked_for() -> None:
    def function(xp: Any, x: Any, w: Any) -> dict[str, Any]:
        y = xp.sin(x) * w**2
        return {"d3": grad(grad(grad(y, x), w), x)}

    assert printed("tensorflow", function, x=(), w=()) == expect("""
        with tf.GradientTape() as tape_3:
            tape_3.watch(x)
            with tf.GradientTape() as outer_tape:
                outer_tape.watch(w)
                with tf.GradientTape() as tape:
                    tape.watch(x)
                    y = tf.sin(x) * w**2
                dy_dx = tape.gradient(y, x)
            d2y_dxdw = outer_tape.gradient(dy_dx, w)
        d3 = tape_3.gradient(d2y_dxdw, x)""")


@pytest.mark.parametrize(("call", "zeros"), [
    (lambda xp, x, w: grad(xp.sin(w), x), True),
    (lambda xp, x, w: grad(xp.sin(w) * x, x), False),
    (lambda xp, x, w: grad(grad(3 * x, x), x), True),
    (lambda xp, x, w: grad(grad(xp.maximum(x, w), x), w), True),
    (lambda xp, x, w: grad(grad(x / w, x), x), True),
    (lambda xp, x, w: grad(grad(x / w, x), w), False),
    (lambda xp, x, w: grad(grad(x * w, x), w), False),
    (lambda xp, x, w: grad(grad(grad(x * w, x), w), x), True),
    (lambda xp, x, w: grad(grad(grad(x**3, x), x), x), False),
    (lambda xp, x, w: grad(xp.where(x > 0, w, 1.0), x), True),
    (lambda xp, x, w: grad(xp.stop_gradient(x) * w, x), True),
])
def test_zeros_are_asked_for_only_where_nothing_is_connected(
        call: Callable[..., Any], zeros: bool) -> None:
    def function(xp: Any, x: Any, w: Any) -> dict[str, Any]:
        return {"d": call(xp, x, w)}

    assert ("ZERO" in printed("tensorflow", function, x=(), w=())) == zeros
    assert ("materialize" in printed("torch", function, x=(), w=())) == zeros
    assert ('"zero"' in printed("reference", function, x=(), w=())) == zeros


def test_gathered_gradients_are_made_dense() -> None:
    def function(xp: Any, x: Any) -> dict[str, Any]:
        y = xp.take(x, [1, 1], axis=0)
        z = y * x[0]
        return {"dy/dx": grad(y, x), "dz/dx": grad(z, x)}

    lines = printed("tensorflow", function, x=(2,))
    assert "dy_dx = tf.convert_to_tensor(dy_dx)" in lines
    assert "dz_dx = tf.convert_to_tensor" not in lines


# --- torch -------------------------------------------------------------------------------------
def test_only_sources_require_gradients() -> None:
    def function(xp: Any, x: Any, w: Any) -> dict[str, Any]:
        c = xp.asarray([2.0, 3.0])
        return {"dy/dx": grad(x * w, x), "dy/dc": grad(x * c, c)}

    graph = trace(function, {n: (TensorType((2,), "float32"), "constant") for n in "xw"})
    source = get_backend("torch").program(graph, {n: np.ones(2, "float32") for n in "xw"}).source
    assert "x = torch.tensor([1.0, 1.0], requires_grad=True)" in source
    assert "w = torch.tensor([1.0, 1.0])" in source
    assert "c = torch.tensor([2.0, 3.0], requires_grad=True)" in source


def test_an_intermediate_that_nothing_leads_to_becomes_a_leaf() -> None:
    def function(xp: Any, x: Any) -> dict[str, Any]:
        h = x * 2
        k = xp.exp(h)
        return {"dy/dh": grad(k**2, h), "dy/dk": grad(k**2, k)}

    assert printed("torch", function, x=()).splitlines()[:2] == [
        "h = (x * 2).requires_grad_()", "k = torch.exp(h)"]


def test_non_scalar_targets_are_summed() -> None:
    def function(xp: Any, x: Any) -> dict[str, Any]:
        y = x**2
        return {"dy/dx": grad(y, x)}

    assert "torch.autograd.grad(y.sum(), x)[0]" in printed("torch", function, x=(2,))
    assert "torch.autograd.grad(y, x)[0]" in printed("torch", function, x=())
    assert "return jnp.sum(x**2)" in printed("jax", function, x=(2,))
    assert "tape.gradient(y, x)" in printed("tensorflow", function, x=(2,))


# --- functions ---------------------------------------------------------------------------------
def test_several_sources_of_one_target() -> None:
    def function(xp: Any, x: Any, w: Any) -> dict[str, Any]:
        y = xp.exp(x) * w
        return {"dy/dx": grad(y, x), "dy/dw": grad(y, w)}

    assert printed("jax", function, x=(2,), w=()) == expect("""
        def y_of_x_w(x, w):
            return jnp.sum(jnp.exp(x) * w)
        dy_dx, dy_dw = jax.grad(y_of_x_w, argnums=(0, 1))(x, w)""")
    assert "grad(y_of_x_w, argnum=(0, 1))(x, w)" in printed("autograd", function, x=(2,), w=())


def test_sources_that_feed_each_other_are_asked_for_apart() -> None:
    def function(xp: Any, x: Any) -> dict[str, Any]:
        h = xp.exp(x)
        y = h * x
        return {"dy/dx": grad(y, x), "dy/dh": grad(y, h)}

    assert printed("jax", function, x=()) == expect("""
        def y_of_x(x):
            h = jnp.exp(x)
            return h * x
        dy_dx = jax.grad(y_of_x)(x)
        h = jnp.exp(x)
        def y_of_h(h):
            return h * x
        dy_dh = jax.grad(y_of_h)(h)""")


def test_what_does_not_depend_on_the_source_is_computed_once_outside() -> None:
    def function(xp: Any, x: Any, w: Any) -> dict[str, Any]:
        scale = xp.exp(w)
        y = scale * x**2
        return {"y": y, "dy/dx": grad(y, x)}

    assert printed("jax", function, x=(), w=()) == expect("""
        scale = jnp.exp(w)
        y = scale * x**2
        def y_of_x(x):
            return scale * x**2
        dy_dx = jax.grad(y_of_x)(x)""")


def test_equal_functions_are_printed_once() -> None:
    def function(xp: Any, x: Any) -> dict[str, Any]:
        dy_dx = grad(xp.sum(x**3), x)
        return {"dy/dx": dy_dx, "again": grad(xp.sum(dy_dx**2), x), "more": grad(dy_dx[0], x)}

    assert printed("jax", function, x=(2,)).count("def y_of_x") == 1


def test_a_gradient_that_nobody_named_is_an_expression() -> None:
    def function(xp: Any, x: Any) -> dict[str, Any]:
        return {"d": grad(xp.sum(grad(xp.sum(x**3), x) ** 2), x)}

    assert printed("jax", function, x=(2,)) == expect("""
        def y_of_x(x):
            return jnp.sum(x**3)
        def z_of_x(x):
            return jnp.sum(jax.grad(y_of_x)(x) ** 2)
        d = jax.grad(z_of_x)(x)""")


def test_an_outer_source_below_which_the_inner_gradient_goes_is_shifted() -> None:
    def function(xp: Any, x: Any) -> dict[str, Any]:
        y = x**2
        dz_dx = grad(xp.sin(y), x)
        return {"d": grad(dz_dx, y)}

    assert printed("jax", function, x=()) == expect("""
        y = x**2
        def dz_dx_of_y(shift):
            def z_of_x(x):
                y = x**2 + shift
                return jnp.sin(y)
            return jax.grad(z_of_x)(x)
        d = jax.grad(dz_dx_of_y)(jnp.zeros_like(y))""")


@pytest.mark.parametrize("backend", BUILT_IN, indirect=True)
def test_the_shift_answers_what_tapes_answer(backend: Backend) -> None:
    def function(xp: Any, x: Any) -> dict[str, Any]:
        h = xp.sin(x)
        y = h**2
        dz_dx = grad(xp.sin(y) * h, x)
        d = grad(dz_dx, y)
        return {"d": d, "dd/dx": grad(d * x, x)}

    x = np.array([0.5, -1.25])
    graph = trace(function, {"x": (TensorType((2,), "float64"), "constant")}, dtype="float64")
    evaluation = backend.evaluate(graph, {"x": x})
    assert not evaluation.error
    h, y, slope = np.sin(x), np.sin(x) ** 2, np.cos(x)
    wanted = -np.sin(y) * 2 * h * slope * h + np.cos(y) * slope
    np.testing.assert_allclose(evaluation.values["d"], wanted, rtol=1e-12)


@pytest.mark.parametrize("backend", BUILT_IN, indirect=True)
def test_a_gradient_may_be_what_is_shifted(backend: Backend) -> None:
    def function(xp: Any, x: Any, w: Any) -> dict[str, Any]:
        z = x**3 * w
        g, h = grad(z, x), grad(z, w)
        y = g**2 * h
        return {"dz/dx": g, "dz/dw": h, "d": grad(grad(y, x) * g, g)}

    values = {"x": np.array([0.5, -1.25]), "w": np.array([2.0, 0.75])}
    types = {name: (TensorType((2,), "float64"), "constant") for name in values}
    evaluation = backend.evaluate(trace(function, types, dtype="float64"), values)
    assert not evaluation.error
    x, w = values.values()
    # dy/dx = 2 g h g' + g**2 h', with h = x**3 and g' = 6 x w, times g
    wanted = 4 * 3 * x**2 * w * x**3 * 6 * x * w + 3 * (3 * x**2 * w) ** 2 * 3 * x**2
    np.testing.assert_allclose(evaluation.values["d"], wanted, rtol=1e-12)


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("case", NOTEBOOK)
def test_no_function_body_has_a_blank_line(case: str, name: str) -> None:
    chosen = NOTEBOOK[case]
    source = get_backend(name).program(chosen.graph(), chosen.values("float32")).source
    assert "\n\n" not in body(source)
