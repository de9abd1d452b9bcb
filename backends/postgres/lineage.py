"""From which base columns the columns of views come: asked of the server's own analysis, never guessed from names.

`Parse` and `Describe` of a view's definition tell each output column's origin; where there is none (an expression),
every column that the view's rule depends on (pg_depend) is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from backends.errors import UpstreamError
from backends.postgres.connection import Connection
from backends.postgres.lookup import ask, prepare
from backends.postgres.origins import Origins
from catalog.model import Locator

DEFINITIONS = """
SELECT c.oid, pg_catalog.pg_get_viewdef(c.oid)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('v', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')"""

DEPENDENCIES = """
SELECT DISTINCT r.ev_class, d.refobjid, d.refobjsubid
FROM pg_catalog.pg_rewrite r
JOIN pg_catalog.pg_class c ON c.oid = r.ev_class AND c.relkind IN ('v', 'm')
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname NOT IN ('pg_catalog', 'information_schema')
JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
  AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> r.ev_class"""

Place = tuple[int, int]  # table OID, attribute number (0 = the whole row)


@dataclass(frozen=True, slots=True)
class Source:
    """Base columns of one view column; `exact` = the value of the only one, unchanged."""

    columns: tuple[Locator, ...] = ()
    exact: bool = False


@dataclass(slots=True)
class Lineage:
    """Sources of every column of every view, and the views in an order in which each follows what it is made of."""

    sources: dict[Place, Source] = field(default_factory=dict)
    order: tuple[int, ...] = ()

    def of(self, table: int, attribute: int) -> Source:
        return self.sources.get((table, attribute), Source())


async def trace_views(connection: Connection, origins: Origins) -> Lineage:
    """The lineage of all views of the database, also of those that this login may not read. Raises UpstreamError."""
    definitions = {int(oid or 0): text or "" for oid, text in await ask(connection, DEFINITIONS)}
    needs: dict[int, set[Place]] = {oid: set() for oid in definitions}
    for viewed, table, attribute in await ask(connection, DEPENDENCIES):
        needs.setdefault(int(viewed or 0), set()).add((int(table or 0), int(attribute or 0)))
    described = {view: await _described(connection, text) for view, text in definitions.items()}
    tables = set(definitions) | {table for places in needs.values() for table, _ in places}
    tables |= {table for places in described.values() for table, _ in places if table}
    if tables:
        await origins.learn(connection, sorted(tables))
    lineage = Lineage(order=_order(needs))
    for entry in lineage.order:
        _trace(entry, lineage, origins, outputs=described.get(entry, []), needs=needs.get(entry, set()))
    return lineage


def _trace(view: int, lineage: Lineage, origins: Origins, *, outputs: list[Place], needs: set[Place]) -> None:
    everything = Source(_union(lineage, origins, sorted(needs)))
    for index, number in enumerate(sorted(origins.numbers(view))):
        table, attribute = outputs[index] if index < len(outputs) else (0, 0)
        if table and attribute:
            source = _through(lineage, origins, (table, attribute))
        elif table:
            source = Source(_union(lineage, origins, [(table, 0)]))
        else:
            source = everything
        lineage.sources[view, number] = source


def _through(lineage: Lineage, origins: Origins, place: Place) -> Source:
    """A base column is its own source; a view's column has been traced before."""
    known = lineage.sources.get(place)
    if known is not None:
        return known
    origin = origins.origin(*place)
    return Source((origin,), exact=True) if origin else Source()


def _union(lineage: Lineage, origins: Origins, places: Iterable[Place]) -> tuple[Locator, ...]:
    columns: dict[Locator, None] = {}
    for table, attribute in places:
        for number in [attribute] if attribute else sorted(origins.numbers(table)):
            columns.update(dict.fromkeys(_through(lineage, origins, (table, number)).columns))
    return tuple(columns)


def _order(needs: Mapping[int, set[Place]]) -> tuple[int, ...]:
    """Views after what they are made of. Two views can be made to need each other; then no order helps."""
    graph = {view: {table for table, _ in places if table in needs and table != view} for view, places in needs.items()}
    try:
        return tuple(TopologicalSorter(graph).static_order())
    except CycleError:
        return tuple(needs)


async def _described(connection: Connection, definition: str) -> list[Place]:
    """Origin of each output column; nothing where this login may not even name what the view reads."""
    try:
        prepared = await prepare(connection, definition)
    except UpstreamError:
        return []
    connection.statements.forget(definition)
    return [(f.table, f.attribute) for f in prepared.fields.fields] if prepared.fields else []
