"""Counts who read which column. One dictionary entry an answer; written in batches, in the background.

Counts are exact but for what a process that died had not written yet (a few seconds), and for answers that came while
the queue was full: those are counted as lost, and shown as such.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from policy.model import Identity
from server.catalog.net import Plan
from server.catalog.places import Path, path_of
from server.catalog.saving import state_of
from server.store.engine import Store
from server.store.models import CatalogReading

ROOM = 4096
"""Different (reader, statement shape) pairs between two writes."""
BATCH = 100
_KEY = ("resource", "schema", "table", "column", "user", "agent")


@dataclass(frozen=True, slots=True)
class _Reader:
    resource: str
    user: str
    agent: str


class Readings:
    """Feed it from every door; flush it every few seconds and at the end."""

    def __init__(self, store: Store, *, clock: Callable[[], float], room: int = ROOM) -> None:
        self._store, self._clock, self._room = store, clock, room
        self._counts: dict[tuple[Plan, str, str, str], int] = {}
        self._lost: Counter[str] = Counter()

    def note(self, resource: str, identity: Identity, plan: Plan) -> None:
        """One answer with these columns went to this caller."""
        key = (plan, resource, identity.user, identity.agent.client_id if identity.agent else "")
        known = self._counts.get(key)
        if known is not None:
            self._counts[key] = known + 1
        elif len(self._counts) < self._room:
            self._counts[key] = 1
        else:
            self._lost[resource] += 1

    @property
    def waiting(self) -> bool:
        return bool(self._counts or self._lost)

    async def flush(self) -> None:
        """Write what was counted; what the store refuses is counted on. Raises StoreUnavailable."""
        taken, self._counts = self._counts, {}
        lost, self._lost = self._lost, Counter()
        try:
            await self._write(_by_place(taken), lost)
        except BaseException:
            for key, count in self._counts.items():
                taken[key] = taken.get(key, 0) + count
            self._counts, self._lost = taken, lost + self._lost
            raise

    async def _write(self, places: Mapping[tuple[_Reader, Path], tuple[int, int]], lost: Mapping[str, int]) -> None:
        now = self._clock()
        rows: list[dict[str, object]] = [
            dict(zip(_KEY, (reader.resource, *path, reader.user, reader.agent), strict=True))
            | {"reads": reads, "masked": masked, "first_at": now, "last_at": now}
            for (reader, path), (reads, masked) in sorted(places.items(), key=lambda item: repr(item[0]))
        ]
        async with self._store.session() as session:
            for start in range(0, len(rows), BATCH):
                await session.execute(_upsert(self._store.dialect, rows[start : start + BATCH]))
            await _note_lost(session, lost)


def _by_place(counts: Mapping[tuple[Plan, str, str, str], int]) -> dict[tuple[_Reader, Path], tuple[int, int]]:
    """Reads and masked reads of each place. A column that an answer shows twice was read once."""
    found: dict[tuple[_Reader, Path], tuple[int, int]] = {}
    for (plan, resource, user, agent), count in counts.items():
        reader = _Reader(resource, user[:128], agent[:512])
        seen: dict[Path, bool] = {}
        for column, mask in zip(plan.columns, plan.masks, strict=True):
            if column.origin is not None and column.origin.kind != "table":
                path = path_of(column.origin)
                seen[path] = seen.get(path, True) and mask is not None
        for path, hidden in seen.items():
            reads, masked = found.get((reader, path), (0, 0))
            found[reader, path] = (reads + count, masked + count * hidden)
    return found


def _upsert(dialect: str, rows: list[dict[str, object]]) -> Insert:
    insert = sqlite.insert(CatalogReading) if dialect == "sqlite" else postgresql.insert(CatalogReading)
    statement = insert.values(rows)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=list(_KEY),
        set_={
            "reads": CatalogReading.reads + new.reads,
            "masked": CatalogReading.masked + new.masked,
            "last_at": new.last_at,
        },
    )


async def _note_lost(session: AsyncSession, lost: Mapping[str, int]) -> None:
    for resource, count in lost.items():
        (await state_of(session, resource)).lost_reads += count
