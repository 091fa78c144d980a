"""Long lines break at brackets, into the same program."""

from __future__ import annotations

import ast

import pytest

from conformance.backends.layout import WIDTH, Block, wrap

LONG = {
    "call": "dy_dx = torch.autograd.grad(y.sum(), (x, w, table), create_graph=True, "
            "allow_unused=True)[0]",
    "matrix": f"x = np.array([{', '.join(['[0.123456789, -0.987654321, 0.5]'] * 4)}], dtype=np.f)",
    "numbers": f"x = tf.constant([{', '.join(str(n / 8) for n in range(60))}])",
    "call of a call": "dy_dx, dy_dw = jax.grad(a_long_function_of_x_and_w, argnums=(0, 1))"
                      "(x_number_one, w_two)",
    "strings": 'return {"a, (b": first_result, "c\\"] ": second_result, "d": third_result_of_all, '
               '"e": more}',
    "product in brackets": "y = tf.exp(first_long_name * second_long_name + third_long_name * "
                           "fourth_long_name - x[0])",
    "parentheses": "y = (first_long_name * second_long_name + third_long_name * fourth_long_name "
                   "- x) / 2",
    "subscript": "y = f(x)[first_long_name, second_long_name, third_long_name, fourth_long_name, "
                 "fifth_]",
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
@pytest.mark.parametrize("depth", [0, 2])
def test_the_program_stays_the_same(text: str, depth: int) -> None:
    lines = wrap(text, "    " * depth)
    assert max(map(len, lines)) <= WIDTH
    assert all(line == line.rstrip() and line.startswith("    " * depth) for line in lines)
    source = text.removeprefix("return ")
    printed = "\n".join(lines).strip().removeprefix("return ")
    assert ast.dump(ast.parse(printed)) == ast.dump(ast.parse(source))


def test_a_short_line_stays() -> None:
    assert wrap("y = x**2", "    ") == ["    y = x**2"]


def test_without_brackets_a_long_line_stays() -> None:
    text = "y = " + " + ".join(["a_long_name"] * 9)
    assert wrap(text) == [text]
    assert wrap(text + "()") == [text + "()"]


def test_what_fits_goes_on_one_line() -> None:
    assert wrap(LONG["call"]) == [
        "dy_dx = torch.autograd.grad(",
        "    y.sum(), (x, w, table), create_graph=True, allow_unused=True",
        ")[0]"]


def test_a_matrix_has_a_row_a_line() -> None:
    row = "        [0.123456789, -0.987654321, 0.5],"
    assert wrap(LONG["matrix"]) == [
        "x = np.array(", "    [", *[row] * 4, "    ],", "    dtype=np.f,", ")"]


def test_numbers_fill_their_lines() -> None:
    lines = wrap(LONG["numbers"])
    assert len(lines) < 10
    assert len(lines[2]) > 70


def test_blocks_indent() -> None:
    block = Block(depth=1)
    block.line("with tape:")
    block.depth += 1
    block.line("y = x")
    assert block.lines == ["    with tape:", "        y = x"]
