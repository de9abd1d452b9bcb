"""Long or many texts, searched in a process of their own that is killed when it is late. Late means hidden whole.

A thread cannot be killed, and a text that makes a tagger slow must not hold up everybody else.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from catalog.maskers.tag import tag
from catalog.model import Label
from catalog.prose import Span, replaced

COMMAND = (sys.executable, "-m", "catalog.prose.worker")
START = 20.0  # seconds more for the first answer of a new process


@dataclass(slots=True)
class ProseLane:
    """One worker process, started when first needed. Not for use by two threads at a time; close it in the end.

    `deaths` counts the processes that were killed or died: a number worth an alarm.
    """

    command: Sequence[str] = COMMAND
    deaths: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _fresh: bool = True

    def find(self, texts: Sequence[str], *, seconds: float) -> list[tuple[Span, ...] | None]:
        """The spans of every text; None = hide it whole. Never later than `seconds` (once, START more)."""
        line = json.dumps({"texts": list(texts), "seconds": seconds * 0.8}).encode() + b"\n"
        limit = time.monotonic() + seconds
        try:
            process = self._running()
            answer = json.loads(_exchanged(process, line, limit + (START if self._fresh else 0.0)))
            self._fresh = False
            return [None if spans is None else _spans(spans) for spans in _checked(answer, len(texts))]
        except (OSError, ValueError, TypeError, LookupError):
            self.deaths += 1
            self.close()
            return [None] * len(texts)

    def redact(self, texts: Sequence[str], *, seconds: float) -> list[str]:
        """The texts with sensitive parts as tags; `[TEXT]` for one that was not searched in time."""
        found = self.find(texts, seconds=seconds)
        return [
            tag(Label.TEXT) if spans is None else replaced(text, spans)
            for text, spans in zip(texts, found, strict=True)
        ]

    def close(self) -> None:
        """End the process, whatever it is doing."""
        process, self._process, self._fresh = self._process, None, True
        if process is not None:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            process.wait()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
            )
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    os.set_blocking(pipe.fileno(), False)
        return self._process


def _checked(answer: object, count: int) -> list[list[list[object]] | None]:
    if not isinstance(answer, list) or len(answer) != count:
        raise ValueError("an answer to something else")
    return answer


def _spans(spans: list[list[object]]) -> tuple[Span, ...]:
    return tuple(
        Span(int(str(start)), int(str(end)), Label(str(label)), float(str(score))) for start, end, label, score in spans
    )


def _exchanged(process: subprocess.Popen[bytes], line: bytes, limit: float) -> bytes:
    """The answer to one line. Raises TimeoutError, BrokenPipeError and other OSErrors."""
    if process.stdin is None or process.stdout is None:
        raise BrokenPipeError("the worker has no pipes")
    into, out = process.stdin.fileno(), process.stdout.fileno()
    received = b""
    while not received.endswith(b"\n"):
        left = limit - time.monotonic()
        readable, writable, _ = select.select([out], [into] if line else [], [], max(0.0, left))
        if left <= 0 or not (readable or writable):
            raise TimeoutError("the worker is late")
        if writable:
            line = line[os.write(into, line[:65536]) :]
        if readable:
            piece = os.read(out, 1 << 16)
            if not piece:
                raise BrokenPipeError("the worker ended")
            received += piece
    return received
