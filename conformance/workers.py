"""Evaluations in processes of their own: a crash or a hang costs its own evaluation only."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import ModuleType
from typing import Any

Call = tuple[Callable[..., Any], tuple[Any, ...]]  # a module's function and its arguments
LAST_WORDS = 300


@dataclass(frozen=True)
class NoAnswer:
    """Why there is nothing to judge: `crashed`, `timed_out`, ... and the reason in words."""

    verdict: str
    reason: str


def outcomes(calls: Iterable[Call], workers: int,
             timeout: float) -> Iterator[tuple[int, Any | NoAnswer]]:
    """Each call's position and result, or what became of its process, as they come in.

    workers: how many processes. timeout: seconds for one call, the start of its process included.
    """
    waiting = enumerate(calls)
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        pool = [Worker(Path(folder, f"{number}.log"), timeout) for number in range(workers)]
        try:
            busy = [worker for worker in pool if worker.take(waiting)]
            while busy:
                done = _settled(busy)
                results = [(worker.position, worker.end()) for worker in done]
                for worker in done:  # the processes work on while results are judged
                    if not worker.take(waiting):
                        busy.remove(worker)
                yield from results
        finally:
            for worker in pool:
                worker.stop()


def _settled(busy: list[Worker]) -> list[Worker]:
    """Wait for workers that have answered, died or run out of time."""
    soonest = min(worker.deadline for worker in busy)
    ready = wait([end for worker in busy for end in worker.ends()],
                 max(0.0, soonest - time.monotonic()))
    done = [worker for worker in busy if any(end in ready for end in worker.ends())]
    return done or [worker for worker in busy if worker.deadline <= time.monotonic()]


class Worker:
    """One process at a time, started when there is work and again after a crash or a hang."""

    def __init__(self, log: Path, timeout: float) -> None:
        self.log = log
        self.timeout = timeout
        self.process: multiprocessing.process.BaseProcess | None = None
        self.position = -1

    def take(self, waiting: Iterator[tuple[int, Call]]) -> bool:
        """Begin the next call; False when none is left."""
        following = next(waiting, None)
        if following is None:
            return False
        if self.process is None:
            self._start()
        self.position, call = following
        self.deadline = time.monotonic() + self.timeout
        with suppress(OSError):  # it died while it was idle; `end` says so
            self.pipe.send(call)
        return True

    def ends(self) -> tuple[Any, ...]:
        """What becomes ready when the process answers or dies."""
        return self.pipe, self.process.sentinel

    def end(self) -> Any:
        """The result, or what became of the process."""
        died = bool(wait([self.process.sentinel], 0))
        if self.pipe.poll():
            try:
                return self.pipe.recv()
            except (EOFError, OSError):  # died, perhaps half way through its answer
                died = True
        if died:
            return self._post_mortem()
        self.stop()
        return NoAnswer("timed_out", f"no answer within {self.timeout:g} s")

    def stop(self) -> None:
        """End the process at once; it holds nothing that needs putting away."""
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.pipe.close()
            self.process = None

    def _start(self) -> None:
        # a fresh interpreter: frameworks do not survive a fork of one another's threads
        context = multiprocessing.get_context("spawn")
        self.log.write_bytes(b"")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, str(self.log)), daemon=True)
        with _nothing_inherited():
            self.process.start()
        theirs.close()

    def _post_mortem(self) -> NoAnswer:
        self.process.join(5)
        code = self.process.exitcode
        self.stop()
        how = f"by {_signal_name(-code)}" if code and code < 0 else f"with exit code {code}"
        said = self.log.read_text(encoding="utf-8", errors="replace").split()
        words = f"; it last said: {' '.join(said)[-LAST_WORDS:]}" if said else ""
        return NoAnswer("crashed", f"the process died {how}{words}")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


@contextmanager
def _nothing_inherited() -> Iterator[None]:
    """Start processes that do not hear Ctrl-C and do not run the caller's main module again.

    A blocked signal stays blocked in a child from its first instruction. Without a main module
    to look at, `run` also works in a script that lacks `if __name__ == "__main__":`.
    """
    main = sys.modules["__main__"]
    mask = getattr(signal, "pthread_sigmask", None)  # POSIX only
    before = mask(signal.SIG_BLOCK, {signal.SIGINT}) if mask else None
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        if mask:
            mask(signal.SIG_SETMASK, before)


# --- in the process -----------------------------------------------------------------------------

def serve(pipe: Connection, log: str) -> None:
    """Answer calls until the other end closes; whatever is printed goes to the log."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    output = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    while True:
        try:
            function, arguments = pipe.recv()
        except EOFError:
            return
        os.ftruncate(output, 0)
        pipe.send(function(*arguments))


def _die_with_parent() -> None:
    """Leave no process behind that works for nobody, also when the parent was killed."""
    parent = multiprocessing.parent_process()
    wait([parent.sentinel])
    os._exit(1)
