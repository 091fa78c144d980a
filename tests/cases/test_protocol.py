"""The protocol checks: true of both modules but for the differences on record, and able to fail."""

import ast
import contextlib
import re
import types
from collections import Counter

import pytest

import reference_engine as engine
from conformance import load_cases
from conformance.backends import get_backend
from conformance.case_files import is_case_file
from conformance.paths import suite_cases
from conformance.protocol_run import BACKENDS, judge, load_checks

CHECKS = load_checks()
FILE = suite_cases() / "protocol.py"
MODULES = [get_backend(name).module for name in BACKENDS]

each_check = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)


@pytest.fixture(scope="module", params=BACKENDS)
def module(request):
    """Each module that has the API; TensorFlow may be absent."""
    backend = get_backend(request.param)
    if not backend.installed():
        pytest.skip(backend.missing())
    return backend.framework()


@each_check
def test_a_check_is_true_of_a_module_unless_a_difference_is_on_record(check, module):
    known = check.difference(module)
    if known is None:
        check.run(module)
    else:
        with pytest.raises(Exception, match=re.escape(known.says)):
            check.run(module)


def test_there_are_enough_checks_of_everything():
    groups = Counter(check.group for check in CHECKS)
    assert len(CHECKS) >= 90
    assert min(groups.values()) >= 3


def test_every_check_of_the_file_is_loaded_once():
    tree = ast.parse(FILE.read_text(encoding="utf-8"))
    written = [node.name for node in tree.body
               if isinstance(node, ast.FunctionDef) and node.decorator_list]
    assert [check.name for check in CHECKS] == written
    assert len(set(written)) == len(written)


@each_check
def test_a_check_says_what_it_shows_and_where(check):
    assert re.fullmatch(r"[A-Z\d\"].*[^.]\.", check.summary), check.summary
    assert re.fullmatch(r"cases/protocol\.py:\d+", str(check.where))


def test_a_difference_has_a_module_a_reason_and_a_source():
    differences = [d for check in CHECKS for d in check.differs]
    assert differences
    for difference in differences:
        assert difference.module in MODULES
        assert len(difference.reason) > 20
        assert difference.source.startswith("https://")


def test_the_file_is_no_case_file_and_disturbs_none():
    assert not is_case_file(FILE)
    library = load_cases()
    assert library.errors == []
    assert not [case for case in library.cases if case.path == FILE]


# --- the checks can fail: each wrong module is one that a person might have written


class ZerosForNone(engine.GradientTape):
    def gradient(self, target, sources, output_gradients=None, unconnected_gradients="none"):
        return super().gradient(target, sources, output_gradients, "zero")


class AlwaysPersistent(engine.GradientTape):
    def __init__(self, persistent=False, watch_accessed_variables=True):
        super().__init__(True, watch_accessed_variables)


class WatchesEveryVariable(engine.GradientTape):
    def __init__(self, persistent=False, watch_accessed_variables=True):
        super().__init__(persistent)


class ForgetsOutputGradients(engine.GradientTape):
    def gradient(self, target, sources, output_gradients=None, unconnected_gradients="none"):
        return super().gradient(target, sources, None, unconnected_gradients)


class AnswersInLists(engine.GradientTape):
    def gradient(self, target, sources, output_gradients=None, unconnected_gradients="none"):
        answer = super().gradient(target, sources, output_gradients, unconnected_gradients)
        return list(answer) if isinstance(answer, tuple) else answer


class TransposedJacobian(engine.GradientTape):
    def jacobian(self, target, sources, unconnected_gradients="none"):
        answer = super().jacobian(target, sources, unconnected_gradients)
        square = isinstance(answer, engine.Tensor) and answer.ndim == 2
        return engine.matrix_transpose(answer) if square else answer


class NeverStops(engine.GradientTape):
    @contextlib.contextmanager
    def stop_recording(self):
        yield


class ResetsNothing(engine.GradientTape):
    def reset(self):
        pass


class Conjugated(engine.GradientTape):
    def gradient(self, target, sources, output_gradients=None, unconnected_gradients="none"):
        answer = super().gradient(target, sources, output_gradients, unconnected_gradients)
        is_complex = isinstance(answer, list) and any("complex" in str(getattr(a, "dtype", ""))
                                                      for a in answer)
        return [engine.conj(a) for a in answer] if is_complex else answer


class HalfATangent(engine.ForwardAccumulator):
    def jvp(self, target, unconnected_gradients="none"):
        answer = super().jvp(target, unconnected_gradients)
        return answer * 0.5 if isinstance(answer, engine.Tensor) else answer


def without_its_gradient(function):
    """A custom_gradient that differentiates the function itself."""
    return lambda *arguments, **keywords: function(*arguments, **keywords)[0]


def doubled(name):
    """An operator with a rule that is twice too steep and a value that is right."""
    right = getattr(engine, name)

    def operator(x):
        y = right(x)
        return y + y - engine.stop_gradient(y)

    return operator


WRONG = {
    "zeros for None": ({"GradientTape": ZerosForNone}, {"unconnected", "watching"}),
    "a tape that never forgets": ({"GradientTape": AlwaysPersistent}, {"life", "jacobian"}),
    "watches every variable": ({"GradientTape": WatchesEveryVariable}, {"variables"}),
    "ones as output gradients": ({"GradientTape": ForgetsOutputGradients}, {"output gradients"}),
    "lists for tuples": ({"GradientTape": AnswersInLists}, {"sources"}),
    "a transposed Jacobian": ({"GradientTape": TransposedJacobian}, {"jacobian"}),
    "a tape that never stops": ({"GradientTape": NeverStops}, {"stopped recording"}),
    "a reset that does nothing": ({"GradientTape": ResetsNothing}, {"life"}),
    "another conjugation": ({"GradientTape": Conjugated}, {"complex"}),
    "half a tangent": ({"ForwardAccumulator": HalfATangent}, {"forward"}),
    "stops nothing": ({"stop_gradient": lambda x: x * 1.0}, {"stop_gradient", "unconnected"}),
    "no custom gradient": ({"custom_gradient": without_its_gradient}, {"custom_gradient"}),
    "nothing recomputed": ({"recompute_grad": lambda f: f}, {"recompute_grad"}),
    "constants that are all floats": ({"constant": lambda value, dtype=None:
                          engine.constant(value, dtype or "float64")}, {"watching"}),
    "a steep tanh": ({"tanh": doubled("tanh")}, {"programs"}),
    "a steep sum": ({"sum": lambda x, axis=None: doubled("sum")(x) if axis is None
                     else engine.sum(x, axis=axis)}, {"nesting", "assignment", "forward"}),
}


@pytest.mark.parametrize(("names", "groups"), WRONG.values(), ids=WRONG)
def test_a_wrong_module_is_caught(names, groups):
    wrong = types.ModuleType("wrong")
    wrong.__dict__.update(vars(engine), __name__="wrong", **names)
    right = {check.name for check in CHECKS if judge(check, engine).expected}
    caught = {check.group for check in CHECKS
              if check.name in right and not check.differs and not judge(check, wrong).expected}
    assert groups <= caught
