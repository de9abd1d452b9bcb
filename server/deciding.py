"""Judges lines in a process of its own, so that no text can stall or crash the one that answers.

A parser in C can neither be interrupted by a thread nor caught when it overflows its stack. The
child is forked from a parent that has everything loaded, so a new one takes milliseconds. It
answers a batch line by line; a line that is late, or that kills the child, is answered by the
parent, and the rest of the batch goes to a new child.
"""

from __future__ import annotations

import gc
import multiprocessing
import select
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import BinaryIO

from policy.decide import MAX_LINE

DEADLINE = 0.22  # seconds for one line; 0.25 is promised, the rest is for handing over
START = 30.0  # seconds until a new child must be ready
BATCH = 256  # lines
CHUNK = 65_536  # bytes

LATE = "the decision took too long"
DIED = "the input could not be judged: it stopped the parser"

Answer = Callable[[bytes], bytes]
Refuse = Callable[[bytes, str], bytes]
"""(line, reason) → the denial of that line."""


class ChildUnavailable(RuntimeError):
    """A new child did not get ready: the machine is out of processes or memory."""


class Bench:
    """One child at a time. `warm` is a line that makes it load what it loads lazily.

    Use as a context manager; leaving it ends the child. The parent must not run threads.
    """

    def __init__(self, answer: Answer, refuse: Refuse, *, warm: bytes, deadline: float = DEADLINE) -> None:
        self._answer, self._refuse, self._warm, self._deadline = answer, refuse, warm, deadline
        self._child: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._poll = select.poll()  # Connection.poll makes a new one each time, which costs more than the rest

    def __enter__(self) -> Bench:
        gc.freeze()  # what the parent loaded is shared with every child and never collected there
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def answers(self, lines: Sequence[bytes]) -> Iterator[bytes]:
        """One answer for each line, in order, each as soon as it is there."""
        waiting = list(lines)
        while waiting:
            done = 0
            for found in self._ask(waiting):
                done += 1
                yield found
            waiting = waiting[done:]

    def _ask(self, lines: list[bytes]) -> Iterator[bytes]:
        """Answers until the end or the first line that cost the child its life, which is answered last."""
        pipe = self._pipe or self._start()
        with suppress(BrokenPipeError, ConnectionResetError):
            pipe.send(lines)
        for line in lines:
            found, reason = self._receive(pipe)
            if reason:
                self._stop()
                yield self._refuse(line, reason)
                return
            yield found

    def _receive(self, pipe: Connection) -> tuple[bytes, str]:
        try:
            return (pipe.recv_bytes(), "") if self._poll.poll(self._deadline * 1000) else (b"", LATE)
        except (EOFError, OSError):
            return b"", DIED

    def _start(self) -> Connection:
        context = multiprocessing.get_context("fork")
        self._pipe, theirs = context.Pipe()
        self._child = context.Process(target=_serve, args=(self._answer, theirs, self._pipe), daemon=True)
        self._child.start()
        theirs.close()
        ours = self._pipe
        self._poll = select.poll()
        self._poll.register(ours.fileno(), select.POLLIN)
        ours.send([self._warm])
        try:
            if ours.poll(START):
                ours.recv_bytes()
                return ours
        except (EOFError, OSError):
            pass  # it died before it was ready
        self._stop()
        raise ChildUnavailable("no process could be started to judge in")

    def _stop(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
        if self._child is not None:
            self._child.kill()
            self._child.join()
        self._pipe = self._child = None


def _serve(answer: Answer, pipe: Connection, parents: Connection) -> None:
    """The child: until the parent is gone. Its copy of the parent's end must go, or it would wait for itself."""
    parents.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, OSError):
        while True:
            for line in pipe.recv():
                pipe.send_bytes(answer(line))


def batches(stream: BinaryIO) -> Iterator[list[bytes]]:
    """The lines of a stream as they come: what is there is handed on without waiting for more.

    A line longer than MAX_LINE comes as its first MAX_LINE + 1 bytes. Blank lines are left out.
    """
    rest, skipping = b"", False
    while chunk := _read(stream):
        *whole, rest = (rest + chunk).split(b"\n")
        if skipping and whole:
            whole, skipping = whole[1:], False
        elif skipping:
            rest = b""
        if len(rest) > MAX_LINE:
            whole, rest, skipping = [*whole, rest[: MAX_LINE + 1]], b"", True
        yield from _cut(whole)
    if not skipping:
        yield from _cut([rest])


def _read(stream: BinaryIO) -> bytes:
    read = getattr(stream, "read1", stream.read)
    found: bytes = read(CHUNK)
    return found


def _cut(lines: list[bytes]) -> Iterator[list[bytes]]:
    kept = [line for line in lines if line.strip()]
    for start in range(0, len(kept), BATCH):
        yield kept[start : start + BATCH]


def copy(source: BinaryIO, target: BinaryIO, bench: Bench) -> None:
    """Answer every line of `source`, each written as soon as it is decided. Stops quietly when nobody reads."""
    with suppress(BrokenPipeError):
        for lines in batches(source):
            for answer in bench.answers(lines):
                target.write(answer + b"\n")
                target.flush()


__all__ = ["DEADLINE", "DIED", "LATE", "Bench", "ChildUnavailable", "batches", "copy"]
