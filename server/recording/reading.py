"""Shows what was recorded: sessions from the index, their events from the files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from pathlib import Path

from sqlalchemy import and_, func, or_, select

from server.recording.chain import GENESIS, Record, decode
from server.recording.events import Event, from_dict
from server.store.engine import Store
from server.store.models import Segment

__all__ = ["Record", "SessionSummary", "event_of", "list_sessions", "read_events", "read_session", "segments_of"]


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """One log-in that left records. Times are UNIX seconds; `agent` is "" for a person without one."""

    session: str
    user: str
    agent: str
    opened_at: float
    updated_at: float
    events: int
    segments: int


async def list_sessions(
    store: Store, *, user: str = "", limit: int = 50, before: tuple[float, str] | None = None
) -> list[SessionSummary]:
    """Newest first. `before` is (opened_at, session) of the last one of the page before. Raises StoreUnavailable."""
    opened = func.min(Segment.opened_at)
    query = (
        select(
            Segment.session,
            func.max(Segment.user),
            func.max(Segment.agent),
            opened,
            func.max(Segment.updated_at),
            func.sum(Segment.events),
            func.count(),
        )
        .group_by(Segment.session)
        .order_by(opened.desc(), Segment.session.desc())
        .limit(limit)
    )
    if user:
        query = query.where(Segment.user == user)
    if before is not None:
        at, session_id = before
        query = query.having(or_(opened < at, and_(opened == at, Segment.session < session_id)))
    async with store.session(read_only=True) as session:
        return [SessionSummary(*row) for row in (await session.execute(query)).all()]


async def segments_of(store: Store, session_id: str) -> list[Segment]:
    """The segments of one session, oldest first. Raises StoreUnavailable."""
    query = select(Segment).where(Segment.session == session_id).order_by(Segment.opened_at, Segment.id)
    async with store.session(read_only=True) as session:
        return list((await session.execute(query)).scalars())


def read_events(path: Path) -> Iterator[Record]:
    """The records of one segment, checked as they come. Raises BadRecord at the first that is not what was written."""
    prev = GENESIS
    with path.open("rb") as file:
        for seq, line in enumerate(file):
            record = decode(line, seq=seq, prev=prev)
            prev = record.hash
            yield record


def read_session(folder: Path, segments: Sequence[Segment]) -> Iterator[Record]:
    """The records of all segments of a session in the order of their times. Raises BadRecord, OSError."""
    return merge(*(read_events(folder / segment.path) for segment in segments), key=lambda record: record.at)


def event_of(record: Record) -> Event:
    """The record's event as its own type. Raises UnknownEvent when a newer version wrote it."""
    return from_dict(record.type, record.event)
