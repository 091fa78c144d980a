"""Waivers: what they must say, what they cover, and that none outlives its reason."""

import re

import pytest

from conformance import Verdict, load_cases
from conformance.errors import UsageError
from conformance.waivers import Waiver, folder_of, idle_waivers, load_waivers, waivers_beside

ENTRY = {"case": "cube", "backend": "torch", "verdict": "differs", "class": "bug",
         "versions": "==2.13.0", "reason": "rounds twice", "source": "https://example.org/1"}
CASES = '''
from conformance import case, grad

@case(x=2.0)
def cube(xp, x):
    """A power."""
    return {"dy/dx": grad(x**3, x)}

@case(x=2.0)
def cube_again(xp, x):
    """The same power."""
    return {"dy/dx": grad(x**3, x)}
'''


def toml(**changes):
    entry = {name: value for name, value in (ENTRY | changes).items() if value is not None}
    return "[[waiver]]\n" + "".join(f"{name} = {value!r}\n" for name, value in entry.items())


@pytest.fixture
def write(tmp_path):
    def put(text):
        path = tmp_path / "waivers.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return put


def test_an_entry_knows_where_it_is_written(write):
    waivers = load_waivers(write(f"# known\n\n{toml()}\n{toml(case='other')}"))
    assert [(w.case, w.where.line) for w in waivers] == [("cube", 3), ("other", 12)]


@pytest.mark.parametrize("head", ["[[waiver]] # why", " [[ waiver ]]"])
def test_the_head_of_an_entry_may_be_written_as_toml_allows(write, head):
    (waiver,) = load_waivers(write(toml().replace("[[waiver]]", head)))
    assert waiver.where.line == 1


def test_inline_entries_are_read(write):
    fields = ", ".join(f"{name} = {value!r}" for name, value in ENTRY.items())
    assert load_waivers(write(f"waiver = [{{{fields}}}]"))[0].reason == "rounds twice"


def test_an_entry_may_list_cases_of_which_each_must_be_needed(write):
    waivers = load_waivers(write("\n" + toml(case=["cube", "square"]) + toml()))
    assert [(w.case, w.where.line) for w in waivers] == [("cube", 2), ("square", 2), ("cube", 10)]


def test_an_entry_may_list_versions(write):
    waivers = load_waivers(write(toml(versions=["==2.12.0", "==2.13.0"])))
    assert [covers(w, version="2.12.0") for w in waivers] == [True, False]


def test_an_empty_file_waives_nothing(write):
    assert load_waivers(write("")) == ()


@pytest.mark.parametrize(("text", "message"), [
    ("[[waiver]\n", r"waivers.toml: not valid TOML: .*line 1"),
    ("[waiver]\ncase = 'x'\n", r"not valid TOML: each entry begins with \[\[waiver\]\]"),
    ("waiver = [1, 2]\n", r"each entry begins with"),
    ("title = 'x'\n", r"it holds \[\[waiver\]\] entries only, not title"),
    (toml(reason=None), r"waivers.toml:1: this waiver lacks 'reason'"),
    (toml(source=" "), r"lacks 'source'"),
    (toml(versions=None, source=None), r"lacks 'versions', lacks 'source'"),
    (toml(derivate="dy/dx"), r"has an unknown key 'derivate'"),
    (toml(case=[]), r"has no text as its 'case'"),
    (toml(case=["cube", 3]), r"has no text as its 'case'"),
    (toml(case=3), r"has no text as its 'case'"),
    (toml(verdict="agrees"), r"excuses 'agrees'; one of artefact, changed, crashed, differs"),
    (toml(**{"class": "bugs"}), r"has the class 'bugs'; one of bug, convention, acc"),
    (toml(verdict="unsupported"), r"excuses 'unsupported'"),
    *((toml(versions=versions), "name each one, as in '==2.13.0'") for versions in (
        "2.13", ">=2.13", "<3", "!=2.0", ">=2.13,<2.14", "==2.13.*", "~=2.13", "==1,==2", "=")),
    (toml(versions=[]), "has no text as its 'versions'"),
])
def test_a_malformed_file_is_one_clear_message(write, text, message):
    with pytest.raises(UsageError, match=message):
        load_waivers(write(text))


def test_bytes_that_are_no_text_are_a_clear_message(tmp_path):
    (tmp_path / "waivers.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="not valid TOML"):
        load_waivers(tmp_path / "waivers.toml")


def waiver(**changes):
    fields = ENTRY | changes
    return Waiver(kind=fields.pop("class"), **fields)


def covers(entry, case="cube", backend="torch", version="2.13.0", dtype="float32",
           mode="reverse"):
    return entry.covers(case, backend, version, dtype, mode)


@pytest.mark.parametrize(("versions", "version", "covered"), [
    ("==2.13.0", "2.13.0", True), ("==2.13.0", "2.13.0+cpu", True), ("==2.13.0", "2.13.1", False),
    ("==2.13.0", "2.13.0rc1", False),
    ("==2.13.0", "main-3f2a", False), ("===main-3f2a", "main-3f2a", True),
])
def test_a_waiver_covers_its_versions_only(versions, version, covered):
    assert covers(waiver(versions=versions), version=version) == covered


def test_a_waiver_covers_all_that_it_leaves_out_and_no_more():
    assert covers(waiver())
    assert not covers(waiver(), backend="jax")
    assert not covers(waiver(), case="cube_again")
    assert covers(waiver(case="cube*"), case="cube_again")
    assert not covers(waiver(dtype="float64"))
    assert not covers(waiver(mode="forward"))


def test_a_waiver_excuses_one_kind_of_verdict():
    assert waiver().excuses(verdict("differs"))
    assert not waiver().excuses(verdict("raised"))
    assert not waiver(derivative="d2y/*").excuses(verdict("differs"))


def test_a_waiver_excuses_only_what_it_says():
    assert waiver(says="got NaN").excuses(verdict("differs", "got NaN; rounding"))
    assert not waiver(says="got NaN").excuses(verdict("differs", "rounding"))


def verdict(kind, reason=""):
    return Verdict("own.py::cube", "dy/dx", "torch", "2.13.0", "float32", "reverse", kind,
                   reason=reason)


@pytest.mark.parametrize(("changes", "message"), [
    ({"verdict": "raised"}, "excuses any error: quote it, as in says = 'does not require grad'"),
    ({"dtype": "flot32"}, "has an unknown dtype 'flot32', did you mean 'float32'?"),
    ({"backend": "tensorflo"}, "has an unknown backend 'tensorflo', did you mean 'tensorflow'?"),
    ({"mode": "revrse"}, "has an unknown mode 'revrse', did you mean 'reverse'?"),
])
def test_an_entry_that_could_never_be_right_is_refused(write, changes, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        load_waivers(write(toml(**changes)))


def test_a_waiver_for_no_case_at_all_is_idle(tmp_path, write):
    (tmp_path / "cubes.py").write_text(CASES, encoding="utf-8")
    write(toml(case="cubed") + toml(case="cube_*") + toml())
    cases = load_cases(tmp_path).cases
    (line,) = idle_waivers(cases)
    assert "waivers.toml:1: this waiver is not needed: no case here is called 'cubed'" in line


def test_a_waiver_for_a_case_that_is_not_being_run_is_not_idle(tmp_path, write):
    (tmp_path / "cubes.py").write_text(CASES, encoding="utf-8")
    (tmp_path / "other.py").write_text(CASES.replace("def cube", "def other"), encoding="utf-8")
    write(toml(case="other") + toml())
    assert idle_waivers(load_cases(tmp_path / "cubes.py").cases[:1]) == []


def test_waivers_lie_beside_the_case_file(tmp_path, write):
    (tmp_path / "cubes.py").write_text(CASES, encoding="utf-8")
    case = load_cases(tmp_path).cases[0]
    assert folder_of(case) == tmp_path.resolve()
    write(toml())
    assert waivers_beside(folder_of(case))[0].case == "cube"
