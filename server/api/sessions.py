"""Records: sessions, their events, and whether the chain of hashes holds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from server.api.door import Person
from server.api.paging import CursorText, Limit, Page, from_cursor, to_cursor
from server.api.problems import Problem, not_found
from server.api.visibility import sees_all, sees_session
from server.identity.logins import revoke_login
from server.recording.audit import audit
from server.recording.chain import BadRecord
from server.recording.reading import Record, list_sessions, read_session, segments_of
from server.store.engine import Store
from server.store.models import Login, Segment


class SessionView(BaseModel):
    session: str
    user: str
    agent: str
    opened_at: float = Field(description="UNIX seconds.")
    updated_at: float
    events: int
    segments: int


class EventView(BaseModel):
    at: float
    seq: int
    type: str
    event: dict[str, Any]
    hash: str


class SessionEvents(BaseModel):
    session: str
    user: str
    events: list[EventView]
    more: bool = Field(description="There are events after these.")


class SegmentVerdict(BaseModel):
    segment: str
    ok: bool
    events: int
    problem: str
    first_bad_seq: int | None


class SessionVerdict(BaseModel):
    session: str
    ok: bool
    segments: list[SegmentVerdict]


class Ending(BaseModel):
    reason: str = Field(default="", max_length=256, description="Why, for the records.")


class EndedView(BaseModel):
    session: str
    ended: bool = Field(description="False: it had ended before.")


def add_sessions(router: APIRouter, *, store: Store, folder: Path) -> None:
    """`folder` is where the records lie."""

    @router.get("/sessions", tags=["records"], summary="Sessions, newest first")
    async def sessions(
        person: Person,
        user: Annotated[str, Query(max_length=128, description="Only this person's.")] = "",
        limit: Limit = 50,
        cursor: CursorText = "",
    ) -> Page[SessionView]:
        whose = user if sees_all(person) else person.user
        if user and user != whose:
            raise Problem(403, "forbidden", "You may see your own sessions only.", "Ask an auditor.")
        found = await list_sessions(store, user=whose, limit=limit, before=from_cursor(cursor))
        last = found[-1] if len(found) == limit else None
        return Page(
            items=[SessionView(**asdict(each)) for each in found],
            next=to_cursor((last.opened_at, last.session)) if last else None,
        )

    @router.get("/sessions/{session}", tags=["records"], summary="The events of a session, in order")
    async def events(
        session: str,
        person: Person,
        after: Annotated[int, Query(ge=0, description="Skip as many events.")] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    ) -> SessionEvents:
        segments = await _visible(store, session, person)
        try:
            found = await asyncio.to_thread(_slice, folder, segments, start=after, stop=after + limit + 1)
        except BadRecord as error:
            words = f"The records are damaged: {error}"
            raise Problem(409, "damaged", words, f"GET /sessions/{session}/verify names the first bad one.") from None
        except OSError as error:
            raise Problem(
                503, "unavailable", f"The records cannot be read: {error.strerror}.", "Ask the operator."
            ) from None
        views = [
            EventView(at=each.at, seq=each.seq, type=each.type, event=dict(each.event), hash=each.hash)
            for each in found
        ]
        return SessionEvents(session=session, user=segments[0].user, events=views[:limit], more=len(views) > limit)

    @router.get("/sessions/{session}/verify", tags=["records"], summary="Check the chain of hashes")
    async def verify(session: str, person: Person) -> SessionVerdict:
        await _visible(store, session, person)
        verdicts = [
            SegmentVerdict(
                segment=each.segment,
                ok=each.verdict.ok,
                events=each.verdict.events,
                problem=each.verdict.problem,
                first_bad_seq=each.verdict.first_bad_seq,
            )
            async for each in audit(store, folder, session=session)
        ]
        return SessionVerdict(session=session, ok=all(each.ok for each in verdicts), segments=verdicts)

    @router.post("/sessions/{session}/end", tags=["records"], summary="End a session, within five seconds everywhere")
    async def end(session: str, asked: Ending, person: Person) -> EndedView:
        """Its tokens, its running calls and its connections. One's own; everybody's for admins."""
        async with store.session(read_only=True) as reading:
            login = await reading.get(Login, session)
        if login is None or not (login.user == person.user or "admins" in person.groups):
            raise not_found("session")
        reason = asked.reason or "ended over the API"
        return EndedView(
            session=session, ended=await revoke_login(store, session, f"{reason} (by {person.user})"[:256])
        )


async def _visible(store: Store, session: str, person: Person) -> list[Segment]:
    """The segments of a session that this person may see. Raises Problem."""
    segments = await segments_of(store, session)
    if not segments or not all(sees_session(person, segment.user) for segment in segments):
        raise not_found("session")
    return segments


def _slice(folder: Path, segments: Sequence[Segment], *, start: int, stop: int) -> list[Record]:
    return list(islice(read_session(folder, segments), start, stop))
