"""Who is listening to the operators of this thread: tapes and forward accumulators."""

import itertools
import threading


class _Thread(threading.local):
    listeners = ()  # outermost first


thread = _Thread()
# Every Tensor that someone follows has a key of its own, and so has every Variable.
keys = itertools.count(1)


def active_tapes():
    """The listeners of this thread, outermost first."""
    return list(thread.listeners)


def start(listener):
    """Makes `listener` the innermost one."""
    thread.listeners = (*thread.listeners, listener)


def stop(listener):
    """Ends `listener`'s recording, wherever it stands; no harm if it was not recording."""
    thread.listeners = tuple(other for other in thread.listeners if other is not listener)


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
    """Tells whoever follows one of `inputs` (Tensors) that `y` is operator `op` of them.

    y: a Tensor, or a tuple of them from an operator with several outputs.
    """
    listeners = thread.listeners
    if len(listeners) == 1:
        followed = listeners[0].followed
        for x in inputs:
            if x.key in followed:
                listeners[0].note(op, inputs, parameters, y)
                return
        return
    # Innermost first: what a forward accumulator computes, those around it are told.
    for listener in reversed(listeners):
        followed = listener.followed
        for x in inputs:
            if x.key in followed:
                listener.note(op, inputs, parameters, y)
                break
