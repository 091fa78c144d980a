"""Evaluations in processes of their own: a crash or a hang costs its own evaluation only."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path
from types import ModuleType
from typing import Any

Call = tuple[Callable[..., Any], tuple[Any, ...]]  # a module's function and its arguments
LAST_WORDS = 300
WAKE = 0.5  # seconds
JOIN = 5.0  # seconds for processes to end
AHEAD = 4  # calls that are queued for each process


class Fresh(SpawnContext):
    """Fresh interpreters: frameworks do not survive a fork of one another's threads.

    They do not run the caller's main module again, as spawned processes do by default, so that
    `run` also works in a script that lacks `if __name__ == "__main__":`. And they hear no Ctrl-C
    from their first instruction on: a blocked signal stays blocked in a child.
    """

    class Process(SpawnProcess):
        def start(self) -> None:
            resource_tracker.ensure_running()  # which would unblock the signal again
            main = sys.modules["__main__"]
            mask = getattr(signal, "pthread_sigmask", None)  # POSIX only
            before = mask(signal.SIG_BLOCK, {signal.SIGINT}) if mask else None
            sys.modules["__main__"] = ModuleType("__main__")
            try:
                super().start()
            finally:
                sys.modules["__main__"] = main
                if mask:
                    mask(signal.SIG_SETMASK, before)


@dataclass(frozen=True)
class NoAnswer:
    """Why there is nothing to judge: `crashed`, `timed_out`, ... and the reason in words."""

    verdict: str
    reason: str


def outcomes(calls: Iterable[Call], workers: int,
             timeout: float) -> Iterator[tuple[int, Any | NoAnswer]]:
    """Each call's position and result, or what became of its process, as they come in.

    workers: how many processes. timeout: seconds for one call, the imports that it makes included.
    """
    from pebble import ProcessPool

    numbered, waiting = enumerate(calls), {}
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        pool = ProcessPool(max_workers=workers, context=Fresh(), initializer=begin,
                           initargs=(folder,))

        def fill() -> None:
            for position, call in islice(numbered, AHEAD * workers - len(waiting)):
                waiting[pool.schedule(answer, args=call, timeout=timeout)] = position

        try:
            fill()
            while waiting:
                # Ctrl-C that reaches another thread is heard here only when this one wakes up
                done, _ = futures.wait(waiting, WAKE, return_when=futures.FIRST_COMPLETED)
                settled = sorted(((waiting.pop(future), future) for future in done),
                                 key=lambda pair: pair[0])
                fill()  # the processes work on while results are judged
                for position, future in settled:
                    yield position, _outcome(future, timeout, Path(folder))
        finally:
            pool.stop()
            # an interrupt may have caught the pool inside a lock of its own: do not wait for ever,
            # its threads are daemons and its processes die with this one
            with suppress(futures.TimeoutError, RuntimeError):
                pool.join(JOIN)


def _outcome(future: futures.Future[Any], timeout: float, logs: Path) -> Any | NoAnswer:
    from pebble import ProcessExpired

    try:
        return future.result()
    except futures.TimeoutError:
        return NoAnswer("timed_out", f"no answer within {timeout:g} s")
    except ProcessExpired as error:
        return NoAnswer("crashed", f"the process died {_how(error.exitcode)}"
                                   f"{_last_words(logs / str(error.pid))}")
    except Exception as error:
        return NoAnswer("crashed", f"its answer was lost: {type(error).__name__}: {error}")


def _how(code: int) -> str:
    if code >= 0:
        return f"with exit code {code}"
    with suppress(ValueError):
        return f"by {signal.Signals(-code).name}"
    return f"by signal {-code}"


def _last_words(log: Path) -> str:
    said = log.read_text(encoding="utf-8", errors="replace").split() if log.exists() else []
    return f"; it last said: {' '.join(said)[-LAST_WORDS:]}" if said else ""


# --- in the process -----------------------------------------------------------------------------

def begin(folder: str) -> None:
    """Ctrl-C is for the parent; what is printed goes to a log; nobody works for a dead parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    log = os.open(Path(folder, str(os.getpid())), os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)


def answer(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """One call; what earlier ones printed is forgotten."""
    os.ftruncate(1, 0)
    try:
        return function(*arguments)
    except SystemExit as error:  # would end the worker as if nothing had happened
        return NoAnswer("crashed", f"the process died with exit code {error.code}")


def _die_with_parent() -> None:
    wait([multiprocessing.parent_process().sentinel])
    os._exit(1)
