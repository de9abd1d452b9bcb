"""One file of records, written so that no fault of a disk leaves half a record behind unnoticed."""

from __future__ import annotations

import asyncio
import errno
import os
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

from server.recording.chain import GENESIS

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW


class Space(Protocol):
    """The part of os.statvfs_result that is read."""

    @property
    def f_bavail(self) -> int: ...
    @property
    def f_frsize(self) -> int: ...


class System(Protocol):
    """The calls of `os` that writing needs, so that tests can make each of them fail."""

    def open(self, path: str, flags: int, mode: int = 0o777, /) -> int: ...
    def write(self, fd: int, data: bytes, /) -> int: ...
    def ftruncate(self, fd: int, length: int, /) -> None: ...
    def fdatasync(self, fd: int, /) -> None: ...
    def fsync(self, fd: int, /) -> None: ...
    def lseek(self, fd: int, position: int, whence: int, /) -> int: ...
    def close(self, fd: int, /) -> None: ...
    def statvfs(self, path: str, /) -> Space: ...


class Position(NamedTuple):
    """A point in a file between two records: bytes, number of records, hash of the last one."""

    size: int
    events: int
    hash: str


START = Position(0, 0, GENESIS)


class SegmentFile:
    """An append-only file. The event loop writes, the flusher's thread syncs; both only ever set whole attributes.

    `end` is what was written, `synced` what the disk confirmed. Once `failed` is set the
    file is never written or synced again: after a failed fsync the kernel may have
    dropped the pages and reports success the next time (PostgreSQL's "fsyncgate", 2018).
    """

    __slots__ = ("dirty", "end", "entered", "failed", "fd", "flushing", "path", "synced", "system", "waiters")

    def __init__(self, path: Path, system: System) -> None:
        """Creates the file. Raises OSError, FileExistsError among them."""
        self.path, self.system = path, system
        self.fd = system.open(str(path), _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
        self.end = self.synced = START
        self.failed: OSError | None = None
        self.dirty = self.flushing = self.entered = False
        self.waiters: list[tuple[int, asyncio.Future[None]]] = []

    def append(self, line: bytes, digest: str, *, records: int = 1) -> None:
        """All of the line, or of so many, or nothing. Raises OSError."""
        size, events, _ = self.end
        try:
            written = self.system.write(self.fd, line)
            if written != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            self._cut_back()
            raise
        self.end = Position(size + written, events + records, digest)

    def _cut_back(self) -> None:
        try:
            self.system.ftruncate(self.fd, self.end.size)
        except OSError as error:
            self.failed = error

    def reopen(self) -> None:
        """After the descriptor was given up. Raises OSError, also when somebody else changed the file's length."""
        self.fd = self.system.open(str(self.path), _FLAGS)
        if self.system.lseek(self.fd, 0, os.SEEK_END) != self.end.size:
            self.failed = OSError(errno.EIO, "the file was changed by somebody else")
            raise self.failed

    def close(self) -> None:
        """Never raises; a close that fails (close(2), EIO) says that the file cannot be trusted."""
        if self.fd < 0:
            return
        descriptor, self.fd = self.fd, -1
        try:
            self.system.close(descriptor)
        except OSError as error:
            self.failed = error

    def settle(self) -> None:
        """Wake those whose records the disk has, and all of them if it failed. On the event loop only."""
        waiting, self.waiters = self.waiters, []
        for size, future in waiting:
            if future.done():
                continue
            if size <= self.synced.size:
                future.set_result(None)
            elif self.failed:
                future.set_exception(self.failed)
            else:
                self.waiters.append((size, future))


class OpenFiles:
    """Keeps the descriptors of the files in use, at most `most` of them, as far as files are clean."""

    def __init__(self, most: int, *, urge: Callable[[], None]) -> None:
        self._most, self._urge = most, urge
        self._open: OrderedDict[SegmentFile, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def use(self, file: SegmentFile) -> None:
        """Make sure that `file` has a descriptor. Raises OSError."""
        if file.fd < 0:
            file.reopen()
        elif file in self._open:
            self._open.move_to_end(file)
            return
        self._open[file] = None
        if len(self._open) > self._most:
            self._give_one_up(file)

    def drop(self, file: SegmentFile) -> None:
        self._open.pop(file, None)
        file.close()

    def _give_one_up(self, kept: SegmentFile) -> None:
        """The flusher may be using a dirty file's descriptor; then all stay open a moment longer."""
        for file in self._open:
            if file is not kept and not file.dirty and not file.flushing:
                self.drop(file)
                return
        self._urge()
