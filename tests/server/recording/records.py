"""Identities, events and a disk that fails on demand, for the tests of records."""

from __future__ import annotations

import errno
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio

from policy.model import Agent, Identity
from server.recording.events import OperationClosed, OperationOpened
from server.recording.files import Space
from server.recording.verify import Verdict, verify_segment

ALICE = Identity("alice", "session-a", frozenset({"dev"}), agent=Agent("client-1", "Claude Code"))
BOB = Identity("bob", "session-b", frozenset({"dba"}))


def opened(name: str, **changes: Any) -> OperationOpened:
    values: dict[str, Any] = {
        "operation_id": name,
        "door": "mcp",
        "verb": "sql_query",
        "resource": "shop",
        "login": "reader",
        "text": "SELECT id, email FROM customers WHERE id = $1",
        "parameters": [42],
        "actions": ["read"],
        "targets": ["public.customers"],
        "digest": "d" * 64,
        "policy_version": "v1",
        "decision": "allow",
    }
    return OperationOpened(**(values | changes))


def closed(name: str, outcome: str = "ok") -> OperationClosed:
    masked = [{"column": "email", "label": "EMAIL", "mask": "email"}]
    return OperationClosed(operation_id=name, outcome=outcome, rows=1, masked=masked, masked_cells=1)


def segments(folder: Path, stem: str = "*") -> list[Path]:
    return sorted(folder.glob(f"*/{stem}.jsonl"))


def files(folder: Path) -> dict[str, int]:
    """Mode of everything in the folder, by relative path."""
    return {path.relative_to(folder).as_posix(): path.stat().st_mode & 0o777 for path in folder.rglob("*")}


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 10.0) -> None:
    """Wait for what another thread or a background task does; fails after `seconds`."""
    with anyio.fail_after(seconds):
        while not await condition():  # noqa: ASYNC110 - what it waits for knows nothing of events
            await anyio.sleep(0.01)


def verdicts(folder: Path) -> Mapping[str, Verdict]:
    return {path.name: verify_segment(path) for path in segments(folder)}


@dataclass
class Disk:
    """`os`, but the call number `fails_at` fails with `error`, and all later ones too if it is `broken`.

    Only calls named in `only` count. A failing write may first put half of its bytes down (`short`).
    """

    fails_at: int = 0
    error: int = errno.EIO
    broken: bool = False
    short: bool = False
    only: frozenset[str] = frozenset({"open", "write", "ftruncate", "fdatasync", "fsync", "close", "statvfs", "lseek"})
    calls: list[str] = field(default_factory=list)
    free: int | None = None

    @property
    def faulted(self) -> bool:
        return 0 < self.fails_at <= len(self.calls)

    def _count(self, name: str) -> None:
        if name not in self.only:
            return
        self.calls.append(name)
        if self.fails_at and (len(self.calls) == self.fails_at or (self.broken and len(self.calls) > self.fails_at)):
            raise OSError(self.error, os.strerror(self.error))

    def open(self, path: str, flags: int, mode: int = 0o777, /) -> int:
        self._count("open")
        return os.open(path, flags, mode)

    def write(self, fd: int, data: bytes, /) -> int:
        try:
            self._count("write")
        except OSError:
            half = os.write(fd, data[: len(data) // 2])
            if self.short:
                return half
            raise
        return os.write(fd, data)

    def ftruncate(self, fd: int, length: int, /) -> None:
        self._count("ftruncate")
        os.ftruncate(fd, length)

    def fdatasync(self, fd: int, /) -> None:
        self._count("fdatasync")
        os.fdatasync(fd)

    def fsync(self, fd: int, /) -> None:
        self._count("fsync")
        os.fsync(fd)

    def lseek(self, fd: int, position: int, whence: int, /) -> int:
        self._count("lseek")
        return os.lseek(fd, position, whence)

    def close(self, fd: int, /) -> None:
        os.close(fd)
        self._count("close")

    def statvfs(self, path: str, /) -> Space:
        self._count("statvfs")
        found = os.statvfs(path)
        return found if self.free is None else _Free(self.free, 1)


@dataclass(frozen=True, slots=True)
class _Free:
    f_bavail: int
    f_frsize: int


def counter(start: float = 1_700_000_000.0) -> Callable[[], float]:
    """A clock that moves one second at each look."""
    now = [start]

    def tick() -> float:
        now[0] += 1
        return now[0]

    return tick
