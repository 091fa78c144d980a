"""The command `conformance protocol`: which checks, on which modules, and what it exits with."""

import re
import sys
import types

import pytest
from click.testing import CliRunner

import reference_engine
from conformance import UsageError, protocol
from conformance.backends import get_backend
from conformance.cli import main
from conformance.protocol_run import judge, load_checks, named, select

THEIRS = '''
from reference_engine import *
from reference_engine import GradientTape as Right

class GradientTape(Right):
    def gradient(self, target, sources, output_gradients=None, unconnected_gradients="none"):
        return super().gradient(target, sources, output_gradients, "zero")

def stop_gradient(x):
    raise KeyError("not today")
'''


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A working directory with a module whose tape answers zeros for None."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "their_tape.py").write_text(THEIRS, encoding="utf-8")
    (tmp_path / "broken_tape.py").write_text("import absent_engine", encoding="utf-8")
    yield
    sys.modules.pop("their_tape", None)


def command(*arguments):
    """Exit code, standard output and standard error, in this process."""
    result = CliRunner().invoke(main, ["protocol", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def test_checks_of_a_group_that_agree_exit_with_0():
    code, out, err = command("nesting", "threads", "--backend", "reference")
    assert (code, err) == (0, "")
    nesting, threads, summary = [line for line in out.splitlines() if re.search(r"\d", line)]
    assert re.fullmatch(r"\s*nesting\s+\d+\s*", nesting)
    assert re.fullmatch(r"\s*threads\s+\d+\s*", threads)
    assert re.fullmatch(r"\d+ checks: \d+ agrees", summary)


def test_one_check_by_its_name():
    code, out, _ = command("a_watched_tensor_has_a_gradient", "--backend", "reference")
    assert code == 0
    assert out.splitlines()[-1] == "1 check: 1 agrees"


def test_a_difference_on_record_is_shown_with_its_source():
    code, out, _ = command("two_dtypes_do_not_mix", "--backend", "reference")
    assert code == 0
    assert "waived: two_dtypes_do_not_mix  reference_engine: " in out
    assert "(https://data-apis.org/" in out
    assert out.splitlines()[-1] == "1 check: 1 waived"


def test_a_module_of_their_own_is_judged_and_its_failures_are_told():
    code, out, _ = command("a_tensor_that_is_not_watched_has_none", "stop_gradient",
                           "--module", "their_tape")
    assert code == 1
    head, *rest = out.splitlines()
    assert re.fullmatch(r"a_tensor_that_is_not_watched_has_none  cases/protocol\.py:\d+  "
                        "their_tape  differs", head)
    assert rest[:3] == ["  dy/d[x, w]", "    got    [3.0 float64, 0.0 float64]",
                        "    wanted [3.0, None]"]
    assert "  KeyError: 'not today'" in rest
    assert "reference_engine" not in out
    assert re.fullmatch(r"5 checks: 1 differs, 4 raised", out.splitlines()[-1])


def test_a_module_beside_a_backend_has_a_column():
    code, out, _ = command("watching", "--backend", "reference", "--module", "their_tape")
    assert code == 1
    assert "reference_engine" in out
    assert "their_tape" in out


@pytest.mark.parametrize(("arguments", "message"), [
    (["watchin"], "no protocol check matches 'watchin'; did you mean watching"),
    (["--backend", "torch"], "run on reference and tensorflow, not on 'torch'; .* --module"),
    (["--module", "no_such_module"], "cannot import no_such_module: ModuleNotFoundError"),
    (["--module", "broken_tape"], "cannot import broken_tape: .*absent_engine"),
    (["--module", "math"], "math has no constant, GradientTape, Variable: .*TensorFlow"),
    (["--nonsense"], "No such option"),
])
def test_bad_usage_exits_with_2(arguments, message):
    code, out, err = command(*arguments)
    assert (code, out) == (2, "")
    assert re.search(message, err)


def test_an_absent_backend_is_skipped_and_named_or_missed(monkeypatch):
    monkeypatch.setattr(type(get_backend("tensorflow")), "installed", lambda self: False)
    code, out, _ = command("threads")
    assert code == 0
    assert out.splitlines()[-1].startswith("skipped: tensorflow is not installed: pip install")
    code, _, err = command("threads", "--backend", "tensorflow")
    assert code == 2
    assert "tensorflow is not installed" in err


def test_a_name_twice_counts_once():
    assert named(("reference", "reference"), ()) == ([reference_engine], [])
    assert named((), ("reference_engine", "reference_engine")) == ([reference_engine], [])


def declared(function, *differs):
    return protocol.check("sources", *differs)(function)


def wrong(tf, words):
    return {"dy/dx": (1, 2)}


KNOWN = protocol.Difference("types", "a reason", "https://example.org", says="wanted 2")


@pytest.mark.parametrize(("check", "verdict", "reason"), [
    (declared(lambda tf, words: {"dy/dx": (1, 1)}), "agrees", ""),
    (declared(wrong), "differs", "wanted 2"),
    (declared(lambda tf, words: {}["key"]), "raised", "KeyError: 'key'"),
    (declared(wrong, KNOWN), "waived", "a reason"),
    (declared(lambda tf, words: {}["key"], KNOWN), "raised", "KeyError"),
    (declared(lambda tf, words: {"dy/dx": (1, 1)}, KNOWN), "unneeded", "no difference any more"),
])
def test_a_verdict_and_its_reason(check, verdict, reason):
    outcome = judge(check, types)
    assert (outcome.verdict, outcome.module) == (verdict, "types")
    assert outcome.expected == (verdict in ("agrees", "waived"))
    assert reason in outcome.reason


def test_a_selection_keeps_the_order_of_the_file():
    checks = load_checks()
    chosen = select(checks, ["threads", "a_watched_tensor_has_a_gradient", "threads"])
    assert [check.group for check in chosen] == ["watching", "threads", "threads", "threads"]
    assert select(checks, []) == checks


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="no such file of checks"):
        load_checks(tmp_path / "absent.py")
