"""What a protocol check compares, says when it fails, and can ask about a module."""

import logging
import types
import warnings

import numpy as np
import pytest

from conformance import protocol
from conformance.protocol import Pair, Words, matches


class Tensor:
    """As much of a tensor as a check looks at."""

    def __init__(self, values, dtype=None):
        self.values = np.array(values, dtype)

    def numpy(self):
        return self.values


def refusal(kind):
    return kind("refused")


@pytest.mark.parametrize(("got", "wanted"), [
    (Tensor(6.0), 6.0), (Tensor(6.0), 6), (Tensor([1.0, 2.0]), [1.0, 2.0]),
    (Tensor([3, 4]), [3, 4]), (Tensor(1 + 2j), 1 + 2j), (Tensor(1 + 0j), 1.0),
    (Tensor(0.1, "float16"), 0.1), (Tensor(np.nextafter(1.0, 2.0)), 1.0),
    ([], []), (None, None), (3, 3), ("none", "none"),
    ([Tensor(1.0), None], [1.0, None]), ((Tensor(1.0),), (1.0,)), (True, True),
    ({"b": Tensor(1.0), "a": [Tensor(2.0)]}, {"b": 1.0, "a": [2.0]}),
    (Pair(Tensor(1.0), None), Pair(1.0, None)),
    (refusal(ValueError), ValueError), (refusal(KeyError), LookupError),
    (refusal(TypeError), TypeError | ValueError),
])
def test_what_is_right(got, wanted):
    assert matches(got, wanted)


@pytest.mark.parametrize(("got", "wanted"), [
    (Tensor(6.0), 6.1), (Tensor(6.0), [6.0]), (Tensor([6.0]), 6.0), (Tensor(6.0), None),
    (Tensor(6), 6.0), (Tensor(0.0), None), (None, 0.0), (None, []),
    (Tensor([1.0, 2.0]), [1.0, 3.0]), (Tensor(1e-300), 0.0), (Tensor(np.nan), 1.0),
    (Tensor(1.0), 1j), (Tensor(1 + 1e-9j), 1.0), (Tensor(1.0 + 1e-7), 1.0),
    (Tensor([0.0, 0.0]), [0.0]), (6.0, 6.0), (True, 1), (1, True),
    ([Tensor(1.0)], (1.0,)), ((Tensor(1.0),), [1.0]), ([Tensor(1.0)], [1.0, 2.0]),
    ((Tensor(1.0), None), Pair(1.0, None)), (Pair(Tensor(1.0), None), (1.0, None)),
    ({"a": Tensor(1.0), "b": Tensor(2.0)}, {"b": 2.0, "a": 1.0}), ({"a": Tensor(1.0)}, {}),
    ([Tensor(1.0)], Tensor(1.0)), ({}, []), (Tensor(1.0), "float32"), (None, ValueError),
    (refusal(KeyError), ValueError), (refusal(KeyError), TypeError | ValueError),
    (refusal(ValueError), None),
])
def test_what_is_wrong(got, wanted):
    assert not matches(got, wanted)


def declared(function, *differs):
    return protocol.check("sources", *differs)(function)


def test_a_check_knows_what_it_shows_and_where():
    def a_name_that_says_it(tf, words):
        """In one sentence."""

    check = declared(a_name_that_says_it)
    assert (check.name, check.group, check.summary) == (
        "a_name_that_says_it", "sources", "In one sentence.")
    line = a_name_that_says_it.__code__.co_firstlineno
    assert str(check.where).endswith(f"test_protocol.py:{line}")


def test_a_failure_lists_what_was_got_and_what_was_wanted():
    def several(tf, words):
        return {"right": (Tensor(1.0), 1.0),
                "dy/dx": ([Tensor([1.5], "float32"), None], [[2.0], (3.0,)]),
                "error": (refusal(KeyError), ValueError | TypeError),
                "nest": ({"a": (None,)}, {})}

    with pytest.raises(AssertionError) as caught:
        declared(several).run(types)
    head, *lines = str(caught.value).splitlines()
    assert head.startswith("several  ")
    assert lines == [
        "  dy/dx", "    got    [[1.5] float32, None]", "    wanted [[2.0], (3.0)]",
        "  error", "    got    KeyError: 'refused'", "    wanted ValueError | TypeError",
        "  nest", "    got    {'a': (None)}", "    wanted {}"]


def test_a_check_that_asks_for_nothing_fails():
    with pytest.raises(AssertionError, match="asks for nothing"):
        declared(lambda tf, words: {}).run(types)


def test_an_error_of_the_module_goes_through():
    def fails(tf, words):
        raise KeyError("its own")

    with pytest.raises(KeyError, match="its own"):
        declared(fails).run(types)


def test_a_difference_is_found_by_the_name_of_the_module():
    difference = protocol.Difference("types", "a reason", "https://example.org", "words")
    check = declared(lambda tf, words: {}, difference)
    assert check.difference(types) is difference
    assert check.difference(logging) is None


# --- words


def module(**names):
    made = types.ModuleType("made")
    made.__dict__.update(names)
    return made


def test_a_word_is_the_first_spelling_that_the_module_has():
    assert Words(module(sum=1, reduce_sum=2)).sum == 1
    assert Words(module(reduce_sum=2)).sum == 2
    assert Words(module(math=module(log=3))).log == 3


@pytest.mark.parametrize(("word", "spellings"), [("log", "log or math.log"), ("sing", "sing")])
def test_a_word_that_a_module_lacks(word, spellings):
    with pytest.raises(AttributeError, match=f"made has no {spellings}$"):
        getattr(Words(module(math=module())), word)


def test_what_is_raised_is_an_answer():
    words = Words(module())
    assert isinstance(words.raised(int, "x"), ValueError)
    assert words.raised(int, "11", base=2) is None


def test_a_dtype_is_called_as_numpy_does():
    assert Words(module()).dtype(Tensor(1.0, "float16")) == "float16"


def test_another_thread_hands_its_result_or_its_error_back():
    import threading

    here = threading.get_ident()
    assert Words(module()).in_thread(threading.get_ident) != here
    with pytest.raises(KeyError):
        Words(module()).in_thread(lambda: {}["absent"])


def test_a_warning_is_heard_in_the_log_and_by_warnings():
    seen = []

    def ask(tf, words):
        seen.extend([words.warned(warnings.warn, "watch out"), words.warned(print, end=""),
                     words.warned(logging.getLogger("made").warning, "watch out"),
                     words.warned(logging.getLogger("made").info, "nothing")])
        return {"once": (1, 1)}

    declared(ask).run(module())
    assert seen == [True, False, True, False]


def test_a_module_is_not_heard_while_it_is_checked(caplog, capsys):
    def loud(tf, words):
        warnings.warn("loud", stacklevel=1)
        logging.getLogger("made").warning("loud")
        return {"once": (1, 1)}

    before = list(logging.getLogger("made").handlers)
    declared(loud).run(module())
    assert caplog.records == []
    assert capsys.readouterr().err == ""
    assert logging.getLogger("made").handlers == before
    assert logging.getLogger("made").propagate
