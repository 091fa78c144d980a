"""Times several calls turn by turn, so that a machine that slows down slows all of them."""

import gc
import random
import statistics
import time
from typing import NamedTuple

BLOCK = 1e-3  # seconds of calls between two readings of the clock
WARM_UP = 0.05  # seconds


class Timing(NamedTuple):
    """What was measured of one call."""

    seconds: list[float]  # of a call, one reading a round
    iterations: int  # calls of a round


def interleaved(calls, rounds=50, limit=6.0):
    """A Timing of each of `calls`, a dict, in `rounds` rounds in which each has its turn.

    Calls so slow that this would take more than `limit` seconds get fewer rounds, at least 5.
    A turn begins with a call that is not timed: it brings back the caches that the neighbours used,
    and outlasts their threads. The order changes from round to round, so that nobody always follows
    the same one.
    """
    usual = {name: _usual(call) for name, call in calls.items()}
    iterations = {name: max(1, round(BLOCK / seconds)) for name, seconds in usual.items()}
    turn = sum(seconds * (iterations[name] + 1) for name, seconds in usual.items())
    rounds = min(rounds, max(5, int(limit / turn)))
    readings, order, shuffle = {name: [] for name in calls}, list(calls), random.Random(0).shuffle
    gc.collect()
    gc.freeze()  # what the frameworks keep would be searched again and again while others run
    try:
        for _ in range(rounds):
            shuffle(order)
            for name in order:
                calls[name]()
                readings[name].append(_elapsed(calls[name], iterations[name]) / iterations[name])
    finally:
        gc.unfreeze()
    return {name: Timing(readings[name], iterations[name]) for name in calls}


def _elapsed(call, iterations):
    begin = time.perf_counter_ns()
    for _ in range(iterations):
        call()
    return (time.perf_counter_ns() - begin) / 1e9


def _usual(call):
    """The median seconds of a call once it is warm."""
    seconds, end = [], time.perf_counter() + WARM_UP
    while len(seconds) < 3 or time.perf_counter() < end:
        seconds.append(_elapsed(call, 1))
    return statistics.median(seconds)
