"""Who is listening to the operators of this thread: tapes and forward accumulators."""

import itertools
import threading


class _Thread(threading.local):
    listeners = ()  # outermost first


thread = _Thread()
# Every Tensor that someone follows has a key of its own, and so has every Variable.
next_key = itertools.count(1).__next__


def active_tapes():
    """The listeners of this thread, outermost first."""
    return list(thread.listeners)


def start(listener):
    """Makes `listener` the innermost one."""
    thread.listeners = (*thread.listeners, listener)


def stop(listener):
    """Ends `listener`'s recording, wherever it stands; no harm if it was not recording."""
    listeners = thread.listeners
    if listeners and listeners[-1] is listener:
        thread.listeners = listeners[:-1]
    elif listener in listeners:
        thread.listeners = tuple(other for other in listeners if other is not listener)


class only:
    """Within the block, `listeners` listen and nobody else."""

    __slots__ = ("_before", "_listeners")

    def __init__(self, listeners):
        self._listeners = listeners

    def __enter__(self):
        self._before, thread.listeners = thread.listeners, self._listeners

    def __exit__(self, *exception):
        thread.listeners = self._before


def record(op, inputs, parameters, y):
    """Tells every listener that `y` is operator `op` of `inputs` (Tensors).

    y: a Tensor, or a tuple of them from an operator with several outputs. Outermost first: what a
    forward accumulator then computes of y, those around it follow, and know y already.
    """
    for listener in thread.listeners:
        listener.note(op, inputs, parameters, y)
