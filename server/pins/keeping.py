"""Keeps what servers say of their tools: one row a version. Whoever reads here decides nothing by reading."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.pins.states import (
    ACCEPTED,
    LONGEST_NAME,
    MOST_BYTES,
    MOST_KEPT,
    MOST_NAMES,
    MOST_PENDING,
    PENDING,
    REJECTED,
    SUPERSEDED,
    Change,
    Doubt,
    Key,
    Rules,
    Said,
)
from server.store.engine import Store
from server.store.models import McpChange, McpDefinition, McpServer

Record = Callable[[Change], Awaitable[None]]
"""Writes a change into the record; what it raises undoes the change."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one look at a server showed that was not known, with the suspicions of each, and all digests it showed."""

    resource: str
    fresh: Sequence[tuple[Said, Sequence[Doubt]]]
    shown: Collection[str]
    now: float


@dataclass(frozen=True, slots=True)
class _Row:
    """A version that is kept, without its text."""

    digest: str
    state: str
    first_seen: float


def unusable(definition: Said) -> str:
    """Why a definition cannot be kept, so that it is never accepted; "" for all real ones."""
    if not 0 < len(definition.name) <= LONGEST_NAME or not definition.name.isprintable():
        return "its name is empty, too long or not printable"
    try:
        size = len(json.dumps(definition.document(), allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return "it is not JSON"
    return "it is too large" if size > MOST_BYTES else ""


async def keep(store: Store, seen: Sighting, rules: Rules, *, record: Record) -> tuple[list[Change], bool]:
    """Write down what is new, in one transaction that holds only if it is also recorded. The second value: the server
    says more than is kept. Raises StoreUnavailable and what `record` raises."""
    changes: list[Change] = []
    async with store.session() as session:
        server = await server_of(session, seen.resource)
        known = await _rows(session, seen.resource)
        rule = rules.change if server.first_seen else rules.first_sight
        full = False
        for definition, found in seen.fresh:
            key = (definition.kind, definition.name)
            rows = known.setdefault(key, [])
            if any(row.digest == definition.digest for row in rows):
                continue  # another process was first
            if _is_full(known, rows):
                full = True
                continue
            rejected = any(row.state == REJECTED for row in rows)
            state = PENDING if found or rejected or rule == "review" else ACCEPTED
            change = _change(seen.resource, definition, rows, state=state, found=found)
            if state == ACCEPTED:
                await supersede(session, seen.resource, key)
            session.add(_new_row(seen, definition, state, found))
            rows.append(_Row(definition.digest, state, seen.now))
            await _prune(session, seen.resource, key, rows)
            changes.append(change)
        if seen.shown:
            server.first_seen = server.first_seen or seen.now
            await _touch(session, seen)
        if changes:
            server.version += 1
        for change in changes:
            session.add(history(change, seen.now))
            await record(change)
    return changes, full


async def server_of(session: AsyncSession, resource: str) -> McpServer:
    """The row of a server, locked until the transaction ends, so that two looks at it follow each other."""
    found = await session.get(McpServer, resource, with_for_update=True)
    if found is None:
        found = McpServer(resource=resource, version=0, first_seen=0.0)
        session.add(found)
        await session.flush()
    return found


async def supersede(session: AsyncSession, resource: str, key: Key) -> None:
    """What was accepted of this name is so no longer."""
    mine = (McpDefinition.resource == resource, McpDefinition.kind == key[0], McpDefinition.name == key[1])
    await session.execute(update(McpDefinition).where(*mine, McpDefinition.state == ACCEPTED).values(state=SUPERSEDED))


def history(change: Change, now: float) -> McpChange:
    kind, name = change.key
    return McpChange(
        resource=change.resource, kind=kind, name=name, digest=change.digest, before=change.before, what=change.what,
        by=change.by, why=change.why, at=now,
    )  # fmt: skip


def _change(resource: str, definition: Said, rows: Sequence[_Row], *, state: str, found: Sequence[Doubt]) -> Change:
    before = next((row.digest for row in rows if row.state == ACCEPTED), "")
    return Change(
        resource, (definition.kind, definition.name), "changed" if rows else "found", definition.digest, before, state,
        codes=tuple(dict.fromkeys(each.code for each in found)),
    )  # fmt: skip


def _new_row(seen: Sighting, definition: Said, state: str, found: Sequence[Doubt]) -> McpDefinition:
    return McpDefinition(
        resource=seen.resource, kind=definition.kind, name=definition.name, digest=definition.digest,
        definition=definition.document(), suspicions=[_plain(each) for each in found], state=state,
        first_seen=seen.now, last_seen=seen.now, decided_at=seen.now if state == ACCEPTED else None,
    )  # fmt: skip


def _plain(doubt: Doubt) -> dict[str, str]:
    return {"code": doubt.code, "reason": doubt.reason, "place": doubt.place, "excerpt": doubt.excerpt}


def _is_full(known: Mapping[Key, Sequence[_Row]], rows: Sequence[_Row]) -> bool:
    return len(known) > MOST_NAMES or sum(row.state == PENDING for row in rows) >= MOST_PENDING


async def _prune(session: AsyncSession, resource: str, key: Key, rows: list[_Row]) -> None:
    """The oldest versions that count no more make room."""
    old = sorted((row for row in rows if row.state == SUPERSEDED), key=lambda row: row.first_seen)
    for row in old[: max(0, len(rows) - MOST_KEPT)]:
        mine = (McpDefinition.resource == resource, McpDefinition.kind == key[0], McpDefinition.name == key[1])
        await session.execute(delete(McpDefinition).where(*mine, McpDefinition.digest == row.digest))
        rows.remove(row)


async def _touch(session: AsyncSession, seen: Sighting) -> None:
    shown = sorted(seen.shown)
    for start in range(0, len(shown), 500):
        part = McpDefinition.digest.in_(shown[start : start + 500])
        await session.execute(
            update(McpDefinition).where(McpDefinition.resource == seen.resource, part).values(last_seen=seen.now)
        )


async def _rows(session: AsyncSession, resource: str) -> dict[Key, list[_Row]]:
    table = McpDefinition
    query = select(table.kind, table.name, table.digest, table.state, table.first_seen)
    found: dict[Key, list[_Row]] = {}
    for kind, name, digest, state, first in (await session.execute(query.where(table.resource == resource))).all():
        found.setdefault((kind, name), []).append(_Row(digest, state, first))
    return found
