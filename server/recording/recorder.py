"""Writes the record. No record, no action: whoever cannot append must not act."""

from __future__ import annotations

import asyncio
import errno
import os
import time
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, cast

import structlog

from policy.model import Identity
from server.recording.events import Event, OperationClosed, OperationOpened, OutcomeUnknown
from server.recording.files import OpenFiles, System
from server.recording.flusher import Flusher
from server.recording.index import rows_of, write_rows
from server.recording.recovery import Recovery, Survey
from server.recording.segment import Receipt, Segment, begin
from server.recording.writers import WriterLock, dead_writers, forget, new_writer
from server.store.engine import Store, StoreUnavailable

Durability = Literal["kernel", "disk"]

DISK_SECONDS = 5.0
"""How long the disk may take to confirm a record before that counts as a failure."""
SPACE_SECONDS = 1.0
"""How old the knowledge of free space may be."""
IDLE_SECONDS = 3600.0
"""A session that was silent for so long and runs nothing gives up its segment; its next record begins another."""
OPEN_FILES = 256
SOON_SECONDS = 0.005
"""How long the end of an operation may wait for another record to be written with."""

log = structlog.get_logger("warded.recording")


class RecordingUnavailable(Exception):
    """The record cannot be written, so nothing may run. `remedy` is for the operator."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


class Recorder:
    """Appends events to the segments of one process, in `folder`. Use it on one event loop.

    `min_free_bytes` is kept free for the closings of what already runs: below it no
    operation is opened. `system` and `writer` are for tests.
    """

    def __init__(
        self,
        folder: Path,
        store: Store,
        *,
        min_free_bytes: int = 64_000_000,
        clock: Callable[[], float] = time.time,
        index_seconds: float = 1.0,
        open_files: int = OPEN_FILES,
        system: System | None = None,
        writer: str = "",
        warded_version: str = "",
    ) -> None:
        self.folder, self.writer = folder, writer or new_writer(clock())
        self._store, self._floor, self._clock = store, min_free_bytes, clock
        self._system = system if system is not None else cast(System, os)
        self._index_seconds, self._most_files = index_seconds, open_files
        self._segments: dict[str, Segment] = {}
        self._unindexed: dict[Segment, None] = {}
        self._version = warded_version or _installed_version()
        self._admitted_until = 0.0
        self._flusher: Flusher | None = None
        self._indexer: asyncio.Task[None] | None = None
        self._late: dict[str, Identity] = {}  # sessions with ends that wait
        self._pouring: asyncio.TimerHandle | None = None

    async def start(self) -> Recovery:
        """Lock the writer, recover what dead writers left, begin. Raises RecordingUnavailable, StoreUnavailable."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.folder / self.writer).mkdir(mode=0o700)
            self._lock = WriterLock(self.folder, self.writer)
            self._flusher = Flusher(self.folder / self.writer, self._system, loop=asyncio.get_running_loop())
        except OSError as error:
            raise _unavailable(error) from error
        self._files = OpenFiles(self._most_files, urge=self._flusher.urge)
        try:
            recovery = await self._recover()
        except BaseException:
            await self.close()
            raise
        self._indexer = asyncio.create_task(self._index_for_ever(), name="recording-index")
        return recovery

    async def append(self, identity: Identity, event: Event, *, durability: Durability) -> Receipt:
        """Write one event to the record of the identity's session.

        On return the kernel has it ("kernel": no death of a process loses it, the disk
        follows within 20 ms) or the disk has it ("disk"). Raises RecordingUnavailable.
        """
        flusher = self._running()
        if isinstance(event, OperationOpened) and time.monotonic() > self._admitted_until:
            self._admit()
        try:
            segment = self._segment(identity, flusher)
            receipt = segment.append(event, self._clock())
        except OSError as error:
            raise _unavailable(error) from error
        self._written(segment, flusher)
        if durability == "disk":
            await self._on_disk(flusher, segment)
        return receipt

    def open_now(self, identity: Identity, fields: Mapping[str, Any]) -> None:
        """As `append` of an OperationOpened with these fields: the kernel has it on return. Raises
        RecordingUnavailable."""
        flusher = self._running()
        if time.monotonic() > self._admitted_until:
            self._admit()
        try:
            segment = self._segment(identity, flusher)
            segment.write([*segment.waiting, (self._clock(), OperationOpened.type, dict(fields))])
        except OSError as error:
            raise _unavailable(error) from error
        self._written(segment, flusher)

    def close_soon(self, identity: Identity, fields: Mapping[str, Any]) -> None:
        """An OperationClosed with these fields, written with the session's next record or within SOON_SECONDS. Until
        then the death of this process leaves the operation's outcome unknown. Raises RecordingUnavailable."""
        flusher = self._running()
        segment = self._segments.get(identity.session)
        if segment is None or segment.user != identity.user:
            raise _unavailable(OSError(errno.EPERM, "the session has no segment"))
        segment.waiting.append((self._clock(), OperationClosed.type, dict(fields)))
        self._late[segment.session] = identity
        if self._pouring is None:
            self._pouring = flusher.loop.call_later(SOON_SECONDS, self._pour)

    def _pour(self) -> None:
        """Write the ends that no other record took along. What cannot be written now is tried again."""
        if self._pouring is not None:
            self._pouring.cancel()
            self._pouring = None
        flusher, late, self._late = self._flusher, self._late, {}
        for session, identity in late.items():
            segment = self._segments.get(session)
            if flusher is None or segment is None or not segment.waiting:
                continue
            try:
                segment = self._segment(identity, flusher)
                if segment.waiting:
                    segment.write(list(segment.waiting))
                self._written(segment, flusher)
            except OSError as error:
                self._late[session] = identity
                log.error("ends of operations could not be recorded yet", session=session, problem=str(error))
        if self._late and flusher is not None:
            self._pouring = flusher.loop.call_later(SPACE_SECONDS, self._pour)

    async def flush(self) -> None:
        """Until all that was appended is on disk and in the index. Raises RecordingUnavailable, StoreUnavailable."""
        self._pour()
        flusher = self._flusher
        if flusher is not None:
            due = [segment for segment in self._unindexed if segment.file.failed is None]
            await asyncio.gather(*(self._on_disk(flusher, segment) for segment in due))
        await self._index()

    async def check(self) -> str:
        """For the readiness probe: "" or why no operation would be opened now."""
        try:
            self._admit()
        except RecordingUnavailable as error:
            return str(error)
        return ""

    async def close(self) -> None:
        """Flush, close every segment, unlock. What cannot be indexed now is reconciled by the next start."""
        self._pour()
        if self._pouring is not None:
            self._pouring.cancel()
        flusher, self._flusher = self._flusher, None
        if flusher is None:
            return
        if self._indexer is not None:
            self._indexer.cancel()
            await asyncio.wait([self._indexer])
        await flusher.stop()
        whole = [self._finish(segment) for segment in self._segments.values()]
        try:
            await self._index()
        except StoreUnavailable as error:
            whole.append(False)
            log.warning("the index of records is behind; the next start completes it", problem=str(error))
        self._lock.release(clean=all(whole))

    def _running(self) -> Flusher:
        if self._flusher is None:
            raise RecordingUnavailable("The recorder is not running.", "Start Warded.")
        return self._flusher

    def _admit(self) -> None:
        """Asked before an operation is opened, at most once in SPACE_SECONDS: is there room, does the disk answer?"""
        flusher = self._running()
        try:
            space = self._system.statvfs(str(self.folder))
        except OSError as error:
            raise _unavailable(error) from error
        if space.f_bavail * space.f_frsize < self._floor:
            remedy = "Free disk space, or lower recording.min_free_bytes; Warded goes on by itself."
            raise RecordingUnavailable("The disk of the records is nearly full.", remedy)
        if flusher.stuck_for() > DISK_SECONDS:
            raise _unavailable(OSError(errno.ETIMEDOUT, "the disk does not answer"))
        self._admitted_until = time.monotonic() + SPACE_SECONDS

    def _segment(self, identity: Identity, flusher: Flusher) -> Segment:
        """The session's segment, with an open file. Raises OSError."""
        segment = self._segments.get(identity.session)
        if segment is None or segment.file.failed is not None:
            segment = self._begin(identity, segment)
            self._written(segment, flusher)
        elif segment.user != identity.user:
            raise OSError(errno.EPERM, "the session belongs to another user")
        self._files.use(segment.file)
        return segment

    def _begin(self, identity: Identity, failed: Segment | None) -> Segment:
        """A file whose sync failed is never touched again: its session, and what runs in it, goes on in another."""
        segment = begin(
            identity, self.folder, self.writer, version=self._version, at=self._clock(), system=self._system
        )
        if failed is not None:
            log.error("a segment failed", segment=failed.path, problem=str(failed.file.failed))
            self._files.drop(failed.file)
            segment.running |= failed.running
            segment.waiting += failed.waiting
        self._segments[identity.session] = segment
        return segment

    def _written(self, segment: Segment, flusher: Flusher) -> None:
        segment.used = time.monotonic()
        flusher.mark(segment.file)
        self._unindexed[segment] = None

    async def _on_disk(self, flusher: Flusher, segment: Segment) -> None:
        """Wait for the next sync that covers what was written so far; it is shared by all who wait."""
        file, size = segment.file, segment.file.end.size
        if file.synced.size >= size:
            return
        confirmed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        file.waiters.append((size, confirmed))
        flusher.mark(file)
        flusher.urge()
        try:
            async with asyncio.timeout(DISK_SECONDS):
                await confirmed
        except TimeoutError:
            raise _unavailable(OSError(errno.ETIMEDOUT, "the disk does not answer")) from None
        except OSError as error:
            raise _unavailable(error) from error

    async def _index_for_ever(self) -> None:
        """The file is the truth, so a store that is down stops nothing: the rows wait, one for each segment."""
        while True:
            await asyncio.sleep(self._index_seconds)
            self._close_idle()
            try:
                await self._index()
            except StoreUnavailable as error:
                log.warning("the index of records is behind", segments=len(self._unindexed), problem=str(error))

    async def _index(self) -> None:
        """Write what the disk confirmed; segments that are written to meanwhile stay due."""
        due = {segment: segment.row() for segment in self._unindexed}
        await write_rows(self._store, [row for row in due.values() if row["events"]])
        for segment, row in due.items():
            whole = row == segment.row() and row["events"] == segment.file.end.events
            if whole or segment.file.failed is not None:
                self._unindexed.pop(segment, None)

    def _close_idle(self) -> None:
        before = time.monotonic() - IDLE_SECONDS
        for segment in [each for each in self._segments.values() if each.used < before and not each.running]:
            if self._finish(segment):
                del self._segments[segment.session]

    def _finish(self, segment: Segment) -> bool:
        """Close the segment for good, if all of it is on disk and no operation stands open in it."""
        file = segment.file
        if segment.running or file.synced != file.end:
            return False
        self._files.drop(file)
        if file.failed is not None:
            return False
        segment.closed_at = segment.updated_at
        self._unindexed[segment] = None
        return True

    async def _recover(self) -> Recovery:
        """Order matters: what is unknown is on disk before the dead writer is forgotten."""
        survey = Survey()
        with dead_writers(self.folder) as writers:
            for writer in writers:
                indexed = await rows_of(self._store, writer)
                await asyncio.to_thread(survey.add_writer, self.folder, writer, indexed)
            for orphan in survey.unknown:
                event = OutcomeUnknown(operation_id=orphan.operation_id, segment=orphan.segment)
                await self.append(orphan.identity, event, durability="disk")
            await write_rows(self._store, survey.rows)
            for writer in writers:
                forget(self.folder, writer)
        return Recovery(len(writers), tuple(survey.unknown), tuple(survey.damaged))


def _installed_version() -> str:
    try:
        return version("warded")
    except PackageNotFoundError:  # run from a checkout
        return "unknown"


def _unavailable(error: OSError) -> RecordingUnavailable:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return RecordingUnavailable("The disk of the records is full.", "Free disk space; Warded goes on by itself.")
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return RecordingUnavailable("No more files can be opened.", "Raise the limit of open files (ulimit -n).")
    remedy = "Check the disk and the permissions of recording.folder."
    return RecordingUnavailable(f"The record cannot be written: {error.strerror or error}.", remedy)
