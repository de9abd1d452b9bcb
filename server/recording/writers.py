"""Who writes into a folder of records, and who died there.

A writer holds an flock on `<folder>/<writer>.lock` for as long as it lives, and removes the
file when nothing is left to recover. A lock file that can be locked belongs to a dead writer.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Literal

SUFFIX = ".lock"


def new_writer(now: float) -> str:
    """An id that sorts by time and that no other process has."""
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(now))}-{secrets.token_hex(4)}"


class WriterLock:
    """Held from construction until `release`. Raises OSError."""

    def __init__(self, folder: Path, writer: str) -> None:
        self.path = folder / f"{writer}{SUFFIX}"
        prepared = folder / f"{writer}.new"
        self._fd = os.open(prepared, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        prepared.rename(self.path)  # it appears locked: nobody can take it for dead in between

    def release(self, *, clean: bool) -> None:
        """`clean` = nothing to recover. Otherwise the next start looks at what this writer left."""
        if clean:
            with suppress(OSError):
                self.path.with_suffix("").rmdir()  # a writer that recorded nothing leaves nothing
            self.path.unlink(missing_ok=True)
        os.close(self._fd)


@contextmanager
def dead_writers(folder: Path) -> Iterator[list[str]]:
    """The dead writers of the folder, locked meanwhile so that no other process recovers them too."""
    with ExitStack() as held:
        yield [path.stem for path in sorted(folder.glob(f"*{SUFFIX}")) if _seize(path, held)]


def state_of(folder: Path, writer: str) -> Literal["alive", "dead", "settled"]:
    """Settled = it ended, or was recovered: its files must be as the index says."""
    with ExitStack() as held:
        path = folder / f"{writer}{SUFFIX}"
        if _seize(path, held):
            return "dead"
        return "alive" if path.exists() else "settled"


def forget(folder: Path, writer: str) -> None:
    """A dead writer, held by `dead_writers`, was recovered."""
    (folder / f"{writer}{SUFFIX}").unlink(missing_ok=True)


def _seize(path: Path, held: ExitStack) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    held.callback(os.close, descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.fstat(descriptor).st_nlink > 0  # 0: another process recovered it while we opened it
