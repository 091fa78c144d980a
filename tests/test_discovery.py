"""Case files are found, loaded and selected; what is wrong in one of them costs nothing else."""

import subprocess
import sys
import textwrap
import time

import pytest

from conformance import UsageError, load_cases
from conformance.discovery import Library, case_files, is_case_file, load_case_file

GOOD = '''
from conformance import case, family, grad


@case(x=3.0)
def square(xp, x):
    """The square."""
    return {"dy/dx": grad(x * x, x) == 2 * x}


@family(exp={"x": 0.5}, sin={"x": 0.5})
def function(xp, name, x):
    """A function."""
    return {"dy/dx": grad(getattr(xp, name)(x), x)}
'''
HEAD = "from conformance import case, grad, ones\n\n\n"


def one(name, body, inputs="x=3.0"):
    return (f'@case({inputs})\ndef {name}(xp, x):\n    """Shows it."""\n'
            + textwrap.indent(textwrap.dedent(body), "    ") + "\n\n")


def good(name):
    return one(name, 'return {"dy/dx": grad(x * x, x)}')


def test_cases_of_someone_elses_repository_are_shown_from_where_one_stands(write):
    write("mine/deep/good.py", GOOD)
    library = load_cases(["mine"])
    assert library.errors == []
    assert [c.id for c in library.cases] == [
        f"mine/deep/good.py::{name}" for name in ("square", "function.exp", "function.sin")]
    assert [str(n.where) for n in library.cases[0].graph() if n.op == "multiply"] == [
        "mine/deep/good.py:7"] * 2


def test_the_suites_own_cases_are_the_default():
    library = load_cases()
    assert library.errors == []
    assert "cases/notebook.py::sum_square" in {c.id for c in library.cases}


@pytest.mark.parametrize(("text", "found"), [
    (GOOD, True),
    ("import conformance\n@conformance.case(x=1.0)\ndef f(xp, x): ...\n", True),
    ("import conformance as c\n@c.family(a={})\ndef f(xp, x): ...\n", True),
    ("from conformance import case\n\nprint(case)\n", False),
    ("from other import case\n\n@case(x=1.0)\ndef f(xp, x): ...\n", False),
    ('"""Like this:\n\n    @case(x=1.0)\n"""\nfrom conformance import case\n', False),
    ("from conformance import case\n@case(x=\n", True),
    ("", False),
])
def test_a_case_file_imports_and_decorates(write, text, found):
    path = write("a.py", text)
    assert is_case_file(path) is found
    assert not is_case_file(path.parent)
    assert not is_case_file(path.with_suffix(".txt"))


def test_files_are_found_in_order_and_not_in_environments(write):
    for name in ("b.py", "a/z.py", "a/_hidden_helper.py", ".tox/x.py", "venv/lib/y.py",
                 "__pycache__/z.py"):
        write(name, GOOD)
    write("_helper.py", "from conformance import grad\n")
    path = write("venv/pyvenv.cfg", "")
    found = [p.relative_to(path.parent.parent).as_posix() for p in case_files(path.parent.parent)]
    assert found == ["a/_hidden_helper.py", "a/z.py", "b.py"]


@pytest.mark.parametrize(("path", "said"), [
    ("missing.py", "no such file or folder of cases: missing.py"),
    ("empty", "empty declares no case; a case file has `from conformance import case, grad` and "
              "functions under `@case(...)`"),
    ("helper.py", "helper.py declares no case; a case file has"),
])
def test_paths_without_cases(write, path, said):
    write("helper.py", "x = 1\n")
    write("empty/note.txt", "")
    with pytest.raises(UsageError) as caught:
        load_cases([path])
    assert str(caught.value).startswith(said)


BROKEN = {
    "syntax error": (HEAD + "@case(x=1.0)\ndef f(xp, x:\n",
                     "bad.py:5: syntax error: '(' was never closed"),
    "import": (HEAD + "import no_such_module\n@case(x=1.0)\ndef f(xp, x): ...\n",
               "bad.py:4: cannot be imported: ModuleNotFoundError: No module named 'no_such_mod"),
    "exception": (HEAD + "def g():\n    return 1 / 0\n\n\ng()\n@case(x=1.0)\ndef f(xp, x): ...\n",
                  "bad.py:5: cannot be imported: ZeroDivisionError: division by zero"),
    "exit": (HEAD + "raise SystemExit(3)\n@case(x=1.0)\ndef f(xp, x): ...\n",
             "bad.py:4: cannot be imported: SystemExit: 3"),
    "bad input": (HEAD + good("a") + one("f", "", "x=ones(2.5)"),
                  "bad.py:9: ones wants lengths, as in ones(2, 3), got ones(2.5)"),
    "no docstring": (HEAD + "@case(x=1.0)\ndef f(xp, x):\n    return {}\n",
                     "bad.py:4: f has no docstring; say in one sentence what it shows"),
    "two names": (HEAD + good("f") + good("f"), "bad.py:9: two cases are called 'f', the other is "
                                               "at bad.py:4; rename one"),
    "nothing declared": (HEAD + "if False:\n    x = '''\n@case(x=1.0)\n'''\n",
                         "bad.py:1: declares no case"),
    "null byte": (HEAD + "@case(x=1.0)\ndef f(xp, x): ...\0\n", "null bytes"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_cannot_be_loaded_costs_its_own_cases_only(write, name):
    text, said = BROKEN[name]
    write("bad.py", text)
    write("good.py", GOOD)
    modules = set(sys.modules)
    library = load_cases(["."])
    assert [c.name for c in library.cases] == ["square", "function.exp", "function.sin"]
    (error,) = library.errors
    assert str(error).startswith(said) or (name == "null byte" and said in str(error))
    assert error.where.file == "bad.py"
    assert not [m for m in set(sys.modules) - modules if "bad" in m]


def test_a_case_that_cannot_be_traced_costs_itself_only(write):
    write("mixed.py", HEAD + good("a") + one("b", "return {'d': grad(xp.sinn(x), x)}")
          + one("c", "y = x * x\nreturn {'d': 1 / 0}") + one("d", "return None")
          + one("e", "return {'d': grad(x * 10**30 * x, x), 'e': open('no such file')}")
          + good("f"))
    library = load_cases(["mixed.py"])
    assert [c.name for c in library.cases] == ["a", "f"]
    assert [str(error) for error in library.errors] == [
        "mixed.py:12: xp.sinn: there is no operator 'sinn'; did you mean xp.sin or xp.sinh or "
        "xp.sinc?",
        "mixed.py:18: c failed while it was traced: ZeroDivisionError: division by zero",
        'mixed.py:20: a case returns a dict of named derivatives, {"dy/dx": grad(y, x)}; got None; '
        "is `return` missing?",
        f"mixed.py:28: multiply: the int {10**30} needs more than 64 bits; write a float"]


def test_an_exception_in_a_helper_is_placed_in_the_case_file(write):
    write("helpers.py", "def broken(x):\n    raise ValueError('no')\n")
    write("a.py", "from helpers import broken\n" + HEAD + one("a", "return broken(x)"))
    (error,) = load_cases(["a.py"]).errors
    assert str(error) == "a.py:8: a failed while it was traced: ValueError: no"


def test_case_files_import_their_neighbours(write):
    for folder, function in (("one", "sin"), ("two", "cos")):
        write(f"{folder}/helpers.py", f"def f(xp, x):\n    return xp.{function}(x)\n")
        write(f"{folder}/package/__init__.py", "from package.inner import number\n")
        write(f"{folder}/package/inner.py", "number = 2\n")
        write(f"{folder}/{folder}.py", "from helpers import f\nfrom package import number\n" + HEAD
              + one(folder, "import helpers\nreturn {'d': grad(helpers.f(xp, f(xp, x)), x)}"))
    path, modules = list(sys.path), set(sys.modules)
    library = load_cases(["one", "two"])
    assert library.errors == []
    assert [[n.op for n in c.graph()][1:3] for c in library.cases] == [["sin"] * 2, ["cos"] * 2]
    assert [str(c.graph().nodes[1].where) for c in library.cases] == [
        "one/helpers.py:2", "two/helpers.py:2"]
    assert sys.path == path
    assert {m for m in set(sys.modules) - modules if not m.startswith("_case_file_")} == set()


def test_a_case_file_hides_no_other_module(write):
    write("colorsys.py", "import colorsys\nassert colorsys.rgb_to_hls\n" + GOOD)
    assert load_cases(["colorsys.py"]).errors == []


def test_a_case_file_that_imports_another_one_does_not_double_it(write):
    write("a.py", "import b\n" + HEAD + good("a"))
    write("b.py", HEAD + good("b"))
    library = load_cases(["."])
    assert library.errors == []
    assert sorted(c.id for c in library.cases) == ["a.py::a", "b.py::b"]


def test_a_file_that_is_named_twice_is_loaded_once(write):
    path = write("a.py", GOOD)
    library = load_cases(["a.py", ".", path])
    assert len(library.cases) == 3
    assert library.errors == []


def test_one_id_of_two_roots_is_an_error(write, monkeypatch):
    from conformance import paths

    suite, own = write("suite/cases/a.py", GOOD), write("own/cases/a.py", GOOD)
    monkeypatch.setattr(paths, "PACKAGE", suite.parent.parent / "conformance")
    monkeypatch.chdir(own.parent.parent)
    paths._display.cache_clear()
    try:
        library = load_cases([suite.parent, own.parent])
    finally:
        paths._display.cache_clear()
    assert len(library.cases) == 3
    assert [str(e) for e in library.errors[:1]] == [
        f"cases/a.py:4: cases/a.py::square names two cases, in {suite} and {own}; rename one file, "
        "or run them apart"]
    assert len(library.errors) == 3


@pytest.fixture
def library(write):
    write("mine/good.py", GOOD)
    write("mine/other.py", HEAD + good("cube"))
    return load_cases(["mine"])


@pytest.mark.parametrize(("selections", "chosen"), [
    ([], ["square", "function.exp", "function.sin", "cube"]),
    (["square"], ["square"]),
    (["function"], ["function.exp", "function.sin"]),
    (["function.sin"], ["function.sin"]),
    (["good"], ["square", "function.exp", "function.sin"]),
    (["good.py"], ["square", "function.exp", "function.sin"]),
    (["mine/good.py"], ["square", "function.exp", "function.sin"]),
    (["./mine/../mine/good.py"], ["square", "function.exp", "function.sin"]),
    (["{here}/mine/good.py"], ["square", "function.exp", "function.sin"]),
    (["mine"], ["square", "function.exp", "function.sin", "cube"]),
    (["mine/"], ["square", "function.exp", "function.sin", "cube"]),
    (["mine/good.py::square"], ["square"]),
    (["./mine/good.py::function"], ["function.exp", "function.sin"]),
    (["{here}/mine/good.py::function.exp"], ["function.exp"]),
    (["cube", "square", "cube"], ["cube", "square"]),
])
def test_selections(library, tmp_path, selections, chosen):
    selections = [s.format(here=tmp_path) for s in selections]
    assert [c.name for c in library.select(selections)] == chosen


@pytest.mark.parametrize(("selection", "said"), [
    ("squares", "no case matches 'squares'; did you mean square? `conformance list` shows all 4"),
    ("function.cos", "did you mean function.sin, "),
    ("mine/goood.py", "did you mean mine/good.py"),
    ("qqqq", "no case matches 'qqqq'; `conformance list` shows all 4"),
    ("", "no case matches ''; "),
])
def test_a_selection_of_nothing_names_the_nearest(library, selection, said):
    with pytest.raises(UsageError) as caught:
        library.select(["square", selection])
    assert said in str(caught.value)


def test_an_empty_library_has_nothing_to_select():
    assert Library().select([]) == []
    with pytest.raises(UsageError, match="no case matches 'a'"):
        Library().select(["a"])


def test_one_file_can_be_loaded_alone(write):
    cases, errors = load_case_file(write("a.py", HEAD + good("a") + one("b", "return 3")))
    assert [c.name for c in cases] == ["a"]
    assert [e.where.line for e in errors] == [9]


def test_importing_is_cheap():
    script = ("import sys, time\nstart = time.perf_counter()\nimport conformance\n"
              "print(time.perf_counter() - start, 'numpy' in sys.modules)")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                          check=True)
    seconds, numpy = done.stdout.split()
    assert (float(seconds) < 0.15, numpy) == (True, "False")


def test_tracing_is_cheap(write):
    path = write("many.py", HEAD + "".join(good(f"case_{i}") for i in range(200)))
    best = min(_seconds(path) for _ in range(3))
    assert best < 0.5  # 0.03 s, when the machine has nothing else to do


def _seconds(path):
    start = time.perf_counter()
    assert len(load_case_file(path)[0]) == 200
    return time.perf_counter() - start


def test_one_path_will_do_and_tracing_can_wait(write):
    write("a.py", HEAD + good("a") + one("b", "return 3"))
    traced = load_cases("a.py")
    assert ([c.name for c in traced.cases], len(traced.errors)) == (["a"], 1)
    listed = load_cases("a.py", trace=False)
    assert ([c.name for c in listed.cases], listed.errors) == (["a", "b"], [])
    assert [c.path.name for c in listed.cases] == ["a.py", "a.py"]


def test_a_file_that_is_no_selection_is_named_with_cases(tmp_path):
    own = tmp_path / "own cases.py"
    own.write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match=r"is named with --cases: --cases '/.*own cases"):
        load_cases().select([str(own)])
