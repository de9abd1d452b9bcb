"""The record of one terminal: an asciicast (version 2) of what was shown, and when somebody typed how much.

What was typed is not kept: it may be a password. What was shown is kept as it was shown, masked. The file's SHA-256
goes into the chain of records when the terminal closes.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

FOLDER = "terminals"
FLUSH_BYTES = 32_768


class TerminalFile:
    """Raises OSError when the disk takes no more. `closed` is told name, SHA-256 (hex) and size in bytes, once."""

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        size: tuple[int, int],
        clock: Callable[[], float],
        closed: Callable[[str, str, int], None],
    ) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.name = f"{name}.cast"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        self._file = os.open(folder / self.name, flags, 0o600)
        self._clock, self._begin, self._closed = clock, clock(), closed
        self._digest, self._size, self._waiting = hashlib.sha256(), 0, bytearray()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        width, height = size
        header = {"version": 2, "width": width or 80, "height": height or 24, "timestamp": int(self._begin)}
        self._line(header)
        self._flush()

    def output(self, data: bytes) -> None:
        if text := self._decoder.decode(data):
            self._event("o", text)

    def input(self, size: int) -> None:
        self._event("i", "*" * min(size, 1000))

    def resize(self, width: int, height: int) -> None:
        self._event("r", f"{width}x{height}")

    def close(self) -> None:
        if self._file < 0:
            return
        try:
            self._flush()
        finally:
            os.close(self._file)
            self._file = -1
            self._closed(self.name, self._digest.hexdigest(), self._size)

    def _event(self, kind: str, data: str) -> None:
        self._line([round(self._clock() - self._begin, 6), kind, data])
        if len(self._waiting) >= FLUSH_BYTES:
            self._flush()

    def _line(self, value: object) -> None:
        if self._file >= 0:
            self._waiting += json.dumps(value, ensure_ascii=False).encode("utf-8", "replace") + b"\n"

    def _flush(self) -> None:
        data = bytes(self._waiting)
        self._waiting.clear()
        written = os.write(self._file, data)
        if written != len(data):
            raise OSError("the disk took only a part of a terminal's record")
        self._digest.update(data)
        self._size += written
