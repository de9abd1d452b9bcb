"""After a crash: what dead writers left. Their files are never changed; what is missing is said in new records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from policy.model import Agent, Identity
from server.recording.chain import Record
from server.recording.events import OperationClosed, OperationOpened, OutcomeUnknown, SessionOpened
from server.recording.verify import Verdict, verify_segment
from server.store.models import Segment


@dataclass(frozen=True, slots=True)
class Orphan:
    """An operation whose outcome nobody knows; `request_id` is the approval that it was spending, if any."""

    operation_id: str
    request_id: str
    identity: Identity
    segment: str


@dataclass(frozen=True, slots=True)
class Damage:
    """A segment that is not whole, and where: a crash in mid-write, a fault of the disk, or tampering."""

    segment: str
    problem: str
    first_bad_seq: int | None


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a start found and said: operations without an outcome, damaged segments, how many writers died."""

    writers: int = 0
    unknown: tuple[Orphan, ...] = ()
    damaged: tuple[Damage, ...] = ()


@dataclass(slots=True)
class Survey:
    """What the segments of dead writers say. Filled segment by segment."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    damaged: list[Damage] = field(default_factory=list)
    _opened: dict[str, Orphan] = field(default_factory=dict)
    _closed: set[str] = field(default_factory=set)

    @property
    def unknown(self) -> list[Orphan]:
        """Opened and never closed, nor already reported by a recovery that died itself."""
        return [orphan for name, orphan in self._opened.items() if name not in self._closed]

    def add_writer(self, folder: Path, writer: str, indexed: Mapping[str, Segment]) -> None:
        """Read every segment of a dead writer that the index does not know as closed. Blocks: run it in a thread."""
        present = {f"{writer}/{path.name}" for path in (folder / writer).glob("*.jsonl")}
        for path in sorted(present | indexed.keys()):
            row = indexed.get(path)
            if row is None or row.closed_at is None:
                self._add_segment(folder, path, row)

    def _add_segment(self, folder: Path, path: str, row: Segment | None) -> None:
        reader = _Reader(path)
        verdict = verify_segment(
            folder / path, row.events if row else None, row.last_hash if row else None, visit=reader.visit
        )
        self._opened |= reader.opened
        self._closed |= reader.closed
        if not verdict.ok:
            self.damaged.append(Damage(path, verdict.problem, verdict.first_bad_seq))
        if reader.identity is not None and (verdict.ok or verdict.torn):
            self.rows.append(_row(reader, verdict))


class _Reader:
    """Collects from valid records whose they are and which operations stand open."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.identity: Identity | None = None
        self.opened: dict[str, Orphan] = {}
        self.closed: set[str] = set()
        self.writer = ""
        self.first = self.last = 0.0

    def visit(self, record: Record) -> None:
        self.last = record.at
        match record.type:
            case SessionOpened.type:
                self.first = record.at
                self.writer = record.segment.get("writer", "")
                self.identity = _identity(record)
            case OperationOpened.type if self.identity is not None:
                name = str(record.event.get("operation_id"))
                request = str(record.event.get("request_id") or "")
                self.opened[name] = Orphan(name, request, self.identity, self.path)
            case OperationClosed.type | OutcomeUnknown.type:
                self.closed.add(str(record.event.get("operation_id")))


def _identity(record: Record) -> Identity:
    event = record.event
    agent = Agent(str(event.get("client_id")), str(event.get("client_name"))) if event.get("via") == "agent" else None
    groups = frozenset(map(str, event.get("groups", ())))
    return Identity(str(event.get("user")), str(record.segment.get("session")), groups, agent=agent)


def _row(reader: _Reader, verdict: Verdict) -> dict[str, Any]:
    identity = reader.identity
    assert identity is not None
    agent = identity.agent
    return {
        "session": identity.session,
        "writer": reader.writer,
        "path": reader.path,
        "user": identity.user,
        "agent": ((agent.name or agent.client_id) if agent else "")[:256],
        "events": verdict.events,
        "last_hash": verdict.last_hash,
        "opened_at": reader.first,
        "updated_at": reader.last,
        "closed_at": reader.last,
    }
