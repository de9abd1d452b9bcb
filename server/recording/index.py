"""The index of segments in the store: written in batches, never lowered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from server.store.engine import Store
from server.store.models import Segment

_GROWING = ("events", "last_hash", "updated_at", "closed_at")


async def write_rows(store: Store, rows: Sequence[dict[str, Any]]) -> None:
    """Insert or raise the rows, all in one transaction. Safe to repeat. Raises StoreUnavailable."""
    if not rows:
        return
    insert = postgresql.insert if store.dialect == "postgresql" else sqlite.insert
    statement = insert(Segment)
    new = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=["session", "writer"],
        set_={name: new[name] for name in _GROWING},
        where=new.events >= Segment.events,
    )
    async with store.session() as session:
        await session.execute(statement, list(rows))


async def rows_of(store: Store, writer: str) -> dict[str, Segment]:
    """The rows of one process, by path. Raises StoreUnavailable."""
    async with store.session(read_only=True) as session:
        found = await session.execute(select(Segment).where(Segment.path.startswith(f"{writer}/", autoescape=True)))
        return {row.path: row for row in found.scalars()}
