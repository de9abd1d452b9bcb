"""When scans began and ended, and which tables an interrupted one had done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from catalog.model import Label
from server.catalog.loading import known
from server.catalog.places import Path, Table
from server.catalog.saving import state_of
from server.store.engine import Store
from server.store.models import CatalogColumn, CatalogState

STALE_SECONDS = 24 * 3600.0
"""An interrupted scan older than this is not taken up: it begins again."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan has come, in tables; `table` is the one just done."""

    done: int
    total: int
    table: str


@dataclass(frozen=True, slots=True)
class Run:
    """One scan. `baseline` = no scan of this resource ended before. `done` are tables that need no second look,
    `known` the labels of all that earlier looks left, for views whose base is not looked at now."""

    started: float
    baseline: bool
    resumed: bool
    done: frozenset[Table]
    known: Mapping[Path, Label | None]


async def begin_scan(store: Store, resource: str, *, now: float, partial: bool, resume: bool) -> Run:
    """Note that a scan begins. A partial one leaves no trace, and cannot be resumed."""
    async with store.session() as session:
        state = await state_of(session, resource)
        baseline = state.scan_finished_at is None
        begun, ended = state.scan_started_at, state.scan_finished_at
        open_since = begun if begun is not None and (ended is None or ended < begun) else None
        resumed = resume and not partial and open_since is not None and now - open_since < STALE_SECONDS
        started = open_since if resumed and open_since is not None else now
        if not partial:
            state.scan_started_at = started
        live = select(CatalogColumn).where(CatalogColumn.resource == resource, CatalogColumn.vanished_at.is_(None))
        rows = (await session.scalars(live)).all()
    seen = frozenset((row.schema, row.table) for row in rows if resumed and row.scanned_at >= started)
    labels = {(row.schema, row.table, row.column): known(row.label) for row in rows} if resumed or partial else {}
    return Run(started, baseline, resumed, seen, labels)


async def finish_scan(store: Store, resource: str, *, now: float) -> None:
    async with store.session() as session:
        (await state_of(session, resource)).scan_finished_at = now


async def finished_at(store: Store, resource: str) -> float | None:
    """When the last whole scan ended (UNIX seconds); None = none ever did."""
    async with store.session(read_only=True) as session:
        found: float | None = await session.scalar(
            select(CatalogState.scan_finished_at).where(CatalogState.resource == resource)
        )
    return found
