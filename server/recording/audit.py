"""Checks a whole folder of records against the index: every segment that should be there, and none besides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select

from server.recording.verify import Verdict, verify_segment
from server.recording.writers import state_of
from server.store.engine import Store
from server.store.models import Segment

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Audited:
    """One segment and what was found; `session` and `user` as the index has them ("" if it knows no such segment)."""

    segment: str
    session: str
    user: str
    verdict: Verdict


async def audit(store: Store, folder: Path, *, session: str = "") -> AsyncIterator[Audited]:
    """Every segment of the index (or of one session), then files the index does not know. Raises StoreUnavailable."""
    seen: set[str] = set()
    async for row in _rows(store, session):
        seen.add(row.path)
        verdict = await asyncio.to_thread(_against_row, folder, row)
        yield Audited(row.path, row.session, row.user, verdict)
    if session:
        return
    for path in await asyncio.to_thread(lambda: sorted(folder.glob("*/*.jsonl"))):
        name = f"{path.parent.name}/{path.name}"
        if name not in seen:
            yield Audited(name, "", "", await asyncio.to_thread(_without_row, folder, path))


async def _rows(store: Store, session: str) -> AsyncIterator[Segment]:
    last = 0
    while True:
        query = select(Segment).where(Segment.id > last).order_by(Segment.id).limit(_BATCH)
        if session:
            query = query.where(Segment.session == session)
        async with store.session(read_only=True) as connection:
            rows = list((await connection.execute(query)).scalars())
        for row in rows:
            yield row
        if len(rows) < _BATCH:
            return
        last = rows[-1].id


def _against_row(folder: Path, row: Segment) -> Verdict:
    """The row was read before the file, so a file that is being written may only be ahead of it."""
    state = state_of(folder, row.path.split("/")[0])
    closed = row.closed_at is not None
    verdict = verify_segment(folder / row.path, row.events, row.last_hash, closed=closed)
    if verdict.torn and state == "alive" and verdict.events >= row.events:
        return replace(verdict, ok=True, problem="", first_bad_seq=None)  # its last line is being written now
    if verdict.ok and (verdict.session, verdict.writer) != (row.session, row.writer):
        return replace(verdict, ok=False, problem="the file is that of another segment", first_bad_seq=0)
    return verdict


def _without_row(folder: Path, path: Path) -> Verdict:
    """Normal for a second or so, and after a crash until the next start; a crash may also leave an empty file."""
    state = state_of(folder, path.parent.name)
    verdict = verify_segment(path)
    if state == "settled" and verdict.ok and verdict.events:
        return replace(verdict, ok=False, problem="the index does not know this segment", first_bad_seq=0)
    return verdict
