"""`conformance show`: one case in full."""

import io

import pytest
from rich.console import Console

from conformance import load_cases
from conformance.backends import list_backends
from conformance.errors import ClosedFormError, UsageError
from conformance.reports.case_page import print_case


def page(case, backends=(), dtype="float32", width=200, **keywords):
    console = Console(file=io.StringIO(), width=width, **keywords)
    code = print_case(case, backends, dtype, "reverse", console)
    return code, console.file.getvalue()


def select(name):
    (case,) = load_cases().select([name])
    return case


def test_without_a_backend_the_code_of_each_is_shown_and_none_is_run():
    code, text = page(select("chained_powers"))
    assert code == 0
    for part in ("cases/notebook.py::chained_powers  cases/notebook.py:",
                 "dz/dx:  ∂z/∂x = 4 * x**3",
                 "dz/dx = 108.  exact", "tf.GradientTape", "torch.autograd.grad", "jax.grad"):
        assert part in text
    for name in list_backends():
        assert f"\n{name} " in text
    assert "Verdicts" not in text


def test_a_named_backend_is_run_and_judged():
    code, text = page(select("sum_square"), ("reference",), "float64")
    assert code == 0
    assert "torch" not in text
    assert "sum_square  dz/dx[0, 0]  reference " in text
    assert "float64  agrees" in text
    assert "reproduce" not in text


def test_the_graph_says_where_each_node_is_written():
    _, text = page(select("second_derivative"), ("reference",))
    table = text[text.index("Graph"):text.index("Certified")]
    assert "d2y/dx2" in table
    assert table.count("cases/notebook.py:") > 5


def test_arrays_are_aligned_under_their_name():
    _, text = page(select("sum_square"), ("reference",))
    assert "x = [[1., 1.],\n     [1., 1.]]" in text


@pytest.mark.parametrize("width", [20, 80])
@pytest.mark.parametrize("terminal", [True, False])
def test_any_width_will_do(width, terminal):
    code, text = page(select("sum_square"), ("reference",), width=width, force_terminal=terminal)
    assert code == 0
    assert ("\x1b" in text) == terminal


@pytest.mark.parametrize(("keywords", "message"), [
    ({"dtype": "float33"}, "unknown dtype 'float33'"),
    ({"backends": ("touch",)}, "did you mean 'torch'"),
])
def test_bad_names_are_usage_errors(keywords, message):
    with pytest.raises(UsageError, match=message):
        page(select("sum_square"), **keywords)


FALSE = '''
from conformance import case, grad

@case(x=2.0)
def false(xp, x):
    """A closed form that is none."""
    return {"dy/dx": grad(x**3, x) == 3 * x}
'''


def test_a_false_closed_form_is_an_error(tmp_path):
    (tmp_path / "own.py").write_text(FALSE, encoding="utf-8")
    (case,) = load_cases(tmp_path).cases
    with pytest.raises(ClosedFormError, match=r"own.py:\d+: the closed form of dy/dx is wrong"):
        page(case)
