"""The catalog as people ask for it: filtered, in pages, with who reads what."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.model import Label
from server.catalog.loading import Pin, effective
from server.catalog.places import PENDING, Path
from server.store.engine import Store
from server.store.models import CatalogChange, CatalogColumn, CatalogEvidence, CatalogPin, CatalogReading, CatalogState

State = Literal["labelled", "clear", "pending", "pinned", "unscanned", "vanished"]
Position = tuple[str, str, str, str]
"""Resource, schema, table, column of the last entry of a page; lists are in this order."""
_ORDER = (CatalogColumn.resource, CatalogColumn.schema, CatalogColumn.table, CatalogColumn.column)
PAGE = 200


@dataclass(frozen=True, slots=True)
class Filter:
    """Which places. Empty fields do not filter; `resources` None = all. `text` is looked for in all three names."""

    resources: Collection[str] | None = None
    label: str = ""
    state: State | Literal[""] = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One place. `label` is what counts, `found` what was found; "" = clear. Times are UNIX seconds."""

    resource: str
    schema: str
    table: str
    column: str
    kind: str
    type: str
    label: str
    found: str
    state: State
    detector: str
    confidence: float
    first_seen: float
    scanned_at: float
    vanished_at: float | None = None
    pin: dict[str, Any] | None = None
    reads: int = 0
    masked_reads: int = 0
    people: int = 0
    agents: int = 0
    last_read_at: float | None = None

    @property
    def path(self) -> Path:
        return self.schema, self.table, self.column

    @property
    def place(self) -> str:
        return ".".join(part for part in self.path if part)


@dataclass(frozen=True, slots=True)
class Details:
    """One place with its reasons: evidence by kind, and its history, newest first."""

    entry: Entry
    evidence: list[dict[str, Any]] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    approximate: bool = False


async def list_entries(store: Store, wanted: Filter, *, after: Position | None = None, limit: int = 50) -> list[Entry]:
    """One page, in order of place."""
    query = _query(wanted).order_by(*_ORDER).limit(limit)
    if after is not None:
        query = query.where(tuple_(*_ORDER) > after)
    async with store.session(read_only=True) as session:
        rows = (await session.execute(query)).all()
        return await _with_readings(session, [_entry(row[0], row[1]) for row in rows])


async def every_entry(store: Store, wanted: Filter) -> AsyncIterator[Entry]:
    """All pages, one after the other."""
    after: Position | None = None
    while True:
        page = await list_entries(store, wanted, after=after, limit=PAGE)
        for entry in page:
            yield entry
        if len(page) < PAGE:
            return
        after = (page[-1].resource, *page[-1].path)


async def details(store: Store, resource: str, path: Path) -> Details | None:
    """Everything about one place; None when the catalog does not know it."""
    place = _at(CatalogColumn, resource, path)
    async with store.session(read_only=True) as session:
        found = (await session.execute(_joined().where(place))).first()
        if found is None:
            return None
        entry = (await _with_readings(session, [_entry(found[0], found[1])]))[0]
        evidence = await session.scalars(
            select(CatalogEvidence)
            .where(_at(CatalogEvidence, resource, path))
            .order_by(CatalogEvidence.last_seen.desc(), CatalogEvidence.label, CatalogEvidence.kind)
        )
        state = await session.get(CatalogState, resource)
        names = ("label", "kind", "detector", "confidence", "detail", "hits", "first_seen", "last_seen")
        kinds = [{name: getattr(row, name) for name in names} for row in evidence]
        changes = await _history(session, and_(_at(CatalogChange, resource, path)), limit=PAGE, before=None)
    return Details(entry, kinds, changes, approximate=bool(state and state.lost_reads))


async def history(
    store: Store, resources: Collection[str] | None, *, before: int | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """What was found and decided, newest first. `before` is the id of the last one of the page before."""
    condition = CatalogChange.resource.in_(resources) if resources is not None else CatalogChange.id > 0
    async with store.session(read_only=True) as session:
        return await _history(session, condition, limit=limit, before=before)


async def _history(
    session: AsyncSession, condition: ColumnElement[bool], *, limit: int, before: int | None
) -> list[dict[str, Any]]:
    query = select(CatalogChange).where(condition).order_by(CatalogChange.id.desc()).limit(limit)
    if before is not None:
        query = query.where(CatalogChange.id < before)
    names = ("id", "resource", "schema", "table", "column", "at", "by", "what", "before", "after", "why")
    return [{name: getattr(row, name) for name in names} for row in await session.scalars(query)]


def _joined() -> Select[CatalogColumn, CatalogPin]:
    same = and_(
        CatalogPin.resource == CatalogColumn.resource,
        CatalogPin.schema == CatalogColumn.schema,
        CatalogPin.table == CatalogColumn.table,
        CatalogPin.column == CatalogColumn.column,
    )
    return select(CatalogColumn, CatalogPin).outerjoin(CatalogPin, same)


def _query(wanted: Filter) -> Select[CatalogColumn, CatalogPin]:
    query = _joined()
    if wanted.resources is not None:
        query = query.where(CatalogColumn.resource.in_(wanted.resources))
    if wanted.text:
        inside = [name.icontains(wanted.text, autoescape=True) for name in _ORDER[1:]]
        dotted = CatalogColumn.schema + "." + CatalogColumn.table + "." + CatalogColumn.column
        query = query.where(or_(*inside, dotted.icontains(wanted.text, autoescape=True)))
    if wanted.label:
        own = and_(
            CatalogColumn.label == wanted.label, or_(CatalogPin.decision.is_(None), CatalogPin.decision == "mask")
        )
        query = query.where(or_(own, and_(CatalogPin.decision == "label", CatalogPin.label == wanted.label)))
    if wanted.state != "vanished":
        query = query.where(CatalogColumn.vanished_at.is_(None))
    return query.where(*_in_state(wanted.state))


def _in_state(state: str) -> list[ColumnElement[bool]]:
    unpinned = CatalogPin.decision.is_(None)
    match state:
        case "vanished":
            return [CatalogColumn.vanished_at.is_not(None)]
        case "pinned":
            return [CatalogPin.decision.is_not(None)]
        case "pending":
            return [unpinned, CatalogColumn.state == PENDING]
        case "unscanned":
            return [unpinned, CatalogColumn.label == Label.UNSCANNED]
        case "clear":
            return [or_(and_(unpinned, CatalogColumn.label == ""), CatalogPin.decision == "clear")]
        case "labelled":
            shown = and_(unpinned, CatalogColumn.label.not_in(["", Label.UNSCANNED]))
            return [or_(shown, CatalogPin.decision.in_(["label", "mask"]))]
        case _:
            return []


def _entry(row: CatalogColumn, pin: CatalogPin | None) -> Entry:
    label = effective(row.label, Pin(pin.decision, pin.label) if pin else None)
    names = ("resource", "schema", "table", "column", "kind", "type", "detector", "confidence")
    times = ("first_seen", "scanned_at", "vanished_at")
    kept = {name: getattr(pin, name) for name in ("decision", "label", "by", "why", "at")} if pin else None
    values = {name: getattr(row, name) for name in (*names, *times)}
    return Entry(**values, label=label or "", found=row.label, state=_state(row, label, pinned=bool(pin)), pin=kept)


def _state(row: CatalogColumn, label: Label | None, *, pinned: bool) -> State:
    if row.vanished_at is not None:
        return "vanished"
    if pinned:
        return "pinned"
    if row.state == PENDING:
        return "pending"
    return "clear" if label is None else "unscanned" if label is Label.UNSCANNED else "labelled"


async def _with_readings(session: AsyncSession, entries: Sequence[Entry]) -> list[Entry]:
    reading = CatalogReading
    key = (reading.resource, reading.schema, reading.table, reading.column)
    query = (
        select(
            *key,
            func.sum(reading.reads),
            func.sum(reading.masked),
            func.count(func.distinct(reading.user)),
            func.count(func.distinct(func.nullif(reading.agent, ""))),
            func.max(reading.last_at),
        )
        .where(tuple_(*key).in_([(entry.resource, *entry.path) for entry in entries]))
        .group_by(*key)
    )
    if not entries:
        return []
    rows = {tuple(row[:4]): row[4:] for row in (await session.execute(query)).all()}
    found = []
    for entry in entries:
        if (counts := rows.get((entry.resource, *entry.path))) is not None:
            reads, masked, people, agents, last = counts
            entry = replace(
                entry, reads=int(reads), masked_reads=int(masked), people=people, agents=agents, last_read_at=last
            )
        found.append(entry)
    return found


def _at(table: Any, resource: str, path: Path) -> ColumnElement[bool]:
    schema, name, column = path
    return and_(table.resource == resource, table.schema == schema, table.table == name, table.column == column)
