"""Keeps what was found: rows of places, evidence, history. Nothing that waits for a review is ever narrowed here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.model import Label
from server.catalog.places import PENDING, Change, Path, Table, Verdict
from server.store.engine import Store
from server.store.models import CatalogChange, CatalogColumn, CatalogEvidence, CatalogPin, CatalogState

WRITTEN = "lineage"
"""Detector of labels that a write carried over."""
ANY = "*"
"""Name for the columns of a table that is new: whichever a scan finds there."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Whether a row changes: its new label, state and whose verdict that is (None = the old one stays)."""

    label: str
    state: str
    verdict: Verdict | None
    what: str = ""


async def save_verdicts(
    store: Store, resource: str, verdicts: Mapping[Path, Verdict], *, now: float, baseline: bool
) -> list[Change]:
    """Write what one look said, in one transaction; what is new about it. `baseline` = the first scan of the resource:
    everything would be new, so nothing is, and nothing waits for a review."""
    changes: list[Change] = []
    async with store.session() as session:
        known = await _rows_of_tables(session, resource, {path[:2] for path in verdicts})
        unplaced = await _rows_of_tables(session, resource, {("", path[1]) for path in verdicts})
        pinned = await _pinned(session, resource)
        for path, verdict in verdicts.items():
            row = known.get(path)
            if row is None and (written := _written(path, known, unplaced)) is not None:
                row = _placed(session, written, resource, path=path, now=now)
            settled = settle(row, verdict, baseline=baseline or path in pinned)
            if settled.what:
                before = row.label if row is not None and row.vanished_at is None else ""
                changes.append(Change(resource, path, settled.what, before, settled.label, verdict.detector))
            if row is None:
                row = _new_row(resource, path, now)
                session.add(row)
            _fill(row, verdict, settled, now=now)
            await _evidence(session, resource, path, verdict=verdict, now=now)
        _history(session, changes, now)
        await bump(session, resource)
    return changes


def settle(row: CatalogColumn | None, verdict: Verdict, *, baseline: bool) -> Settled:
    """What a verdict makes of what was known. Widening is at once; narrowing needs values, and no pending review."""
    found = verdict.label.value if verdict.label else ""
    sure = found not in ("", Label.UNSCANNED)
    if row is None or row.vanished_at is not None:
        if row is not None and row.state == PENDING and not sure:
            return Settled(row.label, PENDING, None)
        pending = sure and not baseline
        return Settled(found, PENDING if pending else "", verdict, "found" if pending else "")
    if row.state == PENDING:
        keep = not sure or row.detector == WRITTEN
        return Settled(row.label if keep else found, PENDING, None if keep else verdict)
    if row.label == found:
        return Settled(found, row.state, verdict)
    if row.label and row.label != Label.UNSCANNED and (found == Label.UNSCANNED or (not found and not verdict.sampled)):
        return Settled(row.label, row.state, None)
    if sure and row.label in ("", Label.UNSCANNED) and not baseline:
        return Settled(found, PENDING, verdict, "changed")
    quiet = Label.UNSCANNED in (found, row.label)
    return Settled(found, row.state, verdict, "" if quiet else "changed" if found else "cleared")


async def mark_pending(
    store: Store, resource: str, verdicts: Mapping[Path, Verdict], *, now: float, hits: int = 1
) -> list[Change]:
    """Labels that come from what passed through the gateway: masked from now on, until reviewed. What already carries
    a label keeps it; a pinned place stays as it is pinned."""
    changes: list[Change] = []
    async with store.session() as session:
        known = await _rows_of_tables(session, resource, {path[:2] for path in verdicts})
        pinned = await _pinned(session, resource)
        for path, verdict in verdicts.items():
            await _evidence(session, resource, path, verdict=verdict, now=now, hits=hits)
            row = known.get(path)
            label = _widened(row, verdict)
            if path in pinned or label is None:
                continue
            if row is None:
                row = _new_row(resource, path, now)
                session.add(row)
            changes.append(Change(resource, path, "found", row.label, label, verdict.detector))
            row.label, row.state, row.vanished_at = label, PENDING, None
            row.detector, row.confidence = verdict.detector[:64], verdict.confidence
        if changes:
            _history(session, changes, now)
            await bump(session, resource)
    return changes


def _widened(row: CatalogColumn | None, verdict: Verdict) -> Label | None:
    """The label that a place gets now; None = it keeps its own. Where a write mixes labels, neither tells it all."""
    if row is None or row.vanished_at is not None or row.label in ("", Label.UNSCANNED):
        return verdict.label
    mixed = verdict.detector == WRITTEN and row.label not in (verdict.label, Label.COMPUTED)
    return Label.COMPUTED if mixed else None


async def note_evidence(store: Store, resource: str, verdicts: Mapping[Path, Verdict], *, now: float) -> None:
    """A hint that changes no label yet, such as a single hit in a clear column."""
    async with store.session() as session:
        for path, verdict in verdicts.items():
            await _evidence(session, resource, path, verdict=verdict, now=now)


async def unscan(store: Store, resource: str, tables: Iterable[Table], *, now: float) -> bool:
    """These tables were made or altered: what was clear there is not known any more. Whether anything changed."""
    touched = False
    async with store.session() as session:
        for row in (await _rows_of_tables(session, resource, set(tables))).values():
            if not row.label:
                row.label, row.detector, row.confidence, touched = Label.UNSCANNED, "altered", 0.0, True
        if touched:
            await bump(session, resource)
    return touched


async def vanish(store: Store, resource: str, kept: set[Path], *, started: float, now: float) -> list[Change]:
    """Places that a whole scan did not see any more: their rows stay as history and count no longer. What a write
    labelled since the scan began is not known to it yet, and stays."""
    changes = []
    async with store.session() as session:
        live = select(CatalogColumn).where(CatalogColumn.resource == resource, CatalogColumn.vanished_at.is_(None))
        for row in await session.scalars(live.where(CatalogColumn.kind == "column")):
            path = (row.schema, row.table, row.column)
            if path in kept or (not row.scanned_at and row.first_seen >= started):
                continue
            row.vanished_at = now
            changes.append(Change(resource, path, "vanished", row.label, "", row.detector))
        _history(session, changes, now)
        if changes:
            await bump(session, resource)
    return changes


async def vanish_tables(store: Store, resource: str, tables: Iterable[Table], *, now: float) -> None:
    """These tables are gone."""
    async with store.session() as session:
        for row in (await _rows_of_tables(session, resource, set(tables))).values():
            row.vanished_at, row.state = now, ""
        await bump(session, resource)


async def bump(session: AsyncSession, resource: str) -> CatalogState:
    """Tell other processes that labels of this resource changed."""
    state = await state_of(session, resource)
    state.version += 1
    return state


async def state_of(session: AsyncSession, resource: str) -> CatalogState:
    state = await session.get(CatalogState, resource, with_for_update=True)
    if state is None:
        state = CatalogState(resource=resource, version=0, lost_reads=0)
        session.add(state)
        await session.flush()
    return state


def _new_row(resource: str, path: Path, now: float) -> CatalogColumn:
    return CatalogColumn(
        resource=resource, schema=path[0], table=path[1], column=path[2], label="", state="", first_seen=now,
        scanned_at=0.0,
    )  # fmt: skip


def _written(
    path: Path, known: Mapping[Path, CatalogColumn], unplaced: Mapping[Path, CatalogColumn]
) -> CatalogColumn | None:
    """What a write noted for a column that no scan had seen: by its name, or by ANY."""
    schema, table, column = path
    for rows, where, name in ((unplaced, "", column), (known, schema, ANY), (unplaced, "", ANY)):
        row = rows.get((where, table, name))
        if row is not None and row.vanished_at is None:
            return row
    return None


def _placed(session: AsyncSession, written: CatalogColumn, resource: str, *, path: Path, now: float) -> CatalogColumn:
    """A new table was written into before its schema was known; what was noted then holds for the table now found."""
    row = _new_row(resource, path, now)
    row.label, row.state, row.detector, row.confidence = written.label, written.state, written.detector, 1.0
    session.add(row)
    return row


def _fill(row: CatalogColumn, verdict: Verdict, settled: Settled, *, now: float) -> None:
    row.type, row.position = verdict.type[:128], verdict.position or row.position or 0
    row.label, row.state = settled.label, settled.state
    row.scanned_at, row.vanished_at = now, None
    if settled.verdict is not None:
        row.detector, row.confidence = verdict.detector[:64], verdict.confidence


async def _evidence(
    session: AsyncSession, resource: str, path: Path, *, verdict: Verdict, now: float, hits: int = 1
) -> None:
    if verdict.label is None or verdict.label is Label.UNSCANNED:
        return
    key = (resource, *path, verdict.label.value, verdict.kind)
    row = await session.get(CatalogEvidence, key)
    if row is None:
        names = ("resource", "schema", "table", "column", "label", "kind")
        row = CatalogEvidence(**dict(zip(names, key, strict=True)), first_seen=now, hits=0)
        session.add(row)
    row.detector, row.confidence, row.detail = verdict.detector[:64], verdict.confidence, dict(verdict.evidence)
    row.last_seen, row.hits = now, row.hits + hits


def _history(session: AsyncSession, changes: Iterable[Change], now: float) -> None:
    for change in changes:
        schema, table, column = change.path
        session.add(
            CatalogChange(
                resource=change.resource, schema=schema, table=table, column=column, at=now, what=change.what,
                before=change.before, after=change.after, why=change.detector,
            )
        )  # fmt: skip


async def _rows_of_tables(session: AsyncSession, resource: str, tables: set[Table]) -> dict[Path, CatalogColumn]:
    found: dict[Path, CatalogColumn] = {}
    for schema, table in sorted(tables):
        query = select(CatalogColumn).where(
            CatalogColumn.resource == resource, CatalogColumn.schema == schema, CatalogColumn.table == table
        )
        found.update({(row.schema, row.table, row.column): row for row in await session.scalars(query)})
    return found


async def _pinned(session: AsyncSession, resource: str) -> set[Path]:
    rows = await session.scalars(select(CatalogPin).where(CatalogPin.resource == resource))
    return {(pin.schema, pin.table, pin.column) for pin in rows}
