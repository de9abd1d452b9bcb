"""Definitions as people ask for them: filtered, in pages, one beside the one it would replace."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from server.pins.states import ACCEPTED, PENDING, SUPERSEDED, Key, State
from server.store.engine import Store
from server.store.models import McpChange, McpDefinition, McpServer

Position = tuple[str, str, str, str]
"""Resource, kind, name, digest of the last entry of a page; lists are in this order."""
_ORDER = (McpDefinition.resource, McpDefinition.kind, McpDefinition.name, McpDefinition.digest)
_MOST = 200


@dataclass(frozen=True, slots=True)
class Filter:
    """Which versions. Empty fields do not filter; `text` is looked for in names."""

    resources: Collection[str]
    state: State | str = ""
    kind: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of a definition. Times are UNIX seconds."""

    resource: str
    kind: str
    name: str
    digest: str
    state: str
    suspicions: list[dict[str, str]]
    first_seen: float
    last_seen: float
    decided_by: str
    decided_at: float | None


@dataclass(frozen=True, slots=True)
class Version:
    """An entry with its text."""

    entry: Entry
    definition: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Details:
    """One name: the version that was asked for, the accepted one that it differs from, all others, and its history."""

    version: Version
    against: Version | None
    versions: list[Entry] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ServerEntry:
    """How many versions of a server are in which state."""

    resource: str
    accepted: int = 0
    pending: int = 0
    rejected: int = 0
    suspicious: int = 0
    first_seen: float | None = None
    disabled_at: float | None = None


async def list_entries(store: Store, wanted: Filter, *, after: Position | None = None, limit: int = 50) -> list[Entry]:
    """One page, in order of name."""
    query = select(McpDefinition).where(McpDefinition.resource.in_(wanted.resources)).order_by(*_ORDER).limit(limit)
    if wanted.state:
        query = query.where(McpDefinition.state == wanted.state)
    if wanted.kind:
        query = query.where(McpDefinition.kind == wanted.kind)
    if wanted.text:
        query = query.where(McpDefinition.name.icontains(wanted.text, autoescape=True))
    if after is not None:
        query = query.where(tuple_(*_ORDER) > after)
    async with store.session(read_only=True) as session:
        return [_entry(row) for row in await session.scalars(query)]


async def list_servers(store: Store, resources: Collection[str]) -> list[ServerEntry]:
    """Every one of `resources`, also those that were never seen."""
    table = McpDefinition
    counts = select(table.resource, table.state, func.count()).group_by(table.resource, table.state)
    async with store.session(read_only=True) as session:
        rows = (await session.execute(counts.where(table.resource.in_(resources)))).all()
        found = {row.resource: row for row in await session.scalars(select(McpServer))}
        doubted = await _suspicious(session, resources)
    states = {(row[0], row[1]): int(row[2]) for row in rows}
    return [_server(name, states, found.get(name), doubted.get(name, 0)) for name in sorted(resources)]


async def details(store: Store, resource: str, key: Key, *, digest: str = "") -> Details | None:
    """The version whose digest begins so; "" = the newest that waits, else the accepted one, else the newest. None
    when there is none."""
    kind, name = key
    mine = (McpDefinition.resource == resource, McpDefinition.kind == kind, McpDefinition.name == name)
    async with store.session(read_only=True) as session:
        query = select(McpDefinition).where(*mine).order_by(McpDefinition.first_seen.desc(), McpDefinition.digest)
        rows = list(await session.scalars(query.limit(_MOST)))
        changes = await _history(session, (resource,), key=key, before=None, limit=_MOST)
    fitting = [row for row in rows if row.digest.startswith(digest)]
    if not fitting:
        return None
    row = min(
        fitting, key=lambda each: (PENDING, ACCEPTED).index(each.state) if each.state in (PENDING, ACCEPTED) else 2
    )
    other = _against(rows, row)
    return Details(_version(row), _version(other) if other else None, [_entry(each) for each in rows], changes)


async def history(
    store: Store, resources: Collection[str], *, before: int | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """What was found and decided, newest first. `before` is the id of the last one of the page before."""
    async with store.session(read_only=True) as session:
        return await _history(session, resources, key=None, before=before, limit=limit)


async def _history(
    session: AsyncSession, resources: Collection[str], *, key: Key | None, before: int | None, limit: int
) -> list[dict[str, Any]]:
    query = select(McpChange).where(McpChange.resource.in_(resources)).order_by(McpChange.id.desc()).limit(limit)
    if key is not None:
        query = query.where(McpChange.kind == key[0], McpChange.name == key[1])
    if before is not None:
        query = query.where(McpChange.id < before)
    names = ("id", "resource", "kind", "name", "digest", "before", "what", "by", "why", "at")
    return [{name: getattr(row, name) for name in names} for row in await session.scalars(query)]


async def _suspicious(session: AsyncSession, resources: Collection[str]) -> dict[str, int]:
    query = select(McpDefinition.resource, McpDefinition.suspicions).where(
        McpDefinition.resource.in_(resources), McpDefinition.state == PENDING
    )
    found: dict[str, int] = {}
    for resource, doubts in (await session.execute(query)).all():
        found[resource] = found.get(resource, 0) + bool(doubts)
    return found


def _against(rows: list[McpDefinition], row: McpDefinition) -> McpDefinition | None:
    """What a person compares with: the accepted version, else the one that was accepted last."""
    others = [each for each in rows if each is not row and each.state in (ACCEPTED, SUPERSEDED)]
    return max(others, key=lambda each: (each.state == ACCEPTED, each.decided_at or 0.0), default=None)


def _version(row: McpDefinition) -> Version:
    return Version(_entry(row), row.definition)


def _entry(row: McpDefinition) -> Entry:
    names = ("resource", "kind", "name", "digest", "state", "suspicions", "first_seen", "last_seen", "decided_by")
    return Entry(**{name: getattr(row, name) for name in names}, decided_at=row.decided_at)


def _server(resource: str, states: dict[tuple[str, str], int], row: McpServer | None, suspicious: int) -> ServerEntry:
    counts = {state: states.get((resource, state), 0) for state in ("accepted", "pending", "rejected")}
    return ServerEntry(
        resource, **counts, suspicious=suspicious, first_seen=(row.first_seen or None) if row else None,
        disabled_at=row.disabled_at if row else None,
    )  # fmt: skip
