"""Processes that evaluate: whatever happens in one costs its own call only."""

import math
import os
import signal
import subprocess
import sys
import time

import pytest

from conformance.workers import NoAnswer, outcomes


def results(calls, workers=1, timeout=60.0):
    """The outcomes in the order of the calls."""
    found = dict(outcomes(calls, workers, timeout))
    return [found[position] for position in range(len(calls))]


def test_results_come_back_by_position():
    calls = [(math.factorial, (n,)) for n in range(7)]
    assert results(calls, workers=2) == [math.factorial(n) for n in range(7)]


def test_nothing_to_do_starts_nothing():
    assert results([]) == []


def test_one_process_serves_many_calls_and_it_is_not_this_one():
    first, second = results([(os.getpid, ()), (os.getpid, ())])
    assert first == second != os.getpid()


@pytest.mark.parametrize(("function", "argument", "reason"), [
    (os._exit, 3, "the process died with exit code 3"),
    (sys.exit, 4, "the process died with exit code 4"),
    (signal.raise_signal, signal.SIGSEGV, "the process died by SIGSEGV"),
    (signal.raise_signal, signal.SIGKILL, "the process died by SIGKILL"),
])
def test_a_death_is_told_and_the_rest_goes_on(function, argument, reason):
    before, dead, after = results([(abs, (-1,)), (function, (argument,)), (abs, (-2,))])
    assert (before, after) == (1, 2)
    assert dead == NoAnswer("crashed", reason)


def test_a_crash_repeats_the_last_words():
    (dead,) = results([(exec, ("import os; os.write(2, b'bad  magic\\n'); os.abort()",))])
    assert dead.verdict == "crashed"
    assert dead.reason == "the process died by SIGABRT; it last said: bad magic"


def test_the_words_of_an_earlier_call_are_not_repeated():
    _, dead = results([(os.write, (2, b"warning")), (os._exit, (3,))])
    assert dead.reason == "the process died with exit code 3"


def test_an_answer_that_cannot_be_sent_is_a_crash_that_says_why():
    (dead,) = results([(eval, ("lambda: 0",))])
    assert dead.verdict == "crashed"
    assert "pickle" in dead.reason


def test_a_hang_is_ended_and_the_rest_goes_on():
    started = time.monotonic()
    late, after = results([(time.sleep, (60,)), (abs, (-2,))], timeout=2.0)
    assert (late, after) == (NoAnswer("timed_out", "no answer within 2 s"), 2)
    assert time.monotonic() - started < 30


def test_a_process_that_leaves_as_if_all_were_well_has_not_answered():
    gone, after = results([(os._exit, (0,)), (abs, (-2,))], timeout=2.0)
    assert (gone.verdict, after) == ("timed_out", 2)


def test_a_hang_keeps_nobody_waiting():
    calls = [(time.sleep, (60,)), *((abs, (-n,)) for n in range(4))]
    order = [position for position, _ in outcomes(calls, 2, 3.0)]
    assert (sorted(order[:4]), order[4:]) == ([1, 2, 3, 4], [0])


def test_a_judge_that_takes_its_time_does_not_make_an_answer_late():
    found = []
    for _, result in outcomes([(abs, (-1,)), (abs, (-2,))], 1, 1.5):
        time.sleep(1.6)
        found.append(result)
    assert found == [1, 2]


def test_what_a_process_prints_is_not_seen(capfd):
    results([(os.write, (1, b"output")), (os.write, (2, b"noise"))])
    assert capfd.readouterr() == ("", "")


def test_leaving_early_ends_the_processes():
    running = outcomes([(os.getpid, ()), (time.sleep, (60,))], 1, 60.0)
    _, pid = next(running)
    running.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


SCRIPT = """
import os, time
from conformance.workers import outcomes
for position, pid in outcomes([(os.getpid, ()), (time.sleep, (60,))], 1, 60.0):
    print(pid, flush=True)
"""


def test_a_killed_parent_leaves_no_process_behind():
    with subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE,
                          text=True) as parent:
        pid = int(parent.stdout.readline())
        parent.kill()
    until = time.monotonic() + 10
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < until:
        time.sleep(0.05)
    assert not os.path.exists(f"/proc/{pid}")
