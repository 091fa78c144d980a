"""Which tapes are listening in this thread, and what they are told."""

import threading
from typing import Any, NamedTuple


class Record(NamedTuple):
    """One operator call on one tape."""

    name: str
    inputs: tuple
    parameters: dict[str, Any]
    output: Any
    tracked: tuple[int, ...]  # positions of the inputs that the tape followed at that time


class _Stack(threading.local):
    def __init__(self):
        self.tapes = []


_stack = _Stack()


def active_tapes():
    """The tapes recording in this thread, outermost first."""
    return _stack.tapes


def start(tape):
    """Makes `tape` the innermost one."""
    _stack.tapes.append(tape)


def stop(tape):
    """Ends `tape`'s recording, wherever it stands; no harm if it was not recording."""
    _stack.tapes[:] = [other for other in _stack.tapes if other is not tape]


def record(name, inputs, parameters, output):
    """Tells every listening tape that `output` is operator `name` of `inputs`."""
    for tape in _stack.tapes:
        tape.note(name, inputs, parameters, output)
