"""Fills the catalog: samples an upstream, says what each column holds, keeps the verdicts and none of the values."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from sqlalchemy import select

from backends.base import ColumnSample, Upstream
from catalog.labels import Labels
from catalog.model import Label, Locator
from catalog.system import is_system, system_labels
from server.store.engine import Store
from server.store.models import CatalogColumn

log = structlog.get_logger("warded.catalog")

Path = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class ScanSummary:
    """What one scan did: columns seen, how many carry a label, which, and columns forgotten as gone."""

    resource: str
    tables: int
    columns: int
    labelled: int
    by_label: Mapping[Label, int] = field(default_factory=dict)
    vanished: int = 0
    scanned_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is kept of one column. `label` None = clear."""

    type: str
    label: Label | None = None
    detector: str = ""
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class _Derived:
    """A view's column: the base columns it shows, whether it shows one unchanged, and whether values were seen."""

    sources: tuple[Path, ...]
    exact: bool
    sampled: bool


async def scan_resource(
    store: Store, resource: str, upstream: Upstream, *, sample: int = 200, clock: Callable[[], float] = time.time
) -> ScanSummary:
    """Look at every column that the scanner may read, and replace what is known of the resource in one transaction.

    Raises UpstreamError (then the old labels stay) and StoreUnavailable.
    """
    verdicts: dict[Path, Verdict] = {}
    derived: dict[Path, _Derived] = {}
    async for table in _tables(upstream, sample):
        verdicts.update(await asyncio.to_thread(_judge_table, table))
        derived.update({_path(column): _derivation(column) for column in table if column.derived_from})
    settled = _inherit(verdicts, derived)
    now = clock()
    vanished = await _save(store, resource, settled, now=now)
    by_label = Counter(verdict.label for verdict in settled.values() if verdict.label)
    return ScanSummary(
        resource,
        tables=len({path[:2] for path in settled}),
        columns=len(settled),
        labelled=by_label.total(),
        by_label=dict(by_label),
        vanished=vanished,
        scanned_at=now,
    )


async def load_labels(store: Store, resource: str) -> Labels:
    """The labels that scans of this resource left behind; empty (so all is UNSCANNED) when there was none."""
    found = select(CatalogColumn.schema, CatalogColumn.table, CatalogColumn.column, CatalogColumn.label)
    async with store.session(read_only=True) as session:
        rows = (await session.execute(found.where(CatalogColumn.resource == resource))).all()
    return Labels.build((Locator("column", (row[0], row[1], row[2])), _label(row[3])) for row in rows)


def _label(name: str) -> Label | None:
    """A label that this version does not know (written by a newer one) is not clearance."""
    try:
        return Label(name) if name else None
    except ValueError:
        return Label.UNSCANNED


def _path(column: ColumnSample) -> Path:
    schema, table, name = column.locator.path
    return schema, table, name


async def _tables(upstream: Upstream, sample: int) -> AsyncIterator[list[ColumnSample]]:
    """The columns of one table at a time, so that siblings are judged together and few samples are held."""
    table: list[ColumnSample] = []
    async for column in upstream.scan(sample=sample):
        if table and table[0].locator.path[:2] != column.locator.path[:2]:
            yield table
            table = []
        table.append(column)
    if table:
        yield table


def _judge_table(table: Sequence[ColumnSample]) -> dict[Path, Verdict]:
    siblings = [column.locator.path[-1] for column in table]
    return {_path(column): _judge(column, siblings) for column in table}


def _judge(column: ColumnSample, siblings: Sequence[str]) -> Verdict:
    from catalog.classify import classify  # numbering plans and check digits: half a second that `warded --help` saves

    try:
        finding = classify(column.locator, column.type, column.values, siblings=siblings)
    except Exception as error:  # noqa: BLE001 - a value that breaks a detector must not clear its column
        log.error("column not classified", column=str(column.locator), problem=type(error).__name__)
        return Verdict(column.type, Label.UNSCANNED, detector="failed")
    if finding is None:
        return Verdict(column.type)
    return Verdict(column.type, finding.label, finding.detector, confidence=finding.confidence)


def _derivation(column: ColumnSample) -> _Derived:
    sources = (("", "", "", *source.path)[-3:] for source in column.derived_from)
    return _Derived(
        tuple((schema, table, name) for schema, table, name in sources), column.exact, sampled=bool(column.values)
    )


def _inherit(verdicts: Mapping[Path, Verdict], derived: Mapping[Path, _Derived]) -> dict[Path, Verdict]:
    """Views get what their base columns are, through views of views; what is part of a circle is computed."""
    settled = {path: verdict for path, verdict in verdicts.items() if path not in derived}
    waiting = [path for path in verdicts if path in derived]
    while waiting:
        unsettled = set(waiting)
        ready = [path for path in waiting if unsettled.isdisjoint(derived[path].sources)]
        for path in ready or waiting:
            settled[path] = _inherited(verdicts[path], derived[path], settled)
        waiting = [path for path in waiting if path not in settled]
    return settled


def _inherited(own: Verdict, derivation: _Derived, settled: Mapping[Path, Verdict]) -> Verdict:
    """An exact copy carries its base's label. Anything made of labelled or unknown columns is computed."""
    labels = [_label_of(source, settled) for source in derivation.sources]
    inherited = {label for label in labels if label}
    if not inherited:
        return own
    if derivation.exact and len(inherited) == 1 and Label.UNSCANNED not in inherited:
        return Verdict(own.type, inherited.pop(), detector="view", confidence=1.0)
    if derivation.exact and inherited == {Label.UNSCANNED}:  # the base is not readable; its values may be seen here
        return own if derivation.sampled else Verdict(own.type, Label.UNSCANNED, detector="view")
    return Verdict(own.type, Label.COMPUTED, detector="view", confidence=1.0)


def _label_of(source: Path, settled: Mapping[Path, Verdict]) -> Label | None:
    schema, table, name = source
    if source in settled:
        return settled[source].label
    return system_labels(table).get(name) if is_system(schema, table) else Label.UNSCANNED


async def _save(store: Store, resource: str, verdicts: Mapping[Path, Verdict], *, now: float) -> int:
    """Write every verdict and forget columns that are gone; how many were."""
    vanished = 0
    async with store.session() as session:
        rows = await session.scalars(select(CatalogColumn).where(CatalogColumn.resource == resource))
        known = {(row.schema, row.table, row.column): row for row in rows}
        for path, row in known.items():
            if path not in verdicts:
                await session.delete(row)
                vanished += 1
        for path, verdict in verdicts.items():
            row = known.get(path) or CatalogColumn(resource=resource, schema=path[0], table=path[1], column=path[2])
            _fill(row, verdict, now)
            session.add(row)
    return vanished


def _fill(row: CatalogColumn, verdict: Verdict, now: float) -> None:
    row.type, row.label = verdict.type[:128], verdict.label.value if verdict.label else ""
    row.detector, row.confidence, row.scanned_at = verdict.detector[:64], verdict.confidence, now
