"""What labelled data is written into is labelled, too: before the write runs, so that no crash lets it be forgotten.

The target column gets the label of what is copied into it unchanged, COMPUTED for anything made of labelled or unknown
columns, and waits for a review. Tables that are made or altered are unscanned until a quick look at them is done.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass

from catalog.labels import Labels
from catalog.model import Label, Locator
from policy.model import Flow, Operation, Poured
from server.catalog.places import Change, Path, Table, Verdict
from server.catalog.saving import ANY, WRITTEN, mark_pending, unscan
from server.store.engine import Store
from server.upstreams import LabelBook


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What is to be told of labels that changed, and done after a write ran."""

    announce: Callable[[Iterable[Change]], Awaitable[None]]
    refresh: Callable[[], Awaitable[None]]
    look_at: Callable[[str, Iterable[Table]], None]


class Flows:
    """Ask `before` a write runs, and `after` it did."""

    def __init__(self, store: Store, labels: LabelBook, aftermath: Aftermath, *, clock: Callable[[], float]) -> None:
        self._store, self._labels, self._aftermath, self._clock = store, labels, aftermath, clock

    async def before(self, resource: str, operation: Operation) -> None:
        """Durable on return. Raises StoreUnavailable: then the write must not run."""
        labels = self._labels.get(resource)
        verdicts = written(labels, operation)
        made = [table for flow in operation.flows if flow.made for table in tables_meant(labels, flow.table)]
        changes: list[Change] = []
        if made:
            await unscan(self._store, resource, made, now=self._clock())
        if verdicts:
            changes = await mark_pending(self._store, resource, verdicts, now=self._clock())
        if made or changes:
            await self._aftermath.refresh()
        if changes:
            await self._aftermath.announce(changes)

    def after(self, resource: str, operation: Operation) -> None:
        """Have a look at what was made."""
        made = [_table(flow.table) for flow in operation.flows if flow.made]
        if made:
            self._aftermath.look_at(resource, made)


def written(labels: Labels, operation: Operation) -> dict[Path, Verdict]:
    """The columns that get labelled values, each with its label. Unknown columns of a new table are named ANY."""
    found: dict[Path, Label] = {}
    for flow in operation.flows:
        for path, label in _written(labels, flow, operation):
            if path in found and found[path] is not label:
                label = Label.COMPUTED
            found[path] = label
    return {path: Verdict("", label, detector=WRITTEN, confidence=1.0, kind="lineage") for path, label in found.items()}


def _written(labels: Labels, flow: Flow, operation: Operation) -> Iterator[tuple[Path, Label]]:
    poured = _expanded(labels, flow.values)
    for schema, table in tables_meant(labels, flow.table):
        order = labels.names((schema, table))
        names = flow.columns or order
        if poured is None or (not names and any(poured)) or len(poured) > len(names or poured):
            if anything := _strictest(labels, operation):
                for name in flow.columns or order or (ANY,):
                    yield (schema, table, name), anything
            continue
        for name, value in zip(names, poured, strict=False):
            own = Locator("column", (schema, table, name))
            label = _label(labels, value, operation, own=own)
            if label is not None:
                yield (schema, table, name), label


def _expanded(labels: Labels, values: tuple[Poured, ...] | None) -> list[Poured] | None:
    """A star stands for the columns of its table, in their order; None = not known which."""
    if values is None:
        return None
    found: list[Poured] = []
    for value in values:
        if not value.exact or value.sources[0].kind != "table":
            found.append(value)
            continue
        tables = [table for table in tables_meant(labels, value.sources[0]) if labels.names(table)]
        if len(tables) != 1:
            return None
        found += [Poured((Locator("column", (*tables[0], name)),), exact=True) for name in labels.names(tables[0])]
    return found


def _label(labels: Labels, value: Poured, operation: Operation, *, own: Locator) -> Label | None:
    found: set[Label] = set()
    for source in value.sources:
        if source == own or (source.path[-1] == own.path[-1] and source.path[-2:-1] == own.path[-2:-1]):
            continue  # SET a = a || 'x': nothing new comes in
        found |= _carried(labels, source, operation)
    if not found:
        return None
    one = next(iter(found))
    return one if value.exact and len(found) == 1 and one is not Label.UNSCANNED else Label.COMPUTED


def _carried(labels: Labels, source: Locator, operation: Operation) -> frozenset[Label]:
    """An unqualified name may be a column of any relation of the statement."""
    if source.kind == "column" and not source.path[1]:
        named = labels.columns_named(source.path[2], operation.targets)
        return frozenset({Label.UNSCANNED}) if named is None else named
    return labels.of((source,))


def _strictest(labels: Labels, operation: Operation) -> Label | None:
    """What may go anywhere: labelled columns that the statement mentions, or its relations where none is mentioned."""
    return Label.COMPUTED if labels.of((*operation.columns, *operation.targets)) else None


def tables_meant(labels: Labels, table: Locator) -> list[Table]:
    """All known tables that a name may mean; the name itself where none is known."""
    schema, name = _table(table)
    if schema:
        return [(schema, name)]
    return [(known, name) for known in labels.schemas_of(name)] or [("", name)]


def _table(table: Locator) -> Table:
    schema, name = ("", "", *table.path)[-2:]
    return schema, name
