"""The one thread that carries records from the kernel to the disk, many files at a time (group commit)."""

from __future__ import annotations

import asyncio
import math
import os
import threading
import time
from collections import deque
from pathlib import Path

from server.recording.files import SegmentFile, System

DELAY = 0.01
"""Seconds that dirty files gather before they are synced; half of the 20 ms that are promised."""


class Flusher:
    """Syncs marked files within DELAY, at once when somebody waits (`urge`).

    Marking and syncing race by design: a file is marked clean *before* its sync starts, so a
    write during the sync marks it again. `stuck_for` tells of a disk that does not answer.
    """

    def __init__(self, folder: Path, system: System, *, loop: asyncio.AbstractEventLoop) -> None:
        self._system, self.loop = system, loop
        self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._queue: deque[SegmentFile] = deque()
        self._work, self._urgent = threading.Event(), threading.Event()
        self._stopping = False
        self._since: float | None = None
        self._thread = threading.Thread(target=self._run, name="warded-flusher", daemon=True)
        self._thread.start()

    def mark(self, file: SegmentFile) -> None:
        """`file` was written to. Called for each record: costs a comparison when it is marked already."""
        if not file.dirty:
            file.dirty = True
            self._queue.append(file)
            if not self._work.is_set():
                self._work.set()

    def urge(self) -> None:
        self._urgent.set()

    def stuck_for(self) -> float:
        """Seconds that the sync under way has taken so far; without end if the thread broke."""
        if not self._thread.is_alive():
            return math.inf
        since = self._since
        return time.monotonic() - since if since is not None else 0.0

    async def stop(self) -> None:
        """Sync what is marked and end the thread."""
        self._stopping = True
        self._work.set()
        self._urgent.set()
        await asyncio.to_thread(self._thread.join)
        os.close(self._folder)

    def _run(self) -> None:
        while not (self._stopping and not self._queue):
            self._work.wait()
            self._urgent.wait(DELAY)
            self._work.clear()
            if not self._stopping:
                self._urgent.clear()
            while self._queue:
                self._flush(self._queue.popleft())

    def _flush(self, file: SegmentFile) -> None:
        file.flushing = True  # before `dirty` falls, so that at no time both say "free"
        file.dirty = False
        end = file.end
        if file.failed is None:
            self._sync(file)
        if file.failed is None:
            file.synced = end
        file.flushing = False
        if file.waiters:
            self.loop.call_soon_threadsafe(file.settle)

    def _sync(self, file: SegmentFile) -> None:
        self._since = time.monotonic()
        try:
            self._system.fdatasync(file.fd)
            if not file.entered:  # the name of a new file is on disk only once its folder is
                self._system.fsync(self._folder)
                file.entered = True
        except OSError as error:
            file.failed = error
        finally:
            self._since = None
