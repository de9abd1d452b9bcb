"""The file that one process writes for one session, and what must be known of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from policy.model import Identity
from server.recording.chain import encode
from server.recording.events import Event, OperationClosed, OperationOpened, SessionOpened, to_dict
from server.recording.files import SegmentFile, System

_SAFE = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a record stands in its segment."""

    seq: int
    hash: str


@dataclass(slots=True, eq=False)
class Segment:
    """`writer` is unique for a session: the process, with a number if it began more than one file. Times are UNIX
    seconds; `used` is monotonic. `running` are operations that were opened and not closed."""

    session: str
    user: str
    agent: str
    writer: str
    path: str
    opened_at: float
    file: SegmentFile
    updated_at: float = 0.0
    used: float = 0.0
    closed_at: float | None = None
    running: set[str] = field(default_factory=set)
    waiting: list[tuple[float, str, dict[str, Any]]] = field(default_factory=list)
    """Ends of operations that are written with the next record: time, type and fields."""

    def append(self, event: Event, at: float, *, header: dict[str, str] | None = None) -> Receipt:
        """Raises OSError; then nothing was written."""
        return self.write([*self.waiting, (at, event.type, to_dict(event))], header=header)

    def write(
        self, records: Sequence[tuple[float, str, dict[str, Any]]], *, header: dict[str, str] | None = None
    ) -> Receipt:
        """All records or none, what waited among them, by one call of the system; where the last one stands. Raises
        OSError; then nothing was written, and what waited goes on waiting."""
        _, seq, digest = self.file.end
        lines = []
        for at, kind, event in records:
            values: dict[str, Any] = {"at": at, "event": event, "prev": digest, "seq": seq, "type": kind}
            if header is not None:
                values["segment"] = header
            line, digest = encode(values)
            lines.append(line)
            seq += 1
        self.file.append(b"".join(lines), digest, records=len(lines))
        self.waiting.clear()
        self.updated_at = records[-1][0]
        for _at, kind, event in records:
            if kind == OperationOpened.type:
                self.running.add(event["operation_id"])
            elif kind == OperationClosed.type:
                self.running.discard(event["operation_id"])
        return Receipt(seq - 1, digest)

    def row(self) -> dict[str, Any]:
        """For the index: only what the disk confirmed, so that a power failure never looks like a cut tail."""
        return {
            "session": self.session,
            "writer": self.writer,
            "path": self.path,
            "user": self.user,
            "agent": self.agent,
            "events": self.file.synced.events,
            "last_hash": self.file.synced.hash,
            "opened_at": self.opened_at,
            "updated_at": self.updated_at,
            "closed_at": self.closed_at,
        }


def begin(identity: Identity, folder: Path, writer: str, *, version: str, at: float, system: System) -> Segment:
    """A new file whose first record says whose it is. Raises OSError; then no file is left."""
    number, file = _create(folder / writer, file_stem(identity.session), system)
    agent = identity.agent
    segment = Segment(
        identity.session,
        identity.user,
        ((agent.name or agent.client_id) if agent else "")[:256],  # the width of the index's column
        writer=f"{writer}.{number}" if number else writer,
        path=f"{writer}/{file.path.name}",
        opened_at=at,
        file=file,
    )
    opened = SessionOpened(
        user=identity.user,
        groups=sorted(identity.groups),
        via=identity.via,
        client_id=agent.client_id if agent else "",
        client_name=agent.name if agent else "",
        warded_version=version,
    )
    header = {"session": identity.session, "writer": segment.writer, "warded_version": version}
    try:
        segment.append(opened, at, header=header)
    except OSError:
        file.path.unlink(missing_ok=True)
        file.close()
        raise
    return segment


def file_stem(session: str) -> str:
    """The session's id where it is fit for a file name; ids of ours are."""
    return session if _SAFE.fullmatch(session) else hashlib.sha256(session.encode("utf-8", "replace")).hexdigest()


def _create(folder: Path, stem: str, system: System) -> tuple[int, SegmentFile]:
    for number in count():
        name = f"{stem}.{number}.jsonl" if number else f"{stem}.jsonl"
        try:
            return number, SegmentFile(folder / name, system)
        except FileExistsError:
            continue
    raise AssertionError("unreachable: count() does not end")
