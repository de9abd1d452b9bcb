"""What reviewers decide about definitions, and how it is taken back. A decision names the digest that was read: a
definition that changed meanwhile is another one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.pins.keeping import Record, history, server_of, supersede
from server.pins.states import ACCEPTED, PENDING, REJECTED, SUPERSEDED, Change, Key
from server.store.engine import Store
from server.store.models import McpChange, McpDefinition


class ReviewRefused(Exception):
    """The decision cannot be taken. The message is public."""


@dataclass(frozen=True, slots=True)
class Review:
    """One decision about one definition: `by` is the reviewer, `why` is kept with it. `digest` may be its beginning;
    "" = the only one that it can be."""

    resource: str
    key: Key
    digest: str
    by: str
    why: str
    at: float


Decide = Callable[[AsyncSession, Review], Awaitable[Change]]


async def decide(store: Store, review: Review, how: Decide, *, record: Record) -> Change:
    """Take a decision (`accept`, `reject`, `undo`, `disable`, `enable`) in one transaction that holds only if it is
    also recorded. Raises ReviewRefused, StoreUnavailable and what `record` raises."""
    async with store.session() as session:
        server = await server_of(session, review.resource)
        change = await how(session, review)
        server.version += 1
        session.add(history(change, review.at))
        await record(change)
    return change


async def accept(session: AsyncSession, review: Review) -> Change:
    """This definition may be used; the one accepted before may not any more."""
    rows = await _rows(session, review)
    row = _chosen(rows, review, (PENDING,) if not review.digest else (PENDING, REJECTED, SUPERSEDED))
    before = _accepted(rows)
    await supersede(session, review.resource, review.key)
    _settle(row, ACCEPTED, review)
    return _change(review, "accepted", row, before)


async def reject(session: AsyncSession, review: Review) -> Change:
    """This definition may not be used, also when it was accepted; it is not asked about again."""
    rows = await _rows(session, review)
    states = (PENDING,) if any(row.state == PENDING for row in rows) else (ACCEPTED,)
    row = _chosen(rows, review, states if not review.digest else (PENDING, ACCEPTED, SUPERSEDED))
    before = _accepted(rows)
    _settle(row, REJECTED, review)
    return _change(review, "rejected", row, before)


async def undo(session: AsyncSession, review: Review) -> Change:
    """The last decision of a person about this name is taken back: it waits again, and what was accepted before is
    again."""
    rows, last = await _rows(session, review), await _last(session, review)
    if last is None or last.what == "undone":
        raise ReviewRefused("There is no decision to take back.")
    row = next((each for each in rows if each.digest == last.digest and each.state == last.what), None)
    if row is None:
        raise ReviewRefused("Something happened to that version since; decide anew.")
    before = _accepted(rows)
    earlier = next((each for each in rows if each.digest == last.before and each is not row), None)
    back = ACCEPTED if last.what == "rejected" and last.before == row.digest else PENDING
    _settle(row, back, review)
    if last.what == "accepted" and earlier is not None:
        _settle(earlier, ACCEPTED, review)
    return _change(review, "undone", row, before)


async def disable(session: AsyncSession, review: Review) -> Change:
    """Nothing of this server may be used, on every process, until it is enabled again."""
    server = await server_of(session, review.resource)
    if server.disabled_at is not None:
        raise ReviewRefused("This server is disabled already.")
    server.disabled_at = review.at
    return Change(review.resource, ("", ""), "disabled", by=review.by, why=review.why)


async def enable(session: AsyncSession, review: Review) -> Change:
    """What is accepted of this server may be used again."""
    server = await server_of(session, review.resource)
    if server.disabled_at is None:
        raise ReviewRefused("This server is not disabled.")
    server.disabled_at = None
    return Change(review.resource, ("", ""), "enabled", by=review.by, why=review.why)


async def _rows(session: AsyncSession, review: Review) -> list[McpDefinition]:
    kind, name = review.key
    found = await session.scalars(
        select(McpDefinition)
        .where(McpDefinition.resource == review.resource, McpDefinition.kind == kind, McpDefinition.name == name)
        .order_by(McpDefinition.first_seen, McpDefinition.digest)
    )
    rows = list(found)
    if not rows:
        raise ReviewRefused("There is no such definition.")
    return rows


def _chosen(rows: list[McpDefinition], review: Review, states: tuple[str, ...]) -> McpDefinition:
    fitting = [row for row in rows if row.digest.startswith(review.digest) and row.state in states]
    if not fitting:
        raise ReviewRefused("It does not wait for a review.")
    if len(fitting) > 1:
        raise ReviewRefused("Several versions wait; say which by its digest.")
    return fitting[0]


def _accepted(rows: list[McpDefinition]) -> str:
    return next((row.digest for row in rows if row.state == ACCEPTED), "")


def _settle(row: McpDefinition, state: str, review: Review) -> None:
    row.state, row.decided_by, row.decided_at = state, review.by, review.at


def _change(review: Review, what: str, row: McpDefinition, before: str) -> Change:
    codes = tuple(dict.fromkeys(str(each.get("code", "")) for each in row.suspicions))
    return Change(
        review.resource, review.key, what, row.digest, before, row.state, by=review.by, why=review.why, codes=codes
    )


async def _last(session: AsyncSession, review: Review) -> McpChange | None:
    kind, name = review.key
    mine = (McpChange.resource == review.resource, McpChange.kind == kind, McpChange.name == name)
    decided = McpChange.what.in_(("accepted", "rejected", "undone"))
    query = select(McpChange).where(*mine, decided).order_by(McpChange.id.desc()).limit(1)
    return (await session.scalars(query)).first()
