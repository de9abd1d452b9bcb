"""What the last scan of a resource found, column by column: metadata, never values."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from server.store.engine import Store
from server.store.models import CatalogColumn

FIELDS = ("schema", "table", "column", "type", "label", "detector", "confidence", "scanned_at")


async def columns_of(store: Store, resource: str) -> list[dict[str, Any]]:
    """Every scanned column in order; empty = never scanned. `label` "" = looked at and found clear."""
    columns = CatalogColumn
    query = select(columns).where(columns.resource == resource).order_by(columns.schema, columns.table, columns.column)
    async with store.session(read_only=True) as session:
        found = (await session.scalars(query)).all()
    return [{name: getattr(row, name) for name in FIELDS} for row in found]
