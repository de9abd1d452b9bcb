"""Fills the catalog: samples an upstream, says what each column holds, keeps the verdicts and none of the values.

What a table holds is kept as soon as it was judged, so a scan that breaks off is taken up where it stopped. Views are
judged last, for they inherit. Between tables the scan rests as long as the last one took.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from backends.base import ColumnSample, Upstream
from catalog.model import Label
from catalog.system import is_system, system_labels
from server.catalog.loading import load_labels
from server.catalog.places import Change, Path, Table, Verdict, path_of
from server.catalog.progress import Progress, Run, begin_scan, finish_scan
from server.catalog.saving import save_verdicts, vanish
from server.store.engine import Store

if TYPE_CHECKING:
    from catalog.classify import Verdict as ColumnVerdict

__all__ = ["Progress", "ScanSummary", "load_labels", "scan_resource"]

log = structlog.get_logger("warded.catalog")

LONGEST_REST = 1.0
"""Seconds between two tables at most."""


@dataclass(frozen=True, slots=True)
class ScanSummary:
    """What one scan did: columns seen, how many carry a label, which, columns forgotten as gone, and what is new.

    `skipped` tables had been looked at by the scan that this one took up.
    """

    resource: str
    tables: int
    columns: int
    labelled: int
    by_label: Mapping[Label, int] = field(default_factory=dict)
    vanished: int = 0
    scanned_at: float = 0.0
    skipped: int = 0
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class _Derived:
    """A view's column: the base columns it shows, whether it shows one unchanged, and whether values were seen."""

    sources: tuple[Path, ...]
    exact: bool
    sampled: bool


async def scan_resource(
    store: Store,
    resource: str,
    upstream: Upstream,
    *,
    sample: int = 200,
    tables: frozenset[Table] | None = None,
    resume: bool = False,
    progress: Callable[[Progress], None] | None = None,
    clock: Callable[[], float] = time.time,
) -> ScanSummary:
    """Look at every column that the scanner may read, or only at those of `tables`.

    `resume` takes up an interrupted scan. Raises UpstreamError (then what was not looked at keeps its old labels) and
    StoreUnavailable.
    """
    run = await begin_scan(store, resource, now=clock(), partial=tables is not None, resume=resume)
    asked = _Tables(run, tables, progress)
    verdicts: dict[Path, Verdict] = {}
    derived: dict[Path, _Derived] = {}
    changes: list[Change] = []
    async for table in _by_table(upstream.scan(sample=sample, wanted=asked.wanted)):
        began = time.monotonic()
        judged = await asyncio.to_thread(_judge_table, table)
        verdicts.update(judged)
        derived.update({path_of(column.locator): _derivation(column) for column in table if column.derived_from})
        if not any(column.derived_from for column in table):
            changes += await save_verdicts(store, resource, judged, now=clock(), baseline=run.baseline)
        asked.done(table[0])
        await asyncio.sleep(min(LONGEST_REST, time.monotonic() - began))
    settled = _inherit(verdicts, derived, run.known)
    views = {path: settled[path] for path in derived}
    changes += await save_verdicts(store, resource, views, now=clock(), baseline=run.baseline)
    now, gone = clock(), []
    if tables is None:
        kept = {*settled, *(path for path in run.known if path[:2] in run.done)}
        gone = await vanish(store, resource, kept, started=run.started, now=now)
        await finish_scan(store, resource, now=now)
    return _summary(resource, settled, asked, tuple(changes + gone), now=now)


def _summary(
    resource: str, settled: Mapping[Path, Verdict], asked: _Tables, changes: tuple[Change, ...], *, now: float
) -> ScanSummary:
    by_label = Counter(verdict.label for verdict in settled.values() if verdict.label)
    return ScanSummary(
        resource,
        tables=len({path[:2] for path in settled}),
        columns=len(settled),
        labelled=by_label.total(),
        by_label=dict(by_label),
        vanished=sum(change.what == "vanished" for change in changes),
        scanned_at=now,
        skipped=asked.skipped,
        changes=changes,
    )


class _Tables:
    """Which tables a scan looks at, and how far it has come. A backend asks for all of them before the first sample."""

    def __init__(self, run: Run, tables: frozenset[Table] | None, progress: Callable[[Progress], None] | None) -> None:
        self._run, self._tables, self._progress = run, tables, progress
        self._total = self._done = self.skipped = 0

    def wanted(self, schema: str, table: str) -> bool:
        if self._tables is not None:
            take = (schema, table) in self._tables or ("", table) in self._tables
        else:
            take = (schema, table) not in self._run.done
            self.skipped += not take
        self._total += take
        return take

    def done(self, column: ColumnSample) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(Progress(self._done, max(self._total, self._done), ".".join(column.locator.path[:-1])))


async def _by_table(columns: AsyncIterator[ColumnSample]) -> AsyncIterator[list[ColumnSample]]:
    """The columns of one table at a time, so that siblings are judged together and few samples are held."""
    table: list[ColumnSample] = []
    async for column in columns:
        if table and table[0].locator.path[:2] != column.locator.path[:2]:
            yield table
            table = []
        table.append(column)
    if table:
        yield table


def _judge_table(table: Sequence[ColumnSample]) -> dict[Path, Verdict]:
    """All columns of the table at once, so that they speak for each other."""
    judged = zip(table, _found(table), strict=True)
    return {
        path_of(column.locator): _verdict(column, found, position) for position, (column, found) in enumerate(judged, 1)
    }


def _found(table: Sequence[ColumnSample]) -> Sequence[ColumnVerdict | Exception | None]:
    """What each column holds; where a value breaks a detector, each column anew, so that the others are still told."""
    from catalog.classify import ColumnView, classify_table  # numbering plans: half a second that `warded --help` saves

    name = ("", *table[0].locator.path)[-2]
    views = [ColumnView(column.locator.path[-1], column.type, column.values) for column in table]
    try:
        return classify_table(name, views)
    except Exception as error:  # noqa: BLE001 - told apart below
        if len(table) == 1:
            return [error]
    return [_found([column])[0] for column in table]


def _verdict(column: ColumnSample, found: ColumnVerdict | Exception | None, position: int) -> Verdict:
    if isinstance(found, Exception):  # a value that breaks a detector must not clear its column
        log.error("column not classified", column=str(column.locator), problem=type(found).__name__)
        return Verdict(column.type, Label.UNSCANNED, detector="failed", position=position)
    sampled = bool(column.values)
    if found is None:
        return Verdict(column.type, sampled=sampled, position=position)
    return Verdict(
        column.type, found.label, found.detector, confidence=round(found.confidence, 3), sampled=sampled,
        kind=_kind(found.detector, sampled=sampled), evidence=found.evidence, position=position,
    )  # fmt: skip


def _kind(detector: str, *, sampled: bool) -> str:
    """Whether the model spoke, rules with values, or rules with the name alone."""
    return "model" if detector == "net" else "values" if sampled else "name"


def _derivation(column: ColumnSample) -> _Derived:
    sources = tuple(path_of(source) for source in column.derived_from)
    return _Derived(sources, column.exact, sampled=bool(column.values))


def _inherit(
    verdicts: Mapping[Path, Verdict], derived: Mapping[Path, _Derived], known: Mapping[Path, Label | None]
) -> dict[Path, Verdict]:
    """Views get what their base columns are, through views of views; what is part of a circle is computed."""
    settled = {path: verdict for path, verdict in verdicts.items() if path not in derived}
    waiting = [path for path in verdicts if path in derived]
    while waiting:
        unsettled = set(waiting)
        ready = [path for path in waiting if unsettled.isdisjoint(derived[path].sources)]
        for path in ready or waiting:
            labels = [_label_of(source, settled, known) for source in derived[path].sources]
            settled[path] = _inherited(verdicts[path], derived[path], labels)
        waiting = [path for path in waiting if path not in settled]
    return settled


def _inherited(own: Verdict, derivation: _Derived, labels: Sequence[Label | None]) -> Verdict:
    """An exact copy carries its base's label. Anything made of labelled or unknown columns is computed."""
    inherited = {label for label in labels if label}
    if not inherited:
        return own
    if derivation.exact and len(inherited) == 1 and Label.UNSCANNED not in inherited:
        return _from_base(own, inherited.pop(), confidence=1.0)
    if derivation.exact and inherited == {Label.UNSCANNED}:  # the base is not readable; its values may be seen here
        return own if derivation.sampled else _from_base(own, Label.UNSCANNED, confidence=0.0)
    return _from_base(own, Label.COMPUTED, confidence=1.0)


def _from_base(own: Verdict, label: Label, *, confidence: float) -> Verdict:
    return Verdict(own.type, label, detector="view", confidence=confidence, kind="view", position=own.position)


def _label_of(source: Path, settled: Mapping[Path, Verdict], known: Mapping[Path, Label | None]) -> Label | None:
    """What this scan said of a base column, else what an earlier one did: a partial scan does not see all."""
    schema, table, name = source
    if source in settled:
        return settled[source].label
    if source in known:
        return known[source]
    return system_labels(table).get(name) if is_system(schema, table) else Label.UNSCANNED
