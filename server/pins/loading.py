"""From the store to memory: what is accepted of each server, and whether anything changed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from server.pins.states import ACCEPTED, PENDING, REJECTED
from server.store.engine import Store
from server.store.models import McpDefinition, McpServer


@dataclass(frozen=True, slots=True)
class Known:
    """One server: digests that are accepted, all that are kept, names of its tools, and whether it is switched off."""

    accepted: frozenset[str] = frozenset()
    digests: frozenset[str] = frozenset()
    tools: frozenset[str] = frozenset()
    disabled: bool = False


async def load_known(store: Store, resource: str) -> Known:
    """Raises StoreUnavailable."""
    table = McpDefinition
    query = select(table.kind, table.name, table.digest, table.state).where(table.resource == resource)
    async with store.session(read_only=True) as session:
        rows = (await session.execute(query)).all()
        server = await session.get(McpServer, resource)
    return Known(
        frozenset(digest for _kind, _name, digest, state in rows if state == ACCEPTED),
        frozenset(row[2] for row in rows),
        frozenset(name for kind, name, _digest, state in rows if kind == "tool" and state != REJECTED),
        disabled=server is not None and server.disabled_at is not None,
    )


async def load_versions(store: Store) -> dict[str, int]:
    """How often each server's definitions changed."""
    async with store.session(read_only=True) as session:
        rows = (await session.execute(select(McpServer.resource, McpServer.version))).all()
    return {row[0]: row[1] for row in rows}


async def waiting(store: Store) -> int:
    """Definitions that wait for a review, of all servers."""
    async with store.session(read_only=True) as session:
        query = select(func.count()).select_from(McpDefinition).where(McpDefinition.state == PENDING)
        return int((await session.execute(query)).scalar_one())
